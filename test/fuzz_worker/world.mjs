/*
 * world.mjs
 *		A database with an application, and those who work in it and on GitHub
 *		while GitHub's answers are changed.
 *
 * Installations come and go: one that was told to stay away for an hour, or that
 * nobody may use any more, would else leave the rest of a run without requests.
 */
import { readFileSync } from 'node:fs';

const APPLICATION = readFileSync(new URL('application.sql', import.meta.url), 'utf8');

/* Of one repository; more of them only wait longer. */
const TASKS = 12;

/* Installations that are worked with at a time. */
const AT_A_TIME = 3;

const TEXTS = ['', '\nand a second line', '\r\nof another system\r\n', ' – “ü” 🙂 \\ \' $1 %s <!-- -->', 'x'.repeat(3000)];

export class World {
	/* ids: { next() }, of GitHub's installations and repositories. */
	constructor({ server, front, standin, dice, ids }) {
		Object.assign(this, { server, front, standin, dice, ids, name: front.name, current: [], written: 0, edits: 0, refused: [] });
		this.control = standin.control;
	}

	async begin() {
		await this.server.query('postgres', `CREATE DATABASE ${this.name} TEMPLATE template0`);
		await this.server.query('postgres', `ALTER DATABASE ${this.name} SET github_sync.api_url = '${this.front.url}'`);
		await this.server.query(this.name, APPLICATION);
		this.sessions = this.server.pool(this.name, 'planner', { name: 'application', size: 4 });
		await this.renew();
	}

	close() {
		return this.sessions.end();
	}

	/* A repository in an installation of its own: { id, installation, owner, name }. */
	async connect() {
		const installation = this.ids.next();
		const repository = { id: this.ids.next(), installation, owner: `o${installation}`, name: 'widgets' };

		this.control.seed({
			users: [{ login: repository.owner, type: 'Organization' }],
			repositories: [{ id: repository.id, owner: repository.owner, name: repository.name }],
			installations: [{ id: installation, account: repository.owner }],
		});
		await this.sessions.query('INSERT INTO github_sync.github_app_installations (id, account_login) VALUES ($1, $2)', [installation, repository.owner]);
		await this.sessions.query(`
			INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, on_remote_delete, on_local_delete)
			VALUES ($1, $2, $3, $4, 'delete', 'propagate')`, [repository.id, installation, repository.owner, repository.name]);
		return repository;
	}

	/* Others take the place of those that are worked with now. */
	async renew() {
		this.current = await Promise.all(Array.from({ length: AT_A_TIME }, () => this.connect()));
	}

	#text() {
		return `text ${++this.written} of ${this.name}${this.dice.pick(TEXTS)}`;
	}

	#title() {
		return this.#text().slice(0, 200);
	}

	/* One thing happens: mostly in the application, else on GitHub, else a webhook of neither. */
	async act() {
		const repository = this.dice.pick(this.current);

		this.edits += 1;
		switch (this.dice.weighted({ application: 10, github: 4, strange: 1 })) {
			case 'application':
				await this.#ask(...this.#statement(repository));
				break;
			case 'github':
				await this.#human(repository);
				break;
			default:
				await this.#tell(repository, this.dice.pick(['upsert', 'delete']), { number: this.dice.between(1, 30), id: this.dice.between(1, 2 ** 31) });
		}
	}

	/* Rows that the worker holds just then, or that are gone, are nobody's fault. */
	async #ask(text, values) {
		try {
			await this.sessions.query(text, values);
		} catch (error) {
			if (!['40P01', '23503', '55P03'].includes(error.code)) {
				this.refused.push(`${error.code} ${error.message}`);
			}
		}
	}

	#statement({ id }) {
		const { dice } = this;
		const one = (table) => (table === 'tasks'
			? `(SELECT id FROM planner.tasks WHERE github_repo_id = $1 ORDER BY id DESC OFFSET $2 LIMIT 1)`
			: `(SELECT c.id FROM planner.comments AS c JOIN planner.tasks AS t ON t.id = c.task_id WHERE t.github_repo_id = $1 ORDER BY c.id DESC OFFSET $2 LIMIT 1)`);
		const place = Math.min(dice.below(TASKS), dice.below(TASKS));
		const edit = (table, assignments, ...values) =>
			[`UPDATE planner.${table} SET ${assignments}, modified_at = clock_timestamp() WHERE id = ${one(table)}`, [id, place, ...values]];

		switch (dice.weighted({ add: 5, title: 5, text: 4, both: 2, state: 4, drop: 1, say: 5, correct: 5, unsay: 2 })) {
			case 'title':
				return edit('tasks', 'title = $3', this.#title());
			case 'text':
				return edit('tasks', 'markdown = $3', dice.pick([null, '', this.#text()]));
			case 'both':
				return edit('tasks', 'title = $3, markdown = $4', this.#title(), this.#text());
			case 'state':
				return edit('tasks', "status = CASE status WHEN 'open' THEN 'closed' ELSE 'open' END");
			case 'drop':
				return [`WITH gone AS (SELECT id FROM planner.tasks WHERE id = ${one('tasks')} FOR UPDATE),
						comments AS (DELETE FROM planner.comments AS c USING gone WHERE c.task_id = gone.id)
					DELETE FROM planner.tasks AS t USING gone WHERE t.id = gone.id`, [id, place]];
			case 'say':
				return [`INSERT INTO planner.comments (task_id, markdown) SELECT t.id, $3 FROM planner.tasks AS t WHERE t.id = ${one('tasks')}`, [id, place, this.#text()]];
			case 'correct':
				return edit('comments', 'markdown = $3', this.#text());
			case 'unsay':
				return [`DELETE FROM planner.comments WHERE id = ${one('comments')}`, [id, place]];
			default:
				/* Several at once: who looks for one of them has to turn pages. */
				return [`INSERT INTO planner.tasks (title, markdown, github_repo_id)
					SELECT $3 || ' ' || n, $4, $1 FROM generate_series(1, $5) AS n WHERE (SELECT count(*) FROM planner.tasks WHERE github_repo_id = $1) < $2`,
				[id, TASKS, this.#title(), dice.pick([null, this.#text()]), dice.pick([1, 1, 4])]];
		}
	}

	/* Somebody on GitHub, and the webhook of it. */
	async #human({ id }) {
		const { dice } = this;
		const { issues } = this.control.store.repositories.get(id);
		const issue = issues.size === 0 ? null : dice.pick([...issues.values()].slice(-TASKS));
		const comment = issue !== null && issue.comments.size > 0 ? dice.pick([...issue.comments.values()]) : null;
		const act = (deed, what) => this.control.act({ do: deed, repo: id, as: 'alice', ...what });

		if (issue === null || (issues.size < TASKS && dice.percent(10))) {
			await this.#tell({ id }, 'upsert', act('create_issue', { title: this.#title(), body: this.#text() }));
		} else if (comment !== null && dice.percent(30)) {
			act('edit_comment', { comment_id: comment.id, body: this.#text() });
			await this.#tell({ id }, 'upsert', issue, comment);
		} else if (comment !== null && dice.percent(15)) {
			act('delete_comment', { comment_id: comment.id });
			await this.#tell({ id }, 'delete', issue, comment);
		} else if (dice.percent(30)) {
			const { id: comment_id } = act('create_comment', { number: issue.number, body: this.#text() });

			await this.#tell({ id }, 'upsert', issue, this.control.store.comments.get(comment_id));
		} else if (dice.percent(5)) {
			act('delete_issue', { number: issue.number });
			await this.#tell({ id }, 'delete', issue);
		} else {
			act('edit_issue', { number: issue.number, ...dice.pick([{ title: this.#title() }, { state: dice.pick(['open', 'closed']) }]) });
			await this.#tell({ id }, 'upsert', issue);
		}
	}

	#tell({ id }, action, issue, comment = null) {
		const at = (comment ?? issue).updated_at ?? new Date().toISOString();

		return comment === null
			? this.#ask(`INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, action, github_issue_external_id, github_issue_number, github_updated_at)
				VALUES ('inbound', $1, $2, $3, $4, $5)`, [id, action, issue.id, issue.number, at])
			: this.#ask(`INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, action, github_comment_external_id, github_issue_number, github_updated_at)
				VALUES ('inbound', $1, $2, $3, $4, $5)`, [id, action, comment.id, issue.number, at]);
	}

	/* ---- what became of it ---- */

	query(text, values) {
		return this.server.query(this.name, text, values);
	}

	/* How many there are, by state and reason. */
	rows() {
		return this.query(`
			SELECT state, error_code, sum(n)::bigint AS n FROM (
				SELECT state, error_code, count(*) AS n FROM github_sync.task_sync_transactions GROUP BY 1, 2
				UNION ALL SELECT state, error_code, count(*) FROM github_sync.comment_sync_transactions GROUP BY 1, 2) AS t
			GROUP BY 1, 2 ORDER BY 1, 2`);
	}

	/* Those that waiting() counted, as text (a record that is asked once more, a minute later, comes by itself); with their record, the issue, and all that was asked about that. */
	unended() {
		return this.query(`
			SELECT concat_ws(E'\n#       ', q, t, c, i, (SELECT string_agg(p::text, E'\n#       ' ORDER BY p.id)
				FROM github_sync.task_sync_transactions AS p WHERE p.github_issue_id = i.id)) AS text
			FROM github_sync.sync_queue AS q
			LEFT JOIN github_sync.comment_sync_transactions AS t ON q.record_type = 'comment' AND t.id = q.id
			LEFT JOIN github_sync.github_comments AS c ON c.id = t.github_comment_id
			LEFT JOIN github_sync.task_sync_transactions AS own ON q.record_type = 'task' AND own.id = q.id
			LEFT JOIN github_sync.github_issues AS i ON i.id = coalesce(own.github_issue_id, c.github_issue_id)
			WHERE q.waits_for NOT LIKE 'parent issue: errored %' AND q.queued_at < $1 LIMIT 10`, [this.lookedAt]);
	}

	/* A reason is a sentence, and no secret; asked of both tables. */
	rowsWithoutReason() {
		return this.query(`
			SELECT 'task' AS type, id, state FROM github_sync.task_sync_transactions WHERE state = 'errored' AND (coalesce(error_code, '') = '' OR coalesce(error_reason, '') = '')
			UNION ALL SELECT 'comment', id, state FROM github_sync.comment_sync_transactions WHERE state = 'errored' AND (coalesce(error_code, '') = '' OR coalesce(error_reason, '') = '')`);
	}

	async workerPid() {
		const [worker] = await this.query(`SELECT pid FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()`);

		return worker?.pid ?? null;
	}

	/* Every row of every table and view of ours and of the application's, as text. */
	async everything() {
		const relations = await this.query(`
			SELECT oid::regclass::text AS name FROM pg_class
			WHERE relkind IN ('r', 'v') AND relnamespace IN ('github_sync'::regnamespace, 'planner'::regnamespace)`);
		const texts = [];

		for (const { name } of relations) {
			const [{ all }] = await this.query(`SELECT coalesce(string_agg(r::text, E'\\n'), '') AS all FROM ${name} AS r`);

			texts.push(all);
		}
		return texts.join('\n');
	}

	/* Nothing that was said before keeps anything waiting. */
	async endWaits() {
		await this.query(`
			UPDATE github_sync.github_repos SET paused_until = NULL, pause_reason = NULL WHERE paused_until IS NOT NULL;
			UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_reason = NULL, pause_kind = NULL, creations_paused_until = NULL
				WHERE paused_until IS NOT NULL OR creations_paused_until IS NOT NULL;
			UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL
				WHERE state = 'queued' AND next_attempt_at > clock_timestamp() + interval '2 s' AND next_attempt_at < 'infinity';
			UPDATE github_sync.comment_sync_transactions SET next_attempt_at = NULL
				WHERE state = 'queued' AND next_attempt_at > clock_timestamp() + interval '2 s' AND next_attempt_at < 'infinity';
			SELECT github_sync.wake()`);
	}

	/* What has not ended.  A comment waits for a task that failed, by the rules, until somebody retries that one. */
	async waiting() {
		const [{ at }] = await this.query('SELECT clock_timestamp()::text AS at');
		const [{ n }] = await this.query("SELECT count(*) AS n FROM github_sync.sync_queue WHERE waits_for NOT LIKE 'parent issue: errored %'");

		this.lookedAt = at;
		return n;
	}
}
