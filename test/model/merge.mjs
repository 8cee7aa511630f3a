/*
 * merge.mjs
 *	"Processing", step 2: each field of a record by the table, in either
 *	direction; what is written to the row, what is to be sent, what was lost.
 */
import { LABELS, mergeLabels, namesIn, patched, settleLabels } from './labels.mjs';
import { FIELDS, fieldsOf, localFields, store } from './world.mjs';

const plain = (text) => (text ?? '').replaceAll('\r\n', '\n');
export const sameText = (a, b) => plain(a) === plain(b);

/* Whole seconds; a tie, and a local time that nobody knows, are GitHub's. */
function localIsLater(localTime, remoteTime) {
	return localTime !== null && Math.floor(localTime) > remoteTime;
}

/* What decides every field that differs, whoever changed what; null: the table does. */
function absoluteWinner(repo, record, isFirst) {
	if (!isFirst) return null;
	if (record.prefer) return record.prefer;
	return repo.direction === 'inbound' ? 'github' : null;
}

function winnerOfConflict(repo, localTime, remoteTime) {
	if (repo.direction === 'inbound') return 'github';
	if (repo.direction === 'outbound') return 'app';
	if (repo.policy === 'github_wins') return 'github';
	if (repo.policy === 'app_wins') return 'app';
	return localIsLater(localTime, remoteTime) ? 'app' : 'github';
}

/* One line of the table: {verdict: same, agreed, to local, to remote, conflict, winner} */
function verdict({ local, localBase, remote, remoteBase, isFirst, winner, conflictWinner }) {
	/* Without a base, whatever a side holds is a change. */
	const localChanged = isFirst ? (local ?? '') !== '' : !sameText(local, localBase);
	const remoteChanged = isFirst ? (remote ?? '') !== '' : !sameText(remote, remoteBase);
	if (winner) {
		if (sameText(local, remote)) return { is: 'agreed' };
		if (winner === 'github') return localChanged ? { is: 'conflict', winner } : { is: 'to local' };
		return remoteChanged ? { is: 'conflict', winner } : { is: 'to remote' };
	}
	if (!localChanged && !remoteChanged) return { is: 'same' };
	if (!localChanged) return { is: 'to local' };
	if (!remoteChanged) return { is: 'to remote' };
	if (sameText(local, remote)) return { is: 'agreed' };
	return { is: 'conflict', winner: conflictWinner };
}

/*
 * A value that was sent and that GitHub holds is what both sides agree on; and what exists was created with what was
 * sent: another value is a change since.
 */
export function settleSent(world, t, record, remote, isAnswerToWrite) {
	if (!record.sent) return;
	const wasCreated = record.localBase === null;
	const { localBase, remoteBase, sent, sentMask } = record;
	const before = structuredClone({ localBase, remoteBase, sent, sentMask });
	remote.forEach((value, i) => {
		if (i === LABELS) return;
		const isThere = isAnswerToWrite || sameText(value, record.sent[i]);
		if (!record.sentMask[i] || !(isThere || wasCreated)) return;
		record.localBase ??= record.sent.map(() => null);
		record.remoteBase ??= record.sent.map(() => null);
		record.localBase[i] = record.sent[i];
		record.remoteBase[i] = isThere ? value : record.sent[i];
	});
	if (record.type === 'task') {
		const note = (base, wanted) => noteConflict(world, t, LABELS, base, wanted, remote[LABELS], 'github');
		settleLabels(world, t, record, before, remote[LABELS], isAnswerToWrite, note);
	}
	record.sent = record.sentMask = null;
}

function noteConflict(world, transaction, i, base, local, remote, winner) {
	const { type } = transaction;
	world.conflicts.push({ type, transaction, field: FIELDS[type][i], base, local, remote, winner });
}

/* -> {applied, lost, send: which fields follow, local: the row's fields} */
export function merge(world, transaction, record, remote) {
	const repo = world.repos.get(record.repo);
	const row = world[record.type].rows.get(record.local);
	const local = localFields(world, record);
	const isFirst = record.localBase === null || record.remoteBase === null;
	const winner = absoluteWinner(repo, record, isFirst);
	const lands = remote.map(() => false);
	const send = remote.map(() => false);
	let lost = false;
	let staysDirty = false;

	const sideOf = (i) => ({
		local: local[i], remote: remote[i], localBase: isFirst ? null : record.localBase[i], remoteBase: isFirst ? null : record.remoteBase[i],
	});
	const verdicts = remote.map((_, i) => (i === LABELS ? mergeLabels(sideOf(i), winner, repo.direction !== 'outbound') : verdict({
		...sideOf(i), isFirst, winner,
		conflictWinner: winnerOfConflict(repo, record.localChanged[i] ?? row.modified, record.remoteChanged[i]),
	})));
	const oldBase = record.localBase ?? local.map(() => null);
	if (isFirst) {
		record.localBase = [...local];
		record.remoteBase = [...remote];
		if (record.type === 'task') record.localBase[LABELS] = record.remoteBase[LABELS] = null;
		record.prefer = null;
	}
	verdicts.forEach((v, i) => {
		if (v.is === 'conflict') noteConflict(world, transaction, i, isFirst ? null : oldBase[i], local[i], remote[i], v.winner);
		if (v.is === 'agreed' || v.is === 'same') {
			record.localBase[i] = local[i];
			record.remoteBase[i] = remote[i];
		} else if (v.is === 'to local' || (v.is === 'conflict' && v.winner === 'github')) {
			/* Outbound only: local rows are never written. */
			lands[i] = repo.direction !== 'outbound';
			record.localBase[i] = local[i];
			record.remoteBase[i] = remote[i];
		} else if (v.is === 'to remote' || v.is === 'to both' || v.is === 'conflict') {
			lands[i] = v.is === 'to both' && repo.direction !== 'outbound';
			if (isFirst || v.is === 'conflict') record.localBase[i] = record.remoteBase[i] = remote[i];
			if (v.is === 'conflict') lost = true;
			staysDirty = true;
			send[i] = transaction.direction === 'outbound' && repo.direction !== 'inbound';
		}
	});

	const applied = lands.includes(true);
	if (applied) writeRow(record, row, remote.map((value, i) => verdicts[i].here ?? value), lands, staysDirty);
	if (record.type === 'task' && remote[LABELS] !== null) {
		/* What is still to be sent is no part of the local base. */
		if (lands[LABELS]) local[LABELS] = fieldsOf('task', row)[LABELS];
		record.localBase[LABELS] = patched(local[LABELS], verdicts[LABELS].there, remote[LABELS]);
		record.remoteBase[LABELS] = remote[LABELS];
	}
	return { applied, lost, send, local };
}

function writeRow(record, row, remote, lands, staysDirty) {
	const values = {};
	FIELDS[record.type].forEach((field, i) => {
		if (lands[i]) values[field] = i === LABELS ? namesIn(remote[i]) : remote[i];
	});
	store(row, values);
	if (!staysDirty) row.modified = row.modified === null ? record.updated : Math.max(row.modified, record.updated);
	const written = fieldsOf(record.type, row);
	record.localBase = record.localBase.map((base, i) => (lands[i] ? written[i] : base));
}
