/*
 * crashes.mjs
 *		kill -9 at random points, again and again, with creations under way.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { VICTIMS, kill } from './killer.mjs';

/* A probe that did not arrive at GitHub by then never will. */
const PROBE_MAY_TAKE_MS = 30_000;

/* Resolves with how long after each crash the queue moved again, in milliseconds. */
export async function crashes(world, rounds) {
	const delays = [];
	const tasks = [await addTask(world, 'the first task')];

	for (let round = 1; round <= rounds; round++) {
		makeItSlow(world);
		const creations = create(world, round, tasks);

		await sleep(world.dice.below(150));
		const acceptsAt = await kill(world.server, world.database, world.dice.pick(VICTIMS));

		await creations;
		if (acceptsAt !== null) {
			delays.push(await probe(world, `probe ${round}`, acceptsAt));
		}
		tasks.splice(0, tasks.length - 5);
	}
	return delays;
}

/* So that a crash meets requests on their way, and answers on theirs. */
function makeItSlow({ control, dice }) {
	control.faults.clear();
	control.faults.add({
		match: { method: 'POST', path: '/(?:issues|comments)$' }, times: 'forever',
		action: dice.percent(50) ? { delay_ms: dice.between(5, 60) } : { slow_bytes: { bytes: 500, every_ms: 10 } },
	});
}

/* Tasks, and comments on tasks of before. */
async function create(world, round, tasks) {
	const added = await Promise.allSettled([
		...[1, 2, 3].map((number) => addTask(world, `task ${round}.${number}`)),
		...[1, 2].map((number) => addComment(world, world.dice.pick(tasks), `comment ${round}.${number}`)),
	]);

	tasks.push(...added.slice(0, 3).map(({ value }) => value).filter((id) => id !== undefined));
	added.forEach(({ reason }) => reason && world.failed('a user', reason));
}

async function addTask({ sessions, widgets }, title) {
	const { rows: [{ id }] } = await sessions.query(`
		INSERT INTO planner.tasks (title, markdown, github_repo_id, modified_at) VALUES ($1, 'text', $2, clock_timestamp()) RETURNING id`,
	[`user ${title}`, widgets.id]);

	return id;
}

function addComment({ sessions }, task, text) {
	return sessions.query('INSERT INTO planner.comments (task_id, markdown, modified_at) VALUES ($1, $2, clock_timestamp())', [task, `user ${text}`]);
}

/* Milliseconds from then until a creation made now was at GitHub. */
async function probe(world, title, since) {
	const path = /\/issues$/;
	const seen = world.control.journal.lastSeq;

	world.control.faults.clear();
	await addTask(world, title);
	const arrived = (entry) => entry.method === 'POST' && path.test(entry.path) && entry.body.includes(`"user ${title}"`);
	const deadline = Date.now() + PROBE_MAY_TAKE_MS;

	for (;;) {
		const found = world.control.journal.since(seen).find(arrived);

		if (found !== undefined) {
			return found.t - since;
		}
		if (Date.now() > deadline) {
			world.failures.push(`${title} did not arrive at GitHub`);
			return Infinity;
		}
		await sleep(2);
	}
}
