/*
 * standin.mjs
 *		A GitHub on 127.0.0.1 for tests: issues, comments, App tokens and
 *		webhooks, with faults and a clock under the test's control.
 *
 *		node standin.mjs [--port N] [--port-file FILE] [--app-id N]
 *			[--public-key FILE | --key-file FILE]
 *			[--webhook-url URL] [--webhook-secret S] [--record FILE]
 *			[--die-with-stdin]
 *
 * --public-key reads a PEM of the App's key (either half); --key-file makes a
 * new one and writes its private half there.  --record appends a line of JSON
 * for each request, without its credentials, for judge-recorded.mjs.  See README.md for the control
 * API.  Standard library only.
 */
import { appendFileSync, readFileSync } from 'node:fs';
import { parseArgs } from 'node:util';
import { writeNewKey } from './app-key.mjs';
import { announcePort, endWithStarter } from './process.mjs';
import { startStandin } from './standin/server.mjs';

const { values } = parseArgs({
	options: {
		port: { type: 'string', default: '0' },
		'port-file': { type: 'string' },
		'app-id': { type: 'string' },
		'public-key': { type: 'string' },
		'key-file': { type: 'string' },
		'webhook-url': { type: 'string' },
		'webhook-secret': { type: 'string' },
		record: { type: 'string' },
		'die-with-stdin': { type: 'boolean', default: false },
	},
});

function appKey({ 'public-key': existing, 'key-file': made }) {
	return existing ? readFileSync(existing) : made && writeNewKey(made);
}

function record({ method, target, headers: { authorization: _, ...headers }, body }) {
	appendFileSync(values.record, `${JSON.stringify({ method, target, headers, body })}\n`);
}

endWithStarter(values['die-with-stdin']);

const { port, url } = await startStandin({
	port: Number(values.port),
	appId: values['app-id'] && Number(values['app-id']),
	publicKey: appKey(values),
	webhookUrl: values['webhook-url'],
	webhookSecret: values['webhook-secret'],
	onRequest: values.record && record,
});

announcePort(values['port-file'], port);
console.log(`listening on ${url}`);
