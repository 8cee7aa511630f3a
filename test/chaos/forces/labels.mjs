/*
 * labels.mjs
 *		Labels on both sides, each of a name of its own: what somebody has
 *		added, and nobody taken off, is there on both sides in the end; what
 *		somebody has taken off is on neither.
 *
 * Their webhooks come as GitHub's do, through ingest_webhook().
 */
import { rowOf } from '../people.mjs';

const MOST_AT_GITHUB = 80;	/* of an issue: GitHub takes a hundred */

const INGEST = "SELECT $1 AS id, github_sync.ingest_webhook('issues', $1, $2::json) AS state";

export const labels = {
	everyMs: 120,

	begin(world) {
		world.labels = { made: 0, added: [], removed: new Map(), ofApp: [] };
	},

	async opened(world) {
		await world.server.query(world.database, `
			ALTER TABLE planner.tasks ADD labels text[] NOT NULL DEFAULT '{}';
			SELECT github_sync.attach_tasks('planner.tasks', github_repo_column => 'github_repo_id', labels_column => 'labels');
			UPDATE github_sync.github_repos SET create_labels = true`);
		const next = world.control.store.listener;

		world.control.store.listener = (event, action, what) => {
			next(event, action, what);
			if (['labeled', 'unlabeled'].includes(action) && world.ours.has(what.issue.repository.id)) {
				changed(world, action, what);
			}
		};
	},

	act(world, dice) {
		if (dice.percent(50)) {
			user(world, dice);
		} else {
			human(world, dice);
		}
	},

	async compare(world, { tasks, excused, query }) {
		const edits = await editsHere(query);
		const removed = new Map([...world.labels.removed,
			...edits.filter(({ is_added: isAdded }) => !isAdded).map(({ name, id, at }) => [name, `the application off task ${id} at ${at}`])]);
		const rows = new Map((await query('SELECT id, labels FROM planner.tasks')).map(({ id, labels: names }) => [id, names]));

		return tasks.filter((row) => row.row_id !== null && !excused.row('issue', row)).flatMap((row) => {
			const [repository, number] = String(row.place).split('#').map(Number);
			const issue = world.control.store.repositories.get(repository)?.issues.get(number);

			if (issue === undefined) {
				return [];
			}
			const about = world.history.about({ issue });
			const added = [...world.labels.added.filter(({ issue: key }) => key === about.issue).map(({ name }) => name), ...edits.filter((edit) => edit.is_added && edit.id === row.row_id).map(({ name }) => name)];

			return wrongWith(world, { issue, added, removed, here: rows.get(row.row_id) }).map((text) => ({ about, text }));
		});
	},
};

function newName(world, by) {
	world.labels.made += 1;
	return `${by} ${world.labels.made}`;
}

function user(world, dice) {
	const place = Math.min(dice.below(8), dice.below(8));
	const [assignment, value] = dice.percent(65) ? ['labels || $2::text', newName(world, 'user')] : ['array_remove(labels, labels[1 + $2::integer % 3])', String(dice.below(3))];

	world.count('labels of users');
	world.users.transact([[`UPDATE planner.tasks SET labels = ${assignment}, modified_at = clock_timestamp() WHERE id = ${rowOf('tasks')}`, [place, value]]]);
}

function human(world, dice) {
	const issue = world.issues().at(-1 - Math.min(dice.below(8), dice.below(8)));

	if (issue === undefined) {
		return;
	}
	world.count('labels of humans');
	if (issue.labels.length === 0 || (dice.percent(65) && issue.labels.length < MOST_AT_GITHUB)) {
		world.humans.edit(issue, { labels: [...issue.labels, newName(world, 'human')] });
	} else {
		const taken = dice.pick(issue.labels);

		world.humans.edit(issue, { labels: issue.labels.filter((name) => name !== taken) });
	}
}

/* At GitHub, whoever did it. */
function changed(world, action, { issue, label, sender }) {
	const { store } = world.control;
	const isApp = world.history.apps.has(sender);
	const note = { name: label, isAdded: action === 'labeled', wasTaken: false };
	const { repository } = issue;

	if (note.isAdded) {
		world.labels.added.push({ issue: world.history.keyOf(issue), name: label });
	}
	if (isApp) {
		world.labels.ofApp.push(note);
	} else if (action === 'unlabeled') {
		world.labels.removed.set(label, `${sender} off ${repository.id}#${issue.number} at ${new Date().toISOString()}`);
	}
	world.history.note(`GitHub: ${sender} ${action} ${label}`, world.history.about({ issue }));
	world.mail.send({
		text: INGEST, action, updatedAt: issue.updated_at,
		values: [`${repository.id} ${issue.number} ${world.mail.sent}`, JSON.stringify({
			action, label: { name: label }, sender: { id: store.user(sender).id },
			issue: { id: issue.id, number: issue.number, updated_at: issue.updated_at },
			repository: { id: repository.id, name: repository.name, owner: { login: repository.owner } },
		})],
		taken: () => {
			note.wasTaken = true;
		},
	}, world.history.about({ issue }));
}

/* By users: what the worker puts on a row or takes off, somebody has at GitHub. */
function editsHere(query) {
	return query(`SELECT a.record_id AS id, a.at, n.name, a.after -> 'labels' ? n.name AS is_added FROM planner.audit AS a
		CROSS JOIN LATERAL jsonb_array_elements_text((a.before -> 'labels') || (a.after -> 'labels')) AS n (name)
		WHERE a.record_type = 'task' AND a.writer = 'application' AND a.operation = 'update'
			AND (a.after -> 'labels' ? n.name) <> (a.before -> 'labels' ? n.name)`);
}

function wrongWith(world, { issue, added, removed, here }) {
	const there = new Set(issue.labels);
	const differ = [...new Set([...here, ...there])].filter((name) => here.includes(name) !== there.has(name));
	/* What an update of ours changed in the moment between our look and it, of which no webhook came. */
	const isUntold = (name, isAdded) => world.labels.ofApp.some((one) => one.name === name && one.isAdded === isAdded && !one.wasTaken);
	const back = [...there].filter((name) => removed.has(name) && !isUntold(name, true));
	const lost = added.filter((name) => !there.has(name) && !removed.has(name) && !isUntold(name, false));

	return [
		...differ.map((name) => `label ${name} is only ${here.includes(name) ? 'in the row' : 'at GitHub'}`),
		...back.map((name) => `label ${name} was taken off, and is there: ${removed.get(name)}`),
		...lost.map((name) => `label ${name} was added by somebody, taken off by nobody, and is not there`),
	];
}
