/*
 * test_runner.mjs
 *	A unit test that is linked with serve.c: one process that runs the test once
 *	for each change.
 */
import { spawn } from 'node:child_process';

const SANITIZERS = 'symbolize=0:hard_rss_limit_mb=1500:max_allocation_size_mb=1000';

/* What a run printed and how it ended: null where all is well, else what is not. */
function problemOf(output, ended) {
	const failed = /(?:^|\n)not ok \d+ - (.*)/.exec(output);
	if (failed) return failed[1];
	if (ended === '@late') return 'takes too long';
	const status = Number(ended.split(' ')[1]);
	if (status !== 0) return status & 127 ? `ends by signal ${status & 127}` : `ends by exit code ${status >> 8}`;
	return /(?:^|\n)1\.\.\d+\n/.test(output) ? null : 'ends without a plan';
}

export class TestRunner {
	#child;
	#output = '';
	#resolve = null;

	constructor(program, { cpuSeconds, wallSeconds, temporary }) {
		this.#child = spawn(program, [], { stdio: ['pipe', 'pipe', 'ignore'], env: {
			...process.env, TMPDIR: temporary, CHANGES_CPU_S: String(cpuSeconds), CHANGES_WALL_S: String(wallSeconds), UNIT_STOP: '1',
			ASAN_OPTIONS: SANITIZERS, UBSAN_OPTIONS: 'symbolize=0',
		} });
		this.#child.stdin.on('error', () => {});
		this.#child.stdout.on('data', (chunk) => this.#take(chunk));
		this.#child.on('close', () => this.#settle('does not run'));
	}

	#take(chunk) {
		this.#output += chunk;
		const ended = /\n(@late|@ended \d+)\n$/.exec(this.#output.slice(-40));
		if (ended) this.#settle(problemOf(this.#output, ended[1]));
	}

	#settle(problem) {
		const resolve = this.#resolve;
		this.#output = '';
		this.#resolve = null;
		resolve?.(problem);
	}

	/* One at a time. */
	run(number) {
		return new Promise((resolve) => {
			this.#resolve = resolve;
			this.#child.stdin.write(`${number}\n`);
		});
	}

	end() { this.#child.stdin.end(); }
}
