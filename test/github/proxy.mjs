/*
 * proxy.mjs
 *		An HTTP proxy that opens tunnels (CONNECT) for those who know its user
 *		and password, and does nothing else.
 *
 *		node proxy.mjs --user USER:PASSWORD [--port N] [--port-file FILE]
 *			[--die-with-stdin]
 *
 * Prints "tunnel HOST:PORT" for each tunnel, "refused" for each stranger.
 */
import http from 'node:http';
import net from 'node:net';
import { parseArgs } from 'node:util';
import { announcePort, endWithStarter } from './process.mjs';

const { values } = parseArgs({
	options: {
		user: { type: 'string' },
		port: { type: 'string', default: '0' },
		'port-file': { type: 'string' },
		'die-with-stdin': { type: 'boolean', default: false },
	},
});

endWithStarter(values['die-with-stdin']);

const credentials = `Basic ${Buffer.from(values.user).toString('base64')}`;
const server = http.createServer((_request, response) => {
	response.writeHead(405);
	response.end();
});

server.on('connect', ({ url, headers }, client) => {
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
