/*
 * limits.mjs
 *		What this machine can do at most, in the same run: the stub, commits, and
 *		one statement for many records, without any rule.
 */
import { execFile } from 'node:child_process';
import { writeFileSync } from 'node:fs';
import { promisify } from 'node:util';
import { cpuOf } from '../lib/processes.mjs';
import { plainCopies } from '../lib/plain.mjs';

const run = promisify(execFile);
const BATCH = 256;
const SECONDS = 3;

async function stubCeiling(world) {
	const cpu = world.stub.cpu_s();
	const { stdout } = await run('wrk', ['-t1', '-c64', `-d${SECONDS}`, `${world.stub.url}/repos/acme/repo-1/issues/17`]);
	const requests = Number(/(\d+) requests in/.exec(stdout)[1]);

	return { rate: Number(/Requests\/sec:\s+([\d.]+)/.exec(stdout)[1]), cpu_us: ((world.stub.cpu_s() - cpu) * 1e6) / requests };
}

async function commits(world, application, clients) {
	const script = `${world.work}/commit.sql`;

	writeFileSync(script, 'UPDATE app.tasks SET markdown = clock_timestamp()::text WHERE id = 1 + :client_id;\n');
	const { stdout } = await run(`${world.bindir}/pgbench`, ['-n', '-c', clients, '-j1', '-T', SECONDS, '-f', script, '-h', world.socket, '-U', 'bench_owner', application.name].map(String));

	return Number(/tps = ([\d.]+)/.exec(stdout)[1]);
}

/* What has to be written of a known record: its claim, its row, its cached record, its end. Arrays in, as a worker has them. */
const CLAIM = `
	WITH batch AS (SELECT id FROM plain.task_sync_transactions WHERE state = 'queued' AND github_app_installation_id = 1 ORDER BY priority, queued_at, id LIMIT ${BATCH})
	UPDATE plain.task_sync_transactions AS t SET state = 'processing', claim_no = claim_no + 1, processing_at = clock_timestamp() FROM batch WHERE t.id = batch.id
	RETURNING t.id, t.task_id, t.github_issue_id`;
const APPLY = `
	WITH answer AS (SELECT * FROM unnest($1::bigint[], $2::bigint[], $3::bigint[], $4::text[], $5::text[], $6::text[], $7::timestamptz[]) AS a (id, task_id, issue_id, title, body, state, updated_at)),
	applied AS (UPDATE app.tasks AS l SET title = a.title, markdown = a.body, status = a.state, modified_at = greatest(l.modified_at, a.updated_at) FROM answer AS a WHERE l.id = a.task_id),
	cached AS (UPDATE plain.github_issues AS c SET title = a.title, body = a.body, state = a.state, github_updated_at = a.updated_at, seen_at = now(),
		etag = 'W/"' || a.issue_id || '"' FROM answer AS a WHERE c.id = a.issue_id)
	UPDATE plain.task_sync_transactions AS t SET state = 'completed', finished_at = clock_timestamp(), github_updated_at = a.updated_at FROM answer AS a WHERE t.id = a.id`;

async function setBased(application, count) {
	const { base_s: base } = application.world.stub;
	const [{ pid }] = await application.sql('SELECT pg_backend_pid() AS pid');
	const body = 'x'.repeat(400);
	const cpu = cpuOf(pid);
	const started = performance.now();

	for (let done = 0; done < count; ) {
		const claimed = await application.sql(CLAIM);
		const of = (make) => claimed.map(make);

		await application.owner.query({ name: 'apply', text: APPLY, values: [of(({ id }) => id), of(({ task_id: id }) => id), of(({ github_issue_id: id }) => id),
			of(({ id }) => `Issue ${id}, edited`), of(({ id }) => `${body} ${id}`), of(() => 'open'), of(() => new Date((base + 60) * 1000))] });
		done += claimed.length;
	}
	return { rate: count / ((performance.now() - started) / 1000), cpu_us: ((cpuOf(pid) - cpu) * 1e6) / count };
}

export default {
	name: 'limits',
	run(world) {
		const count = Math.ceil(world.options.records / BATCH) * BATCH;

		return world.withApplication(async (application) => {
			const stub = await stubCeiling(world);

			await application.connectInstallations(1, 1);
			await application.withRecords({ count, repositories: [1, 1] });
			const [one, eight] = [await commits(world, application, 1), await commits(world, application, 8)];

			await plainCopies(application);
			await application.superuser.query("UPDATE plain.task_sync_transactions SET state = 'queued', queued_at = clock_timestamp(), finished_at = NULL");
			await application.superuser.query('VACUUM FULL ANALYZE plain.task_sync_transactions');
			const sets = await setBased(application, count);

			return [{
				title: 'Limits of this machine',
				columns: ['what', 'a second', 'CPU µs'],
				rows: [
					['requests that the stub answers (wrk, 64 connections)', stub.rate, stub.cpu_us],
					['commits of one session', one, null],
					['commits of eight sessions', eight, null],
					[`known records claimed and applied by sets of ${BATCH}, without a rule, HTTP or JSON`, sets.rate, sets.cpu_us],
				],
				notes: ['by sets: on a copy of the queue with all its keys, indexes and checks, two commits a set; CPU is that of the session'],
			}];
		});
	},
};
