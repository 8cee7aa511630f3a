/*
 * beside.mjs
 *		Figure 7: what others feel of something that is slow, parked, broken
 *		or locked: the latency of their edits, beside what it is without.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { measureLatency, tasksOf, withTasks } from '../lib/latency.mjs';

const OTHERS = 300;
const ERRORED = 100_000;
const PARKED = 1000;
const FIRST_PARKED = 90_000;
const LOCKED = 8;

/* Each gets the application, and the tasks that are not measured; resolves with what ends it. */
const TROUBLES = {
	async 'one slow request of the same installation (30 s)'(application, [task]) {
		await application.world.stub.slow({ repository: 1, number: task.number, ms: 30_000 });
		await application.sql("UPDATE app.tasks SET title = 'slow', modified_at = now() WHERE id = $1", [task.id]);
		await sleep(300);
	},
	async [`${PARKED} rows of another installation, parked by a rate limit`](application) {
		/* All databases of the server share what GitHub refused: no figure after this one may use the installation. */
		const parked = FIRST_PARKED + application.world.databases;

		await application.connectInstallations(parked, parked);
		await application.world.stub.limit({ installation: parked, seconds: 600 });
		await application.tell({ count: PARKED, repositories: [parked, parked] });
		await sleep(1000);
	},
	async [`${ERRORED} errored transactions of one record`](application, [task]) {
		await application.sql(`
			INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, task_id, github_issue_id, queued_at, finished_at, error_code, error_reason)
			SELECT 'outbound', 'errored', 1, 1, c.task_id, c.id, now(), now(), 'validation_failed', 'GitHub does not take it'
			FROM github_sync.github_issues AS c, generate_series(1, ${ERRORED}) WHERE c.task_id = $1`, [task.id]);
		await application.sql("UPDATE app.tasks SET title = 'edited', modified_at = now() WHERE id = $1", [task.id]);
		await application.drained();
	},
	async [`the first ${LOCKED} records of the same installation locked by the application`](application, tasks) {
		const ids = tasks.slice(0, LOCKED).map(({ id }) => id);
		const session = await application.world.connect(application.name, 'bench_owner');

		await application.world.configure({ 'github_sync.enabled': 'off' });
		await application.sql("UPDATE app.tasks SET title = 'locked', modified_at = now() WHERE id = ANY ($1)", [ids]);
		await session.query('BEGIN');
		await session.query('SELECT FROM app.tasks WHERE id = ANY ($1) FOR UPDATE', [ids]);
		await application.world.configure({ 'github_sync.enabled': 'on' });
		await sleep(300);
		return async () => {
			await session.query('ROLLBACK');
			await session.end();
		};
	},
};

function measure(world, trouble) {
	return world.withApplication(async (application) => {
		await application.connectInstallations(1, 1);
		await withTasks(application, 1, OTHERS + 20);
		const tasks = await tasksOf(application, 1, OTHERS + 20);
		const end = await trouble(application, tasks.slice(OTHERS));
		const latency = await measureLatency(application, 1, tasks.slice(0, OTHERS));

		await end?.();
		return latency;
	});
}

export default {
	name: 'beside',
	isRepeated: true,
	async run(world) {
		const alone = await measure(world, () => {});
		const rows = [['nothing', alone.p50, alone.p99, 1, alone.missing]];

		for (const [name, trouble] of Object.entries(TROUBLES)) {
			const { p50, p99, missing } = await measure(world, trouble);

			rows.push([name, p50, p99, p99 / alone.p99, missing]);
		}
		return [{
			title: "7. Others' latency (commit of an edit to its request, ms) beside", noise: 'p99',
			columns: ['beside', 'p50', 'p99', 'p99 ÷ alone', 'not seen'],
			rows,
			notes: [`${OTHERS} edits each; not seen: had not arrived 20 s after the last`],
		}];
	},
};
