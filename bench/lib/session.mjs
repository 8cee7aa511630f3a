/*
 * session.mjs
 *		What statements cost the session that runs them, each committed by itself.
 */
import { cpuOf } from './processes.mjs';

async function counters(application) {
	await application.flushStatistics();
	const [row] = await application.world.admin(`
		SELECT blks_hit + blks_read AS buffers, pg_current_wal_insert_lsn() - '0/0' AS wal_bytes FROM pg_stat_database WHERE datname = $1`, [application.name]);

	return row;
}

/* statements: [{ text, values }], of so many rows in all; resolves with what a row took: us, cpu_us, buffers, wal_bytes. */
export async function perStatement(application, statements, rows) {
	const [{ pid }] = await application.sql('SELECT pg_backend_pid() AS pid');
	const before = await counters(application);
	const cpu = cpuOf(pid);
	const started = performance.now();

	for (const { text, values, name } of statements) {
		await application.owner.query({ text, values, name });
	}
	const us = (performance.now() - started) * 1000;
	const cpu_us = (cpuOf(pid) - cpu) * 1e6;
	const after = await counters(application);

	return { us: us / rows, cpu_us: cpu_us / rows, buffers: (after.buffers - before.buffers) / rows, wal_bytes: (after.wal_bytes - before.wal_bytes) / rows };
}
