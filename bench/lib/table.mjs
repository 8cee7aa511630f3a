/*
 * table.mjs
 *		A table of figures, for people: on a terminal and in Markdown alike.
 *		{ title, columns: [name], rows: [[value]], notes: [text] }
 */
import { write } from './numbers.mjs';

export function tableText({ title, columns, rows, notes = [] }) {
	const cells = [columns, ...rows.map((row) => row.map(write))];
	const widths = columns.map((_, i) => Math.max(3, ...cells.map((row) => [...String(row[i])].length)));
	const isNumber = columns.map((_, i) => rows.some((row) => typeof row[i] === 'number'));
	const pad = (text, i) => (isNumber[i] ? String(text).padStart(widths[i]) : String(text).padEnd(widths[i]));
	const line = (row) => `| ${row.map(pad).join(' | ')} |`;
	const rule = `|${widths.map((width, i) => (isNumber[i] ? `${'-'.repeat(width + 1)}:` : '-'.repeat(width + 2))).join('|')}|`;

	return [`### ${title}`, '', line(cells[0]), rule, ...cells.slice(1).map(line), '', ...notes.map((note) => `- ${note}`), ...(notes.length > 0 ? [''] : [])].join('\n');
}
