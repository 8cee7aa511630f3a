/*
 * mutants.mjs [--histories N] [--databases N] [--only WORDS]
 *	Breaks one rule after the other, each in a database of its own, and says
 *	after how many histories the model noticed; a rule whose breach it does not
 *	notice within N is one that nobody tests.  Speaks TAP.
 */
import { parseArgs } from 'node:util';
import { breakage, BROKEN_RULES } from './broken_rules.mjs';
import { campaign } from './campaign.mjs';

const { values } = parseArgs({ options: {
	histories: { type: 'string', default: '5000' }, databases: { type: 'string', default: '2' }, only: { type: 'string', default: '' },
} });

const title = ({ rule, does }) => `${rule}: ${does}`;
const waiting = BROKEN_RULES.filter((broken) => title(broken).includes(values.only));
const planned = waiting.length;
let told = 0;
let missed = 0;

async function search(broken, name) {
	try {
		return await campaign({ kind: 'alone', seed: 1, histories: Number(values.histories), name, change: breakage(broken), shrinks: false });
	} catch (error) {
		return { failure: null, problem: error.message };
	}
}

async function tellWhetherNoticed(broken, name) {
	const { failure, histories, seconds, problem } = await search(broken, name);
	const how = failure ? `noticed after ${histories} histories, ${seconds.toFixed(1)} s` : problem ?? `not noticed in ${histories} histories`;
	console.log(`${failure ? 'ok' : 'not ok'} ${++told} - ${title(broken)}: ${how}`);
	if (!failure) missed++;
}

await Promise.all(Array.from({ length: Number(values.databases) }, async (_, i) => {
	while (waiting.length) await tellWhetherNoticed(waiting.shift(), `mutant_${i + 1}`);
}));
console.log(`1..${planned}`);
process.exitCode = missed ? 1 : 0;
