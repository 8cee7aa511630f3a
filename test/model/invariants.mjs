/*
 * invariants.mjs
 *	What holds in every state, whatever the rules decide.
 */
import { TYPES } from './world.mjs';

const countBy = (list, key) => {
	const counts = new Map();
	for (const element of list) counts.set(key(element), (counts.get(key(element)) ?? 0) + 1);
	return [...counts.values()];
};

/* -> what is wrong, or null */
export function brokenInvariant(world) {
	for (const type of TYPES) {
		const { transactions } = world[type];
		const processing = transactions.filter((t) => t.state === 'processing');
		if (countBy(processing, (t) => t.record).some((n) => n > 1)) return 'two transactions of a record are processed';
		const queued = transactions.filter((t) => t.state === 'queued');
		const line = (t) => `${t.record.order} ${t.direction} ${t.action}`;
		if (countBy(queued, line).some((n) => n > 1)) return 'two transactions of a record, direction and action are queued';
		for (const t of transactions) {
			if ((t.state === 'errored') !== (t.errorCode !== null)) return `${type} ${t.id} is ${t.state} with error code ${t.errorCode}`;
			if ((t.state === 'disabled') !== (t.disabledReason !== null)) return `${type} ${t.id} is ${t.state} with reason ${t.disabledReason}`;
			if (t.canceledBy && t.state !== 'canceled') return `${type} ${t.id} is ${t.state} and canceled`;
		}
	}
	return null;
}
