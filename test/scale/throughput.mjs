/*
 * throughput.mjs
 *		The same queue, on one server and spread over two, on this machine: told
 *		by webhooks or people, fetched from the stub of the benchmark, applied.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Stub } from '../../bench/lib/stub.mjs';
import { Server } from '../chaos/server.mjs';

const SCHEMA = readFileSync(new URL('../../bench/application.sql', import.meta.url), 'utf8');
const NUMBERS_PER_REPOSITORY = 100_000_000;

async function openServer({ directory, bindir, configuration, stub, key }, name) {
	const server = new Server({ directory: `${directory}/${name}`, bindir, configuration });

	await server.create({
		fsync: 'on', max_wal_size: '4GB', 'github_sync.api_url': stub.url, 'github_sync.app_id': '424242', 'github_sync.private_key_file': key,
		'github_sync.write_interval': '0', 'github_sync.points_per_minute': '0', 'github_sync.reconcile_interval': '0', 'github_sync.worker_idle_exit': '0',
	});
	await server.query('postgres', 'CREATE ROLE bench_owner LOGIN');
	await server.query('postgres', 'CREATE DATABASE bench TEMPLATE template0');
	await server.query('bench', SCHEMA);
	return server;
}

/* Installations from..to, each with a repository of the same id, and so many issues of them that the queue has to fetch. */
async function fill(server, { from, to, records, base_s: baseS, workers }) {
	server.configure({ 'github_sync.enabled': 'off', 'github_sync.workers_per_database': workers });
	server.reload();
	/* What is filled in is not to be carried meanwhile. */
	while ((await server.query('postgres', `SELECT FROM pg_stat_activity WHERE backend_type = 'github_sync worker'`)).length > 0) {
		await sleep(20);
	}
	await server.query('bench', `SET ROLE bench_owner;
		INSERT INTO github_sync.github_app_installations (id, account_login) SELECT n, 'acme' FROM generate_series(${from}, ${to}) AS n ON CONFLICT DO NOTHING;
		INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
		SELECT n, n, 'acme', 'repo-' || n FROM generate_series(${from}, ${to}) AS n ON CONFLICT DO NOTHING;
		INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
		SELECT 'inbound', r, r::bigint * ${NUMBERS_PER_REPOSITORY} + n, n, to_timestamp(${baseS})
		FROM generate_series(${from}, ${to}) AS r, generate_series(1, ${records / (to - from + 1)}) AS n ORDER BY n, r`);
}

async function drain(servers, records) {
	const started = Date.now();
	const count = async () => (await Promise.all(servers.map((server) => server.query('bench', "SELECT count(*) AS done, 1000 * extract(epoch FROM max(finished_at))::float8 AS last FROM github_sync.task_sync_transactions WHERE state = 'completed'"))))
		.flat().reduce((sum, { done, last }) => ({ done: sum.done + done, last: Math.max(sum.last, last) }), { done: 0, last: 0 });

	servers.forEach((server) => {
		server.configure({ 'github_sync.enabled': 'on' });
		server.reload();
	});
	for (const deadline = Date.now() + 120_000; Date.now() < deadline; await sleep(200)) {
		const { done, last } = await count();

		if (done === records) {
			return records / ((last - started) / 1000);
		}
	}
	throw new Error(`the queue is not empty after two minutes: ${(await count()).done} of ${records}`);
}

/* Resolves with [{ name, rate }]. */
export async function throughput({ directory, bindir, configuration, program, key, installations, records }) {
	const stub = new Stub({ program, portFile: `${directory}/stub.port` });
	const results = [];

	await stub.start();
	try {
		for (const [name, spread, workers] of [['one server, a worker', 1, 1], ['one server, two workers', 1, 2], ['two servers, a worker each', 2, 1]]) {
			await stub.reset();
			const servers = [];

			for (let n = 0; n < spread; n++) {
				servers.push(await openServer({ directory, bindir, configuration, stub, key }, `bench-${results.length}-${n}`));
				await fill(servers[n], { from: 1 + n * (installations / spread), to: (n + 1) * (installations / spread), records: records / spread, base_s: stub.base_s, workers });
			}
			results.push({ name, rate: await drain(servers, records) });
			await Promise.all(servers.map((server) => server.stop()));
		}
	} finally {
		stub.stop();
		stub.agent.destroy();
	}
	return results;
}
