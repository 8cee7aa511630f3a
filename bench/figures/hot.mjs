/*
 * hot.mjs
 *		Figure 6: one record is edited again and again: how far behind is GitHub?
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from '../lib/numbers.mjs';
import { tasksOf, withTasks } from '../lib/latency.mjs';

const EVERY_MS = 8;
const FOR_MS = 10_000;

async function editAgainAndAgain(application, task) {
	const edits = [];
	const start = performance.now();

	for (let i = 1; performance.now() - start < FOR_MS; i++) {
		const [{ xid }] = await application.sql('UPDATE app.tasks SET title = $2, modified_at = now() WHERE id = $1 RETURNING pg_current_xact_id()::xid::text AS xid',
			[task.id, `edit ${i}`]);

		edits.push(xid);
		await sleep(Math.max(0, start + i * EVERY_MS - performance.now()));
	}
	const commits = await application.sql('SELECT 1000 * extract(epoch FROM pg_xact_commit_timestamp(x::xid))::float8 AS at_ms FROM unnest($1::text[]) WITH ORDINALITY AS e (x, i) ORDER BY i',
		[edits]);

	return commits.map(({ at_ms: at }) => at);
}

/* An edit has arrived when it, or a later one, has. */
function lags(commits, patches) {
	let next = 0;

	return commits.map((at, i) => {
		while (next < patches.length && patches[next].edit < i + 1) {
			next++;
		}
		return next < patches.length ? patches[next].at_ms - at : Infinity;
	});
}

function once(world) {
	return world.withApplication(async (application) => {
		await application.connectInstallations(1, 1);
		await withTasks(application, 1, 20);
		const [task] = await tasksOf(application, 1, 1);

		await world.stub.keepJournal(true);
		const commits = await editAgainAndAgain(application, task);

		await application.drained();
		const journal = (await world.stub.journal()).filter(({ number }) => number === task.number);
		const patches = journal.filter(({ method }) => method === 'A').map(({ at_ms, title }) => ({ at_ms, edit: Number(/\d+/.exec(title)?.[0] ?? 0) }));
		const behind = lags(commits, patches);

		return {
			max: Math.max(...behind), p99: quantile(behind, 0.99), p50: quantile(behind, 0.5), edits: commits.length,
			gets: journal.filter(({ method }) => method === 'G').length / commits.length, patches: patches.length / commits.length,
		};
	});
}

export default {
	name: 'hot',
	async run(world) {
		const runs = [await once(world), await once(world)];

		return [{
			title: `6. Hot record: an edit every ${EVERY_MS} ms for ${FOR_MS / 1000} s; how far GitHub is behind, ms`,
			columns: ['run', 'max', 'p99', 'p50', 'edits', 'GETs per edit', 'PATCHes per edit'],
			rows: runs.map(({ max, p99, p50, edits, gets, patches }, i) => [`${i + 1}`, max, p99, p50, edits, gets, patches]),
		}];
	},
};
