/*
 * missing.mjs
 *	GitHub does not show the resource (404, 410): what its repository then says
 *	decides; a deletion is believed when it is seen twice.
 */
import { end, isDirty, release, requeue } from './rules.mjs';
import { heldClaim } from './claim.mjs';
import { fail } from './answers.mjs';
import { unlink } from './link.mjs';
import { deleteRow } from './local_deletion.mjs';
import { transactionsOf } from './world.mjs';
import { loseAccess, pauseRepo } from './switches.mjs';

const ASKED_AGAIN_AFTER_S = 60;
const NEWS_ASKED_FOR = 3;

/* A comment's row, where the repository says so; never a dirty one. */
function deleteLocalComment(world, record, issueIsShown) {
	const repo = world.repos.get(record.repo);
	if (record.type !== 'comment' || record.local === null || repo.onRemoteDelete !== 'delete' || repo.direction === 'outbound') return;
	/* Nobody saw it where it would be now: its issue may have gone where we cannot look. */
	if (isDirty(world, record) || record.seen === null || !issueIsShown) return;
	/* No deletion of the application's: should the comment come back, it becomes a row again. */
	const row = record.local;
	unlink(world, { type: 'comment', row });
	deleteRow(world, 'comment', row);
}

function setTombstone(world, t, at, issueIsShown = true) {
	const { record } = t;
	const isNew = record.deleted === null;
	Object.assign(record, { deleted: at, missingSince: null, sent: null, sentMask: null });
	if (isNew && record.type === 'task') release(world, record);
	if (t.direction === 'outbound' && t.action === 'upsert') return fail(world, { ...t, code: 'gone' });
	if (t.action === 'delete') t.T = at;
	end(world, t, { state: 'completed' });
	/* A row that we deleted there is kept here as the application has it. */
	if (t.direction === 'inbound') deleteLocalComment(world, record, issueIsShown);
	return t.state;
}

/* A transaction told of it within ten minutes, or it was created lately: all creations of a history are. */
const isNews = (world, record) => transactionsOf(world, record).some((t) => t.direction === 'inbound' && t.action === 'upsert' && !t.isOld)
	|| world[record.type].attempts.some((a) => a.record === record && a.outcome === 'created');

/* A replica that lags: asked again after 2, 5 and 15 s. Of a comment that is still to be created, it is the issue. */
function mayBeLate(world, t) {
	const { record } = t;
	if (t.lagging >= NEWS_ASKED_FOR || (t.direction === 'inbound' && t.action === 'delete')) return false;
	if (record.type === 'comment' && record.githubId === null) return record.parent !== null && isNews(world, record.parent);
	return isNews(world, record);
}

export function missing(world, { type, id, claimNo, at, repository }) {
	const t = heldClaim(world, type, id, claimNo);
	if (!t) return 'stale';
	const { record } = t;
	if (repository === 'not readable') {
		loseAccess(world, record.repo);
		return requeue(world, t, null);
	}
	if (repository === 'issues disabled') {
		pauseRepo(world, record.repo);
		return requeue(world, t, null);
	}
	if (mayBeLate(world, t)) {
		t.lagging++;
		record.missingSince = null;
		return requeue(world, t, 'later');
	}
	if (record.missingSince === null || at < record.missingSince + ASKED_AGAIN_AFTER_S) {
		record.missingSince ??= at;
		return requeue(world, t, 'later');
	}
	const existed = (type === 'task' ? record.number : record.githubId) !== null;
	if (existed) return setTombstone(world, t, at, repository !== 'issue not shown');
	record.missingSince = null;
	return fail(world, { type, id, claimNo, code: 'gone' });
}

export function deletedByUs(world, { type, id, claimNo, at }) {
	const t = heldClaim(world, type, id, claimNo);
	return t ? setTombstone(world, t, at) : 'stale';
}
