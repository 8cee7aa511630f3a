/*
 * webhooks.mjs
 *		Turns what happens in the store into deliveries, as GitHub does:
 *		payload, delivery id, signature over the raw bytes.
 *
 * Deliveries go out one after the other, after the request that caused them
 * has been answered or not.  GitHub promises neither order nor arrival; the
 * modes make both go wrong in ways a test can count on.
 */
import { createHmac, randomUUID } from 'node:crypto';
import http from 'node:http';
import { nodeId } from './shapes.mjs';

const HOOK_ID = 498_765_432;
const ANSWER_WITHIN_MS = 10_000;
const FIRST_LOG_ID = 9_007_199_254_000;
const LOGGED_FOR_MS = 3 * 24 * 60 * 60 * 1000;
const MODES = ['off', 'on', 'held', 'doubled', 'reversed'];

export class Webhooks {
	constructor({ clock, store, shapes }) {
		Object.assign(this, { clock, store, shapes });
		this.target = { url: null, secret: null };
		this.clear();
		store.listener = (event, action, what) => this.#happened(event, action, what);
	}

	clear() {
		this.mode = 'on';
		this.lose_every = 0;
		this.deliveries = [];
		this.held = [];
		this.log = [];			/* each try to deliver: { id, delivery, at, status, status_code, redelivery } */
		this.sending = Promise.resolve();
	}

	configure({ url, secret, mode, lose_every }) {
		if (mode !== undefined && !MODES.includes(mode)) {
			throw new Error(`unknown webhook mode: ${mode}`);
		}
		Object.assign(this.target, url === undefined ? {} : { url }, secret === undefined ? {} : { secret });
		this.mode = mode ?? this.mode;
		this.lose_every = lose_every ?? this.lose_every;
	}

	/* Sends what is held, in order or the other way round. */
	release({ order = 'as_happened', most = Infinity } = {}) {
		const released = this.held.splice(0, most);

		(order === 'reversed' ? released.reverse() : released).forEach((delivery) => this.#send(delivery));
		return this.sending;
	}

	/* Once more, with the same delivery id, as GitHub's redelivery. */
	redeliver(guid) {
		const delivery = this.deliveries.find((one) => one.guid === guid);

		if (delivery === undefined) {
			throw new Error(`no delivery ${guid}`);
		}
		this.#send(delivery);
		return this.sending;
	}

	idle() {
		return this.sending;
	}

	#happened(event, action, what) {
		if (this.mode === 'off') {
			return;
		}
		const delivery = this.#delivery(event, action, JSON.stringify({ action, ...this.#payload(event, action, what) }));

		this.deliveries.push(delivery);
		if (this.lose_every > 0 && this.deliveries.length % this.lose_every === 0) {
			delivery.outcome = 'lost';
			this.#note(delivery, 'timed out', 0);
			return;
		}
		this.#dispatch(delivery);
	}

	#dispatch(delivery) {
		switch (this.mode) {
			case 'held':
				this.held.push(delivery);
				break;
			case 'doubled':
				this.#send(delivery);
				this.#send(delivery);
				break;
			case 'reversed':	/* each waits for its successor and comes after it */
				this.held.push(delivery);
				if (this.held.length === 2) {
					this.release({ order: 'reversed' });
				}
				break;
			default:
				this.#send(delivery);
		}
	}

	#delivery(event, action, body) {
		const guid = randomUUID();
		const headers = {
			accept: '*/*', 'content-type': 'application/json', 'user-agent': 'GitHub-Hookshot/standin',
			'x-github-event': event, 'x-github-delivery': guid, 'x-github-hook-id': String(HOOK_ID),
			'x-github-hook-installation-target-id': String(this.store.app?.id ?? 0),
			'x-github-hook-installation-target-type': 'integration',
		};

		return { guid, event, action, headers, body, happened_at: this.clock.iso(), outcome: 'waiting', status: null, attempts: 0 };
	}

	signature(body) {
		return `sha256=${createHmac('sha256', this.target.secret).update(body).digest('hex')}`;
	}

	/* With the signature by the secret of now: what a receiver would get. */
	list() {
		return this.deliveries.map((delivery) => ({ ...delivery, headers: this.#signedHeaders(delivery) }));
	}

	#signedHeaders({ headers, body }) {
		return this.target.secret === null ? headers : { ...headers, 'x-hub-signature-256': this.signature(body) };
	}

	#send(delivery) {
		this.sending = this.sending.then(() => this.#post(delivery));
	}

	#post(delivery) {
		if (this.target.url === null) {
			delivery.outcome = 'no receiver';
			this.#note(delivery, 'failed to connect to host', 0);
			return Promise.resolve();
		}
		delivery.attempts += 1;
		return new Promise((resolve) => {
			const finish = (outcome, status = null) => {
				Object.assign(delivery, { outcome, status });
				this.#note(delivery, outcome === 'delivered' ? 'OK' : 'Invalid HTTP Response', status ?? 0);
				resolve();
			};
			const headers = { ...this.#signedHeaders(delivery), 'content-length': Buffer.byteLength(delivery.body) };
			const request = http.request(this.target.url, { method: 'POST', headers, timeout: ANSWER_WITHIN_MS }, (response) => {
				response.resume();
				response.on('close', () => finish(response.statusCode < 300 ? 'delivered' : 'refused', response.statusCode));
			});

			request.on('timeout', () => request.destroy());
			request.on('error', () => finish('failed'));
			request.end(delivery.body);
		});
	}

	/* ---- the App's log: GET /app/hook/deliveries ---- */

	#note(delivery, status, code) {
		this.log.push({ id: FIRST_LOG_ID + 3 * this.log.length, delivery, at: this.clock.iso(), status, status_code: code,
			redelivery: this.log.some((one) => one.delivery === delivery) });
	}

	/* Of three days, oldest first. */
	logged() {
		return this.log.filter(({ at }) => Date.parse(at) > this.clock.nowMs() - LOGGED_FOR_MS);
	}

	summary({ id, delivery, at, status, status_code, redelivery }) {
		const { installation, repository } = JSON.parse(delivery.body);

		return {
			id, guid: delivery.guid, delivered_at: at, redelivery, duration: 0.03, status, status_code, event: delivery.event, action: delivery.action,
			installation_id: installation?.id ?? null, repository_id: repository?.id ?? null, throttled_at: null,
		};
	}

	detail(entry) {
		const { headers, body } = entry.delivery;

		return {
			...this.summary(entry), url: this.target.url ?? 'https://example.test/webhook',
			request: { headers, payload: JSON.parse(body) }, response: { headers: {}, payload: '' },
		};
	}

	#payload(event, action, what) {
		const sender = this.shapes.user(what.sender) ?? this.shapes.user(this.store.app?.owner);

		if (event === 'installation') {
			return { installation: this.shapes.installation(what.installation), repositories: (what.listed ?? []).map(listedRepository), sender };
		}
		if (event === 'installation_repositories') {
			return {
				installation: this.shapes.installation(what.installation), repository_selection: what.installation.repository_selection,
				repositories_added: what.added.map(listedRepository), repositories_removed: what.removed.map(listedRepository),
				requester: null, sender,
			};
		}
		const repository = what.repository ?? what.issue.repository;

		return {
			...this.#subject(event, action, what, repository),
			repository: { ...this.shapes.repository(repository), custom_properties: {} },
			...this.#installationPart(repository), sender,
		};
	}

	#subject(event, action, what, repository) {
		if (event === 'repository') {
			return what.former === undefined ? {} : { changes: repositoryChanges(this.shapes, action, what.former, repository) };
		}
		return {
			issue: this.shapes.issue(what.issue),
			...(what.comment ? { comment: this.shapes.comment(what.comment) } : {}),
			...(what.label ? { label: this.shapes.label(what.issue.repository, what.label) } : {}),
			...(what.assignee ? { assignee: this.shapes.user(what.assignee) } : {}),
			...this.#issueChanges(what),
		};
	}

	#issueChanges({ changes, arrived, left }) {
		if (arrived) {
			return { changes: { new_issue: this.shapes.issue(arrived), new_repository: this.shapes.repository(arrived.repository) } };
		}
		if (left) {
			return { changes: { old_issue: this.shapes.issue(left), old_repository: this.shapes.repository(left.repository) } };
		}
		return changes ? { changes: Object.fromEntries(Object.entries(changes).map(([field, { from }]) => [field, { from: from ?? '' }])) } : {};
	}

	#installationPart(repository) {
		const found = [...this.store.installations.values()].find((one) => this.store.installationCovers(one, repository));

		return found ? { installation: { id: found.id, node_id: nodeId('I', found.id) } } : {};
	}
}

function repositoryChanges(shapes, action, former, repository) {
	return action === 'renamed'
		? { repository: { name: { from: former.name } } }
		: { owner: { from: { user: shapes.user(former.owner) ?? shapes.user(repository.owner) } } };
}

/* As an installation's deliveries name its repositories. */
function listedRepository({ id, owner, name, private: isPrivate }) {
	return { id, node_id: nodeId('R', id), name, full_name: `${owner}/${name}`, private: isPrivate };
}
