/*
 * link.mjs
 *	A row and a GitHub resource that both existed before become one record, or stop being one.
 */
import { nameFor, newRecord, openAttempt, recordOfRow, Refusal, takeTransactionId, transactionsOf } from './world.mjs';
import { end, insertTransaction, isErroredStray, setLocal } from './rules.mjs';
import { joinRecords } from './join.mjs';
import { insertOutbound } from './outbound.mjs';
import { commentGoesAlong, taskGoesAlong } from './place.mjs';

function targetOf(world, { type, row, repo, number, githubId }) {
	const { records } = world[type];
	if (type === 'task') return records.find((r) => r.repo === repo && r.number === number) ?? newRecord(world, type, { repo, number });
	const issue = recordOfRow(world, 'task', world.comment.rows.get(row).task ?? undefined);
	if (!issue || issue.number === null || issue.repo !== repo) throw new Refusal('55000');
	const target = records.find((r) => r.githubId === githubId) ?? newRecord(world, type, { repo, githubId, parent: issue });
	if (target.parent !== issue) throw new Refusal('55000');
	return target;
}

/* -> the row's stub, which never went out; undefined: it has none */
function requireLinkable(world, type, row, target) {
	const present = recordOfRow(world, type, row);
	if (target.local !== null) throw new Refusal('23505');
	if (!present) return undefined;
	if ((type === 'task' ? present.number : present.githubId) !== null) throw new Refusal('23505');
	const underWay = openAttempt(world, present) || transactionsOf(world, present).some((t) => t.state === 'processing');
	if (underWay) throw new Refusal('55006');
	return present;
}

const UNSYNCED = (record) => ({
	localBase: null, remoteBase: null, sent: null, sentMask: null, localChanged: record.localChanged.map(() => null),
});

/* What is nowhere yet goes to where its row belongs, before it is seen what it is linked to. */
function goAlong(world, type, row) {
	const record = recordOfRow(world, type, row);
	if (!record) return;
	if (type === 'task') taskGoesAlong(world, record);
	else if (record.githubId === null) commentGoesAlong(world, record, recordOfRow(world, 'task', world.comment.rows.get(row).task ?? undefined));
}

export function link(world, operation) {
	const { type, row, prefer } = operation;
	if (!world[type].rows.has(row)) throw new Refusal('23503');
	goAlong(world, type, row);
	const target = targetOf(world, operation);
	const stub = requireLinkable(world, type, row, target);
	if (stub) setLocal(world, stub, null);
	setLocal(world, target, row);
	Object.assign(target, UNSYNCED(target), { prefer, localDeleted: false });
	if (type === 'task') target.localRepo = world.task.rows.get(row).repo;
	if (stub) joinRecords(world, target, stub);
	const name = nameFor(world);
	const id = takeTransactionId(world, type);
	if (prefer === 'app') insertOutbound(world, type, name, id, { local: row, priority: 100 });
	else insertTransaction(world, type, name, id, { record: target, direction: 'inbound' });
	return String(id);
}

export function unlink(world, { type, row }) {
	const record = recordOfRow(world, type, row);
	if (!record) throw new Refusal('P0002');
	for (const t of transactionsOf(world, record)) {
		const waits = ['queued', 'disabled'].includes(t.state) || isErroredStray(t);
		if (waits && t.direction === 'outbound' && t.action === 'upsert') end(world, t, { state: 'canceled' });
	}
	setLocal(world, record, null);
	Object.assign(record, UNSYNCED(record), { prefer: null });
	return '';
}
