/*
 * import.mjs
 *		An import that is killed again and again: nothing is there twice, and
 *		nothing is missing.
 *
 *		node import.mjs --directory DIR --bindir DIR --configuration FILE
 *			[--issues N] [--comments N] [--kills N|every] [--seed N]
 *
 * A repository of so many issues, with so many comments each, is imported twice,
 * by the worker: first without a fault, within GitHub's hour, to say how many
 * requests, how long and how much memory it takes; then with so many kill -9,
 * of the worker and of the server by turns, before, while and after a page is
 * answered and applied: at pages by chance, or at every page.  Prints TAP.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { memoryOf } from '../../bench/lib/processes.mjs';
import { Archive } from './archive.mjs';
import { Dice } from './dice.mjs';
import { kill } from './killer.mjs';
import { Stage } from './stage.mjs';

const { values: options } = parseArgs({
	options: {
		directory: { type: 'string' }, bindir: { type: 'string' }, configuration: { type: 'string' },
		issues: { type: 'string', default: '3000' }, comments: { type: 'string', default: '3' }, kills: { type: 'string', default: 'every' },
		seed: { type: 'string', default: '1' },
	},
});
const ISSUES = Number(options.issues);
const COMMENTS = Number(options.comments);
const RECORDS = ISSUES * (1 + COMMENTS);

/* Of a page of comments on the way and applied, with the machine's other work. */
const PAGE_MAY_TAKE_MS = 60;
const ANY_PAGE = /^\/repositories\/\d+\/issues(?:\/comments)?\?/;

/* Without a page for so long, it stands still. */
const STANDSTILL_MS = 120_000;

let onPage = () => {};
let archive = null;
const stage = new Stage();

await stage.open(options, {
	upstream: (request) => archive.answer(request),
	onRequest: ({ target }) => ANY_PAGE.test(target) && onPage(target),
}, {
	'github_sync.reconcile_interval': '0', max_wal_size: '4GB', checkpoint_timeout: '30min', shared_buffers: '256MB', autovacuum_naptime: '5s',
});
const { server, control } = stage;

await play('an import', importOnce);
await play('killed', importKilled);
await stage.close();

/* In a database of its own. */
async function play(name, happen) {
	const database = name.replaceAll(' ', '_');

	archive = new Archive({ control, repository: control.store.findRepository('acme', 'widgets').repository, issues: ISSUES, comments: COMMENTS });
	await stage.createDatabase(database);
	await stage.connect(database, archive.repository);
	const seen = control.journal.lastSeq;

	await happen(database);
	onPage = () => {};
	const failedBefore = stage.failures;

	await compare(database, name);
	if (stage.failures > failedBefore) {
		await server.dump(database);
	}
	stage.figure(`${name}: ${control.journal.lastSeq - seen} requests, ${archive.used} of them pages, for ${ISSUES} issues and ${ISSUES * COMMENTS} comments`);
	await server.query('postgres', `DROP DATABASE ${database} WITH (FORCE)`);
}

async function importAll(database) {
	let last = '';
	let changedAt = Date.now();

	await server.query(database, 'SELECT github_sync.backfill_repo($1)', [archive.repository.id]);
	for (;;) {
		/* While the server is killed, nobody can say. */
		const [state] = await server.query(database, `
			SELECT bool_and(phase = 'sweep' AND NOT is_asked) AND NOT EXISTS (SELECT FROM github_sync.sync_queue) AS is_over,
				string_agg(listed::text || coalesce(last_error, ''), ' ') || (SELECT coalesce(sum(total), 0) FROM github_sync.sync_stats) AS progress
			FROM github_sync.repo_sweeps`).catch(() => [{ is_over: false, progress: last }]);

		if (state.is_over) {
			return;
		}
		changedAt = state.progress === last ? changedAt : Date.now();
		last = state.progress;
		if (Date.now() - changedAt > STANDSTILL_MS) {
			throw new Error(`the import stands still: ${last}`);
		}
		await sleep(200);
	}
}

async function importOnce(database) {
	const samples = [];
	let isOver = false;
	const watch = (async () => {
		while (!isOver) {
			const [worker] = await server.query(database, "SELECT pid FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database()");

			if (worker !== undefined) {
				samples.push(memoryOf(worker.pid).own_mb);
			}
			await sleep(250);
		}
	})();
	const startedAt = Date.now();

	await importAll(database);
	const took_s = (Date.now() - startedAt) / 1000;

	isOver = true;
	await watch;
	const known = samples.filter((mb) => mb > 0);
	const at = (part) => known[Math.floor(part * (known.length - 1))]?.toFixed(1);

	stage.figure(`${took_s.toFixed(1)} s, ${Math.round(RECORDS / took_s)} records a second`);
	stage.figure(`memory of the worker (RssAnon): ${at(0.1)} MB after a tenth, ${at(0.5)} in the middle, ${at(1)} in the end, ${Math.max(...known).toFixed(1)} at most`);
	stage.ok(known.length > 0, 'the memory of the worker was seen');
	if (known.length >= 20) {
		stage.ok(Number(at(1)) < Number(at(0.1)) + 16, 'memory of the worker does not grow with the import');
	}
}

/* A page is killed at once, when it is asked for the first time; a kill under way is one for all that is asked meanwhile. */
async function importKilled(database) {
	const dice = new Dice(Number(options.seed), 'kills');
	const pages = Math.ceil(RECORDS / 100);
	const chance = options.kills === 'every' ? 1 : Number(options.kills) / pages;
	const seen = new Set();
	const kills = { worker: 0, postmaster: 0 };
	let underWay = null;
	const strike = async (victim, delayMs) => {
		await sleep(delayMs);
		if (await kill(server, database, victim) !== null) {
			kills[victim] += 1;
		}
		underWay = null;
	};

	archive.limit = 10_000_000;
	onPage = (page) => {
		if (underWay !== null || seen.has(page)) {
			return;
		}
		seen.add(page);
		if (dice.throw() < chance) {
			underWay = strike(seen.size % 2 === 0 ? 'worker' : 'postmaster', dice.pick([0, dice.below(PAGE_MAY_TAKE_MS), dice.below(PAGE_MAY_TAKE_MS)]))
				.catch((error) => stage.ok(false, `a kill: ${error.message}`));
		}
	};
	await importAll(database);
	await underWay;
	stage.figure(`${kills.worker} kill -9 of the worker, ${kills.postmaster} of the server, at ${seen.size} different pages`);
	stage.ok(kills.worker + kills.postmaster >= 0.5 * (options.kills === 'every' ? pages : Number(options.kills)), 'it was killed at most of the pages that it was to be killed at');
}

/* Each row once, with its own text, in its place; written once, and nothing left to do. */
async function compare(database, name) {
	const one = async (text, values) => Object.values((await server.query(database, text, values))[0])[0];
	const expected = async (rows, count, promise) => {
		const wrong = await one(`SELECT count(*)::integer FROM (${rows}) AS wrong`);

		stage.ok(wrong === 0, `${name}: ${count} ${promise}${wrong === 0 ? '' : `, but for ${wrong}`}`);
	};

	await server.accepts(database);
	await expected(`SELECT n FROM generate_series(1, ${ISSUES}) AS n LEFT JOIN (planner.tasks AS t JOIN github_sync.github_issues AS i ON i.task_id = t.id)
		ON t.title = 'Issue ' || n AND t.markdown = 'Text of issue ' || n AND t.status = CASE WHEN n % 4 = 0 THEN 'closed' ELSE 'open' END AND i.number = n
		GROUP BY n HAVING count(t.id) <> 1`, ISSUES, 'issues are there, each once');
	await expected(`SELECT n, k FROM generate_series(1, ${ISSUES}) AS n CROSS JOIN generate_series(1, ${COMMENTS}) AS k
		LEFT JOIN (planner.comments AS c JOIN github_sync.github_comments AS g ON g.comment_id = c.id JOIN github_sync.github_issues AS i ON i.id = g.github_issue_id AND i.task_id = c.task_id)
		ON c.markdown = format('Comment %s of issue %s', k, n) AND i.number = n
		GROUP BY n, k HAVING count(c.id) <> 1`, ISSUES * COMMENTS, 'comments are there, each once, with its task');
	const counts = await server.query(database, `SELECT (SELECT count(*) FROM planner.tasks)::integer AS tasks, (SELECT count(*) FROM planner.comments)::integer AS comments,
		(SELECT count(*) FROM planner.audit)::integer AS writes, (SELECT count(*) FROM github_sync.github_issues)::integer AS issues,
		(SELECT count(*) FROM github_sync.github_comments)::integer AS github_comments, (SELECT count(*) FROM github_sync.task_sync_transactions)::integer AS of_tasks,
		(SELECT count(*) FROM github_sync.comment_sync_transactions)::integer AS of_comments, (SELECT count(*) FROM github_sync.sync_queue)::integer AS queued,
		(SELECT count(*) FROM github_sync.sync_errors)::integer AS errors, (SELECT count(*) FROM github_sync.listed_later)::integer AS later`);
	const wanted = { tasks: ISSUES, comments: ISSUES * COMMENTS, writes: RECORDS, issues: ISSUES, github_comments: ISSUES * COMMENTS,
		of_tasks: ISSUES, of_comments: ISSUES * COMMENTS, queued: 0, errors: 0, later: 0 };
	const wrong = Object.keys(wanted).filter((what) => counts[0][what] !== wanted[what]);

	stage.ok(wrong.length === 0, `${name}: nothing is there besides, was written twice, waits or failed${wrong.map((what) => `; ${what}: ${counts[0][what]}, not ${wanted[what]}`).join('')}`);
}
