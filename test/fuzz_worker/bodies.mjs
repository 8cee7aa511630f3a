/*
 * bodies.mjs
 *		What may become of a correct body: bytes that are turned, missing or
 *		there twice; JSON with another value, another key, another depth.
 *
 * Each change is called by its name, and made by a throw of the dice.  A body
 * is a Buffer; context has the credentials of the request and ids of others.
 */
import { gzipSync } from 'node:zlib';

/* Over the max_response_size of a run. */
const TOO_LARGE = 1_200_000;

/* In place of any value, as they stand in JSON. */
const ODD_VALUES = [
	'null', 'true', 'false', '""', '[]', '{}', '0', '-0', '-1', '1.5', '1e3', '1E400', '-1e309', '1e-400', '2147483648', '4294967296',
	'9007199254740993', '9223372036854775807', '9223372036854775808', '-9223372036854775809', '123456789012345678901234567890',
	'"open"', '"closed"', '"0"', '"1"', '"null"', '[1,"a",null]', '{"id":1}', '{"login":7}', '{"login":null,"id":null}', '" "', '"\\n"', '"%s%n%d"',
	'"../../../etc"', '"\'; DROP TABLE tasks; --"', '"\\\\"', '"<!-- github_sync:00000000-0000-0000-0000-000000000000 -->"',
	'"https://evil.example/repos/a/b/issues/1"', '"2026-01-01T00:00:00Z"',
];

/* What some parsers take, and JSON has not. */
const ODD_TEXTS = [
	'"\\u0000"', '"a\\u0000b"', '"\\ud800"', '"\\udc00\\ud800"', '"\\ud83d\\ude00"', '"\\uZZZZ"', '"\\u12"', '"\\x41"', '"\\a"', '"\\', '"unfinished',
	"'single'", '"two\nlines"', '"\t"', 'NaN', 'Infinity', '-Infinity', 'undefined', '01', '+1', '.5', '5.', '0x10', '1e', '--1', 'nul', 'True', '[1,]',
	'{"a":1,}', '{a:1}', '{"a" 1}', '{"a":1 "b":2}', '[1 2]', '/* a comment */1', '1 // a comment', '"\u2028"', '{"":0}', '{"\\u0000":1}',
];

const ODD_BYTES = [
	[0x00], [0xc0, 0x80], [0xff], [0xfe, 0xff], [0xed, 0xa0, 0x80], [0xed, 0xb0, 0x80], [0xf4, 0x90, 0x80, 0x80], [0xf8, 0x88, 0x80, 0x80, 0x80],
	[0xe2, 0x82], [0x80], [0xef, 0xbb, 0xbf], [0xef, 0xbf, 0xbf], [0x1b, 0x5b, 0x32, 0x4a], [0x7f], [0x0d, 0x0a, 0x0d, 0x0a],
];

const ODD_TIMES = [
	'0000-00-00T00:00:00Z', '0001-01-01T00:00:00Z', '1969-12-31T23:59:59Z', '2026-02-30T00:00:00Z', '2026-13-01T00:00:00Z', '2026-01-01T24:00:00Z',
	'2026-01-01T23:59:60Z', '2037-01-01T00:00:00Z', '9999-12-31T23:59:59Z', '10000-01-01T00:00:00Z', '294277-01-01T00:00:00Z', '-0001-01-01T00:00:00Z',
	'2026-01-01T00:00:00+14:00', '2026-01-01T00:00:00-99:99', '2026-01-01 00:00:00', '2026-01-01T00:00:00', '2026-01-01T00:00:00.123456789Z', 'now', 'infinity', '-infinity',
];

const TIMES = ['created_at', 'updated_at', 'closed_at', 'expires_at'];
const IDENTITIES = ['id', 'number', 'node_id', 'full_name', 'name', 'login', 'issue_url', 'url', 'html_url', 'repository_url'];

function withBytes(body, at, bytes) {
	return Buffer.concat([body.subarray(0, at), Buffer.from(bytes), body.subarray(at)]);
}

/* A part of a body that has been there before: [from, to). */
function part(dice, body) {
	const from = dice.below(body.length);

	return [from, Math.min(body.length, from + dice.between(1, 64))];
}

/* ---- JSON ---- */

/* Every place of a value: { holder, key, value, depth }. */
function places(root) {
	const found = [];
	const walk = (holder, key, depth) => {
		const value = holder[key];

		found.push({ holder, key, value, depth });
		if (value !== null && typeof value === 'object') {
			Object.keys(value).forEach((inner) => walk(value, inner, depth + 1));
		}
	};

	walk(root, 'all', 0);
	return found;
}

/* The top of an answer decides more than what is deep in it. */
function pickPlace(dice, all, isMeant = () => true) {
	const meant = all.filter(isMeant);
	const shallow = meant.filter(({ depth }) => depth <= 1);

	return meant.length === 0 ? null : dice.pick(shallow.length > 0 && dice.percent(70) ? shallow : meant);
}

/* Raw JSON cannot be a value of JavaScript: it is put where a mark was. */
const MARK = '@@put the raw text here@@';

/* change(places) returns the raw text for what it marked, or nothing; null: there is nothing to change. */
function changed(body, change) {
	try {
		const root = { all: JSON.parse(body.toString()) };
		const raw = change(places(root));

		return raw === null ? null : Buffer.from(JSON.stringify(root.all).replace(JSON.stringify(MARK), () => raw ?? ''));
	} catch (error) {
		/* What was changed before may be JSON no more, or too deep for this. */
		if (error instanceof SyntaxError || error instanceof RangeError) {
			return null;
		}
		throw error;
	}
}

function replaced(dice, body, raw, isMeant) {
	return changed(body, (all) => {
		const place = pickPlace(dice, all, isMeant);

		if (place === null) {
			return null;
		}
		place.holder[place.key] = MARK;
		return raw;
	});
}

function nested(dice) {
	const depth = dice.pick([5, 50, 127, 128, 129, 1000, 20_000]);

	return dice.percent(50) ? '['.repeat(depth) + ']'.repeat(depth) : '{"a":'.repeat(depth) + '1' + '}'.repeat(depth);
}

function longText(dice) {
	const unit = dice.pick(['x', 'é', '🙂', '\\u0041', '\\n', '<!-- github_sync:']);

	return `"${unit.repeat(dice.pick([255, 256, 257, 65_536, 65_537, 200_000]))}"`;
}

const isIdentity = ({ key }) => IDENTITIES.includes(key);
const isTime = ({ key }) => TIMES.includes(key);

/* name: (dice, body, context) => another body, or null where it cannot be. */
export const BODY_CHANGES = {
	'bits turned': (dice, body) => {
		const other = Buffer.from(body);

		for (let left = dice.between(1, 8); left > 0 && other.length > 0; left--) {
			other[dice.below(other.length)] ^= 1 << dice.below(8);
		}
		return other;
	},
	'cut short': (dice, body) => body.subarray(0, dice.below(body.length + 1)),
	'sent twice': (dice, body) => Buffer.concat([body, body]),
	'a part twice': (dice, body) => {
		const [from, to] = part(dice, body);

		return withBytes(body, dice.below(body.length + 1), body.subarray(from, to));
	},
	'a part missing': (dice, body) => {
		const [from, to] = part(dice, body);

		return Buffer.concat([body.subarray(0, from), body.subarray(to)]);
	},
	'empty': () => Buffer.alloc(0),
	'odd bytes': (dice, body) => withBytes(body, dice.below(body.length + 1), dice.pick(ODD_BYTES)),
	'byte order mark': (dice, body) => withBytes(body, 0, [0xef, 0xbb, 0xbf]),
	'words behind it': (dice, body) => Buffer.concat([body, Buffer.from(dice.pick([' x', '}', ']', ',', '\0', '{}', '\n\n\n', '\u00a0']))]),
	'in an array': (dice, body) => Buffer.concat([Buffer.from('['), body, Buffer.from(']')]),
	'in an object': (dice, body) => Buffer.concat([Buffer.from('{"data":'), body, Buffer.from('}')]),
	'HTML': () => Buffer.from('<html><body><h1>Unicorn!</h1></body></html>'),
	'much white space': (dice, body) => Buffer.concat([body, Buffer.from(dice.pick([' ', '\n', '\t']).repeat(dice.pick([1000, 100_000, TOO_LARGE])))]),
	'many values': (dice) => Buffer.from(`[${'0,'.repeat(dice.pick([1000, 99_999, 400_000]))}0]`),
	'many keys': (dice) => Buffer.from(`{${Array.from({ length: dice.pick([100, 20_000]) }, (_, index) => `"k${index}":0`).join()}}`),
	'another value': (dice, body) => replaced(dice, body, dice.pick(ODD_VALUES)),
	'no value of JSON': (dice, body) => replaced(dice, body, dice.pick(ODD_TEXTS)),
	'nested deeply': (dice, body) => replaced(dice, body, nested(dice)),
	'a long text': (dice, body) => replaced(dice, body, longText(dice), ({ value }) => typeof value === 'string'),
	'another identity': (dice, body, { others }) =>
		replaced(dice, body, dice.pick([...ODD_VALUES, ...others.map((id) => String(id))]), isIdentity),
	'another time': (dice, body) => replaced(dice, body, JSON.stringify(dice.pick(ODD_TIMES)), isTime),
	'a member less': (dice, body) => changed(body, (all) => {
		const place = pickPlace(dice, all, ({ depth }) => depth > 0);

		if (place === null) {
			return null;
		}
		if (Array.isArray(place.holder)) {
			place.holder.splice(Number(place.key), 1);
		} else {
			delete place.holder[place.key];
		}
		return undefined;
	}),
	'a member twice': (dice, body) => {
		const [, key] = /"(id|number|title|body|state|updated_at|token|login)":/.exec(body.toString()) ?? [];

		return key === undefined ? null : Buffer.from(body.toString().replace('{', () => `{"${key}":${dice.pick(ODD_VALUES)},`));
	},
	'the credentials repeated': (dice, body, { authorization }) =>
		replaced(dice, body, JSON.stringify(`you are ${authorization}`), ({ value }) => typeof value === 'string')
		?? Buffer.from(JSON.stringify({ message: `go away, ${authorization}` })),
};

/* In gzip, or called so: [body, content-encoding]. */
export function encoded(dice, body) {
	switch (dice.weighted({ gzip: 3, lie: 1, cut: 2, turned: 2, bomb: 1, twice: 1, unknown: 1, deflate: 1 })) {
		case 'lie':
			return [body, 'gzip'];
		case 'cut':
			return [BODY_CHANGES['cut short'](dice, gzipSync(body)), 'gzip'];
		case 'turned':
			return [BODY_CHANGES['bits turned'](dice, gzipSync(body)), 'gzip'];
		case 'bomb':
			return [gzipSync(Buffer.alloc(20_000_000, ' ')), 'gzip'];
		case 'twice':
			return [gzipSync(gzipSync(body)), 'gzip, gzip'];
		case 'unknown':
			return [body, dice.pick(['br', 'zstd', 'compress', 'x', '', 'gzip, '.repeat(100)])];
		case 'deflate':
			return [body, 'deflate'];
		default:
			return [gzipSync(body), 'gzip'];
	}
}
