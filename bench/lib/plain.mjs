/*
 * plain.mjs
 *		Copies of the tables, in schema plain, with their rows, keys, indexes and
 *		checks, and without triggers but those of their foreign keys: what the same
 *		work costs where no rule is asked.
 */
const TABLES = { 'app.tasks': 'tasks', 'github_sync.github_issues': 'github_issues', 'github_sync.task_sync_transactions': 'task_sync_transactions' };

const COPY = (table, copy) => `
	CREATE TABLE plain.${copy} (LIKE ${table} INCLUDING ALL);
	INSERT INTO plain.${copy} SELECT * FROM ${table}`;

/* References among the copied tables are to the copies; all others stay as they are. */
const FOREIGN_KEYS = `
	SELECT c.conrelid::regclass::text AS table_name, c.conname AS name, pg_get_constraintdef(c.oid) AS definition, c.confrelid::regclass::text AS target
	FROM pg_constraint AS c WHERE c.contype = 'f' AND c.conrelid = ANY ($1::regclass[])`;

const OPTIONS = 'SELECT oid::regclass::text AS table_name, array_to_string(reloptions, $2) AS options FROM pg_class WHERE oid = ANY ($1::regclass[]) AND reloptions IS NOT NULL';

/* An identity goes on where the original's is. */
const SEQUENCES = `
	SELECT pg_get_serial_sequence($1, a.attname) AS sequence, pg_get_serial_sequence($2, a.attname) AS copy
	FROM pg_attribute AS a WHERE a.attrelid = $1::regclass AND a.attidentity <> ''`;

export async function plainCopies(application) {
	const { superuser } = application;
	const tables = Object.keys(TABLES);
	const query = async (text, values) => (await superuser.query(text, values)).rows;

	await query('SET search_path = pg_catalog');
	await query('CREATE SCHEMA plain');
	for (const { table_name: table, options } of await query(OPTIONS, [tables, ', '])) {
		await query(`${COPY(table, TABLES[table])}; ALTER TABLE plain.${TABLES[table]} SET (${options})`);
	}
	for (const table of tables) {
		const [{ exists }] = await query('SELECT to_regclass($1) IS NOT NULL AS exists', [`plain.${TABLES[table]}`]);

		if (!exists) {
			await query(COPY(table, TABLES[table]));
		}
		for (const { sequence, copy } of await query(SEQUENCES, [table, `plain.${TABLES[table]}`])) {
			await query(`SELECT setval('${copy}', last_value) FROM ${sequence}`);
		}
	}
	for (const { table_name: table, name, definition, target } of await query(FOREIGN_KEYS, [tables])) {
		await query(`ALTER TABLE plain.${TABLES[table]} ADD CONSTRAINT ${name} ${target in TABLES ? definition.replace(target, `plain.${TABLES[target]}`) : definition}`);
	}
	await query('GRANT ALL ON SCHEMA plain TO bench_owner; GRANT ALL ON ALL TABLES IN SCHEMA plain TO bench_owner; GRANT ALL ON ALL SEQUENCES IN SCHEMA plain TO bench_owner');
	await query('RESET search_path');
}
