/*
 * mirror.mjs
 *		Without a front: contrib/nginx/mirror.conf hands each webhook to the
 *		receivers of both servers, of which one ignores it.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { NAMES } from './spread.mjs';

const MIRROR = readFileSync(new URL('../../contrib/nginx/mirror.conf', import.meta.url), 'utf8');
const COMES_WITHIN_MS = 20_000;

/* A receiver as README has it, of one server. */
async function receiverOf(pool) {
	const server = http.createServer((request, response) => {
		const chunks = [];

		request.on('data', (chunk) => chunks.push(chunk));
		request.on('end', () => pool.query('SELECT github_sync.receive_webhook($1, $2, $3, $4)', [request.headers['x-github-event'],
			request.headers['x-github-delivery'], request.headers['x-hub-signature-256'], Buffer.concat(chunks)])
			.then(() => response.writeHead(202).end(), () => response.writeHead(500).end()));
	});

	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	return server;
}

async function freePort() {
	const server = net.createServer();

	await new Promise((resolve) => { server.listen(0, '127.0.0.1', resolve); });
	const { port } = server.address();

	server.close();
	await once(server, 'close');
	return port;
}

async function startNginx(directory, ports, port) {
	const conf = MIRROR.replace('127.0.0.1:3001', `127.0.0.1:${ports[0]}`).replace('127.0.0.1:3002', `127.0.0.1:${ports[1]}`).replace('127.0.0.1:3000', `127.0.0.1:${port}`);
	const own = ['client_body', 'proxy', 'fastcgi', 'uwsgi', 'scgi'].map((name) => `${name}_temp_path ${directory}/${name};`).join(' ');

	mkdirSync(directory, { recursive: true });
	writeFileSync(`${directory}/mirror.conf`, conf);
	writeFileSync(`${directory}/nginx.conf`, `daemon off; pid ${directory}/pid; error_log ${directory}/error.log;
		events {} http { access_log off; ${own} include ${directory}/mirror.conf; }`);
	const nginx = spawn('/usr/sbin/nginx', ['-e', `${directory}/error.log`, '-c', `${directory}/nginx.conf`], { stdio: 'ignore' });

	for (const deadline = Date.now() + COMES_WITHIN_MS; Date.now() < deadline; await sleep(20)) {
		const answers = await new Promise((resolve) => {
			const socket = net.connect(port, '127.0.0.1', () => { socket.destroy(); resolve(true); });

			socket.on('error', () => resolve(false));
		});

		if (answers) {
			return nginx;
		}
	}
	throw new Error(`nginx does not listen: ${readFileSync(`${directory}/error.log`, 'utf8')}`);
}

/* What became of each server's delivery on each server: { 'north of north': outcome ... }. */
export async function mirror(spread) {
	const { control } = spread.standin;
	const pools = NAMES.map((name) => spread.servers[name].pool(spread.database, 'webhooks', { name: 'receiver of webhooks', size: 2 }));
	const receivers = await Promise.all(pools.map(receiverOf));
	const port = await freePort();
	const nginx = await startNginx(`${spread.directory}/nginx`, receivers.map((receiver) => receiver.address().port), port);
	const outcomes = {};

	control.webhooks.configure({ url: `http://127.0.0.1:${port}/github` });
	for (const of of NAMES) {
		const { id, repository } = (await Promise.all(spread.installations.map(async (one) => ({ ...one, server: await spread.placeOf(one.id) })))).find(({ server }) => server === of);

		control.act({ do: 'create_issue', as: 'alice', repo: repository, title: `mirrored ${id}`, body: 'to both' });
		await control.webhooks.idle();
		const delivery = control.webhooks.deliveries.at(-1).guid;

		for (const deadline = Date.now() + COMES_WITHIN_MS; Date.now() < deadline; await sleep(50)) {
			const rows = await spread.ask('SELECT outcome FROM github_sync.webhook_deliveries WHERE delivery_id = $1', [delivery]);

			rows.forEach(({ server, outcome }) => { outcomes[`${of}'s on ${server}`] = outcome; });
			if (rows.length === NAMES.length) {
				break;
			}
		}
	}
	nginx.kill('SIGTERM');
	await once(nginx, 'exit');
	receivers.forEach((receiver) => { receiver.close(); receiver.closeAllConnections(); });
	await Promise.all(pools.map((pool) => pool.end()));
	return outcomes;
}
