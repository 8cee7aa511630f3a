/*
 * equivalents.mjs
 *	Reads equivalent.txt: changes that nobody can see, each with its reason.
 *
 * A group names a file and a function, then lines as they are (-) and changed (+),
 * and last, why: it holds for all of them.
 */
import { readFileSync } from 'node:fs';

export const keyOf = ({ file, function: name, before, after }) => [file, name, before, after].join('\n');

function readGroup(lines) {
	const [, file, name] = /^(\S+) (\S+)$/.exec(lines[0]) ?? [];
	const entries = [];
	let before, reason = '';
	for (const line of lines.slice(1)) {
		if (line.startsWith('- ')) before = line.slice(2);
		else if (line.startsWith('+ ')) entries.push({ file, function: name, before, after: line.slice(2) });
		else reason = `${reason} ${line.trim()}`.trim();
	}
	if (!file || !entries.length || !reason || entries.some((entry) => entry.before === undefined)) throw new Error(`equivalent.txt: not understood:\n${lines.join('\n')}`);
	return entries.map((entry) => ({ ...entry, reason }));
}

/* key -> entry */
export function readEquivalents(path) {
	const groups = readFileSync(path, 'utf8').replace(/^#.*\n/gm, '').split(/\n\s*\n/).map((group) => group.split('\n').filter((line) => line.trim()));
	return new Map(groups.filter((lines) => lines.length).flatMap(readGroup).map((entry) => [keyOf(entry), entry]));
}
