/*
 * clock.mjs
 *		The stand-in's own time: real, shifted, frozen or hastened by the test.
 *
 * Everything GitHub dates (resources, the Date header, token expiry, rate
 * limit windows, the lag of lists) asks this clock.  Only the journal of
 * requests uses real time, because it measures the client.
 */
export class Clock {
	#frozenAtMs = null;
	#offsetMs = 0;
	/* It was #pacedFromMs when real time was #pacedSinceMs, and goes #pace times as fast since. */
	#pace = 1;
	#pacedFromMs = 0;
	#pacedSinceMs = 0;

	nowMs() {
		return this.#frozenAtMs ?? this.#pacedFromMs + (Date.now() - this.#pacedSinceMs) * this.#pace + this.#offsetMs;
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

	/* From now on: the time it is, and how many seconds a real one counts for. */
	hasten(nowMs, pace) {
		this.#frozenAtMs = null;
		this.#offsetMs = 0;
		[this.#pace, this.#pacedFromMs, this.#pacedSinceMs] = [pace, nowMs, Date.now()];
	}

	real() {
		this.hasten(Date.now(), 1);
	}

	isFrozen() {
		return this.#frozenAtMs !== null;
	}
}

export function isoSeconds(ms) {
	return `${new Date(ms).toISOString().slice(0, 19)}Z`;
}
