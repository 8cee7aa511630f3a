/*
 * headers.mjs
 *		What may become of a correct status and of correct headers.
 *
 * Headers are a list of [name, value]; a value may hold any byte of Latin-1.
 */

const STATUSES = [
	200, 201, 202, 203, 204, 205, 206, 207, 226, 300, 301, 302, 303, 304, 305, 307, 308, 399, 400, 401, 403, 404, 405, 408, 409, 410, 411, 412, 413, 415, 418, 421,
	422, 423, 425, 426, 428, 429, 431, 451, 499, 500, 501, 502, 503, 504, 507, 511, 520, 599,
];
const INTERIM = [100, 102, 103, 104, 110, 199];

/* Rests of an hour that would end a run before its time. */
const SHORT_WAITS = ['0', '1', '1', '1', '2', '-1', '01', '1.5', '+1', ' 1', '1 ', '1,2', '1;2', 'soon', '', '\0', '0x1', '1e0'];
const LONG_WAITS = ['60', '3600', '86401', '2147483648', '99999999999999999999', 'Fri, 31 Dec 9999 23:59:59 GMT', 'Wed, 21 Oct 2037 07:28:00 GMT'];
const ODD_DATES = [
	'Thu, 01 Jan 1970 00:00:00 GMT', 'Sunday, 06-Nov-94 08:49:37 GMT', 'Sun Nov  6 08:49:37 1994', 'Thu, 99 Xyz 2026 99:99:99 GMT', 'Thu, 01 Jan 2026', '', 'x',
	'Fri, 31 Dec 9999 23:59:59 GMT', 'Thu, 01 Jan 0000 00:00:00 GMT',
];
const ODD_NUMBERS = ['0', '1', '-1', '5000', '9223372036854775808', '99999999999999999999', 'x', '', '1 1', '4999.5', '\xff'];

function wait(dice) {
	return dice.pick(dice.percent(97) ? SHORT_WAITS : LONG_WAITS);
}

function oddUrl(dice, { url, target }) {
	return dice.pick([
		url + target, target, `${url}${target}&page=2`, `${url}${target}?page=99999999999999999999`, '', '/', '//', '?', '#', 'http:', 'http://', 'https://evil.example/',
		'//evil.example/repos/a/b', `${url}@evil.example/`, `${url}.evil.example/`, `${url}/../../../etc/passwd`, `${url}/%2e%2e/%2e%2e/user`, `${url}/\0`,
		'file:///etc/passwd', 'gopher://127.0.0.1:1/', 'javascript:alert(1)', `${url}${target}`.toUpperCase(), 'http://[::1', 'http://[::ffff:127.0.0.1]/', 'http://2130706433/',
		'http://127.0.0.1:99999/', `${url}/${'a'.repeat(9000)}`, `${url}${target} x`, `${url}\\@evil.example`, 'http://user:password@127.0.0.1/', `${url}/repositories/1`, '\xff\xfe',
	]);
}

function oddLink(dice, context) {
	const next = `<${oddUrl(dice, context)}>; rel="next"`;

	return dice.pick([
		next, next, next, `${next}, ${next}`, `<${oddUrl(dice, context)}>; rel=next`, `<${oddUrl(dice, context)}; rel="next"`, `${oddUrl(dice, context)}; rel="next"`,
		`<>; rel="next"`, `<x>; rel="next`, `<x>; rel="prev next last"`, `<x>; title="; rel=next"; rel="last"`, `<x>;;;; rel = "next" ;`, ',,,,', '<', '>', `<x>; rel`,
		`${'<x>; rel="y", '.repeat(500)}${next}`, `<x>; ${'a=b; '.repeat(500)}rel="next"`,
	]);
}

function oddToken(dice) {
	return dice.pick(['', '"', '""', 'W/"', 'W/""', '"a"b"', `"${'e'.repeat(dice.pick([255, 1000, 9000]))}"`, '"caf\xe9"', '"\0"', 'W/"a", W/"b"', '*', '"\t"', 'w/"x"', '"a\x7fb"']);
}

/* name: what a header of this name may say. */
const MEANINGFUL = {
	link: oddLink,
	etag: oddToken,
	location: oddUrl,
	'retry-after': wait,
	date: (dice) => dice.pick(ODD_DATES),
	'last-modified': (dice) => dice.pick(ODD_DATES),
	'x-ratelimit-limit': (dice) => dice.pick(ODD_NUMBERS),
	'x-ratelimit-remaining': (dice) => dice.pick(dice.percent(95) ? ['1', '2', '5000', '-1', 'x', '', '9223372036854775808'] : ODD_NUMBERS),
	'x-ratelimit-used': (dice) => dice.pick(ODD_NUMBERS),
	'x-ratelimit-reset': (dice, context) => dice.pick([...ODD_NUMBERS, String(context.now_s + 1), String(context.now_s - 1)]),
	'x-ratelimit-resource': (dice) => dice.pick(['core', 'search', '', 'x'.repeat(1000)]),
	'x-github-request-id': (dice) => dice.pick(['', '\0', '\r', 'x'.repeat(5000), '%s%n', '\x1b[2J', 'a\tb']),
	'content-type': (dice) => dice.pick(['', 'text/html', 'application/json', 'application/json; charset=utf-16', 'multipart/form-data', 'application/octet-stream', '\xff']),
	'content-language': () => 'x',
	'set-cookie': () => 'session=1; Domain=127.0.0.1; Path=/',
	'strict-transport-security': () => 'max-age=31536000; includeSubDomains',
	'alt-svc': (dice) => dice.pick(['h3=":443"', 'h2="evil.example:443"', 'clear', 'x'.repeat(1000)]),
	'www-authenticate': (dice) => dice.pick(['Basic realm="x"', 'Negotiate', 'Digest realm="x", nonce="y"', 'Bearer error="invalid_token"']),
	'github-authentication-token-expiration': (dice) => dice.pick(['2026-01-01 00:00:00 UTC', 'x', '']),
	trailer: () => 'x-trailer',
	upgrade: (dice) => dice.pick(['h2c', 'websocket', 'TLS/1.3']),
};

/* name: (dice, headers, context) => other headers. */
export const HEADER_CHANGES = {
	'another meaning': (dice, headers, context) => {
		const name = dice.pick(Object.keys(MEANINGFUL));

		return [...headers.filter(([other]) => other !== name), [name, MEANINGFUL[name](dice, context)]];
	},
	'a header twice': (dice, headers, context) => {
		const name = dice.pick(Object.keys(MEANINGFUL));

		return [...headers, [name, MEANINGFUL[name](dice, context)], [name, MEANINGFUL[name](dice, context)]];
	},
	'a header less': (dice, headers) => headers.filter((_, index) => index !== Math.floor(dice.throw() * headers.length)),
	'no headers': () => [],
	'many headers': (dice, headers) =>
		[...headers, ...Array.from({ length: dice.pick([50, 190, 210, 3000]) }, (_, index) => [`x-filler-${index}`, 'x'])],
	'a long header': (dice, headers) => [...headers, ['x-long', 'x'.repeat(dice.pick([1000, 90_000, 110_000, 300_000]))]],
	'a binary header': (dice, headers) => [...headers, ['x-binary', Array.from({ length: 40 }, () => String.fromCharCode(dice.between(1, 255))).join('')]],
	'the credentials in a header': (dice, headers, { authorization }) => [...headers, [dice.pick(['etag', 'link', 'location', 'x-github-request-id', 'x-echo']), authorization]],
	'another case': (dice, headers) => headers.map(([name, value]) => [name.toUpperCase(), value]),
};

export function oddStatus(dice) {
	return dice.percent(70) ? dice.pick(STATUSES) : dice.between(200, 599);
}

/* A refusal in GitHub's words, with what tells its kind. */
export function refusal(dice, context) {
	const status = dice.pick([401, 403, 403, 404, 410, 422, 429, 451, 500, 503]);
	const message = dice.pick([
		'API rate limit exceeded', 'You have exceeded a secondary rate limit', 'Not Found', 'Bad credentials', 'This installation has been suspended', 'Moved Permanently',
		'Resource not accessible by integration', 'Validation Failed', 'Issues are disabled for this repo', 'This issue was deleted', `go away, ${context.authorization}`, '',
	]);

	/* Without a time a refusal is a minute: that is rare. */
	return {
		status, headers: [...(dice.percent(97) ? [['retry-after', wait(dice)]] : []), ['content-type', 'application/json; charset=utf-8']],
		body: Buffer.from(JSON.stringify({ message, ...(status === 422 ? { errors: dice.pick([[], null, 'x', [{ message }], [null, 1, 'x', { code: 7 }]]) } : {}) })),
	};
}

export function interimStatuses(dice) {
	return Array.from({ length: dice.pick([1, 1, 2, 5, 250]) }, () => dice.pick(INTERIM));
}
