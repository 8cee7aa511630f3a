/*
 * emulate.mjs
 *		A GitHub that nobody here wrote: npm's emulate, with a small world.
 *
 *		node emulate.mjs --key-file FILE [--port N] [--port-file FILE]
 *			[--webhook-url URL] [--webhook-secret S] [--clock-ahead-s N]
 *			[--die-with-stdin]
 *
 * Writes a fresh private key of the App to FILE (PKCS#1, as GitHub hands it
 * out).  The App, the installation and the names are those of the stand-in's
 * own world (README.md).
 *
 * Works around what would make a test of a client lie: emulate takes any
 * unknown token for its first user's, so the first user may do nothing; and
 * its list of a repository's comments is out of reach (emulate-routes.mjs).
 */
import { webcrypto } from 'node:crypto';
import { register } from 'node:module';
import { createServer } from 'node:http';
import { parseArgs } from 'node:util';
import { writeNewKey } from './app-key.mjs';
import { announcePort, endWithStarter } from './process.mjs';

const OWNER = 'acme';
const APP_ID = 424242;
const INSTALLATION_ID = 515151;
const HUMAN_TOKEN = 'github_pat_alice';
const COVERED = ['widgets', 'gadgets'];
const NOT_COVERED = 'elsewhere';

function world(privateKey, webhookUrl, webhookSecret) {
	return {
		tokens: { [HUMAN_TOKEN]: { login: 'alice', scopes: ['repo', 'user'] } },
		github: {
			users: [{ login: 'powerless' }, { login: 'alice', name: 'Alice' }, { login: 'tasksync[bot]', type: 'Bot' }],
			orgs: [{ login: OWNER, name: OWNER, members: [{ login: 'alice', role: 'admin' }] }],
			repos: [...COVERED, NOT_COVERED].map((name) => ({ owner: OWNER, name, private: true, auto_init: true })),
			apps: [{
				app_id: APP_ID, slug: 'tasksync', name: 'tasksync', private_key: privateKey,
				permissions: { issues: 'write', metadata: 'read' }, events: ['issues', 'issue_comment'],
				...(webhookUrl ? { webhook_url: webhookUrl, webhook_secret: webhookSecret } : {}),
				installations: [{
					installation_id: INSTALLATION_ID, account: OWNER, repository_selection: 'selected',
					repositories: COVERED.map((name) => `${OWNER}/${name}`),
				}],
			}],
		},
	};
}

/* Before emulate is loaded: it has no clock of its own that could be set. */
function putClockAhead(seconds) {
	const RealDate = Date;

	globalThis.Date = class extends RealDate {
		constructor(...time) {
			super(...(time.length > 0 ? time : [RealDate.now() + seconds * 1000]));
		}

		static now() {
			return RealDate.now() + seconds * 1000;
		}
	};
}

/* emulate builds its URLs from the port it is given: it has to be a real one. */
function freePort() {
	return new Promise((resolve) => {
		const probe = createServer().listen(0, '127.0.0.1', () => {
			const { port } = probe.address();

			probe.close(() => resolve(port));
		});
	});
}

const { values } = parseArgs({
	options: {
		'key-file': { type: 'string' },
		port: { type: 'string', default: '0' },
		'port-file': { type: 'string' },
		'webhook-url': { type: 'string' },
		'webhook-secret': { type: 'string' },
		'clock-ahead-s': { type: 'string', default: '0' },
		'die-with-stdin': { type: 'boolean', default: false },
	},
});

endWithStarter(values['die-with-stdin']);

globalThis.crypto ??= webcrypto;		/* emulate verifies JWTs with it; node 18 does not offer it unasked */
putClockAhead(Number(values['clock-ahead-s']));
register('./emulate-routes.mjs', import.meta.url);

const { createEmulator } = await import('emulate');
const port = Number(values.port) || await freePort();
const { url } = await createEmulator({
	service: 'github', port, hostname: '127.0.0.1', baseUrl: `http://127.0.0.1:${port}`,
	seed: world(writeNewKey(values['key-file']), values['webhook-url'], values['webhook-secret']),
});

announcePort(values['port-file'], port);
console.log(`listening on ${url}`);
