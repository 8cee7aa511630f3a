/*
 * join.mjs
 *	Two records turn out to be one: the stub that a webhook made and the one
 *	whose creation it tells of, or the stub of a row and what it is linked to.
 */
import { transactionsOf } from './world.mjs';
import { end, requeue, retryStrays, setNumber } from './rules.mjs';
import { decideArrival, decideDisabled } from './switches.mjs';

const newestFirst = (a, b) => (a.T === b.T ? 0 : (b.T ?? -Infinity) - (a.T ?? -Infinity)) || b.id - a.id;

/* One queued upsert of each direction goes on, the newest, in the better place. */
function joinQueuedUpserts(world, record, direction) {
	const [newest, ...others] = transactionsOf(world, record)
		.filter((t) => t.state === 'queued' && t.direction === direction && t.action === 'upsert').sort(newestFirst);
	for (const t of others) {
		newest.place = Math.min(newest.place, t.place);
		newest.priority = Math.min(newest.priority, t.priority);
		const isSame = t.T !== null && t.T === newest.T;
		end(world, t, isSame ? { state: 'duplicate', duplicateOf: newest } : { state: 'canceled', canceledBy: newest });
	}
}

/* Of two queued deletions the second is the duplicate, as if it had been inserted now. */
function joinQueuedDeletes(world, record) {
	for (const direction of ['inbound', 'outbound']) {
		const [first, ...others] = transactionsOf(world, record)
			.filter((t) => t.state === 'queued' && t.direction === direction && t.action === 'delete').sort((a, b) => a.id - b.id);
		for (const t of others) end(world, t, { state: 'duplicate', duplicateOf: first });
	}
}

/* A row may name another repository than that of the issue that it is linked to. */
function arrive(world, kept, moved) {
	if (moved.some((t) => t.state === 'errored' && ['repo_changed', 'transferred'].includes(t.errorCode))) retryStrays(world, kept);
	if (moved.some((t) => t.state === 'disabled')) decideDisabled(world, kept);
	if (kept.type !== 'task') return;
	for (const comment of world.comment.records.filter((c) => c.parent === kept && c.repo !== kept.repo)) {
		comment.repo = kept.repo;
		decideArrival(world, comment);
	}
}

/* Everything of the one moves to the other; a claim that was under way on it is over. */
export function joinRecords(world, kept, gone) {
	const { type } = kept;
	const underWay = transactionsOf(world, gone).find((t) => t.state === 'processing');
	if (underWay) requeue(world, underWay, null);
	const moved = transactionsOf(world, gone);
	for (const t of moved) t.record = kept;
	for (const attempt of world[type].attempts) if (attempt.record === gone) attempt.record = kept;
	if (type === 'task') for (const comment of world.comment.records) if (comment.parent === gone) comment.parent = kept;
	world[type].records = world[type].records.filter((record) => record !== gone);
	kept.githubId ??= gone.githubId;
	if (type === 'task') setNumber(world, kept, kept.number ?? gone.number);
	if (kept.repo !== gone.repo) arrive(world, kept, moved);
	joinQueuedUpserts(world, kept, 'inbound');
	joinQueuedUpserts(world, kept, 'outbound');
	joinQueuedDeletes(world, kept);
}
