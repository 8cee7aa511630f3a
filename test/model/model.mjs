/*
 * model.mjs [--histories N] [--seconds S] [--seed N] [--databases N]
 *	Plays random histories on the model of the rules and on PostgreSQL, and
 *	compares what both hold after each step.  Speaks TAP.
 *
 * Of N histories, N run one operation after the other, and a twentieth of N
 * more has operations of several sessions at once.  --seconds bounds each kind.
 * The environment says where the server is, as for psql; a superuser is needed.
 */
import { parseArgs } from 'node:util';
import { campaign } from './campaign.mjs';
import { toldFailure } from './report.mjs';

const { values } = parseArgs({ options: {
	histories: { type: 'string', default: '200' }, seconds: { type: 'string', default: '0' },
	seed: { type: 'string', default: '1' }, databases: { type: 'string', default: '2' },
} });
const [histories, seconds, seed, databases] = ['histories', 'seconds', 'seed', 'databases'].map((name) => Number(values[name]));

const KINDS = [
	{ kind: 'alone', histories, told: 'random histories' },
	{ kind: 'together', histories: Math.ceil(histories / 20), told: 'random histories of several sessions' },
];

let failed = 0;
for (const [i, { kind, histories: count, told }] of KINDS.entries()) {
	const done = await campaign({ kind, seed, histories: count, seconds: seconds || Infinity, databases });
	const rate = `${done.operations} steps, ${done.seconds.toFixed(1)} s, ${(done.histories / done.seconds).toFixed(0)} histories/s`;
	console.log(`${done.failure ? 'not ok' : 'ok'} ${i + 1} - ${done.histories} ${told}`);
	if (done.failure) {
		failed++;
		const again = `make check STEPS=model SEED=${done.failure.seed} HISTORIES=1`;
		for (const line of toldFailure({ ...done.failure, again })) console.log(`# ${line}`);
	}
	console.log(`# ${rate}, seeds from ${seed} on`);
}
console.log(`1..${KINDS.length}`);
process.exitCode = failed ? 1 : 0;
