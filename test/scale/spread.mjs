/*
 * spread.mjs
 *		Two servers with a half of the installations each, a front database with
 *		PL/Proxy before them, and a receiver of webhooks that knows the front
 *		alone.
 */
import { execFile } from 'node:child_process';
import { mkdirSync, readFileSync, writeFileSync } from 'node:fs';
import http from 'node:http';
import { fileURLToPath } from 'node:url';
import { promisify } from 'node:util';
import { Server } from '../chaos/server.mjs';

const run = promisify(execFile);
const here = (name) => fileURLToPath(new URL(name, import.meta.url));
const APPLICATION = readFileSync(here('application.sql'), 'utf8');

export const SECRET = 'of all servers';
export const NAMES = ['north', 'south'];
const FIRST_INSTALLATION = 10_001;
const FIRST_REPOSITORY = 50_001;

/* PL/Proxy tells of each connection that it finds closed. */
const QUIET = 'SET client_min_messages = warning;';

export class Spread {
	constructor({ directory, bindir, configuration, standin, installations, settings }) {
		Object.assign(this, { directory, bindir, standin, database: 'app' });
		this.servers = Object.fromEntries(NAMES.map((name) => [name, new Server({ directory: `${directory}/${name}`, bindir, configuration })]));
		this.settings = settings;
		this.installations = Array.from({ length: installations }, (_, n) => ({ id: FIRST_INSTALLATION + n, repository: FIRST_REPOSITORY + n, account: `account-${n}` }));
		this.counts = {};
	}

	count(what, by = 1) {
		this.counts[what] = (this.counts[what] ?? 0) + by;
	}

	async open() {
		mkdirSync(this.directory, { recursive: true });
		writeFileSync(`${this.directory}/secret`, SECRET, { mode: 0o600 });
		this.standin.control.seed({
			users: this.installations.map(({ account: login }) => ({ login, type: 'Organization' })),
			installations: this.installations.map(({ id, account }) => ({ id, account })),
			repositories: this.installations.map(({ repository: id, account: owner }) => ({ id, owner, name: 'work' })),
		});
		for (const [number, name] of NAMES.entries()) {
			await this.#openServer(name, number + 1);
		}
		await this.#openFront();
		await this.#listen();
	}

	async #openServer(name, number) {
		const server = this.servers[name];

		await server.create({ 'github_sync.webhook_secret_file': `${this.directory}/secret`, max_connections: 200, ...this.settings });
		await server.query('postgres', 'CREATE ROLE planner LOGIN; CREATE ROLE webhooks LOGIN; CREATE ROLE dashboard LOGIN');
		await server.query('postgres', `CREATE DATABASE ${this.database} TEMPLATE template0`);
		await server.query(this.database, APPLICATION.replaceAll(':SERVERS', String(NAMES.length)).replaceAll(':NUMBER', String(number)));
		const own = this.installations.filter((_, n) => n % NAMES.length === number - 1);

		await server.query(this.database, `
			INSERT INTO github_sync.github_app_installations (id, account_login) SELECT i.id, i.account FROM json_to_recordset('${JSON.stringify(own)}') AS i (id bigint, account text)`);
		await server.query(this.database, `INSERT INTO planner.projects (installation_id, github_repo_id)
			SELECT i.id, i.repository FROM json_to_recordset('${JSON.stringify(own)}') AS i (id bigint, repository bigint)`);
		await server.query(this.database, `INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
			SELECT i.repository, i.id, i.account, 'work' FROM json_to_recordset('${JSON.stringify(own)}') AS i (id bigint, repository bigint, account text)`);
	}

	connection(name, database, user) {
		return `host=${this.servers[name].directory} port=5432 dbname=${database} user=${user}`;
	}

	/* In the first server, as a database beside the application's. */
	async #openFront() {
		const server = this.servers[NAMES[0]];
		const partitions = NAMES.map((name, number) => `p${number} 'host=${this.servers[name].directory} port=5432 dbname=${this.database} application_name=${name}'`);
		const psql = (...options) => run(`${this.bindir}/psql`, ['-Xq', '-v', 'ON_ERROR_STOP=1', ...options], { maxBuffer: 1e8 });

		await server.query('postgres', 'CREATE DATABASE front TEMPLATE template0');
		await server.query('front', `CREATE EXTENSION plproxy;
			CREATE SERVER github_sync FOREIGN DATA WRAPPER plproxy OPTIONS (modular_mapping '1', ${partitions.join(', ')});
			CREATE USER MAPPING FOR webhooks SERVER github_sync OPTIONS (user 'webhooks');
			CREATE USER MAPPING FOR dashboard SERVER github_sync OPTIONS (user 'dashboard')`);
		await psql('-d', this.connection(NAMES[0], 'front', 'postgres'), '-f', here('../../contrib/plproxy/front.sql'));
		const { stdout } = await psql('-Atd', this.connection(NAMES[1], this.database, 'planner'), '-f', here('../../contrib/plproxy/views.sql'));

		await server.query('front', QUIET + stdout);
		await server.query('front', "SELECT github_sync.grant_webhooks('webhooks'), github_sync.grant_monitor('dashboard')");
		await server.query('front', `INSERT INTO github_sync.placement SELECT * FROM json_to_recordset($1) AS p (installation_id bigint, server text)`,
			[JSON.stringify(this.installations.map(({ id }, n) => ({ installation_id: id, server: NAMES[n % NAMES.length] })))]);
		this.front = server.pool('front', 'webhooks', { name: 'receiver of webhooks', size: 4 });
		this.frontOwner = server.pool('front', 'postgres', { name: 'application', size: 8 });
		this.dashboard = server.pool('front', 'dashboard', { name: 'dashboard', size: 1 });
		this.sessions = Object.fromEntries(NAMES.map((name) => [name, this.servers[name].pool(this.database, 'planner', { name: 'application', size: 12 })]));
	}

	/* As README has it. */
	async #listen() {
		this.receiver = http.createServer((request, response) => {
			const chunks = [];

			request.on('data', (chunk) => chunks.push(chunk));
			request.on('end', async () => {
				try {
					const { rows: [{ outcome }] } = await this.front.query('SELECT github_sync.receive_webhook($1, $2, $3, $4) AS outcome', [
						request.headers['x-github-event'], request.headers['x-github-delivery'], request.headers['x-hub-signature-256'], Buffer.concat(chunks)]);

					this.count(`webhooks ${outcome.replace(/:.*/, '')}`);
					response.writeHead(202).end(outcome);
				} catch (error) {
					this.count('webhooks refused');
					this.failed?.('a webhook', error);
					response.writeHead(500).end();
				}
			});
		});
		await new Promise((resolve) => { this.receiver.listen(0, '127.0.0.1', resolve); });
		this.standin.control.webhooks.configure({ url: `http://127.0.0.1:${this.receiver.address().port}/`, secret: SECRET, mode: 'on' });
	}

	/* Which server has an installation now. */
	async placeOf(installation) {
		return (await this.frontOwner.query('SELECT server FROM github_sync.placement WHERE installation_id = $1', [installation])).rows[0].server;
	}

	/* By the script that users have; resolves with the milliseconds that it took. */
	async move(installation) {
		const from = await this.placeOf(installation);
		const to = NAMES.find((name) => name !== from);
		const started = Date.now();

		writeFileSync(`${this.directory}/tables`, 'planner.projects: r.installation_id = {installation}\ntasks\ncomments\n');
		await run(here('../../contrib/move_installation/move_installation'), ['--tables', `${this.directory}/tables`,
			'--directory', `${this.directory}/move-${installation}`, '--front', this.connection(NAMES[0], 'front', 'postgres'), '--server', to,
			String(installation), this.connection(from, this.database, 'planner'), this.connection(to, this.database, 'planner')],
		{ env: { ...process.env, PATH: `${this.bindir}:${process.env.PATH}` } });
		return { from, to, ms: Date.now() - started };
	}

	/* Rows of a query, of all servers. */
	async ask(text, values) {
		const answers = await Promise.all(NAMES.map(async (name) => (await this.servers[name].query(this.database, text, values)).map((row) => ({ server: name, ...row }))));

		return answers.flat();
	}

	async close() {
		this.standin.control.webhooks.configure({ mode: 'off' });
		await Promise.all([this.front, this.frontOwner, this.dashboard, ...Object.values(this.sessions)].map((pool) => pool.end()));
		this.receiver.close();
		this.receiver.closeAllConnections();
		await Promise.all(NAMES.map((name) => this.servers[name].stop()));
	}
}
