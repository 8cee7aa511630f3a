/*
 * generator.mjs
 *	Random histories: what happens next depends on what the model says can happen.
 */
import { GitHub, shown } from './github.mjs';
import { mayRunBeside } from './concurrent.mjs';
import { opening } from './openings.mjs';
import { play } from './operations.mjs';
import { newWorld, openAttempt, OUR_ACCOUNTS, REFUSED_TITLE } from './world.mjs';

const RECORDS_AT_MOST = 3;
const LOCAL_LABELS = [null, [], ['bug'], ['ui', 'bug'], ['Bug', 'docs'], ['bug', 'BUG', 'ui'], ['docs']];
const LOCAL_STATES = ['open', 'closed', 'doing', null];

export class Generator {
	#random;
	#github;
	#keys = 0;
	#type;
	/* What is certain to happen next. */
	#queue;
	#opening;
	isOpening = true;
	world = newWorld();

	constructor(random) {
		this.#random = random;
		this.#github = new GitHub(random);
		this.#queue = this.#beginning();
		const generator = this;
		this.#opening = opening({
			github: this.#github, random, commentsToo: this.commentsToo, get world() { return generator.world; },
		});
	}

	/* -> the next operation, already played on world */
	next() {
		for (;;) {
			const does = this.#queue.shift() ?? this.#continueOpening() ?? this.#choose();
			if (!does) continue;
			return this.play({ key: ++this.#keys, ...does });
		}
	}

	#continueOpening() {
		const { value, done } = this.#opening.next();
		this.isOpening = !done;
		return done ? null : value;
	}

	play(operation) {
		const played = play(this.world, operation);
		this.world = played.world;
		return { operation, resolved: played.resolved, result: played.result };
	}

	/* -> what happens at the next moment, not yet played: one operation, or several at once */
	moment() {
		const size = this.#random.chance(0.4) ? this.#random.of([2, 2, 3]) : 1;
		const operations = [];
		while (operations.length < size) {
			const does = this.#queue.shift() ?? this.#continueOpening() ?? this.#choose();
			if (!does) continue;
			if (size > 1 && !mayRunBeside(does, operations)) {
				/* Alone, then, at the next moment. */
				this.#queue.unshift(does);
				break;
			}
			operations.push({ key: ++this.#keys, ...does });
		}
		return { operations, held: this.#random.chance(0.6), repeatableRead: this.#random.chance(0.2) };
	}

	/* Settings first. */
	#beginning() {
		const random = this.#random;
		const settings = {
			policy: random.of(['last_write_wins', 'last_write_wins', 'github_wins', 'app_wins']),
			direction: random.of(['both', 'both', 'both', 'both', 'inbound', 'outbound']),
			onLocalDelete: random.of(['keep', 'propagate']),
			onRemoteDelete: random.of(['keep', 'delete']),
		};
		const operations = [{ does: 'set repo', repo: 1, settings }];
		if (random.chance(0.25)) operations.push({ does: 'capture', type: 'task', enabled: true }, { does: 'capture', type: 'comment', enabled: true });
		this.commentsToo = random.chance(0.5);
		return operations;
	}

	#choose() {
		this.#type = this.commentsToo && this.#random.chance(0.5) ? 'comment' : 'task';
		const side = this.world[this.#type];
		const processing = side.transactions.filter((t) => t.state === 'processing');
		const queued = side.transactions.filter((t) => t.state === 'queued');
		const errored = side.transactions.filter((t) => t.state === 'errored');
		const rows = [...side.rows.values()];
		const chosen = this.#random.weighted({
			inbound: 20,
			outbound: rows.length ? 14 : 0,
			claim: queued.some((t) => !t.waits) ? 25 : 1,
			answer: processing.length ? 30 : 0,
			addRow: rows.length < RECORDS_AT_MOST ? 8 : 0,
			editRow: rows.length ? 14 : 0,
			removeRow: rows.length ? 2 : 0,
			retry: errored.length ? 6 : 0.2,
			retryAll: errored.length ? 1 : 0.1,
			setRepo: this.world.repos.get(1).accessLost || !this.world.repos.get(1).enabled ? 6 : 1.5,
			setInstallation: this.world.installation.state === 'active' ? 0.7 : 4,
			import: 1,
			name: 0.6,
			pause: this.world.installation.paused ? 3 : 0.5,
			timePasses: queued.some((t) => ['later', 'pause'].includes(t.waits)) ? 8 : 0.2,
			recover: processing.length ? 1 : 0.1,
			link: rows.length ? 2 : 0,
			unlink: rows.length ? 0.5 : 0,
			prune: 0.4,
			inboundDelete: this.#github.issues.length ? 2.5 : 0,
			outboundDelete: 2,
			stale: side.transactions.length ? 0.5 : 0,
		});
		return this[`_${chosen}`]();
	}

	/* -------------------------------------------------------------------- */
	/* Events at GitHub */

	#resource() {
		const { issues, comments } = this.#github;
		const list = this.#type === 'task' ? issues : comments;
		if (list.length && (list.length >= RECORDS_AT_MOST || this.#random.chance(0.7))) return this.#random.of(list);
		if (this.#type === 'task') return this.#github.openIssue();
		return this.#github.writeComment(issues.length ? this.#random.of(issues) : this.#github.openIssue());
	}

	#inboundRow(resource) {
		const versions = resource.versions.map((v) => v.updated);
		const T = this.#random.chance(0.75) || !versions.length ? resource.updated
			: this.#random.of([...versions, resource.updated + 1, resource.updated - 1]);
		return {
			direction: 'inbound', action: 'upsert', repo: resource.repo, number: resource.number, githubId: resource.githubId, T,
			priority: this.#random.of([100, 100, 100, 50, 200]),
		};
	}

	_inbound() {
		const rows = [];
		const count = this.#random.chance(0.85) ? 1 : this.#random.between(2, 4);
		for (let i = 0; i < count; i++) {
			const resource = this.#resource();
			if (this.#random.chance(0.6)) this.#github.edit(this.#type, resource);
			rows.push(this.#inboundRow(resource));
		}
		return { does: 'insert', type: this.#type, rows };
	}

	/* -------------------------------------------------------------------- */
	/* The application */

	#modified() {
		const { now } = this.#github;
		return this.#random.chance(0.05) ? null : now + this.#random.of([-20, -1, -0.5, 0, 0.5, 1, 3, 20]);
	}

	#values() {
		const random = this.#random;
		if (this.#type === 'comment') return { body: this.#github.valueOf('body') };
		const values = {};
		if (random.chance(0.6)) values.title = random.chance(0.02) ? REFUSED_TITLE : this.#github.valueOf('title');
		if (random.chance(0.5)) values.body = this.#github.valueOf('body');
		if (random.chance(0.3)) values.state = random.of(LOCAL_STATES);
		if (random.chance(0.4)) values.labels = random.of(LOCAL_LABELS);
		return values;
	}

	#someRow() {
		return this.#random.of([...this.world[this.#type].rows.keys()]);
	}

	_outbound() {
		const rows = [];
		const count = this.#random.chance(0.85) ? 1 : this.#random.between(2, 3);
		for (let i = 0; i < count; i++) {
			rows.push({
				direction: 'outbound', action: 'upsert', local: this.#random.chance(0.02) ? 77 : this.#someRow(),
				priority: this.#random.of([100, 100, 50, 200]),
			});
		}
		return { does: 'insert', type: this.#type, rows };
	}

	_addRow() {
		const { rows } = this.world[this.#type];
		const id = this.#random.between(1, 9);
		if (rows.has(id)) return null;
		const where = this.#type === 'task' ? { repo: this.#random.weighted({ 1: 30, 3: 1, null: 1 }) } : { task: this.#taskOfComment() };
		if (this.#type === 'task') where.repo = where.repo === 'null' ? null : Number(where.repo);
		if (where.task === undefined && this.#type === 'comment') return null;
		return { does: 'add row', type: this.#type, id, ...where, values: { state: 'open', ...this.#values() }, modified: this.#modified() };
	}

	#taskOfComment() {
		if (this.#random.chance(0.04)) return null;
		const tasks = [...this.world.task.rows.keys()];
		return tasks.length ? this.#random.of(tasks) : undefined;
	}

	_editRow() {
		return { does: 'edit row', type: this.#type, id: this.#someRow(), values: this.#values(), modified: this.#modified(), ...this.#move() };
	}

	/* Now and then a row is moved to another repository or task, or to none. */
	#move() {
		if (!this.#random.chance(0.06)) return {};
		if (this.#type === 'comment') return { task: this.#taskOfComment() ?? null };
		const repo = this.#random.weighted({ 1: 4, 2: 2, 3: 1, null: 3 });
		return { repo: repo === 'null' ? null : Number(repo) };
	}

	_removeRow() {
		return { does: 'remove row', type: this.#type, id: this.#someRow() };
	}

	_link() {
		const resource = this.#resource();
		return {
			does: 'link', type: this.#type, row: this.#someRow(), repo: 1, number: resource.number, githubId: resource.githubId,
			prefer: this.#random.of(['github', 'app']),
		};
	}

	_prune() {
		return { does: 'prune' };
	}

	_inboundDelete() {
		const row = { ...this.#inboundRow(this.#resource()), action: 'delete' };
		return { does: 'insert', type: this.#type, rows: [this.#random.chance(0.5) ? row : { ...row, T: null }] };
	}

	_outboundDelete() {
		const rows = [...this.world[this.#type].rows.keys()];
		const { records } = this.world[this.#type];
		const byRow = rows.length > 0 && this.#random.chance(0.4);
		const known = records.map((r) => (this.#type === 'task' ? r.number : r.githubId)).filter((key) => key !== null);
		if (!byRow && !known.length) return null;
		return { does: 'insert', type: this.#type, rows: [{
			direction: 'outbound', action: 'delete', local: byRow ? this.#random.of(rows) : null,
			cached: byRow ? null : this.#random.of(known), priority: this.#random.of([100, 50]),
		}] };
	}

	_unlink() {
		return { does: 'unlink', type: this.#type, row: this.#someRow() };
	}

	/* -------------------------------------------------------------------- */
	/* The worker */

	_claim() {
		return { does: 'claim', type: this.#type, slots: this.#random.of([1, 1, 2, 4]) };
	}

	_recover() {
		const held = this.world[this.#type].transactions.filter((t) => t.state === 'processing' && this.#random.chance(0.2));
		return { does: 'recover', type: this.#type, held: held.map((t) => t.name) };
	}

	_timePasses() {
		return { does: 'time passes' };
	}

	/* An answer that comes after its claim is over. */
	_stale() {
		const t = this.#random.of(this.world[this.#type].transactions);
		return { does: 'give back', type: this.#type, transaction: t.name, stale: t.state === 'processing', later: false };
	}

	_answer() {
		const t = this.#random.of(this.world[this.#type].transactions.filter((other) => other.state === 'processing'));
		const of = { type: this.#type, transaction: t.name };
		const trouble = this.#trouble(of);
		switch (t.step) {
			case 'create': return trouble(0.1) ?? { does: 'begin creation', ...of, account: this.#random.of(OUR_ACCOUNTS) };
			case 'creating': return this.#answerToCreation(t, of, trouble);
			case 'lookup': return this.#answerToLook(t, of, trouble);
			case 'delete': return trouble(0.15) ?? this.#answerToDelete(t, of);
			case 'write': return this.#answerToWrite(t, of, trouble);
			default: return this.#answerToFetch(t, of, trouble);
		}
	}

	#trouble(of) {
		return (probability) => {
			if (!this.#random.chance(probability)) return null;
			const later = this.#random.chance(0.3);
			return this.#random.of([
				{ does: 'give back', ...of, later },
				{ does: 'try again', ...of, code: 'apply_failed', later, maxAttempts: this.#random.of([1, 2, 10]) },
				{ does: 'fail', ...of, code: this.#random.of(['forbidden', 'validation_failed']) },
			]);
		};
	}

	#answer(of, kind, resource, version) {
		const at = (version ?? resource).updated + this.#random.of([0, 1, 59, 60, 100]);
		return { does: 'answer', ...of, kind, at, resource: shown(resource, version) };
	}

	#missing(t, of) {
		const since = t.record.missingSince;
		return {
			does: 'missing', ...of, at: since === null ? this.#github.now : since + this.#random.of([0, 30, 60, 60, 70]),
			repository: this.#random.of(['readable', 'readable', 'readable', 'readable', of.type === 'comment' ? 'issue not shown' : 'readable',
				'issues disabled', 'not readable']),
		};
	}

	#answerToDelete(t, of) {
		if (this.#random.chance(0.3)) return this.#missing(t, of);
		return { does: 'deleted', ...of, at: this.#github.tick() };
	}

	#answerToFetch(t, of, trouble) {
		if (this.#random.chance(t.record.missingSince !== null || t.action === 'delete' ? 0.6 : 0.06)) return this.#missing(t, of);
		const resource = this.#github.of(of.type, t.record) ?? this.#appearing(of.type, t.record);
		if (this.#random.chance(0.1)) this.#github.edit(of.type, resource);
		const { versions } = resource;
		if (versions.length && this.#random.chance(0.12)) return this.#answer(of, 'fetched', resource, this.#random.of(versions));
		if (t.record.remoteBase && t.record.updated === resource.updated && this.#random.chance(0.5)) {
			return { does: 'answer', ...of, kind: 'not modified', at: resource.updated + this.#random.of([0, 60, 100]), resource: null };
		}
		return trouble(0.15) ?? this.#answer(of, 'fetched', resource);
	}

	/* Known to the queue, and not made by anybody yet: it was there all the time. */
	#appearing(type, record) {
		if (type === 'comment') {
			const made = this.#github.writeComment({ number: record.parent.number, repo: record.repo });
			made.githubId = record.githubId;
			return made;
		}
		const made = this.#github.openIssue();
		made.number = record.number;
		made.githubId = record.githubId ?? 3000 + record.number;
		return made;
	}

	#answerToWrite(t, of, trouble) {
		const { record } = t;
		const resource = this.#github.of(of.type, record);
		if (!resource || !record.sent) return trouble(1);
		if (this.#random.chance(0.2)) this.#github.edit(of.type, resource);
		if (this.#random.chance(0.1)) return trouble(1);
		this.#github.patch(resource, record);
		if (this.#random.chance(0.1)) return { does: 'give back', ...of, later: false };
		return this.#answer(of, 'written', resource);
	}

	#created(t, type, attempt) {
		const { sent } = t.record;
		const author = this.#random.chance(0.03) ? 'mallory' : attempt.sentAs;
		return type === 'task'
			? this.#github.openIssue(author, t.record.repo, this.#github.fieldsOfCreation(sent), attempt.key)
			: this.#github.writeComment({ number: t.record.parent.number, repo: t.record.repo }, author, [sent[0] ?? ''], attempt.key);
	}

	#answerToCreation(t, of, trouble) {
		const attempt = openAttempt(this.world, t.record);
		const exists = attempt && this.#github.ofAttempt(of.type, attempt.key);
		if (exists) return this.#answer(of, 'created', exists);
		/* A webhook of it was fetched first. */
		const met = !attempt && this.#github.of(of.type, t.record);
		if (met && this.#random.chance(0.7)) return this.#answer(of, 'created', met);
		if (!attempt || !t.record.sent) return trouble(1);
		const outcome = this.#random.weighted({ answered: 6, lostAfter: 2, lostBefore: 1, rejected: 1, webhookFirst: 2 });
		if (outcome === 'rejected') {
			this.#queue.push({ does: 'fail', ...of, code: 'validation_failed' });
			return { does: 'creation rejected', ...of };
		}
		if (outcome === 'lostBefore') return { does: 'give back', ...of, later: false };
		const resource = this.#created(t, of.type, attempt);
		if (outcome === 'lostAfter') return { does: 'give back', ...of, later: false };
		if (outcome === 'webhookFirst') return { does: 'insert', type: of.type, rows: [{ ...this.#inboundRow(resource), T: resource.updated }] };
		return this.#answer(of, 'created', resource);
	}

	#answerToLook(t, of, trouble) {
		const attempt = openAttempt(this.world, t.record);
		const resource = attempt && this.#github.ofAttempt(of.type, attempt.key);
		if (resource && this.#random.chance(0.7)) return this.#answer(of, 'found', resource);
		return trouble(0.1) ?? { does: 'creation not found', ...of };
	}

	/* -------------------------------------------------------------------- */
	/* People and settings */

	_retry() {
		const errored = this.world[this.#type].transactions.filter((t) => t.state === 'errored');
		const t = this.#random.of(errored.length ? errored : this.world[this.#type].transactions);
		return t ? { does: 'retry', type: this.#type, transaction: t.name } : null;
	}

	_retryAll() {
		return { does: 'retry all' };
	}

	_setRepo() {
		const random = this.#random;
		const repo = this.world.repos.get(1);
		if (random.chance(repo.accessLost ? 0.7 : 0.15)) return { does: 'set repo sync', repo: 1, enabled: repo.accessLost || random.chance(0.7) };
		return { does: 'set repo', repo: 1, settings: random.of([
			{ enabled: !repo.enabled }, { enabled: true }, { onLocalDelete: random.of(['keep', 'propagate']) },
			{ onRemoteDelete: random.of(['keep', 'delete']) }, { direction: random.of(['both', 'both', 'inbound', 'outbound']) },
			{ policy: random.of(['last_write_wins', 'github_wins', 'app_wins']) }, { enabled: true, direction: 'both' },
		]) };
	}

	/* The owner brings history of another system along, without a record. */
	_import() {
		const { githubId, number, updated } = this.#resource();
		const state = this.#random.of(['errored', 'errored', 'disabled', 'disabled', 'completed']);
		const isKnown = this.#type === 'comment' || this.#random.chance(0.7);
		return { does: 'import', type: this.#type, state, repo: 1, number, githubId: isKnown ? githubId : null, T: updated + this.#random.of([0, 0, -1]) };
	}

	/* Somebody gives a name that another one has, or GitHub says whose it is. */
	_name() {
		const random = this.#random;
		const name = random.of(['app', 'app', 'App', 'site', 'other']);
		return random.of([
			{ does: 'name repo', repo: random.of([1, 2]), name }, { does: 'repo confirmed', repo: random.of([1, 2]) },
			/* 9 is a stranger's. */
			{ does: 'repo answered', asked: random.of([1, 2]), answered: random.of([1, 2, 9]), name },
		]);
	}

	_setInstallation() {
		const { state } = this.world.installation;
		return { does: 'set installation', state: state === 'active' ? this.#random.of(['suspended', 'deleted']) : 'active' };
	}

	_pause() {
		return { does: 'pause', paused: !this.world.installation.paused };
	}
}
