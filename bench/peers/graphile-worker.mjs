/*
 * graphile-worker.mjs
 *		A job for each task. given.variant: 'plain'; 'a queue for each record',
 *		so that jobs of one record follow each other, as ours do; 'batches', its
 *		options for throughput.
 */
import { Logger, makeWorkerUtils, run } from 'graphile-worker';
import { database, given, measure, syncTask } from './work.mjs';

const logger = new Logger(() => () => {});
const VARIANTS = {
	plain: { preset: {}, queue: 'NULL' },
	'a queue for each record': { preset: {}, queue: "'task-' || n" },
	batches: { preset: { worker: { localQueue: { size: 500 }, completeJobBatchDelay: 0, failJobBatchDelay: 0 } }, queue: 'NULL' },
};
const { preset, queue } = VARIANTS[given.variant];
let runner;

await measure({
	async prepare() {
		const utils = await makeWorkerUtils({ pgPool: database, logger });

		await utils.migrate();
		await utils.release();
		await database.query(`
			SELECT count(*) FROM generate_series(1, $1::integer) AS n,
				LATERAL graphile_worker.add_job('sync', json_build_object('id', n), queue_name => ${queue}) AS job`, [given.tasks]);
		await database.query('ANALYZE');
	},
	async carryOut() {
		let left = given.tasks;
		const done = new Promise((resolve) => {
			run({
				pgPool: database, logger, concurrency: given.concurrency, noHandleSignals: true, pollInterval: 500, preset,
				taskList: {
					sync: async ({ id }) => {
						await syncTask(id);
						if (--left === 0) {
							resolve();
						}
					},
				},
			}).then((started) => { runner = started; });
		});

		await done;
		/* What was done last is finished when the queue is empty. */
		for (;;) {
			const { rows } = await database.query('SELECT EXISTS (SELECT FROM graphile_worker.jobs) AS waits');

			if (!rows[0].waits) {
				return;
			}
			await new Promise((resolve) => { setTimeout(resolve, 5); });
		}
	},
	end: () => runner.stop(),
});
