/*
 * github.mjs
 *		One request in, one answer out, as GitHub would give it.
 *
 * Checks what every request must have, finds out who asks, charges the
 * limits, finds the route and puts GitHub's headers around the answer.  Has
 * no sockets: faults and delivery are the server's matter.
 */
import { createHash, randomUUID } from 'node:crypto';
import * as answers from './answers.mjs';
import { REPOSITORY_ROUTES, ROOT_ROUTES } from './routes.mjs';
import { versionAt } from './store.mjs';

const API_VERSIONS = ['2022-11-28', '2026-03-10'];
const REPOSITORY_PATH = /^\/(?:repos\/([^/]+)\/([^/]+)|repositories\/(\d+))(\/.*)?$/;
const CREATING_PATH = /\/issues(?:\/\d+\/comments)?$/;

const DEFAULT_BEHAVIOUR = {
	since: 'inclusive',			/* or exclusive: GitHub's own words differ */
	list_lag_s: 0,				/* new records are missing from lists this long */
	replica_lags_ms: [],		/* each read is answered by the next replica, which is so far behind */
	deepest_by_page: 10000,		/* page * per_page of an issue list without a cursor */
	deepest_of_comments: 30000,	/* the same of the list of a repository's comments, which has no cursor */
	oldest_since: null,			/* a list of a repository's comments with an older one takes too long: 502 */
	largest_page: { issues: 100, comments: 100, issue_comments: 100 },	/* and so does a larger page of these lists; 0: any */
	gzip: false,				/* compress answers when the client accepts it */
	most: { title: 256, body: 65536, comments: 2500 },
};

export class GitHub {
	constructor({ clock, store, shapes, auth, limits, webhooks }) {
		Object.assign(this, { clock, store, shapes, auth, limits, webhooks });
		this.clear();
	}

	clear() {
		this.behaviour = structuredClone(DEFAULT_BEHAVIOUR);
		this.staleReads = { times: 0, path: /^/ };
		this.reads = 0;
	}

	configure({ most = {}, largest_page = {}, ...settings }) {
		Object.assign(this.behaviour, settings);
		Object.assign(this.behaviour.most, most);
		Object.assign(this.behaviour.largest_page, largest_page);
	}

	/* The next reads of a matching path show the version before the last change. */
	answerStale({ times, path = '' }) {
		this.staleReads = { times, path: new RegExp(path) };
	}

	answer(request) {
		const asked = { actor: null };
		let answer;

		try {
			answer = this.#conditional(request, asked, this.#routed(request, asked));
		} catch (error) {
			answer = refusalOf(error);
		}
		Object.assign(answer.headers, this.#commonHeaders(request, asked.actor));
		return answer;
	}

	#routed(request, asked) {
		requireHeaders(request.headers);
		asked.actor = this.auth.actor(request.headers.authorization);
		if (request.path !== '/rate_limit') {
			asked.charge = this.limits.charge(asked.actor, { ...request, creates: request.method === 'POST' && CREATING_PATH.test(request.path) });
		}
		const context = { ...this.#context(request), actor: asked.actor };
		const below = REPOSITORY_PATH.exec(request.path);

		return below ? this.#repositoryAnswer(context, below) : routeAnswer(ROOT_ROUTES, request.path, context);
	}

	#context(request) {
		const { clock, store, shapes, auth, limits, webhooks, behaviour } = this;
		const stale = request.method === 'GET' && this.#takeStaleRead(request.path);

		const atMs = request.method === 'GET' ? clock.nowMs() - this.#nextLagMs() : Infinity;

		return {
			request, clock, store, shapes, auth, limits, webhooks, behaviour, query: request.query, atMs,
			version: stale ? (record) => record.previous ?? record : (record) => versionAt(record, atMs),
		};
	}

	#nextLagMs() {
		const { replica_lags_ms: lags } = this.behaviour;

		return lags.length === 0 ? 0 : lags[this.reads++ % lags.length];
	}

	#takeStaleRead(path) {
		if (this.staleReads.times === 0 || !this.staleReads.path.test(path)) {
			return false;
		}
		this.staleReads.times -= 1;
		return true;
	}

	#repositoryAnswer(context, [, owner, name, id, rest = '']) {
		const found = id === undefined
			? this.store.findRepository(decodeURIComponent(owner), decodeURIComponent(name))
			: { repository: this.store.repositories.get(Number(id)), moved: false };

		if (!found?.repository) {
			throw answers.notFound();
		}
		return routeAnswer(REPOSITORY_ROUTES, rest, { ...context, ...found, rest }, requireAccess);
	}

	/* ETags are bound to the token, as GitHub's are: a new token misses. */
	#conditional({ method, headers }, { actor, charge }, answer) {
		if (method !== 'GET' || answer.status !== 200) {
			return answer;
		}
		const etag = `W/"${createHash('sha256').update(actor.tag).update(answer.text).digest('hex')}"`;
		const unchanged = (headers['if-none-match'] ?? '').split(/,\s*/).includes(etag);

		if (unchanged) {
			this.limits.refund(actor, charge);
		}
		return unchanged ? answers.empty(304, { etag }) : { ...answer, headers: { ...answer.headers, etag } };
	}

	#commonHeaders({ headers }, actor) {
		const expiresAtMs = actor?.kind === 'user' ? actor.expiresAtMs : Infinity;

		return {
			date: this.clock.httpDate(), server: 'github.com', 'x-github-request-id': randomUUID(),
			'x-github-media-type': 'github.v3; format=json',
			'x-github-api-version-selected': headers['x-github-api-version'] ?? API_VERSIONS[0],
			'cache-control': 'private, max-age=60, s-maxage=60', vary: 'Accept, Authorization, Accept-Encoding',
			...(actor === null ? {} : this.limits.headers(actor)),
			...(expiresAtMs === Infinity ? {} : { 'github-authentication-token-expiration': utcWords(expiresAtMs) }),
		};
	}
}

function requireHeaders(headers) {
	const version = headers['x-github-api-version'];

	if (!headers['user-agent']) {
		throw answers.userAgentRequired();
	}
	if (version !== undefined && !API_VERSIONS.includes(version)) {
		throw answers.unknownApiVersion(version);
	}
}

function routeAnswer(routes, path, context, admit = () => {}) {
	for (const [method, pattern, handler, permission] of routes) {
		const parameters = method === context.request.method ? pattern.exec(path) : null;

		if (parameters !== null) {
			admit(context, permission);
			return handler(context, ...parameters.slice(1));
		}
	}
	throw answers.notFound();
}

/* What a stranger may not see does not exist; what one may see may be read-only. */
function requireAccess(context, permission) {
	const { auth, actor, repository, request } = context;

	if (permission !== null) {
		if (!auth.mayReach(actor, repository)) {
			requirePublicRead(context, permission);
		} else if (!grants(actor.permissions, permission)) {
			throw answers.permissionMissing(permission, actor.kind);
		}
	}
	if (context.moved) {
		const query = request.query.size > 0 ? `?${request.query}` : '';

		throw answers.moved(request.method, `${context.shapes.repositoryIdUrl(repository)}${context.rest}${query}`);
	}
	if (repository.archived && request.method !== 'GET') {
		throw answers.archived();
	}
}

function requirePublicRead({ actor, repository, request }, permission) {
	if (repository.private) {
		throw answers.notFound();
	}
	if (request.method !== 'GET') {
		throw actor.kind === 'anonymous' ? answers.authenticationRequired() : answers.permissionMissing(permission, actor.kind);
	}
}

function grants(permissions, permission) {
	const [name, level] = permission.split('=');

	return permissions[name] === 'write' || permissions[name] === level;
}

function refusalOf(error) {
	if (error instanceof answers.Refusal) {
		return error.toAnswer();
	}
	console.error(error);
	return answers.json(500, { message: 'Server Error' });
}

/* 2027-10-12 09:00:00 UTC */
function utcWords(ms) {
	return new Date(ms).toISOString().replace('T', ' ').replace(/\.\d+Z$/, ' UTC');
}
