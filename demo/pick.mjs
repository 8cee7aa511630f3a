/*
 * pick.mjs
 *		Shows a few fields of the JSON on standard input, for people; with
 *		--raw only their values, for comparisons.
 *
 *		curl -s .../issues/1 | node pick.mjs number title user.login
 *
 * Of a list, the fields of each element.  Exits with 1 where a field is absent,
 * so that an error of the server's does not pass for an answer.
 */
import { readFileSync } from 'node:fs';

const raw = process.argv[2] === '--raw';
const fields = process.argv.slice(raw ? 3 : 2);

function valueOf(record, field) {
	const value = field.split('.').reduce((inner, name) => inner?.[name], record);

	if (value === undefined) {
		console.log(JSON.stringify(record));
		process.exit(1);
	}
	return value;
}

function show(record) {
	const width = Math.max(...fields.map((field) => field.length));

	for (const field of fields) {
		const value = valueOf(record, field);

		console.log(raw ? String(value) : `${field.padStart(width)}: ${JSON.stringify(value)}`);
	}
}

[JSON.parse(readFileSync(0, 'utf8'))].flat().forEach(show);
