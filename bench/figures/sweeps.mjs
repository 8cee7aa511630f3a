/*
 * sweeps.mjs
 *		What it costs to look at repositories in which nothing changes, a request
 *		for each list, by how many there are.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { perRecord } from '../lib/cost.mjs';

const INTERVAL_S = 10;
const WATCHED_S = 30;
const READ_WITHIN_S = 300;

/* Until each list has been read once, with a census. */
async function imported(application) {
	for (const deadline = Date.now() + READ_WITHIN_S * 1000; Date.now() < deadline; await sleep(200)) {
		const { rows: [{ waits }] } = await application.superuser.query(`
			SELECT count(*) FILTER (WHERE s.phase = 'backfill' OR s.pass_began_at IS NOT NULL OR s.last_census_at IS NULL AND s.stream = 'issues') AS waits
			FROM github_sync.repo_sweeps AS s`);

		if (waits === 0) {
			return;
		}
	}
	throw new Error(`not all lists were read within ${READ_WITHIN_S} s`);
}

function measure(world, repositories) {
	return world.withApplication(async (application) => {
		await world.stub.list({ from: 1, to: repositories, issues: 1 });
		await world.configure({ 'github_sync.reconcile_interval': `${INTERVAL_S}s` });
		try {
			await application.connectInstallations(1, repositories);
			await imported(application);
			const { lists: before } = await world.stub.counts();
			const cost = await world.costOf(application, () => sleep(WATCHED_S * 1000));
			const requests = (await world.stub.counts()).lists - before;
			const per = perRecord(cost, requests);

			return [requests / WATCHED_S, per.worker_us, per.server_us, per.buffers, per.wal_bytes, per.commits];
		} finally {
			await world.configure({ 'github_sync.reconcile_interval': null });
		}
	});
}

export default {
	name: 'sweeps',
	isRepeated: false,
	async run(world) {
		const rows = [];

		for (const repositories of [100, 1000]) {
			rows.push([`${repositories}`, ...await measure(world, repositories)]);
		}
		return [{
			title: `Sweeps of repositories where nothing changes, each with an installation, every ${INTERVAL_S} s, per request`,
			columns: ['repositories', 'requests/s', 'worker CPU µs', 'server CPU µs', 'buffers', 'WAL bytes', 'commits'],
			rows,
		}];
	},
};
