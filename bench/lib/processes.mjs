/*
 * processes.mjs
 *		What processes cost and hold, as /proc tells it.
 */
import { readdirSync, readFileSync } from 'node:fs';

const TICKS_PER_S = 100;	/* of /proc on every Linux that matters: USER_HZ */

function read(file) {
	try {
		return readFileSync(file, 'latin1');
	} catch {
		return null;		/* it has ended */
	}
}

function list(directory) {
	try {
		return readdirSync(directory);
	} catch {
		return [];
	}
}

/* { parent, system_s, buried_s }, or null; buried: of children that were waited for. */
function statOf(pid) {
	const text = read(`/proc/${pid}/stat`);

	if (text === null) {
		return null;
	}
	const fields = text.slice(text.lastIndexOf(')') + 2).split(' ');
	const [system, buriedUser, buriedSystem] = fields.slice(12, 15).map((ticks) => Number(ticks) / TICKS_PER_S);

	return { parent: Number(fields[1]), system_s: system, buried_s: buriedUser + buriedSystem };
}

/* To the nanosecond, of all threads: many sessions with little to do each would be nothing in ticks. */
export function cpuOf(pid) {
	let nanoseconds = 0;

	for (const thread of list(`/proc/${pid}/task`)) {
		nanoseconds += Number((read(`/proc/${pid}/task/${thread}/schedstat`) ?? '0').split(' ')[0]);
	}
	return nanoseconds / 1e9;
}

/* Of a server: all of its processes, and those that work for the extension. */
export function cpuOfServer(postmaster) {
	const cpu = { server_s: 0, worker_s: 0, worker_system_s: 0 };

	for (const pid of readdirSync('/proc').filter((name) => /^\d+$/.test(name))) {
		const stat = statOf(pid);

		if (stat === null || (Number(pid) !== postmaster && stat.parent !== postmaster)) {
			continue;
		}
		const own_s = cpuOf(pid);

		cpu.server_s += own_s + (Number(pid) === postmaster ? stat.buried_s : 0);
		if (/github_sync worker/.test(read(`/proc/${pid}/cmdline`) ?? '')) {
			cpu.worker_s += own_s;
			cpu.worker_system_s += stat.system_s;
		}
	}
	return cpu;
}

/* Of one process, in megabytes: what it alone holds, and the most that it had resident. */
export function memoryOf(pid) {
	const text = read(`/proc/${pid}/status`) ?? '';
	const mb = (name) => Number(new RegExp(`^${name}:\\s+(\\d+) kB`, 'm').exec(text)?.[1] ?? NaN) / 1024;

	return { own_mb: mb('RssAnon'), most_mb: mb('VmHWM') };
}
