/*
 * accounts.mjs
 *		Who we are at GitHub changes: the App gets another name, or the token
 *		is replaced by another account's.
 */
import { writeFileSync } from 'node:fs';

const ROBOTS = ['robot', 'android', 'automaton'];

export const accounts = {
	everyMs: 900,

	begin(world, dice) {
		world.hasToken = dice.percent(50);
		if (world.hasToken) {
			world.control.seed({ users: ROBOTS.map((login) => ({ login, token: tokenOf(login) })) });
			ROBOTS.forEach((login) => world.history.apps.add(login));
			useToken(world, ROBOTS[0]);
		}
	},

	/* A file of the run's own, which the settings of its database name. */
	async opened(world) {
		if (world.hasToken) {
			await world.server.query('postgres', `ALTER DATABASE ${world.database} SET github_sync.token_file = '${world.tokenFile}'`);
			await world.server.query(world.database, `
				INSERT INTO github_sync.github_app_installations (id, account_login) VALUES (0, 'acme');
				UPDATE github_sync.github_repos SET github_app_installation_id = 0`);
		}
	},

	act(world, dice) {
		const number = world.counts['changes of our account'] ?? 0;

		world.weather.loseAnswerOfCreation();
		if (number >= 2 || dice.percent(60)) {
			return;
		}
		world.count('changes of our account');
		if (world.hasToken) {
			const robot = ROBOTS[(number + 1) % ROBOTS.length];

			useToken(world, robot);
			world.server.reload();
			if (dice.percent(50)) {
				world.control.auth.revoke(`Bearer ${tokenOf(ROBOTS[number % ROBOTS.length])}`);
			}
			world.history.note(`the token is ${robot}'s from now on`);
		} else {
			const slug = `tasksync-${number + 1}`;

			world.history.apps.add(`${slug}[bot]`);
			world.control.act({ do: 'rename_app', slug });
			world.history.note(`GitHub: the App is called ${slug} from now on`);
		}
	},
};

function tokenOf(login) {
	return `github_pat_${login}`;
}

function useToken(world, login) {
	world.tokenFile ??= `${world.server.directory}/token_${world.seed}`;
	writeFileSync(world.tokenFile, `${tokenOf(login)}\n`, { mode: 0o600 });
}
