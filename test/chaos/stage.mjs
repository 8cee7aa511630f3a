/*
 * stage.mjs
 *		What programs of one long play share: a server, the stand-in, a database
 *		with an application in it, and TAP.
 */
import { mkdirSync, readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { writeNewKey } from '../github/app-key.mjs';
import { startStandin } from '../github/standin/server.mjs';
import { Server } from './server.mjs';

const APPLICATION = readFileSync(new URL('application.sql', import.meta.url), 'utf8');

export class Stage {
	#assertions = 0;
	#failures = 0;

	/* options: directory, bindir, configuration; standin: of startStandin(); settings: of the server. */
	async open(options, standin, settings) {
		mkdirSync(options.directory, { recursive: true });
		const { url, control } = await startStandin({ publicKey: writeNewKey(`${options.directory}/app.pem`), ...standin });

		Object.assign(this, { control, server: new Server(options) });
		await this.server.create({
			'github_sync.api_url': url, 'github_sync.app_id': '424242', 'github_sync.private_key_file': `${options.directory}/app.pem`,
			'github_sync.write_interval': '0', 'github_sync.points_per_minute': '0', 'github_sync.retry_base_delay': '50ms', 'github_sync.retry_max_delay': '1s', ...settings,
		});
		await this.server.query('postgres', 'CREATE ROLE planner LOGIN');
	}

	async createDatabase(database) {
		await this.server.query('postgres', `CREATE DATABASE ${database} TEMPLATE template0`);
		await this.server.query(database, APPLICATION);
	}

	connect(database, { id, owner, name }, installation = 515151) {
		return this.server.query(database, `
			WITH installation AS (INSERT INTO github_sync.github_app_installations (id, account_login) VALUES ($4, $2) ON CONFLICT (id) DO UPDATE SET account_login = $2 RETURNING id)
			INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) SELECT $1, id, $2, $3 FROM installation`, [id, owner, name, installation]);
	}

	ok(held, promise) {
		this.#assertions += 1;
		this.#failures += held ? 0 : 1;
		console.log(`${held ? '' : 'not '}ok ${this.#assertions} - ${promise}`);
		return held;
	}

	figure(words) {
		console.log(`# figure: ${words}`);
	}

	get failures() {
		return this.#failures;
	}

	/* Ends the process. */
	async close() {
		console.log(`1..${this.#assertions}`);
		await this.server.stop();
		process.exit(this.#failures === 0 ? 0 : 1);
	}
}

/* Resolves with whether it came true in time. */
export async function cameTrue(condition, mostMs) {
	const deadline = Date.now() + mostMs;

	while (!(await condition())) {
		if (Date.now() > deadline) {
			return false;
		}
		await sleep(200);
	}
	return true;
}
