/*
 * server.mjs
 *		A PostgreSQL server of the run's own: started, connected to, killed.
 */
import { execFile, spawn } from 'node:child_process';
import { once } from 'node:events';
import { appendFileSync, closeSync, mkdirSync, openSync, readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { setTimeout as sleep } from 'node:timers/promises';
import { promisify } from 'node:util';

/* The packages of the tests are at home in test/github. */
const pg = createRequire(new URL('../github/package.json', import.meta.url))('pg');
const run = promisify(execFile);

const START_MAY_TAKE_MS = 20_000;

/* Numbers as numbers: ids stay far below 2^53 here. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);

export class Server {
	/* directory: of its own; configuration: a file that makes it find the library; environment: more of it, for the server alone. */
	constructor({ directory, bindir, configuration, environment = {} }) {
		Object.assign(this, { directory, bindir, environment, data: `${directory}/data`, log: `${directory}/server.log` });
		this.configuration = readFileSync(configuration, 'utf8');
	}

	async create(settings) {
		mkdirSync(this.directory, { recursive: true });
		await run(`${this.bindir}/initdb`, ['-D', this.data, '-U', 'postgres', '-A', 'trust', '--no-sync', '--no-locale', '-E', 'UTF8']);
		this.configure({
			listen_addresses: '', unix_socket_directories: this.directory, fsync: 'off', log_line_prefix: '%m [%p] %b ',
			shared_preload_libraries: 'github_sync', restart_after_crash: 'on', max_worker_processes: '20', ...settings,
		});
		appendFileSync(`${this.data}/postgresql.conf`, this.configuration);
		await this.start();
	}

	/* Of several values the last one counts. */
	configure(settings) {
		const lines = Object.entries(settings).map(([name, value]) => `${name} = '${value}'\n`);

		appendFileSync(`${this.data}/postgresql.conf`, lines.join(''));
	}

	/* Children of a server that was killed may hold its memory for a moment. */
	async start() {
		const log = openSync(this.log, 'a');

		while (!(await this.#startOnce(log))) {
			await sleep(10);
		}
		closeSync(log);
	}

	/* As a child of ours: a dead one whom nobody buries would seem to be alive. */
	#startOnce(log) {
		this.postmaster = spawn(`${this.bindir}/postgres`, ['-D', this.data], { stdio: ['ignore', log, log], env: { ...process.env, ...this.environment } });
		return Promise.race([
			this.accepts('postgres').then(() => true),
			once(this.postmaster, 'exit').then(() => false),
		]);
	}

	/* At once, without a checkpoint. */
	async stop() {
		const stopped = once(this.postmaster, 'exit');

		this.postmaster.kill('SIGQUIT');
		await stopped;
	}

	/* Sessions begun afterwards go by it; the launcher and workers soon do. */
	reload() {
		this.postmaster.kill('SIGHUP');
	}

	#connection(database, user) {
		return { host: this.directory, port: 5432, database, user, keepAlive: false };
	}

	pool(database, user, { name, size }) {
		const pool = new pg.Pool({ ...this.#connection(database, user), application_name: name, max: size });

		/* A session whose server dies: whoever uses it just then is told by the query. */
		pool.on('error', () => {});
		pool.on('connect', (client) => client.on('error', () => {}));
		return pool;
	}

	/* A session of the superuser's; its end is an event, never an error. */
	async connect(database) {
		const client = new pg.Client(this.#connection(database, 'postgres'));

		client.on('error', () => {});
		await client.connect();
		return client;
	}

	async query(database, text, values) {
		const client = await this.connect(database);

		try {
			return (await client.query(text, values)).rows;
		} finally {
			await client.end();
		}
	}

	/* Into a file beside its log. */
	async dump(database) {
		await run(`${this.bindir}/pg_dump`, ['-h', this.directory, '-p', '5432', '-U', 'postgres', '-f', `${this.directory}/${database}.sql`, database]);
	}

	/* When it accepted a connection (milliseconds since the epoch). */
	async accepts(database) {
		const deadline = Date.now() + START_MAY_TAKE_MS;

		for (;;) {
			try {
				await this.query(database, 'SELECT');
				return Date.now();
			} catch (error) {
				if (Date.now() > deadline) {
					throw error;
				}
				await sleep(5);
			}
		}
	}
}
