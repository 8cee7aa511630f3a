/*
 * answers.mjs
 *		What an answer is, and GitHub's refusals in GitHub's shape.
 *
 * An answer is { status, headers, text }.  A handler either returns one or
 * throws a Refusal; nobody but the server turns either into bytes.
 */
const DOCS = 'https://docs.github.com/rest';

export class Refusal extends Error {
	constructor(status, body, headers = {}) {
		super(body.message);
		this.status = status;
		this.body = body;
		this.headers = headers;
	}

	toAnswer() {
		return json(this.status, this.body, this.headers);
	}
}

export function json(status, value, headers = {}) {
	return jsonText(status, JSON.stringify(value), headers);
}

/* For text that is serialised already: resources keep theirs until they change. */
export function jsonText(status, text, headers = {}) {
	return { status, headers: { 'content-type': 'application/json; charset=utf-8', ...headers }, text };
}

export function empty(status, headers = {}) {
	return { status, headers, text: '' };
}

function refusal(status, message, { page = '', headers = {}, ...members } = {}) {
	return new Refusal(status, { message, ...members, documentation_url: DOCS + page, status: String(status) }, headers);
}

export const badJson = () => refusal(400, 'Problems parsing JSON');
export const notAnObject = () => refusal(400, 'Body should be a JSON object');
export const unknownApiVersion = (version) =>
	refusal(400, `'${version}' is not a supported API version`, { page: '/about-the-rest-api/api-versions' });
export const badCredentials = () => refusal(401, 'Bad credentials');
export const authenticationRequired = () => refusal(401, 'Requires authentication');
export const badJwt = (message = 'A JSON web token could not be decoded') => refusal(401, message);
export const appNotFound = () => refusal(404, 'Integration not found');
export const notFound = () => refusal(404, 'Not Found');
export const suspended = () =>
	refusal(403, 'This installation has been suspended', { page: '/apps/apps#create-an-installation-access-token-for-an-app' });
export const locked = () => refusal(403, 'Unable to create comment because issue is locked.');
export const archived = () => refusal(403, 'Repository was archived so is read-only.');
export const tooManyComments = (most) =>
	refusal(403, `Commenting is disabled on issues with more than ${most} comments`, { page: '/issues/comments#create-an-issue-comment' });
export const issuesDisabled = () => refusal(410, 'Issues are disabled for this repo');
export const issueDeleted = () => refusal(410, 'This issue was deleted');
export const invalidRequest = (detail) => refusal(422, `Invalid request.\n\n${detail}`);
export const pageTooDeep = () =>
	refusal(422, 'Pagination with the page parameter is not supported for large datasets, please use cursor based pagination (after/before)');

export const listTooLong = () =>
	refusal(422, 'In order to keep the API fast for everyone, pagination is limited for this resource.');
export const serverTooSlow = () => refusal(502, 'Server Error');

export const userAgentRequired = () => new Refusal(403, {
	message: 'Request forbidden by administrative rules. Please make sure your request has a User-Agent header.',
	documentation_url: `${DOCS}/using-the-rest-api/getting-started-with-the-rest-api`,
});

export const permissionMissing = (permission, kind) =>
	refusal(403, `Resource not accessible by ${kind === 'user' ? 'personal access token' : 'integration'}`,
		{ headers: { 'x-accepted-github-permissions': permission } });

export const primaryLimit = (who, headers) =>
	refusal(403, `API rate limit exceeded for ${who}.`, { page: '/using-the-rest-api/rate-limits-for-the-rest-api', headers });

export const secondaryLimit = (status, headers) =>
	refusal(status, 'You have exceeded a secondary rate limit. Please wait a few minutes before you try again.',
		{ page: '/using-the-rest-api/rate-limits-for-the-rest-api#about-secondary-rate-limits', headers });

export function validationFailed(...errors) {
	return refusal(422, 'Validation Failed', { errors, page: '/issues/issues' });
}

/* GitHub answers a moved GET with 301 and every other method with 307. */
export function moved(method, url) {
	return new Refusal(method === 'GET' ? 301 : 307, {
		message: 'Moved Permanently',
		url,
		documentation_url: `${DOCS}/guides/best-practices-for-using-the-rest-api#follow-redirects`,
	}, { location: url });
}
