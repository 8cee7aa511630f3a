/*
 * healthy.mjs
 *		An installation whose answers nobody changes, beside others: what is
 *		done in its application must go on arriving at GitHub.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOK_AGAIN_MS = 10;

export class Healthy {
	constructor(world, { mayTakeMs }) {
		Object.assign(this, { world, mayTakeMs, number: 0, took: [], failures: [] });
	}

	async open() {
		this.repository = await this.world.connect();
		this.world.front.served.add(String(this.repository.installation));
		this.world.front.served.add(String(this.repository.id));
		this.world.front.served.add(`${this.repository.owner}/${this.repository.name}`);
		this.world.front.idsOfServed = () => [...this.issues().slice(0, 3).flatMap(({ id, number }) => [id, number])];
	}

	issues() {
		return [...this.world.control.store.repositories.get(this.repository.id).issues.values()];
	}

	/* One task with a comment, from its creation to its close. */
	async live() {
		const name = `healthy ${++this.number}`;
		const [{ id: task }] = await this.#do(`INSERT INTO planner.tasks (title, github_repo_id) VALUES ($1, $2) RETURNING id`, [name, this.repository.id]);
		const issue = await this.#until('its creation', () => this.issues().find(({ title }) => title === name));

		if (issue === null) {
			return;
		}
		const [{ id: comment }] = await this.#do('INSERT INTO planner.comments (task_id, markdown) VALUES ($1, $2) RETURNING id', [task, `${name}: said`]);

		await this.#until('a comment', () => [...issue.comments.values()].some(({ body }) => body.startsWith(`${name}: said`)));
		for (const edit of ['edited', 'edited again']) {
			await this.#do('UPDATE planner.tasks SET title = $2, modified_at = clock_timestamp() WHERE id = $1', [task, `${name} ${edit}`]);
			await this.#until('an edit', () => issue.title === `${name} ${edit}`);
		}
		await this.#do('UPDATE planner.comments SET markdown = $2, modified_at = clock_timestamp() WHERE id = $1', [comment, `${name}: corrected`]);
		await this.#until('an edit of a comment', () => [...issue.comments.values()].some(({ body }) => body.startsWith(`${name}: corrected`)));
		await this.#do("UPDATE planner.tasks SET status = 'closed', modified_at = clock_timestamp() WHERE id = $1", [task]);
		await this.#until('a close', () => issue.state === 'closed');
	}

	async #do(text, values) {
		return (await this.world.sessions.query(text, values)).rows;
	}

	/* What arrives late has failed, but is waited for: it may never come. */
	async #until(what, happened) {
		const started = performance.now();
		const ms = () => performance.now() - started;

		for (let found, isLate = false; ;) {
			found = happened();
			if (!found && !isLate && ms() > this.mayTakeMs / 5) {
				isLate = true;
				this.world.front.keepLast();
			}
			if (found) {
				this.took.push(ms());
				if (ms() > this.mayTakeMs) {
					this.failures.push(`${what} of healthy ${this.number} took ${Math.round(ms())} ms`);
				}
				return found;
			}
			if (ms() > 4 * this.mayTakeMs) {
				this.failures.push(`${what} of healthy ${this.number} did not arrive within ${4 * this.mayTakeMs} ms: ${await this.#story()}`);
				return null;
			}
			await sleep(LOOK_AGAIN_MS);
		}
	}

	/* Of its last task: the record, and what became of each transaction. */
	async #story() {
		const [{ story }] = await this.world.query(`
			SELECT concat_ws(E'\n#       ', t, i, (SELECT string_agg(q::text, E'\n#       ' ORDER BY q.id) FROM github_sync.task_sync_transactions AS q
				WHERE q.task_id = t.id OR q.github_issue_id = i.id),
				(SELECT string_agg(concat(c, E'\n#       ', q), E'\n#       ' ORDER BY q.id) FROM github_sync.github_comments AS c
				JOIN github_sync.comment_sync_transactions AS q ON q.github_comment_id = c.id WHERE c.github_issue_id = i.id)) AS story
			FROM planner.tasks AS t LEFT JOIN github_sync.github_issues AS i ON i.task_id = t.id
			WHERE t.github_repo_id = $1 ORDER BY t.id DESC LIMIT 1`, [this.repository.id]).catch((error) => [{ story: error.message }]);

		return story;
	}

	/* What must not be: [text]. */
	async complaints() {
		const errored = await this.world.query(`
			SELECT 'task' AS type, id, error_code, error_reason FROM github_sync.task_sync_transactions WHERE state = 'errored' AND github_repo_id = $1
			UNION ALL SELECT 'comment', id, error_code, error_reason FROM github_sync.comment_sync_transactions WHERE state = 'errored' AND github_repo_id = $1`, [this.repository.id]);
		const differ = await this.world.query(`SELECT title, status FROM planner.tasks WHERE github_repo_id = $1 ORDER BY title`, [this.repository.id]);
		const here = JSON.stringify(differ.map(({ title, status }) => [title, status]).sort());
		const there = JSON.stringify(this.issues().map(({ title, state }) => [title, state]).sort());
		const texts = this.issues().flatMap(({ title, comments }) => [title, ...[...comments.values()].map(({ body }) => body)]).map((text) => text.replace(/<!--.*-->/s, '').trim());
		const twice = texts.filter((text, index) => texts.indexOf(text) !== index);

		return [
			...errored.map((row) => `errored: ${JSON.stringify(row)}`), ...twice.map((text) => `there twice: ${text}`),
			...(here === there ? [] : [`the sides differ: ${here.slice(0, 500)} and ${there.slice(0, 500)}`]),
		];
	}
}
