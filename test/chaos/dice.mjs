/*
 * dice.mjs
 *		Chance that can be thrown again: the same seed gives the same throws.
 */

/* Throws of one part of a run (its name), so that no part disturbs another's. */
export class Dice {
	#state;

	constructor(seed, name = '') {
		this.seed = seed;
		this.#state = [...name].reduce((hash, letter) => Math.imul(hash ^ letter.charCodeAt(0), 0x01000193), seed | 0);
	}

	/* Dice of the same seed for a part of this part. */
	of(name) {
		return new Dice(this.seed, name);
	}

	/* In [0, 1): mulberry32. */
	throw() {
		this.#state = (this.#state + 0x6d2b79f5) | 0;
		let mixed = Math.imul(this.#state ^ (this.#state >>> 15), 1 | this.#state);

		mixed = (mixed + Math.imul(mixed ^ (mixed >>> 7), 61 | mixed)) ^ mixed;
		return ((mixed ^ (mixed >>> 14)) >>> 0) / 4294967296;
	}

	/* A whole number in [0, limit). */
	below(limit) {
		return Math.floor(this.throw() * limit);
	}

	/* A whole number from least to most, both included. */
	between(least, most) {
		return least + this.below(most - least + 1);
	}

	/* True in so many of 100 cases. */
	percent(chance) {
		return this.throw() * 100 < chance;
	}

	pick(list) {
		return list[this.below(list.length)];
	}

	/* A key of { key: weight }. */
	weighted(weights) {
		const entries = Object.entries(weights);
		let left = this.throw() * entries.reduce((sum, [, weight]) => sum + weight, 0);

		return (entries.find(([, weight]) => (left -= weight) < 0) ?? entries[0])[0];
	}
}
