/*
 * killer.mjs
 *		kill -9 of the worker, of a session of the application, of the server.
 */
const SESSIONS = {
	worker: "backend_type = 'github_sync worker'",
	backend: "backend_type = 'client backend' AND application_name = 'application'",
};

export const VICTIMS = ['worker', 'backend', 'postmaster'];

/* Resolves with when the server accepts connections again; null: there was none to kill. */
export async function kill(server, database, victim) {
	const witness = await server.connect(database);
	const [found] = victim === 'postmaster' ? [{ pid: server.postmaster.pid }]
		: (await witness.query(`SELECT pid FROM pg_stat_activity WHERE datname = current_database() AND ${SESSIONS[victim]} LIMIT 1`)).rows;

	if (found === undefined) {
		await witness.end();
		return null;
	}
	/* All sessions end with it, ours too. */
	const ended = new Promise((resolve) => witness.on('end', resolve));

	process.kill(found.pid, 'SIGKILL');
	await ended;
	if (victim === 'postmaster') {
		await server.start();
	}
	return server.accepts(database);
}
