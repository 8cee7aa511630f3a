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

export class Limits {
	constructor(clock) {
		this.clock = clock;
		this.clear();
	}

	clear() {
		this.settings = { ...DEFAULTS };
		this.budgets = new Map();
	}

	/* used: { identity: n } sets what an identity has spent already. */
	configure({ used = {}, ...settings }) {
		for (const [rateKey, spent] of Object.entries(used)) {
			this.#budget(rateKey).used = spent;
		}
		Object.assign(this.settings, settings);
	}

	#budget(rateKey) {
		const now = this.clock.seconds();
		let budget = this.budgets.get(rateKey);

		if (budget === undefined || budget.reset <= now) {
			budget = { used: 0, reset: now + HOUR_S, recent: budget?.recent ?? [] };
			this.budgets.set(rateKey, budget);
		}
		return budget;
	}

	/* Counts one request, or throws the refusal that GitHub would answer. */
	charge({ rateKey }, { method, creates, underWay }) {
		const budget = this.#budget(rateKey);

		if (budget.used >= this.settings.primary) {
			throw answers.primaryLimit(rateKey, {});
		}
		budget.used += 1;
		this.#chargeSecondary(budget, { points: method === 'GET' ? 1 : 5, creates, underWay });
	}

	#chargeSecondary(budget, { points, creates, underWay }) {
		const { points_per_minute, creations_per_minute, creations_per_hour, concurrent } = this.settings;

		if (points_per_minute === null && creations_per_minute === null && creations_per_hour === null && concurrent === null) {
			return;
		}
		const now = this.clock.nowMs() / 1000;
		budget.recent = budget.recent.filter(({ at }) => at > now - HOUR_S);
		budget.recent.push({ at: now, points, creations: creates ? 1 : 0 });
		const spent = (what, seconds) => budget.recent.reduce((sum, one) => sum + (one.at > now - seconds ? one[what] : 0), 0);

		if (spent('points', MINUTE_S) > (points_per_minute ?? Infinity) || underWay > (concurrent ?? Infinity)
			|| (creates && spent('creations', MINUTE_S) > (creations_per_minute ?? Infinity))
			|| (creates && spent('creations', HOUR_S) > (creations_per_hour ?? Infinity))) {
			budget.recent.pop();
			throw this.#secondaryRefusal();
		}
	}

	#secondaryRefusal() {
		const { secondary_status, retry_after_s } = this.settings;

		return answers.secondaryLimit(secondary_status, retry_after_s === null ? {} : { 'retry-after': String(retry_after_s) });
	}

	/* An authorised 304 costs nothing. */
	refund({ rateKey }) {
		this.#budget(rateKey).used -= 1;
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
		const limit = this.settings.primary;

		return { limit, used, remaining: Math.max(limit - used, 0), reset };
	}
}
