/*
 * watching.mjs
 *		What it costs to be watched: inbound transactions are carried while a
 *		dashboard reads all views each second, and while nobody looks.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { median, spread } from '../lib/numbers.mjs';
import { QUESTIONS } from '../lib/questions.mjs';
import { drain } from '../lib/throughput.mjs';

const EVERY_MS = 1000;
/* As many seconds as make the readings many. */
const TIMES_RECORDS = 6;
const DASHBOARDS = { 'nobody': [], 'all views': Object.entries(QUESTIONS) };

/* Reads them each second, until stop(), which resolves with what each reading took, in ms. */
async function watch(application, questions) {
	const session = await application.world.connect(application.name, 'bench_owner');
	const times = [];
	let isOver = questions.length === 0;
	const reading = (async () => {
		while (!isOver) {
			const started = performance.now();

			for (const [, question] of questions) {
				await session.query(question);
			}
			times.push(performance.now() - started);
			await sleep(Math.max(0, EVERY_MS - (performance.now() - started)));
		}
	})();

	/* A failure is told by stop(). */
	reading.catch(() => {});
	return async () => {
		isOver = true;
		await reading.finally(() => session.end());
		return times;
	};
}

function carry(world, questions) {
	return world.withApplication(async (application) => {
		const count = world.options.records * TIMES_RECORDS;

		await application.connectInstallations(1, 50);
		await application.withRecords({ count: 300, repositories: [1, 50] });
		let stop = async () => [];

		try {
			const { rate, cost } = await drain(application, count, async () => {
				await application.tell({ count, repositories: [1, 50], first: 9000 });
				stop = await watch(application, questions);
			});

			return { rate, server_us: (cost.server_s * 1e6) / count, worker_us: (cost.worker_s * 1e6) / count, times: await stop() };
		} finally {
			await stop();
		}
	});
}

/* In turn, so that what else the machine does befalls all of them. */
async function runs(world, watched) {
	const results = Object.fromEntries(Object.keys(watched).map((name) => [name, []]));

	for (let i = 0; i < world.options.repeats; i++) {
		for (const [name, questions] of Object.entries(watched)) {
			results[name].push(await carry(world, questions));
		}
	}
	return results;
}

export default {
	name: 'watching',
	async run(world) {
		const results = await runs(world, DASHBOARDS);
		const of = (name, key) => median(results[name].map((run) => run[key]));
		const rows = Object.keys(results).map((name) => [name, of(name, 'rate'), spread(results[name].map(({ rate }) => rate)),
			(1 - of(name, 'rate') / of('nobody', 'rate')) * 100, of(name, 'worker_us'), of(name, 'server_us'),
			median(results[name].flatMap(({ times }) => times)), results[name].flatMap(({ times }) => times).length]);

		return [{
			title: `All views each second, ${world.options.records * TIMES_RECORDS} new records`,
			columns: ['reads', 'records/s', '± %', '% slower', 'worker CPU µs', 'server CPU µs', 'ms a reading', 'readings'], rows,
		}];
	},
};
