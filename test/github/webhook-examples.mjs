/*
 * webhook-examples.mjs
 *		Prints the payloads of @octokit/webhooks-examples, and what they lack: an
 *		event, a tab and a payload in each line, as COPY reads them.
 *
 *		node webhook-examples.mjs
 *
 * The examples are of years ago: without ids of 64 bits, an issue that is closed,
 * the texts that an edit replaced, line ends of Windows, a comment of an App's, or
 * one on a pull request.
 */
import { readFileSync } from 'node:fs';

const file = new URL('node_modules/@octokit/webhooks-examples/api.github.com/index.json', import.meta.url);
const groups = JSON.parse(readFileSync(file));

/* A copy of the first example of an event's action, changed. */
function variation(name, action, change) {
	const payload = structuredClone(groups.find((group) => group.name === name).examples.find((example) => example.action === action));

	change(payload);
	return { name, examples: [payload] };
}

const variations = [
	variation('issues', 'opened', ({ issue }) => Object.assign(issue, { id: 3_123_456_789, body: 'line 1\r\nline 2 — naïve 😀 "quoted" \\backslash\\ \t tab', state_reason: null })),
	variation('issues', 'reopened', (payload) => {
		payload.action = 'closed';
		Object.assign(payload.issue, { state: 'closed', state_reason: 'completed', closed_at: '2026-01-01T00:00:00Z', user: null, body: null });
	}),
	variation('issues', 'edited', (payload) => {
		payload.changes = { title: { from: 'old title' }, body: { from: 'old body' } };
	}),
	variation('issue_comment', 'created', ({ comment }) => Object.assign(comment, { id: 2_310_943_199, user: { ...comment.user, login: 'example-app[bot]', type: 'Bot' } })),
	variation('issue_comment', 'created', ({ issue, comment }) => {
		comment.id += 1;
		issue.pull_request = { url: `${issue.url}`.replace('/issues/', '/pulls/') };
	}),
];
const lines = [...groups, ...variations].flatMap(({ name, examples }) => examples.map((payload) =>
	`${name}\t${JSON.stringify(payload).replaceAll('\\', '\\\\')}\n`));

process.stdout.write(lines.join(''));
