/*
 * http2.mjs
 *		HTTP/2 by Node's server, behind a filter of frames; and every way in
 *		which an answer can be sent wrongly on a stream or on a connection.
 *
 * Node refuses to send what is wrong: such frames are made here and written
 * past it.  Header blocks of ours are literals without an index, which leave the
 * tables of both sides as they are.
 */
import http2 from 'node:http2';
import { Duplex } from 'node:stream';
import { setTimeout as sleep } from 'node:timers/promises';

const DATA = 0;
const HEADERS = 1;
const PRIORITY = 2;
const RST_STREAM = 3;
const SETTINGS = 4;
const PUSH_PROMISE = 5;
const PING = 6;
const GOAWAY = 7;
const WINDOW_UPDATE = 8;
const CONTINUATION = 9;
const ALTSVC = 10;
const ORIGIN = 12;

const END_STREAM = 1;
const END_HEADERS = 4;
const PADDED = 8;

function frame(type, flags, stream, payload = Buffer.alloc(0), length = payload.length) {
	const header = Buffer.alloc(9);

	header.writeUIntBE(length & 0xffffff, 0, 3);
	header[3] = type;
	header[4] = flags;
	header.writeUInt32BE(stream >>> 0, 5);
	return Buffer.concat([header, payload]);
}

/* A whole number with a prefix of so many bits (RFC 7541, section 5.1). */
function integer(value, bits, first) {
	const most = 2 ** bits - 1;
	const bytes = [];

	if (value < most) {
		return [first | value];
	}
	bytes.push(first | most);
	for (value -= most; value >= 128; value = Math.floor(value / 128)) {
		bytes.push((value % 128) | 128);
	}
	return [...bytes, value];
}

function literal(name, value) {
	const text = (words) => Buffer.concat([Buffer.from(integer(words.length, 7, 0)), Buffer.from(words, 'latin1')]);

	return Buffer.concat([Buffer.from([0]), text(name), text(value)]);
}

const block = (headers) => Buffer.concat(headers.map(([name, value]) => literal(name, String(value))));
const blockOf = ({ status, headers }) => block([[':status', status], ...headers.map(([name, value]) => [name.toLowerCase(), value])]);
const number = (value) => {
	const bytes = Buffer.alloc(4);

	bytes.writeUInt32BE(value >>> 0);
	return bytes;
};

function bytesOf(dice, most) {
	return Buffer.from(Array.from({ length: dice.below(most + 1) }, () => dice.below(256)));
}

/* No frame is larger than what both sides allow at first. */
function dataFrames(stream, body, flags = END_STREAM) {
	const frames = [];

	for (let at = 0; at === 0 || at < body.length; at += 16_384) {
		const last = at + 16_384 >= body.length;

		frames.push(frame(DATA, last ? flags : 0, stream, body.subarray(at, at + 16_384)));
	}
	return Buffer.concat(frames);
}

const headersFrame = (stream, payload, flags = END_HEADERS) => frame(HEADERS, flags, stream, payload);
const whole = (stream, answer) => Buffer.concat([headersFrame(stream, blockOf(answer)), dataFrames(stream, answer.body)]);

/* ---- on one stream; name: (dice, stream, answer) => the bytes ---- */

const FRAMES_OF_STREAM = {
	'odd names of headers': (dice, stream, answer) => Buffer.concat([headersFrame(stream, block([
		[':status', answer.status],
		[dice.pick(['X-Upper', '', ':odd', ':path', ':status', 'connection', 'transfer-encoding', 'keep-alive', 'te', 'host', 'a b', 'a\0b', 'a\r\nb', '\xff', 'x'.repeat(9000)]), dice.pick(['x', '', '\0', 'a\r\nb: c', '\xff'])],
		...answer.headers,
	])), dataFrames(stream, answer.body)]),
	'an odd status': (dice, stream, answer) => Buffer.concat([headersFrame(stream, block([
		...dice.pick([[], [[':status', '']], [[':status', 'x']], [[':status', '99999']], [[':status', '-1']], [[':status', '200'], [':status', '404']], [[':status', '101']], [[':status', '2 0']], [[':status', '000']]]),
		...answer.headers,
	])), dataFrames(stream, answer.body)]),
	'a broken header block': (dice, stream, answer) => Buffer.concat([headersFrame(stream, Buffer.concat([blockOf(answer), dice.pick([
		Buffer.from([0x80]), Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0xff]), Buffer.from([0x3f, 0xff, 0xff, 0xff, 0xff, 0x0f]), Buffer.from([0x00, 0x7f]), Buffer.from([0x00, 0x81, 0xff, 0x81, 0xff]),
		Buffer.from([0x20]), bytesOf(dice, 40),
	])])), dataFrames(stream, answer.body)]),
	'headers in many frames': (dice, stream, answer) => {
		const all = blockOf(answer);
		const at = dice.below(all.length + 1);

		return Buffer.concat([
			headersFrame(stream, all.subarray(0, at), 0), ...Array.from({ length: dice.pick([0, 1, 10, 200]) }, () => frame(CONTINUATION, 0, stream)),
			frame(CONTINUATION, END_HEADERS, stream, all.subarray(at)), dataFrames(stream, answer.body),
		]);
	},
	'headers without an end': (dice, stream, answer) => Buffer.concat([headersFrame(stream, blockOf(answer), 0), dataFrames(stream, answer.body)]),
	'a body before its headers': (dice, stream, answer) => Buffer.concat([dataFrames(stream, answer.body, 0), headersFrame(stream, blockOf(answer), END_HEADERS | END_STREAM)]),
	'headers twice': (dice, stream, answer) => Buffer.concat([headersFrame(stream, blockOf(answer)), whole(stream, answer)]),
	'trailers': (dice, stream, answer) => Buffer.concat([
		headersFrame(stream, blockOf(answer)), dataFrames(stream, answer.body, 0),
		headersFrame(stream, block(dice.pick([[['x-trailer', '1']], [[':status', '200']], [['link', '<x>; rel="next"']], Array.from({ length: 300 }, () => ['x', 'y']), []])), END_HEADERS | END_STREAM),
	]),
	'a body behind its end': (dice, stream, answer) => Buffer.concat([whole(stream, answer), dataFrames(stream, answer.body)]),
	'no end': (dice, stream, answer) => Buffer.concat([headersFrame(stream, blockOf(answer)), dataFrames(stream, answer.body, 0)]),
	'a padded body': (dice, stream, answer) => {
		const body = answer.body.subarray(0, 16_000);

		return Buffer.concat([headersFrame(stream, blockOf(answer)), frame(DATA, PADDED | END_STREAM, stream,
			dice.pick([Buffer.concat([Buffer.from([10]), body, Buffer.alloc(10)]), Buffer.from([255]), Buffer.concat([Buffer.from([200]), body.subarray(0, 10)]), Buffer.alloc(0)]))]);
	},
	'many empty frames': (dice, stream, answer) => Buffer.concat([
		headersFrame(stream, blockOf(answer)), ...Array.from({ length: dice.pick([10, 1000, 20_000]) }, () => frame(DATA, 0, stream)), dataFrames(stream, answer.body),
	]),
	'a length that is not true': (dice, stream, answer) => whole(stream, { ...answer, headers: [...answer.headers, ['content-length', dice.pick(['0', '1', '-1', 'x', '99999999999999999999', String(answer.body.length + 1)])]] }),
	'interim headers': (dice, stream, answer) => Buffer.concat([
		...Array.from({ length: dice.pick([1, 5, 300]) }, () => headersFrame(stream, block([[':status', dice.pick([100, 101, 103, 199])], ['link', '<x>']]))), whole(stream, answer),
	]),
	'a reset': (dice, stream) => frame(RST_STREAM, 0, stream, number(dice.pick([0, 1, 2, 3, 5, 7, 8, 11, 13, 14, 255, 0xffffffff]))),
	'a reset in its midst': (dice, stream, answer) => Buffer.concat([
		headersFrame(stream, blockOf(answer)), dataFrames(stream, answer.body.subarray(0, answer.body.length / 2), 0), frame(RST_STREAM, 0, stream, number(dice.pick([0, 2, 7, 8]))),
	]),
	'a reset behind its end': (dice, stream, answer) => Buffer.concat([whole(stream, answer), frame(RST_STREAM, 0, stream, number(dice.pick([0, 2, 8])))]),
	'a promise': (dice, stream, answer) => Buffer.concat([
		frame(PUSH_PROMISE, END_HEADERS, stream, Buffer.concat([number(dice.pick([2, 4, 0, 1, 2 ** 31 - 2])), block([[':method', 'GET'], [':scheme', 'https'], [':path', '/x'], [':authority', '127.0.0.1']])])), whole(stream, answer),
	]),
	'frames of unknown types': (dice, stream, answer) => Buffer.concat([
		...Array.from({ length: dice.pick([1, 10]) }, () => frame(dice.between(13, 255), dice.below(256), stream, bytesOf(dice, 100))), whole(stream, answer),
	]),
	'priorities': (dice, stream, answer) => Buffer.concat([frame(PRIORITY, 0, stream, Buffer.concat([number(dice.pick([0, stream, 99])), Buffer.from([255])])), whole(stream, answer)]),
	'an alternative service': (dice, stream, answer) => Buffer.concat([
		frame(ALTSVC, 0, dice.pick([0, stream]), Buffer.concat([Buffer.from([0, dice.pick([0, 5, 255])]), Buffer.from('https://evil.example')])), frame(ORIGIN, 0, 0, Buffer.from([0, 200, 65])), whole(stream, answer),
	]),
	'a window of its own': (dice, stream, answer) => Buffer.concat([frame(WINDOW_UPDATE, 0, stream, number(dice.pick([1, 2 ** 31 - 1, 0]))), whole(stream, answer)]),
};

const DELIVERIES_OF_STREAM = {
	'too slowly': async (dice, stream, answer, filter) => {
		const bytes = answer.body.subarray(0, 16_000);

		filter.write(headersFrame(stream, blockOf(answer)));
		for (let at = 0; at < bytes.length && !filter.isOver(); at++) {
			filter.write(frame(DATA, at + 1 === bytes.length ? END_STREAM : 0, stream, bytes.subarray(at, at + 1)));
			await sleep(50);
		}
	},
	'never': async () => {},
};

/* ---- on the whole connection; name: (dice, stream) => the bytes ---- */

const FRAMES_OF_CONNECTION = {
	'goodbye': (dice, stream) => frame(GOAWAY, 0, 0, Buffer.concat([number(dice.pick([0, stream, 2 ** 31 - 1, stream + 2])), number(dice.pick([0, 1, 2, 11, 13, 0xffffffff])), bytesOf(dice, 30)])),
	'settings': (dice) => frame(SETTINGS, 0, 0, Buffer.concat(Array.from({ length: dice.between(1, 4) }, () => {
		const setting = Buffer.alloc(6);

		setting.writeUInt16BE(dice.pick([1, 2, 3, 4, 5, 6, 8, 9, 65535]));
		setting.writeUInt32BE(dice.pick([0, 1, 2, 100, 16_384, 65_535, 2 ** 24, 2 ** 31, 0xffffffff]), 2);
		return setting;
	}))),
	'settings of a wrong length': (dice) => frame(SETTINGS, dice.pick([0, 1]), dice.pick([0, 1]), bytesOf(dice, 11)),
	'pings': (dice) => Buffer.concat(Array.from({ length: dice.pick([1, 10, 5000]) }, () => frame(PING, dice.pick([0, 0, 1]), 0, Buffer.alloc(8)))),
	'a ping of a wrong length': (dice) => frame(PING, 0, dice.pick([0, 3]), bytesOf(dice, 20)),
	'a window': (dice) => frame(WINDOW_UPDATE, 0, 0, number(dice.pick([0, 1, 2 ** 31 - 1]))),
	'a frame of another length': (dice, stream) => frame(dice.below(11), dice.below(256), dice.pick([0, stream]), bytesOf(dice, 60), dice.pick([0, 1, 70, 16_384, 16_385, 0xffffff])),
	'a frame of any kind': (dice, stream) => frame(dice.below(13), dice.below(256), dice.pick([0, stream, stream + 1, stream + 2, 2 ** 31]), bytesOf(dice, 100)),
	'garbage': (dice) => bytesOf(dice, 500),
	'HTTP/1.1': () => Buffer.from('HTTP/1.1 400 Bad Request\r\ncontent-length: 0\r\n\r\n'),
};

const ends = { 'the end of the connection': (filter) => filter.end(), 'a reset of the connection': (filter) => filter.destroy() };
const equal = (names, weight) => Object.fromEntries(names.map((name) => [name, weight]));

/* A stream's answer is the only one that suffers, but for the connection's end. */
const WAYS_OF_STREAM = { ...equal(Object.keys(FRAMES_OF_STREAM), 3), ...equal(Object.keys(DELIVERIES_OF_STREAM), 1) };

/* Entries of the table of headers, bytes of any stream: what others on the connection are told is changed, too. */
const WAYS_THAT_REACH_OTHERS = ['a broken header block', 'bits turned from here on', 'a frame of another length', 'a frame of any kind', 'garbage'];

const WAYS_OF_CONNECTION = equal([...Object.keys(FRAMES_OF_CONNECTION), ...Object.keys(ends), 'bits turned from here on'], 3);

export const WAYS = { ...WAYS_OF_STREAM, ...WAYS_OF_CONNECTION };

/* With others on the same connection its end costs them a second try: that is rare. */
export const WAYS_BESIDE_OTHERS = Object.fromEntries(Object.entries(WAYS)
	.filter(([way]) => !WAYS_THAT_REACH_OTHERS.includes(way))
	.map(([way, weight]) => [way, way in WAYS_OF_CONNECTION ? weight / 30 : weight]));

/*
 * Between Node's session and the socket: passes on whole frames, but for those of
 * streams that are answered past it; turns bits where it is told to.
 */
class Filter extends Duplex {
	constructor(socket, dice) {
		super();
		Object.assign(this, { socket, dice, pending: Buffer.alloc(0), ours: new Set(), turning: false });
		socket.on('data', (bytes) => this.push(bytes) || socket.pause());
		socket.on('end', () => this.push(null));
		socket.on('error', () => this.destroy());
		socket.on('close', () => this.destroy());
		this.on('error', () => {});
	}

	isOver() {
		return this.socket.destroyed || this.socket.writableEnded;
	}

	/* From now on the stream is answered by writePast(): of what Node says on it only headers are passed on. */
	take(stream) {
		this.ours.add(stream);
	}

	writePast(bytes) {
		if (!this.isOver()) {
			this.socket.write(this.turning ? this.#turned(bytes) : bytes);
		}
	}

	#turned(bytes) {
		const other = Buffer.from(bytes);

		for (let left = this.dice.between(1, 3); left > 0 && other.length > 0; left--) {
			other[this.dice.below(other.length)] ^= 1 << this.dice.below(8);
		}
		return other;
	}

	_read() {
		this.socket.resume();
	}

	_write(bytes, _encoding, done) {
		this.pending = Buffer.concat([this.pending, bytes]);
		while (this.pending.length >= 9) {
			const length = 9 + this.pending.readUIntBE(0, 3);

			if (this.pending.length < length) {
				break;
			}
			const one = this.pending.subarray(0, length);

			this.pending = this.pending.subarray(length);
			/* A block of headers changes the connection's table, which the next blocks of all streams refer to. */
			if ([HEADERS, CONTINUATION].includes(one[3]) || !this.ours.has(one.readUInt32BE(5) & 0x7fffffff)) {
				this.writePast(one);
			}
		}
		done();
	}

	_final(done) {
		this.socket.end();
		done();
	}

	_destroy(error, done) {
		this.socket.destroy();
		done(error);
	}
}

/* answer(request, stream): the stream is for sendHttp2(). */
export function serveHttp2(socket, dice, answer) {
	/* A server for each connection: so each session knows its own filter. */
	const server = http2.createServer({ maxSendHeaderBlockLength: 4 * 1024 * 1024, maxSessionInvalidFrames: 1_000_000 });
	const filter = new Filter(socket, dice);

	server.on('sessionError', () => {});
	server.on('stream', (stream, headers) => {
		const pieces = [];

		stream.filter = filter;
		stream.on('error', () => {});
		stream.on('data', (piece) => pieces.push(piece));
		stream.on('end', () => answer({ method: headers[':method'], target: headers[':path'], headers, body: Buffer.concat(pieces) }, stream));
	});
	server.emit('connection', filter);
}

function sendCorrectly(stream, { status, headers, body, interim }) {
	const { filter } = stream;

	try {
		interim.filter((code) => code !== 101).slice(0, 50).forEach((code) => stream.additionalHeaders({ ':status': code }));
		stream.respond({ ':status': status, ...withoutDoubles(headers) }, { endStream: body.length === 0 });
		if (body.length > 0) {
			stream.end(body);
		}
	} catch {
		/* Node does not send such a thing: past it. */
		filter.take(stream.id);
		filter.writePast(whole(stream.id, { status, headers, body }));
		stream.close();
	}
}

function withoutDoubles(headers) {
	const all = {};

	for (const [name, value] of headers) {
		const key = name.toLowerCase();

		if (key !== 'content-length' && key !== 'connection') {
			all[key] = key in all ? [all[key], value].flat() : value;
		}
	}
	return all;
}

export async function sendHttp2(dice, stream, answer) {
	const { filter } = stream;
	const { sending } = answer;

	if (stream.destroyed) {
		return;
	}
	if (FRAMES_OF_STREAM[sending] !== undefined || DELIVERIES_OF_STREAM[sending] !== undefined) {
		filter.take(stream.id);
		if (FRAMES_OF_STREAM[sending] !== undefined) {
			filter.writePast(FRAMES_OF_STREAM[sending](dice, stream.id, answer));
		} else {
			await DELIVERIES_OF_STREAM[sending](dice, stream.id, answer, { write: (bytes) => filter.writePast(bytes), isOver: () => filter.isOver() || stream.destroyed });
		}
		stream.close();
	} else if (FRAMES_OF_CONNECTION[sending] !== undefined) {
		filter.writePast(FRAMES_OF_CONNECTION[sending](dice, stream.id));
		sendCorrectly(stream, answer);
	} else if (ends[sending] !== undefined) {
		ends[sending](filter);
	} else {
		filter.turning = sending === 'bits turned from here on' || filter.turning;
		sendCorrectly(stream, answer);
	}
}
