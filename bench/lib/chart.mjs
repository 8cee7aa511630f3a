/*
 * chart.mjs
 *		Bars, as SVG: of the tables that name a chart ({ file, title, column }),
 *		those with the same file in one picture.
 */
import { write } from './numbers.mjs';

const WIDTH = 760;
const NAMES = 330;
const ROW = 24;
const TOP = 44;
const COLORS = ['#0969da', '#8c959f', '#1a7f37', '#9a6700'];

const escaped = (text) => text.replace(/&/g, '&amp;').replace(/</g, '&lt;');

/* bars: [{ name, value, series }] */
function svg(title, bars) {
	const most = Math.max(...bars.map(({ value }) => value));
	const height = TOP + bars.length * ROW + 12;
	const rows = bars.map(({ name, value, series }, i) => {
		const y = TOP + i * ROW;
		const width = Math.max(1, ((WIDTH - NAMES - 90) * value) / most);

		return `<text x="${NAMES - 8}" y="${y + 15}" text-anchor="end">${escaped(name)}</text>`
			+ `<rect x="${NAMES}" y="${y + 3}" width="${width.toFixed(1)}" height="16" fill="${COLORS[series % COLORS.length]}"/>`
			+ `<text x="${(NAMES + width + 6).toFixed(1)}" y="${y + 15}">${write(value)}</text>`;
	});

	return [`<svg xmlns="http://www.w3.org/2000/svg" viewBox="0 0 ${WIDTH} ${height}" font-family="sans-serif" font-size="12" fill="#1f2328">`,
		`<rect width="${WIDTH}" height="${height}" fill="#ffffff"/>`, `<text x="16" y="26" font-size="15" font-weight="bold">${escaped(title)}</text>`, ...rows, '</svg>', ''].join('\n');
}

/* Resolves with { file: SVG } for all tables that were measured. */
export function charts(tables) {
	const pictures = {};

	for (const { charts: wanted = [], rows } of tables) {
		for (const { file, title, column, prefix = '' } of wanted) {
			const picture = (pictures[file] ??= { title, bars: [], series: 0 });

			picture.bars.push(...rows.filter((row) => Number.isFinite(row[column])).map((row) => ({ name: `${prefix}${row[0]}`, value: row[column], series: picture.series })));
			picture.series++;
		}
	}
	return Object.fromEntries(Object.entries(pictures).filter(([, { bars }]) => bars.length > 0).map(([file, { title, bars }]) => [file, svg(title, bars)]));
}
