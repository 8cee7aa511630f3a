/*
 * front.mjs
 *		What the worker takes for GitHub: asks the stand-in, and changes its
 *		answers before it sends them on.
 *
 * A front belongs to one database.  Whose answers are changed, a request's path
 * tells: those of installations that are to be served well never are, and what
 * is asked for all of them only where nobody is.
 */
import http from 'node:http';
import net from 'node:net';
import tls from 'node:tls';
import { change } from './answers.mjs';
import { damagedWay } from './damage.mjs';
import { sendHttp1, serveHttp1, WAYS as WAYS_OF_HTTP1 } from './http1.mjs';
import { sendHttp2, serveHttp2, WAYS as WAYS_OF_HTTP2, WAYS_BESIDE_OTHERS } from './http2.mjs';

/* Of so many answers in 100 nothing is changed: or nothing would ever get on. Without a token nothing does at all. */
const LEFT_ALONE = { 'token': 80, 'own name': 80 };
const LEFT_ALONE_ELSE = 35;

/* Of lists the pages are as small as can be: so that there is a next one. */
const LIST_SIZE = 1;

/* So much of the last answers is kept, for whoever looks into a failure. */
const LAST_ANSWERS = 500;
const MOST_KEPT = 10_000;
const LAST_BYTES = 1500;

/* Whoever asks: what kind of step it is. */
function stepOf({ method, target }) {
	const path = target.split('?')[0];

	if (path.endsWith('/access_tokens')) return 'token';
	if (path === '/app' || path === '/user') return 'own name';
	if (method === 'GET' && /\/(?:issues|comments)$/.test(path)) return target.includes('page=') && !/[?&]page=1\b/.test(target) ? 'list' : 'list, first page';
	if (method === 'GET' && /\/(?:issues|comments)\/\d+$/.test(path)) return 'fetch';
	return { GET: 'repository', POST: 'create', PATCH: 'update', DELETE: 'delete' }[method] ?? 'another';
}

export class Front {
	/*
	 * name; standin: { url, control }; dice(name): throws of a part; identity: key and cert, for TLS;
	 * shared: somebody is to be served well beside the others, so connections rarely suffer.
	 */
	constructor({ name, standin, dice, identity = null, shared }) {
		Object.assign(this, { name, standin, identity, shared, makeDice: dice, dice: dice(`${name}: answers`) });
		this.served = new Set();		/* installations, and repositories as "owner/name" */
		this.mutates = false;
		this.steps = {};
		this.changes = {};
		this.answers = 0;
		this.changed = 0;
		this.last = [];
		this.kept = [];
		this.connections = 0;
		this.agent = new http.Agent({ keepAlive: true });
	}

	async listen() {
		const server = this.identity === null ? this.#plainServer() : this.#tlsServer();
		const port = await new Promise((resolve) => server.listen(0, '127.0.0.1', () => resolve(server.address().port)));
		const isDamaged = this.identity !== null && !this.shared;

		this.way = isDamaged ? await damagedWay(port, this.makeDice(`${this.name}: bytes`), 25, (what) => this.#countChange(what)) : port;
		this.url = `${this.identity === null ? 'http' : 'https'}://127.0.0.1:${this.way}`;
	}

	#plainServer() {
		return net.createServer((socket) => this.#serve1(socket));
	}

	#tlsServer() {
		const receive = (request, stream) => this.#receive(request, (dice, answer) => sendHttp2(dice, stream, answer), this.shared ? WAYS_BESIDE_OTHERS : WAYS_OF_HTTP2);
		const server = tls.createServer({ ...this.identity, ALPNCallback: ({ protocols }) => this.#protocol(protocols) }, (socket) => {
			socket.on('error', () => {});
			if (socket.alpnProtocol === 'h2') {
				serveHttp2(socket, this.#connectionDice(), receive);
			} else {
				this.#serve1(socket);
			}
		});

		server.on('tlsClientError', () => {});
		return server;
	}

	#protocol(protocols) {
		return protocols.includes('h2') && !(this.mutates && this.dice.percent(15)) ? 'h2' : 'http/1.1';
	}

	#connectionDice() {
		return this.makeDice(`${this.name}: connection ${++this.connections}`);
	}

	#serve1(socket) {
		serveHttp1(socket, (request) => this.#receive(request, (dice, answer) => sendHttp1(dice, socket, answer), WAYS_OF_HTTP1));
	}

	/* Whether the answer to it may be changed. */
	#mayChange(target) {
		const [, installation] = /^\/app\/installations\/(\d+)/.exec(target) ?? [];
		const [, repository] = /^\/(?:repos\/([^/]+\/[^/?]+)|repositories\/(?<id>\d+))/.exec(target) ?? [];
		const id = /^\/repositories\/(\d+)/.exec(target)?.[1];

		if (!this.mutates) {
			return false;
		}
		if (installation === undefined && repository === undefined && id === undefined) {
			return !this.shared;
		}
		return ![installation, repository, id].some((one) => one !== undefined && this.served.has(one));
	}

	async #receive(request, send, ways) {
		const step = stepOf(request);
		const mayChange = this.#mayChange(request.target);
		/* Thrown now, and not when the stand-in has answered: in the order of arrival. */
		const dice = this.makeDice(`${this.name}: answer ${++this.answers}`);
		let answer = await this.#correctAnswer(request, mayChange);
		let names = [];

		if (mayChange && !dice.percent(LEFT_ALONE[step] ?? LEFT_ALONE_ELSE)) {
			const context = { authorization: request.headers.authorization ?? '', others: this.#otherIds(), url: this.url, target: request.target, now_s: Math.floor(Date.now() / 1000) };

			({ answer, names } = change(dice, answer, ways, context));
		}
		this.#note(request, step, names, answer);
		await send(dice, { interim: [], sending: null, method: request.method, apart: this.shared, ...answer });
	}

	/* Ids of records and repositories of everybody, also of those who are served well. */
	#otherIds() {
		const { store } = this.standin.control;

		return [...[...store.repositories.keys()].slice(0, 5), ...[...this.served].filter((one) => /^\d+$/.test(one)), ...(this.idsOfServed?.() ?? [])];
	}

	#note({ method, target }, step, names, answer) {
		this.steps[step] ??= { answers: 0, changed: 0 };
		this.steps[step].answers += 1;
		names.forEach((what) => this.#countChange(what));
		if (names.length > 0) {
			this.changed += 1;
			this.steps[step].changed += 1;
		}
		this.last.push(`${new Date().toISOString()} ${this.name} ${this.answers} ${method} ${target}: ${names.join('; ') || 'correct'}\n`
			+ (names.length === 0 ? '' : `\t${answer.status} ${JSON.stringify(answer.headers).slice(0, LAST_BYTES)}\n\t${JSON.stringify(answer.body.toString('latin1').slice(0, LAST_BYTES))}\n`));
		if (this.last.length > LAST_ANSWERS) {
			this.last.shift();
		}
	}

	/* What was answered until now is of interest: something that was to arrive is late. */
	keepLast() {
		if (this.kept.length < MOST_KEPT) {
			this.kept.push(...this.last.splice(0), '----\n');
		}
	}

	#countChange(what) {
		this.changes[what] = (this.changes[what] ?? 0) + 1;
	}

	/* As the stand-in gives it, with our own place in its links. */
	#correctAnswer({ method, target, headers, body }, smallPages) {
		const path = smallPages ? target.replace(/([?&]per_page=)\d+/, `$1${LIST_SIZE}`) : target;
		const forwarded = Object.fromEntries(Object.entries(headers).filter(([name]) => !name.startsWith(':') && !['host', 'connection', 'accept-encoding', 'expect'].includes(name)));

		return new Promise((resolve) => {
			const request = http.request(this.standin.url + path, { method, headers: forwarded, agent: this.agent }, (response) => {
				const pieces = [];

				response.on('data', (piece) => pieces.push(piece));
				response.on('end', () => resolve(this.#inOurPlace(response, Buffer.concat(pieces))));
			});

			request.on('error', () => resolve({ status: 502, headers: [['content-type', 'text/html']], body: Buffer.from('no stand-in') }));
			request.end(body);
		});
	}

	#inOurPlace({ statusCode, headers }, body) {
		const here = (text) => text.replaceAll(this.standin.url, this.url);

		return {
			status: statusCode,
			headers: Object.entries(headers).filter(([name]) => !['connection', 'keep-alive', 'transfer-encoding', 'content-length'].includes(name)).map(([name, value]) => [name, here(String(value))]),
			body: Buffer.from(here(body.toString())),
		};
	}
}
