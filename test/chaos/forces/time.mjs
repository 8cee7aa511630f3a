/*
 * time.mjs
 *		Replicas that are behind, and a clock of the server's that is wrong.
 */

import { Dice } from '../dice.mjs';

export const MOST_BEHIND_MS = 4000;
/* More than any margin that a client may have thought of. */
const WRONG_BY_S = 720;

/* Each read (a resource, a list, what a 304 says) is answered by one of a few replicas. */
export const lag = {
	begin(world, dice) {
		const lags = Array.from({ length: 7 }, () => (dice.percent(50) ? 0 : dice.below(dice.pick([300, 1500, MOST_BEHIND_MS]))));

		world.control.github.configure({ replica_lags_ms: lags });
	},

	end(world) {
		world.control.github.configure({ replica_lags_ms: [] });
	},
};

/* The server's clock is right and GitHub's is not, which is the same; emulate is started so. */
export const skew = {
	withEmulate: true,

	begin(world) {
		if (!world.control.isEmulated) {
			world.control.clock.advance(wrongByS(world.seed));
		}
	},

	everyMs: 800,

	act(world) {
		world.weather.loseAnswerOfCreation();
	},
};

export function wrongByS(seed) {
	return new Dice(seed, 'skew').pick([-WRONG_BY_S, WRONG_BY_S]);
}
