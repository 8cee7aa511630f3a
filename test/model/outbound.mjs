/*
 * outbound.mjs
 *	Outbound transactions of the application's rows, and "parents of comments":
 *	a comment waits for the issue of its task.
 */
import { nameFor, newRecord, recordOfRow, Refusal, takeTransactionId, transactionsOf } from './world.mjs';
import { insertTransaction, recordOfTask } from './rules.mjs';
import { commentGoesAlong, taskGoesAlong } from './place.mjs';

export const hasTransactionIn = (world, record, states) => transactionsOf(world, record).some((t) => states.includes(t.state));

function enqueueTask(world, taskRow, priority) {
	insertOutbound(world, 'task', nameFor(world), takeTransactionId(world, 'task'), { local: taskRow, priority });
}

const isAskedFor = (world, issue) => hasTransactionIn(world, issue, ['queued', 'processing', 'disabled']);

/* A task whose issue a comment waits for goes out, with the priority of the comment, where nothing of it is under way. */
export function askForIssue(world, issue, priority) {
	if (world.asksAnyway || !isAskedFor(world, issue)) enqueueTask(world, issue.local, priority);
}

/* -> the record of the comment's task, enqueued where it has no issue yet; undefined: no repository is known for it */
function issueOfComment(world, row, priority) {
	const known = recordOfRow(world, 'task', row.task ?? undefined);
	if (known) {
		if (known.number === null) {
			/* Which may queue again what was not sent. */
			if (!isAskedFor(world, known)) taskGoesAlong(world, known);
			askForIssue(world, known, priority);
		}
		return known;
	}
	const task = world.task.rows.get(row.task);
	if (!task || !world.repos.has(task.repo)) return undefined;
	enqueueTask(world, row.task, priority);
	return recordOfRow(world, 'task', row.task);
}

/* null: it has no parent to belong to */
function recordOfComment(world, row, priority) {
	const known = recordOfRow(world, 'comment', row.id);
	/* One that is at GitHub needs no issue to be made for it. */
	if (known && known.githubId !== null) return known;
	const issue = issueOfComment(world, row, priority);
	if (known) {
		commentGoesAlong(world, known, issue);
		return known;
	}
	return issue ? newRecord(world, 'comment', { repo: issue.repo, parent: issue, local: row.id }) : null;
}

const recordOf = (world, type, row, priority) => (type === 'task' ? recordOfTask(world, row.id) : recordOfComment(world, row, priority));

/* The record that a comment errored without one may have by now. */
export function findRecord(world, t) {
	const row = world[t.type].rows.get(t.local);
	return row ? recordOf(world, t.type, row, t.priority) : null;
}

const ORPHAN = { state: 'errored', errorCode: 'parent_not_synced', place: null };

export function insertOutbound(world, type, name, id, { local, action = 'upsert', priority }) {
	const row = world[type].rows.get(local);
	if (!row) throw new Refusal('23503');
	const record = recordOf(world, type, row, priority);
	return insertTransaction(world, type, name, id, { record, local, direction: 'outbound', action, priority }, record ? null : ORPHAN);
}

/* Names the row, or the cached record, whose row may be gone. */
export function insertOutboundDelete(world, type, name, id, { local, cached, priority }) {
	if (local !== null) return insertOutbound(world, type, name, id, { local, action: 'delete', priority });
	const record = world[type].records.find((r) => r.repo === 1 && cached !== null && (type === 'task' ? r.number : r.githubId) === cached);
	if (!record) throw new Refusal('23503');
	return insertTransaction(world, type, name, id, { record, direction: 'outbound', action: 'delete', priority });
}
