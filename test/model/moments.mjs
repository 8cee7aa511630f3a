/*
 * moments.mjs
 *	Histories in which several sessions act: a list of moments, each with one
 *	operation or with several at once.
 */
import { explain, inTurn, isReport } from './concurrent.mjs';
import { Generator } from './generator.mjs';
import { lengthOf } from './history.mjs';
import { brokenInvariant } from './invariants.mjs';
import { play, resolve } from './operations.mjs';
import { Random } from './prng.mjs';
import { describe, newWorld } from './world.mjs';

/* -> {world} that follows, or what differs */
async function happenAlone(meeting, world, operation) {
	const played = play(world, operation);
	const expected = { result: played.result, state: describe(played.world) };
	const observed = await meeting.alone(played.resolved);
	const broken = brokenInvariant(played.world);
	if (broken) return { what: `the model itself: ${broken}`, expected, observed };
	if (observed[0] !== expected.result || observed[1] !== expected.state) return { what: 'answer or state', expected, observed };
	return { world: played.world };
}

async function happenTogether(meeting, world, moment) {
	const resolved = moment.operations.map((operation) => resolve(world, operation));
	const { results, ...after } = await meeting.together(resolved.map((operation) => ({ ...operation, isReport: isReport(operation) })), moment);
	const outcomes = moment.operations.map((operation, i) => ({ operation, resolved: resolved[i], result: results[i][0] }));
	const explained = explain(world, moment, outcomes, after);
	if (explained) return { world: explained };
	const told = inTurn(world, moment.operations);
	return {
		what: 'no order of the operations leads to this (the model: as they are written here)',
		expected: { result: told.results.join(' | '), state: told.state },
		observed: [
			results.map(([result]) => result).join(' | '), after.state,
			results.map(([, message]) => message).filter(Boolean).join(' | '),
		],
	};
}

/* next: world -> the next moment, or null. -> {history, difference: null, or with its step} */
async function happen(meeting, next) {
	let world = newWorld();
	const history = [];
	await meeting.reset();
	for (let moment = next(world); moment; moment = next(world)) {
		history.push(moment);
		const before = describe(world);
		const outcome = moment.operations.length === 1
			? await happenAlone(meeting, world, moment.operations[0])
			: await happenTogether(meeting, world, moment);
		if (!outcome.world) return { history, difference: { step: history.length - 1, before, ...outcome } };
		world = outcome.world;
	}
	return { history, difference: null };
}

export function happenAtRandom(meeting, seed) {
	const generator = new Generator(new Random(seed));
	let left = lengthOf(seed);
	return happen(meeting, (world) => {
		generator.world = world;
		return left-- > 0 || generator.isOpening ? generator.moment() : null;
	});
}

/* Who comes first is up to the server: several tries. -> a difference or null */
export async function happenAgain(meeting, moments, tries) {
	for (let n = 0; n < tries; n++) {
		const left = [...moments];
		const { difference } = await happen(meeting, () => left.shift() ?? null);
		if (difference) return difference;
	}
	return null;
}
