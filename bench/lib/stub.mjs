/*
 * stub.mjs
 *		The stub of bench/stub as a child, and its control.
 */
import { spawn } from 'node:child_process';
import { existsSync, readFileSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOf } from './processes.mjs';

export class Stub {
	constructor({ program, portFile }) {
		Object.assign(this, { program, portFile, agent: new http.Agent({ keepAlive: true, maxSockets: 1 }) });
	}

	async start() {
		this.child = spawn(this.program, [this.portFile], { stdio: ['ignore', 'ignore', 'inherit'] });
		while (!existsSync(this.portFile)) {
			if (this.child.exitCode !== null) {
				throw new Error('the stub does not start');
			}
			await sleep(10);
		}
		this.url = `http://127.0.0.1:${readFileSync(this.portFile, 'utf8').trim()}`;
	}

	stop() {
		this.child.kill();
	}

	cpu_s() {
		return cpuOf(this.child.pid);
	}

	/* Resolves with the answer's text. */
	#request(method, path) {
		return new Promise((resolve, reject) => {
			const request = http.request(`${this.url}/_control/${path}`, { method, agent: this.agent }, (response) => {
				const parts = [];

				response.on('data', (part) => parts.push(part));
				response.on('end', () => {
					const text = Buffer.concat(parts).toString('latin1');

					if (response.statusCode === 200) {
						resolve(text);
					} else {
						reject(new Error(`${method} ${path}: ${response.statusCode} ${text}`));
					}
				});
			});

			request.on('error', reject);
			request.end();
		});
	}

	/* No content, no faults, no journal; what nobody has written was last updated a day ago. */
	async reset() {
		this.base_s = Math.floor(Date.now() / 1000) - 24 * 60 * 60;
		await this.#request('POST', `reset?base=${this.base_s}`);
	}

	async counts() {
		return JSON.parse(await this.#request('GET', 'counts'));
	}

	edit(from, to) {
		return this.#request('POST', `edit?from=${from}&to=${to}`);
	}

	/* What the lists of these repositories show. */
	list({ from, to, issues, comments = 0 }) {
		return this.#request('POST', `list?from=${from}&to=${to}&issues=${issues}&comments=${comments}`);
	}

	slow({ repository, number = 0, ms }) {
		return this.#request('POST', `slow?repository=${repository}&number=${number}&ms=${ms}`);
	}

	limit({ installation, seconds }) {
		return this.#request('POST', `limit?installation=${installation}&seconds=${seconds}`);
	}

	large({ repository, bytes }) {
		return this.#request('POST', `large?repository=${repository}&bytes=${bytes}`);
	}

	keepJournal(on) {
		return this.#request('POST', `journal?on=${on ? 1 : 0}`);
	}

	/* [{ at_ms, method, repository, number, installation, title }], in order; title is JSON, or ''. */
	async journal() {
		const text = await this.#request('GET', 'journal');

		return text.split('\n').slice(0, -1).map((line) => {
			const [at, method, repository, number, installation, ...title] = line.split(' ');

			return { at_ms: at / 1000, method, repository: Number(repository), number: Number(number), installation: Number(installation), title: title.join(' ') };
		});
	}
}
