/*
 * columns.mjs
 *		The column that says which repository a task belongs to: NULL at
 *		first, NULL again, another one; and comments that move to another task.
 */
import { rowOf } from '../people.mjs';

export const columns = {
	withEmulate: true,
	everyMs: 400,

	begin(world) {
		world.addRepository(world.gadgets);
	},

	act(world, dice) {
		world.users.transact([statement(world, dice)]);
	},
};

function statement(world, dice) {
	const { writer } = world.users;
	const place = Math.min(dice.below(8), dice.below(8));
	const repository = dice.pick([...world.ours]);
	const put = (value) => [`UPDATE planner.tasks SET github_repo_id = $2::bigint, modified_at = clock_timestamp() WHERE id = ${rowOf('tasks')}`, [place, value]];

	world.count('changes of the repository column');
	switch (dice.weighted({ without: world.hasRoom() ? 4 : 0, say: 3, given: 6, taken: 1, moved: 1, carried: 1 })) {
		case 'without':
			return ['INSERT INTO planner.tasks (title, markdown, modified_at) VALUES ($1, $2, clock_timestamp())', [writer.title(), writer.bodyOrNone()]];
		case 'say':
			return [`INSERT INTO planner.comments (task_id, markdown, modified_at)
				SELECT t.id, $1, clock_timestamp() FROM planner.tasks AS t WHERE t.github_repo_id IS NULL ORDER BY t.id DESC LIMIT 1`, [writer.body()]];
		case 'given':
			return ['UPDATE planner.tasks SET github_repo_id = $1, modified_at = clock_timestamp() WHERE github_repo_id IS NULL AND id % 4 <> 0', [repository]];
		case 'carried':
			return [`UPDATE planner.comments SET task_id = ${rowOf('tasks')}, modified_at = clock_timestamp() WHERE id = (SELECT max(id) FROM planner.comments)
				AND EXISTS (SELECT FROM planner.tasks OFFSET $1)`, [place]];
		case 'taken':
			return put(null);
		default:
			return put(repository);
	}
}
