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
import { PanelBuilder as TextBuilder, TextMode } from '@grafana/grafana-foundation-sdk/text';
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

function query(expression, legend = '', name = 'A') {
	return new DataqueryBuilder().datasource(SOURCE).refId(name).expr(expression).legendFormat(legend);
}

/* nothing: what is shown where there is no figure. */
function describe(builder, { title, tells, unit, width, height, nothing }) {
	builder.title(title).datasource(SOURCE).span(width).height(height);
	if (tells)
		builder.description(tells);
	if (unit)
		builder.unit(unit);
	if (nothing)
		builder.noValue(nothing);
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

	queries.forEach(([expression, legend], i) => builder.withTarget(query(expression, legend, String.fromCharCode(65 + i))));
	return builder;
}

const healthWords = [
	{ type: 'value', options: { 0: { text: 'ok', color: 'green', index: 0 }, 1: { text: 'warn', color: 'orange', index: 1 },
		2: { text: 'critical', color: 'red', index: 2 } } },
];

/* Which paragraph of README explains a check: what column see of health() has. */
function explained(expression) {
	const paragraph = (words, pattern) => `"see", "README.md#health-${words}", "state", "${pattern}"`;

	return `label_replace(label_replace(${expression}, ${paragraph('$1', '([a-z]+)( of [a-z]+)?')}), ${paragraph('$1-$2', '([a-z]+) ([a-z]+)')})`;
}

/* Once more, as another label: a column of a table that says it in other words. */
function copied(expression, label) {
	return `label_replace(${expression}, "${label}", "$1", "state", "(.*)")`;
}

/* By a pattern of the text that is shown: what it becomes. */
function words(pairs) {
	return pairs.map(([pattern, text], index) => ({ type: 'regex', options: { pattern: `/^${pattern}$/`, result: { text, index } } }));
}

/* What the name of a check alone does not tell; of the others it does. */
const CHECKS = words([
	['mapping(.*)', 'mapping$1: table changed'], ['capture(.*)', 'capture$1: not captured'], ['copy(.*)', 'copy$1: sends nothing'],
	['worker', 'worker: not at work'], ['installations', 'installations: held up'], ['waiting(.*)', 'waiting$1: late'],
	['processing(.*)', 'processing$1: slow'], ['sweeps', 'sweeps: lists not read'], ['locks', 'locks: held for long'],
]);

/* health() says it of each case. */
const REMEDIES = words([
	['mapping.*', 'Attach the table again, by the columns that it has now'], ['ownership.*', 'SELECT github_sync.take_over_ownership()'],
	['capture.*', 'Enable the trigger; SELECT github_sync.refresh_attached()'], ['copy.*', 'Leave it so; in place of the original: adopt_database()'],
	['overwriting.*', 'Stop one of the two programs, or set sync_direction'], ['not taken.*', 'Make the label or milestone; mend_differences()'],
	['moved.*', 'Set owner_login and name in github_repos'], ['worker', 'SELECT * FROM github_sync.sync_workers'],
	['installations', 'See: Installations that are held up'], ['rate limits', 'Wait for the next hour, or find out who uses them'],
	['waiting.*', 'SELECT * FROM github_sync.sync_waiting'], ['processing.*', 'SELECT * FROM github_sync.sync_workers'],
	['failing.*', 'It is tried again; last_error of sync_queue says why'], ['errors.*', 'sync_errors says why; then retry_errored()'],
	['disabled.*', 'Mend it at GitHub: then they are queued again'], ['history.*', 'Set a shorter github_sync.retention'],
	['webhook deliveries', 'Redeliver it, in the settings of the App at GitHub'], ['delivery log', 'It is tried again; sweeps find the rest'],
	['sweeps', 'It is tried again; why: last_error of sync_progress'], ['locks', 'End the transaction that health() names'],
	['tasks', 'Attach the table of tasks'],
]);

const HELD_UP = words([
	['unreachable', 'GitHub is out of reach'], ['credentials', 'GitHub refuses the key'], ['rate limit|budget', 'Rate limit'],
	['suspended', 'Suspended at GitHub'], ['deleted', 'Deleted at GitHub'],
]);

const HELD_UP_REMEDIES = words([
	['unreachable', 'It goes on by itself; see githubstatus.com, network, proxy'],
	['credentials', "The App's key at GitHub, app_id, private_key_file or token_file"], ['rate limit|budget', 'It goes on by itself'],
	['suspended', "Unsuspend the App, in the account's settings at GitHub"], ['deleted', "Install the App again, in the account's settings at GitHub"],
]);

/* A row for each check that is not ok; what is worst comes first. */
function findings() {
	const wrong = `max by (database, state) (${figure('health')}) > 0`;
	const seconds = `max by (database, state) (${figure('health_seconds')}) and on (database, state) (${wrong})`;
	const asked = (expression) => copied(explained(expression), 'remedy');

	return describe(new TableBuilder(), { title: 'What is wrong', width: 21, height: 5, nothing: 'Nothing.',
		tells: 'Checks of health() that are not ok, and for how long.' })
		.withTarget(query(asked(wrong), '', 'A').instant().format('table'))
		.withTarget(query(asked(seconds), '', 'B').instant().format('table'))
		.withTransformation({ id: 'merge', options: {} })
		.withTransformation({ id: 'organize', options: { excludeByName: { Time: true },
			indexByName: { 'Value #A': 0, state: 1, 'Value #B': 2, remedy: 3, see: 4, database: 5 },
			renameByName: { 'Value #A': 'Status', state: 'Check', 'Value #B': 'For', remedy: 'What to do', see: 'Explained in', database: 'Database' } } })
		.withTransformation({ id: 'sortBy', options: { sort: [{ field: 'Status', desc: true }] } })
		.overrideByName('Status', [{ id: 'mappings', value: healthWords }, { id: 'custom.cellOptions', value: { type: 'color-text' } },
			{ id: 'custom.width', value: 70 }, { id: 'custom.align', value: 'left' }])
		.overrideByName('Check', [{ id: 'mappings', value: CHECKS }, { id: 'custom.width', value: 195 }])
		.overrideByName('For', [{ id: 'unit', value: 's' }, { id: 'custom.width', value: 85 }, { id: 'custom.align', value: 'left' }])
		.overrideByName('What to do', [{ id: 'mappings', value: REMEDIES }])
		.overrideByName('Explained in', [{ id: 'custom.width', value: 240 }])
		.overrideByName('Database', [{ id: 'custom.width', value: 100 }]);
}

/* Why, and for how long: of each installation that may not send. */
function heldUp() {
	const paused = `max by (database, installation, state) (${figure('paused')}) > 0`;
	const seconds = `max by (database, installation) (${figure('outage_seconds')})`;
	const since = `(${paused}) * 0 + on (database, installation) group_left () ${seconds}`;

	return describe(new TableBuilder(), { title: 'Installations that are held up', width: 16, height: 5, nothing: 'None.',
		tells: 'Why nothing is sent for them, and for how long; a rate limit is no outage.' })
		.withTarget(query(copied(since, 'remedy'), '', 'A').instant().format('table'))
		.withTransformation({ id: 'organize', options: { excludeByName: { Time: true, database: true },
			indexByName: { state: 0, Value: 1, installation: 2, remedy: 3 },
			renameByName: { state: 'Why', Value: 'For', installation: 'Installation', remedy: 'What to do' } } })
		.overrideByName('Why', [{ id: 'mappings', value: HELD_UP }, { id: 'custom.width', value: 170 }])
		.overrideByName('For', [{ id: 'unit', value: 's' }, { id: 'custom.width', value: 85 }, { id: 'custom.align', value: 'left' }])
		.overrideByName('Installation', [{ id: 'custom.width', value: 110 }])
		.overrideByName('What to do', [{ id: 'mappings', value: HELD_UP_REMEDIES }]);
}

function remedies() {
	return describe(new TextBuilder(), { title: 'Where to look', width: 8, height: 5 }).mode(TextMode.Markdown).content(
		'`SELECT * FROM github_sync.health();` says why, and what to do.\n\nAll of it as a page, for a browser: `SELECT github_sync.report();`');
}

function health() {
	return [
		stat({ title: 'Health', tells: 'The worst of what health() finds.', width: 3, height: 5 },
			`max(${figure('health')})`, [[null, 'green'], [1, 'orange'], [2, 'red']]).mappings(healthWords),
		findings(),
		heldUp(),
		remedies(),
		stat({ title: 'Outage', unit: 's', tells: 'How long an installation has not worked; 0: all do.' },
			`max(${figure('outage_seconds')})`, [[null, 'green'], [1, 'orange'], [300, 'red']]),
		stat({ title: 'Oldest change waits', unit: 's', tells: 'What stands first in its line, of all lines.' },
			`max(${figure('oldest_waiting_seconds')}) or vector(0)`, [[null, 'green'], [60, 'orange'], [900, 'red']]),
		stat({ title: 'Queued', tells: 'In line, or for a time.' }, `sum(${figure('transactions', 'state=~"queued|waiting"')}) or vector(0)`),
		stat({ title: 'Errors of the last hour', tells: 'Of the newest thousand of tasks and of comments.' },
			`sum(${figure('errors_last_hour')}) or vector(0)`, [[null, 'green'], [1, 'orange']])
			.mappings([{ type: 'range', options: { from: 1000, to: 1e9, result: { text: '≥ 1000', index: 0 } } }]),
		stat({ title: 'Lists that fail', tells: 'Lists of repositories, of imports and sweeps, that could not be read at the last try.' },
			`sum(${figure('lists', 'state="failing"')}) or vector(0)`, [[null, 'green'], [1, 'orange']]),
		stat({ title: 'Workers', tells: 'None runs while nothing is due.' }, `sum(${figure('workers')})`),
	];
}

function queue() {
	return [
		lines({ title: 'Queue', nothing: 'Nothing waits.', tells: 'Transactions that have not ended.' },
			[`sum by (record_type, direction, state) (${figure('transactions', 'state!="errored"')})`, '{{record_type}} {{direction}}: {{state}}']),
		lines({ title: 'What waits longest', unit: 's', tells: 'The age of what stands first in its line.' },
			[`max by (record_type, direction) (${figure('oldest_waiting_seconds')})`, '{{record_type}} {{direction}}'],
			[`max by (record_type) (${figure('oldest_processing_seconds')})`, '{{record_type}}: being processed']),
		lines({ title: 'Errors of the last hour', nothing: 'None.', tells: 'By their codes.' },
			[`sum by (record_type, state) (${figure('errors_last_hour')})`, '{{record_type}}: {{state}}']),
		lines({ title: 'Disabled', nothing: 'None.', tells: 'Transactions that wait for somebody to enable them again, by reason.' },
			[`sum by (record_type, state) (${figure('disabled')}) > 0`, '{{record_type}}: {{state}}']),
	];
}

function work() {
	return [
		lines({ title: 'Transactions', nothing: 'None ended, and none was tried again.', unit: 'ops', tells: 'What workers ended, and what they try again.' },
			[`sum by (direction, state) (${rate('finished_total')}) > 0`, '{{direction}} {{state}}']),
		lines({ title: 'Answers of GitHub', nothing: 'Nothing was asked.', unit: 'reqps', tells: 'By the class of their status.' },
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
let id = 0;

for (const [title, panels] of [['Health', health()], ['Queue', queue()], ['Work', work()], ['Limits and lists', limits()]]) {
	dashboard.withRow(new dashboards.RowBuilder(title).id(++id));
	panels.forEach((panel) => dashboard.withPanel(panel.id(++id)));
}
console.log(JSON.stringify(dashboard.build(), null, 2));
