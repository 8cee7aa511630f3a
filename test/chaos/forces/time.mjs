/*
 * time.mjs
 *		Replicas that are behind, and a clock of the server's that is wrong.
 */

const MOST_BEHIND_MS = 4000;
const WRONG_BY_S = 600;

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

/* The server's clock is right and GitHub's is not, which is the same. */
export const skew = {
	begin(world, dice) {
		world.control.clock.advance(dice.pick([-WRONG_BY_S, WRONG_BY_S]));
	},
};
