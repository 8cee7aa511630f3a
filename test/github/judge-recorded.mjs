/*
 * judge-recorded.mjs
 *		Holds what stand-ins have recorded (standin.mjs --record) against
 *		GitHub's own description.  Speaks TAP, an assertion for each file.
 *
 *		node judge-recorded.mjs FILE...
 */
import { readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { appointJudge } from './verdict.mjs';

/* Of so many violations of a file the words are told. */
const TOLD = 5;

const judge = await appointJudge();
const verdicts = new Map();

/* The same request is judged once. */
function verdictOn(line) {
	if (!verdicts.has(line)) verdicts.set(line, judge(JSON.parse(line)));
	return verdicts.get(line);
}

async function violationsIn(lines) {
	const found = [];

	for (const line of lines) {
		const violations = await verdictOn(line);

		if (violations.length > 0) found.push(`${line}: ${violations.join('; ')}`);
	}
	return found;
}

const files = process.argv.slice(2);
let failed = 0;
let judged = 0;

for (const [index, file] of files.entries()) {
	const lines = readFileSync(file, 'utf8').split('\n').filter((line) => line !== '');
	const found = await violationsIn(lines);

	judged += lines.length;
	failed += found.length > 0 ? 1 : 0;
	console.log(`${found.length > 0 ? 'not ok' : 'ok'} ${index + 1} - ${basename(file)}: GitHub would know each of ${lines.length} requests`);
	found.slice(0, TOLD).forEach((words) => console.log(`#   ${words}`));
}
console.log(`# figure: ${judged} requests, ${verdicts.size} different ones`);
console.log(`1..${files.length}`);
process.exitCode = failed > 0 ? 1 : 0;
