/*
 * c_tokens.mjs
 *	The tokens of a C source, each where it stands; and the functions they make.
 *
 * Knows the project's own C, not the language: comments and preprocessor lines
 * are left out, macros are words.
 */

const PATTERN = new RegExp([
	String.raw`(?<skipped>\s+|/\*[^]*?\*/|//[^\n]*|(?<=^|\n)[ \t]*#(?:\\\n|/\*[^]*?\*/|[^\n\\]|\\[^\n])*)`,
	String.raw`(?<string>"(?:\\[^]|[^"\\])*")`,
	String.raw`(?<character>'(?:\\[^]|[^'\\])+')`,
	String.raw`(?<number>\.?[0-9](?:[eEpP][-+]|[0-9A-Za-z_.])*)`,
	String.raw`(?<word>[A-Za-z_][A-Za-z_0-9]*)`,
	String.raw`(?<punctuation>\.\.\.|<<=|>>=|->|\+\+|--|<<|>>|<=|>=|==|!=|&&|\|\||[-+*/%&|^]=|[^])`,
].join('|'), 'y');

const CLOSES = { '(': ')', '[': ']', '{': '}' };

function split(text) {
	const tokens = [];
	PATTERN.lastIndex = 0;
	while (PATTERN.lastIndex < text.length) {
		const start = PATTERN.lastIndex;
		const { groups, 0: word } = PATTERN.exec(text);
		const kind = Object.keys(groups).find((name) => groups[name] !== undefined);
		if (kind !== 'skipped') tokens.push({ kind, text: word, start, end: PATTERN.lastIndex });
	}
	return tokens;
}

/* Sets `partner`, the index of the other bracket, in both. */
function pairBrackets(tokens) {
	const open = [];
	tokens.forEach((token, index) => {
		if (token.kind !== 'punctuation') return;
		if (token.text in CLOSES) open.push(index);
		else if (')]}'.includes(token.text)) {
			const opener = open.pop();
			if (opener === undefined || CLOSES[tokens[opener].text] !== token.text) throw new Error(`a ${token.text} that nothing opens`);
			token.partner = opener;
			tokens[opener].partner = index;
		}
	});
	if (open.length) throw new Error('a bracket that nothing closes');
}

/* Of each function: its name, its type, and the indexes of its first word and of its braces. */
function findFunctions(tokens) {
	const functions = [];
	for (let i = 0, from = 0; i < tokens.length; i++) {
		if (tokens[i].text === ';') from = i + 1;
		if (tokens[i].text === '(') i = tokens[i].partner;
		if (tokens[i].text !== '{') continue;
		const close = tokens[i].partner;
		if (tokens[i - 1]?.text === ')') {
			const name = tokens[i - 1].partner - 1;
			const type = tokens.slice(from, name).map((token) => token.text).filter((word) => !/^(static|inline)$/.test(word)).join(' ');
			functions.push({ name: tokens[name].text, type, first: from, open: i, close });
			from = close + 1;
		}
		i = close;
	}
	return functions;
}

export function readSource(text) {
	const tokens = split(text);
	pairBrackets(tokens);
	return { text, tokens, functions: findFunctions(tokens) };
}
