/*
 * prng.mjs
 *	Random numbers that a seed repeats (mulberry32).
 */

export class Random {
	#state;

	constructor(seed) {
		this.#state = seed >>> 0;
	}

	/* 0 <= x < 1 */
	fraction() {
		this.#state = (this.#state + 0x6d2b79f5) >>> 0;
		let t = this.#state;
		t = Math.imul(t ^ (t >>> 15), t | 1);
		t ^= t + Math.imul(t ^ (t >>> 7), t | 61);
		return ((t ^ (t >>> 14)) >>> 0) / 4294967296;
	}

	/* from .. to, both included */
	between(from, to) {
		return from + Math.floor(this.fraction() * (to - from + 1));
	}

	chance(probability) {
		return this.fraction() < probability;
	}

	of(list) {
		return list[Math.floor(this.fraction() * list.length)];
	}

	/* {name: weight} -> name */
	weighted(weights) {
		const entries = Object.entries(weights).filter(([, weight]) => weight > 0);
		let rest = this.fraction() * entries.reduce((sum, [, weight]) => sum + weight, 0);
		for (const [name, weight] of entries) {
			rest -= weight;
			if (rest < 0) return name;
		}
		return entries.at(-1)[0];
	}
}
