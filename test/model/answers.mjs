/*
 * answers.mjs
 *	What GitHub's answers do to a claimed transaction and its record:
 *	"Processing", "Creation and the echo race", "Results".
 */
import { LABELS, labelsToSend, namesIn } from './labels.mjs';
import { FIELDS, fieldsOf, openAttempt, store, takeRowId, transactionsOf } from './world.mjs';
import { end, requeue, setLocal, setNumber } from './rules.mjs';
import { joinRecords } from './join.mjs';
import { heldClaim } from './claim.mjs';
import { propagateDeletion } from './local_deletion.mjs';
import { merge, sameText, settleSent } from './merge.mjs';
import { resumeRepo } from './switches.mjs';
import { placeProblem } from './place.mjs';

const LAGGING_ANSWERS = 5;
const LONGEST_LAG = 60;
const SETTLING = 60;

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

/* Linked to another resource by now: it was made twice.  One that has a key of its own only quotes the other's. */
function twinOf(world, t, record, kind, resource) {
	if (kind !== 'fetched' || t.direction !== 'inbound' || t.action !== 'upsert') return undefined;
	if (record.local !== null || record.localDeleted || resource.keyOf === null) return undefined;
	const { attempts, records } = world[record.type];
	const key = attempts.find((a) => a.id === resource.keyOf)?.key;
	return key && record.key !== key ? records.find((r) => r.key === key && r.githubId !== null && r.githubId !== resource.githubId
		&& r.local !== null && r.deleted === null && attempts.some((a) => a.record === r && a.sentAs === resource.author)) : undefined;
}

/* It may be that one, transferred: GitHub is asked for that first, at its place. */
function meetTwin(world, t, record, twin, at) {
	const isSeen = twin.seen !== null && record.seen !== null && twin.seen >= record.seen;
	if (isSeen || t.lagging >= LAGGING_ANSWERS) {
		t.attempts++;
		end(world, t, { state: 'errored', errorCode: 'created_twice' });
		return t.state;
	}
	record.seen ??= at;
	if (t.lagging === 0) {
		twin.seen = null;
		twin.settles = true;
	}
	t.lagging++;
	return requeue(world, t, 'later');
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

const isRead = (kind) => ['fetched', 'not modified'].includes(kind);

/* Older than the newest version that we have seen or were told of, whatever became of what told us. */
function isBehind(world, record, kind, updated) {
	return isRead(kind) && ((record.updated !== null && updated < record.updated)
		|| transactionsOf(world, record).some((t) => t.action === 'upsert' && t.T !== null && updated < t.T));
}

/* Within the second in which we wrote, and less than a minute later, what was there before. */
function takesBack(record, kind, at, resource) {
	return kind === 'fetched' && resource.updated === record.updated && record.written.some((written, i) =>
		written !== null && written > at - LONGEST_LAG && sameText(record.replaced[i], resource.fields[i])
			&& !sameText(record.remote[i], resource.fields[i]));
}

function isLagging(t, record, { kind, at, resource }, behind) {
	return t.lagging < LAGGING_ANSWERS && (behind || takesBack(record, kind, at, resource)
		|| (isRead(kind) && t.direction === 'inbound' && t.action === 'delete'));
}

/* When GitHub was seen to have what an update carries, and what it had before. */
function noteWritten(record, kind, at, resource) {
	if (!record.sent || !['written', 'fetched'].includes(kind)) return;
	record.sent.forEach((value, i) => {
		if (!record.sentMask[i] || (kind === 'fetched' && !sameText(resource.fields[i], value))) return;
		record.written[i] = at;
		record.replaced[i] = record.remote[i];
	});
}

/* Told of a moment ago: a replica may not have heard of it. */
function wasToldLately(world, record, updated) {
	return transactionsOf(world, record).some((t) => t.action === 'upsert' && !t.isOld && t.T !== null && updated < t.T);
}

/* Whether it is to be asked once more. An answer that still lags is taken, but settles nothing. */
function noteSeen(record, at, isChange, behind, isToldLately) {
	if (!behind) record.seen = Math.max(record.seen ?? at, at);
	if (behind) record.settles = isChange || isToldLately;
	else if (record.seen >= record.updated + SETTLING) record.settles = false;
	else if (isChange) record.settles = true;
}

/* What is sent over a version that no answer has shown. */
function noteUnseen(world, t, record, merged) {
	merged.send.forEach((is, i) => {
		if (is) world.conflicts.push({ type: t.type, transaction: t, field: FIELDS[t.type][i], base: record.remoteBase[i], local: merged.local[i], remote: null, winner: 'app' });
	});
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
		store(row, { title: remote[0], body: remote[1], state: remote[2], labels: namesIn(remote[LABELS]) });
		row.repo = record.localRepo = record.repo;
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

const toldSend = (record, send, local) => {
	const valueOf = (i) => (i === LABELS ? labelsToSend(record, local[i]) : local[i] ?? '-');
	return `send${FIELDS[record.type].map((field, i) => (send[i] ? ` ${field}=${valueOf(i)}` : '')).join('')}`;
};

function mergeAnswer(world, t, record, remote, isAnswerToWrite) {
	settleSent(world, t, record, remote, isAnswerToWrite);
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
	else settleSent(world, null, record, remote, false);
	if (remote[2] === 'open' && kind !== 'written') {
		record.sent = [null, null, 'closed', null];
		record.sentMask = [false, false, true, false];
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
			if (creator.localDeleted) propagateDeletion(world, creator);
			return t.state;
		}
		const twin = twinOf(world, t, record, kind, resource);
		if (twin) return meetTwin(world, t, record, twin, at);
		if (mayBeOurCreation(world, t, record, kind, resource)) return requeue(world, t, 'later');
		if (record.githubId === null) {
			/* A webhook of it was faster; one of a comment knows the number of its issue alone. */
			const isSame = (r) => r.githubId === resource.githubId
				|| (type === 'task' && r.repo === record.repo && r.number === resource.number);
			const others = world[type].records.filter((r) => r !== record && isSame(r));
			/* One of another row, or one that was seen as another resource, stays what it is. */
			const isLinked = others.some((other) => other.local !== null);
			if (isLinked || others.some((other) => other.githubId !== null && other.githubId !== resource.githubId && other.updated !== null)) {
				t.attempts++;
				end(world, t, { state: 'errored', errorCode: isLinked ? 'already_linked' : 'moved' });
				return t.state;
			}
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
	/* The page of a list does not tell labels: what is known of them stays. */
	if (kind === 'found' && type === 'task') resource = { ...resource, fields: [...resource.fields.slice(0, LABELS), record.remote[LABELS]] };
	const behind = isBehind(world, record, kind, updated);
	if (isLagging(t, record, { kind, at, resource }, behind)) {
		t.lagging++;
		return requeue(world, t, 'later');
	}
	const remote = kind === 'not modified' ? [...record.remote] : [...resource.fields];
	const isChange = ['written', 'created'].includes(kind) || updated !== record.updated;
	noteWritten(record, kind, at, resource);
	if (kind !== 'not modified') {
		if (type === 'task') setNumber(world, record, resource.number);
		noteRemote(record, remote, updated);
	}
	noteSeen(record, at, isChange, behind, wasToldLately(world, record, updated));
	record.deleted = record.missingSince = null;
	if (kind === 'created' || kind === 'found') {
		const attempt = openAttempt(world, record);
		if (attempt) attempt.outcome = 'created';
	}

	resumeRepo(world, record.repo);
	if (endWithoutRow(world, t, record, kind)) return t.state;
	if (t.direction === 'outbound' && t.action === 'delete') return carryDeletion(world, t, record, remote, kind);
	const merged = mergeAnswer(world, t, record, remote, kind === 'written' || kind === 'created');
	if (behind && !wasTold) noteUnseen(world, t, record, merged);
	/* That webhook's fetch may have seen a later edit: looked at again before anything is written over it. */
	if (merged.send.includes(true) && (wasTold || placeProblem(world, record))) {
		record.sent = record.sentMask = null;
		return requeue(world, t, null);
	}
	if (merged.send.includes(true)) {
		record.sent = [...merged.local];
		record.sentMask = [...merged.send];
		t.step = 'write';
		return toldSend(record, merged.send, merged.local);
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
