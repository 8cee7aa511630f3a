/*
 * local_deletion.mjs
 *	The application deletes a row.
 */
import { nameFor, openAttempt, recordOfRow, Refusal, takeTransactionId, transactionsOf } from './world.mjs';
import { end, insertTransaction, release } from './rules.mjs';

export function removeRow(world, { type, id }) {
	const { rows } = world[type];
	if (!rows.has(id)) return '0';
	if (type === 'task' && [...world.comment.rows.values()].some((comment) => comment.task === id)) throw new Refusal('23503');
	deleteRow(world, type, id);
	return '1';
}

export function deleteRow(world, type, id) {
	world[type].rows.delete(id);
	for (const t of world[type].transactions) if (t.local === id) t.local = null;
	const record = recordOfRow(world, type, id);
	if (record) noteDeletion(world, record);
}

/* Something is at GitHub, or may be on its way there. */
function propagates(world, record) {
	const exists = (record.type === 'task' ? record.number : record.githubId) !== null;
	return world.repos.get(record.repo).onLocalDelete === 'propagate' && record.deleted === null
		&& (exists || openAttempt(world, record) || transactionsOf(world, record).some((t) => t.state === 'processing'));
}

/* Unless one is on its way already. */
export function propagateDeletion(world, record) {
	const isOnItsWay = (t) => t.direction === 'outbound' && t.action === 'delete' && ['queued', 'processing'].includes(t.state);
	if (!propagates(world, record) || transactionsOf(world, record).some(isOnItsWay)) return;
	insertTransaction(world, record.type, nameFor(world), takeTransactionId(world, record.type),
		{ record, direction: 'outbound', action: 'delete' });
}

/* Outbound ones are canceled, inbound ones dropped; nothing is recreated. */
function noteDeletion(world, record) {
	record.local = null;
	record.localDeleted = true;
	for (const t of transactionsOf(world, record).filter((other) => ['queued', 'disabled'].includes(other.state) && other.action === 'upsert')) {
		end(world, t, { state: t.direction === 'inbound' ? 'dropped' : 'canceled' });
	}
	if (record.type === 'task') release(world, record);
	propagateDeletion(world, record);
}
