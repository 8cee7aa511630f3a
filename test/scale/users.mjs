/*
 * users.mjs
 *		Those who work in the application, which looks for each write where the
 *		installation is.  Every text is written once.
 *
 * Of each write that was acknowledged a note is kept: at the end it has to be
 * there, or what replaced it.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const LOOKS_AGAIN_MS = 50;
const LOOKS_FOR_MS = 60_000;

export class Users {
	constructor(spread, dice) {
		Object.assign(this, { spread, dice, written: 0, underWay: new Set() });
		this.tasks = new Map();		/* id -> { installation, title, busy }: as acknowledged */
		this.comments = new Map();	/* id -> { task, body } */
		this.failures = [];
	}

	/* A row that exists is one user's at a time, so that the order of its writes is known. */
	act() {
		const { dice } = this;
		const task = this.#free();
		const deed = dice.weighted({ add: this.tasks.size < 4 * this.spread.installations.length ? 4 : 0.5, retitle: task ? 6 : 0, rewrite: task ? 3 : 0, state: task ? 2 : 0, say: task ? 3 : 0 });
		const work = this.#do(deed, task).catch((error) => this.failures.push(`a user was refused: ${error.code} ${error.message}`)).finally(() => this.underWay.delete(work));

		this.underWay.add(work);
	}

	#free() {
		const ids = [...this.tasks.keys()];
		const task = this.tasks.get(ids[this.dice.below(Math.max(1, ids.length))]);

		return task?.busy ? undefined : task;
	}

	async #do(deed, task) {
		const text = `user ${deed} ${++this.written}`;

		if (deed === 'add') {
			const { id: installation } = this.dice.pick(this.spread.installations);
			const id = await this.#write(installation, `INSERT INTO planner.tasks (project_id, title, markdown)
				SELECT p.id, $2, 'first body of ' || $2 FROM planner.projects AS p WHERE p.installation_id = $1 RETURNING id`, [installation, text]);

			this.tasks.set(id, { id, installation, title: text, titles: [text], busy: false });
			return;
		}
		task.busy = true;
		try {
			await this.#change(deed, task, text);
		} finally {
			task.busy = false;
		}
	}

	async #change(deed, task, text) {
		const set = { retitle: 'title = $2', rewrite: 'markdown = $2', state: "status = CASE status WHEN 'open' THEN 'closed' ELSE 'open' END" }[deed];

		if (deed === 'say') {
			const id = await this.#write(task.installation, 'INSERT INTO planner.comments (task_id, markdown) SELECT t.id, $2 FROM planner.tasks AS t WHERE t.id = $1 RETURNING id', [task.id, text]);

			this.comments.set(id, { id, task: task.id, body: text });
			return;
		}
		await this.#write(task.installation, `UPDATE planner.tasks SET ${set}, modified_at = clock_timestamp() WHERE id = $1 RETURNING id`, deed === 'state' ? [task.id] : [task.id, text]);
		if (deed === 'retitle') {
			task.title = text;
			task.titles.push(text);
		}
	}

	/* Where the installation is; and where it is no more, looks again. Resolves with the id of the row. */
	async #write(installation, text, values) {
		for (const deadline = Date.now() + LOOKS_FOR_MS; Date.now() < deadline; await sleep(LOOKS_AGAIN_MS)) {
			const { rows: [row] } = await this.spread.sessions[await this.spread.placeOf(installation)].query(text, values);

			if (row !== undefined) {
				this.spread.count('writes of users');
				return row.id;
			}
			this.spread.count('writes that looked again');
		}
		throw new Error(`no server has what installation ${installation} wrote: ${text}`);
	}

	async done() {
		await Promise.all(this.underWay);
	}
}
