/*
 * tls.mjs
 *		Stands in front of any GitHub stand-in as GitHub's own front does: TLS,
 *		HTTP/2 for who asks for it, and HTTP/1.1.
 *
 *		node tls.mjs --upstream URL --key-file FILE --cert-file FILE
 *			[--no-http2 | --mixed] [--port N] [--port-file FILE] [--die-with-stdin]
 *
 * With --mixed each third connection is one of HTTP/1.1, as behind a balancer whose
 * servers are not all alike.  Prints a line for each connection and each request on it:
 *
 *		connection 1 h2
 *		request 1 GET /repos/acme/widgets/issues/1
 */
import http from 'node:http';
import http2 from 'node:http2';
import https from 'node:https';
import net from 'node:net';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { announcePort, endWithStarter } from './process.mjs';

/* These belong to one connection, or have another form in HTTP/2. */
const OF_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'host'];

/* Far more than what is to be refused. */
const MOST_HEADER_BYTES = 4 * 1024 * 1024;

function isEndToEnd([name]) {
	return !name.startsWith(':') && !OF_CONNECTION.includes(name);
}

/* Its last frame tells where the answer ends, with no empty one behind it. */
function sendInOnePiece(response, status, headers, body) {
	if (!response.stream) {
		response.writeHead(status, headers);
		response.end(body);
	} else if (body.length === 0) {
		response.stream.respond({ ':status': status, ...headers }, { endStream: true });
	} else {
		response.stream.respond({ ':status': status, ...headers });
		response.stream.end(body);
	}
}

function passOn(upstream, request, response) {
	const headers = Object.fromEntries(Object.entries(request.headers).filter(isEndToEnd));
	const forwarded = http.request(new URL(request.url, upstream), { method: request.method, headers, maxHeaderSize: MOST_HEADER_BYTES });

	/* Without its length, as fronts do with what they compress. */
	forwarded.on('response', (answer) => {
		const pieces = [];

		answer.on('error', () => response.destroy());
		answer.on('data', (piece) => pieces.push(piece));
		answer.on('end', () => {
			const { 'content-length': _, ...headers } = Object.fromEntries(Object.entries(answer.headers).filter(isEndToEnd));

			sendInOnePiece(response, answer.statusCode, headers, Buffer.concat(pieces));
		});
	});
	forwarded.on('error', () => response.destroy());
	request.pipe(forwarded);
}

const { values } = parseArgs({
	options: {
		upstream: { type: 'string' },
		'key-file': { type: 'string' },
		'cert-file': { type: 'string' },
		'no-http2': { type: 'boolean', default: false },
		mixed: { type: 'boolean', default: false },
		port: { type: 'string', default: '0' },
		'port-file': { type: 'string' },
		'die-with-stdin': { type: 'boolean', default: false },
	},
});

endWithStarter(values['die-with-stdin']);

const identity = { key: readFileSync(values['key-file']), cert: readFileSync(values['cert-file']) };
const numbers = new WeakMap();
let connections = 0;

/* HTTP/2 hands out a stand-in for its socket: the session is the connection. */
function connectionOf(request) {
	return request.stream?.session ?? request.socket;
}

function receive(request, response) {
	console.log(`request ${numbers.get(connectionOf(request))} ${request.method} ${request.url}`);
	passOn(values.upstream, request, response);
}

function greet(connection, protocol) {
	numbers.set(connection, ++connections);
	console.log(`connection ${connections} ${protocol}`);
}

function watch(server) {
	server.on('session', (session) => greet(session, 'h2'));
	server.on('secureConnection', (socket) => {
		if (socket.alpnProtocol !== 'h2') {
			greet(socket, 'http/1.1');
		}
	});
	return server;
}

const older = () => watch(https.createServer(identity, receive));
const newer = () => watch(http2.createSecureServer({ maxSendHeaderBlockLength: MOST_HEADER_BYTES, ...identity, allowHTTP1: true }, receive));

function mixed() {
	const servers = [older(), newer(), newer()];
	let next = 0;

	return net.createServer((socket) => servers[next++ % servers.length].emit('connection', socket));
}

const server = values.mixed ? mixed() : values['no-http2'] ? older() : newer();

server.listen(Number(values.port), '127.0.0.1', () => announcePort(values['port-file'], server.address().port));
