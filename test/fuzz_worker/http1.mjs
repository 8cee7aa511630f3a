/*
 * http1.mjs
 *		HTTP/1.1 on a socket, as far as the worker speaks it; and every way in
 *		which an answer can be framed or sent wrongly.
 *
 * The bytes of an answer are made here, and not by Node, which would refuse to
 * send most of them.
 */
import { setTimeout as sleep } from 'node:timers/promises';

const END_OF_HEADERS = Buffer.from('\r\n\r\n');

/* Reads requests one after the other: answer(request) sends what it wants. */
export function serveHttp1(socket, answer) {
	let received = Buffer.alloc(0);
	let busy = false;
	const next = async () => {
		const end = received.indexOf(END_OF_HEADERS);

		if (busy || end < 0) {
			return;
		}
		const request = parse(received.subarray(0, end).toString('latin1'));
		const length = Number(request.headers['content-length'] ?? 0);

		if (received.length < end + 4 + length) {
			if (/100-continue/i.test(request.headers.expect ?? '')) {
				socket.write('HTTP/1.1 100 Continue\r\n\r\n');
			}
			return;
		}
		request.body = received.subarray(end + 4, end + 4 + length);
		received = received.subarray(end + 4 + length);
		busy = true;
		await answer(request, socket);
		busy = false;
		next();
	};

	socket.on('data', (bytes) => {
		received = Buffer.concat([received, bytes]);
		next();
	});
	socket.on('error', () => {});
}

function parse(text) {
	const [first, ...lines] = text.split('\r\n');
	const [method, target] = first.split(' ');

	return { method, target, headers: Object.fromEntries(lines.map((line) => [line.slice(0, line.indexOf(':')).toLowerCase(), line.slice(line.indexOf(':') + 1).trim()])) };
}

const latin1 = (text) => Buffer.from(text, 'latin1');
const lines = (headers) => headers.map(([name, value]) => `${name}: ${value}\r\n`).join('');
const without = (headers, name) => headers.filter(([other]) => other.toLowerCase() !== name);
const hasNoBody = ({ status, method }) => status === 204 || status === 304 || method === 'HEAD';

function head({ status, interim, headers }, { line = `HTTP/1.1 ${status} X`, more = '' } = {}) {
	return latin1(`${interim.map((code) => `HTTP/1.1 ${code} Interim\r\nx-interim: 1\r\n\r\n`).join('')}${line}\r\n${lines(without(headers, 'content-length'))}${more}\r\n`);
}

function correct(answer, line) {
	return hasNoBody(answer) ? head(answer, { line }) : Buffer.concat([head(answer, { line, more: `content-length: ${answer.body.length}\r\n` }), answer.body]);
}

function chunks(dice, body, { extension = '', end = '0\r\n\r\n' } = {}) {
	const made = [];

	for (let at = 0; at < body.length;) {
		const size = Math.min(body.length - at, dice.between(1, 2000));

		made.push(latin1(`${size.toString(16)}${extension}\r\n`), body.subarray(at, at + size), latin1('\r\n'));
		at += size;
	}
	return Buffer.concat([...made, latin1(end)]);
}

const chunked = (answer, body, more = 'transfer-encoding: chunked\r\n') => Buffer.concat([head(answer, { more }), body]);
const withLength = (answer, length) => Buffer.concat([head(answer, { more: length }), answer.body]);

/* name: (dice, answer) => the bytes. */
const FRAMES = {
	'a length too great': (dice, answer) => withLength(answer, `content-length: ${answer.body.length + dice.between(1, 5000)}\r\n`),
	'a length too small': (dice, answer) => withLength(answer, `content-length: ${dice.below(answer.body.length + 1)}\r\n`),
	'a length that is none': (dice, answer) =>
		withLength(answer, `content-length: ${dice.pick(['-1', 'x', '', '99999999999999999999999', '0x10', '1,1', '+5', '9223372036854775807'])}\r\n`),
	'two lengths': (dice, answer) => withLength(answer, `content-length: ${answer.body.length}\r\ncontent-length: ${dice.below(5000)}\r\n`),
	'chunks': (dice, answer) => chunked(answer, chunks(dice, answer.body)),
	'chunks with extensions': (dice, answer) => chunked(answer, chunks(dice, answer.body, { extension: `;${'x=y;'.repeat(dice.pick([1, 10, 5000]))}` })),
	'chunks with trailers': (dice, answer) =>
		chunked(answer, chunks(dice, answer.body, { end: `0\r\n${lines(Array.from({ length: dice.pick([1, 5, 300]) }, () => ['link', '<x>; rel="next"']))}\r\n` })),
	'chunks without an end': (dice, answer) => chunked(answer, chunks(dice, answer.body, { end: dice.pick(['', '0', '0\r\n', 'ffffffffffffffffff\r\n', '-1\r\n', 'x\r\n', '7fffffffffffffff\r\n'])})),
	'chunks and a length': (dice, answer) => chunked(answer, chunks(dice, answer.body), `transfer-encoding: chunked\r\ncontent-length: ${dice.below(5000)}\r\n`),
	'an unknown transfer encoding': (dice, answer) =>
		chunked(answer, answer.body, `transfer-encoding: ${dice.pick(['gzip, chunked', 'identity', 'x', 'chunked, chunked', ', ,', 'chunked;q=1'])}\r\n`),
	'an odd first line': (dice, answer) => correct(answer, dice.pick([
		'HTTP/1.0 200 OK', 'HTTP/2 200', 'HTTP/3 200', 'HTTP/1.1 200', 'HTTP/1.1  200 OK', 'HTTP/1.1 2000 OK', 'HTTP/1.1 20 OK', 'HTTP/1.1 -1 OK', 'HTTP/1.1 000 OK', 'HTTP/1.1 099 X',
		'HTTP/9.9 200 OK', 'ICY 200 OK', 'http/1.1 200 ok', 'HTTP/1.1 101 Switching', 'HTTP/1.1 600 X', 'HTTP/1.1 999 X', '', ' ', '\0', `HTTP/1.1 200 ${'x'.repeat(200_000)}`, 'GET / HTTP/1.1',
	])),
	'odd lines among the headers': (dice, answer) => Buffer.concat([head(answer, { more: dice.pick([
		' folded: line\r\n', 'x-a: b\r\n folded\r\n\tand again\r\n', 'no colon\r\n', ': no name\r\n', 'x y: z\r\n', 'x\0y: z\r\n', 'x: a\0b\r\n', 'x: a\nlink: <y>; rel="next"\n', '\r\r\n', 'x: \x7f\x80\xff\r\n',
		`${'x'.repeat(70_000)}: y\r\n`,
	]) + `content-length: ${answer.body.length}\r\n` }), answer.body]),
	'lines that end in LF': (dice, answer) => latin1(correct(answer).toString('latin1').replaceAll('\r\n', '\n')),
	'only a body': (dice, answer) => answer.body,
	'another answer behind it': (dice, answer) => Buffer.concat([correct(answer), correct(answer)]),
	'garbage': (dice) => Buffer.from(Array.from({ length: dice.between(1, 3000) }, () => dice.below(256))),
	'bits turned on the way': (dice, answer) => {
		const bytes = correct(answer);

		for (let left = dice.between(1, 20); left > 0; left--) {
			bytes[dice.below(Math.min(bytes.length, 1500))] ^= 1 << dice.below(8);
		}
		return bytes;
	},
};

/* name: what is done with the bytes. */
const DELIVERIES = {
	'in pieces': async (dice, socket, bytes) => {
		for (let at = 0; at < bytes.length && !socket.destroyed;) {
			const size = dice.pick([1, 2, 7, 100, 1000, 20_000]);

			socket.write(bytes.subarray(at, at + size));
			at += size;
			await sleep(dice.pick([0, 0, 0, 1]));
		}
	},
	'too slowly': async (dice, socket, bytes) => {
		for (let at = 0; at < bytes.length && !socket.destroyed; at++) {
			socket.write(bytes.subarray(at, at + 1));
			await sleep(50);
		}
	},
	'cut off': async (dice, socket, bytes) => {
		socket.end(bytes.subarray(0, dice.below(bytes.length + 1)));
	},
	'reset': async (dice, socket, bytes) => {
		socket.write(bytes.subarray(0, dice.below(bytes.length + 1)));
		await sleep(dice.pick([0, 5]));
		if (!socket.encrypted) {
			socket.resetAndDestroy();
		}
		socket.destroy();
	},
	'never': async (dice, socket) => {
		await sleep(dice.pick([10, 100, 4000]));
		socket.destroy();
	},
	'half of it, and never the rest': async (dice, socket, bytes) => {
		socket.write(bytes.subarray(0, bytes.length / 2));
		await sleep(dice.pick([10, 100, 4000]));
		socket.destroy();
	},
	'and closed': async (dice, socket, bytes) => {
		socket.end(bytes);
	},
};

/* Of those that make the client wait for its time-out there should be few. */
export const WAYS = {
	...Object.fromEntries(Object.keys(FRAMES).map((name) => [name, 3])),
	...Object.fromEntries(Object.keys(DELIVERIES).map((name) => [name, 3])), 'too slowly': 1, 'never': 1, 'half of it, and never the rest': 1,
};

/*
 * What is left on a connection is for whoever asks next on it, who may be one that is to be served well: nobody could
 * tell it from his answer.  So with apart the connection is said to end.
 */
function toBeFramed(answer) {
	return answer.apart && FRAMES[answer.sending] !== undefined ? { ...answer, headers: [...without(answer.headers, 'connection'), ['connection', 'close']] } : answer;
}

export async function sendHttp1(dice, socket, correctAnswer) {
	const answer = toBeFramed(correctAnswer);
	const bytes = FRAMES[answer.sending]?.(dice, answer) ?? correct(answer);

	if (DELIVERIES[answer.sending] !== undefined) {
		await DELIVERIES[answer.sending](dice, socket, bytes);
	} else if (FRAMES[answer.sending] === undefined) {
		socket.write(bytes);
	} else {
		/* Its end may be known by the connection's alone; whoever waits for more waits in vain for a while. */
		socket.write(bytes);
		await sleep(dice.pick([0, 0, 20, 200]));
		socket.end();
	}
}
