/*
 * proxy.mjs
 *		An HTTP proxy that opens tunnels (CONNECT) for those who know its user
 *		and password, and does nothing else.
 *
 *		node proxy.mjs --user USER:PASSWORD [--key-file FILE --cert-file FILE]
 *			[--port N] [--port-file FILE] [--die-with-stdin]
 *
 * With a key and a certificate it is spoken to by TLS.  Prints "tunnel
 * HOST:PORT" for each tunnel, "refused" for each stranger, and "told NAME" for
 * each header that a proxy has no business with.
 */
import http from 'node:http';
import https from 'node:https';
import net from 'node:net';
import { readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { announcePort, endWithStarter } from './process.mjs';

const { values } = parseArgs({
	options: {
		user: { type: 'string' },
		'key-file': { type: 'string' },
		'cert-file': { type: 'string' },
		port: { type: 'string', default: '0' },
		'port-file': { type: 'string' },
		'die-with-stdin': { type: 'boolean', default: false },
	},
});

endWithStarter(values['die-with-stdin']);

const credentials = `Basic ${Buffer.from(values.user).toString('base64')}`;
const OF_PROXY = ['host', 'proxy-authorization', 'proxy-connection', 'user-agent'];

function refuseRequest(_request, response) {
	response.writeHead(405);
	response.end();
}

const server = values['key-file']
	? https.createServer({ key: readFileSync(values['key-file']), cert: readFileSync(values['cert-file']) }, refuseRequest)
	: http.createServer(refuseRequest);

server.on('connect', ({ url, headers }, client) => {
	for (const name of Object.keys(headers).filter((header) => !OF_PROXY.includes(header))) {
		console.log(`told ${name}`);
	}
	if (headers['proxy-authorization'] !== credentials) {
		console.log('refused');
		client.end('HTTP/1.1 407 Proxy Authentication Required\r\nProxy-Authenticate: Basic realm="tests"\r\n\r\n');
		return;
	}
	const [host, port] = url.split(':');
	const target = net.connect(Number(port), host, () => {
		console.log(`tunnel ${url}`);
		client.write('HTTP/1.1 200 Connection established\r\n\r\n');
		target.pipe(client).pipe(target);
	});

	target.on('error', () => client.destroy());
	client.on('error', () => target.destroy());
});
server.listen(Number(values.port), '127.0.0.1', () => announcePort(values['port-file'], server.address().port));
