/*
 * comparison.mjs
 *		After quiet: each record the same on both sides, on the one server that
 *		has it; nothing there twice, nothing that waits or failed, nothing that a
 *		user wrote lost.
 */
import { plain } from '../chaos/history.mjs';

const TASKS = `
	SELECT p.installation_id AS installation, p.github_repo_id AS repository, t.id, i.number, t.title, t.markdown AS body, t.status AS state
	FROM planner.tasks AS t JOIN planner.projects AS p ON p.id = t.project_id LEFT JOIN github_sync.github_issues AS i ON i.task_id = t.id`;
const COMMENTS = `
	SELECT c.id, c.markdown AS body, g.github_id, i.number, i.github_repo_id AS repository
	FROM planner.comments AS c LEFT JOIN github_sync.github_comments AS g ON g.comment_id = c.id LEFT JOIN github_sync.github_issues AS i ON i.id = g.github_issue_id`;
const UNFINISHED = `
	SELECT record_type, id, state, coalesce(last_error, because) AS why FROM github_sync.sync_history
	WHERE state IN ('queued', 'processing', 'errored', 'disabled')`;

export async function compare(spread, users) {
	const complaints = [...users.failures];
	const complain = (text) => complaints.push(text);
	const placement = new Map((await spread.frontOwner.query('SELECT installation_id, server FROM github_sync.placement')).rows.map(({ installation_id: id, server }) => [id, server]));
	const tasks = await spread.ask(TASKS);
	const comments = await spread.ask(COMMENTS);
	const { store } = spread.standin.control;

	for (const { server, record_type: type, id, state, why } of await spread.ask(UNFINISHED)) {
		complain(`${type} transaction ${id} of ${server} is ${state}: ${why}`);
	}
	for (const task of tasks.filter(({ installation, server }) => placement.get(installation) !== server)) {
		complain(`task ${task.id} is on ${task.server}, its installation on ${placement.get(task.installation)}`);
	}
	compareIssues(spread, tasks, store, complain);
	compareComments(spread, comments, store, complain);
	compareUsers(users, tasks, comments, complain);
	createdTwice(spread, store, complain);
	return { complaints, tasks: tasks.length, comments: comments.length };
}

/* one: what both sides have by the same key; of each side what the other one lacks. */
function pairs(rows, resources, keyOfRow, keyOfResource, complain, what) {
	const byKey = new Map();

	for (const row of rows) {
		const key = keyOfRow(row);

		if (byKey.has(key)) {
			complain(`${what} ${key} has two rows: ${byKey.get(key).id} on ${byKey.get(key).server}, ${row.id} on ${row.server}`);
		}
		byKey.set(key, row);
	}
	return resources.flatMap((resource) => {
		const key = keyOfResource(resource);
		const row = byKey.get(key);

		byKey.delete(key);
		if (row === undefined) {
			complain(`${what} ${key} has no row`);
			return [];
		}
		return [[row, resource]];
	}).concat([...byKey].flatMap(([key, row]) => {
		complain(`row ${row.id} on ${row.server} has no ${what} ${key}`);
		return [];
	}));
}

function differences(fields, [row, resource], complain, what) {
	for (const field of fields.filter((name) => plain(row[name]) !== plain(resource[name]))) {
		complain(`${field} of ${what} ${row.id} differs: ${JSON.stringify(row[field])} on ${row.server}, ${JSON.stringify(resource[field])} at GitHub`);
	}
}

const issuesOf = (spread, store) => spread.installations.flatMap(({ repository }) => [...store.repositories.get(repository).issues.values()]);

function compareIssues(spread, tasks, store, complain) {
	pairs(tasks, issuesOf(spread, store), ({ repository, number, id }) => `${repository}#${number ?? `(none) of task ${id}`}`,
		({ repository, number }) => `${repository.id}#${number}`, complain, 'issue')
		.forEach((pair) => differences(['title', 'body', 'state'], pair, complain, 'task'));
}

function compareComments(spread, comments, store, complain) {
	pairs(comments, issuesOf(spread, store).flatMap((issue) => [...issue.comments.values()]), ({ github_id: id, id: row }) => String(id ?? `(none) of row ${row}`),
		({ id }) => String(id), complain, 'comment')
		.forEach((pair) => differences(['body'], pair, complain, 'comment'));
}

/* What was acknowledged is there; a title is the last one of a user's, or a human's. */
function compareUsers(users, tasks, comments, complain) {
	const byId = new Map(tasks.map((task) => [task.id, task]));
	const bodies = new Map(comments.map((comment) => [comment.id, comment]));

	for (const { id, title, titles } of users.tasks.values()) {
		const row = byId.get(id);

		if (row === undefined) {
			complain(`task ${id}, which a user wrote, is gone`);
		} else if (row.title !== title && titles.includes(row.title)) {
			complain(`task ${id} has the title ${JSON.stringify(row.title)}, and a user wrote ${JSON.stringify(title)} after it`);
		}
	}
	for (const { id } of [...users.comments.values()].filter((comment) => !bodies.has(comment.id))) {
		complain(`comment ${id}, which a user wrote, is gone`);
	}
}

/* By the keys that creations carry: one record, one resource. */
function createdTwice(spread, store, complain) {
	const seen = new Map();
	const resources = issuesOf(spread, store).flatMap((issue) => [issue, ...issue.comments.values()]);

	for (const resource of resources) {
		const [key] = String(resource.body ?? '').match(/<!-- github_sync:[0-9a-f-]{36} -->/) ?? [];

		if (key !== undefined && seen.has(key)) {
			complain(`${resource.id} was created twice: ${seen.get(key)} has the same key`);
		}
		seen.set(key, resource.id);
	}
}
