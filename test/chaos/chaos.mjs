/*
 * chaos.mjs
 *		Both sides edited at random, everything going wrong, then quiet: are
 *		both sides the same, is nothing there twice, and is no text lost?
 *
 *		node chaos.mjs --directory DIR --bindir DIR --configuration FILE
 *			[--seconds N] [--rounds N] [--seed N]
 *
 * Rounds begin until the seconds are over or there were so many; the first one
 * has the seed, each further one the next number.  Prints TAP, one assertion a
 * round; a failure comes with the history of the record.
 */
import { mkdirSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeNewKey } from '../github/app-key.mjs';
import { startStandin } from '../github/standin/server.mjs';
import { playRound } from './round.mjs';
import { Server } from './server.mjs';
import { REQUEST_TIMEOUT_MS } from './weather.mjs';

const STORM_S = 6;

const { values: options } = parseArgs({
	options: {
		directory: { type: 'string' }, bindir: { type: 'string' }, configuration: { type: 'string' },
		seconds: { type: 'string', default: '20' }, rounds: { type: 'string', default: '1000000' }, seed: { type: 'string' },
	},
});
const firstSeed = Number(options.seed ?? Math.floor(Math.random() * 1_000_000));
const end = Date.now() + Number(options.seconds) * 1000;

let observer = () => {};
const server = new Server(options);

mkdirSync(options.directory, { recursive: true });
const standin = await startStandin({
	publicKey: writeNewKey(`${options.directory}/app.pem`),
	onAnswer: (...what) => observer(...what),
});

await server.create({
	'github_sync.api_url': standin.url, 'github_sync.app_id': '424242', 'github_sync.private_key_file': `${options.directory}/app.pem`,
	'github_sync.write_interval': '0', 'github_sync.retry_base_delay': '50ms', 'github_sync.retry_max_delay': '1s',
	'github_sync.creation_recheck': '2s', 'github_sync.request_timeout': `${REQUEST_TIMEOUT_MS}ms`, 'github_sync.connect_timeout': '1s',
	'github_sync.reconcile_interval': '0',
});

await server.query('postgres', 'CREATE ROLE planner LOGIN');

const observe = (listener) => (observer = listener);
let played = 0;
let failed = 0;

for (let seed = firstSeed; played < Number(options.rounds) && Date.now() < end; seed++) {
	const started = Date.now();
	const round = await playRound({ server, control: standin.control, observe, seed, seconds: STORM_S });

	played += 1;
	failed += report(seed, round, Date.now() - started) ? 0 : 1;
}
console.log(`1..${played}`);
await server.stop();
process.exit(failed === 0 ? 0 : 1);

/* One assertion; true when it held. */
function report(seed, { complaints, failures, counts, unseen, stories }, ms) {
	const held = complaints.length === 0 && failures.length === 0;

	console.log(`${held ? '' : 'not '}ok ${played} - seed ${seed}: both sides are the same, nothing is there twice, no text is lost`);
	failures.forEach((failure) => console.log(`#   ${failure}`));
	complaints.forEach(({ text }, index) => {
		console.log(`#   ${text}`);
		stories[index]?.forEach((line) => console.log(`#       ${line}`));
	});
	console.log(`#   ${(ms / 1000).toFixed(1)} s; ${Object.entries(counts).map(([what, count]) => `${count} ${what}`).join(', ')}`);
	console.log(`#   overwritten between our GET and our PATCH: ${unseen}`);
	if (!held) {
		console.log(`#   again: make chaos CHAOS_SEED=${seed} CHAOS_ROUNDS=1`);
	}
	return held;
}
