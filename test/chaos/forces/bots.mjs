/*
 * bots.mjs
 *		Two bots that want another title each, and say so whenever the other
 *		one has had its way: a fight that ends, because either gives up.
 */
const MOST_ANSWERS = 8;
const ANSWERS_AFTER_MS = 30;

export const bots = {
	withEmulate: true,
	everyMs: 150,

	/* GitHub's: whenever the App gave an issue a title. */
	opened(world) {
		const { store } = world.control;
		const next = store.listener;
		let left = MOST_ANSWERS;

		store.listener = (event, action, what) => {
			next(event, action, what);
			if (event === 'issues' && action === 'edited' && what.changes.title && world.history.apps.has(what.sender) && left-- > 0) {
				setTimeout(() => answer(world, what.issue), ANSWERS_AFTER_MS).unref();
			}
		};
	},

	/* The application's: whenever a task has a title of a human's. */
	act(world) {
		if ((world.counts['answers of the bot here'] ?? 0) < MOST_ANSWERS) {
			world.count('answers of the bot here');
			world.users.transact([[`UPDATE planner.tasks SET title = $1, modified_at = clock_timestamp()
				WHERE id = (SELECT id FROM planner.tasks WHERE title LIKE 'human%' ORDER BY id DESC LIMIT 1)`, [world.users.writer.title()]]]);
		}
	},
};

function answer(world, issue) {
	if (world.isOpen && issue.repository.issues.get(issue.number) === issue) {
		world.count('answers of the bot at GitHub');
		world.humans.edit(issue, { title: world.humans.writer.title() });
	}
}
