/*
 * emulated.mjs
 *		npm's emulate in the place of the stand-in: a GitHub that nobody here
 *		wrote decides what each request does.
 *
 * The stand-in's sockets, faults and journal stay in front of it, and its
 * store is the mirror of what emulate answered: those who act and compare find
 * GitHub's side there, and in the end the mirror is held against emulate.  For
 * each round there is a new emulate, which forgets nothing otherwise.  What it
 * cannot do is in CONTRIBUTING.md.
 */
import { spawn } from 'node:child_process';
import { once } from 'node:events';
import { readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';

const PROGRAM = fileURLToPath(new URL('../github/emulate.mjs', import.meta.url));
const HUMAN = { login: 'alice', token: 'github_pat_alice' };
const REPOSITORIES = ['widgets', 'gadgets'];

/* What a client's headers and emulate's say of their own connection. */
const OF_A_CONNECTION = ['connection', 'keep-alive', 'transfer-encoding', 'content-length', 'host'];

export class EmulatedGitHub {
	constructor(directory) {
		Object.assign(this, { directory, child: null, aheadS: 0, control: null, publicUrl: '' });
		this.agent = new http.Agent({ keepAlive: true });
	}

	/* The stand-in whose sockets and store these are. */
	use({ control, url }) {
		this.publicUrl = url;
		this.standin = control;
		this.control = Object.assign(Object.create(control), {
			isEmulated: true,
			startOver: () => this.#startOver(), act: (what) => this.#act(what), differences: () => this.#differences(),
			clock: { advance: (seconds) => (this.aheadS += seconds) },
			github: { configure: () => {}, answerStale: () => {}, clear: () => {} },
			auth: { ...control.auth, expireInstallationTokens: () => {} },
		});
	}

	/* A new emulate; its clock is ahead by so many seconds. */
	async prepare(aheadS) {
		await this.stop();
		const portFile = `${this.directory}/emulate.port`;

		this.aheadS = aheadS;
		this.child = spawn(process.execPath, [PROGRAM, '--key-file', `${this.directory}/app.pem`, '--port-file', portFile,
			`--clock-ahead-s=${aheadS}`, '--die-with-stdin'], { stdio: ['pipe', 'ignore', 'inherit'] });
		for (this.port = null; this.port === null;) {
			await sleep(10);
			this.port = portIn(portFile);
			if (this.child.exitCode !== null) {
				throw new Error('emulate ended at once');
			}
		}
		this.repositories = await Promise.all(REPOSITORIES.map((name) => this.#human('GET', `/repos/acme/${name}`)));
	}

	async stop() {
		if (this.child !== null) {
			const ended = once(this.child, 'exit');

			this.child.kill('SIGTERM');
			await ended;
			rmSync(`${this.directory}/emulate.port`, { force: true });
			this.child = null;
		}
	}

	/* The mirror of a world where nothing has happened. */
	#startOver() {
		const { store, journal, faults } = this.standin;

		[store, journal, faults].forEach((part) => part.clear());
		store.clock = { iso: () => this.at, nowMs: () => Date.parse(this.at) };
		this.at = new Date().toISOString();
		store.setApp({ id: 424242, slug: 'tasksync', owner: 'acme' });
		this.repositories.forEach(({ id, name }) => store.addRepository({ id, owner: 'acme', name }));
	}

	/* What a request of the App's does. */
	async answer(request) {
		const answer = await this.#forward(request);

		this.#mirror(request, answer, this.standin.store.appLogin());
		return answer;
	}

	async #forward({ method, target, headers, body }) {
		const sent = without(headers, OF_A_CONNECTION);
		const request = http.request({ host: '127.0.0.1', port: this.port, method, path: target, agent: this.agent, headers: { ...sent, 'accept-encoding': 'identity', 'content-length': Buffer.byteLength(body) } });

		request.end(body);
		const [response] = await once(request, 'response');
		const chunks = await response.toArray();
		const here = (text) => text.replaceAll(`http://127.0.0.1:${this.port}`, this.publicUrl);
		const answered = without(response.headers, OF_A_CONNECTION);

		return {
			status: response.statusCode, text: here(Buffer.concat(chunks).toString()),
			headers: { ...answered, date: new Date(Date.now() + this.aheadS * 1000).toUTCString(), ...(answered.link ? { link: here(answered.link) } : {}) },
		};
	}

	#mirror({ method, path }, { status, text }, sender) {
		const [, name, number, id] = /^\/repos\/acme\/([^/]+)\/issues(?:\/(\d+)|\/comments\/(\d+))?(?:\/comments)?$/.exec(path) ?? [];
		const { store } = this.standin;
		const repository = name && store.findRepository('acme', name)?.repository;
		const json = status === 200 || status === 201 ? JSON.parse(text) : null;
		const actor = { login: sender };

		if (!repository || method === 'GET' || status >= 300) {
			return;
		}
		this.at = json?.updated_at ?? new Date(Date.now() + this.aheadS * 1000).toISOString();
		switch (`${method} ${number ? 'number' : ''}${id ? 'id' : ''}${path.endsWith('/comments') ? ' comments' : ''}`) {
			case 'POST ':
				store.createIssue(repository, { ...pick(json, ['id', 'number', 'title', 'body', 'state']) }, actor);
				break;
			case 'PATCH number':
				store.editIssue(repository.issues.get(Number(number)), pick(json, ['title', 'body', 'state']), actor);
				break;
			case 'POST number comments':
				store.createComment(repository.issues.get(Number(number)), pick(json, ['id', 'body']), actor);
				break;
			case 'PATCH id':
				store.editComment(store.comments.get(Number(id)), json, actor);
				break;
			case 'DELETE id':
				store.deleteComment(store.comments.get(Number(id)), actor);
		}
	}

	async #human(method, path, value) {
		const body = value === undefined ? '' : JSON.stringify(value);
		const answer = await this.#forward({
			method, target: path, body,
			headers: { 'user-agent': 'human', accept: 'application/json', 'content-type': 'application/json', authorization: `Bearer ${HUMAN.token}` },
		});

		this.#mirror({ method, path }, answer, HUMAN.login);
		return answer.text === '' ? null : JSON.parse(answer.text);
	}

	/* As the stand-in's act(); what REST does not offer is left undone. */
	#act({ do: deed, repo, number, comment_id: id, title, body, state }) {
		const repository = this.standin.store.repositories.get(repo) ?? this.standin.store.comments.get(id)?.issue.repository;
		const issues = `/repos/acme/${repository?.name}/issues`;
		const values = Object.fromEntries(Object.entries({ title, body, state }).filter(([, value]) => value !== undefined));
		const [method, path, sent] = {
			create_issue: ['POST', issues, { ...values, body: body ?? '' }], edit_issue: ['PATCH', `${issues}/${number}`, values],
			create_comment: ['POST', `${issues}/${number}/comments`, { body }],
			edit_comment: ['PATCH', `${issues}/comments/${id}`, { body }], delete_comment: ['DELETE', `${issues}/comments/${id}`],
		}[deed] ?? [];

		return method === undefined || repository === undefined ? null : this.#human(method, path, sent);
	}

	/* Where emulate itself holds something else than the mirror, in words. */
	async #differences() {
		const found = [];

		for (const repository of this.standin.store.repositories.values()) {
			const here = `/repos/acme/${repository.name}/issues`;
			const issues = await this.#human('GET', `${here}?state=all&per_page=100`);
			const comments = await this.#human('GET', `${here}/comments?per_page=100`);
			const mine = [...repository.issues.values()].map(({ number, title, body, state }) => [number, title, body, state]);
			const theirs = issues.map(({ number, title, body, state }) => [number, title, body, state]);

			found.push(...differing(mine, theirs, 'issue'),
				...differing([...repository.issues.values()].flatMap((issue) => [...issue.comments.values()]).map(({ id, body }) => [id, body]), comments.map(({ id, body }) => [id, body]), 'comment'));
		}
		return found;
	}
}

function portIn(file) {
	try {
		return Number(readFileSync(file, 'utf8'));
	} catch {
		return null;
	}
}

function without(headers, names) {
	return Object.fromEntries(Object.entries(headers).filter(([name]) => !names.includes(name)));
}

function pick(source, fields) {
	return Object.fromEntries(fields.map((field) => [field, source[field]]));
}

function differing(mine, theirs, what) {
	const lines = (records) => new Set(records.map((record) => JSON.stringify(record)));
	const [here, there] = [lines(mine), lines(theirs)];

	return [
		...[...here].filter((line) => !there.has(line)).map((line) => `emulate has no ${what} ${line}`),
		...[...there].filter((line) => !here.has(line)).map((line) => `emulate has the ${what} ${line}, which nobody saw being made`),
	];
}
