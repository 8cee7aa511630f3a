/*
 * selftest.mjs
 *		The stand-in against GitHub's own description and against its own
 *		promises: a test of a client is worth what its counterpart is worth.
 *
 *		node --test selftest.mjs
 */
import assert from 'node:assert/strict';
import { spawnSync } from 'node:child_process';
import { createHmac } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { after, beforeEach, describe, it } from 'node:test';
import { fileURLToPath } from 'node:url';
import { mentionsIn } from './standin/mentions.mjs';
import {
	HUMAN, ask, command, complaints, control, errorComplaints, installationToken, jwt, program, stop, url, webhookComplaints,
} from './testing.mjs';

const ISSUES = '/repos/acme/widgets/issues';
const ISSUE = '/repos/{owner}/{repo}/issues/{issue_number}';

beforeEach(() => control.startOver());
after(stop);

const createIssue = async (body = { title: 'a title', body: 'a body' }) => (await ask('POST', ISSUES, { body })).json;
const createComment = async (number, body = 'a comment') => (await ask('POST', `${ISSUES}/${number}/comments`, { body: { body } })).json;

describe('every answer is one that GitHub describes', () => {
	const operations = [
		['GET', '/app', '/app', { app: true }, 200],
		['GET', '/app/installations/{installation_id}', '/app/installations/515151', { app: true }, 200],
		['POST', '/app/installations/{installation_id}/access_tokens', '/app/installations/515151/access_tokens', { app: true, body: { repositories: ['widgets'] } }, 201],
		['GET', '/repos/{owner}/{repo}/installation', '/repos/acme/widgets/installation', { app: true }, 200],
		['GET', '/user', '/user', {}, 200],
		['GET', '/users/{username}', '/users/tasksync%5Bbot%5D', {}, 200],
		['GET', '/users/{username}', '/users/nobody', {}, 404],
		['GET', '/rate_limit', '/rate_limit', {}, 200],
		['GET', '/repos/{owner}/{repo}', '/repos/acme/widgets', {}, 200],
		['GET', '/repos/{owner}/{repo}/issues', `${ISSUES}?state=all`, {}, 200],
		['POST', '/repos/{owner}/{repo}/issues', ISSUES, { body: { title: 'a title', labels: ['bug'] } }, 201],
		['GET', ISSUE, `${ISSUES}/1`, {}, 200],
		['PATCH', ISSUE, `${ISSUES}/1`, { body: { state: 'closed' } }, 200],
		['GET', `${ISSUE}/comments`, `${ISSUES}/1/comments`, {}, 200],
		['POST', `${ISSUE}/comments`, `${ISSUES}/1/comments`, { body: { body: 'a comment' } }, 201],
		['GET', '/repos/{owner}/{repo}/issues/comments', `${ISSUES}/comments`, {}, 200],
		['GET', ISSUE, `${ISSUES}/99`, {}, 404],
		['POST', '/repos/{owner}/{repo}/issues', ISSUES, { body: {} }, 422],
		['POST', '/repos/{owner}/{repo}/issues', ISSUES, { body: '{' }, 400],
		['PATCH', ISSUE, `${ISSUES}/1`, { body: { state: 'done' } }, 422],
	];

	for (const [method, template, path, { app, body }, status] of operations) {
		it(`${method} ${path} ${status}`, async () => {
			const issue = await createIssue();

			await createComment(issue.number);
			await command('POST', 'act', { do: 'create_issue', repo: 'acme/widgets', title: 'a pull request', pull_request: true });
			const answer = await ask(method, path, { token: app ? jwt() : HUMAN, body });

			assert.equal(answer.status, status);
			assert.deepEqual(complaints(method, template, answer), []);
		});
	}

	/* GitHub describes a listed account as a user and an enterprise at once, which nothing is. */
	it('a listed installation is what it is alone', async () => {
		const { json } = await ask('GET', '/app/installations', { token: jwt() });

		assert.deepEqual(json, [(await ask('GET', '/app/installations/515151', { token: jwt() })).json]);
	});

	it('one comment: GET, PATCH, DELETE', async () => {
		const { id } = await createComment((await createIssue()).number);
		const template = '/repos/{owner}/{repo}/issues/comments/{comment_id}';
		const path = `${ISSUES}/comments/${id}`;

		assert.deepEqual(complaints('GET', template, await ask('GET', path)), []);
		assert.deepEqual(complaints('PATCH', template, await ask('PATCH', path, { body: { body: 'changed' } })), []);
		assert.equal((await ask('DELETE', path)).status, 204);
		assert.equal((await ask('DELETE', path)).status, 404);
	});

	it('what an installation token reaches, and its revocation', async () => {
		const token = await installationToken({ repositories: ['gadgets'] });
		const answer = await ask('GET', '/installation/repositories', { token });

		assert.deepEqual(complaints('GET', '/installation/repositories', answer), []);
		assert.deepEqual(answer.json.repositories.map(({ name }) => name), ['gadgets']);
		assert.equal((await ask('GET', ISSUES, { token })).status, 404);
		assert.equal((await ask('DELETE', '/installation/token', { token })).status, 204);
		assert.equal((await ask('GET', '/installation/repositories', { token })).status, 401);
	});

	it('an issue of a deleted account has no user', async () => {
		await createIssue();
		await command('POST', 'act', { do: 'delete_user', login: 'alice' });
		const answer = await ask('GET', `${ISSUES}/1`);

		assert.equal(answer.json.user, null);
		assert.deepEqual(complaints('GET', ISSUE, answer), []);
	});
});

describe('refusals have GitHub\'s status and shape', () => {
	const long = (length) => 'x'.repeat(length);
	const refused = [
		['a request without User-Agent', 403, 'GET', ISSUES, { headers: { 'user-agent': null } }],
		['an unknown API version', 400, 'GET', ISSUES, { headers: { 'x-github-api-version': '1999-01-01' } }],
		['an unknown token', 401, 'GET', ISSUES, { token: 'ghs_unknown' }],
		['no token for a private repository', 404, 'GET', ISSUES, { token: null }],
		['an unknown path', 404, 'GET', '/nowhere', {}],
		['a trailing slash', 404, 'GET', `${ISSUES}/`, {}],
		['a body that is no object', 400, 'POST', ISSUES, { body: '[1]' }],
		['a title of 257 characters', 422, 'POST', ISSUES, { body: { title: long(257) } }],
		['a body of 65537 characters', 422, 'POST', ISSUES, { body: { title: 't', body: long(65537) } }],
		['a body that is a number', 422, 'POST', ISSUES, { body: { title: 't', body: 5 } }],
		['a comment of 65537 characters', 422, 'POST', `${ISSUES}/1/comments`, { body: { body: long(65537) } }],
		['a blank comment', 422, 'POST', `${ISSUES}/1/comments`, { body: { body: ' ' } }],
		['a comment without body', 422, 'POST', `${ISSUES}/1/comments`, { body: {} }],
		['an unknown list state', 422, 'GET', `${ISSUES}?state=done`, {}],
		['a page beyond what page numbers reach', 422, 'GET', `${ISSUES}?page=101&per_page=100`, {}],
	];

	for (const [what, status, method, path, options] of refused) {
		it(`${what}: ${status}`, async () => {
			await createIssue();
			const answer = await ask(method, path, options);

			assert.equal(answer.status, status);
			assert.deepEqual(errorComplaints(answer), []);
		});
	}

	it('65536 characters outside the basic plane are not too long', async () => {
		assert.equal((await ask('POST', ISSUES, { body: { title: 't', body: '\u{1F600}'.repeat(65536) } })).status, 201);
	});

	it('issues switched off: 410; a deleted issue: 410; a locked one takes no comment: 403', async () => {
		await createIssue();
		await createIssue();
		await command('POST', 'act', { do: 'delete_issue', repo: 'acme/widgets', number: 1 });
		await command('POST', 'act', { do: 'lock_issue', repo: 'acme/widgets', number: 2 });

		assert.equal((await ask('GET', `${ISSUES}/1`)).status, 410);
		assert.equal((await ask('POST', `${ISSUES}/2/comments`, { body: { body: 'no' } })).status, 403);
		await command('POST', 'act', { do: 'set_repository', repo: 'acme/widgets', has_issues: false });
		assert.equal((await ask('POST', ISSUES, { body: { title: 'no' } })).status, 410);
	});

	it('a token that may only read may not write', async () => {
		const token = await installationToken({ permissions: { issues: 'read', metadata: 'read' } });
		const answer = await ask('POST', ISSUES, { token, body: { title: 'no' } });

		assert.equal(answer.status, 403);
		assert.equal(answer.headers['x-accepted-github-permissions'], 'issues=write');
		assert.equal((await ask('GET', ISSUES, { token })).status, 200);
	});
});

describe('the App', () => {
	const mint = (claims, path = '/app/installations/515151/access_tokens') => ask('POST', path, { token: jwt(claims) });

	it('gets a long token with dots that lives an hour of the stand-in\'s clock', async () => {
		const { status, json: { token, expires_at } } = await mint();

		assert.equal(status, 201);
		assert.match(token, /^ghs_[A-Za-z0-9._-]{490,}$/);
		assert.equal(token.split('.').length, 3);
		assert.equal((await ask('GET', ISSUES, { token })).status, 200);
		await command('POST', 'clock', { advance: 3601 });
		assert.ok(Date.parse(expires_at) < control.clock.nowMs());
		assert.equal((await ask('GET', ISSUES, { token })).status, 401);
	});

	it('is refused a JWT that is expired, too long-lived, early, of another App or not signed by its key', async () => {
		const now = Math.floor(Date.now() / 1000);
		const [header, , signature] = jwt().split('.');
		const forged = `${header}.${Buffer.from(JSON.stringify({ iat: now, exp: now + 60, iss: 424242, more: 1 })).toString('base64url')}.${signature}`;

		assert.match((await mint({ exp: now - 1 })).json.message, /numeric value representing the future/);
		assert.match((await mint({ exp: now + 700 })).json.message, /too far in the future/);
		assert.match((await mint({ iat: now + 30 })).json.message, /'Issued at' claim/);
		assert.equal((await mint({ exp: now + 700 })).status, 401);
		assert.equal((await mint({ iss: '1' })).status, 404);
		assert.equal((await ask('GET', '/app', { token: forged })).status, 401);
		assert.equal((await ask('GET', '/app')).status, 401);
	});

	it('finds a suspended installation refused, an unknown one missing, a deleted one gone', async () => {
		const token = await installationToken();

		await command('POST', 'installation', { id: 515151, do: 'suspend' });
		assert.equal((await mint()).status, 403);
		assert.equal((await ask('GET', ISSUES, { token })).status, 403);
		assert.notEqual((await ask('GET', '/app/installations/515151', { token: jwt() })).json.suspended_at, null);
		await command('POST', 'installation', { id: 515151, do: 'unsuspend' });
		assert.equal((await ask('GET', ISSUES, { token })).status, 200);
		assert.equal((await mint({}, '/app/installations/1/access_tokens')).status, 404);
		await command('POST', 'installation', { id: 515151, do: 'delete' });
		assert.equal((await mint()).status, 404);
		assert.equal((await ask('GET', ISSUES, { token })).status, 401);
	});

	it('reads an archived repository, and writes nothing to it', async () => {
		const { number } = await createIssue();
		const { id } = await createComment(number);
		const refused = 'Repository was archived so is read-only.';

		await command('POST', 'act', { do: 'archive_repository', repo: 'acme/widgets' });
		assert.equal((await ask('GET', `${ISSUES}/${number}`)).status, 200);
		assert.equal((await ask('GET', '/repos/acme/widgets')).json.archived, true);
		for (const [method, path, body] of [['PATCH', `/${number}`, { title: 'changed' }], ['POST', '', { title: 'new' }],
			['POST', `/${number}/comments`, { body: 'new' }], ['PATCH', `/comments/${id}`, { body: 'changed' }], ['DELETE', `/comments/${id}`]]) {
			const answer = await ask(method, `${ISSUES}${path}`, { body });

			assert.deepEqual([answer.status, answer.json.message], [403, refused], `${method} ${path}`);
		}
		await command('POST', 'act', { do: 'archive_repository', repo: 'acme/widgets', archived: false });
		assert.equal((await ask('PATCH', `${ISSUES}/${number}`, { body: { title: 'changed' } })).status, 200);
	});

	it('an issue is not made under a number that there is, nor was', async () => {
		const make = (number) => command('POST', 'act', { do: 'create_issue', repo: 'acme/widgets', title: 'again', number });

		await make(7);
		await make(3);
		await assert.rejects(make(7), /issue 7 is there already/);
		await command('POST', 'act', { do: 'delete_issue', repo: 'acme/widgets', number: 7 });
		await assert.rejects(make(7), /issue 7 is there already/);
		assert.equal((await createIssue()).number, 8);
	});

	it('writes as its bot', async () => {
		const { json } = await ask('POST', ISSUES, { token: await installationToken(), body: { title: 'by the App' } });

		assert.deepEqual([json.user.login, json.user.type], ['tasksync[bot]', 'Bot']);
	});
});

describe('reading', () => {
	it('labels, assignees and milestones: one of each, a new label, strangers, and without the right to set them', async () => {
		const base = '/repos/acme/widgets';
		const marksOf = ({ json }) => [json.labels.map(({ name }) => name), json.assignees.map(({ login }) => login), json.milestone?.title];

		await command('POST', 'act', { do: 'set_repository', repo: 'acme/widgets', milestones: [{ number: 1, title: 'v1' }, { number: 2, title: 'v2' }] });
		assert.equal((await ask('GET', `${base}/labels/bug`)).status, 404);
		const made = await ask('POST', ISSUES, { body: { title: 'a title', labels: ['Bug'], assignees: ['ALICE'], milestone: 2 } });

		assert.deepEqual(marksOf(made), [['Bug'], ['alice'], 'v2']);
		assert.deepEqual(complaints('POST', '/repos/{owner}/{repo}/issues', made), []);
		assert.deepEqual(marksOf(await ask('PATCH', `${ISSUES}/1`, { body: { labels: ['bug', 'BUG', 'new one'], assignees: [], milestone: null } })),
			[['Bug', 'new one'], [], undefined]);
		for (const [path, template, status] of [[`${base}/labels/NEW%20one`, '/labels/{name}', 200], [`${base}/assignees/bob`, '/assignees/{assignee}', 204],
			[`${base}/milestones/1`, '/milestones/{milestone_number}', 200], [`${base}/milestones?state=all&per_page=1`, '/milestones', 200]]) {
			const answer = await ask('GET', path);

			assert.equal(answer.status, status, path);
			assert.deepEqual(status === 204 ? [] : complaints('GET', `/repos/{owner}/{repo}${template}`, answer), [], path);
		}
		assert.match((await ask('GET', `${base}/milestones?per_page=1`)).headers.link, /page=2.*rel="next"/);
		for (const path of ['assignees/stranger', 'assignees/acme', 'milestones/3', 'labels/none']) {
			assert.equal((await ask('GET', `${base}/${path}`)).status, 404, path);
		}
		for (const body of [{ assignees: ['stranger'] }, { milestone: 3 }]) {
			assert.equal((await ask('PATCH', `${ISSUES}/1`, { body })).status, 422);
		}
		await command('POST', 'act', { do: 'label_issue', repo: 'acme/widgets', number: 1, add: ['more'], remove: ['Bug'] });
		await command('POST', 'act', { do: 'set_repository', repo: 'acme/widgets', may_mark: false });
		assert.deepEqual(marksOf(await ask('PATCH', `${ISSUES}/1`, { body: { title: 'changed', labels: [], assignees: ['bob'], milestone: 1 } })),
			[['new one', 'more'], [], undefined]);
	});

	it('ids do not fit 32 bits, for issues and for comments', async () => {
		const issue = await createIssue();

		assert.ok(issue.id > 3_000_000_000);
		assert.ok((await createComment(issue.number)).id > 3_000_000_000);
	});

	it('an ETag holds for the token it was given to, until something changes', async () => {
		await createIssue();
		const { headers } = await ask('GET', `${ISSUES}/1`);
		const again = (token) => ask('GET', `${ISSUES}/1`, { token, headers: { 'if-none-match': headers.etag } });
		const unchanged = await again();

		assert.deepEqual([unchanged.status, unchanged.text], [304, '']);
		assert.equal(unchanged.headers['x-ratelimit-used'], headers['x-ratelimit-used'], 'a 304 is free');
		assert.equal((await again(await installationToken())).status, 200);
		await ask('PATCH', `${ISSUES}/1`, { body: { title: 'changed' } });
		assert.equal((await again()).status, 200);
	});

	it('updated_at moves with a change and with a comment, not with an edit to the same values', async () => {
		await command('POST', 'clock', { freeze: '2026-01-01T00:00:00Z' });
		const { updated_at } = await createIssue();
		const afterASecond = async (method, path, body) => {
			await command('POST', 'clock', { advance: 1 });
			await ask(method, path, { body });
			return (await ask('GET', `${ISSUES}/1`)).json.updated_at;
		};

		assert.equal(updated_at, '2026-01-01T00:00:00Z');
		assert.equal(await afterASecond('PATCH', `${ISSUES}/1`, { title: 'a title' }), updated_at);
		assert.equal(await afterASecond('PATCH', `${ISSUES}/1`, { title: 'another' }), '2026-01-01T00:00:02Z');
		assert.equal(await afterASecond('POST', `${ISSUES}/1/comments`, { body: 'a comment' }), '2026-01-01T00:00:03Z');
	});

	it('state and state_reason follow GitHub\'s rules', async () => {
		await createIssue();
		const patched = async (body) => {
			const { json } = await ask('PATCH', `${ISSUES}/1`, { body });
			return [json.state, json.state_reason, json.closed_at === null];
		};

		assert.deepEqual(await patched({ state_reason: 'not_planned' }), ['open', null, true]);
		assert.deepEqual(await patched({ state: 'closed' }), ['closed', 'completed', false]);
		assert.deepEqual(await patched({ state: 'open' }), ['open', 'reopened', true]);
		assert.deepEqual(await patched({ state: 'closed', state_reason: 'not_planned' }), ['closed', 'not_planned', false]);
	});

	it('following rel=next sees every issue once, also when one moves meanwhile', async () => {
		await command('POST', 'seed', { repositories: [{ id: 7, owner: 'acme', name: 'many', filler_issues: 25 }] });
		const seen = [];
		let next = '/repos/acme/many/issues?state=all&per_page=10&sort=created&direction=asc';

		while (next) {
			const { json, headers } = await ask('GET', next);

			seen.push(...json.map(({ number }) => number));
			next = /<([^>]+)>; rel="next"/.exec(headers.link ?? '')?.[1];
			assert.ok(next === undefined || next.startsWith(`${url}/repositories/7/issues?`));
			next = next?.slice(url.length);
			await command('POST', 'act', { do: 'delete_issue', repo: 'acme/many', number: seen.length / 10 + 1 }).catch(() => {});
		}
		assert.deepEqual(seen, Array.from({ length: 25 }, (_, index) => index + 1));
	});

	it('comments come in pages by number', async () => {
		await command('POST', 'seed', { repositories: [{ id: 8, owner: 'acme', name: 'chatty', filler_issues: 1, filler_comments: 5 }] });
		const { json, headers } = await ask('GET', '/repos/acme/chatty/issues/1/comments?per_page=2&page=2');

		assert.deepEqual(json.map(({ body }) => body), ['comment 3', 'comment 4']);
		assert.match(headers.link, /page=1>; rel="prev".*page=3>; rel="next".*page=3>; rel="last"/);
	});

	it('since, state, sort and direction choose and order', async () => {
		await command('POST', 'clock', { freeze: '2026-01-01T00:00:00Z' });
		for (const title of ['one', 'two', 'three']) {
			await createIssue({ title });
			await command('POST', 'clock', { advance: 10 });
		}
		await ask('PATCH', `${ISSUES}/1`, { body: { state: 'closed' } });
		const numbers = async (query) => (await ask('GET', `${ISSUES}?${query}`)).json.map(({ number }) => number);

		assert.deepEqual(await numbers(''), [3, 2]);
		assert.deepEqual(await numbers('state=all&sort=updated&direction=asc'), [2, 3, 1]);
		assert.deepEqual(await numbers('state=all&since=2026-01-01T00:00:20Z'), [3, 1]);
		await command('POST', 'behaviour', { since: 'exclusive' });
		assert.deepEqual(await numbers('state=all&since=2026-01-01T00:00:20Z'), [1]);
	});

	it('the App has a log of its deliveries, with detail and redelivery', async () => {
		const { number } = await createIssue();

		await createComment(number);
		const asApp = (path, more = {}) => ask(more.method ?? 'GET', `/app/hook/deliveries${path}`, { token: jwt(), ...more });
		const { json: [newest, older], headers } = await asApp('?per_page=1');

		assert.deepEqual([newest.event, newest.action, newest.repository_id, newest.installation_id, older], ['issue_comment', 'created', 1296269, 515151, undefined]);
		const next = /<([^>]+)>; rel="next"/.exec(headers.link)[1].slice(url.length + '/app/hook/deliveries'.length);
		const { json: [opened] } = await asApp(next);
		const { json: detail } = await asApp(`/${opened.id}`);

		assert.deepEqual([detail.event, detail.request.payload.action, detail.request.payload.issue.number], ['issues', 'opened', number]);
		assert.equal((await asApp(`/${opened.id}/attempts`, { method: 'POST' })).status, 202);
		await command('GET', 'webhooks?idle=1');
		const { json: [again] } = await asApp('?per_page=1');

		assert.deepEqual([again.guid, again.redelivery], [opened.guid, true]);
		assert.ok(again.id > newest.id);
	});

	it('the list of a repository\'s comments ends, lists cannot be made, and a since of 1970 shows nothing', async () => {
		await command('POST', 'seed', { repositories: [{ id: 9, owner: 'acme', name: 'chatty', filler_issues: 2, filler_comments: 6 }] });
		const status = async (path) => (await ask('GET', `/repos/acme/chatty/issues${path}`)).status;

		await command('POST', 'behaviour', { deepest_of_comments: 8 });
		assert.deepEqual([await status('/comments?per_page=4&page=2'), await status('/comments?per_page=4&page=3')], [200, 422]);
		assert.match((await ask('GET', '/repos/acme/chatty/issues/comments?per_page=4&page=3')).json.message, /pagination is limited for this resource/);
		await command('POST', 'behaviour', { oldest_since: '2020-01-01T00:00:00Z', largest_page: { comments: 6, issue_comments: 0 } });
		assert.deepEqual([await status('/comments?per_page=6'), await status('/comments?per_page=7'), await status('/comments?per_page=6&since=2019-12-31T00:00:00Z'),
			await status('/1/comments?per_page=1'), await status('?per_page=100')], [200, 502, 502, 502, 200]);
		assert.deepEqual((await ask('GET', '/repos/acme/chatty/issues?since=1970-01-01T00:00:00Z')).json, []);
	});

	it('a renamed repository redirects: 301 for GET, 307 for others; the id form works', async () => {
		await createIssue();
		await command('POST', 'act', { do: 'rename_repository', repo: 'acme/widgets', name: 'gizmos' });
		const get = await ask('GET', `${ISSUES}/1`);
		const patch = await ask('PATCH', `${ISSUES}/1`, { body: { title: 'x' } });

		assert.deepEqual([get.status, patch.status], [301, 307]);
		assert.equal(get.headers.location, `${url}/repositories/1296269/issues/1`);
		assert.equal(get.json.url, get.headers.location);
		assert.equal((await ask('GET', '/repositories/1296269/issues/1')).json.repository_url, `${url}/repos/acme/gizmos`);
	});

	it('a transferred issue redirects to where it went, under a new id', async () => {
		const { id } = await createIssue();

		await createComment(1);
		await command('POST', 'act', { do: 'transfer_issue', repo: 'acme/widgets', number: 1, to: 'acme/gadgets' });
		const { status, headers } = await ask('GET', `${ISSUES}/1`);
		const arrived = await ask('GET', headers.location.slice(url.length));

		assert.equal(status, 301);
		assert.notEqual(arrived.json.id, id);
		assert.equal(arrived.json.comments, 1);
	});

	it('lists lag behind and reads are stale when asked to', async () => {
		await command('POST', 'clock', { freeze: true });
		await command('POST', 'behaviour', { list_lag_s: 5 });
		await createIssue();
		const listed = async () => (await ask('GET', ISSUES)).json.length;

		assert.equal(await listed(), 0);
		await command('POST', 'clock', { advance: 5 });
		assert.equal(await listed(), 1);
		await ask('PATCH', `${ISSUES}/1`, { body: { title: 'new' } });
		await command('POST', 'stale_reads', { times: 1 });
		assert.equal((await ask('GET', `${ISSUES}/1`)).json.title, 'a title');
		assert.equal((await ask('GET', `${ISSUES}/1`)).json.title, 'new');
	});

	it('each read is answered by the next replica, which is as far behind as it was told', async () => {
		await command('POST', 'clock', { freeze: true });
		await createIssue();
		await command('POST', 'clock', { advance: 10 });
		const { id } = await createComment(1);
		await command('POST', 'clock', { advance: 1 });
		await ask('PATCH', `${ISSUES}/1`, { body: { title: 'new' } });
		const { headers: { etag } } = await ask('GET', `${ISSUES}/1`);
		await ask('PATCH', `${ISSUES}/1`, { body: { title: 'newer' } });
		await command('POST', 'behaviour', { replica_lags_ms: [500, 0, 5000, 5000, 20_000, 20_000] });

		assert.equal((await ask('GET', `${ISSUES}/1`)).json.title, 'a title');
		assert.equal((await ask('GET', `${ISSUES}/1`, { headers: { 'if-none-match': etag } })).json.title, 'newer');
		assert.equal((await ask('GET', `${ISSUES}/comments/${id}`)).status, 404);
		assert.equal((await ask('GET', `${ISSUES}/1/comments`)).json.length, 0);
		assert.equal((await ask('GET', `${ISSUES}/1`)).status, 404);
		assert.equal((await ask('GET', ISSUES)).json.length, 0);
	});

	it('a replica that is behind still shows what is deleted', async () => {
		await command('POST', 'clock', { freeze: true });
		await createIssue();
		const { id } = await createComment(1);
		await command('POST', 'clock', { advance: 10 });
		await ask('DELETE', `${ISSUES}/comments/${id}`);
		await command('POST', 'act', { do: 'delete_issue', repo: 'acme/widgets', number: 1 });
		await command('POST', 'clock', { advance: 1 });
		await command('POST', 'behaviour', { replica_lags_ms: [5000, 5000, 0, 0] });
		const status = async (path) => (await ask('GET', ISSUES + path)).status;

		assert.deepEqual([await status('/1'), await status(`/comments/${id}`), await status('/1'), await status(`/comments/${id}`)], [200, 200, 410, 404]);
	});

	it('an account keeps its id, and what it wrote, under another login', async () => {
		const before = (await createIssue()).user;
		await command('POST', 'act', { do: 'rename_user', login: 'alice', to: 'alicia' });
		const after = (await ask('GET', `${ISSUES}/1`)).json.user;

		assert.deepEqual([before.login, after.login, after.id], ['alice', 'alicia', before.id]);
		assert.equal((await createIssue()).user.login, 'alicia');
		const token = await installationToken();
		await command('POST', 'act', { do: 'rename_app', slug: 'plansync' });
		assert.equal((await ask('GET', '/app', { token: jwt() })).json.slug, 'plansync');
		assert.equal((await ask('POST', ISSUES, { token, body: { title: 'by the App' } })).json.user.login, 'plansync[bot]');
	});

	it('a name that was given up or whose repository is gone belongs to whoever takes it', async () => {
		await createIssue();
		await command('POST', 'act', { do: 'rename_repository', repo: 'acme/widgets', name: 'gizmos' });
		const { id } = await command('POST', 'act', { do: 'create_repository', owner: 'acme', name: 'widgets' });

		assert.equal((await ask('GET', '/repos/acme/widgets')).json.id, id);
		assert.equal((await ask('GET', `${ISSUES}/1`)).status, 404);
		assert.equal((await ask('GET', '/repositories/1296269')).json.full_name, 'acme/gizmos');
		await command('POST', 'act', { do: 'delete_repository', repo: 'acme/gizmos' });
		assert.equal((await ask('GET', '/repositories/1296269')).status, 404);
		assert.equal((await ask('GET', '/repos/acme/gizmos')).status, 404);
	});

	it('answers are compressed only when both sides want it', async () => {
		await command('POST', 'behaviour', { gzip: true });

		assert.equal((await ask('GET', ISSUES, { headers: { 'accept-encoding': 'gzip' } })).headers['content-encoding'], 'gzip');
		assert.equal((await ask('GET', ISSUES)).headers['content-encoding'], undefined);
	});
});

describe('a hastened clock', () => {
	it('goes faster than real time from a given moment on, until it is real again', async () => {
		await command('POST', 'clock', { hasten: { now: '2026-01-01T00:00:00Z', pace: 10_000 } });
		const from = Date.parse('2026-01-01T00:00:00Z');
		const until = Date.now() + 20;
		while (Date.now() < until);
		assert.ok(control.clock.nowMs() >= from + 190_000);
		await command('POST', 'clock', { advance: 86_400 });
		assert.ok(control.clock.nowMs() >= from + 86_590_000);
		await command('POST', 'clock', { real: true });
		assert.ok(Math.abs(control.clock.nowMs() - Date.now()) < 1000);
	});
});

describe('limits', () => {
	it('the hourly budget ends in 403 with remaining 0 and begins anew after an hour', async () => {
		await command('POST', 'limits', { primary: 2 });
		await ask('GET', ISSUES);
		await ask('GET', ISSUES);
		const { status, headers } = await ask('GET', ISSUES);

		assert.deepEqual([status, headers['x-ratelimit-remaining'], headers['x-ratelimit-limit']], [403, '0', '2']);
		assert.equal((await ask('GET', '/rate_limit')).json.resources.core.remaining, 0);
		await command('POST', 'clock', { advance: 3601 });
		assert.equal((await ask('GET', ISSUES)).status, 200);
	});

	it('each identity has its own budget', async () => {
		await command('POST', 'limits', { primary: 1 });
		const token = await installationToken();

		await ask('GET', ISSUES);
		assert.equal((await ask('GET', ISSUES)).status, 403);
		assert.equal((await ask('GET', ISSUES, { token })).status, 200);
	});

	it('one identity may have limits of its own, and accounts tell what each has sent', async () => {
		await command('POST', 'clock', { freeze: true });
		await command('POST', 'limits', { points_per_minute: 10, of: { 'user alice': { points_per_minute: 6, primary: 50 } } });
		await createIssue();
		assert.equal((await ask('GET', ISSUES)).headers['x-ratelimit-limit'], '50');
		assert.equal((await ask('GET', ISSUES)).status, 403);
		await command('POST', 'clock', { advance: 61 });
		assert.equal((await ask('GET', ISSUES)).status, 200);
		assert.equal((await ask('GET', ISSUES, { token: await installationToken() })).headers['x-ratelimit-limit'], '5000');
		assert.deepEqual((await command('GET', 'limits?seconds=60'))['user alice'],
			{ seconds: 61, requests: 2, points: 6, creations: 1, refusals: 1 });
		assert.equal((await command('GET', 'limits'))['user alice'].points, 7);
	});

	it('creations and points a minute end in a secondary limit, with or without Retry-After', async () => {
		await command('POST', 'clock', { freeze: true });
		await command('POST', 'limits', { creations_per_minute: 1, retry_after_s: 17 });
		await createIssue();
		const creation = await ask('POST', ISSUES, { body: { title: 'too soon' } });

		assert.deepEqual([creation.status, creation.headers['retry-after']], [403, '17']);
		assert.match(creation.json.message, /secondary rate limit/);
		assert.equal((await ask('PATCH', `${ISSUES}/1`, { body: { title: 'no creation' } })).status, 200);
		await command('POST', 'limits', { points_per_minute: 12, retry_after_s: null, secondary_status: 429 });
		await ask('GET', ISSUES);
		await ask('GET', ISSUES);
		const points = await ask('GET', ISSUES);
		assert.deepEqual([points.status, points.headers['retry-after']], [429, undefined]);
		await command('POST', 'clock', { advance: 61 });
		assert.equal((await ask('POST', ISSUES, { body: { title: 'later' } })).status, 201);
	});
});

describe('faults', () => {
	const fault = (action, rule = {}) => command('POST', 'faults', { match: { method: 'POST', path: '/issues$' }, action, ...rule });
	const issueCount = () => control.state().repositories[0].issues.length;

	it('reset before: no effect; reset after, cut in the body: the effect without the answer', async () => {
		await fault({ reset_before: true });
		await assert.rejects(createIssue());
		assert.equal(issueCount(), 0);
		await fault({ reset_after_effect: true });
		await assert.rejects(createIssue());
		assert.equal(issueCount(), 1);
		await fault({ cut_in_body: true });
		await assert.rejects(createIssue());
		assert.equal(issueCount(), 2);
		assert.deepEqual((await command('GET', 'requests')).map(({ outcome }) => outcome), ['reset', 'reset', 'cut']);
		assert.deepEqual(await command('GET', 'duplicates'), [{ issues: [1, 2], same: [1_296_269, 'alice', 'a title', 'a body'] }]);
	});

	it('a made-up answer after the effect: the effect, and another answer than its own', async () => {
		await fault({ html: 502, after_effect: true });
		assert.equal((await ask('POST', ISSUES, { body: { title: 't' } })).status, 502);
		assert.equal(issueCount(), 1);
	});

	it('made-up answers, HTML and changed headers', async () => {
		await fault({ answer: { status: 503, headers: { 'retry-after': '3' }, body: { message: 'down' } } });
		await fault({ html: 502 });
		await fault({ headers: { etag: null, 'x-extra': 'yes' } });
		const down = await ask('POST', ISSUES, { body: { title: 't' } });

		assert.deepEqual([down.status, down.headers['retry-after'], down.json], [503, '3', { message: 'down' }]);
		assert.match((await ask('POST', ISSUES, { body: { title: 't' } })).headers['content-type'], /html/);
		assert.equal((await ask('POST', ISSUES, { body: { title: 't' } })).headers['x-extra'], 'yes');
		assert.equal(issueCount(), 1);
	});

	it('a rule skips, counts and looks into the body', async () => {
		await fault({ html: 500 }, { after: 1, times: 1, match: { method: 'POST', path: '/issues$', body: 'poison' } });
		const statuses = [];

		for (const title of ['poison', 'good', 'poison', 'poison']) {
			statuses.push((await ask('POST', ISSUES, { body: { title } })).status);
		}
		assert.deepEqual(statuses, [201, 201, 500, 201]);
	});

	it('a gate holds a request until it is opened, before or after the effect', async () => {
		await fault({ gate: 'before' });
		await fault({ gate_after_effect: 'after' });
		const first = createIssue();

		assert.equal((await command('GET', 'gates/before?arrived=1')).held, 1);
		assert.equal(issueCount(), 0);
		const second = createIssue();
		await command('GET', 'gates/after?arrived=1');
		assert.equal(issueCount(), 1);
		assert.equal((await command('GET', 'counts')).most.writes_under_way, 2);
		await command('POST', 'gates/before/open');
		await command('POST', 'gates/after/open');
		assert.deepEqual([(await first).number, (await second).number], [2, 1]);
	});

	it('slow bytes arrive whole; a delay delays; an unknown action is refused', async () => {
		await fault({ slow_bytes: { bytes: 500, every_ms: 5 } });
		await fault({ delay_ms: 40 });
		assert.equal((await createIssue()).title, 'a title');
		const before = performance.now();
		await createIssue();
		assert.ok(performance.now() - before >= 39);
		await assert.rejects(fault({ explode: true }), /unknown action: explode/);
	});

	it('a dropped answer never comes; the journal knows it', async () => {
		await fault({ drop_answer: true });
		const request = http.request(url + ISSUES, { method: 'POST', headers: { 'user-agent': 'x', authorization: `Bearer ${HUMAN}` } });

		request.on('error', () => {});
		request.end('{"title":"t"}');
		const [entry] = await command('GET', `requests?wait=${encodeURIComponent('POST:/issues$')}`);
		request.destroy();
		assert.deepEqual([entry.outcome, entry.status, issueCount()], ['dropped', null, 1]);
	});
});

describe('the journal', () => {
	it('tells what was asked, when and by which kind of credential, and keeps no token', async () => {
		const token = await installationToken();

		await ask('POST', ISSUES, { token, body: { title: 'a title' } });
		const entries = await command('GET', 'requests?since=1');

		assert.equal(entries.length, 1);
		assert.deepEqual(
			[entries[0].method, entries[0].path, entries[0].status, entries[0].authorization_kind, entries[0].body],
			['POST', ISSUES, 201, 'installation', '{"title":"a title"}'],
		);
		assert.ok(Math.abs(entries[0].t - Date.now()) < 60_000 && entries[0].finished_t >= entries[0].t);
		assert.ok(!JSON.stringify(await command('GET', 'requests')).includes(token));
	});

	it('a wait is answered by the request it waits for, or by the timeout', async () => {
		const waiting = command('GET', `requests?wait=${encodeURIComponent('GET:/issues')}&count=2&timeout_ms=5000`);

		await ask('GET', ISSUES);
		await ask('GET', ISSUES);
		assert.equal((await waiting).length, 2);
		assert.deepEqual(await command('GET', 'requests?wait=PUT:x&timeout_ms=5'), []);
	});
});

describe('mentions', () => {
	const texts = [
		['@bob, and (@carol) @acme/team.', ['bob', 'carol', 'acme/team']],
		['`@bob` ``a ` @carol`` <!-- @dave -->', []],
		['```\n@bob\n```\n@carol\n~~~ js\n@dave', ['carol']],
		['mail bob@example.org, see http://x/@bob, @\u200bbob, @-bob', []],
		['@bob @BOB', ['bob']],
		['a ` b\n\n@bob ` c', ['bob']],
		['- a ` b\n- @bob ` c\n', ['bob']],
		['# a ` b\n@bob ` c', ['bob']],
		['a ` b\n> @bob ` c', ['bob']],
		['wrapped `code\n@dave` @bob', ['bob']],
		['\\` @bob ` and \\``@dave`', ['bob']],
		['`` @bob ` ``` @carol', ['bob', 'carol']],
		['see ```\n@bob\n```', ['bob']],
		['   ~~~~\n@dave\n~~~\n@dave\n~~~~~\n@bob', ['bob']],
		['    ```\n@bob', ['bob']],
		['<!-- @dave\n\n@dave -->\n_@bob_ x_@dave', ['bob']],
		[null, []],
	];

	for (const [text, names] of texts) {
		it(`in ${JSON.stringify(text)}`, () => assert.deepEqual(mentionsIn(text), names));
	}

	it('notify whom the text did not name before', async () => {
		const { number } = await createIssue({ title: '@nobody', body: '@bob' });
		const comment = await createComment(number, '@bob');

		await ask('PATCH', `${ISSUES}/${number}`, { body: { body: '@bob @carol' } });
		await ask('PATCH', `${ISSUES}/comments/${comment.id}`, { body: { body: '`@dave`' } });
		assert.deepEqual((await command('GET', 'mentions')).map(({ login, by }) => `${by} ${login}`), ['alice bob', 'alice bob', 'alice carol']);
	});
});

describe('webhooks', () => {
	const receive = async (use) => {
		const received = [];
		const server = http.createServer((request, response) => {
			const chunks = [];

			request.on('data', (chunk) => chunks.push(chunk));
			request.on('end', () => {
				received.push({ headers: request.headers, body: Buffer.concat(chunks).toString() });
				response.end();
			});
		});

		await new Promise((resolve) => server.listen(0, '127.0.0.1', resolve));
		await command('POST', 'webhooks', { url: `http://127.0.0.1:${server.address().port}/hook` });
		await use();
		await command('GET', 'webhooks?idle=1');
		await command('POST', 'webhooks', { url: null });
		server.closeAllConnections();
		server.close();
		return received;
	};
	const titles = (received) => received.map(({ body }) => JSON.parse(body).issue.title);
	const threeIssues = async () => {
		for (const title of ['one', 'two', 'three']) {
			await createIssue({ title });
		}
	};

	it('every payload is one that GitHub describes', async () => {
		await createIssue();
		await createIssue();
		const { id } = await createComment(1);
		await ask('PATCH', `${ISSUES}/1`, { body: { title: 'changed', body: 'changed', labels: ['bug'], state: 'closed' } });
		await ask('PATCH', `${ISSUES}/1`, { body: { state: 'open' } });
		await ask('PATCH', `${ISSUES}/comments/${id}`, { body: { body: 'changed' } });
		await ask('DELETE', `${ISSUES}/comments/${id}`);
		await command('POST', 'act', { do: 'delete_issue', repo: 'acme/widgets', number: 1 });
		await command('POST', 'act', { do: 'transfer_issue', repo: 'acme/widgets', number: 2, to: 'acme/gadgets' });
		await command('POST', 'act', { do: 'rename_repository', repo: 'acme/widgets', name: 'gizmos' });
		await command('POST', 'act', { do: 'archive_repository', repo: 'acme/gizmos' });
		await command('POST', 'act', { do: 'archive_repository', repo: 'acme/gizmos', archived: false });
		await command('POST', 'act', { do: 'publish_repository', repo: 'acme/gizmos' });
		await command('POST', 'act', { do: 'publish_repository', repo: 'acme/gizmos', published: false });
		await command('POST', 'installation', { id: 515151, do: 'suspend' });
		await command('POST', 'installation', { id: 515151, do: 'unsuspend' });
		await command('POST', 'installation', { id: 515151, do: 'permit', permissions: { issues: 'read' } });
		await command('POST', 'installation', { id: 515151, do: 'choose', repositories: ['acme/gizmos'] });
		await command('POST', 'installation', { id: 515151, do: 'choose', repositories: null });
		await command('POST', 'installation', { id: 515151, do: 'delete' });
		await command('POST', 'installation', { do: 'create', account: 'acme' });
		const deliveries = await command('GET', 'webhooks');

		assert.deepEqual(deliveries.map(({ event, action }) => `${event}.${action}`), [
			'issues.opened', 'issues.opened', 'issue_comment.created', 'issues.edited', 'issues.labeled', 'issues.closed', 'issues.reopened',
			'issue_comment.edited', 'issue_comment.deleted', 'issues.deleted', 'issues.transferred', 'issues.opened', 'repository.renamed',
			'repository.archived', 'repository.unarchived', 'repository.publicized', 'repository.privatized',
			'installation.suspend', 'installation.unsuspend', 'installation.new_permissions_accepted',
			'installation_repositories.removed', 'installation_repositories.added', 'installation.deleted', 'installation.created',
		]);
		for (const { event, action, body } of deliveries) {
			assert.deepEqual(webhookComplaints(event, action, JSON.parse(body)), [], `${event}.${action}`);
		}
		assert.deepEqual(JSON.parse(deliveries[3].body).changes, { title: { from: 'a title' }, body: { from: 'a body' } });
	});

	it('a delivery carries its event, a delivery id and the signature over its bytes', async () => {
		const [{ headers, body }] = await receive(() => createIssue({ title: 'h\u00e9llo \u{1F600}' }));
		const signature = createHmac('sha256', 'a secret').update(body).digest('hex');

		assert.equal(headers['x-github-event'], 'issues');
		assert.match(headers['x-github-delivery'], /^[0-9a-f]{8}-[0-9a-f-]{27}$/);
		assert.equal(headers['x-hub-signature-256'], `sha256=${signature}`);
		assert.equal(JSON.parse(body).installation.id, 515151);
	});

	it('held ones wait for their release, in order or reversed', async () => {
		await command('POST', 'webhooks', { mode: 'held' });
		assert.deepEqual(titles(await receive(threeIssues)), []);
		assert.deepEqual(titles(await receive(() => command('POST', 'webhooks/release', { order: 'reversed' }))), ['three', 'two', 'one']);
	});

	it('they are lost, doubled under one id, reversed or off', async () => {
		await command('POST', 'webhooks', { lose_every: 2 });
		assert.deepEqual(titles(await receive(threeIssues)), ['one', 'three']);
		await command('POST', 'webhooks', { lose_every: 0, mode: 'doubled' });
		const doubled = await receive(() => createIssue());
		assert.equal(doubled.length, 2);
		assert.equal(doubled[0].headers['x-github-delivery'], doubled[1].headers['x-github-delivery']);
		await command('POST', 'webhooks', { mode: 'reversed' });
		assert.deepEqual(titles(await receive(async () => {
			await threeIssues();
			await command('POST', 'webhooks/release');
		})), ['two', 'one', 'three']);
		await command('POST', 'webhooks', { mode: 'off' });
		assert.equal((await receive(threeIssues)).length, 0);
	});
});

describe('the judge', () => {
	const judged = async (use) => {
		const judge = await program('judge.mjs', '--upstream', url);
		const through = (method, path, options = {}) => ask(method, path, { at: judge.url, ...options });

		try {
			await use(through);
			return (await through('GET', '/_judge/violations', { token: null })).json;
		} finally {
			await judge.stop();
		}
	};

	it('lets everything through unchanged: answers, refusals, redirects, broken connections', async () => {
		const record = await judged(async (through) => {
			const { json, headers } = await through('POST', ISSUES, { body: { title: 'h\u00e9llo' } });
			const direct = await ask('GET', `${ISSUES}/1`);
			const judgedAnswer = await through('GET', `${ISSUES}/1`);

			assert.equal(headers.location, json.url);
			assert.deepEqual([judgedAnswer.text, judgedAnswer.headers.etag], [direct.text, direct.headers.etag]);
			assert.equal((await through('GET', `${ISSUES}/1`, { headers: { 'if-none-match': direct.headers.etag } })).status, 304);
			assert.equal((await through('GET', `${ISSUES}/99`)).status, 404);
			await command('POST', 'act', { do: 'rename_repository', repo: 'acme/widgets', name: 'gizmos' });
			assert.equal((await through('PATCH', `${ISSUES}/1`, { body: { state: 'closed', state_reason: null } })).status, 307);
			assert.equal((await through('PATCH', '/repositories/1296269/issues/1', { body: { title: 'new' } })).json.title, 'new');
			await command('POST', 'faults', { match: { path: '/issues/1$' }, action: { cut_in_body: true } });
			await assert.rejects(through('GET', '/repositories/1296269/issues/1'));
		});

		assert.deepEqual(record, { judged: 7, violations: [] });
	});

	it('remembers what GitHub would not know', async () => {
		const record = await judged(async (through) => {
			await through('POST', ISSUES, { body: { titel: 'a typo' } });
			await through('POST', ISSUES, { body: { title: 'a title', body: null } });
			await through('POST', ISSUES, { body: '{"title":"a title"}', headers: { 'content-type': 'text/plain' } });
			await through('PATCH', `${ISSUES}/1`, { body: { state: 'done' } });
			await through('GET', `${ISSUES}?state=every`);
			await through('DELETE', `${ISSUES}/1`);
			await through('GET', '/repos/acme/widgets/tasks');
		});

		assert.equal(record.judged, 7);
		assert.equal(record.violations.length, 7);
		assert.match(record.violations[0].violations.join(), /titel/);
	});

	it('judges what a stand-in has recorded, which holds no credentials', async () => {
		const standin = await program('standin.mjs', '--key-file', '{dir}/app.pem', '--record', '{dir}/requests');
		const there = (method, path, options) => ask(method, path, { at: standin.url, ...options });
		const verdict = () => spawnSync(process.execPath, [fileURLToPath(new URL('judge-recorded.mjs', import.meta.url)), `${standin.dir}/requests`], { encoding: 'utf8' });

		try {
			await there('POST', ISSUES, { body: { title: 'a title' } });
			await there('GET', `${ISSUES}/1`);
			assert.match(verdict().stdout, /^ok 1 - requests: GitHub would know each of 2 requests$/m);
			await there('POST', ISSUES, { body: { titel: 'a typo' } });
			const { stdout, status } = verdict();
			assert.match(stdout, /^not ok 1 - /m);
			assert.match(stdout, /titel/);
			assert.equal(status, 1);
			assert.ok(!readFileSync(`${standin.dir}/requests`, 'utf8').includes(HUMAN));
		} finally {
			await standin.stop();
		}
	});
});

describe('emulate', () => {
	it('knows the human, gives a stranger nothing, and lists a repository\'s comments', async () => {
		const emulate = await program('emulate.mjs', '--key-file', '{dir}/app.pem');
		const there = (method, path, options) => ask(method, path, { at: emulate.url, ...options });

		try {
			assert.equal((await there('POST', ISSUES, { body: { title: 'a title' } })).status, 201);
			assert.equal((await there('POST', `${ISSUES}/1/comments`, { body: { body: 'a comment' } })).status, 201);
			assert.equal((await there('GET', `${ISSUES}/comments`)).json.length, 1);
			assert.equal((await there('POST', ISSUES, { token: 'ghs_unknown', body: { title: 'no' } })).status, 403);
			assert.match(readFileSync(`${emulate.dir}/app.pem`, 'utf8'), /^-----BEGIN RSA PRIVATE KEY-----/);
		} finally {
			await emulate.stop();
		}
	});
});

describe('the programs', () => {
	it('end when whoever started them is gone', async () => {
		const standin = await program('standin.mjs', '--key-file', '{dir}/app.pem');

		assert.equal((await ask('GET', '/rate_limit', { at: standin.url })).status, 200);
		standin.child.stdin.end();
		assert.equal(await standin.ended, 0);
	});
});

describe('the control API', () => {
	it('tells a mistake', async () => {
		await assert.rejects(command('POST', 'act', { do: 'dance' }), /unknown deed: dance/);
		await assert.rejects(command('POST', 'nonsense'), /no control POST/);
		await assert.rejects(command('POST', 'webhooks', { mode: 'sideways' }), /unknown webhook mode/);
	});
});
