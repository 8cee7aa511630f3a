/*
 * retry.mjs
 *	An errored transaction is queued again, by the rules.
 */
import { Refusal } from './world.mjs';
import { requeue } from './rules.mjs';
import { recordOfImported, takeInHistory } from './imported.mjs';
import { findRecord } from './outbound.mjs';

export function retry(world, { type, id }) {
	const t = world[type].transactions.find((other) => other.id === id);
	if (!t || t.state !== 'errored') throw new Refusal('55000');
	/* Errored before there was a record for it: perhaps there is now. */
	if (!t.record) {
		t.record = t.imported ? recordOfImported(world, t) : findRecord(world, t);
		if (!t.record) return t.state;
		takeInHistory(world, t.record);
	}
	t.attempts = 0;
	t.lagging = 0;
	return requeue(world, t, null);
}
