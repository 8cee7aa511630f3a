/*
 * peers.mjs
 *		Others doing the part of our work that they can: for each of so many
 *		known records a fetch from the same stub and an UPDATE of the same table,
 *		in the same server, committed as durably.
 *
 * They merge nothing, keep no history, and have no bases, ETags or budgets; where
 * nothing else is said, they do not keep the changes of a record in order.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { createInterface } from 'node:readline';
import { fileURLToPath } from 'node:url';
import { median, spread } from '../lib/numbers.mjs';

const CONCURRENCY = 64;
const PEERS = [
	{ title: 'node, a pool of 64, no queue', program: 'naive' },
	{ title: 'pg-boss, batches of 64', program: 'pg-boss', variant: 'plain' },
	{ title: 'pg-boss, key_strict_fifo', program: 'pg-boss', variant: 'key_strict_fifo' },
	{ title: 'graphile-worker', program: 'graphile-worker', variant: 'plain' },
	{ title: 'graphile-worker, local queue of 500', program: 'graphile-worker', variant: 'batches' },
	/* So slow that a part of the records tells enough. */
	{ title: 'graphile-worker, a queue for each record', program: 'graphile-worker', variant: 'a queue for each record', share: 0.2 },
];

async function runProgram(world, application, { program, variant }, tasks) {
	const file = fileURLToPath(new URL(`../peers/${program}.mjs`, import.meta.url));
	const argument = JSON.stringify({ connection: world.connection(application.name, 'bench_owner'), url: world.stub.url, tasks, variant, concurrency: CONCURRENCY });
	const child = spawn(process.execPath, [file, argument], { stdio: ['pipe', 'pipe', 'inherit'] });
	const ended = once(child, 'exit');
	const lines = createInterface({ input: child.stdout })[Symbol.asyncIterator]();
	const next = async () => JSON.parse((await lines.next()).value ?? '{}');

	const end = () => {
		child.stdin.end();
		return ended;
	};

	try {
		await next();
		return await world.costOf(application, async () => {
			child.stdin.write('go\n');
			return next();
		}, end);
	} finally {
		await end();
	}
}

/* Of its own database: schemas of peers and what they left behind go with it. */
function runOnce(world, peer) {
	return world.withApplication(async (application) => {
		const tasks = Math.ceil(world.options.records * (peer.share ?? 1));

		await world.admin(`GRANT CREATE ON DATABASE ${application.name} TO bench_owner`);
		await world.stub.list({ from: 1, to: 1, issues: tasks });
		if (!peer.isEmpty) {
			await application.sql(`INSERT INTO app.tasks (title, markdown, github_repo_id) SELECT 'task ' || n, 'text', 1 FROM generate_series(1, ${tasks}) AS n`);
		}
		await application.sql('ANALYZE');
		const cost = await runProgram(world, application, peer, tasks);

		return { cost, tasks, rate: tasks / cost.result.seconds };
	});
}

export const PEER_COLUMNS = ['peer', 'records/s', '± %', 'CPU µs', 'of it node', 'of it server', 'buffers', 'WAL bytes', 'commits'];

/* isEmpty: it begins with an empty table. */
export async function measurePeer(world, peer) {
	const runs = [];

	for (let i = 0; i < world.options.fewer; i++) {
		runs.push(await runOnce(world, peer));
	}
	const of = (value) => median(runs.map(value));

	return [peer.title, of(({ rate }) => rate), spread(runs.map(({ rate }) => rate)),
		of(({ cost, tasks }) => ((cost.server_s + cost.result.cpu_s) * 1e6) / tasks),
		of(({ cost, tasks }) => (cost.result.cpu_s * 1e6) / tasks),
		of(({ cost, tasks }) => (cost.server_s * 1e6) / tasks),
		of(({ cost, tasks }) => cost.buffers / tasks), of(({ cost, tasks }) => cost.wal_bytes / tasks), of(({ cost, tasks }) => cost.commits / tasks)];
}

export default {
	name: 'peers',
	async run(world) {
		const rows = [];

		for (const peer of PEERS) {
			rows.push(await measurePeer(world, peer));
		}
		return [{
			title: `1. Peers, ${world.options.records} known records, one fetch and one UPDATE each`,
			columns: PEER_COLUMNS,
			rows,
			charts: [
				{ file: 'records-per-second', title: 'Records a second, one fetch each', column: 1 },
				{ file: 'cpu-per-record', title: 'CPU time of a record, µs, database and program together', column: 3 },
			],
			notes: ['To be compared with the rows "known" of figure 1; CPU is that of the program and the server together.',
				'pg_net is not measured: Debian has no package of it.'],
		}];
	},
};
