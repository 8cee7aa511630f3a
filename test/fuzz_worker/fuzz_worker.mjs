/*
 * fuzz_worker.mjs
 *		The worker, and a GitHub whose answers are changed at random: does it
 *		go on, for those whose answers are correct too, and does every row end?
 *
 *		node fuzz_worker.mjs --directory DIR --bindir DIR --configuration FILE
 *			[--seconds N] [--seed N] [--served N] [--preload LIBRARIES --reports DIR]
 *
 * Three databases, each with a worker and a GitHub of its own: over HTTP/1.1,
 * over TLS and HTTP/2, and over TLS with all that is done to bytes below it. In
 * the first two an installation is answered correctly beside the others: what is
 * done there must arrive within so many seconds (--served), for it may meet a
 * connection that just ended, and the pause after it.
 *
 * --preload: for the server alone; sanitizers, which were told by their options to
 * leave what they find in files of --reports, or else in the log.  Prints TAP.  What is thrown follows from the seed; when a
 * request arrives, and so which throw is its own, does not quite.
 */
import { execFileSync } from 'node:child_process';
import { mkdirSync, readFileSync, readdirSync, writeFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Dice } from '../chaos/dice.mjs';
import { Server } from '../chaos/server.mjs';
import { writeNewKey } from '../github/app-key.mjs';
import { startStandin } from '../github/standin/server.mjs';
import { Front } from './front.mjs';
import { Healthy } from './healthy.mjs';
import { World } from './world.mjs';

const REQUEST_TIMEOUT_MS = 2000;

const HEALTHY_RESTS_MS = 300;
const QUIET_MAY_TAKE_MS = 240_000;
const GENERATION_MS = 8_000;
const MOST_PAUSE_MS = 25;

const { values: options } = parseArgs({
	options: {
		directory: { type: 'string' }, bindir: { type: 'string' }, configuration: { type: 'string' },
		seconds: { type: 'string', default: '600' }, seed: { type: 'string' }, served: { type: 'string', default: '10' },
		preload: { type: 'string', default: '' }, reports: { type: 'string' },
	},
});
const seed = Number(options.seed ?? Math.floor(Math.random() * 1_000_000));
const dice = (name) => new Dice(seed, name);
const results = [];
const broken = [];

console.log(`# seed ${seed}`);
mkdirSync(options.directory, { recursive: true });

const key = `${options.directory}/app.pem`;
const certificate = `${options.directory}/cert.pem`;
const certificateKey = `${options.directory}/cert.key`;

execFileSync('openssl', ['req', '-x509', '-newkey', 'ec', '-pkeyopt', 'ec_paramgen_curve:P-256', '-nodes', '-days', '2', '-subj', '/CN=127.0.0.1',
	'-addext', 'subjectAltName=IP:127.0.0.1', '-keyout', certificateKey, '-out', certificate], { stdio: 'ignore' });

const identity = { key: readFileSync(certificateKey), cert: readFileSync(certificate) };
const standin = await startStandin({ publicKey: writeNewKey(key) });

standin.control.limits.configure({ primary: 1_000_000_000 });
standin.control.webhooks.configure({ mode: 'off' });
standin.control.journal.keep = 1000;

const server = new Server({ ...options, environment: options.preload === '' ? {} : { LD_PRELOAD: options.preload } });

await server.create({
	'github_sync.app_id': '424242', 'github_sync.private_key_file': key, 'github_sync.ca_file': certificate,
	'github_sync.write_interval': '0', 'github_sync.points_per_minute': '0',
	'github_sync.creations_per_minute': '0', 'github_sync.creations_per_hour': '0',
	'github_sync.retry_base_delay': '50ms', 'github_sync.retry_max_delay': '1s', 'github_sync.max_attempts': '3',
	'github_sync.creation_recheck': '2s', 'github_sync.request_timeout': `${REQUEST_TIMEOUT_MS}ms`, 'github_sync.connect_timeout': '2s',
	'github_sync.max_response_size': '1MB', 'github_sync.reconcile_interval': '0', 'github_sync.worker_idle_exit': '0',
	max_connections: '60',
});
await server.query('postgres', 'CREATE ROLE planner LOGIN');

let lastId = 5_000_000;
const ids = { next: () => ++lastId };
const worlds = [];
const healthies = [];

for (const [name, secure, shared] of [['http1', false, true], ['http2', true, true], ['damaged', true, false]]) {
	const front = new Front({ name, standin, dice, identity: secure ? identity : null, shared });

	await front.listen();
	const world = new World({ server, front, standin, dice: dice(`${name}: people`), ids });

	await world.begin();
	worlds.push(world);
	if (shared) {
		const healthy = new Healthy(world, { mayTakeMs: 1000 * Number(options.served) });

		await healthy.open();
		healthies.push(healthy);
	}
}

/* ---- everything at once ---- */

await until(15_000, async () => (await Promise.all(worlds.map((world) => world.workerPid()))).every((pid) => pid !== null));
const pids = await Promise.all(worlds.map((world) => world.workerPid()));
const end = Date.now() + Number(options.seconds) * 1000;

worlds.forEach(({ front }) => {
	front.mutates = true;
});
await Promise.all([
	...worlds.flatMap((world) => [
		repeat(async () => {
			await sleep(world.dice.below(MOST_PAUSE_MS));
			await world.act();
		}),
		repeat(async () => {
			await sleep(Math.min(GENERATION_MS, Math.max(0, end - Date.now())));
			await world.renew();
		}),
	]),
	...healthies.map((healthy) => repeat(async () => {
		await healthy.live();
		await sleep(HEALTHY_RESTS_MS);
	})),
]);

/* Where the server crashes, sessions end; its log says why. */
async function repeat(act) {
	while (Date.now() < end) {
		await act().catch((error) => {
			broken.push(error.message);
			return sleep(200);
		});
	}
}

function crashes() {
	return readFileSync(server.log, 'latin1').split('\n').filter((line) => /was terminated by signal|PANIC/.test(line));
}

async function until(mayTakeMs, isSo) {
	for (const deadline = Date.now() + mayTakeMs; ;) {
		if (await isSo()) {
			return true;
		}
		if (Date.now() > deadline) {
			return false;
		}
		await sleep(100);
	}
}

/* ---- what became of it, before anybody is helped ---- */

const pidsAfter = await Promise.all(worlds.map((world) => world.workerPid().catch(() => null)));
const logBefore = readFileSync(server.log, 'latin1');
const ended = logBefore.split('\n').filter((line) => /github_sync (?:worker|launcher) (?:FATAL|PANIC)|(?:exited with exit code|was terminated by signal) |crash of another/.test(line) && !/scout/.test(line));

judge(`${worlds.length} workers: none of them ended`, [
	...worlds.flatMap(({ name }, index) => (pids[index] !== null && pids[index] === pidsAfter[index] ? [] : [`the worker of ${name}: ${pids[index]} before, ${pidsAfter[index]} after`])), ...ended,
]);
healthies.forEach((healthy) => {
	const sorted = [...healthy.took].sort((one, other) => one - other);
	const at = (part) => Math.round(sorted[Math.ceil(part * (sorted.length - 1))] ?? 0);

	judge(`${healthy.world.name}: each of ${sorted.length} changes of the healthy installation arrived within ${options.served} s`,
		[...healthy.failures, ...(sorted.length === 0 ? ['there was none'] : [])]);
	figure(`${healthy.world.name}: the healthy installation's changes took ${at(0.5)} ms, p99 ${at(0.99)} ms, at most ${at(1)} ms`);
});

/* ---- quiet: nothing is changed any more, and nobody waits for what was said before ---- */

worlds.forEach(({ front }) => {
	front.mutates = false;
});
if (crashes().length === 0) {
	await server.stop();
	await server.start();
	await judgeAfterwards(await becomesQuiet());
}

function becomesQuiet() {
	return until(QUIET_MAY_TAKE_MS, async () => {
		const waiting = await Promise.all(worlds.map((world) => world.waiting().catch(() => null)));

		if (waiting.every((n) => n === 0) || crashes().length > 0) {
			return true;
		}
		standin.control.clock.advance(61);
		await Promise.all(worlds.map((world) => world.endWaits().catch(() => {})));
		await sleep(400);
		return false;
	});
}

async function judgeAfterwards(isQuiet) {
	for (const world of worlds) {
		const rows = await world.rows();
		const unended = await world.unended();

		judge(`${world.name}: each of ${rows.reduce((sum, { n }) => sum + n, 0)} rows ended, and those that failed say why`, [
			...unended.map(({ text }) => text), ...(await world.rowsWithoutReason()).map((row) => JSON.stringify(row)),
			...(isQuiet ? [] : ['it did not become quiet']),
		]);
		figure(`${world.name}: ${world.edits} edits; rows: ${rows.map(({ state, error_code: code, n }) => `${n} ${state}${code === null ? '' : ` ${code}`}`).join(', ')}`);
		judge(`${world.name}: nobody's write was refused`, world.refused.slice(0, 10));
	}
	for (const healthy of healthies) {
		judge(`${healthy.world.name}: the healthy installation is the same on both sides, nothing errored, nothing there twice`, await healthy.complaints());
	}

	const places = { 'the log': readFileSync(server.log, 'latin1') };

	for (const world of worlds) {
		places[`the tables and views of ${world.name}`] = await world.everything();
	}
	judge('no token, in whole or in part, is in the log or in a table', secretsIn(places));
}

/* ---- the processes, and what was done to them ---- */

judge('no process crashed', [...crashes(), ...broken.slice(0, 5)]);
if (options.reports !== undefined) {
	judge('the sanitizers found nothing', [
		...readdirSync(options.reports).flatMap((file) => readFileSync(`${options.reports}/${file}`, 'latin1').split('\n').slice(0, 60)),
		...readFileSync(server.log, 'latin1').split('\n').filter((line) => line.includes(': runtime error: ')),
	]);
}

const answers = worlds.reduce((sum, { front }) => sum + front.answers, 0);
const changed = worlds.reduce((sum, { front }) => sum + front.changed, 0);
const steps = merged(worlds.map(({ front }) => Object.fromEntries(Object.entries(front.steps).flatMap(([step, counts]) => [[`${step}`, counts.answers], [`${step}, changed`, counts.changed]]))));

/* In a few seconds not every step comes to pass. */
const isShort = Number(options.seconds) < 30;

judge(isShort ? 'answers were changed' : 'answers of every step were changed', isShort ? (changed > 0 ? [] : ['none']) : ['token', 'repository', 'fetch', 'create', 'list, first page', 'list', 'update', 'delete']
	.filter((step) => !(steps[`${step}, changed`] > 0)).map((step) => `none of the step "${step}"`));
figure(`${answers} answers, ${changed} of them changed`);
figure(`by step: ${Object.keys(steps).filter((step) => !step.endsWith(', changed')).map((step) => `${step} ${steps[step]} (${steps[`${step}, changed`]} changed)`).join(', ')}`);
figure(`changes: ${Object.entries(merged(worlds.map(({ front }) => front.changes))).sort().map(([what, n]) => `${n} ${what}`).join(', ')}`);
console.log(`1..${results.length}`);
if (!results.every((held) => held)) {
	writeFileSync(`${options.directory}/answers.log`, worlds.flatMap(({ front }) => [...front.kept, ...front.last]).join(''));
	console.log(`# again: make fuzz-worker FUZZ_SEED=${seed} FUZZ_SECONDS=${options.seconds}`);
}
await Promise.all(worlds.map((world) => world.close()));
await server.stop();
process.exit(results.every((held) => held) ? 0 : 1);

function judge(promise, complaints) {
	const held = complaints.length === 0;

	results.push(held);
	console.log(`${held ? '' : 'not '}ok ${results.length} - ${promise}`);
	complaints.slice(0, 80).forEach((text) => console.log(`#   ${String(text).slice(0, 6000)}`));
}

function figure(text) {
	console.log(`# figure: ${text}`);
}

function merged(counts) {
	const sum = {};

	counts.forEach((one) => Object.entries(one).forEach(([what, n]) => {
		sum[what] = (sum[what] ?? 0) + n;
	}));
	return sum;
}

/* Of a secret a part tells as much as the whole. */
function secretsIn(texts) {
	const tokens = [...standin.control.auth.tokens.keys()].filter((token) => token.startsWith('ghs_')).join(' ');

	return Object.entries(texts).flatMap(([place, text]) => {
		const runs = [...text.matchAll(/[A-Za-z0-9_-]{24,}/g)].map(([run]) => run).filter((run) => tokens.includes(run) || run.startsWith('eyJ'));

		return runs.slice(0, 5).map((run) => `${place}: ${text.slice(Math.max(0, text.indexOf(run) - 300), text.indexOf(run) + 60)}`);
	});
}
