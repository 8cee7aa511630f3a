/*
 * server.mjs
 *		Sockets: reads requests, lets faults have their way with them, sends
 *		answers.  Everything GitHub decides is github.mjs's.
 */
import http from 'node:http';
import { gzipSync } from 'node:zlib';
import { Auth } from './auth.mjs';
import { Clock } from './clock.mjs';
import { Control } from './control.mjs';
import { Faults } from './faults.mjs';
import { GitHub } from './github.mjs';
import { Journal } from './journal.mjs';
import { Limits } from './limits.mjs';
import { Shapes } from './shapes.mjs';
import { Store } from './store.mjs';
import { Webhooks } from './webhooks.mjs';
import { json } from './answers.mjs';

const IDLE_CONNECTION_MS = 60_000;

/*
 * Starts listening; resolves with { url, port, control, server }.  onAnswer is
 * told of each request at the moment of its effect: its entry in the journal,
 * GitHub's answer, and the fault that may keep the answer from arriving; onRequest
 * of each request when it arrives.  upstream, a function of a request that resolves
 * with an answer, decides in GitHub's place.
 */
export function startStandin({ port = 0, appId, publicKey, webhookUrl, webhookSecret, onAnswer = () => {}, onRequest = () => {}, upstream = null } = {}) {
	const parts = { ...assemble(), onAnswer, onRequest, upstream };
	const server = http.createServer({ keepAliveTimeout: IDLE_CONNECTION_MS, requestTimeout: 0 },
		(request, response) => receive(parts, request, response));

	parts.webhooks.configure({ url: webhookUrl, secret: webhookSecret });
	parts.control.begin({ appId, publicKey });
	return new Promise((resolve, reject) => {
		server.on('error', reject);
		server.listen(port, '127.0.0.1', () => {
			const { port: actualPort } = server.address();
			const url = `http://127.0.0.1:${actualPort}`;

			parts.shapes.setPublicUrl(url);
			resolve({ url, port: actualPort, control: parts.control, server });
		});
	});
}

function assemble() {
	const clock = new Clock();
	const store = new Store(clock);
	const shapes = new Shapes(store);
	const auth = new Auth(clock, store);
	const limits = new Limits(clock);
	const webhooks = new Webhooks({ clock, store, shapes });
	const github = new GitHub({ clock, store, shapes, auth, limits, webhooks });
	const parts = { clock, store, shapes, auth, limits, github, journal: new Journal(), faults: new Faults(), webhooks };

	return { ...parts, control: new Control(parts) };
}

function receive(parts, request, response) {
	const chunks = [];

	request.on('data', (chunk) => chunks.push(chunk));
	request.on('end', () => handle(parts, requestOf(request, Buffer.concat(chunks).toString()), response));
}

function requestOf({ method, url, headers }, body) {
	const [path, query = ''] = url.split('?', 2);

	return { method, target: url, path, query: new URLSearchParams(query), headers, body };
}

function handle(parts, request, response) {
	if (request.path.startsWith('/_control/')) {
		answerControl(parts, request, response);
		return;
	}
	parts.onRequest(request);
	const entry = parts.journal.arrive(request, parts.auth.describe(request.headers.authorization));
	const fault = parts.faults.take(entry);

	response.on('close', () => parts.journal.finish(entry, 'gone'));
	if (fault === null) {
		answerPlainly(parts, request, response, entry);
	} else {
		suffer(parts, request, response, entry, fault);
	}
}

async function answerPlainly(parts, request, response, entry) {
	send(parts, request, response, entry, await githubAnswer(parts, request, entry));
}

async function githubAnswer({ github, onAnswer, upstream }, request, entry, fault = {}) {
	const answer = upstream === null ? github.answer({ ...request, underWay: entry.under_way }) : await upstream(request);

	onAnswer(entry, answer, fault);
	return answer;
}

async function answerControl({ control }, request, response) {
	let answer;

	try {
		answer = json(200, await control.handle(request));
	} catch (error) {
		answer = json(400, { error: error.message });
	}
	response.writeHead(answer.status, answer.headers);
	response.end(answer.text);
}

/* Recorded first: who has the answer finds it in the journal. */
function send({ github, journal }, request, response, entry, { status, headers, text }) {
	const compress = github.behaviour.gzip && typeof text === 'string' && text !== '' && /\bgzip\b/.test(request.headers['accept-encoding'] ?? '');
	const body = compress ? gzipSync(text) : text;

	journal.finish(entry, 'answered', status);
	response.sendDate = false;		/* the Date is the stand-in's clock's */
	response.writeHead(status, {
		...headers,
		...(compress ? { 'content-encoding': 'gzip' } : {}),
		...(status === 204 || status === 304 ? {} : { 'content-length': Buffer.byteLength(body) }),
	});
	response.end(body);
}

async function suffer(parts, request, response, entry, fault) {
	await parts.faults.beforeEffect(fault);
	if (fault.reset_before) {
		reset(parts, response, entry);
		return;
	}
	const madeUp = madeUpAnswer(fault, request);
	const real = madeUp === null || fault.after_effect ? await githubAnswer(parts, request, entry, fault) : null;
	const answer = withHeaders(madeUp ?? real, fault.headers);

	await parts.faults.afterEffect(fault);
	deliver(parts, request, response, entry, fault, answer);
}

/* What a proxy or a sick server says in GitHub's place. */
function madeUpAnswer({ answer, html }, { headers: asked }) {
	if (html !== undefined) {
		return { status: html, headers: { 'content-type': 'text/html' }, text: `<html><body><h1>${html} Unicorn!</h1></body></html>` };
	}
	if (answer === undefined) {
		return null;
	}
	const { status = 200, headers = {}, many_headers = 0, body = '', repeat = 1, filler_bytes = 0, gzip = false } = answer;
	const repeating = (text) => repeatingAuthorization(text, asked.authorization ?? '');
	const once = repeating(typeof body === 'string' ? body : JSON.stringify(body));
	const text = once.repeat(repeat) + ' '.repeat(filler_bytes);
	const more = Object.fromEntries(Array.from({ length: many_headers }, (_, index) => [`x-filler-${index}`, 'x']));

	return {
		status, text: gzip ? gzipSync(text) : text,
		headers: { 'content-type': 'application/json; charset=utf-8', ...more, ...(gzip ? { 'content-encoding': 'gzip' } : {}),
			...Object.fromEntries(Object.entries(headers).map(([name, value]) => [name, repeating(String(value))])) },
	};
}

/* What it was asked with, as it is, with a character changed, or all of them escaped. */
function repeatingAuthorization(text, authorization) {
	const at = Math.floor(authorization.length / 2);

	return text
		.replaceAll('{authorization}', authorization)
		.replaceAll('{damaged authorization}', `${authorization.slice(0, at)}?${authorization.slice(at + 1)}`)
		.replaceAll('{escaped authorization}', [...authorization].map((one) => `\\u${one.charCodeAt(0).toString(16).padStart(4, '0')}`).join(''));
}

/* null takes a header away. */
function withHeaders(answer, changed = {}) {
	const headers = Object.entries({ ...answer.headers, ...changed }).filter(([, value]) => value !== null);

	return { ...answer, headers: Object.fromEntries(headers) };
}

function deliver(parts, request, response, entry, fault, answer) {
	if (fault.reset_after_effect) {
		reset(parts, response, entry);
	} else if (fault.drop_answer) {
		parts.journal.finish(entry, 'dropped');		/* the client waits until its own timeout */
	} else if (fault.cut_in_body) {
		cutInBody(parts, response, entry, answer);
	} else if (fault.endless) {
		sendForEver(parts, response, entry, answer);
	} else if (fault.slow_bytes) {
		sendSlowly(parts, response, entry, answer, fault.slow_bytes);
	} else {
		send(parts, request, response, entry, answer);
	}
}

function reset({ journal }, response, entry) {
	journal.finish(entry, 'reset');
	response.socket?.resetAndDestroy?.();
	response.destroy();
}

/* Promises the whole body, sends half of it, and hangs up. */
function cutInBody({ journal }, response, entry, { status, headers, text }) {
	const body = Buffer.from(text);

	response.writeHead(status, { ...headers, 'content-length': body.length });
	response.write(body.subarray(0, body.length / 2), () => {
		journal.finish(entry, 'cut', status);
		response.destroy();
	});
}

/* A body whose end never comes, as fast as the client takes it. */
function sendForEver({ journal }, response, entry, { status, headers, text }) {
	const chunk = text + ' '.repeat(65536);
	const more = () => {
		while (!response.destroyed && response.write(chunk));
	};

	response.writeHead(status, headers);
	response.on('drain', more);
	response.on('close', () => journal.finish(entry, 'gone', status));
	more();
}

function sendSlowly({ journal }, response, entry, { status, headers, text }, { bytes = 16, every_ms = 50 }) {
	const body = Buffer.from(text);
	let sent = 0;
	const timer = setInterval(() => {
		response.write(body.subarray(sent, sent + bytes));
		sent += bytes;
		if (sent >= body.length) {
			clearInterval(timer);
			journal.finish(entry, 'answered', status);
			response.end();
		}
	}, every_ms);

	response.writeHead(status, { ...headers, 'content-length': body.length });
	response.on('close', () => clearInterval(timer));
}
