/*
 * weather.mjs
 *		What the network, GitHub's servers and the machine do to a run.
 */

/* The client waits for so long (github_sync.request_timeout of a run). */
export const REQUEST_TIMEOUT_MS = 1000;

/* Newly created records are missing from lists this long: far less than creation_recheck. */
export const LIST_LAG_S = 0.4;

/* By weight: without a token everything stands still, and nothing happens. */
const WHERE = {
	create: { method: 'POST', path: '/issues$' },
	comment: { method: 'POST', path: '/comments$' },
	write: { method: 'PATCH' },
	read: { method: 'GET', path: '/issues/' },
	list: { method: 'GET', path: '/(?:issues|comments)$' },
	token: { path: '/(?:access_tokens|app)$' },
};

const RATE_LIMIT = { status: 403, headers: { 'retry-after': '1' }, body: { message: 'You have exceeded a secondary rate limit.' } };

export class Weather {
	/* Some runs are without what makes GitHub show an older version, or return to one. */
	constructor(world, dice) {
		Object.assign(this, { world, dice, mayTurnBack: dice.percent(60) && !world.control.isEmulated });
	}

	change() {
		const { dice, world } = this;
		const { control } = world;

		switch (dice.weighted({ fault: 12, stale: this.mayTurnBack ? 3 : 0, token: 1, lag: 1 })) {
			case 'fault': {
				const action = this.#action();

				control.faults.add({ match: WHERE[dice.weighted({ create: 4, comment: 4, write: 8, read: 8, list: 2, token: 0.5 })], times: Number(dice.weighted({ 1: 6, 2: 2, 4: 1 })), action });
				world.count('faults');
				break;
			}
			case 'stale':
				control.github.answerStale({ times: dice.between(1, 3), path: '/issues/' });
				world.count('faults');
				break;
			case 'token':
				control.auth.expireInstallationTokens();
				world.count('faults');
				break;
			case 'lag':
				control.github.configure({ list_lag_s: dice.pick([0, LIST_LAG_S]) });
		}
	}

	/* The next creation has its effect, and no answer; mostly no webhook tells of it either: it has to be looked for. */
	loseAnswerOfCreation() {
		const { control } = this.world;

		control.faults.add({ match: WHERE[this.dice.pick(['create', 'comment'])], times: 1, action: this.dice.pick([{ reset_after_effect: true }, { cut_in_body: true }, { html: 502, after_effect: true }]) });
		this.world.mail.losesCreation = this.dice.percent(70);
		this.world.count('answers of creations lost');
	}

	#action() {
		const { dice } = this;
		const delays = { delay_ms: dice.between(5, 200) };

		switch (dice.weighted({ delay: 20, late: this.mayTurnBack ? 1 : 0, before: 2, after: 3, cut: 2, drop: 2, sick: 2, sickAfter: 2, limit: 1, slow: 2 })) {
			case 'delay':
				return delays;
			case 'late':		/* the client has given up when it takes effect */
				return { delay_ms: REQUEST_TIMEOUT_MS + 100 };
			case 'before':
				return { reset_before: true };
			case 'after':
				return { ...delays, reset_after_effect: true };
			case 'cut':
				return { cut_in_body: true };
			case 'drop':
				return { drop_answer: true };
			case 'sick':
				return { html: dice.pick([500, 502, 503]) };
			case 'sickAfter':
				return { html: 502, after_effect: true };
			case 'limit':
				return { answer: RATE_LIMIT };
			default:
				return { slow_bytes: { bytes: 400, every_ms: 20 } };
		}
	}

	/* All faults off. */
	clear() {
		const { control } = this.world;

		control.faults.clear();
		control.github.clear();
	}
}
