/*
 * laboratory.mjs
 *	Builds changed sources and has the unit tests look at them.
 *
 * How sources and tests are compiled, scripts/unit.mk alone says: make -n prints
 * it.  Everything that is not changed is built once; a test is linked with the
 * object of the changed source before the archive, whose own is then left out.
 * A test that fails, dies, takes too much CPU or too long has noticed a change.
 * Without optimising, and by the fastest linker there is: most of the time is theirs.
 * Works in the root of the tree, writes into build/mutants.
 */
import { spawn, execFile } from 'node:child_process';
import { createHash } from 'node:crypto';
import { mkdirSync, readFileSync } from 'node:fs';
import { basename } from 'node:path';
import { promisify } from 'node:util';
import { batchOf } from './batch.mjs';
import { TestRunner } from './test_runner.mjs';

const DIRECTORY = 'build/mutants';
const SERVER = `${DIRECTORY}/serve.o`;
const MAKE = ['-s', '-f', 'scripts/unit.mk'];
const run = promisify(execFile);

/* COMMAND, with INPUT on stdin: what it complains about; null: it succeeds. */
function complaints(command, input) {
	return new Promise((resolve) => {
		const child = spawn('sh', ['-c', command], { stdio: ['pipe', 'ignore', 'pipe'], env: { ...process.env, LC_ALL: 'C' } });
		const said = [];
		child.stderr.on('data', (chunk) => said.push(chunk));
		child.stdin.on('error', () => {});
		child.stdin.end(input);
		child.on('close', (status) => resolve(status === 0 ? null : Buffer.concat(said).toString()));
	});
}

const compile = async (command, input) => await complaints(command, input) === null;

export class Laboratory {
	#commands = new Map(); /* what is built -> how */
	#tests = []; /* {name, object, seconds, members} */
	#originals = new Map(); /* file, flags -> the object code of the unchanged source */
	#kills = new Map(); /* file -> test -> how many it noticed */
	#linker = '';
	#runners = new Map(); /* test and place -> its runner, of what is loaded */

	async open(files) {
		await run('make', [...MAKE, `-j2`]);
		mkdirSync(DIRECTORY, { recursive: true });
		await this.#readCommands();
		for (const linker of [' -fuse-ld=lld', ' -fuse-ld=gold']) {
			if (await compile(`cc${linker} -o ${DIRECTORY}/linked -x c -`, 'int main(void) { return 0; }')) this.#linker = linker;
		}
		if (!await compile(this.#commands.get('build/unit/src/core/span.o').replace(/ -c -o \S+ \S+$/, ` -g0 -c -o ${SERVER} test/mutants/serve.c`))) throw new Error('serve.c does not compile');
		const sources = new Set(files);
		for (const program of [...this.#commands.keys()].filter((target) => /^build\/unit\/test_\w+$/.test(target))) await this.#prepareTest(program, sources);
	}

	async #readCommands() {
		const { stdout } = await run('make', ['-n', '-B', ...MAKE], { maxBuffer: 1 << 24 });
		for (const line of stdout.split('\n')) {
			const target = / -o (\S+) /.exec(line)?.[1];
			if (target) this.#commands.set(target, line);
		}
	}

	/* Its object, which sources of ours it is linked with, and how long it takes. */
	async #prepareTest(program, sources) {
		const name = basename(program);
		const command = this.#commands.get(program);
		const object = `${DIRECTORY}/${name}.o`;
		const link = command.replace(` test/unit/${name}.c `, ` ${object} `);
		const map = `${DIRECTORY}/${name}.map`;
		const compiling = command.replace(` -o ${program} `, ` -g0 -c -o ${object} `).replace(/ build\/unit\/rooms\.a.*/, '');
		if (!await compile(compiling) || !await compile(`${link.replace(` -o ${program} `, ` -o ${DIRECTORY}/${name} `)} -Wl,-Map=${map}`)) throw new Error(`${name} does not compile`);
		/* By its base name, as archives do. */
		const members = new Set(readFileSync(map, 'utf8').match(/(?<=rooms\.a\()[^)]*(?=\.o\))/g));
		if (![...sources].some((file) => members.has(basename(file, '.c')))) return;
		const test = { name, members, seconds: 0, link: (before, to) => link.replace(` -o ${program} ${object} `, `${this.#linker} -g0 -o ${to} ${object} ${before} `) };
		await this.#measure(test);
		this.#tests.push(test);
	}

	/* How long it takes when nothing is changed. */
	async #measure(test) {
		const program = `${DIRECTORY}/unchanged_${test.name}`;
		if (!await compile(test.link(SERVER, program))) throw new Error(`${test.name} cannot be linked`);
		const runner = new TestRunner(program, { cpuSeconds: 60, wallSeconds: 60, temporary: this.#temporary(0) });
		const started = Date.now();
		const problem = await runner.run(0);
		runner.end();
		if (problem) throw new Error(`${test.name} fails without any change: ${problem}`);
		test.seconds = (Date.now() - started) / 1000;
	}

	#temporary(place) {
		mkdirSync(`${DIRECTORY}/tmp_${place}`, { recursive: true });
		return `${process.cwd()}/${DIRECTORY}/tmp_${place}`;
	}

	/* The object code of a source, without what tells lines; null: it does not compile. */
	async #objectCode(file, text, place, flags) {
		const object = `${DIRECTORY}/plain_${place}.o`;
		const command = this.#commands.get(`build/unit/${file.replace(/\.c$/, '.o')}`).replace(/ -fsanitize=\S+| -fno-sanitize\S+| -Werror/g, '')
			.replace(/ -c -o \S+ \S+$/, ` -w ${flags} -g0 -c -o ${object} -x c -`);
		return await compile(command, `# 1 "${file}"\n${text}`) ? createHash('sha256').update(readFileSync(object)).digest('hex') : null;
	}

	/* Whether the compiler makes the same of it; what it makes of it. */
	async #compare({ file, changed }, place, flags) {
		const key = `${file} ${flags}`;
		if (!this.#originals.has(key)) this.#originals.set(key, await this.#objectCode(file, readFileSync(file, 'utf8'), place, flags));
		const code = await this.#objectCode(file, changed, place, flags);
		return { code, same: code === this.#originals.get(key) };
	}

	/* Whether it is no change to the compiler; else a name for what it makes of it. */
	async nameOfCode(change, place) {
		const { code, same } = await this.#compare(change, place, '-O2');
		return same ? null : code;
	}

	/* Has the tests of a file look at this text of it, which has changes by number; what is wrong with it, if it does not compile. */
	async load(file, text) {
		this.close();
		const object = `${DIRECTORY}/changed.o`;
		const command = this.#commands.get(`build/unit/${file.replace(/\.c$/, '.o')}`).replace(/ -c -o \S+ \S+$/, ` -w -g0 -O0 -c -o ${object} -x c -`);
		const problem = await complaints(command, `# 1 "${file}"\n${text}`);
		if (problem !== null) return problem;
		for (const test of this.#testsOf(file)) if (!await compile(test.link(`${object} ${SERVER}`, `${DIRECTORY}/changed_${test.name}`))) throw new Error(`${test.name} cannot be linked with ${file}`);
		return null;
	}

	/* Loads all of a file's changes that compile, gives them numbers and returns them. */
	async loadAll(file, changes) {
		const text = readFileSync(file, 'utf8');
		let rest = changes.map((change, index) => Object.assign(change, { number: index + 1 }));
		for (;;) {
			const problem = await this.load(file, batchOf(text, rest));
			if (problem === null) return rest;
			const wrong = new Set([...problem.matchAll(/^change_(\d+):\d+:\d+: (?:fatal )?error: /gm)].map(([, number]) => Number(number)));
			const left = rest.filter(({ number }) => !wrong.has(number));
			if (left.length === rest.length) throw new Error(`the changes of ${file} do not compile together:\n${problem.slice(0, 2000)}`);
			rest = left;
		}
	}

	/* The test that notices a change of what is loaded, and the problem it saw; null: none does. */
	async examine({ file, number = 0 }, place) {
		for (const test of this.#testsOf(file)) {
			const problem = await this.#runnerOf(test, place).run(number);
			if (problem === null) continue;
			this.#kills.get(file).set(test.name, (this.#kills.get(file).get(test.name) ?? 0) + 1);
			return { test: test.name, problem };
		}
		return null;
	}

	#runnerOf(test, place) {
		const key = `${test.name} ${place}`;
		if (!this.#runners.has(key)) this.#runners.set(key, new TestRunner(`${DIRECTORY}/changed_${test.name}`, {
			cpuSeconds: Math.ceil(3 * test.seconds + 0.3), wallSeconds: Math.ceil(5 * test.seconds + 5), temporary: this.#temporary(place),
		}));
		return this.#runners.get(key);
	}

	close() {
		for (const runner of this.#runners.values()) runner.end();
		this.#runners.clear();
	}

	/* First those that noticed most, for their time. */
	#testsOf(file) {
		if (!this.#kills.has(file)) this.#kills.set(file, new Map());
		const kills = this.#kills.get(file);
		const merit = (test) => ((kills.get(test.name) ?? 0) + 1) / (test.seconds + 0.2);
		return this.#tests.filter((test) => test.members.has(basename(file, '.c'))).sort((a, b) => merit(b) - merit(a));
	}
}
