/*
 * latency.mjs
 *		Figure 5: from the commit of an edit to its request at GitHub.
 */
import { measureLatency, tasksOf, withTasks } from '../lib/latency.mjs';

const KNOWN = 1000;
const BACKLOG = 10_000;

/* Of so many installations each has been worked for once. */
function measure(world, installations, before = () => {}) {
	return world.withApplication(async (application) => {
		await application.connectInstallations(1, installations);
		await withTasks(application, 1);
		if (installations > 2) {
			await application.withRecords({ count: installations, repositories: [1, installations], first: 9000 });
		}
		const tasks = await tasksOf(application, 1);

		await before(application);
		const latency = await measureLatency(application, 1, tasks);
		const [{ left }] = await application.sql("SELECT count(*) AS left FROM github_sync.task_sync_transactions WHERE state = 'queued' AND github_repo_id = 2");

		return { ...latency, left };
	});
}

async function fillBacklog(application) {
	await application.world.configure({ 'github_sync.enabled': 'off' });
	await application.restore({ count: BACKLOG, repositories: [2, 2] });
	await application.world.configure({ 'github_sync.enabled': 'on' });
}

export default {
	name: 'latency',
	isRepeated: true,
	async run(world) {
		const idle = await measure(world, 1);
		const known = await measure(world, KNOWN);
		const busy = await measure(world, 2, fillBacklog);
		const row = (name, { p50, p99, max, missing, samples }) => [name, p50, p99, max, samples.length, missing];

		return [{
			title: '5. Latency: commit of an edit to its request at GitHub, ms', noise: 'p99',
			columns: ['worker', 'p50', 'p99', 'max', 'samples', 'not seen'],
			rows: [row('idle', idle), row(`idle, ${KNOWN} known installations`, known), row("under another installation's backlog", busy)],
			notes: [`backlog: ${BACKLOG} inbound, of which ${busy.left} still waited when the last edit had arrived`],
		}];
	},
};
