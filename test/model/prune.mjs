/*
 * prune.mjs
 *	What is history goes; what can still run, or come back, stays.
 */
import { TYPES } from './world.mjs';

const FINISHED = ['completed', 'canceled', 'dropped', 'duplicate'];
const CAN_GIVE_BACK = ['queued', 'processing', 'errored', 'disabled'];

const isHistory = (t) => FINISHED.includes(t.state)
	&& !(t.state === 'dropped' && t.droppedFor && CAN_GIVE_BACK.includes(t.droppedFor.state));

export function prune(world) {
	let pruned = 0;
	for (const type of TYPES) {
		const side = world[type];
		const gone = new Set(side.transactions.filter(isHistory));
		side.transactions = side.transactions.filter((t) => !gone.has(t));
		for (const t of side.transactions) {
			for (const reference of ['canceledBy', 'duplicateOf', 'droppedFor']) if (gone.has(t[reference])) t[reference] = null;
		}
		pruned += gone.size;
	}
	world.conflicts = [];
	return String(pruned);
}
