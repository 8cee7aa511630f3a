/*
 * inbound.mjs
 *		Figure 1: end-to-end inbound: claim, fetch, merge, apply, complete.
 */
import { COLUMNS, drain, repeated } from '../lib/throughput.mjs';

const WARM_UP = 300;

async function once(world, installations) {
	return world.withApplication(async (application) => {
		const count = world.options.records;
		const repositories = [1, installations];
		/* Whole rounds of all repositories, so that both runs are of the same issues. */
		const warm = Math.ceil(WARM_UP / installations) * installations;
		const first = 1 + warm / installations;

		await application.connectInstallations(1, installations);
		await application.withRecords({ count: warm, repositories });
		const fresh = await drain(application, count, () => application.tell({ count, repositories, first }));

		await world.stub.edit(1, installations);
		const known = await drain(application, count, () => application.tell({ count, repositories, first, edit: 1 }));

		return { [`new, installations: ${installations}`]: fresh, [`known, installations: ${installations}`]: known };
	});
}

export default {
	name: 'inbound',
	async run(world) {
		const rows = [];

		for (const installations of [1, 50]) {
			rows.push(...(await repeated(world, () => once(world, installations))));
		}
		return [{ title: `1. Inbound, ${world.options.records} records a run`, columns: ['inbound', ...COLUMNS], rows, charts: [
			{ file: 'records-per-second', title: 'Records a second, one fetch each', column: 1, prefix: 'github_sync, ' },
			{ file: 'cpu-per-record', title: 'CPU time of a record, µs, database and program together', column: 5, prefix: 'github_sync, ' },
		] }];
	},
};
