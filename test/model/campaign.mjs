/*
 * campaign.mjs
 *	Many histories, in several databases at a time, until one fails.
 */
import { createDatabase, dropDatabase, Meeting, openSession } from './database.mjs';
import { compare, expect, expectAtRandom } from './history.mjs';
import { happenAgain, happenAtRandom } from './moments.mjs';
import { shrink, smallerMoment, smallerOperation } from './shrink.mjs';

const GUESTS = 3;
const TRIES = 5;

/* A session keeps what it compiled for each trigger there ever was: it slows down with the histories that capture changes. */
const HISTORIES_A_SESSION = 500;

/* Each kind of history: what it needs of a database, how one is tried, how one that fails is made small. */
const KINDS = {
	/* One operation after the other; rolled back at the end. */
	alone: {
		open: openSession,
		async attempt(session, seed) {
			const steps = expectAtRandom(seed);
			return { history: steps.map((step) => step.operation), difference: await compare(session, steps) };
		},
		shrink: (session, { history, difference }) =>
			shrink(history, difference, (operations) => compare(session, expect(operations)), smallerOperation),
	},
	/* Several sessions at once. */
	together: {
		open: (database) => Meeting.open(database, GUESTS),
		attempt: happenAtRandom,
		shrink: (meeting, { history, difference }) =>
			shrink(history, difference, (moments) => happenAgain(meeting, moments, TRIES), smallerMoment),
	},
};

/*
 * change: SQL that breaks a rule on purpose. Ends at the first failure, or when
 * the seconds are over. -> {histories, operations, seconds, failure: null or {seed, history, difference}}
 */
export async function campaign({ kind, seed, histories, seconds = Infinity, databases = 1, name = 'model', change = '', shrinks = true }) {
	const { open, attempt, shrink: makeSmall } = KINDS[kind];
	const done = { histories: 0, operations: 0, seconds: 0, failure: null };
	const started = { at: 0 };
	const elapsed = () => (performance.now() - started.at) / 1000;
	let next = seed;

	async function work(database) {
		let place = await open(database);
		started.at ||= performance.now();
		for (let played = 1; next < seed + histories && !done.failure && elapsed() < seconds; played++) {
			if (played % HISTORIES_A_SESSION === 0) {
				await place.close();
				place = await open(database);
			}
			const own = next++;
			const tried = await attempt(place, own);
			done.histories++;
			done.operations += tried.history.length;
			if (tried.difference && !done.failure) done.failure = { seed: own, ...tried };
		}
		done.seconds = Math.max(done.seconds, elapsed());
		if (shrinks && done.failure && !done.failure.isSmall) {
			done.failure.isSmall = true;
			Object.assign(done.failure, await makeSmall(place, done.failure));
		}
		await place.close();
	}

	await Promise.all(Array.from({ length: databases }, async (_, i) => {
		const database = `${name}_${i + 1}`;
		await createDatabase(database, change);
		await work(database);
		await dropDatabase(database);
	}));
	return done;
}
