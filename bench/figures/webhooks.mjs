/*
 * webhooks.mjs
 *		Figure 22: deliveries of GitHub's that a receiver hands on.
 */
import { createHmac, randomUUID } from 'node:crypto';
import { writeFileSync } from 'node:fs';
import { quantile } from '../lib/numbers.mjs';
import { cpuOf } from '../lib/processes.mjs';

const CONNECTIONS = 4;
const KNOWN = 1000;
const WHILE_HELD = 20;
const SECRET = 'a secret of two';
const LARGEST_BYTES = 25 * 1024 * 1024;
const USUAL_BYTES = 14_000; /* of an issue's payload at GitHub */

/* Padded by members that nobody looks at, as GitHub's are: of some hundred values. */
function payload(application, number, edit, bytes) {
	const event = {
		action: 'edited',
		issue: { id: 100_000_000 + number, number, updated_at: new Date((application.world.stub.base_s + edit) * 1000).toISOString().replace('.000', '') },
		repository: { id: 1, name: 'repo-1', owner: { login: 'acme', id: 1 } }, installation: { id: 1 },
		sender: Object.fromEntries(Array.from({ length: 150 }, (_, i) => [`member_${i}`, i % 3 === 0 ? `https://api.github.com/${i}` : i])),
	};

	return Buffer.from(JSON.stringify({ ...event, filler: 'x'.repeat(Math.max(0, bytes - JSON.stringify(event).length - 14)) }));
}

/* As a receiver has it when a request arrives. */
function delivery(application, number, edit, bytes = USUAL_BYTES) {
	const body = payload(application, number, edit, bytes);

	return ['issues', randomUUID(), `sha256=${createHmac('sha256', SECRET).update(body).digest('hex')}`, body];
}

async function send(client, values) {
	const started = performance.now();
	const { rows } = await client.query({ name: 'receive', text: 'SELECT github_sync.receive_webhook($1, $2, $3, $4) AS outcome', values });

	return { ms: performance.now() - started, outcome: rows[0].outcome };
}

/* All of them, each connection its share; resolves with seconds and what each took. */
async function sendAll(clients, deliveries) {
	const waiting = [...deliveries];
	const sent = [];
	const pids = await Promise.all(clients.map(async (client) => (await client.query('SELECT pg_backend_pid() AS pid')).rows[0].pid));
	const cpu = () => pids.reduce((sum, pid) => sum + cpuOf(pid), 0);
	const before = cpu();
	const started = performance.now();

	await Promise.all(clients.map(async (client) => {
		for (let next = waiting.pop(); next !== undefined; next = waiting.pop()) {
			sent.push(await send(client, next));
		}
	}));
	return { seconds: (performance.now() - started) / 1000, sent, cpu_us: (cpu() - before) * 1e6 };
}

function row(name, { seconds, sent, cpu_us }) {
	const times = sent.map(({ ms }) => ms).sort((a, b) => a - b);
	const outcomes = [...new Set(sent.map(({ outcome }) => outcome))].join(', ');

	return [name, sent.length, sent.length / seconds, quantile(times, 0.5), quantile(times, 0.99), times.at(-1), cpu_us / sent.length, outcomes];
}

async function whileHeld(application, clients) {
	const holder = await application.world.connect(application.name, 'bench_owner');

	try {
		await holder.query('BEGIN');
		await holder.query('SELECT FROM app.tasks FOR UPDATE');
		await holder.query('SELECT FROM github_sync.github_issues FOR UPDATE');
		return await sendAll(clients, Array.from({ length: WHILE_HELD }, (_, i) => delivery(application, i + 1, 1000)));
	} finally {
		await holder.end();
	}
}

async function measure(application, clients) {
	const { world } = application;
	const count = world.options.records;
	const known = (edit) => Array.from({ length: count }, (_, i) => delivery(application, (i % KNOWN) + 1, edit + Math.floor(i / KNOWN)));
	const rows = [];

	await application.connectInstallations(1, 1);
	await application.withRecords({ count: KNOWN, repositories: [1, 1] });
	await world.configure({ 'github_sync.enabled': 'off' });
	rows.push(row('of known issues, no worker', await sendAll(clients, known(1))));
	await world.configure({ 'github_sync.enabled': 'on' });
	rows.push(row('of known issues, beside the worker', await sendAll(clients, known(100))));
	await world.configure({ 'github_sync.enabled': 'off' });
	rows.push(row('of issues that nobody has heard of', await sendAll(clients, Array.from({ length: count }, (_, i) => delivery(application, 1_000_000 + i, 1)))));
	rows.push(row('one of 25 MB', await sendAll(clients.slice(0, 1), [delivery(application, 1, 900, LARGEST_BYTES)])));
	rows.push(row('while an application holds every row', await whileHeld(application, clients)));
	return rows;
}

export default {
	name: 'webhooks',
	isRepeated: true,
	run(world) {
		const secretFile = `${world.work}/webhook-secret`;

		writeFileSync(secretFile, `${SECRET}\n`, { mode: 0o600 });
		return world.withApplication(async (application) => {
			const [{ there }] = await world.admin("SELECT to_regrole('bench_webhooks') IS NOT NULL AS there");

			if (!there) {
				await world.admin('CREATE ROLE bench_webhooks LOGIN');
			}
			await world.configure({ 'github_sync.webhook_secret_file': secretFile });
			await application.sql("SELECT github_sync.grant_webhooks('bench_webhooks')");
			const clients = await Promise.all(Array.from({ length: CONNECTIONS }, () => world.connect(application.name, 'bench_webhooks')));

			try {
				return [{
					title: `22. Webhook deliveries, ${CONNECTIONS} connections, ms`, noise: 'p99',
					columns: ['deliveries', 'count', 'a second', 'p50', 'p99', 'max', 'CPU µs', 'outcome'],
					rows: await measure(application, clients),
					notes: [`each of ${USUAL_BYTES / 1000} kB, signed, with an id of its own; the time is the client's, with its commit; CPU that of the sessions`],
				}];
			} finally {
				await Promise.all(clients.map((client) => client.end()));
			}
		});
	},
};
