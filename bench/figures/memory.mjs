/*
 * memory.mjs
 *		Figure 9: what the worker holds for itself (RssAnon): over many requests,
 *		with a long queue, and while GitHub answers with much.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { memoryOf } from '../lib/processes.mjs';

const LARGE = 31 * 1024 * 1024;

/* The most that it holds while act goes on. */
async function mostDuring(pid, act) {
	let most = 0;
	let isOver = false;
	const watch = (async () => {
		while (!isOver) {
			most = Math.max(most, memoryOf(pid).own_mb);
			await sleep(5);
		}
	})();

	await act();
	isOver = true;
	await watch;
	return most;
}

async function overRequests(world, rows) {
	const parts = world.options.big ? 20 : 4;
	const count = 5000;

	await world.withApplication(async (application) => {
		await application.connectInstallations(1, 5);
		await application.withRecords({ count, repositories: [1, 5] });
		const pid = await application.worker();
		const samples = [memoryOf(pid).own_mb];

		for (let i = 1; i < parts; i++) {
			await world.stub.edit(1, 5);
			await application.tell({ count, repositories: [1, 5], edit: i });
			await application.drained();
			samples.push(memoryOf(pid).own_mb);
		}
		samples.forEach((mb, i) => rows.push([`after ${(i + 1) * count} requests`, mb]));
	});
}

async function withLongQueue(world, rows) {
	const queued = world.options.big ? 1_000_000 : 100_000;

	await world.withApplication(async (application) => {
		await application.connectInstallations(1, 1);
		await application.withRecords({ count: 300, repositories: [1, 1] });
		await world.configure({ 'github_sync.enabled': 'off' });
		await application.restore({ count: queued, repositories: [1, 1], first: 1_000_000 });
		const pid = await application.worker();

		rows.push([`with ${queued} queued, the most within 3 s`, await mostDuring(pid, async () => {
			await world.configure({ 'github_sync.enabled': 'on' });
			await sleep(3000);
		})]);
	});
}

async function withLargeAnswers(world, rows) {
	await world.withApplication(async (application) => {
		await application.connectInstallations(1, 2);
		await application.withRecords({ count: 300, repositories: [1, 1] });
		const pid = await application.worker();

		rows.push(['before large answers', memoryOf(pid).own_mb]);
		await world.stub.large({ repository: 2, bytes: LARGE });
		rows.push(['8 answers of 31 MB, the most', await mostDuring(pid, async () => {
			await application.tell({ count: 8, repositories: [2, 2] });
			await sleep(3000);
		})]);
	});
}

export default {
	name: 'memory',
	async run(world) {
		const rows = [];

		await overRequests(world, rows);
		await withLongQueue(world, rows);
		await withLargeAnswers(world, rows);
		return [{ title: '9. Memory of the worker', columns: ['when', 'MB of its own'], rows, notes: ['anonymous memory that is resident (RssAnon): without the server\'s shared buffers'] }];
	},
};
