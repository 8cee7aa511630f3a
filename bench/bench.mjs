/*
 * bench.mjs --socket DIRECTORY --data DIRECTORY --bindir DIRECTORY --stub PROGRAM --work DIRECTORY [FIGURE ...]
 *		Measures the figures that are named, or all, on a server that
 *		scripts/bench.sh has started, and prints their tables as Markdown; result.json
 *		and pictures are left in the directory for work.  README.md says what each means.
 */
import { writeFileSync } from 'node:fs';
import { cpus, loadavg } from 'node:os';
import { parseArgs } from 'node:util';
import { charts } from './lib/chart.mjs';
import { repeatedFigure } from './lib/repeats.mjs';
import { Stub } from './lib/stub.mjs';
import { tableText } from './lib/table.mjs';
import { World } from './lib/world.mjs';
import { FIGURES } from './figures/index.mjs';

const { values: given, positionals } = parseArgs({
	allowPositionals: true,
	options: {
		socket: { type: 'string' }, data: { type: 'string' }, bindir: { type: 'string' }, stub: { type: 'string' },
		work: { type: 'string' },
	},
});

const options = {
	records: Number(process.env.BENCH_RECORDS || 5000),
	repeats: Number(process.env.BENCH_REPEATS || 3),
	/* Of figures that take long, or whose noise is small. */
	fewer: Math.max(1, Number(process.env.BENCH_REPEATS || 3) - 1),
	big: (process.env.BENCH_BIG ?? '') !== '',
};

function chosen() {
	const unknown = positionals.filter((name) => !FIGURES.some((figure) => figure.name === name));

	if (unknown.length > 0) {
		console.error(`no figure is called ${unknown.join(', ')}; there are: ${FIGURES.map(({ name }) => name).join(' ')}`);
		process.exit(2);
	}
	return positionals.length === 0 ? FIGURES : FIGURES.filter(({ name }) => positionals.includes(name));
}

/* One that fails does not take the others with it. */
async function measure(world, figure) {
	const started = Date.now();

	try {
		const tables = figure.isRepeated ? await repeatedFigure(figure, world) : await figure.run(world);

		for (const table of tables) {
			console.log(tableText(table));
		}
		console.log(`(${figure.name}: ${Math.round((Date.now() - started) / 1000)} s, load ${loadavg()[0].toFixed(1)})\n`);
		return { name: figure.name, tables };
	} catch (error) {
		console.log(`### ${figure.name} FAILED\n\n${error.stack}\n`);
		process.exitCode = 1;
		return { name: figure.name, failed: error.message };
	}
}

const figures = chosen();
const stub = new Stub({ program: given.stub, portFile: `${given.work}/stub.port` });

await stub.start();
const world = new World({ ...given, stub, options });

await world.open();
const [{ version }] = await world.admin("SELECT current_setting('server_version') AS version");

console.log(`PostgreSQL ${version}, node ${process.version}, ${cpus().length} × ${cpus()[0].model.trim()}, load ${loadavg()[0].toFixed(1)}\n`);
const results = [];

for (const figure of figures) {
	results.push(await measure(world, figure));
}
writeFileSync(`${given.work}/result.json`, `${JSON.stringify({ version, node: process.version, options, results }, null, '\t')}\n`);
for (const [file, picture] of Object.entries(charts(results.flatMap(({ tables = [] }) => tables)))) {
	writeFileSync(`${given.work}/${file}.svg`, picture);
}
await world.administrator.end();
stub.stop();
stub.agent.destroy();
