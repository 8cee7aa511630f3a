/*
 * c_mutants.mjs
 *	Makes small changes to the C of the pure rooms, one at a time, and says which
 *	of them no unit test notices.  Speaks TAP; from the root of the tree.
 *
 *	MUTANTS		how many changes, at random, or "all"; default: 200
 *	FILES		only of these sources
 *	SEED		of the choice; default: 1
 *
 * A change that the compiler makes the same object code of is none, nor is one
 * that equivalent.txt names, with the reason why nobody can see it.  What that
 * file names and no longer exists, or is noticed, is a failure as well.
 */
import { readdirSync, readFileSync } from 'node:fs';
import { availableParallelism } from 'node:os';
import { Random } from '../model/prng.mjs';
import { changesOf, TABLE } from './c_changes.mjs';
import { keyOf, readEquivalents } from './equivalents.mjs';
import { Laboratory } from './laboratory.mjs';

const ROOMS = ['src/core', 'src/crypto', 'src/http'];
const files = process.env.FILES?.split(/\s+/).filter(Boolean) ?? [];
if (!files.length) for (const room of ROOMS) files.push(...readdirSync(room).filter((name) => name.endsWith('.c')).sort().map((name) => `${room}/${name}`));
const wanted = process.env.MUTANTS || '200';
const started = Date.now();
const equivalents = readEquivalents('test/mutants/equivalent.txt');
const laboratory = new Laboratory();
const counts = { uncompilable: 0, sameCode: 0, repeated: 0, noticed: 0, listed: 0, survived: 0 };
let told = 0, failed = 0;

function tell(good, what, ...lines) {
	console.log(`${good ? 'ok' : 'not ok'} ${++told} - ${what}`);
	for (const line of lines) console.log(`#   ${line}`);
	if (!good) failed++;
}

/* The first `wanted` of them in an order that the seed repeats. */
function choose(changes) {
	if (wanted === 'all') return changes;
	const random = new Random(Number(process.env.SEED || 1));
	return changes.map((change) => ({ change, place: random.fraction() })).sort((a, b) => a.place - b.place).slice(0, Number(wanted)).map(({ change }) => change);
}

const seen = new Set(); /* the object codes of what no test noticed */

/* What no test noticed: is it a change, and the first of its kind? */
async function judgeSurvivor(change, listed, place, name, lines) {
	const code = await laboratory.nameOfCode(change, place);
	if (code === null) counts.sameCode++;
	else if (seen.has(code)) counts.repeated++;
	else if (listed) counts.listed++;
	else {
		counts.survived++;
		tell(false, `${name}: no test notices, in ${change.function}`, ...lines);
	}
	seen.add(code);
}

async function examine(change, place) {
	const name = `${change.file}:${change.line}`;
	const lines = [`- ${change.before}`, `+ ${change.after}`];
	const listed = equivalents.get(keyOf(change));
	const noticed = await laboratory.examine(change, place);
	if (!noticed) await judgeSurvivor(change, listed, place, name, lines);
	else if (listed) tell(false, `${name}: equivalent.txt names what ${noticed.test} notices: ${noticed.problem}`, ...lines);
	else {
		counts.noticed++;
		tell(true, `${name}: ${noticed.test}: ${noticed.problem}`);
	}
}

/* All changes of functions at once; those of tables, each by itself. */
async function examineFile(file, changes) {
	const ofFunctions = changes.filter((change) => change.function !== TABLE);
	const compiling = ofFunctions.length ? await laboratory.loadAll(file, ofFunctions) : [];
	counts.uncompilable += ofFunctions.length - compiling.length;
	await Promise.all(Array.from({ length: Math.min(2, availableParallelism()) }, async (_, place) => {
		while (compiling.length) await examine(compiling.shift(), place);
	}));
	for (const change of changes.filter((one) => one.function === TABLE)) {
		if (await laboratory.load(file, change.changed) === null) await examine(change, 0);
		else counts.uncompilable++;
	}
}

/* Of what the list names, what could no longer be done. */
function tellOfTheGone(changes) {
	const possible = new Set(changes.map(keyOf));
	for (const [key, { file, function: name, before, after }] of equivalents) {
		if (files.includes(file) && !possible.has(key)) tell(false, `equivalent.txt names what ${file} no longer has in ${name}`, `- ${before}`, `+ ${after}`);
	}
}

const changes = files.flatMap((file) => changesOf(file, readFileSync(file, 'utf8')));
const chosen = choose(changes);
await laboratory.open(files);
for (const file of files) {
	const mine = chosen.filter((change) => change.file === file);
	if (mine.length) await examineFile(file, mine);
}
laboratory.close();
tellOfTheGone(changes);
const { uncompilable, sameCode, repeated, noticed, listed, survived } = counts;
console.log(`# figure: ${chosen.length} of ${changes.length} changes: ${uncompilable} do not compile, ${sameCode} are the same object code, ${repeated} are the same as another that no test notices,`);
console.log(`# figure: ${noticed} noticed, ${listed} that nobody can see, ${survived} that no test notices; ${Math.round((Date.now() - started) / 1000)} s`);
if (told === 0) tell(true, 'nothing to notice');
console.log(`1..${told}`);
process.exitCode = failed ? 1 : 0;
