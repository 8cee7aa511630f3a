/*
 * keys.mjs
 *		Texts that quote creation keys: somebody pastes the source of another
 *		issue or comment, or of the one that is being answered.
 */
export const keys = {
	withEmulate: true,
	begin(world, dice) {
		world.quote = () => quoted(world, dice);
	},

	everyMs: 800,

	act(world) {
		world.weather.loseAnswerOfCreation();
	},
};

/* What is put behind a text: the source of some record, key and all; mostly nothing. */
function quoted(world, dice) {
	const sources = world.repositories().flatMap((repository) => [...repository.issues.values()])
		.flatMap((issue) => [issue, ...issue.comments.values()]).filter(({ body }) => body?.includes('<!-- github_sync:'));

	if (sources.length === 0 || !dice.percent(35)) {
		return '';
	}
	const { body } = dice.pick(sources);

	return `\n\n> ${dice.percent(50) ? body : body.slice(body.indexOf('<!-- github_sync:'))}${dice.percent(50) ? '\nwhich I mean' : ''}`.slice(0, 2000);
}
