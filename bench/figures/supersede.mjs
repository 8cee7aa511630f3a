/*
 * supersede.mjs
 *		Figure 19: an edit of a row that is queued already, while many others are
 *		queued and the planner's statistics know of none.
 */
import { cpuOf } from '../lib/processes.mjs';

const EDITED = 100;

async function buffersOf(application) {
	await application.flushStatistics();
	const [{ buffers }] = await application.world.admin('SELECT blks_hit + blks_read AS buffers FROM pg_stat_database WHERE datname = $1', [application.name]);

	return buffers;
}

/* Statements of their own, as an application makes them; resolves with what one took. */
async function editEach(application, ids) {
	const [{ pid }] = await application.sql('SELECT pg_backend_pid() AS pid');
	const buffers = await buffersOf(application);
	const started = performance.now();
	const cpu = cpuOf(pid);

	for (const id of ids) {
		await application.sql("UPDATE app.tasks SET title = title || '!', modified_at = now() WHERE id = $1", [id]);
	}
	const result = { us: ((performance.now() - started) * 1000) / ids.length, cpu_us: ((cpuOf(pid) - cpu) * 1e6) / ids.length };

	return { ...result, buffers: ((await buffersOf(application)) - buffers) / ids.length };
}

/* Statistics are made while next to nothing is queued, and never again. */
async function freezeStatistics(application) {
	await application.superuser.query(`
		DO $$
		DECLARE
			name regclass;
		BEGIN
			FOR name IN SELECT c.oid FROM pg_class AS c WHERE c.relkind = 'r' AND c.relnamespace IN ('github_sync'::regnamespace, 'app'::regnamespace) LOOP
				EXECUTE format('ALTER TABLE %s SET (autovacuum_enabled = off)', name);
			END LOOP;
		END
		$$`);
	await application.superuser.query('VACUUM ANALYZE');
}

function measure(world, others) {
	return world.withApplication(async (application) => {
		await application.connectInstallations(1, 1);
		await application.withRecords({ count: EDITED, repositories: [1, 1] });
		await application.capture(true);
		await world.configure({ 'github_sync.enabled': 'off' });
		await freezeStatistics(application);
		await application.restore({ count: others, repositories: [1, 1], first: 1_000_000 });
		const ids = (await application.sql('SELECT task_id AS id FROM github_sync.github_issues WHERE task_id IS NOT NULL ORDER BY task_id')).map(({ id }) => id);
		const first = await editEach(application, ids);
		const again = await editEach(application, ids);

		return [others, first.buffers, again.buffers, first.cpu_us, again.cpu_us, again.us];
	});
}

export default {
	name: 'supersede',
	isRepeated: true,
	async run(world) {
		const rows = [];

		for (const others of [1000, 100_000]) {
			rows.push(await measure(world, others));
		}
		return [{
			title: '19. An edit of a row that is queued already; statistics are older than the queue', noise: 'second edit: buffers',
			columns: ['others queued', 'first edit: buffers', 'second edit: buffers', 'first: CPU µs', 'second: CPU µs', 'second: µs'],
			rows,
			notes: [`${EDITED} rows, a statement and a transaction each; the second edit supersedes the first`],
		}];
	},
};
