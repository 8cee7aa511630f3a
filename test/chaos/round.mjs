/*
 * round.mjs
 *		One round: a world of its own, a storm, quiet, and the comparison of
 *		both sides.
 */
import { readFileSync } from 'node:fs';
import { setTimeout as sleep } from 'node:timers/promises';
import { Comparison } from './comparison.mjs';
import { Dice } from './dice.mjs';
import { History } from './history.mjs';
import { VICTIMS, kill } from './killer.mjs';
import { Mail, news } from './mail.mjs';
import { Humans, Users } from './people.mjs';
import { Weather } from './weather.mjs';

const APPLICATION = readFileSync(new URL('application.sql', import.meta.url), 'utf8');
const QUIET_MAY_TAKE_MS = 60_000;
const WIDGETS = 1_296_269;

/* What a round is about; whoever acts in it finds the rest here. */
class World {
	constructor({ server, control, database, seed }) {
		Object.assign(this, { server, control, database, seed, counts: {}, failures: [] });
		const dice = (name) => new Dice(seed, name);

		this.dice = dice('round');
		this.size = this.dice.between(2, 8);
		this.control.startOver();
		this.control.webhooks.configure({ mode: 'off' });	/* the mail is ours */
		this.control.clock.advance(this.dice.between(-5, 5));
		this.repository = this.control.store.repositories.get(WIDGETS);
		this.history = new History(this.control.store.appLogin());
		this.humans = new Humans(this, dice('humans'));
		this.users = new Users(this, dice('users'));
		this.mail = new Mail(this, dice('mail'));
		this.weather = new Weather(this, dice('weather'));
	}

	async open() {
		await this.server.query('postgres', `CREATE DATABASE ${this.database} TEMPLATE template0`);
		await this.server.query(this.database, APPLICATION);
		await this.server.query(this.database, `UPDATE github_sync.github_repos SET conflict_policy = $1`,
			[this.dice.pick(['last_write_wins', 'last_write_wins', 'github_wins', 'app_wins'])]);
		this.sessions = this.server.pool(this.database, 'planner', { name: 'application', size: 5 });
		this.receiver = this.server.pool(this.database, 'planner', { name: 'receiver of webhooks', size: 2 });
		this.history.listen(this.control.store);
		this.mail.listen(this.control.store);
	}

	async close() {
		await this.sessions.end();
		await this.receiver.end();
		await this.server.query('postgres', `DROP DATABASE ${this.database} WITH (FORCE)`);
	}

	count(what) {
		this.counts[what] = (this.counts[what] ?? 0) + 1;
	}

	hasRoom() {
		return this.repository.issues.size < this.size;
	}

	/* A server that is away is no fault of whoever asks, nor of ours. */
	failed(who, error) {
		if (/^(?:57P0[123]|08\w{3}|ECONN\w+|EPIPE|ENOENT)$/.test(error.code ?? '') || /Connection terminated|connection error/.test(error.message)) {
			this.count('statements without a server');
		} else {
			this.failures.push(`${who} was refused: ${error.code} ${error.message}`);
		}
	}
}

/* Everybody at once, until the time is over. */
async function storm(world, seconds) {
	const end = Date.now() + seconds * 1000;
	const until = async (dice, mostMs, act) => {
		while (Date.now() < end) {
			await sleep(dice.below(mostMs));
			await act();
		}
	};
	const dice = (name) => new Dice(world.seed, name);

	await Promise.all([
		until(dice('pace of humans'), 120, () => world.humans.act()),
		until(dice('pace of users'), 100, () => world.users.act()),
		until(dice('pace of weather'), 250, () => world.weather.change()),
		until(dice('pace of crashes'), 5000, () => crash(world)),
	]);
}

async function crash(world) {
	const victim = world.dice.pick(VICTIMS);

	world.history.note(`kill -9 of the ${victim}`);
	if (await kill(world.server, world.database, victim) !== null) {
		world.count(`kills of a ${victim}`);
		world.history.note('the server accepts connections');
	}
}

/* All faults off, everything delivered; then what a sweep would tell, and every retry time is now. */
async function calm(world) {
	world.weather.clear();
	await world.users.done();
	await allDone(world);
	for (const issue of world.repository.issues.values()) {
		await world.receiver.query(news({ issue }));
		for (const comment of issue.comments.values()) {
			await world.receiver.query(news({ issue, comment }));
		}
	}
	world.history.note('everything told once more');
	await allDone(world);
}

async function allDone(world) {
	const deadline = Date.now() + QUIET_MAY_TAKE_MS;

	for (;;) {
		await world.mail.done();
		const [{ waiting }] = await world.server.query(world.database, 'SELECT count(*) AS waiting FROM github_sync.sync_queue');

		if (waiting === 0 || Date.now() > deadline) {
			return;
		}
		await sleep(30);
	}
}

/* observe: see startStandin(); resolves with { complaints, failures, counts, unseen, stories }. */
export async function playRound({ server, control, observe, seed, seconds }) {
	const world = new World({ server, control, database: `round_${seed}`, seed });

	observe((...what) => world.history.answered(...what));
	await world.open();
	try {
		await storm(world, seconds);
		await calm(world);
		const comparison = new Comparison(world);
		const complaints = await comparison.run((text) => server.query(world.database, text));

		return {
			complaints, failures: world.failures, counts: { ...world.counts, requests: world.control.journal.lastSeq, conflicts: comparison.conflicts.length },
			unseen: comparison.unseen, stories: await Promise.all(complaints.slice(0, 3).map((complaint) => story(world, complaint))),
		};
	} finally {
		await world.close();
	}
}

/* How the record of a complaint came to where it is. */
async function story(world, { about }) {
	const rows = await world.server.query(world.database, `
		SELECT 'app' AS what, a.at, a.writer || ': ' || a.operation || ' ' || a.record_type || ' ' || a.record_id || ' ' || coalesce(a.after, a.before)::text AS text
		FROM planner.audit AS a
		LEFT JOIN github_sync.github_issues AS i ON a.record_type = 'task' AND i.task_id = a.record_id
		LEFT JOIN github_sync.github_comments AS g ON a.record_type = 'comment' AND g.comment_id = a.record_id
		WHERE CASE WHEN $2::bigint IS NULL THEN i.number = $1 ELSE g.github_id = $2 END OR a.record_type || a.record_id = $3
		UNION ALL
		SELECT 'queue', t.inserted_at, format('transaction %s: %s %s of %s inserted, %s at %s, by then with %s', t.id, t.direction, t.action, t.github_updated_at, t.state, t.finished_at::time, coalesce(t.last_error, 'no error'))
		FROM github_sync.task_sync_transactions AS t WHERE $2::bigint IS NULL AND (t.github_issue_number = $1 OR 'task' || t.task_id = $3)
		UNION ALL
		SELECT 'queue', t.inserted_at, format('transaction %s: %s %s of %s inserted, %s at %s, by then with %s', t.id, t.direction, t.action, t.github_updated_at, t.state, t.finished_at::time, coalesce(t.last_error, 'no error'))
		FROM github_sync.comment_sync_transactions AS t WHERE t.github_comment_external_id = $2 OR 'comment' || t.comment_id = $3`,
	[about.issue ?? null, about.comment ?? null, about.row === undefined ? null : `${about.type === 'issue' ? 'task' : 'comment'}${about.row}`]);

	return world.history.of({ issue: about.issue ?? null, comment: about.comment ?? null },
		rows.map(({ at, text }) => ({ at: at.getTime(), text })));
}
