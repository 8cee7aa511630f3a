/*
 * forces.mjs
 *		What may befall a round beyond edits and bad weather: each force is
 *		there in some rounds and not in others, as the dice say.
 *
 * CHAOS_FORCES chooses: `transfers lag`, these in each round and no other;
 * `-lag`, those that are played by default without it; `all`, any of them;
 * `none`.  By default all are played.
 */
import { Dice } from './dice.mjs';
import { accounts } from './forces/accounts.mjs';
import { bots } from './forces/bots.mjs';
import { columns } from './forces/columns.mjs';
import { greeter } from './forces/greeter.mjs';
import { keys } from './forces/keys.mjs';
import { labels } from './forces/labels.mjs';
import { lag, skew } from './forces/time.mjs';
import { renames, reuse, transfers } from './forces/places.mjs';
import { triggers } from './forces/triggers.mjs';

/*
 * A force may have: begin(world, dice), before the database is there; opened(world, dice), when the application is;
 * everyMs and act(world, dice), while everybody works; end(world), before the quiet; compare(world, { tasks, excused, query }), which
 * resolves with complaints; withEmulate: emulate can play it.
 */
export const FORCES = { transfers, renames, reuse, accounts, lag, triggers, keys, columns, bots, greeter, skew, labels };

/* Played where nobody chooses. */
const BY_DEFAULT = Object.keys(FORCES);

/* In so many of 100 rounds each. */
const CHANCE = 30;

/* What a word of CHAOS_FORCES may be, checked once. */
export function checkForces(words) {
	const unknown = words.map((word) => word.replace(/^-/, '')).filter((name) => !(name in FORCES) && !['all', 'none'].includes(name));

	if (unknown.length > 0) {
		throw new Error(`no force is called ${unknown.join(' or ')}; there are: ${Object.keys(FORCES).join(', ')}`);
	}
}

/* The names of the forces of a round; emulate can play those that say so. */
export function forcesOf(seed, words, { emulated = false } = {}) {
	const left = words.filter((word) => word.startsWith('-')).map((word) => word.slice(1));
	const named = words.filter((word) => word in FORCES);
	const mayBe = words.includes('none') ? [] : words.includes('all') ? Object.keys(FORCES) : BY_DEFAULT;
	const chosen = named.length > 0 ? named : mayBe.filter((name) => new Dice(seed, `force ${name}`).percent(CHANCE));

	return chosen.filter((name) => !left.includes(name) && (!emulated || FORCES[name].withEmulate));
}
