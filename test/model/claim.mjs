/*
 * claim.mjs
 *	"Claim": who is next, and what is asked of GitHub first.
 */
import { nameFor, openAttempt, takeTransactionId, transactionsOf } from './world.mjs';
import { decide, end, insertTransaction } from './rules.mjs';
import { askForIssue, hasTransactionIn } from './outbound.mjs';

const SLOTS_OF_INSTALLATION = 8;

const isBusy = (world, t) => transactionsOf(world, t.record).some((other) => other.state === 'processing');

function candidates(world, type, slots, passedOver) {
	const { transactions } = world[type];
	/* Of one that is not active, what is still queued becomes disabled. */
	if (world.installation.state === 'active' && world.installation.paused) return [];
	const free = SLOTS_OF_INSTALLATION - transactions.filter((t) => t.state === 'processing').length;
	return transactions.filter((t) => t.state === 'queued' && !t.waits && !isBusy(world, t) && !passedOver.includes(t.id))
		.sort((a, b) => a.priority - b.priority || a.place - b.place || a.id - b.id)
		.slice(0, Math.max(0, Math.min(slots, free)));
}

/* Whether the rules still want it in the queue; else it ends without a request. */
function isStillWanted(world, t) {
	if (t.direction === 'outbound' && t.action === 'upsert' && t.record.local === null) {
		end(world, t, { state: 'canceled' });
		return false;
	}
	const decision = decide(world, t);
	if (decision.state === 'queued') return true;
	end(world, t, decision);
	return false;
}

/* ------------------------------------------------------------------------ */
/* What is asked first; a comment may have to wait for its issue */

function stepOf(world, t) {
	const { record } = t;
	const exists = (t.type === 'task' ? record.number : record.githubId) !== null;
	const deletesThere = t.action === 'delete' && t.direction === 'outbound';
	/* Deleted already: the webhook of our own deletion, say. */
	if (t.action === 'delete' && record.deleted !== null) return 'nothing';
	if (exists) return deletesThere && t.type === 'comment' ? 'delete' : 'fetch';
	if (openAttempt(world, record)) return 'lookup';
	return t.action === 'delete' ? 'nothing' : 'create';
}

/* -> the error code of a comment that will never have an issue to be written to, or null */
function parentProblem(issue, step) {
	if (step !== 'create') return null;
	if (issue.number === null && issue.local === null) return 'parent_not_synced';
	return issue.deleted !== null ? 'gone' : null;
}

function needsParent(world, t, step) {
	const { record } = t;
	const issue = record.parent;
	if (step === 'create' || step === 'lookup') return issue.number === null;
	/* A comment that is to become a row needs the task of its issue. */
	return step === 'fetch' && t.direction === 'inbound' && t.action === 'upsert' && record.local === null
		&& issue.local === null && !issue.localDeleted && issue.deleted === null
		&& world.repos.get(record.repo).direction !== 'outbound';
}

function askForParent(world, t, step) {
	const issue = t.record.parent;
	if (step === 'fetch') {
		/* The comment moved its issue's time at least that far. */
		if (world.asksAnyway || !hasTransactionIn(world, issue, ['queued', 'processing'])) {
			insertTransaction(world, 'task', nameFor(world), takeTransactionId(world, 'task'), { record: issue, direction: 'inbound', T: t.T });
		}
		return;
	}
	const newest = transactionsOf(world, issue).sort((a, b) => b.id - a.id)[0];
	if (newest?.state !== 'errored') askForIssue(world, issue, t.priority);
}

/* null: it cannot run yet, or ever */
function firstStep(world, t) {
	const step = stepOf(world, t);
	if (t.type === 'task') return step;
	const problem = parentProblem(t.record.parent, step);
	if (problem) {
		end(world, t, { state: 'errored', errorCode: problem });
		return null;
	}
	if (!needsParent(world, t, step)) return step;
	askForParent(world, t, step);
	t.waits = 'parent';
	return null;
}

/* passedOver: what somebody else holds just now, or what was not ready yet when the claim looked */
export function claim(world, { type, slots, passedOver = [] }) {
	const claimed = [];
	for (const t of candidates(world, type, slots, passedOver)) {
		if (t.state !== 'queued' || t.waits || isBusy(world, t) || !isStillWanted(world, t)) continue;
		const pause = world.repos.get(t.record.repo).pause ?? world.seenPause;
		if (pause !== null) {
			Object.assign(t, { waits: 'pause', pause });
			continue;
		}
		const step = firstStep(world, t);
		if (!step) continue;
		t.claimNo++;
		if (step === 'nothing') {
			t.T = t.record.deleted ?? t.T;
			end(world, t, { state: 'completed' });
			continue;
		}
		Object.assign(t, { state: 'processing', step });
		claimed.push(`${t.id} ${step}`);
	}
	return claimed.join('; ');
}

export function heldClaim(world, type, id, claimNo) {
	return world[type].transactions.find((t) => t.id === id && t.claimNo === claimNo && t.state === 'processing');
}
