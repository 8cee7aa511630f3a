/*
 * webhook_receiver.mjs
 *		What an application does with GitHub's webhooks: verifies the signature
 *		over the raw bytes and inserts a sync transaction.
 *
 *		node webhook_receiver.mjs --secret-file FILE --port-file FILE
 *
 * Takes nothing over from the payload but ids and a time: the worker fetches
 * the rest from GitHub.  The database is that of psql's environment variables
 * (PGHOST, PGUSER ...).  One line per delivery on standard output.
 */
import { execFile } from 'node:child_process';
import { createHmac, timingSafeEqual } from 'node:crypto';
import { readFileSync } from 'node:fs';
import http from 'node:http';
import { parseArgs, promisify } from 'node:util';
import { announcePort, endWithStarter } from '../test/github/process.mjs';

const MAX_BYTES = 25 * 1024 * 1024;		/* GitHub sends no larger payload */
const ISSUE_ACTIONS = { opened: 'upsert', edited: 'upsert', closed: 'upsert', reopened: 'upsert', deleted: 'delete' };
const COMMENT_ACTIONS = { created: 'upsert', edited: 'upsert', deleted: 'delete' };

const run = promisify(execFile);

const { values: options } = parseArgs({
	options: { 'secret-file': { type: 'string' }, 'port-file': { type: 'string' } },
});
const secret = readFileSync(options['secret-file'], 'utf8').trim();

function isSigned(body, signature = '') {
	const expected = Buffer.from(`sha256=${createHmac('sha256', secret).update(body).digest('hex')}`);
	const given = Buffer.from(signature);

	return given.length === expected.length && timingSafeEqual(given, expected);
}

/* These two are all of a payload that gets into a statement: a number and a time. */
function id(value) {
	if (!Number.isSafeInteger(value)) {
		throw new TypeError(`not an id: ${value}`);
	}
	return value;
}

function time(value) {
	return `'${new Date(value).toISOString()}'`;
}

function taskTransaction(action, { repository, issue }) {
	return `INSERT INTO github_sync.task_sync_transactions
			(direction, action, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at)
		VALUES ('inbound', '${action}', ${id(repository.id)}, ${id(issue.id)}, ${id(issue.number)}, ${time(issue.updated_at)})
		RETURNING 'task transaction', id, state`;
}

function commentTransaction(action, { repository, issue, comment }) {
	return `INSERT INTO github_sync.comment_sync_transactions
			(direction, action, github_repo_id, github_issue_number, github_comment_external_id, github_updated_at)
		VALUES ('inbound', '${action}', ${id(repository.id)}, ${id(issue.number)}, ${id(comment.id)}, ${time(comment.updated_at)})
		RETURNING 'comment transaction', id, state`;
}

/* NULL: a delivery that concerns nobody here. */
function statementFor(event, payload) {
	if (event === 'issues' && Object.hasOwn(ISSUE_ACTIONS, payload.action)) {
		return taskTransaction(ISSUE_ACTIONS[payload.action], payload);
	}
	if (event === 'issue_comment' && Object.hasOwn(COMMENT_ACTIONS, payload.action) && !payload.issue.pull_request) {
		return commentTransaction(COMMENT_ACTIONS[payload.action], payload);
	}
	return null;
}

async function insert(statement) {
	const { stdout } = await run('psql', ['-XAtq', '-F', ' ', '-c', statement]);

	return stdout.trim();
}

async function receive(headers, body) {
	if (!isSigned(body, headers['x-hub-signature-256'])) {
		return { status: 401, outcome: 'wrong signature' };
	}
	const event = headers['x-github-event'];
	const payload = JSON.parse(body);
	const statement = statementFor(event, payload);
	const name = `${event} ${payload.action ?? ''}`.trim();

	return statement === null
		? { status: 200, outcome: `${name}: ignored` }
		: { status: 202, outcome: `${name}: ${await insert(statement)}` };
}

/* 500 makes GitHub list the delivery as failed, so that it can be sent again. */
async function answer(request, response) {
	const chunks = [];
	let size = 0;

	for await (const chunk of request) {
		size += chunk.length;
		if (size > MAX_BYTES) {
			request.destroy();
			return;
		}
		chunks.push(chunk);
	}
	const { status, outcome } = await receive(request.headers, Buffer.concat(chunks))
		.catch((error) => ({ status: 500, outcome: `failed: ${(error.stderr || error.message).trim()}` }));

	console.log(outcome);
	response.writeHead(status).end();
}

endWithStarter(false);
const server = http.createServer((request, response) => {
	answer(request, response).catch((error) => console.log(`failed: ${error.message}`));
});

server.listen(0, '127.0.0.1', () => announcePort(options['port-file'], server.address().port));
