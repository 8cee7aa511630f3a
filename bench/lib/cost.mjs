/*
 * cost.mjs
 *		What something costs: CPU time of the server's processes and of the
 *		stub, WAL, commits, buffers; and, where pg_stat_statements counts, statements.
 *
 * Buffers and commits are those of the database (pg_stat_database), so that
 * those of the system catalogs and of commits are among them.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { cpuOfServer } from './processes.mjs';

/* The worker tells its statistics when it is idle, a session when it ends. */
const STATISTICS_ARRIVE_MS = 1300;

export class Cost {
	constructor(world, application) {
		Object.assign(this, { world, application });
	}

	async #sample() {
		const cpu = cpuOfServer(this.world.postmaster);
		const stub_s = this.world.stub.cpu_s();
		const [counters] = await this.world.admin(`
			SELECT pg_current_wal_insert_lsn() - '0/0' AS wal_bytes, d.xact_commit AS commits, d.blks_hit + d.blks_read AS buffers,
				w.wal_sync AS syncs, w.wal_sync_time AS sync_ms,
				(SELECT coalesce(sum(s.calls), 0) FROM pg_stat_statements AS s WHERE s.dbid = d.datid) AS statements,
				(SELECT coalesce(sum(s.total_exec_time + s.total_plan_time), 0) FROM pg_stat_statements AS s WHERE s.dbid = d.datid AND s.toplevel) AS sql_ms
			FROM pg_stat_database AS d, pg_stat_wal AS w WHERE d.datname = $1`, [this.application.name]);

		return { ...cpu, stub_s, ...counters, at_ms: Date.now() };
	}

	/* Resolves with { result, ...differences }; CPU and WAL end with act, the rest is waited for. */
	async of(act, settle = () => {}) {
		await sleep(STATISTICS_ARRIVE_MS);
		const before = await this.#sample();
		const result = await act();
		const end = await this.#sample();

		await settle();
		await sleep(STATISTICS_ARRIVE_MS);
		const after = { ...(await this.#sample()), ...pick(end, ['server_s', 'worker_s', 'worker_system_s', 'stub_s', 'wal_bytes', 'at_ms']) };

		return { result, ...Object.fromEntries(Object.keys(before).map((key) => [key, after[key] - before[key]])) };
	}
}

function pick(object, keys) {
	return Object.fromEntries(keys.map((key) => [key, object[key]]));
}

/* By record, in the units that tables show. */
export function perRecord(cost, records) {
	return {
		worker_us: (cost.worker_s * 1e6) / records,
		server_us: (cost.server_s * 1e6) / records,
		stub_us: (cost.stub_s * 1e6) / records,
		wal_bytes: cost.wal_bytes / records,
		commits: cost.commits / records,
		buffers: cost.buffers / records,
	};
}
