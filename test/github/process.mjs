/*
 * process.mjs
 *		What the programs of this directory share: a port file that is there
 *		exactly when the port answers, and an end at SIGTERM or, with
 *		--die-with-stdin, when whoever started them is gone.
 */
import { renameSync, writeFileSync } from 'node:fs';

/* Written aside and renamed: a reader never sees half a number. */
export function announcePort(file, port) {
	if (file !== undefined) {
		writeFileSync(`${file}.new`, `${port}\n`);
		renameSync(`${file}.new`, file);
	}
}

export function endWithStarter(withStdin, beforeExit = () => {}) {
	const exit = () => {
		beforeExit();
		process.exit(0);
	};

	process.on('SIGTERM', exit);
	process.on('SIGINT', exit);
	if (withStdin) {
		process.stdin.on('close', exit);
		process.stdin.on('end', exit);
		process.stdin.resume();
	}
}
