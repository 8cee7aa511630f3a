/*
 * mentions.mjs
 *		Whom a text of GitHub's notifies by name.
 *
 * What stands in code, in an HTML comment or within a word notifies nobody.
 * An edit notifies those who were not in the text before.
 */
const FENCED = /^(`{3,}|~{3,})[^\n]*\n(?:[\s\S]*?^\1[`~]*[ \t]*$|[\s\S]*)/gm;
const INLINE = /(`+)(?!`)[\s\S]*?[^`]\1(?!`)/g;
const COMMENT = /<!--[\s\S]*?-->/g;
const MENTION = /(?<![\w`@/.\u200b-])@([a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}(?:\/[a-z\d][\w-]*)?)(?![\w-])/gi;

export function mentionsIn(text) {
	const spoken = (text ?? '').replace(FENCED, '').replace(COMMENT, '').replace(INLINE, '');

	return [...new Set([...spoken.matchAll(MENTION)].map(([, name]) => name.toLowerCase()))];
}

export function newMentions(before, after) {
	const known = mentionsIn(before);

	return mentionsIn(after).filter((name) => !known.includes(name));
}
