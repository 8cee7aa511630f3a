/*
 * outbound.mjs
 *		Figure 2: what the application changed (fetch and PATCH), and what it
 *		created (POST), with capture on and GitHub's limits off.
 */
import { COLUMNS, drain, repeated } from '../lib/throughput.mjs';

const WARM_UP = 100;

function insert(application, count, installations, title) {
	return application.sql(`
		INSERT INTO app.tasks (title, markdown, github_repo_id)
		SELECT '${title} ' || i, 'What there is to do, in a sentence or two.', 1 + i % ${installations} FROM generate_series(1, ${count}) AS i`);
}

async function once(world, installations) {
	return world.withApplication(async (application) => {
		const count = Math.ceil(world.options.records / 2);

		await application.connectInstallations(1, installations);
		await application.capture(true);
		await insert(application, WARM_UP, installations, 'warm');
		await application.drained();
		const created = await drain(application, count, () => insert(application, count, installations, 'task'));

		await application.sql("UPDATE app.tasks SET title = title || ', warmer', modified_at = now() WHERE title LIKE 'warm%'");
		await application.drained();
		const updated = await drain(application, count, () =>
			application.sql("UPDATE app.tasks SET title = title || ', edited', modified_at = now() WHERE title LIKE 'task%'"));

		return { [`updates, installations: ${installations}`]: updated, [`creations, installations: ${installations}`]: created };
	});
}

export default {
	name: 'outbound',
	async run(world) {
		const rows = [];

		for (const installations of [1, 50]) {
			rows.push(...(await repeated(world, () => once(world, installations))));
		}
		return [{ title: `2. Outbound, ${Math.ceil(world.options.records / 2)} records a run`, columns: ['outbound', ...COLUMNS], rows,
			charts: [{ file: 'outbound', title: 'Outbound, records a second', column: 1 }] }];
	},
};
