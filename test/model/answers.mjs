/*
 * answers.mjs
 *	What GitHub's answers do to a claimed transaction and its record:
 *	"Processing", "Creation and the echo race", "Results".
 */
import { fieldsOf, openAttempt, store, takeRowId, transactionsOf } from './world.mjs';
import { end, requeue, setLocal, setNumber } from './rules.mjs';
import { joinRecords } from './join.mjs';
import { heldClaim } from './claim.mjs';
import { merge, sameText, settleSent } from './merge.mjs';
import { resumeRepo } from './switches.mjs';

const LAGGING_ANSWERS = 5;

/* ------------------------------------------------------------------------ */
/* Which record the answer is about */

/* An unlinked resource that carries the key of a record without a resource is its creation, if who sent that wrote it. */
function creatorOf(world, record, resource) {
	if (record.local !== null || resource.keyOf === null) return undefined;
	const { attempts, records } = world[record.type];
	const key = attempts.find((a) => a.id === resource.keyOf)?.key;
	return key && records.find((r) => r.key === key && r !== record && r.githubId === null && r.repo === record.repo
		&& attempts.some((a) => a.record === r && a.sentAs === resource.author));
}

/* The attempt under way, or else the last one: all carry the same key. */
function noteCreated(world, record) {
	const attempt = openAttempt(world, record)
		?? world[record.type].attempts.filter((a) => a.record === record).reduce((a, b) => (a.id > b.id ? a : b));
	attempt.outcome = 'created';
}

/* ------------------------------------------------------------------------ */

/* Ours, without a readable key, while a creation of the repository waits for its answer: perhaps it is that one. */
function mayBeOurCreation(world, t, record, kind, resource) {
	return kind === 'fetched' && record.local === null && resource.keyOf === null && !t.isOld && world[t.type].attempts.some((a) =>
		a.outcome === null && a.record !== record && a.record.repo === record.repo && a.sentAs === resource.author);
}

/* Behind what we were told or have seen, or shows what we were told is deleted. */
function isLagging(t, record, kind, updated) {
	return ['fetched', 'not modified'].includes(kind) && t.lagging < LAGGING_ANSWERS
		&& ((t.T !== null && updated < t.T) || (record.updated !== null && updated < record.updated)
			|| (t.direction === 'inbound' && t.action === 'delete'));
}

/* The row went while GitHub was asked about it. */
function endWithoutRow(world, t, record, kind) {
	if (t.action === 'delete' || record.local !== null) return false;
	if (t.direction === 'inbound' && record.localDeleted) end(world, t, { state: 'dropped' });
	else if (t.direction === 'outbound' && ['fetched', 'not modified'].includes(kind)) end(world, t, { state: 'canceled' });
	return ['dropped', 'canceled'].includes(t.state);
}

function noteRemote(record, remote, updated) {
	record.remoteChanged = remote.map((value, i) =>
		(record.remoteChanged[i] === null || !sameText(value, record.remote[i]) ? updated : record.remoteChanged[i]));
	record.remote = remote;
	record.updated = updated;
}

/* No local row and none was deleted locally: GitHub's becomes one. */
function mayInsertRow(world, t, record) {
	const repo = world.repos.get(record.repo);
	return t.direction === 'inbound' && repo.direction !== 'outbound' && !record.localDeleted
		&& (record.type === 'task' || (record.parent !== null && record.parent.local !== null));
}

function insertRow(world, record, remote) {
	const side = world[record.type];
	const row = { id: takeRowId(world, record.type), modified: record.updated };
	if (record.type === 'task') {
		store(row, { title: remote[0], body: remote[1], state: remote[2] });
		row.repo = record.repo;
	} else {
		store(row, { body: remote[0] });
		row.task = record.parent.local;
	}
	side.rows.set(row.id, row);
	record.localBase = fieldsOf(record.type, row);
	record.remoteBase = [...remote];
	record.prefer = null;
	setLocal(world, record, row.id);
}

function complete(world, t, record, applied, lost) {
	if (t.direction === 'inbound' && t.action === 'upsert' && !applied) {
		if (lost) {
			const waiting = transactionsOf(world, record)
				.filter((o) => o.state === 'queued' && o.direction === 'outbound').sort((a, b) => b.id - a.id)[0];
			end(world, t, { state: 'dropped', droppedFor: waiting ?? null });
			return t.state;
		}
		const carried = transactionsOf(world, record)
			.filter((c) => c !== t && c.state === 'completed' && c.action === 'upsert' && t.T !== null && c.T === t.T)
			.sort((a, b) => b.id - a.id)[0];
		if (carried) {
			end(world, t, { state: 'duplicate', duplicateOf: carried });
			return t.state;
		}
	}
	t.T = record.updated;
	end(world, t, { state: 'completed' });
	return t.state;
}

const toldSend = (type, send, local) => {
	const fields = type === 'task' ? ['title', 'body', 'state'] : ['body'];
	return `send${fields.map((field, i) => (send[i] ? ` ${field}=${local[i] ?? '-'}` : '')).join('')}`;
};

function mergeAnswer(world, t, record, remote, isAnswerToWrite) {
	settleSent(record, remote, isAnswerToWrite);
	if (record.local === null) {
		if (!mayInsertRow(world, t, record)) return { applied: false, lost: false, send: [] };
		insertRow(world, record, remote);
		return { applied: true, lost: false, send: [] };
	}
	return merge(world, t, record, remote);
}

/* An issue is closed, nothing is merged and no base moves; a comment that was looked for can now be deleted. */
function carryDeletion(world, t, record, remote, kind) {
	if (t.type === 'comment') return requeue(world, t, null);
	if (kind === 'written') record.sent = record.sentMask = null;
	else settleSent(record, remote, false);
	if (remote[2] === 'open' && kind !== 'written') {
		record.sent = [null, null, 'closed'];
		record.sentMask = [false, false, true];
		t.step = 'write';
		return 'send state=closed';
	}
	return complete(world, t, record, false, false);
}

/* kind: fetched, not modified, written, created, found; at: its Date */
export function answered(world, { type, id, claimNo, kind, at, resource }) {
	const t = heldClaim(world, type, id, claimNo);
	if (!t) return 'stale';
	const { record } = t;
	const updated = kind === 'not modified' ? record.updated : resource.updated;
	let wasTold = false;

	/* There is no ETag without the base that it came with. */
	if (kind === 'not modified' && record.remoteBase === null) return requeue(world, t, null);
	if (kind !== 'not modified') {
		const creator = creatorOf(world, record, resource);
		if (creator) {
			joinRecords(world, creator, record);
			noteCreated(world, creator);
			return t.state;
		}
		if (mayBeOurCreation(world, t, record, kind, resource)) return requeue(world, t, 'later');
		if (record.githubId === null) {
			/* A webhook of it was faster; one of a comment knows the number of its issue alone. */
			const isSame = (r) => r.githubId === resource.githubId
				|| (type === 'task' && r.repo === record.repo && r.number === resource.number);
			const others = world[type].records.filter((r) => r !== record && isSame(r));
			wasTold = others.length > 0;
			for (const other of others) joinRecords(world, record, other);
			record.githubId = resource.githubId;
			if (type === 'task') setNumber(world, record, resource.number);
		} else if (record.githubId !== resource.githubId) {
			t.attempts++;
			end(world, t, { state: 'errored', errorCode: 'transferred' });
			return t.state;
		}
	}
	/* A webhook's fetch was faster: what it saw is newer than this answer, and is fetched again. */
	if (kind === 'created' && !openAttempt(world, record)) return requeue(world, t, null);
	if (isLagging(t, record, kind, updated)) {
		t.lagging++;
		return requeue(world, t, 'later');
	}
	const remote = kind === 'not modified' ? [...record.remote] : [...resource.fields];
	if (kind !== 'not modified') {
		if (type === 'task') setNumber(world, record, resource.number);
		noteRemote(record, remote, updated);
	}
	/* An answer that still lags is taken, but settles nothing. */
	if (t.T === null || updated >= t.T) record.seen = Math.max(record.seen ?? at, at);
	record.deleted = record.missingSince = null;
	if (kind === 'created' || kind === 'found') {
		const attempt = openAttempt(world, record);
		if (attempt) attempt.outcome = 'created';
	}

	resumeRepo(world, record.repo);
	if (endWithoutRow(world, t, record, kind)) return t.state;
	if (t.direction === 'outbound' && t.action === 'delete') return carryDeletion(world, t, record, remote, kind);
	const merged = mergeAnswer(world, t, record, remote, kind === 'written' || kind === 'created');
	/* That webhook's fetch may have seen a later edit: looked at again before anything is written over it. */
	if (merged.send.includes(true) && wasTold) {
		record.sent = record.sentMask = null;
		return requeue(world, t, null);
	}
	if (merged.send.includes(true)) {
		record.sent = [...merged.local];
		record.sentMask = [...merged.send];
		t.step = 'write';
		return toldSend(type, merged.send, merged.local);
	}
	return complete(world, t, record, merged.applied, merged.lost);
}

/* ------------------------------------------------------------------------ */
/* Other ends of a try */

export function giveBack(world, { type, id, claimNo, later }) {
	const t = heldClaim(world, type, id, claimNo);
	return t ? requeue(world, t, later ? 'later' : null) : 'stale';
}

export function fail(world, { type, id, claimNo, code }) {
	const t = heldClaim(world, type, id, claimNo);
	if (!t) return 'stale';
	t.attempts++;
	end(world, t, { state: 'errored', errorCode: code });
	return t.state;
}

export function tryAgain(world, { type, id, claimNo, code, later, maxAttempts }) {
	const t = heldClaim(world, type, id, claimNo);
	if (!t) return 'stale';
	if (t.attempts + 1 >= maxAttempts) return fail(world, { type, id, claimNo, code });
	t.attempts++;
	return requeue(world, t, later ? 'later' : null);
}
