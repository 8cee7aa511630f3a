/*
 * scale.mjs
 *		Two servers behind PL/Proxy, installations with random edits on both
 *		sides, some of which move to the other server meanwhile; then quiet: are
 *		all sides equal, and is nothing there twice?  And what two servers carry
 *		beside one, on this machine.
 *
 *		node scale.mjs --directory DIR --bindir DIR --configuration FILE --stub PROGRAM
 *			[--seconds N] [--installations N] [--moves N] [--seed N] [--records N]
 *
 * Prints TAP.
 */
import { mkdirSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Dice } from '../chaos/dice.mjs';
import { Humans } from '../chaos/people.mjs';
import { writeNewKey } from '../github/app-key.mjs';
import { startStandin } from '../github/standin/server.mjs';
import { compare } from './comparison.mjs';
import { mirror } from './mirror.mjs';
import { NAMES, Spread } from './spread.mjs';
import { throughput } from './throughput.mjs';
import { Users } from './users.mjs';

const QUIET_MAY_TAKE_MS = 120_000;
const LOOKS = 5;

const { values: options } = parseArgs({
	options: {
		directory: { type: 'string' }, bindir: { type: 'string' }, configuration: { type: 'string' }, stub: { type: 'string' },
		seconds: { type: 'string', default: '30' }, installations: { type: 'string', default: '200' }, moves: { type: 'string', default: '5' },
		seed: { type: 'string' }, records: { type: 'string', default: '4000' },
	},
});
const seed = Number(options.seed ?? Math.floor(Math.random() * 1_000_000));
const dice = (name) => new Dice(seed, name);
let passed = 0;
let failed = 0;

function check(holds, promise, remarks = []) {
	if (holds) {
		passed += 1;
	} else {
		failed += 1;
	}
	console.log(`${holds ? '' : 'not '}ok ${passed + failed} - ${promise}`);
	remarks.forEach((remark) => console.log(`#   ${remark}`));
}

/* What people.mjs asks of a world, for repositories of many installations. */
function worldOfHumans(spread) {
	const { control } = spread.standin;
	const repositories = () => spread.installations.map(({ repository }) => control.store.repositories.get(repository));
	const failures = [];

	return {
		control, repositories, failures, deletions: {}, quote: () => '',
		issues: () => repositories().flatMap((repository) => [...repository.issues.values()]),
		hasRoom: () => control.store.repositories.size > 0 && spread.counts['edits on GitHub'] % 8 === 0,
		count: (what) => spread.count(what),
		failed: (who, error) => failures.push(`${who} was refused: ${error.message}`),
	};
}

async function storm(spread, humans, users) {
	const end = Date.now() + Number(options.seconds) * 1000;
	const moves = [];
	const until = async (chance, mostMs, act) => {
		while (Date.now() < end) {
			await sleep(chance.below(mostMs));
			act();
		}
	};
	const move = async () => {
		const chosen = dice('moves');
		const left = [...spread.installations];

		for (let n = 0; n < Number(options.moves); n++) {
			await sleep((Number(options.seconds) * 1000) / (Number(options.moves) + 2));
			const [{ id }] = left.splice(chosen.below(left.length), 1);

			moves.push({ id, ...await spread.move(id) });
		}
	};

	spread.counts['edits on GitHub'] = 0;
	await Promise.all([until(dice('pace of humans'), 60, () => humans.act()), until(dice('pace of users'), 40, () => users.act()), move()]);
	await users.done();
	return moves;
}

/* What no webhook told of, as it came while its installation moved, sweeps find. */
async function quiet(spread) {
	await spread.standin.control.webhooks.idle();
	await spread.ask('SELECT count(github_sync.reconcile_repo(r.id)) FROM github_sync.github_repos AS r');
	for (const deadline = Date.now() + QUIET_MAY_TAKE_MS; Date.now() < deadline; await sleep(200)) {
		const waiting = await spread.ask(`
			SELECT (SELECT count(*) FROM github_sync.sync_queue) + (SELECT count(*) FROM github_sync.repo_sweeps AS s
				WHERE s.is_asked OR s.pass_began_at IS NOT NULL OR s.phase = 'backfill') AS waits`);

		await spread.standin.control.webhooks.idle();
		if (waiting.every(({ waits }) => waits === 0)) {
			return true;
		}
	}
	return false;
}

/* What is looked at again a while later, to see that it is settled, may be so just then. */
async function compareInQuiet(spread, users) {
	for (let attempt = 1; ; attempt++) {
		const isQuiet = await quiet(spread);
		const compared = await compare(spread, users);

		if (!isQuiet || attempt === LOOKS || !compared.complaints.some((complaint) => / is (?:queued|processing): /.test(complaint))) {
			return { isQuiet, ...compared };
		}
	}
}

async function play(standin) {
	const spread = new Spread({
		...options, standin, installations: Number(options.installations),
		settings: {
			'github_sync.api_url': standin.url, 'github_sync.app_id': '424242', 'github_sync.private_key_file': `${options.directory}/app.pem`,
			'github_sync.write_interval': '0', 'github_sync.points_per_minute': '0', 'github_sync.creations_per_minute': '0', 'github_sync.creations_per_hour': '0',
			'github_sync.retry_base_delay': '50ms', 'github_sync.creation_recheck': '2s', 'github_sync.reconcile_interval': '0',
		},
	});

	await spread.open();
	try {
		const world = worldOfHumans(spread);
		const users = new Users(spread, dice('users'));

		spread.failed = world.failed;
		const moves = await storm(spread, new Humans(world, dice('humans')), users);
		const { isQuiet, complaints, tasks, comments } = await compareInQuiet(spread, users);
		const wrong = [...world.failures, ...complaints];

		check(moves.length === Number(options.moves), `${moves.length} of ${options.installations} installations moved while people worked`,
			moves.map(({ id, from, to, ms }) => `${id} from ${from} to ${to}: ${ms} ms`));
		check(isQuiet && wrong.length === 0, 'all sides are equal, nothing is there twice, nothing that was written is lost', [
			...isQuiet ? [] : ['it did not become quiet'], ...wrong.slice(0, 40), ...wrong.length > 40 ? [`and ${wrong.length - 40} more`] : [],
			`${tasks} tasks, ${comments} comments; ${Object.entries(spread.counts).map(([what, count]) => `${count} ${what}`).join(', ')}; ${standin.control.journal.lastSeq} requests`,
			`again: make scale SCALE_SEED=${seed}`]);
		const { rows } = await spread.dashboard.query('SELECT server, count(*) AS done FROM github_sync.sync_history WHERE state = $1 GROUP BY 1 ORDER BY 1', ['completed']);

		check(rows.length === NAMES.length, 'the front shows the history of both', rows.map(({ server, done }) => `${server}: ${done} completed`));
		const outcomes = await mirror(spread);

		check(Object.entries(outcomes).length === 4 && Object.entries(outcomes).every(([which, outcome]) => outcome === (/^(\w+)'s on \1$/.test(which) ? 'queued' : 'ignored: unknown repository')),
			'without a front, nginx tells both, and each does what is its own', Object.entries(outcomes).map(([which, outcome]) => `${which}: ${outcome}`));
	} finally {
		await spread.close();
	}
}

mkdirSync(options.directory, { recursive: true });
const standin = await startStandin({ publicKey: writeNewKey(`${options.directory}/app.pem`) });

await play(standin);
standin.server.close();
standin.server.closeAllConnections();
if (options.stub !== undefined) {
	const rates = await throughput({ ...options, program: options.stub, key: `${options.directory}/app.pem`, installations: 200, records: Number(options.records) });

	check(rates.length === 3, `throughput on ${cpus().length} × ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}; the stub for GitHub and the test share them`,
		rates.map(({ name, rate }) => `${name}: ${rate.toFixed()} records/s (× ${(rate / rates[0].rate).toFixed(2)})`));
}
console.log(`1..${passed + failed}`);
process.exit(failed === 0 ? 0 : 1);
