/*
 * imported.mjs
 *	History that the owner of the queue imports: stored as it is, without a
 *	record, until something is about the same one.
 */
import { nameFor, takeTransactionId } from './world.mjs';
import { insertTransaction, recordOfGithubComment, recordOfIssue } from './rules.mjs';

const CODE = 'forbidden';

export function importHistory(world, { type, state, repo, number, githubId, T }) {
	const t = insertTransaction(world, type, nameFor(world), takeTransactionId(world, type), {
		direction: 'inbound', T, place: null, imported: { repo, number, githubId },
	}, { state, errorCode: state === 'errored' ? CODE : null, disabledReason: state === 'disabled' ? 'repo' : null });
	return String(t.id);
}

/* By all ids, as on insert; a stub where there is none. */
export function recordOfImported(world, t) {
	const { repo, number, githubId } = t.imported;
	return t.type === 'task' ? recordOfIssue(world, repo, number, githubId) : recordOfGithubComment(world, repo, number, githubId);
}

/* What was imported is found before its repository is switched on. */
export function findDisabled(world, type, repo) {
	for (const t of world[type].transactions) {
		if (t.record || t.state !== 'disabled' || t.imported?.repo !== repo) continue;
		t.record = recordOfImported(world, t);
		takeInHistory(world, t.record);
	}
}

function isOf(record, t) {
	if (t.record || t.type !== record.type) return false;
	if (t.direction === 'outbound') return t.local !== undefined && t.local !== null && t.local === record.local;
	const { repo, number, githubId } = t.imported;
	if (githubId !== null) return githubId === record.githubId;
	return record.type === 'task' && repo === record.repo && number === record.number;
}

/* What is about a record that is held becomes its own: it covers others, and can run. */
export function takeInHistory(world, record) {
	for (const t of world[record.type].transactions) if (isOf(record, t)) t.record = record;
}
