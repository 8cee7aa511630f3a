/*
 * place.mjs
 *	Where a row belongs: a task to its repository, a comment to its task.  What
 *	is at GitHub stays where it is; what is not yet goes along with its row.
 */
import { openAttempt, recordOfRow, transactionsOf } from './world.mjs';
import { decideArrival } from './switches.mjs';

/* Why nothing of a row is sent to where its record is, or null. */
export function placeProblem(world, record) {
	const row = world[record.type].rows.get(record.local);
	if (!row) return null;
	if (record.type === 'task') {
		if (row.repo === record.repo || row.repo === record.localRepo) return null;
		return row.repo === null ? 'no_repo' : 'repo_changed';
	}
	const issue = record.parent;
	if (!issue) return null;
	/* Of an issue without a task they stay, unless their task has another one by now. */
	if (issue.local === null) return (recordOfRow(world, 'task', row.task ?? undefined) ?? issue) === issue ? null : 'repo_changed';
	if (row.task === null) return 'no_repo';
	return row.task === issue.local ? placeProblem(world, issue) : 'repo_changed';
}

/* -> what becomes of an outbound upsert of a row that was moved, or null */
export function decidePlace(world, record) {
	const problem = placeProblem(world, record);
	if (problem === 'no_repo') return { state: 'disabled', disabledReason: problem };
	return problem && { state: 'errored', errorCode: problem };
}

const isNowhereYet = (world, record) => record.githubId === null && (record.type === 'comment' || record.number === null)
	&& !openAttempt(world, record) && !transactionsOf(world, record).some((t) => t.state === 'processing');

export function taskGoesAlong(world, record) {
	const { repo } = world.task.rows.get(record.local);
	if (!isNowhereYet(world, record) || !world.repos.has(repo) || repo === record.repo || repo === record.localRepo) return;
	record.repo = record.localRepo = repo;
	decideArrival(world, record);
	for (const comment of world.comment.records.filter((other) => other.parent === record)) {
		comment.repo = repo;
		decideArrival(world, comment);
	}
}

export function commentGoesAlong(world, record, issue) {
	if (!issue || issue === record.parent || !isNowhereYet(world, record)) return;
	const isElsewhere = record.repo !== issue.repo;
	record.parent = issue;
	record.repo = issue.repo;
	for (const t of transactionsOf(world, record)) if (t.waits === 'parent') t.waits = null;
	if (isElsewhere) decideArrival(world, record);
}

/* The row names the repository that its issue is in. */
export function notePlace(world, record) {
	if (record.type !== 'task' || record.local === null) return;
	const { repo } = world.task.rows.get(record.local);
	if (repo === record.repo) record.localRepo = repo;
}
