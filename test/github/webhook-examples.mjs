/*
 * webhook-examples.mjs
 *		Prints the payloads of @octokit/webhooks-examples: an event, a tab and a
 *		payload in each line, as COPY reads them.
 *
 *		node webhook-examples.mjs
 */
import { readFileSync } from 'node:fs';

const file = new URL('node_modules/@octokit/webhooks-examples/api.github.com/index.json', import.meta.url);
const lines = JSON.parse(readFileSync(file)).flatMap(({ name, examples }) => examples.map((payload) =>
	`${name}\t${JSON.stringify(payload).replaceAll('\\', '\\\\')}\n`));

process.stdout.write(lines.join(''));
