/*
 * history.mjs
 *		What happened to each record, as seen from outside of what is tested:
 *		GitHub's side from within the stand-in, the application's side from
 *		its audit.
 *
 * A writing is one value that one writer gave one field at one time, and the
 * value that it replaced.  Texts are unique, so that a value tells who wrote it.
 */

/* As github_sync.without_creation_key() takes it away. */
export const KEY = /(?:\r?\n){0,2}<!-- github_sync:[0-9a-f-]{36} -->/;

export const FIELDS = { issue: ['title', 'body', 'state'], comment: ['body'] };

/* Equal for a reader: as github_sync.same_text(). */
export function plain(text) {
	return String(text ?? '').replaceAll('\r\n', '\n').replace(KEY, '');
}

export class History {
	constructor(app) {
		this.app = app;				/* login of the App */
		this.events = [];			/* { at, issue, comment, text }: to be read */
		this.writings = [];			/* of GitHub's side */
		this.creations = [];		/* by the App: { resource, about, text } */
		this.deleted = new Set();	/* resources that GitHub has no longer */
		this.last = new Map();		/* resource -> its values */
		this.showings = new Map();	/* resource -> { at, values } as the App was shown them */
		this.settled = 0;			/* so many of the writings were given the time of their request */
		this.byEtag = new Map();
		this.latest = 0;
	}

	/* Milliseconds since the epoch, with a fraction: each is later than the one before. */
	now() {
		return (this.latest = Math.max(performance.timeOrigin + performance.now(), this.latest + 0.001));
	}

	/* at: in milliseconds; issue: its number; comment: GitHub's id. */
	note(text, { at = this.now(), issue = null, comment = null } = {}) {
		this.events.push({ at, issue, comment, text });
	}

	/* A listener of the stand-in's store, in front of another. */
	listen(store) {
		const next = store.listener;

		store.listener = (event, action, what) => {
			this.#changed(event, action, what);
			next(event, action, what);
		};
	}

	#changed(event, action, { issue, comment, sender }) {
		const resource = comment === undefined ? { type: 'issue', name: `issue ${issue.number}`, record: issue }
			: { type: 'comment', name: `comment ${comment.id}`, record: comment };
		const by = sender === this.app ? 'app' : 'human';
		const before = this.last.get(resource.name) ?? {};
		const after = valuesOf(resource);

		this.last.set(resource.name, after);
		if (action === 'deleted') {
			this.deleted.add(resource.name);
		}
		this.note(`GitHub: ${by === 'app' ? 'the App' : 'a human'} ${action} ${describe(after)}`,
			{ issue: issue.number, comment: comment?.id });
		for (const field of FIELDS[resource.type].filter((name) => before[name] !== after[name] || action === 'opened')) {
			this.writings.push({
				at: this.now(), resource: resource.name, about: { issue: issue.number, comment: comment?.id },
				field, by, from: before[field] ?? null, to: after[field],
			});
		}
		if (by === 'app' && (action === 'opened' || action === 'created')) {
			this.creations.push({ resource: resource.name, about: { issue: issue.number, comment: comment?.id }, text: after.title ?? after.body });
		}
	}

	/* A request of the App's at the moment of its effect; see startStandin(). */
	answered(entry, answer, fault) {
		const json = answer.status === 200 || answer.status === 201 ? JSON.parse(answer.text || 'null') : null;

		this.#noteRequestOfWritings(entry);
		if (arrives(entry, fault)) {
			this.#show(answer, json);
		}
		this.note(requestInWords(entry, answer, json, fault), placeOf(entry.path, json));
	}

	/* The App's among the last ones: what is shown to it after that request came did not reach its writing any more. */
	#noteRequestOfWritings({ t }) {
		this.writings.slice(this.settled).filter(({ by }) => by === 'app').forEach((writing) => {
			writing.sent = t;
		});
		this.settled = this.writings.length;
	}

	/* A list is asked for its keys only: what else is in it counts for nothing. */
	#show({ status, headers: { etag } }, json) {
		if (status === 304 && this.byEtag.has(etag)) {
			this.#remember(...this.byEtag.get(etag));
		} else if (json?.id !== undefined && json.updated_at !== undefined) {
			const name = json.number === undefined ? `comment ${json.id}` : `issue ${json.number}`;
			const values = { title: json.title, body: plain(json.body), state: json.state };

			this.#remember(name, values);
			this.byEtag.set(etag, [name, values]);
		}
	}

	#remember(name, values) {
		this.showings.set(name, [...this.showings.get(name) ?? [], { at: this.now(), values }]);
	}

	/* What the App had been shown last when it sent this. */
	shownBefore({ resource, field, at, sent = at }) {
		return this.showings.get(resource)?.findLast((showing) => showing.at < sent)?.values[field] ?? null;
	}

	/* The events of one record (an issue's number and a comment's id, or either) in their order. */
	of({ issue = null, comment = null }, more = []) {
		const mine = this.events.filter((event) => (comment === null
			? issue !== null && event.issue === issue && event.comment === null
			: event.comment === comment));
		const everybodys = this.events.filter((event) => event.issue === null && event.comment === null);

		return [...mine, ...everybodys, ...more].sort((one, other) => one.at - other.at)
			.map(({ at, text }) => `${new Date(at).toISOString().slice(14, 23)}  ${text}`);
	}
}

/* Whether the answer gets to a client that still waits for it. */
function arrives({ outcome }, fault) {
	return outcome === null && !fault.reset_after_effect && !fault.drop_answer && !fault.cut_in_body && !fault.after_effect;
}

function valuesOf({ type, record }) {
	return Object.fromEntries(FIELDS[type].map((field) => [field, field === 'body' ? plain(record.body) : record[field]]));
}

export function describe(values) {
	return Object.entries(values).map(([field, value]) => `${field}=${JSON.stringify(value)}`).join(' ');
}

function seen(json) {
	if (Array.isArray(json)) {
		return ` ${json.length} items`;
	}
	if (json?.updated_at === undefined) {
		return '';
	}
	return ` ${json.updated_at.slice(14, 19)} ${describe({ ...(json.title ? { title: json.title, state: json.state } : {}), body: plain(json.body) })}`;
}

/* What a request is about: an issue's number, a comment's id. */
function placeOf(path, json) {
	const comment = /\/issues\/comments\/(\d+)/.exec(path);
	const number = /\/issues\/(\d+)/.exec(path);

	return { issue: number ? Number(number[1]) : json?.number ?? null, comment: comment ? Number(comment[1]) : null };
}

function requestInWords({ seq, method, path, body }, { status }, json, fault) {
	const place = path.split('?')[0].replace(/^\/repos\/[^/]+\/[^/]+/, '');
	const sent = method === 'GET' || body === '' ? '' : ` ${plain(body).slice(0, 200)}`;

	return `request ${seq}: ${method} ${place}${sent} -> ${status}${seen(json)}${faultWords(fault)}`;
}

function faultWords(fault) {
	const words = Object.entries(fault).map(([name, value]) => (value === true ? name : `${name}=${JSON.stringify(value)}`));

	return words.length === 0 ? '' : `   [fault: ${words.join(', ')}]`;
}
