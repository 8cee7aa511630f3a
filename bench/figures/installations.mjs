/*
 * installations.mjs
 *		Figure 18: throughput while a thousand installations are known.
 */
import { COLUMNS, drain, row } from '../lib/throughput.mjs';

const KNOWN = 1000;

function measure(world, known, working, count) {
	return world.withApplication(async (application) => {
		await application.connectInstallations(1, known);
		await application.withRecords({ count: Math.max(known, 300), repositories: [1, known] });
		return drain(application, count, () => application.tell({ count, repositories: [1, working], first: 9000 }));
	});
}

export default {
	name: 'installations',
	isRepeated: true,
	async run(world) {
		const count = Math.max(1, Math.round(world.options.records / 2 / KNOWN)) * KNOWN;
		const cases = [['1 known, with work', 1, 1], [`${KNOWN} known, 1 with work`, KNOWN, 1], [`${KNOWN} known, all with work`, KNOWN, KNOWN]];
		const rows = [];

		for (const [name, known, working] of cases) {
			rows.push(row(name, [await measure(world, known, working, count)]));
		}
		const [alone] = rows;

		return [{
			title: `18. Many installations, ${count} new records, one run each`,
			columns: ['installations', ...COLUMNS, '÷ alone'],
			rows: rows.map((columns) => [...columns, columns[1] / alone[1]]),
		}];
	},
};
