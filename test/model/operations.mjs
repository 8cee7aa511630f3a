/*
 * operations.mjs
 *	What can happen, by name: to the model here, to the database in step.sql.
 *
 * An operation is data: {key, does, type, ...}. What it refers to it names by
 * the operation that made it, so that a history stays meaningful when others
 * are taken out of it; resolve() puts the ids in the place of names.
 */
import { cloneWorld, FIELDS, fieldsOf, nameFor, recordOfRow, Refusal, store, takeTransactionId, transactionNamed, transactionsOf } from './world.mjs';
import { disabledReason, insertTransaction, recordOfGithubComment, recordOfIssue, requeue } from './rules.mjs';
import { answered, fail, giveBack, tryAgain } from './answers.mjs';
import { beginCreation, creationNotFound, creationRejected } from './creation.mjs';
import { deletedByUs, missing } from './missing.mjs';
import { claim } from './claim.mjs';
import { importHistory } from './imported.mjs';
import { answerWithName, confirmName, nameRepo } from './names.mjs';
import { setInstallation, setRepo, setRepoSync } from './switches.mjs';
import { removeRow } from './local_deletion.mjs';
import { link, unlink } from './link.mjs';
import { prune } from './prune.mjs';
import { insertOutbound, insertOutboundDelete } from './outbound.mjs';
import { retry } from './retry.mjs';

const LOWEST_PRIORITY = 32767;

function insertInbound(world, type, row) {
	const record = type === 'task'
		? recordOfIssue(world, row.repo, row.number, row.githubId)
		: recordOfGithubComment(world, row.repo, row.number, row.githubId);
	if (row.T === null && row.action === 'upsert' && (record.prefer === null || record.localBase !== null)) throw new Refusal('23502');
	return { record, direction: 'inbound', action: row.action, T: row.T, priority: row.priority };
}

function insert(world, { type, rows }) {
	const results = [];
	for (const row of rows) {
		const id = takeTransactionId(world, type);
		const name = nameFor(world);
		const t = row.direction === 'inbound'
			? insertTransaction(world, type, name, id, insertInbound(world, type, row))
			: row.action === 'delete' ? insertOutboundDelete(world, type, name, id, row) : insertOutbound(world, type, name, id, row);
		results.push(`${t.id} ${t.stateAtInsert}`);
	}
	return results.join('; ');
}

/* ------------------------------------------------------------------------ */
/* The application */

const placeOf = (type, row) => (type === 'task' ? row.repo : row.task);

function captureChange(world, type, row, before, isMoved) {
	if (!world.capture[type]) return;
	const after = fieldsOf(type, row);
	if (before && !isMoved && after.every((value, i) => value === before[i])) return;
	if (!isOfKnownRepo(world, type, row)) return;
	const record = recordOfRow(world, type, row.id);
	/* now: later than any time of GitHub's clock. */
	if (before && record) after.forEach((value, i) => { if (value !== before[i]) record.localChanged[i] = Infinity; });
	insertOutbound(world, type, nameFor(world), takeTransactionId(world, type), { local: row.id, action: 'upsert', priority: 100 });
}

function isOfKnownRepo(world, type, row) {
	if (recordOfRow(world, type, row.id)) return true;
	if (type === 'task') return world.repos.has(row.repo);
	const task = world.task.rows.get(row.task);
	return task !== undefined && (recordOfRow(world, 'task', task.id) !== undefined || world.repos.has(task.repo));
}

function addRow(world, { type, id, values, repo, task, modified }) {
	const { rows } = world[type];
	if (rows.has(id)) throw new Refusal('23505');
	if (type === 'comment' && task !== null && !world.task.rows.has(task)) throw new Refusal('23503');
	const row = type === 'task' ? { id, title: null, body: null, state: 'open', labels: null, repo } : { id, body: null, task };
	store(row, values);
	row.modified = modified;
	rows.set(id, row);
	captureChange(world, type, row, null, false);
	return '1';
}

function editRow(world, { type, id, values, modified, ...place }) {
	const row = world[type].rows.get(id);
	if (!row) return '0';
	const before = fieldsOf(type, row);
	const placeBefore = placeOf(type, row);
	store(row, values);
	if (place.repo !== undefined) row.repo = place.repo;
	if (place.task !== undefined) row.task = place.task;
	if (type === 'comment' && row.task !== null && !world.task.rows.has(row.task)) throw new Refusal('23503');
	row.modified = modified;
	captureChange(world, type, row, before, placeOf(type, row) !== placeBefore);
	return '1';
}

/* ------------------------------------------------------------------------ */
/* People and settings */

function retryAll(world) {
	let retried = 0;
	for (const type of ['task', 'comment']) {
		const errored = world[type].transactions.filter((t) => t.state === 'errored')
			.sort((a, b) => (a.record?.order ?? Infinity) - (b.record?.order ?? Infinity) || a.id - b.id);
		for (const t of errored) {
			retry(world, { type, id: t.id });
			retried++;
		}
	}
	return String(retried);
}

/* What no worker holds goes back into the queue, by the rules. */
function recover(world, { type, held }) {
	const orphans = world[type].transactions.filter((t) => t.state === 'processing' && !held.includes(t.id));
	for (const t of orphans) requeue(world, t, null);
	return String(orphans.length);
}

/* Nothing has settled its last change: asked once more, behind all else. */
function settle(world, record) {
	if (!record.settles) return;
	record.settles = transactionsOf(world, record).some((t) => ['queued', 'processing'].includes(t.state));
	if (record.settles || record.local === null || record.githubId === null || record.deleted !== null) return;
	if (disabledReason(world, record.repo, 'inbound')) return;
	insertTransaction(world, record.type, nameFor(world), takeTransactionId(world, record.type), {
		record, direction: 'inbound', T: record.updated, priority: LOWEST_PRIORITY,
	});
}

/* Every retry time comes, and the pause of a repository ends. */
function timePasses(world) {
	for (const type of ['task', 'comment']) {
		for (const t of world[type].transactions) {
			t.isOld = true;
			if (t.state === 'queued' && t.waits !== 'parent') t.waits = null;
		}
		for (const attempt of world[type].attempts) attempt.isOld = true;
		for (const record of [...world[type].records].sort((a, b) => a.order - b.order)) settle(world, record);
	}
	for (const repo of world.repos.values()) repo.pause = null;
	return '';
}

const OPERATIONS = {
	insert,
	'add row': addRow,
	'edit row': editRow,
	'remove row': removeRow,
	capture: (world, { type, enabled }) => { world.capture[type] = enabled; return ''; },
	claim,
	answer: answered,
	'begin creation': (world, arguments_) => beginCreation(world, arguments_, nameFor(world)),
	'creation rejected': creationRejected,
	'creation not found': creationNotFound,
	'give back': giveBack,
	'try again': tryAgain,
	fail,
	recover,
	retry,
	'retry all': retryAll,
	missing,
	deleted: deletedByUs,
	'set repo': setRepo,
	'set repo sync': setRepoSync,
	'set installation': setInstallation,
	'import': importHistory,
	'name repo': nameRepo,
	'repo answered': answerWithName,
	'repo confirmed': confirmName,
	pause: (world, { paused }) => { world.installation.paused = paused; return ''; },
	'time passes': timePasses,
	link,
	unlink,
	prune,
};

/* Ids for names; what was never made has the id 0. */
export function resolve(world, operation) {
	const resolved = { ...operation };
	const { type } = operation;
	if (operation.transaction !== undefined) {
		const t = transactionNamed(world, type, operation.transaction);
		resolved.id = t?.id ?? 0;
		resolved.claimNo = (t?.claimNo ?? 0) - (operation.stale ? 1 : 0);
	}
	if (operation.held) resolved.held = operation.held.map((name) => transactionNamed(world, type, name)?.id ?? 0);
	if (operation.resource) {
		const { keyOf } = operation.resource;
		const attempt = keyOf === null ? undefined : world[type].attempts.find((a) => a.key === keyOf);
		resolved.resource = { ...operation.resource, keyOf: attempt?.id ?? null };
		/* With the key taken out nothing is left, but something was there. */
		if (attempt) resolved.resource.fields = operation.resource.fields.map((value, i) => (FIELDS[type][i] === 'body' ? value ?? '' : value));
	}
	return resolved;
}

/*
 * Plays an operation on a world. -> {world, resolved, result}; a refusal leaves
 * the world as it was, but for the ids that it used up.
 */
export function play(world, operation, resolved = resolve(world, operation)) {
	world.operation = operation.key;
	world.madeByOperation = 0;
	world.overlooksSwitches = resolved.overlooksSwitches ?? false;
	world.seenPause = resolved.seenPause ?? null;
	world.asksAnyway = resolved.asksAnyway ?? false;
	const before = cloneWorld(world);
	try {
		return { world, resolved, result: OPERATIONS[operation.does](world, resolved) };
	} catch (error) {
		if (!(error instanceof Refusal)) throw error;
		for (const type of ['task', 'comment']) {
			for (const counter of ['nextTransaction', 'nextRow', 'nextAttempt']) before[type][counter] = world[type][counter];
		}
		return { world: before, resolved, result: `raised ${error.sqlstate}` };
	}
}
