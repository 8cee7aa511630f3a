/*
 * sweeps.mjs
 *		What sweeps do alone, at length: changes of which nobody tells, changes of
 *		which webhooks tell badly, and repositories beside others that trouble them.
 *
 *		node sweeps.mjs --directory DIR --bindir DIR --configuration FILE
 *			[--deeds N] [--seconds N] [--seed N]
 *
 * So many random deeds at GitHub (creations, edits, deletions, transfers) without
 * webhooks (of a transfer that nobody told of, README says what may remain); as many with 30 % of the webhooks lost, others late, in any order and
 * twice, and one sweep afterwards; then, for so many seconds, sweeps of
 * repositories beside one whose lists always fail, one of 100,000 issues that is
 * imported, one whose installation is suspended and one that is renamed.  Prints
 * TAP.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { parseArgs } from 'node:util';
import { Archive } from './archive.mjs';
import { Dice } from './dice.mjs';
import { Stage, cameTrue } from './stage.mjs';

const { values: options } = parseArgs({
	options: {
		directory: { type: 'string' }, bindir: { type: 'string' }, configuration: { type: 'string' },
		deeds: { type: 'string', default: '1000' }, seconds: { type: 'string', default: '90' }, seed: { type: 'string', default: '1' },
	},
});
const DATABASE = 'swept';
const NAMES = ['one', 'two', 'three'];

/* Shorter, and a worker would take it for a page that comes back in a circle (src/worker/page_repeats.c). */
const INTERVAL_S = 12;

/* Of a machine that does other things as well: far less than any backoff. */
const LATE_MS = 45_000;
const MOST_MS = 300_000;
const LOST_PERCENT = 30;
const DOUBLED_PERCENT = 20;

let archive = null;
const stage = new Stage();

await stage.open(options, { upstream: (request) => (archive === null ? stage.control.github.answer({ ...request, underWay: 1 }) : archive.answer(request)) }, {
	'github_sync.reconcile_interval': `${INTERVAL_S}s`, 'github_sync.delivery_log_interval': '0', 'github_sync.max_attempts': '10',
});
const { control, server } = stage;
const { store } = control;
const query = (text, values) => server.query(DATABASE, text, values);

/* Sweeps may use a fifth of the hour: with so many lists, an ordinary hour would stretch the interval. */
control.limits.configure({ primary: 100_000_000 });
control.webhooks.configure({ mode: 'off' });
await stage.createDatabase(DATABASE);
const repositories = NAMES.map((name) => seed(name, 'acme'));

for (const repository of repositories) {
	await stage.connect(DATABASE, repository);
}
stage.ok(await cameTrue(isEqual, MOST_MS), 'what is there is imported');
await withoutWebhooks();
await withBadWebhooks();
await besideTrouble();
await stage.close();

function seed(name, owner, issues = 40) {
	const id = 7_000_000 + store.repositories.size;

	control.seed({ repositories: [{ id, owner, name, filler_issues: issues, filler_comments: 2 }] });
	return store.repositories.get(id);
}

/* ---- deeds ---- */

function issuesOf() {
	return repositories.flatMap((repository) => [...repository.issues.values()]);
}

function act(dice, number) {
	const issue = dice.pick(issuesOf());
	const place = { repo: issue.repository.id, number: issue.number };
	const comment = issue.comments.size > 0 ? dice.pick([...issue.comments.values()]) : null;
	const deeds = {
		create_issue: () => control.act({ do: 'create_issue', repo: dice.pick(repositories).id, title: `created ${number}`, body: `text ${number}` }),
		edit_issue: () => control.act({ do: 'edit_issue', ...place, title: `edited ${number}`, body: dice.percent(50) ? `another text ${number}` : issue.body }),
		close_issue: () => control.act({ do: issue.state === 'open' ? 'close_issue' : 'reopen_issue', ...place }),
		create_comment: () => control.act({ do: 'create_comment', ...place, body: `comment ${number}` }),
		edit_comment: () => comment && control.act({ do: 'edit_comment', comment_id: comment.id, body: `edited comment ${number}` }),
		delete_comment: () => comment && control.act({ do: 'delete_comment', comment_id: comment.id }),
		delete_issue: () => control.act({ do: 'delete_issue', ...place }),
		transfer_issue: () => control.act({ do: 'transfer_issue', ...place, to: dice.pick(repositories.filter((one) => one !== issue.repository)).id }),
	};

	deeds[dice.weighted({ create_issue: 6, edit_issue: 30, close_issue: 10, create_comment: 14, edit_comment: 20, delete_comment: 8, delete_issue: 5, transfer_issue: 7 })]();
}

async function actOften(dice, after = async () => {}) {
	for (let number = 1; number <= Number(options.deeds); number++) {
		act(dice, `${dice.seed}.${number}`);
		await after();
		await sleep(dice.below(20));
	}
}

/* ---- both sides ---- */

/* leftBehind: ids of comments. */
function atGitHub(leftBehind) {
	return issuesOf().flatMap((issue) => [
		`${issue.repository.id}|${issue.title}|${issue.body ?? ''}|${issue.state}`,
		...[...issue.comments.values()].filter(({ id }) => !leftBehind.has(id)).map(({ body }) => `${issue.repository.id}|${issue.title}> ${body}`),
	]).sort();
}

/* Of a task whose issue went where another task was in use already: they stay with it. */
async function commentsLeftBehind() {
	const rows = await query(`SELECT g.github_id FROM github_sync.github_comments AS g JOIN github_sync.github_issues AS i ON i.id = g.github_issue_id
		WHERE i.task_id IS NULL AND g.github_id IS NOT NULL AND EXISTS (SELECT FROM github_sync.task_sync_transactions AS q
			WHERE q.github_issue_id = i.id AND q.error_code = 'transferred' AND q.error_reason ~ 'that is in use')`);

	return new Set(rows.map(({ github_id: id }) => id));
}

async function here() {
	const linked = 'github_sync.github_issues AS i JOIN planner.tasks AS t ON t.id = i.task_id';
	const live = 'i.deleted_at IS NULL AND i.github_repo_id = ANY ($1)';
	const rows = await query(`
		SELECT i.github_repo_id || '|' || t.title || '|' || coalesce(t.markdown, '') || '|' || t.status AS line FROM ${linked} WHERE ${live}
		UNION ALL SELECT i.github_repo_id || '|' || t.title || '> ' || c.markdown FROM ${linked} JOIN github_sync.github_comments AS g ON g.github_issue_id = i.id
			JOIN planner.comments AS c ON c.id = g.comment_id WHERE ${live} AND g.deleted_at IS NULL`, [repositories.map(({ id }) => id)]);

	return rows.map(({ line }) => line).sort();
}

async function isEqual() {
	return JSON.stringify(await here()) === JSON.stringify(atGitHub(await commentsLeftBehind()));
}

/* What is missing is asked for again a minute later, before it is believed to be gone: a minute passes. */
async function hurry() {
	const waiting = [];

	for (const type of ['task', 'comment']) {
		waiting.push(...await query(`UPDATE github_sync.${type}_sync_transactions SET next_attempt_at = NULL
			WHERE state = 'queued' AND next_attempt_at > clock_timestamp() + interval '1.5 s' AND next_attempt_at < 'infinity' RETURNING id`));
	}
	if (waiting.length > 0) {
		control.clock.advance(61);
		await query('SELECT github_sync.wake()');
	}
}

async function showDifference() {
	const [ours, theirs] = [await here(), atGitHub(await commentsLeftBehind())];

	ours.filter((line) => !theirs.includes(line)).slice(0, 10).forEach((line) => console.log(`#   only here: ${line}`));
	theirs.filter((line) => !ours.includes(line)).slice(0, 10).forEach((line) => console.log(`#   only at GitHub: ${line}`));
	(await query(`SELECT format('%s %s %s: %s, %s, %s', repository, stream, phase, waits_for, last_error, done) AS line FROM github_sync.sync_progress`))
		.forEach(({ line }) => console.log(`#   ${line}`));
	for (const view of ['sync_queue', 'sync_errors']) {
		(await query(`SELECT row_to_json(q)::text AS line FROM github_sync.${view} AS q LIMIT 5`)).forEach(({ line }) => console.log(`#   ${view}: ${line}`));
	}
}

async function becomesEqual(promise) {
	const startedAt = Date.now();
	const held = stage.ok(await cameTrue(async () => {
		await hurry();
		return isEqual();
	}, MOST_MS), promise);

	if (held) {
		stage.figure(`both sides were the same ${((Date.now() - startedAt) / 1000).toFixed(1)} s after they were to be compared`);
	}
	const [{ errors, left, unlinked }] = await query(`
		SELECT count(*) FILTER (WHERE error_code <> 'transferred' OR error_reason !~ 'that is in use')::integer AS errors, count(*) FILTER (WHERE error_reason ~ 'is left without')::integer AS left,
			(SELECT count(*) FROM planner.tasks AS t WHERE NOT EXISTS (SELECT FROM github_sync.github_issues AS i WHERE i.task_id = t.id))::integer AS unlinked
		FROM github_sync.task_sync_transactions WHERE state = 'errored'`);

	if (!held || errors > 0 || left !== unlinked) {
		await showDifference();
	}
	stage.figure(`${left} tasks were left without an issue, whose new place had a task in use before the transfer was found; an error names each`);
	stage.ok(errors === 0, `... without an error${errors === 0 ? '' : `, but for ${errors}`}`);
	stage.ok(left === unlinked, `... and each other task belongs to an issue: ${unlinked} do not, ${left} errors say so`);
}

async function reconcile() {
	await query('SELECT count(github_sync.reconcile_repo(r.id)) FROM github_sync.github_repos AS r WHERE r.id = ANY ($1)', [repositories.map(({ id }) => id)]);
}

/* ---- plays ---- */

async function withoutWebhooks() {
	await actOften(new Dice(Number(options.seed), 'without webhooks'));
	await reconcile();
	await becomesEqual(`${options.deeds} random deeds, deletions and transfers among them, of which nobody tells arrive by sweeps alone`);
}

async function withBadWebhooks() {
	const dice = new Dice(Number(options.seed) + 1, 'bad webhooks');
	const chance = dice.of('deliveries');
	const underWay = [];
	const counts = { lost: 0, late: 0, doubled: 0 };
	const deliver = async ({ event, guid, body }, delayMs) => {
		await sleep(delayMs);
		/* Its double, under way at the same moment, may hold it for longer than it waits: 55P03, and GitHub sends it again. */
		await query('SELECT github_sync.ingest_webhook($1, $2, $3)', [event, guid, body])
			.catch((error) => (error.code === '55P03' ? deliver({ event, guid, body }, 500) : Promise.reject(error)));
	};

	control.webhooks.configure({ mode: 'on' });		/* without a receiver: what is told is ours */
	await actOften(dice, async () => {
		await control.webhooks.idle();
		for (const delivery of control.webhooks.deliveries.splice(0)) {
			if (chance.percent(LOST_PERCENT)) {
				counts.lost += 1;
				continue;
			}
			counts.late += 1;
			underWay.push(deliver(delivery, chance.below(2000)));
			if (chance.percent(DOUBLED_PERCENT)) {
				counts.doubled += 1;
				underWay.push(deliver(delivery, chance.below(3000)));
			}
		}
	});
	control.webhooks.configure({ mode: 'off' });
	await Promise.all(underWay);
	await reconcile();
	stage.figure(`webhooks: ${counts.lost} lost, ${counts.late} late and in any order, ${counts.doubled} of these twice`);
	await becomesEqual(`of ${options.deeds} deeds whose webhooks are lost, late and doubled, nothing is missing after one sweep`);
}

/* How late the lists of a repository were read, at most: between two ends of a pass, in milliseconds. */
async function watch(seconds) {
	const last = new Map();
	const most = new Map();
	const deadline = Date.now() + seconds * 1000;

	while (Date.now() < deadline) {
		const rows = await query(`SELECT github_repo_id || ' ' || stream AS list, extract(epoch FROM last_complete_at) * 1000 AS at
			FROM github_sync.repo_sweeps WHERE github_repo_id = ANY ($1)`, [repositories.map(({ id }) => id)]);

		for (const { list, at } of rows) {
			const apart = last.has(list) && Number(at) > last.get(list) ? Number(at) - last.get(list) : Date.now() - Number(at);

			most.set(list, Math.max(most.get(list) ?? 0, apart));
			last.set(list, Number(at));
		}
		await sleep(100);
	}
	return Math.max(...most.values());
}

async function besideTrouble() {
	const alone = await watch(Number(options.seconds) / 2);
	const broken = seed('broken', 'acme');
	const renamed = seed('renamed', 'acme');
	const huge = seed('huge', 'acme', 0);
	const lonely = seed('lonely', 'umbrella');

	control.seed({ installations: [{ id: 616161, account: 'umbrella' }] });
	control.faults.add({ match: { path: `^/repositories/${broken.id}/` }, times: 'forever', action: { html: 502 } });
	archive = new Archive({ control, repository: huge, issues: 100_000, comments: 3 });
	archive.limit = 100_000_000;
	for (const repository of [broken, renamed, huge]) {
		await stage.connect(DATABASE, repository);
	}
	await stage.connect(DATABASE, lonely, 616161);
	control.store.suspend(store.installations.get(616161), true);
	await cameTrue(async () => (await query("SELECT FROM github_sync.repo_sweeps WHERE github_repo_id = $1 AND stream = 'issues' AND phase = 'sweep'", [renamed.id])).length > 0, MOST_MS);
	control.act({ do: 'rename_repository', repo: renamed.id, owner: 'acme', name: 'called-anew' });
	control.act({ do: 'edit_issue', repo: renamed.id, number: 1, title: 'edited after the renaming' });
	const beside = await watch(Number(options.seconds));
	const progress = await query("SELECT r.name, p.phase, p.done, p.attempts, p.waits_for, p.last_error FROM github_sync.sync_progress AS p JOIN github_sync.github_repos AS r ON r.id = p.github_repo_id WHERE p.stream = 'issues'");
	const of = (name) => progress.find((one) => one.name === name);

	stage.figure(`between two sweeps of a list, at most: ${(alone / 1000).toFixed(1)} s alone, ${(beside / 1000).toFixed(1)} s beside trouble; interval ${INTERVAL_S} s`);
	stage.ok(of('broken').attempts > 0 && /502/.test(of('broken').last_error), 'a list that always answers 502 rests, and says why');
	stage.ok(of('called-anew')?.phase === 'sweep' && (await query("SELECT FROM planner.tasks WHERE title = 'edited after the renaming'")).length === 1, '... a repository that is renamed is followed');
	stage.ok(/suspended/.test(of('lonely').waits_for), '... one of a suspended installation waits');
	const [{ imported }] = await query('SELECT count(*)::integer AS imported FROM github_sync.github_issues WHERE github_repo_id = $1 AND task_id IS NOT NULL', [huge.id]);

	stage.ok(imported > 1000, `... one with 100,000 issues is imported meanwhile: ${imported} of them`);
	stage.ok(beside < LATE_MS, '... and the others are swept on time');
	act(new Dice(Number(options.seed), 'beside'), 'beside');
	await reconcile();
	await becomesEqual('... and stay the same on both sides');
}
