/*
 * along.mjs
 *	The issue of a task was made: the comments that the task had before its
 *	repository was known are enqueued, in the line before those that wait.
 */
import { nameFor, recordOfRow, takeTransactionId, transactionsOf } from './world.mjs';
import { insertOutbound } from './outbound.mjs';
import { retry } from './retry.mjs';

const LESS_THAN_A_PLACE = 1e-6;

function enqueue(world, row, priority) {
	const errored = world.comment.transactions
		.filter((t) => t.local === row.id && t.state === 'errored' && t.errorCode === 'parent_not_synced').sort((a, b) => b.id - a.id)[0];
	if (errored) {
		retry(world, { type: 'comment', id: errored.id });
		return [errored];
	}
	if (!world.capture.comment) return [];
	return [insertOutbound(world, 'comment', nameFor(world), takeTransactionId(world, 'comment'), { local: row.id, priority })];
}

export function bringAlong(world, issue) {
	const waiting = world.comment.transactions.filter((t) => t.state === 'queued' && t.record?.parent === issue).map((t) => t.place);
	const rows = [...world.comment.rows.values()].filter((row) => row.task === issue.local && !recordOfRow(world, 'comment', row.id));
	/* An import stays one. */
	const priority = transactionsOf(world, issue).filter((t) => t.direction === 'outbound').sort((a, b) => b.id - a.id)[0]?.priority ?? 100;
	const brought = rows.sort((a, b) => a.id - b.id).flatMap((row) => enqueue(world, row, priority));
	if (!waiting.length) return;
	brought.forEach((t, i) => {
		if (t.state === 'queued') t.place = Math.min(...waiting) - (brought.length - i) * LESS_THAN_A_PLACE;
	});
}
