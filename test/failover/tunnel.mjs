/*
 * tunnel.mjs
 *		A proxy of one server's own (github_sync.proxy), which notes when that
 *		server sent something: so whoever sent it is known.
 */
import http from 'node:http';

export class Tunnel {
	async open() {
		this.sentAt = [];		/* milliseconds since the epoch */
		this.agent = new http.Agent({ keepAlive: true });
		this.server = http.createServer((request, response) => this.#forward(request, response));
		await new Promise((resolve) => { this.server.listen(0, '127.0.0.1', resolve); });
		this.url = `http://127.0.0.1:${this.server.address().port}`;
	}

	#forward(request, response) {
		this.sentAt.push(Date.now());
		const onward = http.request(request.url, { method: request.method, headers: request.headers, agent: this.agent }, (answer) => {
			response.writeHead(answer.statusCode, answer.rawHeaders);
			answer.pipe(response);
		});

		onward.on('error', () => response.destroy());
		/* Whoever died has sent what he has sent. */
		request.on('error', () => {});
		request.pipe(onward);
	}

	since(time) {
		return this.sentAt.filter((at) => at >= time);
	}

	close() {
		this.server.close();
		this.server.closeAllConnections();
		this.agent.destroy();
	}
}
