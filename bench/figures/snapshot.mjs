/*
 * snapshot.mjs
 *		Figure 17: a snapshot is held meanwhile (pg_dump, a report), so that nothing
 *		of what is updated can be cleaned up: the first and the last thousand.
 */
import { drain } from '../lib/throughput.mjs';

async function hold(application) {
	const session = await application.world.connect(application.name, 'bench_owner');

	await session.query('BEGIN ISOLATION LEVEL REPEATABLE READ');
	await session.query('SELECT count(*) FROM app.tasks');
	return async () => {
		await session.query('COMMIT');
		await session.end();
	};
}

function measure(world, isHeld) {
	return world.withApplication(async (application) => {
		const count = world.options.records * 2;
		const part = Math.min(1000, Math.floor(count / 5));

		await application.connectInstallations(1, 1);
		await application.withRecords({ count: 300, repositories: [1, 1] });
		let release = () => {};
		const { rate, cost } = await drain(application, count, async () => {
			await application.tell({ count, repositories: [1, 1], first: 9000 });
			if (isHeld) {
				release = await hold(application);
			}
		});
		const [{ first, last }] = await application.sql(`
			WITH finished AS (
				SELECT extract(epoch FROM finished_at)::float8 AS at, row_number() OVER (ORDER BY finished_at) AS i
				FROM github_sync.task_sync_transactions WHERE github_issue_number >= 9000 AND state = 'completed')
			SELECT $1::bigint / (max(at) FILTER (WHERE i = $1::bigint + 1) - min(at) FILTER (WHERE i = 1)) AS first,
				$1::bigint / (max(at) FILTER (WHERE i = $2::bigint) - max(at) FILTER (WHERE i = $2::bigint - $1::bigint)) AS last FROM finished`, [part, count]);

		await release();
		return { rate, first, last, cpu_us: (cost.worker_s * 1e6) / count, buffers: cost.buffers / count };
	});
}

export default {
	name: 'snapshot',
	isRepeated: true,
	async run(world) {
		const without = await measure(world, false);
		const held = await measure(world, true);
		const row = (name, { rate, first, last, cpu_us: cpu, buffers }) => [name, rate, first, last, last / first, cpu, buffers];

		return [{
			title: `17. A held snapshot, ${world.options.records * 2} new records`, noise: 'last ÷ first',
			columns: ['snapshot', 'records/s', 'first thousand', 'last thousand', 'last ÷ first', 'worker CPU µs', 'buffers'],
			rows: [row('none', without), row('held from before the first', held)],
		}];
	},
};
