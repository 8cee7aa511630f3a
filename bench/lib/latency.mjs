/*
 * latency.mjs
 *		From the COMMIT of an edit of the application's, as the server recorded it
 *		(track_commit_timestamp), to the arrival of the request that it causes,
 *		as the stub recorded it: by the same clock.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { quantile } from './numbers.mjs';

const SAMPLES = 300;
const GAP_MS = 15;
const ARRIVAL_MAY_TAKE_MS = 20_000;

/* Synced tasks of one repository, a new one for each sample. */
export async function withTasks(application, repository, count = SAMPLES) {
	await application.withRecords({ count, repositories: [repository, repository] });
	await application.capture(true);
}

export function tasksOf(application, repository, count = SAMPLES) {
	return application.sql('SELECT task_id AS id, number FROM github_sync.github_issues WHERE github_repo_id = $1 AND task_id IS NOT NULL ORDER BY number LIMIT $2',
		[repository, count]);
}

async function edit(application, task) {
	const [{ xid }] = await application.sql(
		"UPDATE app.tasks SET title = title || ', edited', modified_at = now() WHERE id = $1 RETURNING pg_current_xact_id()::xid::text AS xid", [task.id]);

	return { number: task.number, xid };
}

/* Edits without waiting for what they cause, at uneven times. */
async function editAll(application, tasks) {
	const edits = [];
	let due = performance.now();

	for (const task of tasks) {
		edits.push(await edit(application, task));
		due += GAP_MS * (0.5 + Math.random());
		await sleep(Math.max(1, due - performance.now()));
	}
	return edits;
}

async function arrivals(application, repository, edits) {
	const deadline = Date.now() + ARRIVAL_MAY_TAKE_MS;

	for (;;) {
		const first = new Map();

		for (const { repository: of, number, at_ms } of await application.world.stub.journal()) {
			if (of === repository && !first.has(number)) {
				first.set(number, at_ms);
			}
		}
		if (edits.every(({ number }) => first.has(number)) || Date.now() > deadline) {
			return first;
		}
		await sleep(300);
	}
}

/* Resolves with { p50, p99, max, missing, samples: [ms] }. */
export async function measureLatency(application, repository, tasks) {
	await application.world.stub.keepJournal(true);
	const edits = await editAll(application, tasks);
	const first = await arrivals(application, repository, edits);
	const commits = await application.sql('SELECT x AS xid, 1000 * extract(epoch FROM pg_xact_commit_timestamp(x::xid))::float8 AS at_ms FROM unnest($1::text[]) AS x',
		[edits.map(({ xid }) => xid)]);
	const committed = new Map(commits.map(({ xid, at_ms: at }) => [xid, at]));
	const samples = edits.filter(({ number }) => first.has(number)).map(({ number, xid }) => first.get(number) - committed.get(xid));

	await application.world.stub.keepJournal(false);
	return { p50: quantile(samples, 0.5), p99: quantile(samples, 0.99), max: Math.max(...samples), missing: edits.length - samples.length, samples };
}
