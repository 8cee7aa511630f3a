/*
 * cluster.mjs
 *		Two PostgreSQL servers under Patroni, with one etcd, on the loopback
 *		interface; a node is killed with all its processes, and started again.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, openSync, readFileSync, readdirSync, readlinkSync, writeFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import net from 'node:net';
import { setTimeout as sleep } from 'node:timers/promises';
import { Tunnel } from './tunnel.mjs';

const pg = createRequire(new URL('../github/package.json', import.meta.url))('pg');

pg.types.setTypeParser(pg.types.builtins.INT8, Number);

/* How long nobody hears of a leader before another one is chosen: Patroni's default is 30. */
export const TTL_S = 10;
const LOOP_S = 2;
const RETRY_S = 4;
const COMES_WITHIN_MS = 120_000;
const PASSWORD = 'of this test alone';

async function freePorts(count) {
	const servers = await Promise.all(Array.from({ length: count }, () => new Promise((resolve) => {
		const server = net.createServer();

		server.listen(0, '127.0.0.1', () => resolve(server));
	})));
	const ports = servers.map((server) => server.address().port);

	servers.forEach((server) => server.close());
	return ports;
}

export async function until(what, condition, everyMs = 50) {
	for (const deadline = Date.now() + COMES_WITHIN_MS; Date.now() < deadline; await sleep(everyMs)) {
		const found = await condition();

		if (found) {
			return found;
		}
	}
	throw new Error(`in vain: ${what}`);
}

/* A server's processes work in its data directory, also those whose postmaster is gone. */
function processesIn(directory) {
	return readdirSync('/proc').filter((name) => /^\d+$/.test(name)).filter((pid) => {
		try {
			return readlinkSync(`/proc/${pid}/cwd`) === directory;
		} catch {
			return false;
		}
	}).map(Number);
}

function kill(pid) {
	try {
		process.kill(pid, 'SIGKILL');
	} catch (error) {
		if (error.code !== 'ESRCH') {
			throw error;
		}
	}
}

class Node {
	constructor(cluster, name, [port, restPort]) {
		Object.assign(this, { cluster, name, port, restPort, directory: `${cluster.directory}/${name}`, tunnel: new Tunnel() });
		this.data = `${this.directory}/data`;
	}

	/* What psql of the node's machine would use; the superuser's, where user is not given. */
	connection(database, user = 'postgres') {
		return { host: this.directory, port: this.port, database, user, connectionTimeoutMillis: 3000 };
	}

	async query(database, text, values, user) {
		const client = new pg.Client(this.connection(database, user));

		client.on('error', () => {});
		await client.connect();
		try {
			return (await client.query(text, values)).rows;
		} finally {
			/* Not awaited: of a server that has died it never ends. */
			client.end().catch(() => {});
		}
	}

	/* null: it does not answer. */
	async isLeader() {
		try {
			return !(await this.query('postgres', 'SELECT pg_is_in_recovery() AS is_standby'))[0].is_standby;
		} catch {
			return null;
		}
	}

	async prepare() {
		mkdirSync(this.directory, { recursive: true, mode: 0o700 });
		await this.tunnel.open();
		const { settings, bindir, etcdPort } = this.cluster;
		const text = (value) => JSON.stringify(String(value));
		const parameters = { ...settings, 'github_sync.proxy': this.tunnel.url, unix_socket_directories: this.directory, cluster_name: this.name };

		writeFileSync(`${this.directory}/patroni.yml`, `scope: github_sync
name: ${this.name}
restapi: {listen: "127.0.0.1:${this.restPort}", connect_address: "127.0.0.1:${this.restPort}"}
etcd3: {host: "127.0.0.1:${etcdPort}"}
bootstrap:
  dcs:
    ttl: ${TTL_S}
    loop_wait: ${LOOP_S}
    retry_timeout: ${RETRY_S}
    maximum_lag_on_failover: 1073741824
    synchronous_mode: false
    postgresql: {use_pg_rewind: true, use_slots: true}
  initdb: [{encoding: UTF8}, {locale: C}, data-checksums]
  pg_hba:
    - local all all trust
    - host all all 127.0.0.1/32 scram-sha-256
    - host replication all 127.0.0.1/32 scram-sha-256
postgresql:
  listen: 127.0.0.1:${this.port}
  connect_address: 127.0.0.1:${this.port}
  use_unix_socket: true
  data_dir: ${text(this.data)}
  bin_dir: ${text(bindir)}
  pgpass: ${text(`${this.directory}/pgpass`)}
  authentication:
    superuser: {username: postgres, password: ${text(PASSWORD)}}
    replication: {username: replicator, password: ${text(PASSWORD)}}
  remove_data_directory_on_rewind_failure: true
  remove_data_directory_on_diverged_timelines: true
  parameters:
${Object.entries(parameters).map(([name, value]) => `    ${name}: ${text(value)}`).join('\n')}
`, { mode: 0o600 });
	}

	start() {
		const log = openSync(`${this.directory}/patroni.log`, 'a');

		this.patroni = spawn('patroni', [`${this.directory}/patroni.yml`], { stdio: ['ignore', log, log] });
	}

	/* As a machine that loses its power: first who would notice. */
	async die() {
		const died = once(this.patroni, 'exit');

		kill(this.patroni.pid);
		/* One that was born meanwhile would wait for ever for those that are dead. */
		for (let pids = processesIn(this.data); pids.length > 0; pids = processesIn(this.data)) {
			pids.forEach(kill);
			await sleep(1);
		}
		await died;
	}

	async stop() {
		if (this.patroni !== undefined && this.patroni.exitCode === null && this.patroni.signalCode === null) {
			const stopped = once(this.patroni, 'exit');

			this.patroni.kill('SIGTERM');
			await Promise.race([stopped, sleep(20_000).then(() => this.die())]);
		}
		this.tunnel.close();
	}
}

export class Cluster {
	constructor({ directory, bindir, configuration, settings }) {
		const found = Object.fromEntries([...readFileSync(configuration, 'utf8').matchAll(/^(\w+) = '(.*)'$/gm)].map(([, name, value]) => [name, value]));

		Object.assign(this, { directory, bindir, settings: { ...found, shared_preload_libraries: 'github_sync', max_worker_processes: 20, ...settings } });
	}

	async open() {
		mkdirSync(this.directory, { recursive: true, mode: 0o700 });
		const [etcdPort, peerPort, ...ports] = await freePorts(6);

		this.etcdPort = etcdPort;
		const log = openSync(`${this.directory}/etcd.log`, 'a');
		const [client, peer] = [etcdPort, peerPort].map((port) => `http://127.0.0.1:${port}`);

		this.etcd = spawn('etcd', ['--data-dir', `${this.directory}/etcd`, '--listen-client-urls', client, '--advertise-client-urls', client,
			'--listen-peer-urls', peer, '--initial-advertise-peer-urls', peer, '--initial-cluster', `default=${peer}`, '--unsafe-no-fsync'],
		{ stdio: ['ignore', log, log] });
		this.nodes = [new Node(this, 'one', ports.slice(0, 2)), new Node(this, 'two', ports.slice(2))];
		for (const node of this.nodes) {
			await node.prepare();
		}
		this.nodes[0].start();
		await until('the first node leads', () => this.nodes[0].isLeader());
		this.nodes[1].start();
		await this.isWhole(false);
	}

	async leader() {
		for (const node of this.nodes) {
			if (await node.isLeader()) {
				return node;
			}
		}
		return null;
	}

	other(node) {
		return this.nodes.find((one) => one !== node);
	}

	/*
	 * Until a standby follows the leader, as synchronous as it should; resolves with both.  PostgreSQL waits for it
	 * two seconds before Patroni notes that it may lead: of a leader lost in between, Patroni waits for the return.
	 */
	async isWhole(synchronous) {
		return until(`a standby follows${synchronous ? ' synchronously' : ''}`, async () => {
			const leader = await this.leader();
			const standby = leader && this.other(leader);
			const rows = leader && await leader.query('postgres', "SELECT sync_state FROM pg_stat_replication WHERE state = 'streaming' AND application_name = $1", [standby.name]).catch(() => []);

			return rows?.length === 1 && (rows[0].sync_state === 'sync') === synchronous && await this.#roleOf(standby, leader) === (synchronous ? 'sync_standby' : 'replica')
				&& { leader, standby };
		});
	}

	/* What Patroni calls a node, as another one tells; undefined: it does not answer. */
	async #roleOf(node, teller) {
		const cluster = await fetch(`http://127.0.0.1:${teller.restPort}/cluster`).then((response) => response.json()).catch(() => undefined);

		return cluster?.members.find(({ name }) => name === node.name)?.role;
	}

	/* By Patroni, as an operator would. */
	async setSynchronous(synchronous) {
		const leader = await this.leader();
		const response = await fetch(`http://127.0.0.1:${leader.restPort}/config`, { method: 'PATCH', body: JSON.stringify({ synchronous_mode: synchronous }) });

		if (!response.ok) {
			throw new Error(`Patroni does not take it: ${response.status}`);
		}
		return this.isWhole(synchronous);
	}

	async close() {
		const leader = await this.leader().catch(() => null);

		/* The standby first: there is nobody to fail over to then. */
		for (const node of [...this.nodes].sort((one, two) => (one === leader) - (two === leader))) {
			await node.stop();
		}
		this.etcd.kill('SIGKILL');
	}
}
