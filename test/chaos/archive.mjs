/*
 * archive.mjs
 *		A repository too large for the stand-in's store: its issues and comments
 *		are made up from their numbers when a list shows them, and take no memory.
 *
 * Nobody changes it, so that all lists have one order, by number: what was
 * created later was changed later.  Now and then many have one second, more than
 * fit on a page.
 */
const BEGAN_MS = Date.parse('2015-01-01T00:00:00Z');
const FIRST_ISSUE_ID = 5_000_000_000;
const FIRST_COMMENT_ID = 6_000_000_000;

/* Of so many items one lot of so many has one second. */
const LOT_EVERY = 5000;
const LOT = 250;

const LIST = /^\/repositories\/(\d+)\/issues(?:\/(\d+))?(\/comments)?$/;
const SINGLE = /^\/repos\/[^/]+\/[^/]+\/issues(\/comments)?\/(\d+)$/;

export class Archive {
	/* control: of the stand-in whose repository it is; secondsApart: from one item to the next. */
	constructor({ control, repository, issues, comments, secondsApart = 60 }) {
		Object.assign(this, { control, repository, issues, comments, secondsApart });
		this.limit = 5000;
		this.used = 0;
	}

	/* What the stand-in asks in GitHub's place. */
	answer(request) {
		const list = request.method === 'GET' ? LIST.exec(request.path) : null;
		const single = request.method === 'GET' ? SINGLE.exec(request.path) : null;

		if (single !== null) {
			return this.#single(single);
		}
		if (list === null || Number(list[1]) !== this.repository.id || (list[2] !== undefined && list[3] === undefined)) {
			return this.control.github.answer({ ...request, underWay: 1 });
		}
		this.used += 1;
		return this.#page(request, this.#described(list));
	}

	/* Of a page with which workers ended, each item is fetched by itself. */
	#single([, isOfComments, name]) {
		return this.#answered(isOfComments === undefined ? this.#issue(Number(name) - 1) : this.#comment(Number(name) - FIRST_COMMENT_ID));
	}

	#answered(value, headers = {}) {
		return {
			status: 200, text: JSON.stringify(value),
			headers: { 'content-type': 'application/json; charset=utf-8', date: this.control.clock.httpDate(), ...this.#quota(), ...headers },
		};
	}

	#described([, , number, isOfComments]) {
		if (isOfComments === undefined) {
			return { first: 0, count: this.issues, itemAt: (place) => this.#issue(place) };
		}
		return number === undefined
			? { first: 0, count: this.issues * this.comments, itemAt: (place) => this.#comment(place) }
			: { first: (Number(number) - 1) * this.comments, count: this.comments, itemAt: (place) => this.#comment(place) };
	}

	#page({ path, query }, { first, count, itemAt }) {
		const size = Number(query.get('per_page') ?? 30);
		const page = Number(query.get('page') ?? 1);
		const since = query.has('since') ? this.#firstSince(Date.parse(query.get('since'))) : 0;
		const begin = Math.max(since, first) + (page - 1) * size;
		const end = Math.min(begin + size, first + count);
		const items = Array.from({ length: Math.max(end - begin, 0) }, (_, index) => itemAt(begin + index));
		const next = new URLSearchParams(query);

		next.set('page', page + 1);
		return this.#answered(items, end < first + count ? { link: `<${this.control.shapes.publicUrl}${path}?${next}>; rel="next"` } : {});
	}

	#quota() {
		return {
			'x-ratelimit-limit': String(this.limit), 'x-ratelimit-remaining': String(Math.max(this.limit - this.used, 0)), 'x-ratelimit-used': String(this.used),
			'x-ratelimit-reset': String(Math.floor(this.control.clock.nowMs() / 1000) + 3600), 'x-ratelimit-resource': 'core',
		};
	}

	#at(place) {
		const ofLot = place % LOT_EVERY;

		return BEGAN_MS + (place - (ofLot < LOT ? ofLot : 0)) * this.secondsApart * 1000;
	}

	/* The first place of that time or a later one. */
	#firstSince(ms) {
		let low = 0;
		let high = this.issues * Math.max(this.comments, 1);

		while (low < high) {
			const middle = Math.floor((low + high) / 2);

			if (this.#at(middle) < ms) {
				low = middle + 1;
			} else {
				high = middle;
			}
		}
		return low;
	}

	#stamp(place) {
		return new Date(this.#at(place)).toISOString().replace(/\.\d+Z$/, 'Z');
	}

	#record(place) {
		const at = this.#stamp(place);

		return { author: 'alice', via_app: false, created_at: at, updated_at: at };
	}

	#issueRecord(place) {
		const number = place + 1;

		return {
			...this.#record(place), id: FIRST_ISSUE_ID + number, number, repository: this.repository, title: `Issue ${number}`, body: `Text of issue ${number}`,
			state: number % 4 === 0 ? 'closed' : 'open', state_reason: number % 4 === 0 ? 'completed' : null, labels: [], assignees: [], locked: false,
			pull_request: false, comment_count: this.comments, closed_at: number % 4 === 0 ? this.#stamp(place) : null, closed_by: null,
		};
	}

	#issue(place) {
		return this.control.shapes.issue(this.#issueRecord(place));
	}

	#comment(place) {
		const number = Math.floor(place / this.comments) + 1;
		const ordinal = (place % this.comments) + 1;

		return this.control.shapes.comment({
			...this.#record(place), id: FIRST_COMMENT_ID + place, body: `Comment ${ordinal} of issue ${number}`, issue: { repository: this.repository, number },
		});
	}
}
