/*
 * shrink.mjs
 *	The smallest history that still fails: elements are taken out, larger parts
 *	first, then made smaller themselves, as long as a difference remains.
 */

/* What follows the difference does not matter. */
const upTo = (history, difference) => history.slice(0, difference.step + 1);

async function takeOut(best, fails) {
	for (let size = Math.ceil(best.history.length / 2); size >= 1; size = size === 1 ? 0 : Math.ceil(size / 2)) {
		for (let from = best.history.length - size; from >= 0; from--) {
			const rest = [...best.history.slice(0, from), ...best.history.slice(from + size)];
			const difference = rest.length ? await fails(rest) : null;
			if (!difference) continue;
			best = { history: upTo(rest, difference), difference };
			from = Math.min(from, best.history.length - size + 1);
		}
	}
	return best;
}

/* smaller: element -> elements with a part less */
async function makeSmaller(best, fails, smaller) {
	for (let i = 0; i < best.history.length; i++) {
		for (const element of smaller(best.history[i])) {
			const changed = [...best.history.slice(0, i), element, ...best.history.slice(i + 1)];
			const difference = await fails(changed);
			if (!difference) continue;
			best = { history: upTo(changed, difference), difference };
			i--;
			break;
		}
	}
	return best;
}

/* fails: history -> its difference or null. -> {history, difference} */
export async function shrink(history, difference, fails, smaller) {
	let best = { history: upTo(history, difference), difference };
	best = await takeOut(best, fails);
	best = await makeSmaller(best, fails, smaller);
	return takeOut(best, fails);
}

const without = (list) => (list.length > 1 ? list.map((_, i) => list.filter((__, n) => n !== i)) : []);

export const smallerOperation = (operation) => without(operation.rows ?? []).map((rows) => ({ ...operation, rows }));

export const smallerMoment = (moment) => [
	...without(moment.operations).map((operations) => ({ ...moment, operations })),
	...moment.operations.flatMap((operation, i) => smallerOperation(operation).map((small) =>
		({ ...moment, operations: moment.operations.map((other, n) => (n === i ? small : other)) }))),
];
