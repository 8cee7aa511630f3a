/*
 * switches.mjs
 *	"One-way, disabled and back": a repository or the installation stops to sync, and starts again.
 */
import { TYPES } from './world.mjs';
import { findDisabled } from './imported.mjs';
import { disabledReason, enable, end, retryStrays } from './rules.mjs';

function disable(world, type, repo, direction, reason) {
	for (const t of world[type].transactions.filter((other) => (other.record ?? other.imported)?.repo === repo && other.direction === direction)) {
		if (t.state === 'queued') end(world, t, { state: 'disabled', disabledReason: reason });
		else if (t.state === 'disabled') t.disabledReason = reason;
	}
}

/* A record came to another repository, which decides what becomes of those that were not sent. */
export function decideArrival(world, record) {
	retryStrays(world, record);
	decideDisabled(world, record);
}

export function decideDisabled(world, record) {
	for (const action of ['upsert', 'delete']) {
		for (const direction of ['outbound', 'inbound']) {
			const reason = disabledReason(world, record.repo, direction);
			if (!reason) enable(world, record, action, direction);
			else for (const t of world[record.type].transactions) {
				if (t.record === record && t.state === 'disabled' && t.action === action && t.direction === direction) t.disabledReason = reason;
			}
		}
	}
}

function applySwitch(world, repo) {
	for (const type of TYPES) {
		const reasons = Object.fromEntries(['outbound', 'inbound'].map((direction) => [direction, disabledReason(world, repo, direction)]));
		if (!reasons.outbound || !reasons.inbound) findDisabled(world, type, repo);
		for (const direction of ['outbound', 'inbound']) {
			if (reasons[direction]) disable(world, type, repo, direction, reasons[direction]);
		}
		for (const record of world[type].records.filter((r) => r.repo === repo)) {
			/* Deletions last: they cancel older upserts. */
			for (const action of ['upsert', 'delete']) {
				for (const direction of ['outbound', 'inbound']) {
					if (!reasons[direction]) enable(world, record, action, direction);
				}
			}
		}
	}
}

/* Nothing is applied where nothing is switched. */
function switchRepo(world, id, settings) {
	const repo = world.repos.get(id);
	const isSwitched = ['enabled', 'direction', 'accessLost'].some((name) => name in settings && settings[name] !== repo[name]);
	Object.assign(repo, settings);
	if (isSwitched) applySwitch(world, id);
}

export function setRepo(world, { repo, settings }) {
	switchRepo(world, repo, settings);
	return '';
}

/* Its issues are switched off at GitHub. A pause has a number: what waits, waits for the end of that one. */
export function pauseRepo(world, repo) {
	world.repos.get(repo).pause = world.instants++;
}

export function resumeRepo(world, id) {
	const repo = world.repos.get(id);
	for (const type of TYPES) {
		for (const t of world[type].transactions) {
			if (t.state === 'queued' && t.waits === 'pause' && t.record.repo === id && t.pause === repo.pause) t.waits = null;
		}
	}
	repo.pause = null;
}

/* On also tries again where GitHub did not show the repository any more. */
export function setRepoSync(world, { repo, enabled }) {
	switchRepo(world, repo, enabled ? { enabled, accessLost: false } : { enabled });
	if (enabled) resumeRepo(world, repo);
	return '';
}

export function setInstallation(world, { state }) {
	if (state === world.installation.state) return '';
	world.installation.state = state;
	for (const repo of world.repos.keys()) applySwitch(world, repo);
	return '';
}

export function loseAccess(world, repo) {
	switchRepo(world, repo, { accessLost: true });
}
