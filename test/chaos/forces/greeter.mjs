/*
 * greeter.mjs
 *		Many creations, and a bot on GitHub that comments each issue at once:
 *		the comments' webhooks come while we learn of our own issues.
 */
const MORE_ISSUES = 25;
const GREETS_WITHIN_MS = 60;

export const greeter = {
	everyMs: 150,

	begin(world) {
		world.size += MORE_ISSUES;
	},

	opened(world, dice) {
		const { store } = world.control;
		const next = store.listener;

		store.listener = (event, action, what) => {
			next(event, action, what);
			if (event === 'issues' && action === 'opened' && world.history.apps.has(what.sender)) {
				for (let greeting = dice.below(3); greeting >= 0; greeting--) {
					setTimeout(() => greet(world, what.issue), dice.below(GREETS_WITHIN_MS)).unref();
				}
			}
		};
	},

	act(world) {
		world.users.addTask();
	},
};

function greet(world, { repository, number }) {
	if (world.isOpen && repository.issues.has(number)) {
		world.count('greetings');
		world.humans.say(repository.issues.get(number));
	}
}
