/*
 * limits.mjs
 *		GitHub's rate limits: the hourly budget of each identity, and the
 *		secondary limits (points a minute, creations), off until switched on.
 *
 * Time is the stand-in's, so that a test can wait out an hour in no time.
 */
import * as answers from './answers.mjs';

const HOUR_S = 3600;
const MINUTE_S = 60;

const DEFAULTS = {
	primary: 5000,					/* requests an hour and identity */
	points_per_minute: null,		/* GitHub: 900; a read is 1 point, a write 5 */
	creations_per_minute: null,		/* GitHub: 80 */
	creations_per_hour: null,		/* GitHub: 500 */
	concurrent: null,				/* GitHub: 100 */
	secondary_status: 403,			/* GitHub may also answer 429 */
	retry_after_s: 60,				/* null: no Retry-After header */
};

/* What was counted within the last so many seconds. */
class Window {
	#entries = [];
	#first = 0;
	#seconds;
	#sum = 0;

	constructor(seconds) {
		this.#seconds = seconds;
	}

	sum(now) {
		for (; this.#first < this.#entries.length && this.#entries[this.#first].at <= now - this.#seconds; this.#first++) {
			this.#sum -= this.#entries[this.#first].count;
		}
		if (this.#first > 1000) {
			this.#entries.splice(0, this.#first);
			this.#first = 0;
		}
		return this.#sum;
	}

	add(now, count) {
		if (count === 0) return;
		this.#entries.push({ at: now, count });
		this.#sum += count;
	}
}

class Budget {
	constructor(now) {
		this.#begin(now);
		this.points = new Window(MINUTE_S);
		this.creationsOfMinute = new Window(MINUTE_S);
		this.creationsOfHour = new Window(HOUR_S);
		/* Of all that was asked: for tests that measure a client. */
		this.asked = [];
	}

	#begin(now) {
		this.used = 0;
		this.reset = Math.floor(now) + HOUR_S;
	}

	beginHourIfDue(now) {
		if (this.reset <= now) this.#begin(now);
	}

	account(seconds) {
		const { asked } = this;
		const sum = { requests: 0, points: 0, creations: 0, refusals: 0 };
		for (const { at, requests, points, creations, refused } of asked) {
			if (at >= asked[0].at + seconds) break;
			if (refused) {
				sum.refusals++;
				continue;
			}
			sum.requests += requests;
			sum.points += points;
			sum.creations += creations;
		}
		return sum;
	}
}

export class Limits {
	constructor(clock) {
		this.clock = clock;
		this.clear();
	}

	clear() {
		this.settings = { ...DEFAULTS };
		this.own = new Map();
		this.budgets = new Map();
	}

	/* used: { identity: n } sets what an identity has spent already; of: { identity: settings } holds for that one only. */
	configure({ used = {}, of = {}, ...settings }) {
		for (const [rateKey, spent] of Object.entries(used)) {
			this.#budget(rateKey).used = spent;
		}
		for (const [rateKey, own] of Object.entries(of)) {
			this.own.set(rateKey, { ...this.own.get(rateKey), ...own });
		}
		Object.assign(this.settings, settings);
	}

	#settings(rateKey) {
		return { ...this.settings, ...this.own.get(rateKey) };
	}

	#now() {
		return this.clock.nowMs() / 1000;
	}

	#budget(rateKey) {
		if (!this.budgets.has(rateKey)) this.budgets.set(rateKey, new Budget(this.#now()));
		const budget = this.budgets.get(rateKey);
		budget.beginHourIfDue(this.#now());
		return budget;
	}

	/* Counts one request, and returns what refund() wants, or throws the refusal that GitHub would answer. */
	charge({ rateKey }, { method, creates, underWay }) {
		const budget = this.#budget(rateKey);
		const entry = { at: this.#now(), requests: 1, points: method === 'GET' ? 1 : 5, creations: creates ? 1 : 0, refused: true };
		const settings = this.#settings(rateKey);

		budget.asked.push(entry);
		if (budget.used >= settings.primary) {
			throw answers.primaryLimit(rateKey, {});
		}
		budget.used += 1;
		this.#chargeSecondary(budget, settings, entry, underWay);
		entry.refused = false;
		return entry;
	}

	#chargeSecondary(budget, settings, { at, points, creations }, underWay) {
		if (budget.points.sum(at) + points > (settings.points_per_minute ?? Infinity) || underWay > (settings.concurrent ?? Infinity)
			|| (creations && budget.creationsOfMinute.sum(at) + creations > (settings.creations_per_minute ?? Infinity))
			|| (creations && budget.creationsOfHour.sum(at) + creations > (settings.creations_per_hour ?? Infinity))) {
			throw this.#secondaryRefusal(settings);
		}
		budget.points.add(at, points);
		budget.creationsOfMinute.add(at, creations);
		budget.creationsOfHour.add(at, creations);
	}

	#secondaryRefusal({ secondary_status, retry_after_s }) {
		return answers.secondaryLimit(secondary_status, retry_after_s === null ? {} : { 'retry-after': String(retry_after_s) });
	}

	/* An authorised 304 costs nothing. */
	refund({ rateKey }, charge) {
		this.#budget(rateKey).used -= 1;
		charge.requests = 0;
	}

	headers({ rateKey }) {
		const { limit, remaining, used, reset } = this.overview({ rateKey });

		return {
			'x-ratelimit-limit': limit, 'x-ratelimit-remaining': remaining, 'x-ratelimit-reset': reset,
			'x-ratelimit-used': used, 'x-ratelimit-resource': 'core',
		};
	}

	overview({ rateKey }) {
		const { used, reset } = this.#budget(rateKey);
		const limit = this.#settings(rateKey).primary;

		return { limit, used, remaining: Math.max(limit - used, 0), reset };
	}

	/* What each identity sent (requests: those that count) in the first so many seconds since it first sent something. */
	accounts(seconds) {
		return Object.fromEntries([...this.budgets].filter(([, { asked }]) => asked.length > 0).map(([rateKey, budget]) =>
			[rateKey, { seconds: this.#now() - budget.asked[0].at, ...budget.account(seconds) }]));
	}
}
