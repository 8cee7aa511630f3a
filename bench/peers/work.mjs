/*
 * work.mjs
 *		What every peer does with a record: it fetches the issue and writes
 *		the application's row; and how a peer's program is run and measured.
 *
 * A peer's program gets one argument, JSON: connection, url of the stub,
 * tasks (how many there are; the task with id n is issue n of repository 1),
 * concurrency. It says {"ready": true}, works when it is told to by a line on
 * its standard input, says what it took, and ends when that input does: by then
 * the CPU time of its sessions has been read.
 */
import { once } from 'node:events';
import { createRequire } from 'node:module';
import { Pool as HttpPool } from 'undici';

const pg = createRequire(import.meta.url)('pg');

export const given = JSON.parse(process.argv[2]);

export const database = new pg.Pool({ ...given.connection, max: given.concurrency, idleTimeoutMillis: 0 });
database.on('error', () => {});
database.on('connect', (client) => client.on('error', () => {}));
const github = new HttpPool(given.url, { connections: given.concurrency, pipelining: 1 });
const headers = { accept: 'application/vnd.github+json', authorization: 'Bearer ghs_1_peer', 'user-agent': 'peer' };

export async function syncTask(id) {
	const { statusCode, body } = await github.request({ method: 'GET', path: `/repos/acme/repo-1/issues/${id}`, headers });
	const issue = await body.json();

	if (statusCode !== 200) {
		throw new Error(`issue ${id}: ${statusCode}`);
	}
	await database.query({
		name: 'apply', text: 'UPDATE app.tasks SET title = $2, markdown = $3, status = $4, modified_at = $5 WHERE id = $1',
		values: [id, issue.title, issue.body, issue.state, issue.updated_at],
	});
}

/* A page of a list: its issues, and the path of the next page; null: there is none. */
export async function fetchPage(path) {
	const { statusCode, headers: answered, body } = await github.request({ method: 'GET', path, headers });
	const issues = await body.json();

	if (statusCode !== 200) {
		throw new Error(`${path}: ${statusCode}`);
	}
	return { issues, next: /<([^>]+)>; rel="next"/.exec(answered.link ?? '')?.[1] ?? null };
}

export function everyTask() {
	return Array.from({ length: given.tasks }, (_, i) => i + 1);
}

/* All connections are made, and all code has been run. */
async function warmUp() {
	await Promise.all(Array.from({ length: given.concurrency * 2 }, (_, i) => syncTask(1 + (i % given.tasks))));
}

/*
 * prepare(): enqueues; carryOut(): resolves when every task is done; end(): closes what was opened. isEmpty: there are no
 * rows yet, and nothing to warm up with.
 */
export async function measure({ prepare = () => {}, carryOut, end = () => {}, isEmpty = false }) {
	await prepare();
	if (!isEmpty) {
		await warmUp();
	}
	console.log(JSON.stringify({ ready: true }));
	await once(process.stdin, 'data');
	const told = once(process.stdin, 'end');
	const started = performance.now();
	const cpu = process.cpuUsage();

	await carryOut();
	const seconds = (performance.now() - started) / 1000;
	const { user, system } = process.cpuUsage(cpu);

	console.log(JSON.stringify({ seconds, cpu_s: (user + system) / 1e6 }));
	await told;
	await end();
	await database.end();
	await github.close();
	process.exit(0);
}
