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
import { loseAccess, pauseRepo } from './switches.mjs';

const ASKED_AGAIN_AFTER_S = 60;

/* A comment's row, where the repository says so; never a dirty one. */
function deleteLocalComment(world, record) {
	const repo = world.repos.get(record.repo);
	if (record.type !== 'comment' || record.local === null || repo.onRemoteDelete !== 'delete' || repo.direction === 'outbound') return;
	if (isDirty(world, record)) return;
	/* No deletion of the application's: should the comment come back, it becomes a row again. */
	const row = record.local;
	unlink(world, { type: 'comment', row });
	deleteRow(world, 'comment', row);
}

function setTombstone(world, t, at) {
	const { record } = t;
	const isNew = record.deleted === null;
	Object.assign(record, { deleted: at, missingSince: null, sent: null, sentMask: null });
	if (isNew && record.type === 'task') release(world, record);
	if (t.direction === 'outbound' && t.action === 'upsert') return fail(world, { ...t, code: 'gone' });
	if (t.action === 'delete') t.T = at;
	end(world, t, { state: 'completed' });
	deleteLocalComment(world, record);
	return t.state;
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
	if (record.missingSince === null || at < record.missingSince + ASKED_AGAIN_AFTER_S) {
		record.missingSince ??= at;
		return requeue(world, t, 'later');
	}
	const existed = (type === 'task' ? record.number : record.githubId) !== null;
	if (existed) return setTombstone(world, t, at);
	record.missingSince = null;
	return fail(world, { type, id, claimNo, code: 'gone' });
}

export function deletedByUs(world, { type, id, claimNo, at }) {
	const t = heldClaim(world, type, id, claimNo);
	return t ? setTombstone(world, t, at) : 'stale';
}
