/*
 * places.mjs
 *		Issues that move to another repository, repositories that get another
 *		name, and names that get another repository.
 */

import { setTimeout as sleep } from 'node:timers/promises';

/* Of repositories that nobody here knows: one that our token may write to, and one that it may not even see. */
const FOREIGN = [{ id: 1_296_901, owner: 'acme', name: 'elsewhere' }, { id: 1_296_902, owner: 'umbrella', name: 'secrets' }];

const NAMES = ['widgets', 'Widgets', 'gadgets', 'tools', 'things', 'a-b.c', 'archive'];

export const transfers = {
	everyMs: 1500,

	begin(world) {
		world.control.store.addUser({ login: 'umbrella', type: 'Organization' });
		world.control.seed({ repositories: FOREIGN });
		world.addRepository(world.gadgets);
	},

	act(world, dice) {
		const { repositories } = world.control.store;
		const from = dice.pick([...world.repositories(), ...world.repositories(), repositories.get(FOREIGN[0].id)]);
		const issue = from?.issues.size > 0 ? dice.pick([...from.issues.values()]) : null;
		const to = dice.percent(70) ? dice.pick(world.repositories()) : repositories.get(dice.pick(FOREIGN).id);

		if (issue !== null && to !== undefined && to !== from) {
			world.count('transfers');
			world.control.store.transferIssue(issue, to, { login: 'alice' });
		}
	},
};

export const renames = {
	everyMs: 1500,

	act(world, dice) {
		rename(world, dice.pick(world.repositories()), dice);
	},
};

/* Without what it was before; false where the name is another's. */
function rename(world, repository, dice) {
	const { store } = world.control;
	const name = dice.pick(NAMES);
	const other = store.findRepository('acme', name)?.repository;

	if (repository === undefined || (other !== undefined && other !== repository) || name === repository.name) {
		return false;
	}
	world.count('renames');
	world.history.note(`GitHub: repository ${repository.id} (${repository.name}) is called ${name} from now on`);
	store.renameRepository(repository, { name }, { login: 'alice' });
	return true;
}

/* A name that ours had leads to a stranger's of another name, or nowhere. */
function strangerGoes(world, dice) {
	const { store } = world.control;
	const stranger = [...world.strangers.keys()].map((id) => store.repositories.get(id)).findLast((one) => one !== undefined);

	if (stranger === undefined) {
		return;
	}
	if (dice.percent(50)) {
		world.history.note(`GitHub: repository ${stranger.id} (${stranger.name}), a stranger's, is called ${stranger.name}-2 from now on`);
		store.renameRepository(stranger, { name: `${stranger.name}-2` }, { login: 'bob' });
	} else {
		world.history.note(`GitHub: repository ${stranger.id} (${stranger.name}), a stranger's, is deleted`);
		store.deleteRepository(stranger, { login: 'bob' });
	}
}

/* Somebody else's repository gets a name that ours had. */
export const reuse = {
	everyMs: 2500,

	begin(world) {
		world.addRepository(world.gadgets);
	},

	async act(world, dice) {
		const { store } = world.control;
		const repository = dice.pick(world.repositories());
		const former = repository?.name;

		world.weather.loseAnswerOfCreation();
		if (dice.percent(30)) {
			strangerGoes(world, dice);
		}
		if (world.strangers.size >= 3 || repository === undefined) {
			return;
		}
		if (dice.percent(25) && world.repositories().length > 1) {
			world.history.note(`GitHub: repository ${repository.id} (${former}) is deleted`);
			world.lost.add(repository.id);
			store.deleteRepository(repository, { login: 'alice' });
		} else if (!rename(world, repository, dice) || repository.name.toLowerCase() === former.toLowerCase()) {
			return;	/* GitHub's names differ by more than capitals: nobody can take that one */
		}
		const stranger = store.addRepository({ owner: 'acme', name: former });

		world.count('names taken by another repository');
		world.history.note(`GitHub: repository ${stranger.id} is called ${former} from now on`);
		world.strangers.set(stranger.id, Infinity);
		for (let issue = dice.below(3); issue > 0; issue--) {
			store.createIssue(stranger, { title: `stranger title ${stranger.id} ${issue}`, body: null }, { login: 'bob' });
		}
		world.strangers.set(stranger.id, await namesForgotten(world));
	},
};

/* What a worker has been told of a name it believes for a minute, as README says; a minute is over for those who are gone. */
async function namesForgotten(world) {
	for (;;) {
		try {
			const [{ left }] = await world.server.query(world.database, `
				WITH ended AS (SELECT pg_terminate_backend(pid, 5000) FROM pg_stat_activity WHERE backend_type = 'github_sync worker' AND datname = current_database())
				SELECT count(*) AS left FROM ended WHERE NOT pg_terminate_backend`);

			if (left === 0) {
				return world.history.now();
			}
		} catch {	/* the server was killed, and with it the workers, or not yet */
			await sleep(20);
		}
	}
}
