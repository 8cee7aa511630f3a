/*
 * database.mjs
 *	Databases with the application and the extension, and sessions in them:
 *	each a psql, so that nothing but PostgreSQL is needed.
 */
import { spawn } from 'node:child_process';
import { readFileSync } from 'node:fs';

const END_OF_ANSWER = '-- answered --';

const file = (name) => readFileSync(new URL(`sql/${name}`, import.meta.url), 'utf8');

/* As scripts/build_sql.sh does it. */
function forRecordType(template, words) {
	const other = words.record === 'task' ? 'comment' : 'task';
	return template.split('\n').filter((line) => !line.startsWith(`--@${other}`)).map((line) => line.replace(`--@${words.record}`, ''))
		.join('\n').replaceAll(/@(\w+)@/g, (_, word) => words[word]);
}

const setup = () => [
	file('application.sql'), file('observe.sql'),
	forRecordType(file('step.sql'), { record: 'task', resource: 'github_issue', parent: 'repo_id', parent_key: 'repo', body_place: '1', cached_key: 'number' }),
	forRecordType(file('step.sql'), { record: 'comment', resource: 'github_comment', parent: 'task_id', parent_key: 'task', body_place: '0', cached_key: 'github_id' }),
	file('run.sql'), file('break_rule.sql'),
].join('\n');

class Session {
	#psql;
	#output = '';
	#errors = '';
	#waiting = [];

	constructor(database) {
		this.#psql = spawn('psql', ['-XqAt', '-v', 'ON_ERROR_STOP=1', '-d', database], { stdio: ['pipe', 'pipe', 'pipe'] });
		this.#psql.stdout.setEncoding('utf8').on('data', (data) => this.#receive(data));
		this.#psql.stderr.setEncoding('utf8').on('data', (data) => { this.#errors += data; });
		this.#psql.stdin.on('error', () => {});
		this.#psql.on('close', () => this.#waiting.splice(0).forEach(({ reject }) => reject(new Error(`psql ended: ${this.#errors}`))));
	}

	#receive(data) {
		this.#output += data;
		const answers = this.#output.split(`${END_OF_ANSWER}\n`);
		this.#output = answers.pop();
		for (const answer of answers) this.#waiting.shift().resolve(answer.split('\n').slice(0, -1));
	}

	/* -> the lines that the statements return */
	query(statements) {
		return new Promise((resolve, reject) => {
			this.#waiting.push({ resolve, reject });
			this.#psql.stdin.write(`${statements}\n\\echo '${END_OF_ANSWER}'\n`);
		});
	}

	async close() {
		const closed = new Promise((resolve) => { this.#psql.on('close', resolve); });
		this.#psql.stdin.end();
		await closed;
	}
}

async function run(database, statements) {
	const session = new Session(database);
	await session.query(statements);
	await session.close();
}

/* change: SQL to run when all is set up, as a superuser: how a rule is broken on purpose */
export async function createDatabase(name, change = '') {
	await run('postgres', `
		DO $$ BEGIN CREATE ROLE model_owner LOGIN; EXCEPTION WHEN duplicate_object OR unique_violation THEN NULL; END $$;
		DROP DATABASE IF EXISTS ${name};
		CREATE DATABASE ${name};`);
	await run(name, `${setup()}\nRESET SESSION AUTHORIZATION;\n${change}`);
}

export const dropDatabase = (name) => run('postgres', `DROP DATABASE IF EXISTS ${name} WITH (FORCE);`);

const literal = (value) => `$model$${JSON.stringify(value)}$model$::jsonb`;

/* What is in the middle of nowhere afterwards: the history is rolled back. -> [[result, state, message], ...] */
export async function runHistory(session, operations) {
	const lines = await session.query(`BEGIN; SELECT model.restart_ids() \\g /dev/null
		SELECT model.run(${literal(operations)}); ROLLBACK;`);
	return lines.map((line) => JSON.parse(line));
}

export async function openSession(database) {
	const session = new Session(database);
	/* A deadlock is to be seen at once; and, as in a worker, what takes a millisecond is not compiled first. */
	await session.query("SET deadlock_timeout = '20ms'; SET jit = off; SET SESSION AUTHORIZATION model_owner;");
	return session;
}

/* Several sessions in one database, in which things happen at the same moment. */
export class Meeting {
	#host;
	#guests;
	#pids;

	static async open(database, guests) {
		const meeting = new Meeting();
		meeting.#host = await openSession(database);
		meeting.#guests = await Promise.all(Array.from({ length: guests }, () => openSession(database)));
		meeting.#pids = await Promise.all(meeting.#guests.map(async (guest) => Number((await guest.query('SELECT pg_backend_pid();'))[0])));
		return meeting;
	}

	async reset() {
		await this.#host.query('SELECT model.reset() \\g /dev/null');
	}

	/* One operation alone -> [result, state, message] */
	async alone(operation) {
		const [line] = await this.#host.query(`SELECT model.step(${literal(operation)});`);
		return JSON.parse(line);
	}

	/*
	 * Several at the same moment; held: they meet at locked records.
	 * -> {results: [[result, message], ...], state, places, counters}
	 */
	async together(operations, { held, repeatableRead }) {
		if (held) await this.#host.query('BEGIN; SELECT model.hold_records() \\g /dev/null');
		const answers = operations.map((operation, i) => {
			const step = `SELECT model.step_beside_others(${literal(operation)});`;
			return this.#guests[i].query(repeatableRead ? `BEGIN ISOLATION LEVEL REPEATABLE READ; ${step} COMMIT;` : step);
		});
		if (held) {
			const pids = this.#pids.slice(0, operations.length);
			await this.#host.query(`SELECT model.await_meeting('{${pids}}') \\g /dev/null
				COMMIT;`);
		}
		const results = (await Promise.all(answers)).map(([line]) => JSON.parse(line));
		const [after] = await this.#host.query('SELECT model.state_and_counters();');
		return { results, ...JSON.parse(after) };
	}

	async close() {
		await Promise.all([this.#host, ...this.#guests].map((session) => session.close()));
	}
}
