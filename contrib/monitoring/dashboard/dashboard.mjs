/*
 * dashboard.mjs
 *		The Grafana dashboard of github_sync, for Grafana 11 and later, on standard
 *		output: npm ci && npm run build writes ../dashboard.json.
 *
 * It reads github_sync_value, as alerts.yml does; what is wrong stands on top.
 */
import { BigValueColorMode } from '@grafana/grafana-foundation-sdk/common';
import * as dashboards from '@grafana/grafana-foundation-sdk/dashboard';
import { DataqueryBuilder } from '@grafana/grafana-foundation-sdk/prometheus';
import { PanelBuilder as StatBuilder } from '@grafana/grafana-foundation-sdk/stat';
import { PanelBuilder as TableBuilder } from '@grafana/grafana-foundation-sdk/table';
import { PanelBuilder as TimeseriesBuilder } from '@grafana/grafana-foundation-sdk/timeseries';

const SOURCE = { type: 'prometheus', uid: '${source}' };

/* A figure of the chosen databases, with further conditions. */
function figure(metric, ...conditions) {
	return `github_sync_value{${[`metric="${metric}"`, 'database=~"$database"', ...conditions].join(', ')}}`;
}

const rate = (metric, ...conditions) => `rate(${figure(metric, ...conditions)}[$__rate_interval])`;

/* The bucket's limit is the figure's state: Prometheus wants it to be called le. */
function quantile(share, metric) {
	const buckets = `label_replace(${rate(`${metric}_seconds_bucket`)}, "le", "$1", "state", "(.*)")`;

	return `histogram_quantile(${share}, sum by (record_type, direction, le) (${buckets}))`;
}

function query(expression, legend = '') {
	return new DataqueryBuilder().datasource(SOURCE).expr(expression).legendFormat(legend);
}

function describe(builder, { title, tells, unit, width, height }) {
	builder.title(title).description(tells).datasource(SOURCE).span(width).height(height);
	if (unit)
		builder.unit(unit);
	return builder;
}

/* levels: [[null, 'green'], [1, 'orange'], ...]: from which value on it has which colour. */
function thresholds(levels) {
	return new dashboards.ThresholdsConfigBuilder()
		.mode(dashboards.ThresholdsMode.Absolute)
		.steps(levels.map(([value, color]) => ({ value, color })));
}

function stat(options, expression, levels = [[null, 'text']]) {
	return describe(new StatBuilder(), { width: 4, height: 4, ...options })
		.colorMode(BigValueColorMode.Value)
		.thresholds(thresholds(levels))
		.withTarget(query(expression).instant());
}

function lines(options, ...queries) {
	const builder = describe(new TimeseriesBuilder(), { width: 12, height: 8, ...options }).min(0).fillOpacity(10);

	for (const [expression, legend] of queries)
		builder.withTarget(query(expression, legend));
	return builder;
}

const healthWords = [
	{ type: 'value', options: { 0: { text: 'ok', color: 'green', index: 0 }, 1: { text: 'warn', color: 'orange', index: 1 },
		2: { text: 'critical', color: 'red', index: 2 } } },
];

function health() {
	return [
		stat({ title: 'Health', tells: 'The worst of what health() finds.' },
			`max(${figure('health')})`, [[null, 'green'], [1, 'orange'], [2, 'red']]).mappings(healthWords),
		stat({ title: 'Outage', unit: 's', tells: 'How long an installation has not worked; 0: all do.' },
			`max(${figure('outage_seconds')})`, [[null, 'green'], [1, 'orange'], [300, 'red']]),
		stat({ title: 'Oldest change waits', unit: 's', tells: 'What stands first in its line, of all lines.' },
			`max(${figure('oldest_waiting_seconds')}) or vector(0)`, [[null, 'green'], [60, 'orange'], [900, 'red']]),
		stat({ title: 'Queued', tells: 'In line, or for a time.' }, `sum(${figure('transactions', 'state=~"queued|waiting"')})`),
		stat({ title: 'Errors of the last hour', tells: 'Of the newest thousand of tasks and of comments.' },
			`sum(${figure('errors_last_hour')}) or vector(0)`, [[null, 'green'], [1, 'orange']]),
		stat({ title: 'Workers', tells: 'None runs while nothing is due.' }, `sum(${figure('workers')})`),
		describe(new TableBuilder(), { title: 'What is wrong', width: 24, height: 5,
			tells: 'Checks that are not ok: SELECT * FROM github_sync.health() says since when, and what to do.' })
			.mappings(healthWords)
			.withTarget(query(`max by (database, state) (${figure('health')}) > 0`).instant().format('table')),
	];
}

function queue() {
	return [
		lines({ title: 'Queue', tells: 'Transactions that have not ended.' },
			[`sum by (record_type, direction, state) (${figure('transactions', 'state!="errored"')})`, '{{record_type}} {{direction}}: {{state}}']),
		lines({ title: 'What waits longest', unit: 's', tells: 'The age of what stands first in its line.' },
			[`max by (record_type, direction) (${figure('oldest_waiting_seconds')})`, '{{record_type}} {{direction}}'],
			[`max by (record_type) (${figure('oldest_processing_seconds')})`, '{{record_type}}: being processed']),
		lines({ title: 'Errors of the last hour', tells: 'By their codes.' },
			[`sum by (record_type, state) (${figure('errors_last_hour')})`, '{{record_type}}: {{state}}']),
		lines({ title: 'Disabled', tells: 'Transactions that wait for somebody to enable them again, by reason.' },
			[`sum by (record_type, state) (${figure('disabled')}) > 0`, '{{record_type}}: {{state}}']),
	];
}

function work() {
	return [
		lines({ title: 'Transactions', unit: 'ops', tells: 'What workers ended, and what they try again.' },
			[`sum by (direction, state) (${rate('finished_total')}) > 0`, '{{direction}} {{state}}']),
		lines({ title: 'Answers of GitHub', unit: 'reqps', tells: 'By the class of their status.' },
			[`sum by (state) (${rate('answers_total')}) > 0`, '{{state}}']),
		lines({ title: 'From the place in line to the first request', unit: 's', tells: 'Half of them, and 95 of 100.' },
			[quantile(0.5, 'waited'), '{{record_type}} {{direction}}: half'], [quantile(0.95, 'waited'), '{{record_type}} {{direction}}: 95 %']),
		lines({ title: 'From a request to its answer', unit: 's', tells: 'Half of them, and 95 of 100.' },
			[quantile(0.5, 'answered'), '{{record_type}} {{direction}}: half'], [quantile(0.95, 'answered'), '{{record_type}} {{direction}}: 95 %']),
	];
}

function limits() {
	return [
		lines({ title: 'Requests of the hour that are left', unit: 'percentunit', tells: 'Of what GitHub allows each installation.' },
			[`max by (installation) (${figure('requests_remaining')}) / max by (installation) (${figure('request_limit')})`, '{{installation}}']),
		lines({ title: 'Outages', unit: 's', tells: 'How long an installation has not worked.' },
			[`max by (installation) (${figure('outage_seconds')})`, '{{installation}}']),
		lines({ title: 'Lists', tells: 'Lists of repositories that are imported, or could not be read at the last try.' },
			[`sum by (installation, state) (${figure('lists')})`, '{{installation}}: {{state}}']),
		lines({ title: 'The oldest sweep', unit: 's', tells: 'How long ago the list was read that was read longest ago.' },
			[`max by (installation) (${figure('oldest_sweep_seconds')})`, '{{installation}}']),
	];
}

function variables() {
	return [
		new dashboards.DatasourceVariableBuilder('source').label('Data source').type('prometheus'),
		new dashboards.QueryVariableBuilder('database').label('Database').datasource(SOURCE)
			.query('label_values(github_sync_value, database)').includeAll(true).multi(true).allValue('.*')
			.current({ selected: true, text: 'All', value: '$__all' }),
	];
}

const dashboard = new dashboards.DashboardBuilder('github_sync').uid('github-sync').tags(['postgresql', 'github_sync'])
	.description('Health, queue, throughput and limits of github_sync: contrib/monitoring of the project.')
	.refresh('30s').time({ from: 'now-6h', to: 'now' }).timezone('browser').readonly();

variables().forEach((variable) => dashboard.withVariable(variable));
for (const [title, panels] of [['Health', health()], ['Queue', queue()], ['Work', work()], ['Limits and lists', limits()]]) {
	dashboard.withRow(new dashboards.RowBuilder(title));
	panels.forEach((panel) => dashboard.withPanel(panel));
}
console.log(JSON.stringify(dashboard.build(), null, 2));
