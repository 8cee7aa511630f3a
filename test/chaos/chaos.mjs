/*
 * chaos.mjs
 *		Both sides edited at random, everything going wrong, then quiet: are
 *		both sides the same, is nothing there twice, and is no text lost?
 *
 *		node chaos.mjs --directory DIR --bindir DIR --configuration FILE
 *			[--seconds N] [--rounds N] [--seed N] [--crashes N]
 *			[--github standin|emulate]
 *
 * Rounds begin until the seconds are over or there were so many; the first one
 * has the seed, each further one the next number.  Then, in one round more, as
 * many crashes as asked for.  Prints TAP, one assertion a round; a failure
 * comes with the history of the record.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeNewKey } from '../github/app-key.mjs';
import { startStandin } from '../github/standin/server.mjs';
import { crashes } from './crashes.mjs';
import { EmulatedGitHub } from './emulated.mjs';
import { checkForces, forcesOf } from './forces.mjs';
import { MOST_BEHIND_MS, wrongByS } from './forces/time.mjs';
import { Server } from './server.mjs';
import { storm } from './storm.mjs';
import { REQUEST_TIMEOUT_MS } from './weather.mjs';
import { QUIETS, World } from './world.mjs';

const STORM_S = 5;

/* Lists may be behind as long as any read: a creation that is looked for must be shown within it. */
const CREATION_RECHECK = `${MOST_BEHIND_MS + 1000}ms`;

/* From accepting connections again to the next creation at GitHub: a figure, not to be asked of a few on a busy machine. */
const MOVES_WITHIN_MS = 2000;
const CRASHES_OF_FIGURE = 100;

const { values: options } = parseArgs({
	options: {
		directory: { type: 'string' }, bindir: { type: 'string' }, configuration: { type: 'string' },
		seconds: { type: 'string', default: '20' }, rounds: { type: 'string', default: '1000000' }, seed: { type: 'string' },
		crashes: { type: 'string', default: '0' }, github: { type: 'string', default: process.env.CHAOS_GITHUB || 'standin' },
		quiet: { type: 'string', default: process.env.CHAOS_QUIET || 'told' },
	},
});
const firstSeed = Number(options.seed ?? Math.floor(Math.random() * 1_000_000));
const end = Date.now() + Number(options.seconds) * 1000;
const forces = (process.env.CHAOS_FORCES ?? '').split(/[\s,]+/).filter((word) => word !== '');

checkForces(forces);
if (!(options.quiet in QUIETS)) {
	throw new Error(`no quiet is called ${options.quiet}; there are: ${Object.keys(QUIETS).join(', ')}`);
}

let observer = () => {};
const server = new Server(options);

mkdirSync(options.directory, { recursive: true });
const emulated = options.github === 'emulate' ? new EmulatedGitHub(options.directory) : null;
const standin = await startStandin({
	publicKey: writeNewKey(`${options.directory}/app.pem`),
	onAnswer: (...what) => observer(...what),
	upstream: emulated && ((request) => emulated.answer(request)),
});

emulated?.use(standin);

await server.create({
	'github_sync.api_url': standin.url, 'github_sync.app_id': '424242', 'github_sync.private_key_file': `${options.directory}/app.pem`,
	'github_sync.write_interval': '0', 'github_sync.points_per_minute': '0',
	'github_sync.creations_per_minute': '0', 'github_sync.creations_per_hour': '0',
	'github_sync.retry_base_delay': '50ms', 'github_sync.retry_max_delay': '1s',
	'github_sync.creation_recheck': CREATION_RECHECK, 'github_sync.request_timeout': `${REQUEST_TIMEOUT_MS}ms`, 'github_sync.connect_timeout': '1s',
	'github_sync.reconcile_interval': '0',
});

await server.query('postgres', 'CREATE ROLE planner LOGIN');

const results = [];

for (let seed = firstSeed; results.length < Number(options.rounds) && Date.now() < end; seed++) {
	results.push(await play(seed, forces, `seed ${seed}: both sides are the same, nothing is there twice, no text is lost`, (world) => storm(world, STORM_S)));
}
if (Number(options.crashes) > 0) {
	results.push(await play(firstSeed, ['none'], `${options.crashes} times kill -9: nothing is lost, there twice, or stuck`, async (world) => {
		const delays = (await crashes(world, Number(options.crashes))).sort((one, other) => one - other);
		const at = (part) => `${delays[Math.ceil(part * (delays.length - 1))].toFixed()} ms`;

		world.remarks.push(`from accepting connections to the next creation at GitHub: median ${at(0.5)}, slowest ${at(1)}, of ${delays.length}`);
		if (delays.length >= CRASHES_OF_FIGURE && delays.at(-1) > MOVES_WITHIN_MS) {
			world.failures.push(`the queue took ${at(1)} to move again`);
		}
	}));
}
console.log(`1..${results.length}`);
await server.stop();
await emulated?.stop();
process.exit(results.every((held) => held) ? 0 : 1);

/* A world of its own, what happens to it, quiet, and the comparison: one assertion.  True when it held. */
async function play(seed, chosen, promise, happen) {
	const started = Date.now();
	const played = forcesOf(seed, chosen, { emulated: emulated !== null });

	await emulated?.prepare(played.includes('skew') ? wrongByS(seed) : 0);
	const world = new World({ server, control: (emulated ?? standin).control, seed, forces: played, quiet: options.quiet });

	observer = (...what) => world.history.answered(...what);
	await world.open();
	try {
		await happen(world);
		await world.calm();
		const held = report(promise, seed, world, await world.compare(), Date.now() - started);

		if (!held) {
			await server.dump(world.database);
		}
		return held;
	} finally {
		await world.close();
	}
}

function report(promise, seed, { remarks, forces: played }, { complaints, failures, counts, unseen, stories }, ms) {
	const held = complaints.length === 0 && failures.length === 0;

	console.log(`${held ? '' : 'not '}ok ${results.length + 1} - ${promise}`);
	failures.forEach((failure) => console.log(`#   ${failure}`));
	complaints.forEach(({ text }, index) => {
		console.log(`#   ${text}`);
		stories[index]?.forEach((line) => console.log(`#       ${line}`));
	});
	console.log(`#   ${(ms / 1000).toFixed(1)} s; ${Object.entries(counts).map(([what, count]) => `${count} ${what}`).join(', ')}`);
	console.log(`#   forces: ${played.join(' ') || 'none'}`);
	console.log(`#   overwritten between our GET and our PATCH: ${unseen}`);
	remarks.forEach((remark) => console.log(`#   ${remark}`));
	if (!held) {
		console.log(`#   again: make chaos CHAOS_SEED=${seed} CHAOS_ROUNDS=1${forces.length > 0 ? ` CHAOS_FORCES='${forces.join(' ')}'` : ''}${emulated === null ? '' : ' CHAOS_GITHUB=emulate'}${options.quiet === 'told' ? '' : ` CHAOS_QUIET=${options.quiet}`}`);
	}
	return held;
}
