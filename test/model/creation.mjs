/*
 * creation.mjs
 *	Creation attempts: opened before anything is sent; looked for where no answer came.
 */
import { LABELS, labelsToSend } from './labels.mjs';
import { fieldsOf, openAttempt, Refusal } from './world.mjs';
import { requeue } from './rules.mjs';
import { heldClaim } from './claim.mjs';
import { placeProblem } from './place.mjs';

export function beginCreation(world, { type, id, claimNo, account }, name) {
	const t = heldClaim(world, type, id, claimNo);
	if (!t || t.record.local === null || t.record.githubId !== null || placeProblem(world, t.record)) return 'nothing to create';
	const side = world[type];
	const { record } = t;
	const local = fieldsOf(type, side.rows.get(record.local));
	if (openAttempt(world, record)) {
		side.nextAttempt++;
		throw new Refusal('23505');
	}
	/* The key is the record's, in every try. */
	record.key ??= name;
	side.attempts.push({ id: side.nextAttempt++, key: record.key, record, outcome: null, isOld: false, sentAs: account });
	t.step = 'creating';
	/* An issue is born open; a closed one is closed by the write that follows. */
	record.sent = type === 'task' ? [local[0], local[1], 'open', local[LABELS]] : [...local];
	record.sentMask = local.map(() => true);
	/* A blank comment has nothing that could be sent: the worker refuses it. */
	if (type === 'comment' && !/\S/.test(local[0] ?? '')) return 'create body=';
	if (type === 'comment') return `create body=${local[0]}`;
	return `create title=${local[0] ?? '-'} labels=${labelsToSend(record, local[LABELS])} body=${local[1] ?? ''}`;
}

/* Certainly not created. */
export function creationRejected(world, { type, id }) {
	const t = world[type].transactions.find((other) => other.id === id);
	if (!t) return '';
	const attempt = openAttempt(world, t.record);
	if (attempt) attempt.outcome = 'rejected';
	if (t.record.githubId === null) t.record.sent = t.record.sentMask = null;
	return '';
}

/* Looked for at once, after 1, 5 and 15 minutes, and whenever the row is edited: after 15 minutes it may be sent again. */
export function creationNotFound(world, { type, id, claimNo }) {
	const t = heldClaim(world, type, id, claimNo);
	if (!t) return 'stale';
	const attempt = openAttempt(world, t.record);
	if (!attempt) return requeue(world, t, 'later');
	if (attempt.isOld) {
		attempt.outcome = 'not found';
		return requeue(world, t, null);
	}
	return requeue(world, t, 'later');
}
