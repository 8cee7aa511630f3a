/*
 * views.mjs
 *		Figure 20: what a dashboard asks, of a queue and a history that are long.
 */
import { setTimeout } from 'node:timers/promises';
import { medians } from '../lib/numbers.mjs';
import { cpuOf } from '../lib/processes.mjs';
import { PAGE, QUESTIONS } from '../lib/questions.mjs';

const TIMES = 5;

/* Once it takes no longer than that, all is counted but the last block; at most so long is waited for it. */
const COUNTED_MS = 25;
const COUNTING_MS = 900_000;

/* Undefined tables, columns and functions: not there yet. */
const MISSING = ['42P01', '42703', '42883'];

/* { ms, cpu_ms } of one asking: by the clock, and of the session's processor time, which others do not change. */
async function timeOf(application, question) {
	const [{ pid }] = await application.sql('SELECT pg_backend_pid() AS pid');
	const times = [];

	for (let i = 0; i < TIMES; i++) {
		const [started, before_s] = [performance.now(), cpuOf(pid)];

		await application.sql(question);
		times.push({ ms: performance.now() - started, cpu_ms: (cpuOf(pid) - before_s) * 1000 });
	}
	return medians(times);
}

/* What the worker has counted, sync_status need not; GitHub is away, so that the queue stays as it is. */
async function letTheWorkerCount(world, application) {
	const patience = performance.now() + COUNTING_MS;

	await world.configure({ 'github_sync.api_url': 'http://127.0.0.1:9', 'github_sync.enabled': 'on' });
	while ((await timeOf(application, QUESTIONS.sync_status)).cpu_ms > COUNTED_MS && performance.now() < patience) {
		await setTimeout(1000);
	}
	await world.configure({ 'github_sync.enabled': 'off' });
}

async function ask(application, [name, question]) {
	try {
		const { ms, cpu_ms: cpu } = await timeOf(application, question);

		return [name, ms, cpu];
	} catch (error) {
		if (!MISSING.includes(error.code)) {
			throw error;
		}
		return [name, 'not there', null];
	}
}

export default {
	name: 'views',
	run(world) {
		const queued = world.options.big ? 1_000_000 : 100_000;
		const finished = world.options.big ? 10_000_000 : 300_000;

		return world.withApplication(async (application) => {
			await application.connectInstallations(1, 50);
			await world.configure({ 'github_sync.enabled': 'off' });
			for (let i = 0; i < finished; i += 100_000) {
				await application.restore({ count: 100_000, repositories: [1, 50], first: 1 + i / 50, ended: { state: 'completed' } });
			}
			await application.restore({ count: 1000, repositories: [1, 50], first: 4_000_000, ended: { state: 'errored' } });
			await application.restore({ count: queued, repositories: [1, 50], first: 5_000_000 });
			await application.superuser.query('VACUUM ANALYZE');
			await letTheWorkerCount(world, application);
			const rows = [];

			for (const question of Object.entries({ ...QUESTIONS, ...PAGE })) {
				rows.push(await ask(application, question));
			}
			return [{ title: `20. Views, ${queued} queued and ${finished} finished`, columns: ['question', 'ms', 'CPU ms'], rows, notes: [`median of ${TIMES}`] }];
		});
	},
};
