/*
 * answers.mjs
 *		One correct answer, and what is made of it before it is sent.
 *
 * An answer is { status, headers: [[name, value]], body: Buffer, interim:
 * [status], sending: name of the way it is sent or null }.  What was changed is
 * told by its names.
 */
import { BODY_CHANGES, encoded } from './bodies.mjs';
import { HEADER_CHANGES, interimStatuses, oddStatus, refusal } from './headers.mjs';

/* By weight. */
const PLACES = { body: 50, header: 22, status: 8, refusal: 6, encoding: 5, interim: 3, sending: 22 };

const CHANGES = {
	body: (dice, answer, context) => {
		const name = dice.pick(Object.keys(BODY_CHANGES));
		const body = BODY_CHANGES[name](dice, answer.body, context);

		return body === null ? null : [`body: ${name}`, { body }];
	},
	header: (dice, answer, context) => {
		const name = dice.pick(Object.keys(HEADER_CHANGES));

		return [`header: ${name}`, { headers: HEADER_CHANGES[name](dice, answer.headers, context) }];
	},
	status: (dice) => ['status: another', { status: oddStatus(dice) }],
	refusal: (dice, answer, context) => ['status: a refusal', refusal(dice, context)],
	encoding: (dice, answer) => {
		const [body, encoding] = encoded(dice, answer.body);

		return ['body: encoded', { body, headers: [...answer.headers, ['content-encoding', encoding]] }];
	},
	interim: (dice) => ['status: interim ones before it', { interim: interimStatuses(dice) }],
};

/* ways: the names of the ways in which this protocol can send it wrongly, by weight. */
export function change(dice, correct, ways, context) {
	let answer = { interim: [], sending: null, ...correct };
	const names = [];

	for (let left = Number(dice.weighted({ 1: 7, 2: 2, 3: 1 })); left > 0; left--) {
		const place = dice.weighted(PLACES);
		const made = place === 'sending' ? changeOfSending(dice, ways) : CHANGES[place](dice, answer, context);

		if (made !== null) {
			names.push(made[0]);
			answer = { ...answer, ...made[1] };
		}
	}
	return { answer, names };
}

function changeOfSending(dice, ways) {
	const sending = dice.weighted(ways);

	return [`sent: ${sending}`, { sending }];
}
