/*
 * claim.mjs
 *		Figure 4: what a claimed row costs, with few and many queued, and as much
 *		history beside.
 *
 * The one figure that looks inside: statements that the worker runs are taken
 * for claims by the names of the functions that they call.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { perRecord } from '../lib/cost.mjs';

const CLAIMS = '(claim|candidates|release_due)\\w*\\s*\\(';
const ENOUGH = 1000;

async function untilClaimed(application, count) {
	for (;;) {
		const [{ claimed }] = await application.world.admin('SELECT $1::bigint AS claimed', [(await application.world.stub.counts()).gets]);

		if (claimed >= count) {
			return;
		}
		await sleep(20);
	}
}

function measure(world, queued) {
	return world.withApplication(async (application) => {
		await application.connectInstallations(1, 1);
		await application.withRecords({ count: 300, repositories: [1, 1] });
		await world.configure({ 'github_sync.enabled': 'off' });
		await application.restore({ count: queued, repositories: [1, 1], first: 1_000_000, ended: { state: 'completed' } });
		await application.restore({ count: queued, repositories: [1, 1], first: 5_000_000 });
		await application.superuser.query('VACUUM ANALYZE');
		await world.track('top');
		await world.admin('SELECT pg_stat_statements_reset()');
		const { gets } = await world.stub.counts();
		const cost = await world.costOf(application, async () => {
			await world.configure({ 'github_sync.enabled': 'on' });
			await untilClaimed(application, gets + ENOUGH);
			await world.configure({ 'github_sync.enabled': 'off' });
		});
		const claimed = (await application.sql('SELECT sum(claim_no)::bigint AS claimed FROM github_sync.task_sync_transactions WHERE github_issue_number >= 5000000'))[0].claimed;
		const [claims] = await world.admin(`
			SELECT sum(calls) AS calls, sum(total_exec_time + total_plan_time) AS ms, sum(shared_blks_hit + shared_blks_read) AS buffers
			FROM pg_stat_statements AS s JOIN pg_database AS d ON d.oid = s.dbid WHERE d.datname = $1 AND toplevel AND query ~ $2`, [application.name, CLAIMS]);

		await world.track('none');
		const { worker_us: worker, buffers } = perRecord(cost, claimed);

		return [queued, claimed, claims.calls / claimed, (claims.ms * 1000) / claimed, claims.buffers / claimed, worker, buffers];
	});
}

export default {
	name: 'claim',
	isRepeated: true,
	async run(world) {
		const rows = [];

		for (const queued of [1000, 100_000, ...(world.options.big ? [1_000_000] : [])]) {
			rows.push(await measure(world, queued));
		}
		return [{
			title: '4. A claimed row, with as much history as queue beside', noise: 'their buffers',
			columns: ['queued', 'claimed', 'statements of claims', 'their µs', 'their buffers', 'all: worker CPU µs', 'all: buffers'],
			rows,
			notes: ['claims: statements that call a function whose name contains claim, candidates or release_due; by claimed row', '"all" is everything that the worker did for the row'],
		}];
	},
};
