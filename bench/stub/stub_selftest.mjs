/*
 * stub_selftest.mjs
 *		The stub is built, and answers as GitHub does: what was written is what is
 *		read. A figure measured beside a stub that forgets would mean nothing.
 */
import assert from 'node:assert/strict';
import { execFileSync } from 'node:child_process';
import { mkdtempSync, rmSync } from 'node:fs';
import { tmpdir } from 'node:os';
import { after, before, test } from 'node:test';
import { fileURLToPath } from 'node:url';
import { Stub } from '../lib/stub.mjs';

const SOURCES = ['stub', 'routes', 'answer', 'content'].map((name) => fileURLToPath(new URL(`${name}.c`, import.meta.url)));
const ISSUE = '/repos/acme/repo-3/issues/17';
let directory;
let stub;

before(async () => {
	directory = mkdtempSync(`${tmpdir()}/stub.`);
	execFileSync('cc', ['-std=gnu11', '-O1', '-g', '-Wall', '-Wextra', '-Werror', '-D_GNU_SOURCE', '-fsanitize=address,undefined', '-o', `${directory}/stub`, ...SOURCES]);
	stub = new Stub({ program: `${directory}/stub`, portFile: `${directory}/port` });
	await stub.start();
	await stub.reset();
});

after(() => {
	stub.stop();
	stub.agent.destroy();
	rmSync(directory, { recursive: true });
});

async function ask(method, path, body, headers = {}) {
	const response = await fetch(`${stub.url}${path}`, { method, headers, ...(body === undefined ? {} : { body: JSON.stringify(body) }) });
	const text = await response.text();

	return { status: response.status, etag: response.headers.get('etag'), json: text === '' ? null : JSON.parse(text) };
}

test('an issue that nobody has written is there, and stays as it is', async () => {
	const first = await ask('GET', ISSUE);
	const again = await ask('GET', ISSUE);

	assert.equal(first.status, 200);
	assert.equal(first.json.number, 17);
	assert.equal(first.json.id, 300_000_017);
	assert.equal(Date.parse(first.json.updated_at) / 1000, stub.base_s);
	assert.deepEqual(again, first);
	assert.equal((await ask('GET', ISSUE, undefined, { 'if-none-match': first.etag })).status, 304);
});

test('edit: all issues of a repository that nobody has written move by a second', async () => {
	const before_ = await ask('GET', '/repos/acme/repo-4/issues/1');

	await stub.edit(4, 4);
	const { json, etag } = await ask('GET', '/repos/acme/repo-4/issues/1');

	assert.equal(Date.parse(json.updated_at) / 1000, stub.base_s + 1);
	assert.notEqual(json.title, before_.json.title);
	assert.notEqual(etag, before_.etag);
	assert.equal(Date.parse((await ask('GET', ISSUE)).json.updated_at) / 1000, stub.base_s);
});

test('PATCH writes what it names and nothing else; GET shows it', async () => {
	const { json: before_ } = await ask('GET', ISSUE);
	const title = 'said "so", {1, [2]} \\ \n🙂';
	const patched = await ask('PATCH', ISSUE, { title, state: 'closed' });
	const { json } = await ask('GET', ISSUE);

	assert.equal(patched.status, 200);
	assert.deepEqual([json.title, json.state, json.body], [title, 'closed', before_.body]);
	assert.deepEqual(json, patched.json);
	assert.ok(Date.parse(json.updated_at) > Date.parse(before_.updated_at));
	assert.notEqual(json.closed_at, null);
	assert.equal((await ask('PATCH', ISSUE, { body: null })).json.body, null);
});

test('POST makes issues with numbers of their own, in the name of the App', async () => {
	const one = await ask('POST', '/repos/acme/repo-3/issues', { title: 'one' });
	const two = await ask('POST', '/repos/acme/repo-3/issues', { title: 'two', body: 'text' });

	assert.equal(one.status, 201);
	assert.notEqual(one.json.number, two.json.number);
	assert.deepEqual((await ask('GET', `/repos/acme/repo-3/issues/${two.json.number}`)).json, two.json);
	assert.equal(two.json.user.login, 'bench-app[bot]');
	assert.equal((await ask('GET', `/repos/acme/repo-3/issues/${two.json.number + 1}`)).status, 404);
});

test('comments: made, read, written, deleted', async () => {
	const { status, json } = await ask('POST', `${ISSUE}/comments`, { body: 'said' });
	const path = `/repos/acme/repo-3/issues/comments/${json.id}`;

	assert.equal(status, 201);
	assert.match(json.issue_url, /\/repo-3\/issues\/17$/);
	assert.deepEqual((await ask('GET', path)).json, json);
	assert.equal((await ask('PATCH', path, { body: 'said anew' })).json.body, 'said anew');
	assert.equal((await ask('DELETE', path)).status, 204);
	assert.equal((await ask('GET', path)).status, 404);
});

test('lists: as many as they were told to show, a page at a time, what changed since', async () => {
	await stub.list({ from: 6, to: 6, issues: 5, comments: 2 });
	const seen = [];

	for (let path = '/repositories/6/issues?state=all&per_page=2'; path !== undefined;) {
		const response = await fetch(`${stub.url}${path}`);

		seen.push(...(await response.json()));
		path = /<([^>]+)>; rel="next"/.exec(response.headers.get('link') ?? '')?.[1];
	}
	assert.deepEqual(seen.map(({ number, comments }) => [number, comments]), [1, 2, 3, 4, 5].map((number) => [number, 2]));
	assert.deepEqual(seen[2], (await ask('GET', '/repos/acme/repo-6/issues/3')).json);
	assert.equal((await ask('GET', '/repositories/6/issues/comments?per_page=100')).json.length, 10);
	assert.deepEqual((await ask('GET', '/repositories/6/issues/2/comments')).json.map(({ id }) => id), [60_000_000_200, 60_000_000_201]);
	const since = async (time) => (await ask('GET', `/repositories/6/issues?since=${encodeURIComponent(time)}`)).json.map(({ number }) => number);

	assert.deepEqual(await since(seen[2].updated_at), [3, 4, 5]);
	await stub.edit(6, 6);
	assert.deepEqual(await since(new Date(stub.base_s * 1000).toISOString().replace('.000', '')), [1, 2, 3, 4, 5]);
	assert.equal((await ask('GET', '/repositories/7/issues')).json.length, 0);
});

test('the App, its tokens and its repositories', async () => {
	const { status, json } = await ask('POST', '/app/installations/7/access_tokens');

	assert.equal(status, 201);
	assert.match(json.token, /^ghs_7_/);
	assert.ok(Date.parse(json.expires_at) > Date.now());
	assert.equal((await ask('GET', '/app')).json.slug, 'bench-app');
	assert.equal((await ask('GET', '/repos/acme/repo-5')).json.id, 5);
});

test('faults: an installation is refused, an issue is slow, others are not', async () => {
	await stub.limit({ installation: 7, seconds: 60 });
	await stub.slow({ repository: 8, number: 1, ms: 400 });
	const refused = await ask('GET', ISSUE, undefined, { authorization: 'Bearer ghs_7_x' });
	const started = performance.now();
	const slow = ask('GET', '/repos/acme/repo-8/issues/1').then(() => performance.now() - started);

	assert.equal(refused.status, 403);
	assert.equal((await ask('GET', ISSUE, undefined, { authorization: 'Bearer ghs_8_x' })).status, 200);
	assert.ok((await slow) >= 399);
	await stub.limit({ installation: 7, seconds: 0 });
	assert.equal((await ask('GET', ISSUE, undefined, { authorization: 'Bearer ghs_7_x' })).status, 200);
});

test('the journal tells what was asked, and when', async () => {
	const started = Date.now();

	await stub.keepJournal(true);
	await ask('PATCH', ISSUE, { title: 'edit 12' }, { authorization: 'Bearer ghs_9_x' });
	await ask('GET', ISSUE);
	const [patch, get] = await stub.journal();

	assert.deepEqual([patch.method, patch.repository, patch.number, patch.installation, patch.title], ['A', 3, 17, 9, '"edit 12"']);
	assert.equal(get.method, 'G');
	assert.ok(patch.at_ms >= started - 1 && get.at_ms <= Date.now() + 1 && get.at_ms >= patch.at_ms);
});
