/*
 * backfill.mjs
 *		Figure 12: what lists show, a hundred a page: an import, the same lists
 *		read once more, and a program that imports by COPY and does nothing else.
 */
import { setTimeout as sleep } from 'node:timers/promises';
import { COLUMNS, repeated } from '../lib/throughput.mjs';
import { PEER_COLUMNS, measurePeer } from './peers.mjs';

const COMMENTS = 3;
const WARM_UP = 200;
const LOOK_EVERY_MS = 50;
const LIMIT_S = 300;

/* Until all that was asked for has been read. */
async function allRead(application, repositories) {
	const deadline = Date.now() + LIMIT_S * 1000;
	const [from, to] = repositories;

	for (;;) {
		const { rows: [{ is_read, last_ms }] } = await application.superuser.query(`
			SELECT bool_and(phase = 'sweep' AND NOT is_asked) AS is_read, 1000 * extract(epoch FROM max(last_complete_at))::float8 AS last_ms
			FROM github_sync.repo_sweeps WHERE github_repo_id BETWEEN $1 AND $2`, [from, to]);

		if (is_read) {
			return last_ms;
		}
		if (Date.now() > deadline) {
			throw new Error(`not all lists were read within ${LIMIT_S} s`);
		}
		await sleep(LOOK_EVERY_MS);
	}
}

async function countRecords(application, repositories) {
	const { rows: [{ count }] } = await application.superuser.query(`
		SELECT (SELECT count(*) FROM github_sync.github_issues WHERE task_id IS NOT NULL AND github_repo_id BETWEEN $1 AND $2)
			+ (SELECT count(*) FROM github_sync.github_comments WHERE comment_id IS NOT NULL AND github_repo_id BETWEEN $1 AND $2) AS count`, repositories);

	return count;
}

/* ask: the function that makes the lists due; records: how many they show. */
async function read(application, repositories, records, ask) {
	const { world } = application;

	await world.configure({ 'github_sync.enabled': 'off' });
	await application.sql(`SELECT github_sync.${ask}(n) FROM generate_series($1::bigint, $2::bigint) AS n`, repositories);
	const cost = await world.costOf(application, async () => {
		const started_ms = Date.now();

		await world.configure({ 'github_sync.enabled': 'on' });
		return ((await allRead(application, repositories)) - started_ms) / 1000;
	});
	const count = await countRecords(application, repositories);

	if (count !== records) {
		throw new Error(`${count} of ${records} records are here: ${JSON.stringify(await application.states())}`);
	}
	return { rate: records / cost.result, records, cost };
}

async function once(world, installations) {
	return world.withApplication(async (application) => {
		const issues = Math.ceil(world.options.records / (1 + COMMENTS) / installations);
		const repositories = [2, 1 + installations];
		const records = issues * (1 + COMMENTS) * installations;

		await world.stub.list({ from: 1, to: 1, issues: WARM_UP, comments: 1 });
		await world.stub.list({ from: repositories[0], to: repositories[1], issues, comments: COMMENTS });
		await application.connectInstallations(1, 1 + installations);
		await application.sql('UPDATE github_sync.repo_sweeps SET is_asked = false');
		await read(application, [1, 1], WARM_UP * 2, 'backfill_repo');
		const imported = await read(application, repositories, records, 'backfill_repo');
		const again = await read(application, repositories, records, 'reconcile_repo');

		return { [`import, installations: ${installations}`]: imported, [`again, nothing changed, installations: ${installations}`]: again };
	});
}

export default {
	name: 'backfill',
	async run(world) {
		const rows = [];

		for (const installations of [1, 8]) {
			rows.push(...(await repeated(world, () => once(world, installations))));
		}
		return [
			{ title: `12. Backfill, ${world.options.records} records a run, issues with ${COMMENTS} comments each`, columns: ['lists of a hundred', ...COLUMNS], rows },
			{
				title: `12. Peer, ${world.options.records} issues`, columns: PEER_COLUMNS,
				rows: [await measurePeer(world, { title: 'node: each page of the list by COPY', program: 'copy', isEmpty: true })],
				notes: ['The peer copies title, text, state and times into a table; it keeps no ids of GitHub\'s, and can do so once.'],
			},
		];
	},
};
