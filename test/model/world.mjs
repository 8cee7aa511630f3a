/*
 * world.mjs
 *	The state that the model keeps, and how it is told in lines that the
 *	database's state (observe.sql) is told in as well.
 *
 * Times of GitHub's clock, and modified_at, are seconds of one minute.  What
 * the queue takes from the server's clock is kept as an order alone: a place
 * in line is a number that only ever grows.
 */

import { nameSet } from './labels.mjs';

export const TYPES = ['task', 'comment'];
export const FIELDS = { task: ['title', 'body', 'state', 'labels'], comment: ['body'] };
/* The accounts that we have sent as, by GitHub's ids: it may have been another one yesterday. */
export const OUR_ACCOUNTS = ['our-app[bot]', 'our-user'];
export const ACCOUNT_IDS = { 'our-app[bot]': 41, 'our-user': 42, octocat: 43, mallory: 44 };

/* The application's table refuses this title (23514), and its trigger takes spaces off the end of a body. */
export const REFUSED_TITLE = 'refused';
const rewritten = (body) => (body === null ? null : body.replace(/ +$/, ''));

/* What the database raises, and the model foretells. */
export class Refusal extends Error {
	constructor(sqlstate) {
		super(sqlstate);
		this.sqlstate = sqlstate;
	}
}

const newSide = () => ({ rows: new Map(), records: [], transactions: [], attempts: [], nextTransaction: 1, nextRow: 101, nextAttempt: 1 });

const newRepo = (id, name) => ({
	id, enabled: true, direction: 'both', policy: 'last_write_wins', onRemoteDelete: 'keep', onLocalDelete: 'keep',
	accessLost: false, pause: null, name, nameLost: false,
});

export function newWorld() {
	return {
		installation: { state: 'active', paused: false },
		repos: new Map([[1, newRepo(1, 'app')], [2, newRepo(2, 'site')]]),
		capture: { task: false, comment: false },
		task: newSide(),
		comment: newSide(),
		conflicts: [],
		/* Issues of which GitHub left labels out, until it takes the next ones of their repository. */
		notTaken: [],
		instants: 0,
		recordsMade: 0,
		/* Names what an operation makes: the operation's key and how many came before. */
		operation: null,
		madeByOperation: 0,
		/* Somebody holds the switches of the repository: a new row is not disabled yet. */
		overlooksSwitches: false,
		/* The pause of the repository, which ends just now. */
		seenPause: null,
		/* Another comment asks for the same issue at the same time. */
		asksAnyway: false,
	};
}

export const cloneWorld = (world) => structuredClone(world);

/* The id of a new transaction; where operations run at the same time, the one that the database gave it. */
export const takeTransactionId = (world, type) => world.givenIds?.[type].shift() ?? world[type].nextTransaction++;

export const takeRowId = (world, type) => world.givenRows?.[type].shift() ?? world[type].nextRow++;

export const nameFor = (world) => `${world.operation}.${world.madeByOperation++}`;

/* ------------------------------------------------------------------------ */
/* Records */

export function newRecord(world, type, attributes) {
	const none = () => FIELDS[type].map(() => null);
	const record = {
		order: world.recordsMade++, type, repo: null, number: null, githubId: null, parent: null, local: null,
		remote: none(), remoteBase: null, localBase: null, remoteChanged: none(), localChanged: none(),
		sent: null, sentMask: null, written: none(), replaced: none(), settles: false, updated: null, seen: null, deleted: null, localDeleted: false,
		prefer: null, missingSince: null, localRepo: null,
		...attributes,
	};
	world[type].records.push(record);
	return record;
}

export const recordOfRow = (world, type, row) => world[type].records.find((r) => r.local === row);

export const transactionsOf = (world, record) => world[record.type].transactions.filter((t) => t.record === record);

export const openAttempt = (world, record) => world[record.type].attempts.find((a) => a.record === record && a.outcome === null);

export function transactionNamed(world, type, name) {
	return world[type].transactions.find((t) => t.name === name);
}

/* ------------------------------------------------------------------------ */
/* Rows of the application */

/* A state column has two meanings: closed, and whatever else. */
export function fieldsOf(type, row) {
	if (type === 'comment') return [row.body];
	return [row.title, row.body, row.state === 'closed' ? 'closed' : 'open', nameSet(row.labels)];
}

export function localFields(world, record) {
	return fieldsOf(record.type, world[record.type].rows.get(record.local));
}

/* Puts values into a row as the application's table stores them. */
export function store(row, values) {
	const stored = { ...values };
	if ('body' in stored) stored.body = rewritten(stored.body);
	if ('title' in stored && stored.title === REFUSED_TITLE) throw new Refusal('23514');
	Object.assign(row, stored);
}

/* ------------------------------------------------------------------------ */
/* Told in lines */

const told = (value) => {
	if (value === null || value === undefined) return '-';
	if (Array.isArray(value)) return `{${value.map(told).join(',')}}`;
	return typeof value === 'string' ? `"${value.replaceAll('\r', '\\r').replaceAll('\n', '\\n')}"` : String(value);
};

function toldRecord(record) {
	if (!record) return '-';
	const at = record.type === 'task' ? record.number : record.githubId;
	if (at !== null) return `${record.repo}#${at}`;
	return record.local === null ? 'stub' : `row${record.local}`;
}

const toldReference = (word, transaction) => (transaction ? ` ${word} ${transaction.id}` : '');

const placesOf = (transactions) => transactions.filter((t) => t.state === 'queued' || t.state === 'processing')
	.sort((a, b) => a.place - b.place);

function toldTransaction(transaction, places) {
	const t = transaction;
	const place = places.indexOf(t);
	return `${t.type} ${t.id} ${t.direction} ${t.action} ${t.state}${toldReference('by', t.canceledBy)}` +
		`${toldReference('of', t.duplicateOf)}${toldReference('for', t.droppedFor)}` +
		`${t.disabledReason ? ` ${t.disabledReason}` : ''}${t.errorCode ? ` ${t.errorCode}` : ''}` +
		` T=${told(t.T)} ${toldRecord(t.record)} priority=${t.priority} attempts=${t.attempts} claim=${t.claimNo}` +
		` place=${place < 0 ? '-' : place + 1}${t.state === 'queued' && t.waits ? ` waits=${t.waits === 'pause' ? 'later' : t.waits}` : ''}`;
}

function toldCachedRecord(world, record) {
	const r = record;
	const attempts = world[r.type].attempts.filter((a) => a.record === r);
	return `cached ${r.type} ${toldRecord(r)} id=${told(r.githubId)} row=${told(r.local)}` +
		`${r.type === 'comment' ? ` parent=${toldRecord(r.parent)}` : ''} remote=${told(r.remote)} updated=${told(r.updated)}` +
		` seen=${told(r.seen)} changed=${told(r.remoteChanged)} bases=${told(r.localBase)}${told(r.remoteBase)}` +
		` stamped=${told(r.localChanged.map((stamp) => stamp !== null))}` +
		` sent=${told(r.sent && r.sent.map((value, i) => (r.sentMask[i] ? value : null)))}` +
		` settles=${r.settles} missing=${told(r.missingSince)} deleted=${told(r.deleted)} local_deleted=${r.localDeleted} prefers=${r.prefer ?? '-'}` +
		` attempts=${told(attempts.map((a) => a.outcome ?? 'open'))}`;
}

function toldRow(type, row) {
	const fields = FIELDS[type].filter((field) => field !== 'labels').map((field) => row[field]);
	return `row ${type} ${row.id} ${told(fields)}${type === 'task' ? ` labels=${told(row.labels)}` : ''} modified=${told(row.modified)} of=${(type === 'task' ? row.repo : row.task) ?? '-'}`;
}

const toldConflict = (c) =>
	`conflict ${c.type} ${c.transaction.id} ${c.field} base=${told(c.base)} local=${told(c.local)} remote=${told(c.remote)} ${c.winner}`;

const toldRepo = (repo) => `repo ${repo.id} ${told(repo.name)} lost=${repo.nameLost}`;

/* Of the record; of one that failed before it had one, of the row. */
const alikeOf = (world, t) => (t.record !== null ? transactionsOf(world, t.record)
	: world[t.type].transactions.filter((other) => t.local !== undefined && world[t.type].rows.has(t.local) && other.local === t.local));

/* What an error told is over: its record was synced since, or GitHub has it no longer; or it failed again, which is the error now. */
function isOutdated(world, t) {
	const isSame = (later) => later.action === t.action && (later.state === 'completed' && (later.direction === t.direction || t.direction === 'inbound')
		|| later.state === 'duplicate' && later.direction === t.direction && (later.direction === 'outbound' || later.claimNo > 0)
		|| later.state === 'errored' && (later.direction === t.direction || t.direction === 'inbound' && later.errorCode === t.errorCode));
	const isDeletion = (later) => t.direction === 'inbound' && later.direction === 'inbound' && later.action === 'delete' && later.state === 'completed';
	/* What happens to the resource alone, once it went where it is not followed, does nothing for the row. */
	const isUnlinked = t.errorCode === 'transferred' && t.record !== null && t.record.local === null;
	return !isUnlinked && alikeOf(world, t).some((later) => later.finished > t.finished && (isSame(later) || isDeletion(later)));
}

/* In an order that does not depend on anybody's: lines are sorted by their bytes. */
export function describe(world) {
	const lines = [...world.conflicts.map(toldConflict), ...[...world.repos.values()].map(toldRepo)];
	for (const type of TYPES) {
		const side = world[type];
		const places = placesOf(side.transactions);
		for (const transaction of side.transactions) {
			lines.push(toldTransaction(transaction, places));
			if (transaction.state === 'errored' && !isOutdated(world, transaction)) lines.push(`error ${type} ${transaction.id}`);
		}
		for (const record of side.records) lines.push(toldCachedRecord(world, record));
		for (const row of side.rows.values()) lines.push(toldRow(type, row));
	}
	return lines.sort().join('\n');
}
