/*
 * profile.mjs
 *		Where the worker's time goes while it carries inbound records: by the
 *		library that the processor is in (perf), by statements, by waiting for the disk.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { promisify } from 'node:util';
import { drain } from '../lib/throughput.mjs';

const run = promisify(execFile);
const MOST_STATEMENTS = 12;

const PARTS = [
	['SQL: the server itself', /^postgres$/],
	['SQL: PL/pgSQL', /^plpgsql\.so$/],
	['C of the extension', /^github_sync\.so$/],
	['HTTP: libcurl and what it uses', /^lib(curl|nghttp2|ssl|crypto|psl|idn2|z|brotli.*|unistring)\b/],
	['JSON: cJSON', /^libcjson\b/],
	['libc: memory, text, the way into the kernel', /^(libc\b|\[vdso\]|ld-linux)/],
];

function partOf(library) {
	return PARTS.find(([, pattern]) => pattern.test(library))?.[0] ?? `other: ${library}`;
}

/* Resolves with { part: share } of the samples outside of the kernel, or null where perf does not work. */
async function sharesOf(file) {
	const { stdout } = await run('perf', ['report', '-i', file, '--stdio', '--sort', 'dso', '--percent-limit', '0.05'], { maxBuffer: 1e8 });
	const shares = {};

	for (const [, share, library] of stdout.matchAll(/^\s+([\d.]+)%\s+(\S+)\s*$/gm)) {
		shares[partOf(library)] = (shares[partOf(library)] ?? 0) + Number(share);
	}
	return Object.keys(shares).length > 0 ? shares : null;
}

async function profiled(world, pid, act) {
	const file = `${world.work}/perf.data`;
	const perf = spawn('perf', ['record', '-q', '-e', 'cpu-clock:u', '-F', '997', '-o', file, '-p', String(pid)], { stdio: 'ignore' });
	const ended = once(perf, 'exit').catch(() => null);

	perf.on('error', () => {});
	const result = await act();

	perf.kill('SIGINT');
	await ended;
	return { result, shares: await sharesOf(file).catch(() => null) };
}

async function statements(world, application, records) {
	return (await world.admin(`
		SELECT regexp_replace(left(query, 90), '\\s+', ' ', 'g') AS query, calls, total_exec_time + total_plan_time AS ms, shared_blks_hit + shared_blks_read AS buffers
		FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid JOIN pg_roles AS r ON r.oid = s.userid
		WHERE d.datname = $1 AND s.toplevel AND r.rolname = 'bench_owner' ORDER BY ms DESC LIMIT ${MOST_STATEMENTS}`, [application.name]))
		.map(({ query, calls, ms, buffers }) => [query, calls / records, (ms * 1000) / records, buffers / records]);
}

function measure(world) {
	return world.withApplication(async (application) => {
		const count = world.options.records;

		await application.connectInstallations(1, 50);
		await application.withRecords({ count, repositories: [1, 50] });
		await world.stub.edit(1, 50);
		const pid = await application.worker();
		const { result, shares } = await profiled(world, pid, () => drain(application, count, () => application.tell({ count, repositories: [1, 50], edit: 1 })));

		await world.stub.edit(1, 50);
		await world.track('top');
		const counted = await drain(application, count, async () => {
			await application.tell({ count, repositories: [1, 50], edit: 2 });
			await world.admin('SELECT pg_stat_statements_reset()');
		});
		const rows = await statements(world, application, count);

		await world.track('none');
		return { result, counted, shares, rows };
	});
}

function timeTable({ result: { cost, records, rate }, counted, shares }) {
	const per = (seconds) => (seconds * 1e6) / records;
	const user = per(cost.worker_s - cost.worker_system_s);
	const rows = [
		['by the clock', 1e6 / rate],
		['worker: CPU', per(cost.worker_s)],
		['worker: of it in the kernel (network, files)', per(cost.worker_system_s)],
		...Object.entries(shares ?? {}).sort(([, a], [, b]) => b - a).map(([part, share]) => [`worker: ${part}`, (user * share) / 100]),
		['server: waiting for the WAL to reach the disk', (cost.sync_ms * 1000) / records],
		['statements of the worker, by their own clock', (counted.cost.sql_ms * 1000) / counted.records],
	];

	return {
		title: 'Where the time goes: known records of 50 installations, µs a record', columns: ['where', 'µs'], rows,
		notes: shares === null ? ['perf is not there, or may not look: no parts of the CPU time'] : ['parts of the CPU time: by perf, outside of the kernel'],
	};
}

export default {
	name: 'profile',
	async run(world) {
		const measured = await measure(world);

		return [timeTable(measured), {
			title: 'The statements that the worker runs, by time', columns: ['statement', 'calls a record', 'µs a record', 'buffers a record'],
			rows: measured.rows,
		}];
	},
};
