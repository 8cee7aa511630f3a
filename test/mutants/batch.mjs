/*
 * batch.mjs
 *	One source with all changes of its functions in it: of each changed function
 *	as many copies as it has changes, and a function of its name that calls the
 *	copy of changes_number (serve.c).  Compiled and linked once.
 *
 * A copy calls itself "change_N" to the compiler, so that errors tell which of
 * the changes do not compile.
 */
import { readSource } from './c_tokens.mjs';

/* "const char *text, char copy[3], int (*compare)(int, int)" -> the names */
function namesOfParameters(tokens, open) {
	const names = [];
	let last, depth = 0;
	for (let i = open + 1; i <= tokens[open].partner; i++) {
		const { text, kind } = tokens[i];
		if (depth === 0 && (text === ',' || i === tokens[open].partner)) names.push(last);
		else if (text === '(' && tokens[i + 1].text === '*') last = tokens[i + 2].text;
		else if (depth === 0 && kind === 'word' && tokens[i - 1].text !== ')') last = text;
		if ('(['.includes(text)) depth++;
		if (')]'.includes(text)) depth--;
	}
	return names[0] === 'void' && tokens[open].partner === open + 2 ? [] : names;
}

/* changes: of one file, of functions only; each gets its `number`, from 1 on. */
export function batchOf(text, changes) {
	const { tokens, functions } = readSource(text);
	let result = 'extern int changes_number;\n', copied = 0;
	for (const one of functions) {
		const from = tokens[one.open].start, to = tokens[one.close].end;
		const mine = changes.filter((change) => change.start > from && change.start < to);
		if (!mine.length) continue;
		const open = tokens[one.open - 1].partner;
		const start = tokens[one.first].start;
		const parameters = text.slice(tokens[open].start, tokens[one.open - 1].end);
		const type = text.slice(start, tokens[open - 1].start);
		const copy = (number, body) => `\n# 1 "change_${number}"\n${type.replace(/^(?!static)/, 'static ')}${one.name}__${number}${parameters}\n${body}\n`;
		const call = (number) => `return ${one.name}__${number}(${namesOfParameters(tokens, open).join(', ')});`;
		result += `${text.slice(copied, start)}${type}${one.name}${parameters};\n${copy(0, text.slice(from, to))}`;
		for (const { number, changed, growth } of mine) result += copy(number, changed.slice(from, to + growth));
		result += `\n${type}${one.name}${parameters}\n{\nswitch (changes_number) {\n${mine.map(({ number }) => `case ${number}: ${call(number)}\n`).join('')}default: ${call(0)}\n}\n}\n`;
		copied = to;
	}
	return result + text.slice(copied);
}
