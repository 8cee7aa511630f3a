/*
 * judge.mjs
 *		Stands between a client and any GitHub stand-in, and holds each request
 *		against GitHub's own description (verdict.mjs).
 *
 * The request and its answer pass through byte for byte, whatever the verdict
 * and whatever happens to the connection: the judge only keeps a record.
 *
 *		GET /_judge/violations		{ judged, violations: [{ method, path, body, violations }] }
 *		DELETE /_judge/violations	starts a new record
 */
import http from 'node:http';
import { parseArgs } from 'node:util';
import { announcePort, endWithStarter } from './process.mjs';
import { appointJudge } from './verdict.mjs';

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

const port = await serve(await appointJudge(), values.upstream, Number(values.port));

announcePort(values['port-file'], port);
console.log(`judging on http://127.0.0.1:${port} what goes to ${values.upstream}`);
