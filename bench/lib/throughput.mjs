/*
 * throughput.mjs
 *		How many records a second the worker carries, and what one costs: what
 *		waits in the queue is let go, and timed until the last has finished.
 */
import { perRecord } from './cost.mjs';
import { median, medians, spread } from './numbers.mjs';

export const COLUMNS = ['records/s', '± %', 'worker CPU µs', 'of it system', 'server CPU µs', 'stub CPU µs', 'statements', 'buffers', 'WAL bytes', 'commits'];

/* prepare() fills the queue with so many records, while nothing is sent; resolves with { rate, records, cost }. */
export async function drain(application, records, prepare) {
	const { world } = application;

	await world.configure({ 'github_sync.enabled': 'off' });
	await prepare();
	const cost = await world.costOf(application, async () => {
		const started_ms = Date.now();

		await world.configure({ 'github_sync.enabled': 'on' });
		await application.drained();
		const { count, last_ms } = await application.finished('completed', started_ms);

		if (count !== records) {
			throw new Error(`${count} of ${records} completed: ${JSON.stringify(await application.states())}`);
		}
		return (last_ms - started_ms) / 1000;
	});
	return { rate: records / cost.result, records, cost };
}

/* One row of a table with COLUMNS, from several runs of the same and one in which statements were counted. */
export function row(name, runs, counted) {
	const per = medians(runs.map(({ cost, records }) => ({ ...perRecord(cost, records), system_us: (cost.worker_system_s * 1e6) / records })));
	const rates = runs.map(({ rate }) => rate);

	return [name, median(rates), spread(rates), per.worker_us, per.system_us, per.server_us, per.stub_us,
		counted === undefined ? null : counted.cost.statements / counted.records, per.buffers, per.wal_bytes, per.commits];
}

/* Runs act several times, then once with statements counted; act resolves with { name: run }. Resolves with rows. */
export async function repeated(world, act) {
	const runs = [];

	for (let i = 0; i < world.options.repeats; i++) {
		runs.push(await act());
	}
	await world.track('all');
	const counted = await act();

	await world.track('none');
	return Object.keys(counted).map((name) => row(name, runs.map((run) => run[name]), counted[name]));
}
