/*
 * comparison.mjs
 *		After quiet: is every record the same on both sides, is anything there
 *		twice, does anything still wait, and where is each text that lost?
 *
 * A complaint is { about, text }: about says which record by the issue's number
 * and the comment's id, or by the row where it has no resource.
 */
import { FIELDS, describe, plain } from './history.mjs';

/*
 * Both sides, joined by the links of the cached records.  A row may be without
 * its resource when that is gone at GitHub (of a comment: where the row holds
 * what GitHub never had), a resource without its row when the application
 * deleted that (of a comment: its task).
 */
const TASKS = `
	SELECT t.id AS row_id, i.number, t.title, t.markdown AS body, t.status AS state,
		i.deleted_at IS NOT NULL AS gone, i.local_deleted_at IS NOT NULL AS deleted_here
	FROM planner.tasks AS t FULL JOIN github_sync.github_issues AS i ON i.task_id = t.id`;
const COMMENTS = `
	SELECT c.id AS row_id, g.github_id, c.markdown AS body, p.number AS parent,
		(g.deleted_at IS NOT NULL AND ARRAY[c.markdown] IS DISTINCT FROM g.local_base) OR (g.github_id IS NULL AND p.deleted_at IS NOT NULL) AS gone,
		p.local_deleted_at IS NOT NULL AS deleted_here
	FROM planner.comments AS c FULL JOIN github_sync.github_comments AS g ON g.comment_id = c.id
	LEFT JOIN github_sync.github_issues AS p ON p.id = g.github_issue_id OR (g.id IS NULL AND p.task_id = c.task_id)`;
const unfinishedOf = (type, comment) => `
	SELECT '${type}' AS record_type, id, direction, action, state, error_code, coalesce(error_code || ': ' || error_reason, disabled_reason) AS reason,
		github_issue_number AS issue, ${comment} AS comment
	FROM github_sync.${type}_sync_transactions WHERE state IN ('queued', 'processing', 'errored', 'disabled')`;
const UNFINISHED = `${unfinishedOf('task', 'NULL')} UNION ALL ${unfinishedOf('comment', 'github_comment_external_id')}`;
const CONFLICTS = `
	SELECT c.record_type, c.field, c.local, c.remote, c.winner, coalesce(i.number, p.number) AS issue, g.github_id AS comment
	FROM github_sync.sync_conflicts AS c
	LEFT JOIN github_sync.github_issues AS i ON c.record_type = 'task' AND i.id = c.cached_record_id
	LEFT JOIN github_sync.github_comments AS g ON c.record_type = 'comment' AND g.id = c.cached_record_id
	LEFT JOIN github_sync.github_issues AS p ON p.id = g.github_issue_id`;
const AUDIT = 'SELECT at, writer, record_type, record_id, operation, before, after FROM planner.audit ORDER BY id';

const COLUMNS = { title: 'title', body: 'markdown', state: 'status' };

export class Comparison {
	constructor(world) {
		Object.assign(this, { world, complaints: [], unseen: 0 });
	}

	async run(query) {
		const tasks = await query(TASKS);
		const comments = await query(COMMENTS);

		this.conflicts = await query(CONFLICTS);
		this.local = localWritings(await query(AUDIT), tasks, comments);
		this.#nothingWaits(await query(UNFINISHED));
		this.#sidesAgree('issue', tasks, this.#issues());
		this.#sidesAgree('comment', comments, this.#commentsOfGithub());
		this.#nothingTwice();
		this.#nothingLostOnGithub();
		this.#nothingLostInTheApplication();
		this.#noQuarrelWithOurselves();
		return this.complaints;
	}

	#complain(about, text) {
		this.complaints.push({ about, text });
	}

	#nothingWaits(unfinished) {
		const errorsOfDeletion = Object.keys(this.world.deletions).length > 0 ? ['gone', 'parent_not_synced'] : [];

		for (const row of unfinished.filter(({ error_code: code }) => !errorsOfDeletion.includes(code))) {
			this.#complain({ issue: row.issue, comment: row.comment },
				`${row.record_type} transaction ${row.id} (${row.direction} ${row.action}) is ${row.state} in the end: ${row.reason}`);
		}
	}

	#issues() {
		return new Map([...this.world.repository.issues.values()].map((issue) =>
			[issue.number, { about: { issue: issue.number }, title: issue.title, body: issue.body, state: issue.state }]));
	}

	#commentsOfGithub() {
		return new Map([...this.world.control.store.comments.values()].map((comment) =>
			[comment.id, { about: { issue: comment.issue.number, comment: comment.id }, body: comment.body, parent: comment.issue.number }]));
	}

	/* Every row has its resource and every resource its row, and they hold the same. */
	#sidesAgree(type, rows, resources) {
		for (const row of rows) {
			const place = row.number ?? row.github_id;
			const resource = resources.get(place);

			resources.delete(place);
			if (row.row_id === null && resource !== undefined && !row.deleted_here) {
				this.#complain(resource.about, `${type} ${place} of GitHub's has no row: ${describe(valuesOf(type, resource))}`);
			} else if (row.row_id !== null && resource === undefined && !row.gone) {
				this.#complain({ row: row.row_id, type }, `row ${row.row_id} of the application has no ${type} at GitHub (${place ?? 'never created'}): ${describe(valuesOf(type, row))}`);
			} else if (row.row_id !== null && resource !== undefined) {
				this.#same(type, row, resource);
			}
		}
		for (const resource of resources.values()) {
			this.#complain(resource.about, `GitHub has an ${type} that nobody knows: ${describe(valuesOf(type, resource))}`);
		}
	}

	#same(type, row, resource) {
		for (const field of [...FIELDS[type], ...(type === 'comment' ? ['parent'] : [])].filter((name) => plain(row[name]) !== plain(resource[name]))) {
			this.#complain(resource.about, `${field} differs: ${JSON.stringify(row[field])} in row ${row.row_id}, ${JSON.stringify(resource[field])} at GitHub`);
		}
	}

	/* Users' texts are written once, so a creation with the same text is the same creation. */
	#nothingTwice() {
		const created = new Map();

		for (const creation of this.world.history.creations) {
			const first = created.get(creation.text);

			/* One that somebody deleted before it was found is made again. */
			if (first !== undefined && !this.world.history.deleted.has(first.resource)) {
				this.#complain(creation.about, `${creation.resource} is ${first.resource} once more: ${JSON.stringify(creation.text)}`);
				this.#complain(first.about, `${first.resource} was there before`);
			}
			created.set(creation.text, creation);
		}
	}

	/* A human's value that our write replaced: the application has seen it, or a conflict keeps it. */
	#nothingLostOnGithub() {
		const { writings } = this.world.history;

		for (const lost of writings.filter((writing) => writing.by === 'app' && isText(writing))) {
			const before = lastBefore(writings, lost);

			if (before?.by !== 'human' || isKnown(this.local, lost) || this.#isInConflicts(lost, 'remote')) {
				continue;
			}
			if (plain(this.world.history.shownBefore(lost)) !== plain(lost.from)) {
				this.unseen += 1;		/* the limit: changed between our GET and our PATCH */
				this.world.history.note(`(${lost.field} ${JSON.stringify(lost.from)} was overwritten before anybody could see it)`, { at: lost.at, ...lost.about });
			} else {
				this.#complain(lost.about, `${lost.field} ${JSON.stringify(lost.from)} of GitHub's was overwritten with ${JSON.stringify(lost.to)}, and is in no conflict`);
			}
		}
	}

	/* A user's value that the worker replaced: GitHub has had it, or a conflict keeps it. */
	#nothingLostInTheApplication() {
		for (const lost of this.local.filter((writing) => writing.by === 'worker' && isText(writing))) {
			const before = lastBefore(this.local, lost);

			if (before?.by === 'user' && !isKnown(this.world.history.writings, lost) && !this.#isInConflicts(lost, 'local')) {
				this.#complain(lost.about, `${lost.field} ${JSON.stringify(lost.from)} of the application's was overwritten with ${JSON.stringify(lost.to)}, and is in no conflict`);
			}
		}
	}

	#isInConflicts({ field, from }, side) {
		return this.conflicts.some((conflict) => conflict.field === field && plain(conflict[side]) === plain(from));
	}

	/* What we wrote ourselves is no edit of the other side's, unless GitHub showed it again when it was past. */
	#noQuarrelWithOurselves() {
		for (const { issue, comment, field, local, remote } of this.conflicts) {
			if (/^user /.test(remote) && !this.world.weather.mayTurnBack || /^human /.test(local)) {
				this.#complain({ issue, comment }, `a conflict with ourselves: ${field} local ${JSON.stringify(local)}, remote ${JSON.stringify(remote)}`);
			}
		}
	}
}

function valuesOf(type, record) {
	return Object.fromEntries(FIELDS[type].map((field) => [field, record[field]]));
}

/* The application's side in the words of GitHub's: which user or worker gave which field which value. */
function localWritings(audit, tasks, comments) {
	const resourceOf = new Map([
		...tasks.filter(({ number }) => number !== null).map(({ row_id: id, number }) => [`task ${id}`, { resource: `issue ${number}`, about: { issue: number } }]),
		...comments.filter(({ github_id: place }) => place !== null).map(({ row_id: id, github_id: place, parent }) => [`comment ${id}`, { resource: `comment ${place}`, about: { issue: parent, comment: place } }]),
	]);

	return audit.flatMap(({ at, writer, record_type: type, record_id: id, before, after }) =>
		FIELDS[type === 'task' ? 'issue' : 'comment'].filter((field) => before?.[COLUMNS[field]] !== after?.[COLUMNS[field]]).map((field) => ({
			...resourceOf.get(`${type} ${id}`) ?? { about: { row: id, type: type === 'task' ? 'issue' : 'comment' } }, at: at.getTime(), field, by: writer === 'application' ? 'user' : 'worker',
			from: before?.[COLUMNS[field]] ?? null, to: after?.[COLUMNS[field]] ?? null,
		})));
}

/* The writing whose value this one replaced. */
function lastBefore(writings, lost) {
	const ofField = writings.filter((one) => one.resource === lost.resource && one.field === lost.field);

	return ofField[ofField.indexOf(lost) - 1];
}

/* What a writing replaced: a text, which is written once.  A state can change and change back unseen: only its end is compared. */
function isText({ field, from }) {
	return field !== 'state' && plain(from) !== '';
}

/* Whether the other side has ever held the value; a row that was deleted has lost its link. */
function isKnown(otherSide, { resource, field, from }) {
	const mayBe = (other) => other === resource || other === undefined || resource === undefined;

	return otherSide.some((one) => mayBe(one.resource) && one.field === field && plain(one.to) === plain(from));
}
