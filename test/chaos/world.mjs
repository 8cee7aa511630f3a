/*
 * world.mjs
 *		What a round is about: a database with an application, a GitHub, those
 *		who work on both sides, what befalls them; and the quiet afterwards, in
 *		which both sides are compared.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Comparison } from './comparison.mjs';
import { Dice } from './dice.mjs';
import { FORCES } from './forces.mjs';
import { History } from './history.mjs';
import { Mail, news } from './mail.mjs';
import { Humans, Users } from './people.mjs';
import { Weather } from './weather.mjs';

const APPLICATION = readFileSync(new URL('application.sql', import.meta.url), 'utf8');
const QUIET_MAY_TAKE_MS = 60_000;

/* Of so many complaints of a round the history is told. */
const STORIES = 3;

/* Whoever acts in it finds the rest here. */
export class World {
	constructor({ server, control, seed, forces = [], quiet = 'told' }) {
		Object.assign(this, { server, control, seed, quiet, database: `round_${seed}`, forces, counts: {}, failures: [], remarks: [] });
		this.ours = new Set();			/* ids of the repositories in github_repos */
		this.strangers = new Map();		/* of others that have a name that one of ours had: since when no worker takes it for ours any more */
		this.lost = new Set();			/* of those of ours that GitHub has no longer */
		this.quote = () => '';
		const dice = (name) => new Dice(seed, name);

		this.dice = dice('round');
		this.size = this.dice.between(2, 8);
		/* What else may be done, by weight: in every second world everything stays. */
		this.deletions = this.dice.percent(50) ? { unsay: 1.5, drop: 0.4 } : {};
		this.control.startOver();
		this.control.webhooks.configure({ mode: 'off' });	/* the mail is ours */
		this.control.clock.advance(this.dice.between(-5, 5));
		this.listener = this.control.store.listener;
		this.widgets = this.control.store.findRepository('acme', 'widgets').repository;
		this.gadgets = this.control.store.findRepository('acme', 'gadgets').repository;
		this.addRepository(this.widgets);
		this.history = new History(this.control.store);
		this.humans = new Humans(this, dice('humans'));
		this.users = new Users(this, dice('users'));
		this.mail = new Mail(this, dice('mail'));
		this.weather = new Weather(this, dice('weather'));
		this.forces.forEach((name) => FORCES[name].begin?.(this, dice(`${name} begins`)));
	}

	addRepository({ id }) {
		this.ours.add(id);
	}

	/* Those of ours that GitHub has. */
	repositories() {
		return [...this.ours].map((id) => this.control.store.repositories.get(id)).filter((repository) => repository !== undefined);
	}

	issues() {
		return this.repositories().flatMap((repository) => [...repository.issues.values()]);
	}

	async open() {
		this.server.configure({ 'github_sync.workers_per_database': this.dice.pick([1, 2]) });
		this.server.reload();
		await this.server.query('postgres', `CREATE DATABASE ${this.database} TEMPLATE template0`);
		await this.server.query(this.database, APPLICATION);
		for (const { id, owner, name } of this.repositories()) {
			await this.server.query(this.database, `INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name)
				VALUES ($1, 515151, $2, $3)`, [id, owner, name]);
		}
		await this.server.query(this.database, `
			UPDATE github_sync.github_repos SET conflict_policy = $1, on_remote_delete = 'delete', on_local_delete = 'propagate'`,
			[this.dice.pick(['last_write_wins', 'last_write_wins', 'github_wins', 'app_wins'])]);
		this.sessions = this.server.pool(this.database, 'planner', { name: 'application', size: 5 });
		this.receiver = this.server.pool(this.database, 'planner', { name: 'receiver of webhooks', size: 2 });
		this.history.listen(this.control.store);
		this.mail.listen(this.control.store);
		this.isOpen = true;
		for (const name of this.forces) {
			await FORCES[name].opened?.(this, this.dice.of(`${name} opened`));
		}
	}

	async close() {
		this.isOpen = false;
		this.control.store.listener = this.listener;
		await this.sessions.end();
		await this.receiver.end();
		await this.server.query('postgres', `DROP DATABASE ${this.database} WITH (FORCE)`);
	}

	count(what) {
		this.counts[what] = (this.counts[what] ?? 0) + 1;
	}

	hasRoom() {
		return this.issues().length < this.size;
	}

	/*
	 * A server that is away is no fault of whoever asks, nor of ours.  A row that one transaction edits and then deletes
	 * is locked twice, with a webhook in between: README says that it may be told to try again, or the webhook is.
	 */
	failed(who, error, work = null) {
		if (error.code === '40P01' && (work === null ? this.users.ofSeveral.size > 0 : this.users.ofSeveral.has(work))) {
			this.count('deadlocks with transactions of two statements');
		} else if (error.code === '23503' && who === 'a user') {	/* a task that was to be deleted got a comment from GitHub just then */
			this.count('deletions in vain');
		} else if (this.lost.has(Number(/^no repository (\d+)$/.exec(error.message)?.[1]))) {	/* deleted while it was typed */
			this.count('deeds at a repository that is gone');
		} else if (/^(?:57P0[123]|08\w{3}|ECONN\w+|EPIPE|ENOENT)$/.test(error.code ?? '') || /Connection terminated|connection error/.test(error.message)) {
			this.count('statements without a server');
		} else {
			this.failures.push(`${who} was refused: ${error.code} ${error.message}`);
		}
	}

	/* All faults off, everything delivered and done; then everything is told once more, as a sweep would, or is found by sweeps. */
	async calm() {
		this.weather.clear();
		this.forces.forEach((name) => FORCES[name].end?.(this));
		await this.users.done();
		await allDone(this);
		await QUIETS[this.quiet](this);
		await allDone(this);
	}

	/* After calm(); resolves with { complaints, failures, counts, unseen, stories }. */
	async compare() {
		const comparison = new Comparison(this);

		this.failures.push(...await this.control.differences?.() ?? []);
		const complaints = await comparison.run((text) => this.server.query(this.database, text));

		return {
			complaints, failures: this.failures, unseen: comparison.unseen,
			counts: { ...this.counts, requests: this.control.journal.lastSeq, conflicts: comparison.conflicts.length },
			stories: await Promise.all(complaints.slice(0, STORIES).map((complaint) => story(this, complaint))),
		};
	}
}

/* What may bring the two sides together in the end. */
export const QUIETS = {
	async told(world) {
		for (const told of await whatASweepTells(world)) {
			await world.receiver.query({ text: told.text, values: told.values });
		}
		world.history.note('everything told once more');
	},

	/* Nothing but what README says that they find: edits, deletions, transfers of which no webhook came. */
	async sweeps(world) {
		const deadline = Date.now() + QUIET_MAY_TAKE_MS;
		const query = (text, values) => world.server.query(world.database, text, values);
		const [{ asked_at: askedAt }] = await query(`SELECT clock_timestamp()::text AS asked_at, count(github_sync.reconcile_repo(r.id))
			FROM github_sync.github_repos AS r`);
		/* Lists of a repository that was deleted cannot be read, and say so. */
		const unread = async () => (await query(`SELECT repository, stream, waits_for, last_error FROM github_sync.sync_progress
			WHERE phase <> 'check' AND waits_for <> 'repository disabled' AND github_repo_id <> ALL ($2)
				/* A census asks for the comments of issues that have another number of them: a pass more. */
				AND (last_complete_at > $1 AND (stream <> 'issues' OR last_census_at > $1) AND waits_for = 'reconcile_interval is 0') IS NOT TRUE
			UNION ALL SELECT format('#%s of %s', l.number, l.github_repo_id), l.record_type, 'whoever held it', l.last_error FROM github_sync.listed_later AS l`,
			[askedAt, [...world.lost]]));

		while ((await unread()).length > 0 && Date.now() < deadline) {
			await hurry(world);
			await sleep(50);
		}
		world.failures.push(...(await unread()).map((list) => `${list.stream} of ${list.repository}: not read: ${list.waits_for}, ${list.last_error}`));
		world.history.note('all lists were read once more');
	},
};

async function whatASweepTells(world) {
	const { comments, clock } = world.control.store;
	const known = await world.server.query(world.database, `
		SELECT github_repo_id AS repo, number, github_id AS id, NULL AS comment_id FROM github_sync.github_issues WHERE github_id IS NOT NULL AND deleted_at IS NULL
		UNION ALL SELECT i.github_repo_id, i.number, i.github_id, c.github_id FROM github_sync.github_comments AS c
			JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id WHERE c.github_id IS NOT NULL AND c.deleted_at IS NULL`);
	const isThere = ({ repo, number, comment_id: comment }) => (comment === null
		? world.control.store.repositories.get(repo)?.issues.has(number) : world.ours.has(comments.get(comment)?.issue.repository.id));
	/* Of an issue that was transferred, and of its comments, a sweep knows no more than that they are not in its lists. */
	const action = ({ repo, number }) => (world.control.store.repositories.get(repo)?.formerIssues.get(number)?.transferredTo ? 'upsert' : 'delete');

	return [
		...world.issues().flatMap((issue) => [news({ issue }), ...[...issue.comments.values()].map((comment) => news({ issue, comment }))]),
		...known.filter((place) => !isThere(place)).map((place) => {
			const about = { issue: { repository: { id: place.repo }, number: place.number, id: place.id, updated_at: clock.iso() } };

			return news(place.comment_id === null ? about : { ...about, comment: { id: place.comment_id, updated_at: clock.iso() } }, action(place));
		}),
	];
}

async function allDone(world) {
	const deadline = Date.now() + QUIET_MAY_TAKE_MS;

	for (;;) {
		await world.mail.done();
		const [{ waiting }] = await world.server.query(world.database, 'SELECT count(*) AS waiting FROM github_sync.sync_queue');

		if (waiting === 0 || Date.now() > deadline) {
			return;
		}
		await hurry(world);
		await sleep(30);
	}
}

/* What is asked again a minute later, before it is believed to be gone, is asked now: a minute passes at GitHub. */
async function hurry(world) {
	const [{ waiting }] = await world.server.query(world.database, `
		WITH tasks AS (
			UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL
			WHERE state = 'queued' AND next_attempt_at > clock_timestamp() + interval '1.5 s' AND next_attempt_at < 'infinity' RETURNING id),
		comments AS (
			UPDATE github_sync.comment_sync_transactions SET next_attempt_at = NULL
			WHERE state = 'queued' AND next_attempt_at > clock_timestamp() + interval '1.5 s' AND next_attempt_at < 'infinity' RETURNING id)
		SELECT (SELECT count(*) FROM tasks) + (SELECT count(*) FROM comments) AS waiting`);

	if (waiting > 0) {
		world.control.clock.advance(61);
		await world.server.query(world.database, 'SELECT github_sync.wake()');
	}
}

/* What the audit says of a record ($1: issue, $2: comment, $3: row), and its transactions. */
const AUDIT_OF_RECORD = `
	SELECT a.at, format('%s: %s %s %s %s', a.writer, a.operation, a.record_type, a.record_id, coalesce(a.after, a.before)) AS text
	FROM planner.audit AS a
	LEFT JOIN github_sync.github_issues AS i ON a.record_type = 'task' AND i.task_id = a.record_id
	LEFT JOIN github_sync.github_comments AS g ON a.record_type = 'comment' AND g.comment_id = a.record_id
	WHERE CASE WHEN $2::bigint IS NULL THEN format('%s#%s', i.github_repo_id, i.number) = ANY ($1) ELSE g.github_id = $2 END
		OR a.record_type || a.record_id = $3`;
const transactionsOf = (type, isThis) => `
	SELECT t.inserted_at, format('transaction %s: %s %s of %s inserted, %s at %s, by then with %s',
		t.id, t.direction, t.action, t.github_updated_at, t.state, t.finished_at::time, coalesce(t.last_error, 'no error'))
	FROM github_sync.${type}_sync_transactions AS t WHERE ${isThis} OR '${type}' || t.${type}_id = $3`;
const STORY = [
	AUDIT_OF_RECORD,
	transactionsOf('task', `$2::bigint IS NULL AND format('%s#%s', t.github_repo_id, t.github_issue_number) = ANY ($1)`),
	transactionsOf('comment', 't.github_comment_external_id = $2'),
].join(' UNION ALL ');

/* How the record of a complaint came to where it is. */
async function story(world, { about: { issue = null, comment = null, row, type } }) {
	const rows = await world.server.query(world.database, STORY,
		[world.history.placesOf(issue), comment, row === undefined ? null : `${type === 'issue' ? 'task' : 'comment'}${row}`]);

	return world.history.of({ issue, comment }, rows.map(({ at, text }) => ({ at: at.getTime(), text })));
}
