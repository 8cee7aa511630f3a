/*
 * repeats.mjs
 *		Tables of several runs of the same figure become one: of each number the
 *		median, and a column that says by how much the runs differ.
 *
 * A table may name the column whose noise is told (noise); else it is the
 * first with numbers.
 */
import { median, spread } from './numbers.mjs';

const NOISE = '± %';

function columnOf({ columns, rows, noise }) {
	return noise === undefined ? columns.findIndex((_, i) => i > 0 && typeof rows[0]?.[i] === 'number') : columns.indexOf(noise);
}

/* Texts are those of the first run. */
function mergedCell(cells) {
	return cells.every((cell) => typeof cell === 'number') ? median(cells) : cells[0];
}

function mergedTable(tables) {
	const [first] = tables;
	const told = columnOf(first);
	const place = first.columns.includes(NOISE) ? first.columns.indexOf(NOISE) : first.columns.length;
	const rows = first.rows.map((row, i) => {
		const merged = row.map((_, j) => mergedCell(tables.map((table) => table.rows[i][j])));

		merged[place] = spread(tables.map((table) => table.rows[i][told]));
		return merged;
	});

	return {
		...first, columns: Object.assign([...first.columns], { [place]: NOISE }), rows,
		notes: [...(first.notes ?? []), `medians of ${tables.length} runs; ${NOISE}: how they differ in "${first.columns[told]}"`],
	};
}

export async function repeatedFigure(figure, world) {
	const runs = [];

	for (let i = 0; i < world.options.fewer; i++) {
		runs.push(await figure.run(world));
	}
	return runs.length === 1 ? runs[0] : runs[0].map((_, i) => mergedTable(runs.map((tables) => tables[i])));
}
