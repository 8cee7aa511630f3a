/*
 * pg-boss.mjs
 *		A job for each task, fetched and completed in batches by as many loops
 *		as keep the given number of requests under way. given.variant: 'plain';
 *		'key_strict_fifo', which keeps the jobs of a record in order, as we do.
 */
import { PgBoss } from 'pg-boss';
import { database, given, measure, syncTask } from './work.mjs';

const LOOPS = 2;
const QUEUE = 'sync';
const strict = given.variant === 'key_strict_fifo';

const boss = new PgBoss({
	db: { executeSql: (text, values) => database.query(text, values) },
	supervise: false, schedule: false,
});

async function work() {
	for (;;) {
		const jobs = await boss.fetch(QUEUE, { batchSize: given.concurrency });

		if (jobs.length === 0) {
			return;
		}
		await Promise.all(jobs.map(({ data }) => syncTask(data.id)));
		await boss.complete(QUEUE, jobs.map(({ id }) => id));
	}
}

await measure({
	async prepare() {
		await boss.start();
		await boss.createQueue(QUEUE, { policy: strict ? 'key_strict_fifo' : 'standard' });
		const jobs = Array.from({ length: given.tasks }, (_, i) => ({ data: { id: i + 1 }, ...(strict ? { singletonKey: `task-${i + 1}` } : {}) }));

		for (let i = 0; i < jobs.length; i += 1000) {
			await boss.insert(QUEUE, jobs.slice(i, i + 1000));
		}
		await database.query('ANALYZE');
	},
	carryOut: () => Promise.all(Array.from({ length: LOOPS }, work)),
	end: () => boss.stop({ graceful: false }),
});
