/*
 * people.mjs
 *		Those who work on GitHub, and those who work in the application: what
 *		they do next is a throw of the dice.  Every text is written once, and
 *		begins with who wrote it.
 *
 * Neither side knows what the other does, nor waits for it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { KEY } from './history.mjs';

/* As people write: of several lines, with Windows' line ends, with signs. */
const ENDINGS = ['', '', '', '\nand a second line', '\r\nfrom another system\r\nwith other line ends', ' – “ü” 🙂 \\ \' $1 %s <!-- -->'];

class Writer {
	constructor(world, name, dice) {
		Object.assign(this, { world, name, dice, written: 0 });
	}

	title() {
		return `${this.name} title ${++this.written}`;
	}

	body() {
		return `${this.name} body ${++this.written}${this.dice.pick(ENDINGS)}${this.world.quote()}`;
	}

	/* Sometimes nothing: NULL or ''. */
	bodyOrNone() {
		return this.dice.percent(85) ? this.body() : this.dice.pick([null, '']);
	}
}

/* Of a list in the order of creation mostly the last: conflicts need company. */
function mostlyLast(dice, list) {
	return list.length === 0 ? null : list[Math.max(dice.below(list.length), dice.below(list.length))];
}

/* GitHub's editor shows the key of a creation too: an HTML comment, which people leave where it is. */
function rewritten(record, body) {
	const [key] = String(record?.body ?? '').match(KEY)?.slice(-1) ?? [];

	return key === undefined ? body : `${body ?? ''}${key}`;
}

export class Humans {
	constructor(world, dice) {
		Object.assign(this, { world, dice, writer: new Writer(world, 'human', dice) });
	}

	act() {
		const { dice, writer } = this;
		const issue = mostlyLast(dice, this.world.issues());
		const comment = issue && mostlyLast(dice, [...issue.comments.values()]);

		switch (dice.weighted({ ...this.world.deletions, open: this.world.hasRoom() ? 3 : 0, retitle: 6, rewrite: 6, both: 3, state: 5, say: 3, correct: 6 })) {
			case 'open':
				this.#do('create_issue', { repo: dice.pick(this.world.repositories()).id, title: writer.title(), body: writer.bodyOrNone() });
				break;
			case 'retitle':
				this.edit(issue, { title: writer.title() });
				break;
			case 'rewrite':
				this.edit(issue, { body: rewritten(issue, writer.bodyOrNone()) });
				break;
			case 'both':
				this.edit(issue, { title: writer.title(), body: rewritten(issue, writer.body()) });
				break;
			case 'state':
				this.edit(issue, { state: issue?.state === 'open' ? 'closed' : 'open' });
				break;
			case 'say':
				this.say(issue);
				break;
			case 'unsay':
				this.#do('delete_comment', comment && { comment_id: comment.id });
				break;
			case 'drop':
				this.#do('delete_issue', issue && { repo: issue.repository.id, number: issue.number });
				break;
			case 'correct':
				this.#do('edit_comment', comment && { comment_id: comment.id, body: rewritten(comment, writer.body()) });
		}
	}

	say(issue) {
		this.#do('create_comment', issue && { repo: issue.repository.id, number: issue.number, body: this.writer.body() });
	}

	edit(issue, fields) {
		this.#do('edit_issue', issue && { repo: issue.repository.id, number: issue.number, ...fields });
	}

	async #act(what) {
		try {
			await this.world.control.act(what);
		} catch (error) {
			this.world.failed('a human', error);
		}
	}

	/* what is null where there is nothing to do it to. */
	#do(deed, what) {
		if (what !== null) {
			this.world.count('edits on GitHub');
			this.#act({ do: deed, as: this.dice.pick(['alice', 'bob']), ...what });
		}
	}
}

/* The row of a table that is so far from its end; $1 of the statement. */
export const rowOf = (table) => `(SELECT id FROM planner.${table} ORDER BY id DESC OFFSET $1 LIMIT 1)`;

export class Users {
	constructor(world, dice) {
		Object.assign(this, { world, dice, writer: new Writer(world, 'user', dice), underWay: new Set(), ofSeveral: new Set() });
	}

	/* Begins one database transaction; several are under way at a time. */
	act() {
		this.transact(Array.from({ length: this.dice.percent(80) ? 1 : 2 }, () => this.#statement()));
	}

	transact(statements) {
		const { dice } = this;
		const work = {
			statements,
			pauseMs: dice.percent(20) ? dice.between(5, 150) : 0,
			commits: dice.percent(92),
		};
		const session = this.#session(work).catch((error) => this.world.failed('a user', error, work)).finally(() => {
			this.underWay.delete(session);
			this.ofSeveral.delete(work);
		});

		if (work.statements.length > 1) this.ofSeveral.add(work);
		this.underWay.add(session);
	}

	async done() {
		await Promise.all(this.underWay);
	}

	#statement() {
		const { dice, writer } = this;
		const place = Math.min(dice.below(8), dice.below(8));
		const skew = `${dice.between(-5000, 5000)} ms`;
		const edit = (table, assignments, ...values) => [
			`UPDATE planner.${table} SET ${assignments}, modified_at = clock_timestamp() + $2::interval WHERE id = ${rowOf(table)}`,
			[place, skew, ...values],
		];

		switch (dice.weighted({ ...this.world.deletions, add: this.world.hasRoom() ? 3 : 0, retitle: 6, rewrite: 6, both: 3, state: 5, say: 3, correct: 6 })) {
			case 'retitle':
				return edit('tasks', 'title = $3', writer.title());
			case 'rewrite':
				return edit('tasks', 'markdown = $3', writer.bodyOrNone());
			case 'both':
				return edit('tasks', 'title = $3, markdown = $4', writer.title(), writer.body());
			case 'state':
				return edit('tasks', "status = CASE status WHEN 'open' THEN 'closed' ELSE 'open' END");
			case 'say':
				return [`INSERT INTO planner.comments (task_id, markdown, modified_at)
					SELECT t.id, $3, clock_timestamp() + $2::interval FROM planner.tasks AS t WHERE t.id = ${rowOf('tasks')}`, [place, skew, writer.body()]];
			case 'correct':
				return edit('comments', 'markdown = $3', writer.body());
			case 'unsay':
				return [`DELETE FROM planner.comments WHERE id = ${rowOf('comments')}`, [place]];
			case 'drop':
				return [`WITH gone AS (SELECT id FROM planner.tasks WHERE id = ${rowOf('tasks')} FOR UPDATE),
						comments AS (DELETE FROM planner.comments AS c USING gone WHERE c.task_id = gone.id)
					DELETE FROM planner.tasks AS t USING gone WHERE t.id = gone.id`, [place]];
			default:
				return this.#newTask(skew);
		}
	}

	#newTask(skew) {
		const { dice, writer } = this;

		return [`INSERT INTO planner.tasks (title, markdown, status, github_repo_id, modified_at)
			VALUES ($1, $2, $3, $5, clock_timestamp() + $4::interval)`,
		[writer.title(), writer.bodyOrNone(), dice.pick(['open', 'open', 'closed']), skew, dice.pick([...this.world.ours])]];
	}

	addTask() {
		if (this.world.hasRoom()) {
			this.transact([this.#newTask('0')]);
		}
	}

	async #session({ statements, pauseMs, commits }) {
		const client = await this.world.sessions.connect();
		let broken = true;

		try {
			await client.query('BEGIN');
			if (statements.length > 1 || statements.some(([text]) => text.startsWith('WITH gone'))) {
				/* Two that change several rows would deadlock with each other: so a deadlock is never the application's own. */
				await client.query('SELECT pg_advisory_xact_lock(1)');
			}
			for (const statement of statements) {
				await client.query(...statement);
				await sleep(pauseMs);
			}
			await client.query(commits ? 'COMMIT' : 'ROLLBACK');
			this.world.count('transactions of the application');
			broken = false;
		} finally {
			client.release(broken);
		}
	}
}
