/*
 * rules.mjs
 *	What may wait in the queue: "On insert" of the state machine, which claims
 *	and requeues apply again; and what ends there sets off.
 */
import { takeInHistory } from './imported.mjs';
import { localFields, newRecord, recordOfRow, Refusal, transactionsOf } from './world.mjs';
import { decidePlace, notePlace, placeProblem, taskGoesAlong } from './place.mjs';
import { bringAlong } from './along.mjs';

const SETTLED_AFTER_S = 60;

const isUpsert = (t) => t.action === 'upsert';
const covers = (t) => isUpsert(t) && ['queued', 'processing', 'completed'].includes(t.state);

/* Highest github_updated_at, then id; an unknown time is the oldest. */
const byVersion = (a, b) => (b.T ?? -Infinity) - (a.T ?? -Infinity) || b.id - a.id;
const byId = (a, b) => b.id - a.id;

/* Several reasons: repo before installation before direction. */
export function disabledReason(world, repoId, direction) {
	const repo = world.repos.get(repoId);
	if (!repo.enabled) return 'repo';
	if (world.installation.state !== 'active') return 'installation';
	if (repo.direction !== 'both' && repo.direction !== direction) return 'direction';
	return repo.accessLost ? 'access_lost' : null;
}

/* A mapped field differs from its local base; no base: dirty. */
export function isDirty(world, record) {
	if (record.localBase === null) return true;
	return localFields(world, record).some((value, i) => value !== record.localBase[i]);
}

const isSettled = (record, T) => record.updated === T && record.seen !== null && record.seen >= T + SETTLED_AFTER_S;

const queuedOf = (world, record, direction, action = 'upsert') =>
	transactionsOf(world, record).filter((t) => t.state === 'queued' && t.direction === direction && t.action === action);

const dropped = (droppedFor) => ({ state: 'dropped', droppedFor: droppedFor ?? null });
const QUEUED = { state: 'queued' };

/* Rule 2: the deletion, where a transaction recorded it. */
const deletionOf = (world, record) => transactionsOf(world, record)
	.filter((t) => t.action === 'delete' && t.state === 'completed' && t.T === record.deleted).sort(byId)[0];

/* Rules 3 and 4 */
function versionDecision(world, t, record, tombstoned) {
	if (t.T === null) {
		const waiting = queuedOf(world, record, 'inbound').find((other) => other !== t);
		return waiting ? { state: 'duplicate', duplicateOf: waiting } : null;
	}
	const covering = transactionsOf(world, record).filter((other) => other !== t && covers(other) && other.T !== null);
	/* Of one version rather the one that will run than the one that did. */
	const newer = covering.filter((other) => other.T > t.T)
		.sort((a, b) => b.T - a.T || (b.state === 'queued') - (a.state === 'queued') || b.id - a.id);
	if (newer.length) return dropped(newer[0]);
	if (!tombstoned && record.updated !== null && record.updated > t.T) return dropped(null);
	const same = covering.filter((other) => other.T === t.T).sort(byId);
	const queued = same.find((other) => other.state === 'queued');
	if (queued) return { state: 'duplicate', duplicateOf: queued };
	if (same.length && isSettled(record, t.T)) return { state: 'duplicate', duplicateOf: same[0] };
	return null;
}

/* Rule 5 */
function protectedDecision(world, t, record) {
	if (record.local === null || t.T === null) return null;
	const { modified } = world[record.type].rows.get(record.local);
	if (modified === null || modified <= t.T || !isDirty(world, record)) return null;
	const outbound = queuedOf(world, record, 'outbound').sort(byId)[0];
	if (outbound) return dropped(outbound);
	const inboundOnly = world.repos.get(record.repo).direction === 'inbound';
	return record.localBase === null && !inboundOnly && !record.prefer ? dropped(null) : null;
}

function decideInbound(world, t, record) {
	const tombstoned = record.deleted !== null;
	if (tombstoned && t.T !== null && t.T <= record.deleted) return dropped(deletionOf(world, record));
	if (record.localDeleted) return dropped(null);
	return versionDecision(world, t, record, tombstoned) ?? (tombstoned ? null : protectedDecision(world, t, record)) ?? QUEUED;
}

function decideOutbound(world, t, record) {
	const moved = world.overlooksSwitches && record.type === 'comment' ? null : decidePlace(world, record);
	if (moved) return moved;
	const linked = record.local !== null && record.githubId !== null && record.localBase !== null && record.remoteBase !== null;
	/* While the outcome of a write is open, nobody knows what GitHub holds. */
	if (!linked || record.sent !== null || isDirty(world, record)) return QUEUED;
	const completed = transactionsOf(world, record).filter((other) => other !== t && other.state === 'completed');
	return { state: 'duplicate', duplicateOf: completed.sort((a, b) => b.finished - a.finished)[0] ?? null };
}

function decideDelete(world, t, record) {
	const same = queuedOf(world, record, t.direction, 'delete').find((other) => other !== t);
	return same ? { state: 'duplicate', duplicateOf: same } : QUEUED;
}

/* -> {state, and what it refers to} */
export function decide(world, t) {
	const reason = world.overlooksSwitches ? null : disabledReason(world, t.record.repo, t.direction);
	if (reason) return { state: 'disabled', disabledReason: reason };
	if (t.action === 'delete') return decideDelete(world, t, t.record);
	return t.direction === 'inbound' ? decideInbound(world, t, t.record) : decideOutbound(world, t, t.record);
}

/* ------------------------------------------------------------------------ */
/* Ends, and what they set off */

const carriesDropped = (t) => t.direction === 'outbound' || t.action === 'delete';
const droppedForIt = (world, t) => world[t.type].transactions.filter((other) => other.state === 'dropped' && other.droppedFor === t);

function restoreDropped(world, t) {
	const newest = droppedForIt(world, t).filter((other) => other.direction === 'inbound').sort(byVersion)[0];
	if (newest) requeue(world, newest, null);
}

/* attributes: state and what it refers to. Whatever ends other than completed gives back what was dropped for it. */
/* A task belongs to no repository any more, or to another one: comments that wait for its issue are decided about anew. */
function releaseComments(world, t) {
	if (t.type !== 'task' || !t.record || !(isDisabledStray(t) || isErroredStray(t))) return;
	for (const comment of world.comment.records.filter((r) => r.parent === t.record)) {
		for (const waiting of transactionsOf(world, comment)) if (waiting.waits === 'parent') waiting.waits = null;
	}
}

export function end(world, t, attributes) {
	const wasWaiting = ['queued', 'processing'].includes(t.state);
	Object.assign(t, {
		canceledBy: null, duplicateOf: null, droppedFor: null, disabledReason: null, errorCode: null, waits: null, step: null,
		...attributes, finished: world.instants++,
	});
	releaseComments(world, t);
	if (!wasWaiting || !carriesDropped(t) || t.state === 'completed') return;
	if (t.canceledBy) {
		for (const other of droppedForIt(world, t)) other.droppedFor = t.canceledBy;
	} else {
		restoreDropped(world, t);
	}
}

/* By inbound rule 6, outbound rule 3 and the rule for deletions. */
function supersededBy(world, t, isNew) {
	const record = t.record;
	if (t.action === 'delete') {
		return transactionsOf(world, record).filter((other) => other !== t && (isNew || other.id < t.id) && other.state === 'queued' && isUpsert(other));
	}
	const queued = queuedOf(world, record, t.direction).filter((other) => other !== t);
	return t.direction === 'outbound' ? queued : queued.filter((other) => t.T !== null && (other.T === null || other.T < t.T));
}

function supersede(world, t, isNew) {
	const superseded = supersededBy(world, t, isNew);
	for (const other of superseded) {
		t.place = Math.min(t.place, other.place);
		t.priority = Math.min(t.priority, other.priority);
		/* A later edit here does not make GitHub's replicas faster. */
		if (isNew && t.direction === 'outbound' && isUpsert(t) && other.lagging > t.lagging) {
			Object.assign(t, { lagging: other.lagging, waits: other.waits, pause: other.pause });
		}
		end(world, other, { state: 'canceled', canceledBy: t });
	}
	return superseded.length > 0;
}

/* Back into the queue, where the rules decide anew. waits: null, or 'later' for a retry time. */
export function requeue(world, t, waits) {
	const decision = decide(world, t);
	/* Imported history may have none. */
	t.place ??= world.instants++;
	if (decision.state !== 'queued') {
		end(world, t, decision);
		return t.state;
	}
	if (t.direction === 'outbound' && isUpsert(t)) {
		const newer = queuedOf(world, t.record, 'outbound').filter((other) => other.id > t.id).sort(byId)[0];
		if (newer) {
			end(world, t, { state: 'canceled', canceledBy: newer });
			return t.state;
		}
	}
	Object.assign(t, {
		state: 'queued', canceledBy: null, duplicateOf: null, droppedFor: null, disabledReason: null, errorCode: null, waits, step: null,
	});
	supersede(world, t, false);
	return t.state;
}

/* ------------------------------------------------------------------------ */
/* Enabled again */

/* Upserts by GitHub's time, where they have one. */
const newestFirst = (action) => (a, b) =>
	(action === 'upsert' && a.T !== b.T ? (b.T ?? -Infinity) - (a.T ?? -Infinity) : 0) || b.id - a.id;

/* The newest is queued again by the rules; the older ones are canceled by it. */
export function enable(world, record, action, direction) {
	const [newest, ...older] = world[record.type].transactions
		.filter((t) => t.record === record && t.state === 'disabled' && t.action === action && t.direction === direction)
		.sort(newestFirst(action));
	if (!newest) return;
	requeue(world, newest, null);
	for (const t of older) end(world, t, { state: 'canceled', canceledBy: newest });
}

/* ------------------------------------------------------------------------ */
/* Insert */

const isDisabledStray = (t) => t.state === 'disabled' && t.disabledReason === 'no_repo';
export const isErroredStray = (t) => t.state === 'errored' && t.errorCode === 'repo_changed';

/* The row and its record are in one place (again): the newest of those given up for that are queued again. */
export function retryStrays(world, record) {
	if (record.local === null || placeProblem(world, record)) return;
	const strays = transactionsOf(world, record).filter((t) => t.state === 'errored' && ['repo_changed', 'transferred'].includes(t.errorCode));
	for (const action of ['upsert', 'delete']) {
		for (const direction of ['outbound', 'inbound']) {
			const [newest, ...older] = strays.filter((t) => t.action === action && t.direction === direction).sort(newestFirst(action));
			if (!newest) continue;
			newest.attempts = newest.lagging = 0;
			requeue(world, newest, null);
			for (const t of older) end(world, t, { state: 'canceled', canceledBy: newest });
		}
	}
}

/* The row belongs to its record's repository (again): what was not sent because it did not makes way. */
function takePlaceOfStrays(world, t, hasSuperseded) {
	const strays = transactionsOf(world, t.record).filter((other) => isDisabledStray(other) || isErroredStray(other));
	for (const stray of strays) end(world, stray, { state: 'canceled', canceledBy: t });
	notePlace(world, t.record);
	if (t.type !== 'task' || !(hasSuperseded || strays.length)) return;
	const comments = world.comment.records.filter((r) => r.parent === t.record && transactionsOf(world, r).some(isDisabledStray));
	for (const comment of comments) for (const action of ['upsert', 'delete']) enable(world, comment, action, 'outbound');
	for (const comment of world.comment.records.filter((r) => r.parent === t.record)) retryStrays(world, comment);
}

/* One is enough to tell that something was not sent. */
function takePlaceOfUnsent(world, t) {
	const unsent = transactionsOf(world, t.record).filter((other) => other !== t && other.state === 'disabled' && other.direction === 'outbound' && isUpsert(other));
	for (const other of unsent) end(world, other, { state: 'canceled', canceledBy: t });
}

/* decision: what the rules say; given where they cannot be asked, as there is no record */
export function insertTransaction(world, type, name, id, attributes, decision = null) {
	if (attributes.record) takeInHistory(world, attributes.record);
	const t = {
		type, id, name, direction: null, action: 'upsert', state: 'queued', record: null, T: null, canceledBy: null, duplicateOf: null,
		droppedFor: null, disabledReason: null, errorCode: null, priority: 100, attempts: 0, claimNo: 0, waits: null, lagging: 0,
		step: null, finished: null, place: world.instants++, isOld: false,
		...attributes,
	};
	Object.assign(t, decision ?? decide(world, t));
	t.stateAtInsert = t.state;
	if (t.state !== 'queued') t.finished = world.instants++;
	world[type].transactions.push(t);
	releaseComments(world, t);
	const hasSuperseded = t.state === 'queued' && supersede(world, t, true);
	if (t.direction === 'outbound' && isUpsert(t) && ['queued', 'duplicate'].includes(t.state)) takePlaceOfStrays(world, t, hasSuperseded);
	if (t.direction === 'outbound' && isUpsert(t) && t.state === 'disabled' && t.record) takePlaceOfUnsent(world, t);
	return t;
}

/* By GitHub's id, else by repository and number; a stub where there is none. */
export function recordOfIssue(world, repo, number, githubId) {
	const { records } = world.task;
	const record = records.find((r) => githubId !== null && r.githubId === githubId)
		?? records.find((r) => r.repo === repo && r.number === number && number !== null)
		?? newRecord(world, 'task', { repo });
	record.githubId ??= githubId;
	if (record.number === null) setNumber(world, record, number);
	return record;
}

export function recordOfGithubComment(world, repo, number, githubId) {
	return world.comment.records.find((r) => r.githubId === githubId)
		?? newRecord(world, 'comment', { repo, githubId, parent: recordOfIssue(world, repo, number, null) });
}

export function recordOfTask(world, row) {
	const record = recordOfRow(world, 'task', row);
	if (record) {
		taskGoesAlong(world, record);
		return record;
	}
	const { repo } = world.task.rows.get(row);
	if (repo === null) throw new Refusal('23502');
	if (!world.repos.has(repo)) throw new Refusal('23503');
	return newRecord(world, 'task', { repo, localRepo: repo, local: row });
}

/* What waited for its issue may run when that has a number, a task, or none any more. */
export function release(world, issue) {
	for (const t of world.comment.transactions) {
		if (t.state === 'queued' && t.waits === 'parent' && t.record?.parent === issue) t.waits = null;
	}
}

export function setNumber(world, record, number) {
	if (record.number === number) return;
	const isNew = record.number === null;
	record.number = number;
	if (!isNew) return;
	release(world, record);
	if (record.local !== null) bringAlong(world, record);
}

export function setLocal(world, record, row) {
	if (record.local === row) return;
	record.local = row;
	if (record.type === 'task') release(world, record);
}
