/*
 * validation.mjs
 *		What GitHub refuses in a request's body or query, and in which words.
 */
import * as answers from './answers.mjs';

const STATE_REASONS = ['completed', 'not_planned', 'duplicate', 'reopened', null];

export function parsedBody(text) {
	if (text === '') {
		return {};
	}
	const value = parsedJson(text);

	if (typeof value !== 'object' || value === null || Array.isArray(value)) {
		throw answers.notAnObject();
	}
	return value;
}

function parsedJson(text) {
	try {
		return JSON.parse(text);
	} catch {
		throw answers.badJson();
	}
}

/* The fields of a new issue. */
export function newIssueFields(body, most) {
	if (body.title === undefined || body.title === null || body.title === '') {
		throw answers.validationFailed({ resource: 'Issue', field: 'title', code: 'missing_field' });
	}
	return pickIssueFields(body, most);
}

/* The fields to change; null for the title means: leave it. */
export function issueChanges(body, most) {
	if (body.title === '') {
		throw answers.validationFailed({ resource: 'Issue', field: 'title', code: 'missing_field' });
	}
	if (body.state !== undefined && !['open', 'closed'].includes(body.state)) {
		throw answers.validationFailed({ resource: 'Issue', field: 'state', code: 'invalid', value: body.state });
	}
	if (body.state_reason !== undefined && !STATE_REASONS.includes(body.state_reason)) {
		throw answers.validationFailed({ resource: 'Issue', field: 'state_reason', code: 'invalid', value: body.state_reason });
	}
	return { ...pickIssueFields(body, most), state: body.state, state_reason: body.state_reason };
}

function pickIssueFields({ title, body, labels, assignees, milestone }, most) {
	requireType('title', title, ['string', 'number']);
	requireType('body', body, ['string']);
	requireLength('title', title, most.title);
	requireLength('body', body, most.body);
	return {
		title: title === undefined || title === null ? undefined : String(title),
		body,
		labels: labels?.map((label) => (typeof label === 'object' ? label.name : String(label))),
		assignees, milestone,
	};
}

function requireType(field, value, types) {
	if (value !== undefined && value !== null && !types.includes(typeof value)) {
		throw answers.invalidRequest(`For 'properties/${field}', ${JSON.stringify(value)} is not a ${types.join(' or ')}.`);
	}
}

function requireLength(field, value, most) {
	if (characters(value) > most) {
		throw answers.validationFailed({
			resource: 'Issue', code: 'custom', field, message: `${field} is too long (maximum is ${most} characters)`,
		});
	}
}

/* GitHub's words for comments differ from those for issues. */
export function commentBody({ body }, most) {
	if (body === undefined || body === null) {
		throw answers.invalidRequest('"body" wasn\'t supplied.');
	}
	requireType('body', body, ['string']);
	if (body.trim() === '') {
		throw answers.validationFailed({ resource: 'IssueComment', code: 'unprocessable', field: 'data', message: 'Body cannot be blank' });
	}
	if (characters(body) > most.body) {
		throw answers.validationFailed({
			resource: 'IssueComment', code: 'unprocessable', field: 'data',
			message: `Body is too long (maximum is ${most.body} characters)`,
		});
	}
	return { body };
}

/* Code points; the count of UTF-16 units is an upper bound and cheap. */
function characters(value) {
	if (typeof value !== 'string' || value.length <= 256) {
		return value?.length ?? 0;
	}
	return [...value].length;
}

export function oneOf(query, name, choices, otherwise) {
	const value = query.get(name) ?? otherwise;

	if (!choices.includes(value)) {
		throw answers.validationFailed({ resource: 'Issue', field: name, code: 'invalid', value });
	}
	return value;
}

export function sinceMs(query) {
	const since = query.get('since');

	if (since === null) {
		return null;
	}
	if (Number.isNaN(Date.parse(since))) {
		throw answers.validationFailed({ resource: 'Issue', field: 'since', code: 'invalid', value: since });
	}
	return Date.parse(since);
}
