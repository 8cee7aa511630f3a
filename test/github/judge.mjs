/*
 * judge.mjs
 *		Stands between a client and any GitHub stand-in, and holds each request
 *		against GitHub's own description, with Prism's router and validators.
 *
 * The request and its answer pass through byte for byte, whatever the verdict
 * and whatever happens to the connection: the judge only keeps a record.
 *
 *		GET /_judge/violations		{ judged, violations: [{ method, path, body, violations }] }
 *		DELETE /_judge/violations	starts a new record
 *
 * It answers only once it has seen that it refuses a request that is known
 * to be wrong, because a validator that skips a body looks like a good one.
 */
import http from 'node:http';
import { parseArgs } from 'node:util';
import prism from '@stoplight/prism-http';
import { requestsOnly, usedPart, wholeDescription, withTypedNulls } from './description.mjs';
import { announcePort, endWithStarter } from './process.mjs';

const KNOWN_BAD = { method: 'PATCH', target: '/repos/o/r/issues/1', headers: { 'content-type': 'application/json' }, body: '{"state":"done"}' };
const KNOWN_GOOD = { ...KNOWN_BAD, body: '{"state":"closed"}' };

/* Returns judge(request) => Promise of violations, in words. */
async function appointJudge() {
	const operations = await prism.getHttpOperationsFromSpec(requestsOnly(withTypedNulls(usedPart(wholeDescription()))));
	const config = { isProxy: true, upstream: new URL('http://judged.invalid'), errors: true, validateRequest: true, validateResponse: false, checkSecurity: false };
	const validator = prism.createInstance(config, { logger: silentLogger(), forward: forwardNothing });

	return (request) => verdict(validator, operations, config, request);
}

/* Prism wants to send the request on; here that is not its job. */
function forwardNothing({ validations }) {
	return () => async () => ({ _tag: 'Right', right: { statusCode: 204, headers: {}, body: validations } });
}

function silentLogger() {
	const silent = () => {};
	const logger = { trace: silent, debug: silent, info: silent, success: silent, warn: silent, error: silent };

	return { ...logger, child: () => logger };
}

async function verdict(validator, operations, config, { method, target, headers, body }) {
	const [path, query = ''] = documented(target).split('?', 2);
	const parsed = parsedBody(body);

	if (parsed === undefined) {
		return ['request.body is not JSON'];
	}
	const input = { method: method.toLowerCase(), url: { path, query: Object.fromEntries(new URLSearchParams(query)) }, headers, body: parsed };
	const result = await validator.request(input, operations, config)();

	return result._tag === 'Left'
		? [result.left.detail ?? result.left.message]
		: result.right.validations.input.map(({ path: place = [], message }) => `request.${place.join('.')} ${message}`);
}

/* GitHub redirects to paths by repository id, which its description leaves out. */
function documented(target) {
	return target.replace(/^\/repositories\/\d+/, '/repos/owner/name');
}

/* null: no body; undefined: no JSON. */
function parsedBody(text) {
	try {
		return text === '' ? null : JSON.parse(text);
	} catch {
		return undefined;
	}
}

async function proveAwake(judge) {
	if ((await judge(KNOWN_BAD)).length === 0) {
		throw new Error('the judge accepts a request that is known to be wrong');
	}
	const complaints = await judge(KNOWN_GOOD);

	if (complaints.length > 0) {
		throw new Error(`the judge refuses a request that is known to be right: ${complaints.join('; ')}`);
	}
}

/* What was judged since the record was begun; complete once `pending` is. */
class Record {
	constructor(judge) {
		this.judge = judge;
		this.clear();
	}

	clear() {
		this.judged = 0;
		this.found = [];
		this.pending = new Set();
	}

	add(request) {
		const judging = this.judge(request).then((violations) => {
			this.judged += 1;
			if (violations.length > 0) {
				this.found.push({ method: request.method, path: request.target, body: request.body, violations });
			}
			this.pending.delete(judging);
		});

		this.pending.add(judging);
	}

	async toJson() {
		await Promise.all(this.pending);
		return JSON.stringify({ judged: this.judged, violations: this.found });
	}
}

async function answerAboutRecord(record, method, response) {
	const text = await record.toJson();

	if (method === 'DELETE') {
		record.clear();
	}
	response.writeHead(200, { 'content-type': 'application/json' });
	response.end(text);
}

/* A connection upstream for each connection of the client: an end of one ends the other. */
function passOn(upstream, request, chunks, response) {
	const forwarded = http.request(new URL(request.url, upstream), { method: request.method, headers: rawPairs(request), agent: false, setHost: false });

	forwarded.on('response', (answer) => {
		response.sendDate = false;
		response.writeHead(answer.statusCode, answer.statusMessage, answer.rawHeaders.filter(isEndToEnd));
		answer.on('error', () => response.destroy());
		answer.pipe(response);
	});
	forwarded.on('error', () => response.destroy());
	response.on('close', () => forwarded.destroy());
	forwarded.end(Buffer.concat(chunks));
}

function rawPairs({ rawHeaders }) {
	return rawHeaders.filter(isEndToEnd);
}

/* Of name, value, name, value, ...: which belong to more than one connection. */
function isEndToEnd(_value, index, pairs) {
	return !['connection', 'keep-alive'].includes(pairs[index - (index % 2)].toLowerCase());
}

function serve(judge, upstream, port) {
	const record = new Record(judge);
	const server = http.createServer((request, response) => {
		const chunks = [];

		if (request.url === '/_judge/violations') {
			answerAboutRecord(record, request.method, response);
			return;
		}
		request.on('data', (chunk) => chunks.push(chunk));
		request.on('end', () => {
			record.add({ method: request.method, target: request.url, headers: request.headers, body: Buffer.concat(chunks).toString() });
			passOn(upstream, request, chunks, response);
		});
	});

	return new Promise((resolve) => server.listen(port, '127.0.0.1', () => resolve(server.address().port)));
}

const { values } = parseArgs({
	options: {
		upstream: { type: 'string' },
		port: { type: 'string', default: '0' },
		'port-file': { type: 'string' },
		'die-with-stdin': { type: 'boolean', default: false },
	},
});

endWithStarter(values['die-with-stdin']);

const judge = await appointJudge();

await proveAwake(judge);
const port = await serve(judge, values.upstream, Number(values.port));

announcePort(values['port-file'], port);
console.log(`judging on http://127.0.0.1:${port} what goes to ${values.upstream}`);
