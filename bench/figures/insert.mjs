/*
 * insert.mjs
 *		Figure 3: what the rules add to an INSERT, and capture to an UPDATE, beside
 *		the same tables with the same keys, indexes and checks, but without any trigger.
 */
import { perStatement } from '../lib/session.mjs';
import { plainCopies } from '../lib/plain.mjs';

const PER_STATEMENT = 1000;
const SINGLE = 500;

const INBOUND = `(direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
	SELECT 'inbound', 1, 100000000 + n, n, to_timestamp($3) FROM generate_series($1::integer, $2::integer) AS n`;
/* What the rules make of it, when they have decided. */
const DECIDED = `(direction, state, github_app_installation_id, github_repo_id, task_id, github_issue_id, github_issue_external_id, github_issue_number, github_updated_at, queued_at)
	SELECT 'inbound', 'queued', 1, 1, c.task_id, c.id, c.github_id, n, to_timestamp($3), clock_timestamp()
	FROM generate_series($1::integer, $2::integer) AS n JOIN`;

const bulk = (count) => Array.from({ length: count / PER_STATEMENT }, (_, i) => [i * PER_STATEMENT + 1, (i + 1) * PER_STATEMENT]);
const singly = (from, count) => Array.from({ length: count }, (_, i) => [from + i, from + i]);

async function compare(application, { name, ranges, rows, values, ruled, plain }) {
	const of = (text) => perStatement(application, ranges.map((range) => ({ text, values: [...range, ...values] })), rows);
	const without = await of(plain);
	const withRules = await of(ruled);

	return [name, without.us, withRules.us, withRules.us / without.us, without.cpu_us, withRules.cpu_us, withRules.cpu_us / without.cpu_us, withRules.buffers, withRules.wal_bytes];
}

/* Of issues that are known already: their newest change. */
function known(application, name, ranges, rows, edit) {
	return compare(application, {
		name, ranges, rows, values: [application.world.stub.base_s + edit],
		ruled: `INSERT INTO github_sync.task_sync_transactions ${INBOUND}`,
		plain: `INSERT INTO plain.task_sync_transactions ${DECIDED} plain.github_issues AS c ON c.github_repo_id = 1 AND c.number = n`,
	});
}

/* Of issues that nobody has heard of: the cached record is made as well. */
function unknown(application, name, ranges, rows) {
	return compare(application, {
		name, ranges, rows, values: [application.world.stub.base_s],
		ruled: `INSERT INTO github_sync.task_sync_transactions ${INBOUND}`,
		plain: `WITH made AS (
				INSERT INTO plain.github_issues (github_id, github_repo_id, number)
				SELECT 100000000 + n, 1, n FROM generate_series($1::integer, $2::integer) AS n RETURNING id, github_id, number, task_id)
			INSERT INTO plain.task_sync_transactions ${DECIDED} made AS c ON c.number = n`,
	});
}

/* One statement for all rows, which are many: capture on, capture off, and the copy that nothing is attached to. */
async function captured(application, count) {
	const update = (table) => [{ text: `UPDATE ${table} SET title = title || '!', modified_at = now()`, values: [] }];
	const plain = await perStatement(application, update('plain.tasks'), count);

	await application.capture(true);
	const with_ = await perStatement(application, update('app.tasks'), count);

	return [`captured UPDATE, ${count} rows a statement`, plain.us, with_.us, with_.us / plain.us, plain.cpu_us, with_.cpu_us, with_.cpu_us / plain.cpu_us, with_.buffers, with_.wal_bytes];
}

export default {
	name: 'insert',
	isRepeated: true,
	run(world) {
		const count = Math.max(PER_STATEMENT, Math.floor(world.options.records / PER_STATEMENT) * PER_STATEMENT);

		return world.withApplication(async (application) => {
			await application.connectInstallations(1, 1);
			await application.withRecords({ count, repositories: [1, 1] });
			await world.configure({ 'github_sync.enabled': 'off' });
			await plainCopies(application);
			await application.superuser.query('VACUUM ANALYZE');
			const rows = [];

			rows.push(await known(application, `inbound of known records, ${PER_STATEMENT} rows a statement`, bulk(count), count, 1));
			rows.push(await known(application, 'inbound of known records, one row a transaction', singly(1, SINGLE), SINGLE, 2));
			rows.push(await unknown(application, `inbound of new records, ${PER_STATEMENT} rows a statement`, bulk(count).map(([from, to]) => [from + 1_000_000, to + 1_000_000]), count));
			rows.push(await unknown(application, 'inbound of new records, one row a transaction', singly(2_000_000, SINGLE), SINGLE));
			rows.push(await captured(application, count));
			return [{
				title: '3. INSERT with all rules, and captured UPDATE', noise: 'CPU ratio',
				columns: ['a row', 'plain µs', 'µs', 'ratio', 'plain CPU µs', 'CPU µs', 'CPU ratio', 'buffers', 'WAL bytes'],
				rows,
				charts: [{ file: 'insert', title: 'CPU time of a row beside the same tables without rules: times as much', column: 6 }],
				notes: ['plain: a copy of the tables with the same keys, indexes and checks, and no trigger but those of foreign keys', 'CPU is that of the session; µs includes the commit'],
			}];
		});
	},
};
