/*
 * history.mjs
 *	A history is a list of operations, one after the other: made from a seed, or
 *	given; what the model expects of each; and where the database differs.
 */
import { runHistory } from './database.mjs';
import { Generator } from './generator.mjs';
import { brokenInvariant } from './invariants.mjs';
import { play } from './operations.mjs';
import { Random } from './prng.mjs';
import { describe, newWorld } from './world.mjs';

/* Not all are equally long. */
export const lengthOf = (seed) => new Random(seed ^ 0x5bd1e995).between(10, 30);

const expectation = (operation, { resolved, result }, world) =>
	({ operation, resolved, result, state: describe(world), broken: brokenInvariant(world) });

/* -> what the model expects, step by step */
export function expectAtRandom(seed) {
	const generator = new Generator(new Random(seed));
	const length = lengthOf(seed);
	const steps = [];
	while (steps.length < length || generator.isOpening) {
		const played = generator.next();
		steps.push(expectation(played.operation, played, generator.world));
	}
	return steps;
}

export function expect(operations) {
	let world = newWorld();
	return operations.map((operation) => {
		const played = play(world, operation);
		world = played.world;
		return expectation(operation, played, world);
	});
}

/* observed: [result, state, message] of each step -> the first difference, or null */
function firstDifference(steps, observed) {
	for (const [step, expected] of steps.entries()) {
		const [result, state] = observed[step] ?? ['nothing', ''];
		const what = expected.broken ? `the model itself: ${expected.broken}`
			: result !== expected.result ? 'answer' : state !== expected.state ? 'state' : null;
		if (what) return { step, what, expected, observed: observed[step], before: steps[step - 1]?.state ?? '' };
	}
	return null;
}

/* -> where the database differs from what is expected, or null */
export async function compare(session, steps) {
	return firstDifference(steps, await runHistory(session, steps.map((s) => s.resolved)));
}
