/*
 * world.mjs
 *		The server, the stub, and the databases of the figures.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';
import { Application } from './application.mjs';
import { Cost } from './cost.mjs';

const pg = createRequire(new URL('../peers/package.json', import.meta.url))('pg');
const SCHEMA = readFileSync(new URL('../application.sql', import.meta.url), 'utf8');

/* Numbers as numbers: they stay far below 2^53 here. */
pg.types.setTypeParser(pg.types.builtins.INT8, Number);
pg.types.setTypeParser(pg.types.builtins.NUMERIC, Number);

export class World {
	/* socket: the server's directory; data: its data directory. */
	constructor({ socket, data, bindir, stub, work, options }) {
		Object.assign(this, { socket, bindir, stub, work, options, databases: 0 });
		this.postmaster = Number(readFileSync(`${data}/postmaster.pid`, 'utf8').split('\n')[0]);
	}

	async open() {
		this.administrator = await this.connect('postgres', 'postgres');
		await this.admin('CREATE EXTENSION pg_stat_statements');
		await this.admin('CREATE ROLE bench_owner LOGIN');
		/* Where the stub listens is known only now. */
		await this.configure({ 'github_sync.api_url': this.stub.url });
	}

	connection(database, user) {
		return { host: this.socket, port: 5432, database, user };
	}

	async connect(database, user) {
		const client = new pg.Client(this.connection(database, user));

		client.on('error', () => {});
		await client.connect();
		return client;
	}

	async admin(text, values) {
		return (await this.administrator.query(text, values)).rows;
	}

	async query(database, text) {
		const client = await this.connect(database, 'postgres');

		try {
			await client.query(text);
		} finally {
			await client.end();
		}
	}

	/* Settings of the server, at once; null: as the server was started. */
	async configure(settings) {
		for (const [name, value] of Object.entries(settings)) {
			await this.admin(value === null ? `ALTER SYSTEM RESET ${name}` : `ALTER SYSTEM SET ${name} = '${value}'`);
		}
		await this.admin('SELECT pg_reload_conf()');
	}

	/* An application of its own for act, which gets it; and a stub that knows of nothing. */
	async withApplication(act) {
		const application = new Application(this, `bench_${++this.databases}`);

		await this.stub.reset();
		await application.open(SCHEMA);
		try {
			return await act(application);
		} finally {
			await this.configure({ 'github_sync.enabled': 'on' });
			await application.close();
		}
	}

	/* What act costs, see cost.mjs; settle: what makes others tell their statistics. */
	costOf(application, act, settle) {
		return new Cost(this, application).of(act, settle);
	}

	/* pg_stat_statements counts: none, top, or all (those within functions too). */
	track(which) {
		return this.configure({ 'pg_stat_statements.track': which });
	}
}
