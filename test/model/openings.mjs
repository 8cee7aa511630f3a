/*
 * openings.mjs
 *	How histories begin: with nothing, or in a situation that chance alone
 *	would rarely make.  Each yields operations; what it looks at afterwards is
 *	the model's answer to them.
 */
import { shown } from './github.mjs';
import { LABELS, namesIn } from './labels.mjs';
import { openAttempt, OUR_ACCOUNTS, recordOfRow } from './world.mjs';

const ROW = 1;

const inbound = (type, resource, T = resource.updated) => ({ does: 'insert', type, rows: [{
	direction: 'inbound', action: 'upsert', repo: resource.repo, number: resource.number, githubId: resource.githubId, T, priority: 100,
}] });

const outbound = (type, local) => ({ does: 'insert', type, rows: [{ direction: 'outbound', action: 'upsert', local, priority: 100 }] });

const claim = (type) => ({ does: 'claim', type, slots: 1 });

const processing = ({ world }, type) => world[type].transactions.find((t) => t.state === 'processing');

/* An answer to what is processed; none where nothing is. */
function* answer(scene, type, kind, resource, after, version) {
	const t = processing(scene, type);
	if (t) yield { does: 'answer', type, transaction: t.name, kind, at: resource.updated + after, resource: shown(resource, version) };
}

/* Both sides have it, and agree. */
function* synced(scene) {
	const { github, random } = scene;
	const issue = github.openIssue();
	yield inbound('task', issue);
	yield claim('task');
	yield* answer(scene, 'task', 'fetched', issue, random.of([0, 60]));
	if (!scene.commentsToo) return { issue };
	const comment = github.writeComment(issue);
	yield inbound('comment', comment);
	yield claim('comment');
	yield* answer(scene, 'comment', 'fetched', comment, random.of([0, 60]));
	return { issue, comment };
}

/* The same field was changed on both sides, within a second or two. */
function* bothEdited(scene) {
	const { github, random } = scene;
	const { issue, comment } = yield* synced(scene);
	const [type, resource] = comment && random.chance(0.5) ? ['comment', comment] : ['task', issue];
	const record = scene.world[type].records.find((r) => r.githubId === resource.githubId);
	const field = type === 'comment' ? 'body' : random.of(['title', 'title', 'body', 'body', 'state']);
	const i = type === 'comment' ? 0 : ['title', 'body', 'state'].indexOf(field);
	const before = resource.fields[i];
	const theirs = github.otherValueOf(field, before);
	github.change(resource, resource.fields.map((value, n) => (n === i ? theirs : value)));
	if (!record || record.local === null) return;
	yield {
		does: 'edit row', type, id: record.local, values: { [field]: github.otherValueOf(field, before, random.of([theirs, null])) },
		modified: resource.updated + random.of([-1, -0.5, 0, 0, 0.5, 1]),
	};
	yield random.chance(0.5) ? inbound(type, resource) : outbound(type, record.local);
	yield claim(type);
	yield* answer(scene, type, 'fetched', resource, random.of([0, 60]));
}

/* Lists lag, so several times; who enqueues the task anew has it looked for at once. */
function* lookedForInVain(scene) {
	for (let n = scene.random.between(3, 5); n > 0; n--) {
		yield claim('task');
		const t = processing(scene, 'task');
		if (t?.step !== 'lookup') return;
		yield { does: 'creation not found', type: 'task', transaction: t.name };
		yield scene.random.chance(0.5) ? outbound('task', t.record.local) : { does: 'time passes' };
	}
}

/* A row was written to GitHub, and the answer did not come. */
function* creationUnanswered(scene) {
	const { github, random } = scene;
	yield { does: 'add row', type: 'task', id: ROW, repo: 1, values: { state: 'open', title: github.valueOf('title'), body: github.valueOf('body') }, modified: github.now };
	if (!scene.world.capture.task) yield outbound('task', ROW);
	yield claim('task');
	const t = processing(scene, 'task');
	if (!t) return;
	yield { does: 'begin creation', type: 'task', transaction: t.name, account: random.of(OUR_ACCOUNTS) };
	const attempt = openAttempt(scene.world, t.record);
	if (!attempt) return;
	const { sent } = t.record;
	/* Whoever reads the issue can copy the key. */
	const author = random.chance(0.2) ? 'mallory' : attempt.sentAs;
	const issue = random.chance(0.7) && github.openIssue(author, 1, github.fieldsOfCreation(sent), attempt.key);
	if (issue && random.chance(0.25)) {
		/* Somebody is quick to comment, and the answer comes after all. */
		yield inbound('comment', github.writeComment(issue));
		if (random.chance(0.7)) {
			yield* answer(scene, 'task', 'created', issue, random.of([0, 60]));
			return;
		}
	}
	yield random.chance(0.5)
		? { does: 'give back', type: 'task', transaction: t.name, later: false }
		: { does: 'fail', type: 'task', transaction: t.name, code: 'forbidden' };
	if (!issue) {
		yield* lookedForInVain(scene);
		return;
	}
	if (random.chance(0.3)) github.edit('task', issue);
	yield inbound('task', issue);
	if (random.chance(0.4)) return;
	/* The row is changed before GitHub's side is known: nothing to merge with. */
	yield claim('task');
	yield* answer(scene, 'task', 'fetched', issue, 0);
	const record = recordOfRow(scene.world, 'task', ROW);
	if (!record) return;
	const waiting = scene.world.task.transactions.find((other) => other.state === 'queued' && other.direction === 'outbound');
	if (waiting && random.chance(0.7)) return;
	yield { does: 'edit row', type: 'task', id: ROW, values: { title: github.valueOf('title') }, modified: issue.updated + 3 };
	yield inbound('task', issue, issue.updated + random.of([0, 1]));
}

/* A replica that is behind, until it is believed. */
function* lagging(scene) {
	const { github, random } = scene;
	const { issue } = yield* synced(scene);
	github.edit('task', issue);
	yield inbound('task', issue);
	for (let n = random.between(4, 6); n > 0; n--) {
		yield claim('task');
		yield* answer(scene, 'task', 'fetched', issue, random.of([0, 60, 100]), random.of(issue.versions));
		yield { does: 'time passes' };
	}
	yield inbound('task', issue, random.of([issue.updated, ...issue.versions.map((v) => v.updated)]));
}

/* Told of a change that the replica does not show yet, and the row is changed meanwhile, once or several times. */
function* overtakenReplica(scene) {
	const { github, random } = scene;
	const { issue } = yield* synced(scene);
	const record = scene.world.task.records.find((r) => r.githubId === issue.githubId);
	if (!record || record.local === null) return;
	github.change(issue, ['theirs', ...issue.fields.slice(1)]);
	yield inbound('task', issue);
	if (random.chance(0.5)) {
		yield claim('task');
		const t = processing(scene, 'task');
		if (t && random.chance(0.5)) yield { does: 'fail', type: 'task', transaction: t.name, code: 'forbidden' };
		else yield* answer(scene, 'task', 'fetched', issue, 1, issue.versions.at(-1));
	}
	for (let n = random.between(1, 6); n > 0; n--) {
		if (n === 1 || random.chance(0.4)) {
			yield { does: 'edit row', type: 'task', id: record.local, values: { title: `mine ${n}` }, modified: issue.updated + 2 };
			yield outbound('task', record.local);
		}
		if (random.chance(0.8)) yield { does: 'time passes' };
		yield { does: 'claim', type: 'task', slots: 3 };
		yield* answer(scene, 'task', 'fetched', issue, 2, random.chance(0.8) ? issue.versions.at(-1) : issue);
	}
}

/* Written by us, and read within that second from a replica that does not have it. */
function* takenBack(scene) {
	const { github, random } = scene;
	const { issue } = yield* synced(scene);
	const record = scene.world.task.records.find((r) => r.githubId === issue.githubId);
	if (!record || record.local === null) return;
	yield { does: 'edit row', type: 'task', id: record.local, values: { title: 'mine' }, modified: issue.updated + 2 };
	yield outbound('task', record.local);
	yield claim('task');
	yield* answer(scene, 'task', 'fetched', issue, 0);
	const t = processing(scene, 'task');
	if (!t || !record.sent) return;
	const before = issue.fields;
	github.patch(issue, record);
	if (random.chance(0.8)) yield* answer(scene, 'task', 'written', issue, 0);
	else yield { does: 'give back', type: 'task', transaction: t.name, later: false };
	for (let n = random.between(1, 3); n > 0; n--) {
		yield random.chance(0.8) ? inbound('task', issue) : outbound('task', record.local);
		yield claim('task');
		yield* answer(scene, 'task', 'fetched', issue, random.of([0, 1, 59, 60, 61]), random.chance(0.7) ? { fields: before, updated: issue.updated } : issue);
		yield { does: 'time passes' };
	}
}

/* Changed on both sides, an outbound queued: what GitHub tells is dropped for it, once or several times. */
function* droppedForOutbound(scene) {
	const { github, random } = scene;
	const { issue } = yield* synced(scene);
	const record = scene.world.task.records.find((r) => r.githubId === issue.githubId);
	if (!record || record.local === null) return;
	github.edit('task', issue);
	yield { does: 'edit row', type: 'task', id: record.local, values: { title: 'mine' }, modified: issue.updated + random.of([-0.5, 0, 0.5, 100]) };
	yield outbound('task', record.local);
	for (let n = random.between(1, 3); n > 0; n--) {
		yield inbound('task', issue);
		github.edit('task', issue);
	}
	const queued = scene.world.task.transactions.find((t) => t.state === 'queued' && t.direction === 'outbound');
	if (random.chance(0.3)) yield outbound('task', record.local);
	else if (random.chance(0.5)) yield claim('task');
	const t = processing(scene, 'task');
	if (t && queued) yield { does: random.of(['fail', 'give back']), type: 'task', transaction: t.name, code: 'forbidden', later: false };
}

/* A change was sent, the answer did not come, and the row is what it was again. */
function* writeUnanswered(scene) {
	const { github, random } = scene;
	const { issue } = yield* synced(scene);
	const record = scene.world.task.records.find((r) => r.githubId === issue.githubId);
	if (!record || record.local === null) return;
	const edit = (title) => ({ does: 'edit row', type: 'task', id: record.local, values: { title }, modified: github.now + 2 });
	yield edit('mine');
	yield outbound('task', record.local);
	yield claim('task');
	yield* answer(scene, 'task', 'fetched', issue, random.of([0, 60]));
	const t = processing(scene, 'task');
	if (!t || !record.sent) return;
	if (random.chance(0.5)) github.patch(issue, record);
	yield { does: random.of(['give back', 'fail']), type: 'task', transaction: t.name, code: 'forbidden', later: false };
	if (random.chance(0.7)) yield edit(issue.versions[0]?.fields[0] ?? issue.fields[0]);
	yield outbound('task', record.local);
}

/* What was newer failed, or is history that was pruned; then something older is told. */
function* newerIsGone(scene) {
	const { github, random } = scene;
	const { issue } = yield* synced(scene);
	const before = issue.updated;
	github.edit('task', issue);
	yield inbound('task', issue);
	yield claim('task');
	const t = processing(scene, 'task');
	if (t && random.chance(0.5)) yield { does: 'fail', type: 'task', transaction: t.name, code: 'forbidden' };
	else yield* answer(scene, 'task', 'fetched', issue, random.of([0, 60]));
	if (random.chance(0.5)) yield { does: 'prune' };
	yield inbound('task', issue, random.of([before, before + 1, issue.updated, issue.updated - 1]));
}

/* No record any more, and the row is changed: capture makes another. */
function* editedAfterUnlink(scene) {
	const { github } = scene;
	yield { does: 'capture', type: 'task', enabled: true };
	const { issue } = yield* synced(scene);
	const record = scene.world.task.records.find((r) => r.githubId === issue.githubId);
	if (!record || record.local === null) return;
	const id = record.local;
	yield { does: 'unlink', type: 'task', row: id };
	yield { does: 'edit row', type: 'task', id, values: { title: github.otherValueOf('title', issue.fields[0]) }, modified: github.now };
}

/* Gone at GitHub: asked twice. */
function* missingTwice(scene) {
	const { github, random } = scene;
	const { issue, comment } = yield* synced(scene);
	const [type, resource] = comment && random.chance(0.7) ? ['comment', comment] : ['task', issue];
	if (random.chance(0.5)) {
		const record = scene.world[type].records.find((r) => r.githubId === resource.githubId);
		const body = github.otherValueOf('body', resource.fields.at(type === 'task' ? 1 : 0));
		if (record?.local) yield { does: 'edit row', type, id: record.local, values: { body }, modified: github.now };
	}
	const told = inbound(type, resource);
	if (random.chance(0.6)) Object.assign(told.rows[0], { action: 'delete', T: random.of([null, resource.updated]) });
	else told.rows[0].T++;
	yield told;
	const since = github.tick();
	for (const at of [since, since + random.of([59, 60])]) {
		yield claim(type);
		const t = processing(scene, type);
		if (!t) return;
		yield { does: 'missing', type, transaction: t.name, at, repository: 'readable' };
		yield { does: 'time passes' };
	}
	yield inbound(type, resource, since + random.of([58, 59, 60, 61]));
	if (random.chance(0.5)) return;
	/* It is back. */
	github.change(resource, resource.fields);
	yield claim(type);
	yield* answer(scene, type, 'fetched', resource, 0);
}

/* A row and an issue that existed before; differences in some fields. */
function* linked(scene) {
	const { github, random } = scene;
	const issue = github.openIssue();
	yield { does: 'add row', type: 'task', id: ROW, repo: 1, values: { state: random.of(['open', 'closed']), title: github.valueOf('title'), body: github.valueOf('body') }, modified: github.now };
	yield { does: 'link', type: 'task', row: ROW, repo: 1, number: issue.number, githubId: issue.githubId, prefer: random.of(['github', 'app']) };
	yield claim('task');
	yield* answer(scene, 'task', 'fetched', issue, random.of([0, 60]));
}

/* A task that gets, loses or changes its repository, and perhaps has it back; its comments with it. */
function* moved(scene) {
	const { github, random } = scene;
	const edit = (type, id, repo) => ({
		does: 'edit row', type, id, modified: github.now + 1, ...(repo === undefined ? {} : { repo }),
		values: { [type === 'task' ? 'title' : 'body']: github.valueOf(type === 'task' ? 'title' : 'body') },
	});
	for (const type of ['task', 'comment']) yield { does: 'capture', type, enabled: true };
	if (random.chance(0.4)) {
		yield { does: 'add row', type: 'task', id: ROW, repo: random.of([null, 1]), values: { title: github.valueOf('title'), state: 'open' }, modified: github.now };
		yield { does: 'add row', type: 'comment', id: ROW, task: ROW, values: { body: github.valueOf('body') }, modified: github.now };
		yield edit('task', ROW, random.of([1, 2]));
		yield claim('task');
		return;
	}
	const { issue, comment } = yield* synced(scene);
	const task = scene.world.task.records.find((r) => r.githubId === issue.githubId)?.local ?? null;
	const said = comment && scene.world.comment.records.find((r) => r.githubId === comment.githubId)?.local;
	if (task === null) return;
	if (random.chance(0.4)) {
		yield edit('task', task);
		yield claim('task');
	}
	yield edit('task', task, random.of([null, null, 2]));
	if (said) yield edit('comment', said);
	yield* answer(scene, 'task', 'fetched', issue, 0);
	if (random.chance(0.6)) yield edit('task', task, 1);
}

/* Labels were added or removed on both sides; they are sent, and perhaps somebody labels the issue meanwhile. */
function* bothLabeled(scene) {
	const { github, random } = scene;
	const { issue } = yield* synced(scene);
	const record = scene.world.task.records.find((r) => r.githubId === issue.githubId);
	if (!record || record.local === null) return;
	const label = () => github.change(issue, issue.fields.with(LABELS, github.otherValueOf('labels', issue.fields[LABELS])));
	if (random.chance(0.7)) label();
	const labels = namesIn(github.otherValueOf('labels', issue.fields[LABELS]));
	yield { does: 'edit row', type: 'task', id: record.local, values: { labels }, modified: issue.updated + random.of([-1, 0, 1]) };
	if (random.chance(0.2)) {
		yield inbound('task', issue);
		yield claim('task');
		yield* answer(scene, 'task', 'fetched', issue, random.of([0, 60]));
	}
	yield outbound('task', record.local);
	yield claim('task');
	yield* answer(scene, 'task', 'fetched', issue, random.of([0, 60]));
	const t = processing(scene, 'task');
	if (!t || !record.sent) return;
	if (random.chance(0.3)) label();
	if (random.chance(0.9)) github.patch(issue, record);
	if (random.chance(0.4)) label();
	if (random.chance(0.7)) yield* answer(scene, 'task', 'written', issue, 0);
	else yield { does: 'give back', type: 'task', transaction: t.name, later: false };
	if (random.chance(0.5)) label();
	yield random.chance(0.5) ? inbound('task', issue) : outbound('task', record.local);
	yield claim('task');
	yield* answer(scene, 'task', 'fetched', issue, random.of([60, 61]));
}

function* nothing() {}

/* And how often. */
const OPENINGS = {
	nothing: [nothing, 6], synced: [synced, 1.5], bothEdited: [bothEdited, 2.5], creationUnanswered: [creationUnanswered, 2.5],
	lagging: [lagging, 0.7], overtakenReplica: [overtakenReplica, 1.2], takenBack: [takenBack, 1], droppedForOutbound: [droppedForOutbound, 1.5], writeUnanswered: [writeUnanswered, 1],
	newerIsGone: [newerIsGone, 1], editedAfterUnlink: [editedAfterUnlink, 0.7], missingTwice: [missingTwice, 1.5], linked: [linked, 1],
	moved: [moved, 1], bothLabeled: [bothLabeled, 2],
};

/* scene: {github, random, world, commentsToo}, of which world is looked at anew after each operation */
export function opening(scene) {
	const name = scene.random.weighted(Object.fromEntries(Object.entries(OPENINGS).map(([key, [, weight]]) => [key, weight])));
	return OPENINGS[name][0](scene);
}
