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
export const KEY = /(?:\r?\n){0,2}<!-- github_sync:[0-9a-f-]{36} -->/g;

export const FIELDS = { issue: ['title', 'body', 'state'], comment: ['body'] };

/* Equal for a reader: as github_sync.same_text(); a mark of the application's triggers (forces/triggers.mjs) counts for nothing. */
export function plain(text) {
	return String(text ?? '').replaceAll('\r\n', '\n').replace(KEY, '').replaceAll(' ✓', '').replace(/ +$/, '');
}

export class History {
	constructor(store) {
		this.store = store;
		this.apps = new Set([store.appLogin()]);	/* the logins that are ours */
		this.keys = new WeakMap();	/* issue -> the place where it was first: "repository's id#number" */
		this.byId = new Map();		/* GitHub's id of an issue -> the same */
		this.transferred = new Set();	/* the same, of issues that have been in another repository */
		this.tellings = [];			/* { name, updatedAt, at }: webhooks that were taken */
		this.events = [];			/* { at, issue, comment, text }: to be read */
		this.writings = [];			/* of GitHub's side */
		this.creations = [];		/* by the App: { resource, about, text } */
		this.redirected = new Map();	/* when a write came that was sent elsewhere */
		this.deleted = new Map();	/* resources that GitHub has no longer, and since when */
		this.issueOfComment = new Map();	/* a comment's id -> its issue's key */
		this.askedAbout = new Set();	/* keys of issues that are asked for next because of a comment */
		this.last = new Map();		/* resource -> its values */
		this.showings = new Map();	/* resource -> { at, values } as the App was shown them */
		this.settled = 0;			/* so many of the writings were given the time of their request */
		this.byEtag = new Map();
		this.moves = [];			/* { key, place }: of transferred issues */
		this.latest = 0;
	}

	/* Milliseconds since the epoch, with a fraction: each is later than the one before. */
	now() {
		return (this.latest = Math.max(performance.timeOrigin + performance.now(), this.latest + 0.001));
	}

	/* An issue, wherever it is by now. */
	keyOf(issue) {
		if (!this.keys.has(issue)) {
			this.keys.set(issue, `${issue.repository.id}#${issue.number}`);
			this.byId.set(issue.id, this.keys.get(issue));
		}
		return this.keys.get(issue);
	}

	/* What is at that place now, or was there and is elsewhere; a place of nobody's is its own key. */
	keyAt(repositoryId, number) {
		const repository = this.store.repositories.get(repositoryId);
		const former = repository?.formerIssues.get(number);
		const issue = repository?.issues.get(number) ?? former?.transferredTo ?? former?.issue;

		return issue === undefined ? `${repositoryId}#${number}` : this.keyOf(issue);
	}

	/* Whether it was transferred before that. */
	wasTransferred(key, before) {
		return this.moves.some((move) => move.key === key && move.at < before);
	}

	/* Whether a comment was deleted first, and then its issue transferred. */
	wasTransferredAfterDeletion({ issue, comment }) {
		const at = this.deleted.get(`comment ${comment}`);

		return at !== undefined && this.moves.some((move) => move.key === issue && move.at > at);
	}

	/* All places that an issue has been at. */
	placesOf(key) {
		return key === null ? [] : [key, ...this.moves.filter((move) => move.key === key).map(({ place }) => place)];
	}

	about({ issue, comment }) {
		return { issue: this.keyOf(issue), comment: comment?.id };
	}

	/* A webhook was taken. */
	told({ issue, comment }, updatedAt) {
		this.tellings.push({ name: comment === undefined ? `issue ${issue}` : `comment ${comment}`, updatedAt, at: this.now() });
	}

	/* at: in milliseconds; issue: its key; comment: GitHub's id. */
	note(text, { at = this.now(), issue = null, comment = null } = {}) {
		this.events.push({ at, issue, comment, text });
	}

	/* A listener of the stand-in's store, in front of another. */
	listen(store) {
		const next = store.listener;

		store.listener = (event, action, what) => {
			if (action === 'transferred' && event === 'issues') {
				this.#moved(what);
			} else if (event === 'issues' || event === 'issue_comment') {
				this.#changed(event, action, what);
			}
			next(event, action, what);
		};
	}

	#moved({ issue, arrived }) {
		const key = this.keyOf(issue);

		this.keys.set(arrived, key);
		this.byId.set(arrived.id, key);
		this.transferred.add(key);
		this.moves.push({ key, at: this.now(), place: `${arrived.repository.id}#${arrived.number}` });
		this.note(`GitHub: transferred to ${arrived.repository.id}#${arrived.number}`, { issue: key });
	}

	#changed(event, action, { issue, comment, sender, left }) {
		const about = this.about({ issue, comment });
		const resource = comment === undefined ? { type: 'issue', name: `issue ${about.issue}`, record: issue }
			: { type: 'comment', name: `comment ${comment.id}`, record: comment };
		const by = this.apps.has(sender) ? 'app' : 'human';
		const isNew = action === 'opened' && left === undefined;
		const before = this.last.get(resource.name) ?? {};
		const after = valuesOf(resource);

		this.last.set(resource.name, after);
		if (comment !== undefined) {
			this.issueOfComment.set(comment.id, about.issue);
		}
		if (action === 'deleted') {
			this.deleted.set(resource.name, this.now());
		}
		this.note(`GitHub: ${by === 'app' ? 'the App' : 'a human'} ${action} ${describe(after)}`, about);
		for (const field of FIELDS[resource.type].filter((name) => before[name] !== after[name] || isNew)) {
			this.writings.push({
				at: this.now(), resource: resource.name, about, repository: issue.repository.id, updatedAt: resource.record.updated_at,
				field, by, from: before[field] ?? null, to: after[field],
			});
		}
		if (by === 'app' && (isNew || action === 'created')) {
			this.creations.push({ at: this.now(), resource: resource.name, about, repository: issue.repository.id, text: after.title ?? after.body });
		}
	}

	/* A request of the App's at the moment of its effect; see startStandin(). */
	answered(entry, answer, fault) {
		const json = answer.status === 200 || answer.status === 201 ? JSON.parse(answer.text || 'null') : null;

		this.#noteRequestOfWritings(entry);
		if (answer.status === 307) {
			this.redirected.set(`${entry.method} ${entry.body}`, entry.t);
		}
		const place = this.#placeOf(entry.path, json);

		if (arrives(entry, fault)) {
			this.#show(answer, json, entry);
		}
		this.#noteInquiry(entry, answer, place);
		this.note(requestInWords(entry, answer, json, fault), place);
	}

	/*
	 * A comment that is not there has its issue asked for.  What that shows decides about the comment alone: the issue's own
	 * GET may have come before it, and its PATCH comes after it.
	 */
	#noteInquiry({ path }, { status }, { issue, comment }) {
		const ofComment = /\/comments/.test(path);
		const key = ofComment ? issue ?? this.issueOfComment.get(comment) : issue;

		if (ofComment && status >= 300 && status !== 304) {
			this.askedAbout.add(key);
		} else {
			this.askedAbout.delete(key);
		}
	}

	/*
	 * The App's among the last ones: what is shown to it after that request came, or the one whose redirect it follows, did
	 * not reach its writing any more.
	 */
	#noteRequestOfWritings({ method, path, body, t: came }) {
		const t = (path.startsWith('/repositories/') ? this.redirected.get(`${method} ${body}`) : undefined) ?? came;

		this.writings.slice(this.settled).filter(({ by }) => by === 'app').forEach((writing) => {
			writing.sent = t;
		});
		this.settled = this.writings.length;
	}

	/*
	 * A list is asked for its keys only: what else is in it counts for nothing.  By way of a redirect a transferred issue is
	 * shown to the record of its old place, which may be another one than that of its new place.
	 */
	#show({ status, headers: { etag } }, json, { t: asked, path }) {
		const { issue } = this.#placeOf(path, json);

		if ((path.startsWith('/repositories/') && this.transferred.has(issue)) || (!/\/comments/.test(path) && this.askedAbout.has(issue))) {
			return;
		}
		if (status === 304 && this.byEtag.has(etag)) {
			this.#remember(...this.byEtag.get(etag), asked);
		} else if (json?.id !== undefined && json.updated_at !== undefined && json.full_name === undefined) {
			const name = json.number === undefined ? `comment ${json.id}` : `issue ${this.byId.get(json.id)}`;
			const shown = { values: { title: json.title, body: plain(json.body), state: json.state }, updatedAt: json.updated_at };

			this.#remember(name, shown, asked);
			this.byEtag.set(etag, [name, shown]);
		}
	}

	#remember(name, shown, asked) {
		this.showings.set(name, [...this.showings.get(name) ?? [], { at: this.now(), asked, ...shown }]);
	}

	/* What a request is about: an issue's key, a comment's id. */
	#placeOf(path, json) {
		const comment = /\/issues\/comments\/(\d+)/.exec(path);
		const [, owner, name, id, number] = /^\/(?:repos\/([^/?]+)\/([^/?]+)|repositories\/(\d+))(?:\/issues\/(\d+))?/.exec(path) ?? [];
		const repository = id === undefined ? this.store.findRepository(decodeURIComponent(owner ?? ''), decodeURIComponent(name ?? ''))?.repository.id : Number(id);
		const at = number ?? json?.number;

		return { issue: at === undefined ? null : this.keyAt(repository, Number(at)), comment: comment ? Number(comment[1]) : null };
	}

	/* What the App had been shown last when it sent this. */
	shownBefore({ resource, at, sent = at }) {
		return this.showings.get(resource)?.findLast((showing) => showing.at < sent);
	}

	/* Whether a webhook had told us, before it asked for the last time, of something newer than what it was shown then. */
	knewOfNewer(writing, before) {
		const shown = this.shownBefore(writing);

		return shown !== undefined && before.updatedAt > shown.updatedAt && this.tellings.some(({ name, updatedAt, at }) =>
			name === writing.resource && updatedAt >= before.updatedAt && at < shown.asked);
	}

	/* The events of one record (an issue's number and a comment's id, or either) in their order. */
	of({ issue = null, comment = null }, more = []) {
		const mine = this.events.filter((event) => (comment === null
			? issue !== null && event.issue === issue && event.comment === null
			: event.comment === comment || (event.issue === issue && /^GitHub: transferred/.test(event.text))));
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

function requestInWords({ seq, method, path, body }, { status }, json, fault) {
	const place = path.split('?')[0];
	const sent = method === 'GET' || body === '' ? '' : ` ${plain(body).slice(0, 200)}`;

	return `request ${seq}: ${method} ${place}${sent} -> ${status}${seen(json)}${faultWords(fault)}`;
}

function faultWords(fault) {
	const words = Object.entries(fault).map(([name, value]) => (value === true ? name : `${name}=${JSON.stringify(value)}`));

	return words.length === 0 ? '' : `   [fault: ${words.join(', ')}]`;
}
