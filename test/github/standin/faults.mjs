/*
 * faults.mjs
 *		What a network and a busy server do to requests, on demand.
 *
 * A rule says which requests it meets (method, path, body; skip the first
 * `after`, then `times` of them) and what happens to them: how they are held
 * up, and how they end.  The first rule that meets a request is its fault.
 * A gate holds requests until the test opens it.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { waitUntil } from './journal.mjs';

const ENDINGS = ['answer', 'html', 'reset_before', 'reset_after_effect', 'cut_in_body', 'slow_bytes', 'drop_answer', 'endless'];
const MODIFIERS = ['delay_ms', 'gate', 'gate_after_effect', 'headers', 'after_effect'];

export class Faults {
	constructor() {
		this.waiters = new Set();
		this.clear();
	}

	clear() {
		this.rules = [];
		this.openAllGates();
		this.gates = new Map();
		this.lastId = 0;
	}

	add({ match = {}, times = 1, after = 0, action = {} }) {
		const unknown = Object.keys(action).filter((name) => ![...ENDINGS, ...MODIFIERS].includes(name));

		if (unknown.length > 0) {
			throw new Error(`unknown action: ${unknown.join(', ')}`);
		}
		const rule = {
			id: ++this.lastId, method: match.method ?? '*', path: new RegExp(match.path ?? ''), body: new RegExp(match.body ?? ''),
			left: times === 'forever' ? Infinity : times, after, action, hits: 0,
		};

		this.rules.push(rule);
		return rule.id;
	}

	remove(id) {
		this.rules = this.rules.filter((rule) => rule.id !== id);
	}

	list() {
		return this.rules.map(({ id, method, path, left, after, action, hits }) =>
			({ id, method, path: path.source, left: left === Infinity ? 'forever' : left, after, action, hits }));
	}

	/* The action for this request, or null. */
	take({ method, path, body }) {
		for (const rule of this.rules) {
			if ((rule.method === '*' || rule.method === method) && rule.path.test(path) && rule.body.test(body) && rule.left > 0) {
				if (rule.after > 0) {
					rule.after -= 1;
					continue;
				}
				rule.left -= 1;
				rule.hits += 1;
				return rule.action;
			}
		}
		return null;
	}

	async beforeEffect({ delay_ms = 0, gate }) {
		if (delay_ms > 0) {
			await sleep(delay_ms);
		}
		if (gate !== undefined) {
			await this.#passGate(gate);
		}
	}

	async afterEffect({ gate_after_effect: gate }) {
		if (gate !== undefined) {
			await this.#passGate(gate);
		}
	}

	#gate(name) {
		if (!this.gates.has(name)) {
			this.gates.set(name, { open: false, arrived: 0, held: [] });
		}
		return this.gates.get(name);
	}

	#passGate(name) {
		const gate = this.#gate(name);

		gate.arrived += 1;
		this.waiters.forEach((check) => check());
		return gate.open ? Promise.resolve() : new Promise((resolve) => gate.held.push(resolve));
	}

	/* An opened gate stays open; its name can be closed again. */
	openGate(name) {
		const gate = this.#gate(name);

		gate.open = true;
		gate.held.splice(0).forEach((pass) => pass());
		return { arrived: gate.arrived };
	}

	openAllGates() {
		this.gates?.forEach((_gate, name) => this.openGate(name));
	}

	closeGate(name) {
		Object.assign(this.#gate(name), { open: false, arrived: 0 });
	}

	/* Resolves once `count` requests have come to the gate, or at the timeout. */
	waitAtGate(name, count, timeoutMs) {
		const gate = this.#gate(name);
		const state = () => ({ arrived: gate.arrived, held: gate.held.length, open: gate.open });

		return waitUntil(this.waiters, () => (gate.arrived >= count ? state() : null), timeoutMs, state);
	}
}
