/*
 * verdict.mjs
 *		Holds requests against GitHub's own description, with Prism's router and
 *		validators.
 *
 * There is no judge before it has been seen to refuse a request that is known
 * to be wrong, because a validator that skips a body looks like a good one.
 */
import prism from '@stoplight/prism-http';
import { requestsOnly, usedPart, wholeDescription, withTypedNulls } from './description.mjs';

const KNOWN_BAD = { method: 'PATCH', target: '/repos/o/r/issues/1', headers: { 'content-type': 'application/json' }, body: '{"state":"done"}' };
const KNOWN_GOOD = { ...KNOWN_BAD, body: '{"state":"closed"}' };

/* Resolves with judge(request) => Promise of violations, in words; a request is { method, target, headers, body (text) }. */
export async function appointJudge() {
	const operations = await prism.getHttpOperationsFromSpec(requestsOnly(withTypedNulls(usedPart(wholeDescription()))));
	const config = { isProxy: true, upstream: new URL('http://judged.invalid'), errors: true, validateRequest: true, validateResponse: false, checkSecurity: false };
	const validator = prism.createInstance(config, { logger: silentLogger(), forward: forwardNothing });

	const judge = (request) => verdict(validator, operations, config, request);

	await proveAwake(judge);
	return judge;
}

/* Prism wants to send the request on; here that is not its job. */
function forwardNothing({ validations }) {
	return () => async () => ({ _tag: 'Right', right: { statusCode: 204, headers: {}, body: validations } });
}

function silentLogger() {
	const silent = () => {};
	const logger = { trace: silent, debug: silent, info: silent, success: silent, warn: silent, error: silent };

	return { ...logger, child: () => logger };
}

async function verdict(validator, operations, config, { method, target, headers, body }) {
	const [path, query = ''] = documented(target).split('?', 2);
	const parsed = parsedBody(body);

	if (parsed === undefined) {
		return ['request.body is not JSON'];
	}
	const input = { method: method.toLowerCase(), url: { path, query: Object.fromEntries(new URLSearchParams(query)) }, headers, body: parsed };
	const result = await validator.request(input, operations, config)();

	return result._tag === 'Left'
		? [result.left.detail ?? result.left.message]
		: result.right.validations.input.map(({ path: place = [], message }) => `request.${place.join('.')} ${message}`);
}

/* GitHub redirects to paths by repository id, which its description leaves out. */
function documented(target) {
	return target.replace(/^\/repositories\/\d+/, '/repos/owner/name');
}

/* null: no body; undefined: no JSON. */
function parsedBody(text) {
	try {
		return text === '' ? null : JSON.parse(text);
	} catch {
		return undefined;
	}
}

async function proveAwake(judge) {
	if ((await judge(KNOWN_BAD)).length === 0) {
		throw new Error('the judge accepts a request that is known to be wrong');
	}
	const complaints = await judge(KNOWN_GOOD);

	if (complaints.length > 0) {
		throw new Error(`the judge refuses a request that is known to be right: ${complaints.join('; ')}`);
	}
}
