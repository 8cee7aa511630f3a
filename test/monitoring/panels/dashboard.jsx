/*
 * dashboard.jsx
 *		Draws contrib/monitoring/dashboard.json with what Prometheus answered, by the
 *		components of which Grafana's own panels are made, in its layout; light or
 *		dark as the reader's desktop is.
 *
 * Grafana itself is in no Debian package.  From it are: the look, formats of
 * values, thresholds, mappings, transformations, tables, large figures and
 * graphs.  From here are: the page around them, names of series, overrides.
 *
 * window.DASHBOARD: { dashboard, from_ms, to_ms, answers: { 'panel id': { refId: result } } },
 * where a result is what Prometheus's API has as data.result.
 */
import {
	createTheme, dateTime, FieldType, getDisplayProcessor, getFieldDisplayName, renderMarkdown, standardTransformers, standardTransformersRegistry,
	ThemeContext, toDataFrame, transformDataFrame,
} from '@grafana/data';
import { BigValue, GlobalStyles, PanelChrome, Table, TimeSeries } from '@grafana/ui';
import { useEffect, useState } from 'react';
import { createRoot } from 'react-dom/client';

/* Of Grafana's grid: 24 columns, and rows of so many pixels; a narrow window has one column. */
const COLUMNS = 24;
const ROW_PX = 30;
const GAP_PX = 8;
const NARROW_PX = 769;
const EDGE_PX = 16;
const PANEL_HEADER_PX = 40;

const { dashboard, from_ms, to_ms, answers } = window.DASHBOARD;
const theme = createTheme({ colors: { mode: matchMedia('(prefers-color-scheme: dark)').matches ? 'dark' : 'light' } });
const range = { from: dateTime(from_ms), to: dateTime(to_ms), raw: { from: dateTime(from_ms), to: dateTime(to_ms) } };

standardTransformersRegistry.setInit(() => [standardTransformers.mergeTransformer, standardTransformers.organizeFieldsTransformer,
	standardTransformers.sortByTransformer].map((transformation) => ({ id: transformation.id, name: transformation.name, transformation })));

/* {{label}} of a legend. */
function named(legend, labels) {
	return legend === '' ? JSON.stringify(labels) : legend.replace(/\{\{\s*(\w+)\s*\}\}/g, (_, label) => labels[label] ?? '');
}

/* What panel and override want of a field, and its display by Grafana. */
function configured(frame, { fieldConfig }) {
	frame.fields.forEach((field) => {
		const config = { ...fieldConfig.defaults, ...field.config, custom: { ...fieldConfig.defaults.custom } };

		for (const { matcher, properties } of fieldConfig.overrides ?? []) {
			if (matcher.options !== getFieldDisplayName(field, frame)) {
				continue;
			}
			for (const { id, value } of properties) {
				Object.assign(id.startsWith('custom.') ? config.custom : config, { [id.replace('custom.', '')]: value });
			}
		}
		field.config = config;
		field.display = getDisplayProcessor({ field, theme });
	});
	return frame;
}

/* As Grafana's Prometheus has it for tables: a column for each label. */
function tableFrame(result, refId, isAlone) {
	const labels = [...new Set(result.flatMap(({ metric }) => Object.keys(metric)))].sort();

	return toDataFrame({ refId, fields: [
		{ name: 'Time', type: FieldType.time, values: result.map(({ value }) => value[0] * 1000) },
		...labels.map((label) => ({ name: label, type: FieldType.string, values: result.map(({ metric }) => metric[label] ?? '') })),
		{ name: isAlone ? 'Value' : `Value #${refId}`, type: FieldType.number, values: result.map(({ value }) => Number(value[1])) },
	] });
}

function seriesFrames({ targets, id }) {
	const series = targets.flatMap(({ refId, legendFormat }) => (answers[id][refId] ?? []).map(({ metric, values }) => ({ refId, values, name: named(legendFormat ?? '', metric) })));

	return series.map(({ refId, values, name }, i) => {
		const frame = toDataFrame({ refId, fields: [
			{ name: 'Time', type: FieldType.time, values: values.map(([at]) => at * 1000) },
			{ name: 'Value', type: FieldType.number, values: values.map(([, value]) => Number(value)), config: { displayName: name, color: { mode: 'palette-classic' } } },
		] });

		frame.fields[1].state = { seriesIndex: i, displayName: name };
		return frame;
	});
}

function Nothing({ panel: { fieldConfig } }) {
	return <p>{fieldConfig.defaults.noValue ?? 'No data'}</p>;
}

function Figure({ panel, width, height }) {
	const [sample] = answers[panel.id][panel.targets[0].refId] ?? [];

	if (sample === undefined) {
		return <Nothing panel={panel} />;
	}
	const [field] = configured(toDataFrame({ fields: [{ name: 'Value', type: FieldType.number, values: [Number(sample.value[1])] }] }), panel).fields;

	return <BigValue theme={theme} width={width} height={height} colorMode={panel.options.colorMode} graphMode="none" justifyMode="auto" textMode="auto" value={field.display(field.values[0])} />;
}

function Rows({ panel, width, height }) {
	const [frame, setFrame] = useState(null);

	useEffect(() => {
		const frames = panel.targets.map(({ refId }) => tableFrame(answers[panel.id][refId] ?? [], refId, panel.targets.length === 1));
		const subscription = transformDataFrame(panel.transformations ?? [], frames).subscribe(([transformed]) => setFrame(transformed ? configured(transformed, panel) : null));

		return () => subscription.unsubscribe();
	}, [panel]);
	return frame === null || frame.length === 0 ? <Nothing panel={panel} /> : <Table data={frame} width={width} height={height} />;
}

/* What each series looks like where the panel says nothing else: the timeseries panel's defaults. */
const LINE = {
	drawStyle: 'line', lineInterpolation: 'linear', lineWidth: 1, fillOpacity: 0, gradientMode: 'none', showPoints: 'auto', pointSize: 5, spanNulls: false,
	axisPlacement: 'auto', axisBorderShow: false, axisColorMode: 'text', scaleDistribution: { type: 'linear' }, stacking: { mode: 'none', group: 'A' },
	hideFrom: { legend: false, tooltip: false, viz: false }, thresholdsStyle: { mode: 'off' },
};

function Graph({ panel, width, height }) {
	const frames = seriesFrames(panel).map((frame) => configured(frame, panel));

	if (frames.length === 0) {
		return <Nothing panel={panel} />;
	}
	frames.forEach(({ fields }) => fields.forEach((field) => Object.assign(field.config.custom, { ...LINE, ...field.config.custom })));
	return (
		<TimeSeries frames={frames} width={width} height={height} timeRange={range} timeZone="utc" structureRev={1} replaceVariables={(text) => text}
			legend={{ showLegend: true, displayMode: 'list', placement: 'bottom', calcs: [] }} options={{}} />
	);
}

function Text({ panel }) {
	return <div className="markdown-html" dangerouslySetInnerHTML={{ __html: renderMarkdown(panel.options.content) }} />;
}

const KINDS = { stat: Figure, table: Rows, timeseries: Graph, text: Text };

function placed({ gridPos: { x, y, w, h } }, page_px) {
	const cell_px = (page_px - GAP_PX * (COLUMNS - 1)) / COLUMNS;

	return {
		left: x * (cell_px + GAP_PX), top: y * (ROW_PX + GAP_PX), width: w * cell_px + (w - 1) * GAP_PX, height: h * ROW_PX + (h - 1) * GAP_PX,
	};
}

function Panel({ panel, page_px, isNarrow }) {
	const place = isNarrow ? { ...placed(panel, page_px), width: page_px } : placed(panel, page_px);
	const style = isNarrow ? { height: place.height, marginBottom: GAP_PX } : { position: 'absolute', ...place };

	if (panel.type === 'row') {
		return <h6 style={{ ...style, lineHeight: `${ROW_PX}px`, margin: isNarrow ? `0 0 ${GAP_PX}px` : 0 }}>⌄ {panel.title}</h6>;
	}
	const Content = KINDS[panel.type];

	return (
		<div style={style}>
			<PanelChrome title={panel.title} width={place.width} height={place.height}>
				{(width, height) => <Content panel={panel} width={width} height={height} />}
			</PanelChrome>
		</div>
	);
}

function Page() {
	const page_px = innerWidth - 2 * EDGE_PX;
	const isNarrow = innerWidth < NARROW_PX;
	const height = Math.max(...dashboard.panels.map(({ gridPos: { y, h } }) => (y + h) * (ROW_PX + GAP_PX)));

	return (
		<ThemeContext.Provider value={theme}>
			<GlobalStyles />
			<main style={{ background: theme.colors.background.canvas, color: theme.colors.text.primary, padding: EDGE_PX, minHeight: innerHeight }}>
				<h4>{dashboard.title}</h4>
				<div style={isNarrow ? {} : { position: 'relative', height }}>
					{dashboard.panels.map((panel, i) => <Panel key={i} panel={panel} page_px={page_px} isNarrow={isNarrow} />)}
				</div>
			</main>
		</ThemeContext.Provider>
	);
}

createRoot(document.getElementById('dashboard')).render(<Page />);
