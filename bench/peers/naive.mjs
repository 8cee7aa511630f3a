/*
 * naive.mjs
 *		No queue at all: a list in memory, so many at a time.
 */
import { everyTask, given, measure, syncTask } from './work.mjs';

await measure({
	async carryOut() {
		const tasks = everyTask();

		await Promise.all(Array.from({ length: given.concurrency }, async () => {
			for (let id = tasks.pop(); id !== undefined; id = tasks.pop()) {
				await syncTask(id);
			}
		}));
	},
});
