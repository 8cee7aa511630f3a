/*
 * concurrent.mjs
 *	Operations that happen at the same moment, in sessions of their own: what
 *	the database holds afterwards must be what some order of them leads to.
 */
import { cloneWorld, describe, TYPES } from './world.mjs';
import { play } from './operations.mjs';
import { brokenInvariant } from './invariants.mjs';

const REPORTS = ['answer', 'missing', 'deleted', 'give back', 'try again', 'fail', 'begin creation', 'creation rejected', 'creation not found'];

/* What a worker reports: it gives way where it and the application wait for each other. */
export const isReport = ({ does }) => REPORTS.includes(does);

/*
 * It did not happen, and whoever asked for it asks again: an older snapshot; an answer to a record or row that somebody
 * holds; a report that waits for an application which waits for it.
 */
const DID_NOT_HAPPEN = {
	'raised 40P01': isReport,
	'raised 40001': (operation, { repeatableRead }) => repeatableRead,
	'raised 55P03': ({ does }) => ['answer', 'missing', 'deleted'].includes(does),
};

const didHappen = ({ operation, result }, moment) => !DID_NOT_HAPPEN[result]?.(operation, moment);

const ALONE = ['set repo', 'set repo sync', 'set installation', 'import', 'name repo', 'repo answered', 'repo confirmed', 'pause', 'capture', 'prune', 'recover', 'retry all', 'time passes'];

/* What changes many records at once, or a switch, has its own rules about whom it leaves alone. */
export function mayRunBeside(operation, others) {
	if (ALONE.includes(operation.does)) return false;
	if (operation.does === 'missing' && operation.repository !== 'readable') return false;
	if (operation.rows?.length > 1) return false;
	/* Ids of attempts are not told. */
	return operation.does !== 'begin creation' || !others.some((other) => other.does === 'begin creation');
}

function* permutations(list) {
	if (list.length <= 1) {
		yield list;
		return;
	}
	for (const [i, first] of list.entries()) {
		for (const rest of permutations([...list.slice(0, i), ...list.slice(i + 1)])) yield [first, ...rest];
	}
}

function* subsets(list) {
	for (let mask = 0; mask < 1 << list.length; mask++) yield list.filter((_, i) => mask & (1 << i));
}

/* Places in line of what ran at the same time are the database's to give. */
const withoutPlaces = (state) => state.replaceAll(/ place=\S+/g, '').split('\n').sort().join('\n');

const idsIn = (state, pattern, from) => [...state.matchAll(pattern)].map((match) => Number(match[1])).filter((id) => id >= from);

const isInserted = ({ operation, result }) => operation.does === 'insert' && !result.startsWith('raised');
const idOf = (result) => Number(result.split(' ')[0]);

/* -> for each record type which ids the database gave, beyond those of plain inserts */
function newIds(world, outcomes, state) {
	const ids = {};
	const given = outcomes.filter(isInserted).map(({ operation, result }) => `${operation.type} ${idOf(result)}`);
	for (const type of TYPES) {
		ids[type] = idsIn(state, new RegExp(`^${type} (\\d+) `, 'gm'), world[type].nextTransaction)
			.filter((id) => !given.includes(`${type} ${id}`));
	}
	return ids;
}

const newRows = (world, state) => Object.fromEntries(TYPES.map((type) =>
	[type, idsIn(state, new RegExp(`^row ${type} (\\d+) `, 'gm'), world[type].nextRow)]));

function* assignments(ids) {
	for (const task of permutations(ids.task)) for (const comment of permutations(ids.comment)) yield { task: [...task], comment: [...comment] };
}

/*
 * What is left open on purpose, as nobody waits for another there: a row that is inserted while the switches of its
 * repository, or the issue of a comment whose task is elsewhere, are held is looked at again when it is claimed; a claim may see a pause that ends just now; two comments
 * that ask for the same issue both do.
 */
function* libertiesOf(world, happened) {
	const { pause } = world.repos.get(1);
	const answered = happened.some(({ operation }) => operation.does === 'answer');
	const comments = happened.filter(({ operation }) => operation.type === 'comment');
	const besideTasks = comments.length > 0 && comments.length < happened.length;
	for (const blind of answered || besideTasks ? subsets(happened) : [[]]) {
		for (const seenPause of pause === null ? [null] : [null, pause]) {
			for (const asksAnyway of comments.length > 1 ? [false, true] : [false]) {
				yield (outcome) => ({ overlooksSwitches: blind.includes(outcome), seenPause, asksAnyway });
			}
		}
	}
}

/* An order of what happened, with its liberties. */
function* schedules(world, happened) {
	for (const libertyOf of libertiesOf(world, happened)) {
		for (const order of [...permutations(happened)].filter(isInTurn)) {
			yield* withPassedOver(world, order.map((outcome) => ({ ...outcome, resolved: { ...outcome.resolved, ...libertyOf(outcome) } })), 0);
		}
	}
}

/* Each claim may have passed over whatever others held. */

function* withPassedOver(world, order, from) {
	const i = order.findIndex(({ operation }, n) => n >= from && operation.does === 'claim');
	if (i < 0) {
		yield order;
		return;
	}
	const { operation } = order[i];
	const queued = world[operation.type].transactions.filter((t) => t.state === 'queued').map((t) => t.id);
	for (const passedOver of subsets(queued)) {
		const varied = [...order];
		varied[i] = { ...order[i], resolved: { ...order[i].resolved, passedOver } };
		yield* withPassedOver(world, varied, i + 1);
	}
}

/*
 * A claim takes row after row, and sees what was committed meanwhile: others may come between two of its parts. What
 * it claimed is told in that order.
 */
function* inParts(happened) {
	yield happened;
	for (const claim of happened.filter(({ operation }) => operation.does === 'claim')) {
		const claimed = claim.result === '' ? [] : claim.result.split('; ');

		for (let taken = 0; taken <= claimed.length; taken++) {
			const first = { ...claim, result: claimed.slice(0, taken).join('; ') };
			const second = { ...claim, after: first, result: claimed.slice(taken).join('; '),
				operation: { ...claim.operation, slots: claim.operation.slots - taken } };

			yield happened.flatMap((outcome) => (outcome === claim ? [first, second] : [outcome]));
		}
	}
}

const isInTurn = (order) => order.every(({ after }, i) => !after || order.slice(0, i).includes(after));

function playSchedule(world, schedule, ids, rows) {
	let played = cloneWorld(world);
	Object.assign(played, { givenIds: structuredClone(ids), givenRows: structuredClone(rows) });
	for (const outcome of schedule) {
		if (isInserted(outcome)) played.givenIds[outcome.operation.type].unshift(idOf(outcome.result));
		const next = play(played, outcome.operation, outcome.resolved);
		if (next.result !== outcome.result) return null;
		played = next.world;
	}
	delete played.givenIds;
	delete played.givenRows;
	return played;
}

/* The places that the database gave, as they may count later. */
function adoptPlaces(world, places) {
	for (const type of TYPES) {
		for (const t of world[type].transactions) if (t.place !== null) t.place = places[type][t.id] - 1;
	}
}

/*
 * outcomes: [{operation, resolved, result}, ...]; state, places in line and counters of ids: afterwards.
 * -> the world that some order of the operations leads to, as the database has it; null: none.
 */
export function explain(world, moment, outcomes, { state, places, counters }) {
	const happened = outcomes.filter((outcome) => didHappen(outcome, moment));
	const wanted = withoutPlaces(state);
	const ids = newIds(world, outcomes, state);
	const rows = newRows(world, state);
	for (const parts of inParts(happened)) {
		for (const schedule of schedules(world, parts)) {
			for (const givenIds of assignments(ids)) {
				for (const givenRows of assignments(rows)) {
					const played = playSchedule(world, schedule, givenIds, givenRows);
					if (!played || withoutPlaces(describe(played)) !== wanted || brokenInvariant(played)) continue;
					adoptPlaces(played, places);
					for (const type of TYPES) Object.assign(played[type], counters[type]);
					return played;
				}
			}
		}
	}
	return null;
}

/* For a report: what the operations one after the other lead to. */
export function inTurn(world, operations) {
	let played = cloneWorld(world);
	const results = operations.map((operation) => {
		const next = play(played, operation);
		played = next.world;
		return next.result;
	});
	return { results, state: describe(played) };
}
