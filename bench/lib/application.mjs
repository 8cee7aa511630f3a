/*
 * application.mjs
 *		A database with the application's tables and an empty queue, and what
 *		figures do to it.  Only what README promises is used: whatever engine
 *		there is, it can be measured.
 */
import { setTimeout as sleep } from 'node:timers/promises';

/* As the stub numbers issues. */
export const NUMBERS_PER_REPOSITORY = 100_000_000;

const LOOK_EVERY_MS = 150;

export class Application {
	constructor(world, name) {
		Object.assign(this, { world, name });
	}

	async open(schema) {
		await this.world.admin(`CREATE DATABASE ${this.name} TEMPLATE template0`);
		await this.world.query(this.name, schema);
		this.superuser = await this.world.connect(this.name, 'postgres');
		this.owner = await this.world.connect(this.name, 'bench_owner');
	}

	async close() {
		await this.superuser.end();
		await this.owner.end();
		await this.world.admin(`DROP DATABASE ${this.name} WITH (FORCE)`);
	}

	/* As the owner of the tables. */
	async sql(text, values) {
		return (await this.owner.query(text, values)).rows;
	}

	/* Each with the repository of the same id. */
	async connectInstallations(from, to) {
		await this.sql(`INSERT INTO github_sync.github_app_installations (id, account_login) SELECT n, 'acme' FROM generate_series(${from}, ${to}) AS n`);
		await this.sql(`
			INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
			SELECT n, n, 'acme', 'repo-' || n FROM generate_series(${from}, ${to}) AS n`);
	}

	/* Inbound: so many issues, one of each repository in turn; edit: as of which of the stub's edits. */
	async tell({ count, repositories, first = 1, edit = 0, priority = 100 }) {
		const [from, to] = repositories;

		await this.sql(`
			INSERT INTO github_sync.task_sync_transactions
				(direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at, priority)
			SELECT 'inbound', r, r * ${NUMBERS_PER_REPOSITORY} + n, n, to_timestamp($1), $2
			FROM (SELECT $3::bigint + i % ($4::bigint - $3::bigint + 1) AS r, ($5::bigint + i / ($4::bigint - $3::bigint + 1))::integer AS n
				FROM generate_series(0, $6::bigint - 1) AS i) AS issues ORDER BY n, r`,
			[this.world.stub.base_s + edit, priority, from, to, first, count]);
	}

	/* Until nothing waits; throws after limit_s. */
	async drained(limit_s = 300) {
		const deadline = Date.now() + limit_s * 1000;

		for (;;) {
			const { rows } = await this.superuser.query(`
				SELECT EXISTS (SELECT FROM github_sync.task_sync_transactions WHERE state = 'queued')
					OR EXISTS (SELECT FROM github_sync.task_sync_transactions WHERE state = 'processing') AS waits`);

			if (!rows[0].waits) {
				return;
			}
			if (Date.now() > deadline) {
				throw new Error(`${this.name}: the queue is not empty after ${limit_s} s: ${JSON.stringify(await this.states())}`);
			}
			await sleep(LOOK_EVERY_MS);
		}
	}

	async states() {
		const { rows } = await this.superuser.query(`
			SELECT direction, state, count(*), min(coalesce(error_reason, last_error)) AS error FROM github_sync.task_sync_transactions GROUP BY 1, 2 ORDER BY 1, 2`);

		return rows;
	}

	/* { count, first_ms, last_ms } of those in that state that were finished since then. */
	async finished(state, since_ms) {
		const { rows } = await this.superuser.query(`
			SELECT count(*), 1000 * extract(epoch FROM max(finished_at))::float8 AS last_ms
			FROM github_sync.task_sync_transactions WHERE state = $1 AND finished_at >= to_timestamp($2::float8 / 1000)`, [state, since_ms]);

		return rows[0];
	}

	capture(enabled) {
		return this.sql(`SELECT github_sync.capture_task_changes(${enabled})`);
	}

	/* Records of so many issues, synced. */
	async withRecords({ count, repositories, first = 1 }) {
		await this.tell({ count, repositories, first });
		await this.drained();
	}

	/*
	 * So many transactions as a restore brings them: stored as they are, each of an issue of its own, of each repository in
	 * turn. ended: null for queued ones, else one of { state: 'completed' } and { state: 'errored' }; finished over
	 * the last thirty days, the newest last.
	 */
	async restore({ count, repositories, first = 1, ended = null }) {
		const [from, to] = repositories;
		const values = [from, to, first, count, this.world.stub.base_s];
		const issues = `
			SELECT i, $1::bigint + i % ($2::bigint - $1::bigint + 1) AS r, ($3::bigint + i / ($2::bigint - $1::bigint + 1))::integer AS n
			FROM generate_series(0, $4::bigint - 1) AS i`;
		const state = ended === null ? 'queued' : ended.state;
		const finished = "now() - interval '30 days' * (1 - i / $4::float8)";

		await this.sql(`
			INSERT INTO github_sync.github_issues (github_id, github_repo_id, number)
			SELECT r * ${NUMBERS_PER_REPOSITORY} + n, r, n FROM (${issues}) AS issues WHERE $5::bigint IS NOT NULL ORDER BY n, r
			ON CONFLICT DO NOTHING`, values);
		await this.sql(`
			INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_id,
				github_issue_external_id, github_issue_number, github_updated_at, inserted_at, queued_at, finished_at, error_code, error_reason)
			SELECT 'inbound', '${state}', r, r, c.id, c.github_id, n, to_timestamp($5), ${ended === null ? 'now(), now(), NULL' : `${finished}, ${finished}, ${finished}`},
				${state === 'errored' ? "'validation_failed', 'GitHub does not take it'" : 'NULL, NULL'}
			FROM (${issues}) AS issues JOIN github_sync.github_issues AS c ON c.github_repo_id = r AND c.number = n ORDER BY i`, values);
	}

	/* What the owner's session has counted is in the server's statistics afterwards. */
	async flushStatistics() {
		await this.sql('SELECT pg_stat_force_next_flush()');
		await this.sql('SELECT');
	}

	/* Pid of its worker; waits for it. */
	async worker() {
		for (;;) {
			const { rows } = await this.superuser.query(`
				SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND backend_type ~ 'github_sync worker'`);

			if (rows.length > 0) {
				return rows[0].pid;
			}
			await sleep(20);
		}
	}
}
