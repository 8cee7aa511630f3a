/*
 * storm.mjs
 *		Both sides edit at random while everything goes wrong.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { Dice } from './dice.mjs';
import { FORCES } from './forces.mjs';
import { VICTIMS, kill } from './killer.mjs';

/* Everybody at once, until the time is over. */
export async function storm(world, seconds) {
	const end = Date.now() + seconds * 1000;
	const until = async (dice, mostMs, act) => {
		while (Date.now() < end) {
			await sleep(dice.below(mostMs));
			await act();
		}
	};
	const dice = (name) => new Dice(world.seed, name);

	await Promise.all([
		until(dice('pace of humans'), 120, () => world.humans.act()),
		until(dice('pace of users'), 100, () => world.users.act()),
		until(dice('pace of weather'), 250, () => world.weather.change()),
		until(dice('pace of crashes'), 5000, () => crash(world)),
		...world.forces.filter((name) => FORCES[name].act).map((name) => {
			const chance = dice(name);

			return until(dice(`pace of ${name}`), FORCES[name].everyMs, () => FORCES[name].act(world, chance));
		}),
	]);
}

async function crash(world) {
	const victim = world.dice.pick(VICTIMS);

	world.history.note(`kill -9 of the ${victim}`);
	if (await kill(world.server, world.database, victim) !== null) {
		world.count(`kills of a ${victim}`);
		world.history.note('the server accepts connections');
	}
}
