/*
 * clock.mjs
 *		The stand-in's own time: real, shifted or frozen by the test.
 *
 * Everything GitHub dates (resources, the Date header, token expiry, rate
 * limit windows, the lag of lists) asks this clock.  Only the journal of
 * requests uses real time, because it measures the client.
 */
export class Clock {
	#frozenAtMs = null;
	#offsetMs = 0;

	nowMs() {
		return this.#frozenAtMs ?? Date.now() + this.#offsetMs;
	}

	/* GitHub's times are whole seconds: two changes within one share a date. */
	seconds() {
		return Math.floor(this.nowMs() / 1000);
	}

	iso() {
		return isoSeconds(this.nowMs());
	}

	httpDate() {
		return new Date(this.seconds() * 1000).toUTCString();
	}

	freeze(atMs) {
		this.#frozenAtMs = atMs;
	}

	advance(seconds) {
		if (this.#frozenAtMs !== null) {
			this.#frozenAtMs += seconds * 1000;
		} else {
			this.#offsetMs += seconds * 1000;
		}
	}

	real() {
		this.#frozenAtMs = null;
		this.#offsetMs = 0;
	}

	isFrozen() {
		return this.#frozenAtMs !== null;
	}
}

export function isoSeconds(ms) {
	return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
