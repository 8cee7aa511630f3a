/*
 * report.mjs
 *	A failure, for a reader.
 */

const toldValue = (value) => (typeof value === 'object' && value !== null ? JSON.stringify(value) : String(value));

function toldOperation({ key, does, ...rest }) {
	return `${String(key).padStart(3)}  ${does} ${Object.entries(rest).map(([name, value]) => `${name}=${toldValue(value)}`).join(' ')}`;
}

function toldMoment({ operations, held, repeatableRead }) {
	if (operations.length === 1) return [toldOperation(operations[0])];
	return [
		`     at once${held ? ', meeting at the records' : ''}${repeatableRead ? ', repeatable read' : ''}:`,
		...operations.map(toldOperation),
	];
}

const linesOf = (text) => (text ? text.split('\n') : []);

function toldDifference({ step, what, expected, observed, before }) {
	const [result, state, message] = observed ?? ['nothing', '', null];
	const model = linesOf(expected.state);
	const database = linesOf(state);
	return [
		'before the last step:',
		...linesOf(before).map((line) => `  ${line}`),
		`step ${step + 1}, ${what}:`,
		`  model     answers: ${expected.result}`,
		`  database  answers: ${result}${message ? ` (${message})` : ''}`,
		...model.filter((line) => !database.includes(line)).map((line) => `  model     ${line}`),
		...database.filter((line) => !model.includes(line)).map((line) => `  database  ${line}`),
	];
}

/* -> lines */
export function toldFailure({ seed, history, difference, again }) {
	return [
		`seed ${seed}; what is left of its history (an operation is named by its number, what it made by number.position):`,
		...history.flatMap((element) => (element.operations ? toldMoment(element) : [toldOperation(element)])),
		...toldDifference(difference),
		`again: ${again}`,
	];
}
