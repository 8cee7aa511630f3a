/*
 * journal.mjs
 *		What the client sent, when, and what became of it.
 *
 * An entry arrives with its request and is finished once, by an answer or by
 * a fault.  Times are real milliseconds since the epoch, with a fraction:
 * they measure the client, not the stand-in's clock.  No token is kept.
 */
const READS = ['GET', 'HEAD', 'OPTIONS'];

export class Journal {
	constructor() {
		this.waiters = new Set();
		this.wakeUpDue = false;
		this.clear();
	}

	clear() {
		this.entries = [];
		this.lastSeq = 0;
		this.keep = 100_000;
		this.underWay = 0;
		this.writesUnderWay = 0;
		this.most = { under_way: 0, writes_under_way: 0 };
	}

	arrive({ method, target, body, headers }, authorization) {
		const entry = {
			seq: ++this.lastSeq, t: realMs(), method, path: target, body, ...authorization,
			user_agent: headers['user-agent'] ?? null, accept: headers.accept ?? null,
			api_version: headers['x-github-api-version'] ?? null, content_type: headers['content-type'] ?? null,
			if_none_match: headers['if-none-match'] ?? null,
			status: null, outcome: null, finished_t: null, under_way: 0, writes_under_way: 0,
		};

		this.#count(entry, 1);
		entry.under_way = this.underWay;
		entry.writes_under_way = this.writesUnderWay;
		this.most.under_way = Math.max(this.most.under_way, this.underWay);
		this.most.writes_under_way = Math.max(this.most.writes_under_way, this.writesUnderWay);
		this.#remember(entry);
		this.#wakeWaiters();
		return entry;
	}

	/* outcome: answered, reset, cut, dropped or gone (the client left first). */
	finish(entry, outcome, status = null) {
		if (entry.outcome !== null) {
			return;
		}
		Object.assign(entry, { outcome, status, finished_t: realMs() });
		this.#count(entry, -1);
		this.#wakeWaiters();
	}

	#count({ method }, step) {
		this.underWay += step;
		this.writesUnderWay += READS.includes(method) ? 0 : step;
	}

	#remember(entry) {
		this.entries.push(entry);
		if (this.entries.length > this.keep * 2) {
			this.entries = this.entries.slice(-this.keep);
		}
	}

	since(seq) {
		return this.entries.filter((entry) => entry.seq > seq);
	}

	/* Resolves with the matching entries once there are enough, or at the timeout. */
	wait({ method, pattern, since, count, arrived, timeoutMs }) {
		const matching = () => this.since(since).filter((entry) => (arrived || entry.outcome !== null)
			&& (method === '*' || entry.method === method) && pattern.test(entry.path));

		return waitUntil(this.waiters, () => (matching().length >= count ? matching() : null), timeoutMs, matching);
	}

	/* Once for all that happened in this turn: a check reads the whole journal. */
	#wakeWaiters() {
		if (this.waiters.size > 0 && !this.wakeUpDue) {
			this.wakeUpDue = true;
			setImmediate(() => {
				this.wakeUpDue = false;
				this.waiters.forEach((check) => check());
			});
		}
	}
}

/* Resolves with what ready() returns once it returns something, else with late(). */
export function waitUntil(waiters, ready, timeoutMs, late) {
	return new Promise((resolve) => {
		const finish = (value) => {
			clearTimeout(timer);
			waiters.delete(check);
			resolve(value);
		};
		const check = () => {
			const value = ready();

			if (value !== null) {
				finish(value);
			}
		};
		const timer = setTimeout(() => finish(late()), timeoutMs);

		waiters.add(check);
		check();
	});
}

function realMs() {
	return performance.timeOrigin + performance.now();
}
