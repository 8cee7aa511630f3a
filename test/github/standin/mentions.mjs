/*
 * mentions.mjs
 *		Whom a text of GitHub's notifies by name.
 *
 * What stands in code, in an HTML comment or within a word notifies nobody.
 * Code is a fence at the start of a line, or a span within one paragraph.
 * An edit notifies those who were not in the text before.
 */
const BLANK = /^[ \t]*$/;
const FENCE = /^ {0,3}(?:(`{3,})[^`]*|(~{3,}).*)$/;
const COMMENT = /^ {0,3}<!--/;
const HEADING = /^ {0,3}#{1,6}(?:[ \t]|$)/;
const START = /^ {0,3}(?:>|(?:[-+*]|\d{1,9}[.)])(?:[ \t]|$))/;
/* An escaped character, a comment, a span that a run of as many backticks ends, or a run that nothing ends. */
const INLINE = /\\[!-/:-@[-`{-~]|<!--[\s\S]*?-->|(`+)(?!`)[\s\S]*?[^`]\1(?!`)|`+/g;
const MENTION = /(?<![a-z\d@/.\u200b-]|[a-z\d]_+)@([a-z\d](?:[a-z\d]|-(?=[a-z\d])){0,38}(?:\/[a-z\d](?:[\w-]*[a-z\d])?)?)(?![a-z\d-]|_+[a-z\d])/gi;

/* What is no block of code, by paragraphs, items, headings and quotes. */
function paragraphsOf(text) {
	const paragraphs = [''];
	let ends = null;

	for (const line of text.split(/\r\n|\r|\n/)) {
		if (ends) {
			ends = ends.test(line) ? null : ends;
			continue;
		}
		const fence = FENCE.exec(line);

		if (fence) {
			const run = fence[1] ?? fence[2];

			ends = new RegExp(`^ {0,3}${run[0]}{${run.length},}[ \\t]*$`);
		} else if (COMMENT.test(line) && !line.includes('-->')) {
			ends = /-->/;
		} else {
			if (START.test(line) || HEADING.test(line)) {
				paragraphs.push('');
			}
			paragraphs[paragraphs.length - 1] += `${line}\n`;
			if (!BLANK.test(line) && !HEADING.test(line)) {
				continue;
			}
		}
		paragraphs.push('');
	}
	return paragraphs;
}

function spokenOf(paragraph) {
	return paragraph.replace(INLINE, (found, run) => (run || found.startsWith('<') ? '\0' : found));
}

export function mentionsIn(text) {
	const spoken = paragraphsOf(text ?? '').map(spokenOf).join('\n');

	return [...new Set([...spoken.matchAll(MENTION)].map(([, name]) => name.toLowerCase()))];
}

export function newMentions(before, after) {
	const known = mentionsIn(before);

	return mentionsIn(after).filter((name) => !known.includes(name));
}
