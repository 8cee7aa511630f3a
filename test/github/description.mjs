/*
 * description.mjs
 *		GitHub's own description of its API (npm's @octokit/openapi), cut down
 *		to the operations a synchroniser uses.
 *
 * Derived in memory at each start, in a fraction of a second: nothing is
 * written, so that the tree may be read-only.
 */
import { readFileSync } from 'node:fs';
import { createRequire } from 'node:module';

const PATHS = [
	'/app', '/app/installations', '/app/installations/{installation_id}', '/app/installations/{installation_id}/access_tokens',
	'/app/hook/deliveries', '/app/hook/deliveries/{delivery_id}', '/app/hook/deliveries/{delivery_id}/attempts',
	'/installation/token', '/installation/repositories', '/rate_limit', '/user', '/users/{username}',
	'/repos/{owner}/{repo}', '/repos/{owner}/{repo}/installation',
	'/repos/{owner}/{repo}/issues', '/repos/{owner}/{repo}/issues/{issue_number}',
	'/repos/{owner}/{repo}/issues/{issue_number}/comments',
	'/repos/{owner}/{repo}/labels/{name}', '/repos/{owner}/{repo}/assignees/{assignee}',
	'/repos/{owner}/{repo}/milestones', '/repos/{owner}/{repo}/milestones/{milestone_number}',
	'/repos/{owner}/{repo}/issues/comments', '/repos/{owner}/{repo}/issues/comments/{comment_id}',
];

export function wholeDescription() {
	return JSON.parse(readFileSync(createRequire(import.meta.url).resolve('@octokit/openapi/generated/api.github.com.json')));
}

/* The paths we use, and the components they lead to. */
export function usedPart(whole) {
	const paths = Object.fromEntries(PATHS.map((path) => [path, found(whole.paths, path)]));

	return { openapi: whole.openapi, info: whole.info, servers: whole.servers, paths, components: componentsUnder(whole, paths) };
}

function found(paths, path) {
	if (paths[path] === undefined) {
		throw new Error(`GitHub's description has no ${path}`);
	}
	return paths[path];
}

function componentsUnder(whole, root) {
	const components = {};
	const pending = [root];
	const seen = new Set();

	for (let node = pending.pop(); node !== undefined; node = pending.pop()) {
		const reference = node.$ref;

		if (typeof reference === 'string' && !seen.has(reference)) {
			const [, , kind, name] = reference.split('/');

			seen.add(reference);
			(components[kind] ??= {})[name] = whole.components[kind][name];
			pending.push(components[kind][name]);
		}
		pending.push(...Object.values(node).filter((value) => typeof value === 'object' && value !== null));
	}
	return components;
}

/*
 * `nullable` without `type` makes a JSON Schema validator throw, which Prism
 * takes for consent: it would judge no body whose schema has one.
 */
export function withTypedNulls(description) {
	return rewritten(description, ({ nullable, ...schema }) => {
		if (schema.type !== undefined) {
			return { ...schema, nullable };
		}
		return Object.keys(schema).length === 0 ? {} : { anyOf: [schema, { enum: [null] }] };
	});
}

/* For a validator that, unlike Prism, allows null only if `enum` lists it. */
export function withNullsInEnums(description) {
	return rewritten(description, (schema) => (schema.enum ? { ...schema, enum: [...new Set([...schema.enum, null])] } : schema));
}

/* A copy with each nullable schema made anew. */
function rewritten(node, renew) {
	if (Array.isArray(node)) {
		return node.map((item) => rewritten(item, renew));
	}
	if (typeof node !== 'object' || node === null) {
		return node;
	}
	const copy = Object.fromEntries(Object.entries(node).map(([name, value]) => [name, rewritten(value, renew)]));

	return copy.nullable === true ? renew(copy) : copy;
}

/* For judging requests only: any answer will do, and a typo in a body will not. */
export function requestsOnly(description) {
	for (const operation of operationsOf(description)) {
		const schema = operation.requestBody?.content?.['application/json']?.schema;

		operation.responses = { default: { description: 'any' } };
		if (schema?.type === 'object' && schema.properties !== undefined) {
			schema.additionalProperties = false;
			operation.requestBody.required ??= true;
		}
	}
	return description;
}

function operationsOf({ paths }) {
	return Object.values(paths).flatMap((path) => Object.values(path)).filter((operation) => operation?.responses !== undefined);
}
