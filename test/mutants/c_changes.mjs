/*
 * c_changes.mjs
 *	The small changes that can be made to a C source, one at a time: a comparison
 *	turned, a boundary moved, && for ||, a sum for a difference, a constant off
 *	by one, a statement dropped, a return value changed.
 *
 * Never in comments, strings, preprocessor lines or what assert() holds.  Each
 * line stays where it is.  What does not compile is for the compiler to say.
 */
import { readSource } from './c_tokens.mjs';

/* The function of what stands in none. */
export const TABLE = '(table)';

const OPERATORS = {
	'<': ['<=', '>='], '<=': ['<', '>'], '>': ['>=', '<='], '>=': ['>', '<'], '==': ['!='], '!=': ['=='],
	'&&': ['||'], '||': ['&&'], '++': ['--'], '--': ['++'], '<<': ['>>'], '>>': ['<<'],
	'+=': ['-='], '-=': ['+='], '*=': ['/='], '/=': ['*='], '|=': ['&='], '&=': ['|='],
};
/* With a space on both sides, as clang-format leaves them: not a pointer, not a sign. */
const BINARY = { '+': ['-'], '-': ['+'], '*': ['/'], '/': ['*'], '%': ['*'], '&': ['|'], '|': ['&'], '^': ['|'] };
const CONTROL = new Set(['if', 'for', 'while', 'switch', 'do', 'else', 'case', 'default', 'goto']);
const TYPE_WORDS = new Set(['const', 'static', 'struct', 'enum', 'unsigned', 'signed', 'int', 'char', 'long', 'short', 'bool', 'double', 'float', 'void', 'size_t']);
const DECISIVE = new Set(['&&', '||', '!', '==', '!=', '<', '<=', '>', '>=', '?']);

const isWord = (token) => token?.kind === 'word';

class Changes {
	constructor(file, text) {
		this.file = file;
		Object.assign(this, readSource(text));
		this.list = [];
		this.untouched = this.tokens.map(() => false);
	}

	/* Replaces what stands from the token at `from` to the one at `to`. */
	add(from, to, replacement) {
		const start = this.tokens[from].start, end = this.tokens[to].end;
		const lines = this.text.slice(start, end).split('\n').length - 1;
		this.list.push(this.described(start, end, replacement + '\n'.repeat(lines)));
	}

	described(start, end, replacement) {
		const { text, file } = this;
		const lineStart = text.lastIndexOf('\n', start - 1) + 1;
		const lineEnd = (text + '\n').indexOf('\n', end);
		const flat = (line) => line.replace(/\s+/g, ' ').trim();
		const changed = text.slice(0, start) + replacement + text.slice(end);
		return {
			file, changed, start, growth: changed.length - text.length, line: text.slice(0, start).split('\n').length, function: this.function?.name ?? TABLE,
			before: flat(text.slice(lineStart, lineEnd)), after: flat(text.slice(lineStart, start) + replacement + text.slice(end, lineEnd)),
		};
	}

	source(from, to) { return this.text.slice(this.tokens[from].start, this.tokens[to].end); }

	leaveAlone(from, to) { this.untouched.fill(true, from, to + 1); }
}

/* ---- operators and constants ---- */

function standsFree(changes, token) {
	return /\s/.test(changes.text[token.start - 1]) && /\s/.test(changes.text[token.end]);
}

function changeOperator(changes, index) {
	const token = changes.tokens[index];
	const others = OPERATORS[token.text] ?? (standsFree(changes, token) ? BINARY[token.text] : undefined);
	for (const other of others ?? []) changes.add(index, index, other);
	if (token.text === '!') changes.add(index, index, '');
	if (token.text === '-' && !others) changes.add(index, index, '');
}

/* char name[20] declares; name[20] does not. */
function isDeclaredSize(tokens, index) {
	const [type, name, bracket] = tokens.slice(index - 3, index);
	return bracket?.text === '[' && isWord(name) && (isWord(type) && type.text !== 'return' && type.text !== 'case');
}

/* strcmp(a, b) == 0: any other number than 0 says the same. */
function isOrderOfTwo(tokens, index) {
	const [call, comparison] = tokens.slice(index - 2, index);
	return call?.text === ')' && /^[=!]=$/.test(comparison.text) && /cmp$/.test(tokens[call.partner - 1].text);
}

const COMPARISONS = new Set(['==', '!=', '<', '<=', '>', '>=']);

function changeNumber(changes, index) {
	const { tokens } = changes;
	const written = tokens[index].text;
	if (tokens[index - 1]?.text === '{' && tokens[index + 1]?.text === '}') return; /* {0}: all of it */
	const [, digits, suffix] = /^(0[xX][0-9a-fA-F]+|[0-9.]+(?:[eE][-+]?[0-9]+)?)([uUlLfF]*)$/.exec(written) ?? [];
	if (digits === undefined) return;
	if (isOrderOfTwo(tokens, index)) return;
	const spelled = (value) => (/^0[xX]/.test(digits) ? `0x${value.toString(16)}` : String(value)) + suffix;
	if (/^0[xX]|^[0-9]+$/.test(digits)) {
		const value = Number(digits);
		if (!isDeclaredSize(tokens, index)) changes.add(index, index, spelled(value + 1));
		/* A comparison with -1 is the boundary moved. */
		if (value > 0) changes.add(index, index, spelled(value - 1));
		else if (!COMPARISONS.has(tokens[index - 1].text)) changes.add(index, index, '(-1)');
	} else changes.add(index, index, spelled(Number(digits) + 1));
}

function changeToken(changes, index) {
	const token = changes.tokens[index];
	if (token.kind === 'punctuation') changeOperator(changes, index);
	if (token.kind === 'number') changeNumber(changes, index);
	if (token.kind === 'character') changes.add(index, index, `(${token.text} + 1)`);
}

/* ---- statements ---- */

/* Where the statement that begins at `from` has its semicolon; -1: it has none. */
function endOfStatement(tokens, from, limit) {
	for (let i = from; i < limit; i++) {
		if (tokens[i].text === ';') return i;
		if ('([{'.includes(tokens[i].text)) i = tokens[i].partner;
		else if (')]}'.includes(tokens[i].text)) return -1;
	}
	return -1;
}

function followsLabel(tokens, index) {
	let i = index - 2;
	while (!';{}:'.includes(tokens[i].text)) i--;
	return tokens[i + 1].text === 'case' || tokens[i + 1].text === 'default';
}

function beginsStatement(tokens, index) {
	const before = tokens[index - 1];
	switch (before.text) {
		case ';': case '{': case '}': case 'else': case 'do':
			return true;
		case ')':
			return ['if', 'for', 'while', 'switch'].includes(tokens[before.partner - 1].text);
		case ':':
			return followsLabel(tokens, index);
		default:
			return false;
	}
}

function isDeclaration(tokens, index) {
	if (TYPE_WORDS.has(tokens[index].text)) return true;
	let next = index + 1;
	while (tokens[next].text === '*') next++;
	return isWord(tokens[index]) && isWord(tokens[next]);
}

function changeReturn(changes, index, end) {
	const { tokens } = changes;
	const { type } = changes.function;
	if (end === index + 1) return changes.add(index, end - 1, '');
	const value = changes.source(index + 1, end - 1);
	if (value === 'true' || value === 'false') changes.add(index + 1, end - 1, value === 'true' ? 'false' : 'true');
	else if (type === 'bool') changes.add(index + 1, end - 1, `!(${value})`);
	else if (type.endsWith('*')) { if (value !== 'NULL') changes.add(index + 1, end - 1, 'NULL'); }
	else if (end > index + 2 || tokens[index + 1].kind === 'word') changes.add(index + 1, end - 1, `(${value}) + 1`);
}

function changeStatement(changes, index, limit) {
	const { tokens } = changes;
	const { text, kind } = tokens[index];
	if (CONTROL.has(text) || kind === 'punctuation' && !'(*'.includes(text) && text !== '++' && text !== '--') return;
	const end = endOfStatement(tokens, index, limit);
	if (end < 0) return;
	if (text === 'return') changeReturn(changes, index, end);
	else if (text === 'assert') changes.leaveAlone(index, end);
	else if (!isDeclaration(tokens, index)) changes.add(index, end - 1, '');
}

/* if (f(x)): what holds no operator to turn. */
function negateCondition(changes, index) {
	const { tokens } = changes;
	if (!['if', 'while'].includes(tokens[index].text)) return;
	const from = index + 2, to = tokens[index + 1].partner - 1;
	for (let i = from; i <= to; i++) {
		if (DECISIVE.has(tokens[i].text)) return;
		if ('([{'.includes(tokens[i].text)) i = tokens[i].partner;
	}
	changes.add(from, to, `!(${changes.source(from, to)})`);
}

function changeFunction(changes, { open, close }) {
	const { tokens } = changes;
	for (let i = open + 1; i < close; i++) {
		if (beginsStatement(tokens, i)) changeStatement(changes, i, close);
		if (changes.untouched[i]) continue;
		negateCondition(changes, i);
		changeToken(changes, i);
	}
}

/* Tables, and the sizes of what structs hold. */
function changeTables(changes) {
	const { tokens, functions } = changes;
	const inFunctions = tokens.map(() => false);
	for (const { open, close } of functions) inFunctions.fill(true, open, close + 1);
	let depth = 0;
	tokens.forEach((token, index) => {
		if (inFunctions[index]) return;
		if (token.text === '{') depth++;
		if (token.text === '}') depth--;
		if (depth > 0 && token.kind !== 'punctuation') changeToken(changes, index);
	});
}

/* All changes of a source; in each, `changed` is the whole text. */
export function changesOf(file, text) {
	const changes = new Changes(file, text);
	for (changes.function of changes.functions) changeFunction(changes, changes.function);
	changes.function = undefined;
	changeTables(changes);
	return changes.list.sort((a, b) => a.start - b.start);
}
