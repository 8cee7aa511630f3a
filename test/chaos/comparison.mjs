/*
 * comparison.mjs
 *		After quiet: is every record the same on both sides, is anything there
 *		twice, does anything still wait, and where is each text that lost?
 *
 * A complaint is { about, text }: about says which record by the issue's number
 * and the comment's id, or by the row where it has no resource.
 */
import { FORCES } from './forces.mjs';
import { FIELDS, describe, plain } from './history.mjs';

/* Where an issue is, in one word. */
const PLACE = (issue) => `CASE WHEN ${issue}.number IS NOT NULL THEN format('%s#%s', ${issue}.github_repo_id, ${issue}.number) END`;

/*
 * Both sides, joined by the links of the cached records.  A row may be without
 * its resource when that is gone at GitHub (of a comment: where the row holds
 * what GitHub never had), a resource without its row when the application
 * deleted that (of a comment: its task).
 */
const TASKS = `
	SELECT t.id AS row_id, ${PLACE('i')} AS place, t.github_repo_id AS wanted_repo, i.github_repo_id AS repo, t.title, t.markdown AS body, t.status AS state,
		i.deleted_at IS NOT NULL AS gone, i.local_deleted_at IS NOT NULL AS deleted_here
	FROM planner.tasks AS t FULL JOIN github_sync.github_issues AS i ON i.task_id = t.id`;
const COMMENTS = `
	SELECT c.id AS row_id, g.github_id AS place, c.task_id, CASE WHEN g.id IS NOT NULL THEN p.task_id END AS record_task, c.markdown AS body, ${PLACE('p')} AS parent,
		(g.deleted_at IS NOT NULL AND ARRAY[c.markdown] IS DISTINCT FROM g.local_base) OR (g.github_id IS NULL AND p.deleted_at IS NOT NULL) AS gone,
		g.deleted_at IS NOT NULL AND p.deleted_at IS NOT NULL AS gone_with_issue, g.github_id, p.local_deleted_at IS NOT NULL AS deleted_here
	FROM planner.comments AS c FULL JOIN github_sync.github_comments AS g ON g.comment_id = c.id
	LEFT JOIN github_sync.github_issues AS p ON p.id = g.github_issue_id OR (g.id IS NULL AND p.task_id = c.task_id)`;
/* What is disabled counts, unless its record was synced since: a comment that was moved to a task elsewhere. */
const unfinishedOf = (type, comment, number) => `
	SELECT '${type}' AS record_type, id, direction, action, state, coalesce(error_code, disabled_reason) AS code, coalesce(error_code || ': ' || error_reason,
			(SELECT 'waits for ' || q.waits_for FROM github_sync.sync_queue AS q WHERE q.record_type = '${type}' AND q.id = t.id)) AS reason,
		github_repo_id AS repo, ${number} AS number, ${comment} AS comment, ${type}_id AS row_id
	FROM github_sync.${type}_sync_transactions AS t WHERE state IN ('queued', 'processing')
		OR state = 'disabled' AND NOT EXISTS (SELECT FROM github_sync.${type}_sync_transactions AS later
			WHERE later.${type}_id = t.${type}_id AND later.direction = t.direction AND later.state = 'completed' AND later.finished_at > t.finished_at)
		OR id IN (SELECT e.id FROM github_sync.sync_errors AS e WHERE e.record_type = '${type}')`;
const UNFINISHED = `${unfinishedOf('task', 'NULL', 'github_issue_number')} UNION ALL ${unfinishedOf('comment', 'github_comment_external_id',
	'coalesce(github_issue_number, (SELECT i.number FROM github_sync.github_issues AS i WHERE i.id = t.github_issue_id))')}`;
const CONFLICTS = `
	SELECT c.record_type, c.field, c.local, c.remote, c.winner, coalesce(i.github_repo_id, p.github_repo_id) AS repo, coalesce(i.number, p.number) AS number, g.github_id AS comment
	FROM github_sync.sync_conflicts AS c
	LEFT JOIN github_sync.github_issues AS i ON c.record_type = 'task' AND i.id = c.cached_record_id
	LEFT JOIN github_sync.github_comments AS g ON c.record_type = 'comment' AND g.id = c.cached_record_id
	LEFT JOIN github_sync.github_issues AS p ON p.id = g.github_issue_id`;
const AUDIT = 'SELECT at, writer, record_type, record_id, operation, before, after FROM planner.audit ORDER BY id';

const COLUMNS = { title: 'title', body: 'markdown', state: 'status' };

export class Comparison {
	constructor(world) {
		Object.assign(this, { world, complaints: [], unseen: 0, mayHaveMoved: world.forces.includes('transfers') });
	}

	async run(query) {
		const tasks = await query(TASKS);
		const comments = await query(COMMENTS);

		const unfinished = await query(UNFINISHED);
		const audit = await query(AUDIT);

		const transfers = await query(`SELECT DISTINCT task_id FROM github_sync.task_sync_transactions WHERE error_code = 'transferred' AND task_id IS NOT NULL`);

		this.excused = new Excused(this.world, { tasks, comments, unfinished, transfers, audit });
		this.conflicts = (await query(CONFLICTS)).map((conflict) => ({ ...conflict, issue: this.#keyAt(conflict) }));
		this.local = localWritings(audit, [...tasks, ...comments].map((row) => this.#withAbout(row)));
		this.#nothingWaits(unfinished);
		this.#sidesAgree('issue', tasks, this.#issues());
		this.#sidesAgree('comment', comments, this.#commentsOfGithub());
		this.#nothingAtStrangers();
		this.#nothingTwice();
		this.#nothingLostOnGithub();
		this.#nothingLostInTheApplication();
		this.#noQuarrelWithOurselves();
		for (const name of this.world.forces) {
			this.complaints.push(...await FORCES[name].compare?.(this.world, { tasks, excused: this.excused, query }) ?? []);
		}
		return this.complaints;
	}

	#complain(about, text) {
		this.complaints.push({ about, text });
	}

	#keyAt({ repo, number }) {
		return number === null ? null : this.world.history.keyAt(repo, number);
	}

	/* A task or a comment, with what the history calls it. */
	#withAbout(row) {
		const [repo, number] = String(row.parent ?? row.place).split('#').map(Number);
		const issue = this.#keyAt({ repo, number: Number.isNaN(number) || number === undefined ? null : number });

		return { ...row, about: 'parent' in row ? { issue, comment: row.place } : { issue } };
	}

	#nothingWaits(unfinished) {
		for (const row of unfinished.filter((one) => !this.excused.transaction(one))) {
			this.#complain({ issue: this.#keyAt(row), comment: row.comment, row: row.row_id ?? undefined, type: row.record_type === 'task' ? 'issue' : 'comment' },
				`${row.record_type} transaction ${row.id} (${row.direction} ${row.action}) is ${row.state} in the end: ${row.reason ?? row.code}`);
		}
	}

	#issues() {
		return new Map(this.world.issues().map((issue) =>
			[`${issue.repository.id}#${issue.number}`, { about: this.world.history.about({ issue }), title: issue.title, body: issue.body, state: issue.state }]));
	}

	#commentsOfGithub() {
		return new Map(this.world.issues().flatMap((issue) => [...issue.comments.values()]).map((comment) =>
			[comment.id, { about: this.world.history.about({ issue: comment.issue, comment }), body: comment.body, parent: `${comment.issue.repository.id}#${comment.issue.number}` }]));
	}

	/* Every row has its resource and every resource its row, and they hold the same. */
	#sidesAgree(type, rows, resources) {
		for (const row of rows) {
			const { place } = row;
			const resource = resources.get(place);

			resources.delete(place);
			if (this.excused.row(type, row)) {
				continue;
			}
			if (row.row_id === null && resource !== undefined && !row.deleted_here) {
				this.#complain(resource.about, `${type} ${place} of GitHub's has no row: ${describe(valuesOf(type, resource))}`);
			} else if (row.row_id !== null && resource === undefined && !row.gone && !this.#wentOutOfSight(row)) {
				this.#complain({ ...this.#withAbout(row).about, comment: row.place?.toFixed === undefined ? undefined : row.place, row: row.row_id, type }, `row ${row.row_id} of the application has no ${type} at GitHub (${place ?? 'never created'}): ${describe(valuesOf(type, row))}`);
			} else if (row.row_id !== null && resource !== undefined) {
				this.#same(type, row, resource);
			}
		}
		for (const resource of resources.values()) {
			if (this.excused.isOfTwin(resource.parent)) {
				continue;
			}
			this.#complain(resource.about, `GitHub has an ${type} that nobody knows: ${describe(valuesOf(type, resource))}`);
		}
	}

	/* With an issue that was transferred to where we do not follow, or see nothing, or before we looked again: a comment's row stays, as README says. */
	#wentOutOfSight(row) {
		return this.world.history.wasTransferredAfterDeletion(this.#withAbout(row).about) || (row.gone_with_issue === true && this.world.history.transferred.has(this.#withAbout(row).about.issue))
			|| this.excused.isElsewhere(row.github_id);
	}

	#same(type, row, resource) {
		for (const field of [...FIELDS[type], ...(type === 'comment' ? ['parent'] : [])].filter((name) => plain(row[name]) !== plain(resource[name]))) {
			this.#complain(resource.about, `${field} differs: ${JSON.stringify(row[field])} in row ${row.row_id}, ${JSON.stringify(resource[field])} at GitHub`);
		}
	}

	/* A name that another repository has by now leads nobody there. */
	#nothingAtStrangers() {
		for (const { resource, about, field, to } of atStrangers(this.world).filter(({ isLate }) => !isLate)) {
			this.#complain(about, `${field} of ${resource}, a stranger's, was written: ${JSON.stringify(to)}`);
		}
	}

	/* Users' texts are written once, so a creation with the same text is the same creation. */
	#nothingTwice() {
		const created = new Map();

		for (const creation of this.world.history.creations) {
			const first = created.get(creation.text);

			/*
			 * One that somebody deleted or transferred before it was found is made again; of what is there, somebody hears.
			 * So is one that went to where the name led just then: whether that may be is nothingAtStrangers()'s question.
			 */
			if (first !== undefined && !this.world.history.deleted.has(first.resource) && !this.excused.isReportedTwice(first, creation) && !this.world.strangers.has(first.repository)) {
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

			if (before?.by !== 'human' || isKnown(this.local, lost, this.mayHaveMoved) || this.#isInConflicts(lost, 'remote')) {
				continue;
			}
			if (plain(this.world.history.shownBefore(lost)?.values[lost.field]) !== plain(lost.from)) {
				if (this.world.forces.includes('lag') && this.world.history.knewOfNewer(lost, before) && !this.#isInConflictsUnknown(lost)) {
					this.#complain(lost.about, `${lost.field} ${JSON.stringify(lost.from)} of GitHub's was overwritten with ${JSON.stringify(lost.to)}: a webhook had told of it, a replica did not show it, and no conflict says so`);
				}
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

			if (before?.by === 'user' && !isKnown(this.world.history.writings, lost, this.mayHaveMoved) && !this.#isInConflicts(lost, 'local')) {
				this.#complain(lost.about, `${lost.field} ${JSON.stringify(lost.from)} of the application's was overwritten with ${JSON.stringify(lost.to)}, and is in no conflict`);
			}
		}
	}

	/* Known to have been there, but never seen. */
	#isInConflictsUnknown({ about, field }) {
		return this.conflicts.some((conflict) => conflict.field === field && conflict.issue === about.issue && (conflict.comment ?? undefined) === about.comment);
	}

	#isInConflicts({ field, from }, side) {
		return this.conflicts.some((conflict) => conflict.field === field && plain(conflict[side]) === plain(from));
	}

	/* What we wrote ourselves is no edit of the other side's, unless GitHub showed it again when it was past. */
	#noQuarrelWithOurselves() {
		for (const { issue, comment, field, local, remote } of this.conflicts) {
			if (/^user /.test(remote) && !this.world.weather.mayTurnBack && !this.world.forces.includes('lag') || /^human /.test(local)) {
				this.#complain({ issue, comment }, `a conflict with ourselves: ${field} local ${JSON.stringify(local)}, remote ${JSON.stringify(remote)}`);
			}
		}
	}
}

/* What the App wrote there; isLate: the request was under way, or its name was looked at less than a minute ago. */
function atStrangers({ history, strangers }) {
	return history.writings.filter(({ by, repository }) => by === 'app' && strangers.has(repository))
		.map((writing) => ({ ...writing, isLate: writing.sent < strangers.get(writing.repository) }));
}

function valuesOf(type, record) {
	return Object.fromEntries(FIELDS[type].map((field) => [field, record[field]]));
}

/* What a force may leave behind: transactions that ended without success, rows without a resource, sides that differ. */
class Excused {
	constructor(world, { tasks, comments, unfinished, transfers, audit }) {
		const { history, lost, deletions } = world;
		const withCode = (type, code) => unfinished.filter((one) => one.record_type === type && one.code === code && one.row_id !== null).map(({ row_id: id }) => id);
		/* Tasks whose issue went where we do not follow; those whose column says another repository than their issue's, or none. */
		this.isElsewhere = (comment) => world.control.store.comments.has(comment) && !world.ours.has(world.control.store.comments.get(comment).issue.repository.id);
		this.everTransferred = new Set(transfers.map(({ task_id: task }) => task));
		const transferred = world.forces.includes('transfers') ? withCode('task', 'transferred') : [];
		const elsewhere = tasks.filter(({ wanted_repo: wanted, repo }) => wanted === null || (repo !== null && wanted !== repo));
		const gone = tasks.filter(({ wanted_repo: wanted, repo }) => lost.has(wanted) || lost.has(repo));

		this.moved = new Set(audit.filter(({ record_type: type, before, after }) => type === 'task' && before?.github_repo_id !== after?.github_repo_id).map(({ record_id: id }) => id));
		/* Created where the name led just then: README says so of the minute after a look at it. */
		const astray = new Set(atStrangers(world).filter(({ isLate, from }) => isLate && from === null).map(({ to }) => plain(to)));
		const wentAstray = (type, column) => audit.filter(({ record_type: of, after }) => of === type && astray.has(plain(after?.[column]))).map(({ record_id: id }) => id);

		this.astrayTasks = new Set(wentAstray('task', 'title'));
		this.tasks = new Set([...transferred, ...this.astrayTasks, ...[...(world.forces.includes('columns') ? elsewhere : []), ...gone].map(({ row_id: id }) => id)]);
		this.tasks.delete(null);
		const carried = ({ task_id: task, record_task: before }) => world.forces.includes('columns') && before !== null && task !== before;

		this.comments = new Set(comments.filter((row) => this.tasks.has(row.task_id) || carried(row)).map(({ row_id: id }) => id));
		wentAstray('comment', 'markdown').forEach((id) => this.comments.add(id));
		/* Moved while its creation was open: it cannot go along, and says so. */
		withCode('comment', 'repo_changed').forEach((id) => this.comments.add(id));
		audit.filter(({ record_type: type, before, after }) => type === 'comment' && before && after && before.task_id !== after.task_id)
			.forEach(({ after }) => this.moved.add(after.task_id));
		/* Made twice, as they were transferred before they were found: errors that name both, in the place of second rows. */
		this.twice = new Set(unfinished.filter(({ record_type: type, code }) => type === 'task' && code === 'created_twice').map(({ repo, number }) => `${repo}#${number}`));
		/* GitHub has what the application deleted: an error says why it could not be deleted there. */
		this.undeleted = new Set(unfinished.filter(({ record_type: type, action, state }) => type === 'comment' && action === 'delete' && state === 'errored').map(({ comment }) => String(comment)));
		this.ours = world.ours;
		this.withDeletions = Object.keys(deletions).length > 0 || world.forces.includes('transfers');
		this.taskOf = new Map(comments.map(({ row_id: id, task_id: task }) => [id, task]));
		Object.assign(this, { history, lost });
	}

	/* The first of two is where we do not look, or is gone with its repository, or an error says that there are two; where the second one is gone, that is none. */
	isReportedTwice(first, second) {
		const { history } = this;

		return history.wasTransferred(first.about.issue, second.at) && (history.deleted.has(second.resource)
			|| history.placesOf(first.about.issue).some((place) => this.twice.has(place) || this.isOutOfReach(Number(place.split('#')[0]))));
	}

	isOutOfReach(repository) {
		return !this.ours.has(repository) || this.lost.has(repository);
	}

	row(type, { row_id: id, repo, place, parent }) {
		return id === null ? this.lost.has(repo) || this.twice.has(parent ?? place) || (type === 'comment' && this.undeleted.has(String(place))) : (type === 'issue' ? this.tasks : this.comments).has(id);
	}

	isOfTwin(parent) {
		return parent !== undefined && this.twice.has(parent);
	}

	transaction({ record_type: type, code, reason, repo, number, comment, row_id: id, state }) {
		/* Undefined: of a row that is gone. */
		const task = (type === 'task' ? id : this.taskOf.get(id)) ?? undefined;

		if (state === 'queued' || state === 'processing') {
			/* Of an issue that went elsewhere before it had a task: until somebody retries the issue's. */
			return type === 'comment' && /^waits for parent issue: errored \((transferred|created_twice)\)$/.test(reason) && this.history.transferred.size > 0;
		}
		if (this.lost.has(repo) || (code === 'moved' && (type === 'task' ? this.tasks : this.comments).has(id)) || (this.tasks.has(task) && code === 'parent_not_synced')) {
			return true;
		}
		switch (code) {
			case 'gone':
			case 'parent_not_synced':
				return this.withDeletions;
			case 'created_twice':
				return type === 'task' && this.history.transferred.has(this.history.keyAt(repo, number));
			case 'transferred':
			case 'already_linked':
				/* Its answer has the number of another issue of ours, as the name led elsewhere just then. */
				if (code === 'already_linked' && type === 'task' && this.astrayTasks.has(id)) {
					return true;
				}
				/* Of a comment whose task has another issue by now, and which is where its first one went. */
				return this.isElsewhere(comment) || ((type === 'comment' || number === null) && this.everTransferred.has(task)) || this.history.transferred.has(this.history.keyAt(repo, number));
			case 'repo_changed':
			case 'no_repo':
				return task === undefined ? this.moved.size > 0 : this.moved.has(task);
			default:
				return false;
		}
	}
}

/* The application's side in the words of GitHub's: which user or worker gave which field which value. */
function localWritings(audit, rows) {
	const resourceOf = new Map(rows.filter(({ place }) => place !== null).map(({ row_id: id, about }) => ('comment' in about
		? [`comment ${id}`, { resource: `comment ${about.comment}`, about }] : [`task ${id}`, { resource: `issue ${about.issue}`, about }])));

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

/* Whether the other side has ever held the value; a row that was deleted has lost its link, one whose issue was transferred may have another. */
function isKnown(otherSide, { resource, field, from }, mayHaveMoved) {
	const mayBe = (other) => mayHaveMoved || other === resource || other === undefined || resource === undefined;

	return otherSide.some((one) => mayBe(one.resource) && one.field === field && plain(one.to) === plain(from));
}
