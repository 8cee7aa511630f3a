/*
 * testing.mjs
 *		What selftest.mjs needs: a stand-in in this process, the programs as
 *		children, a client that shows raw answers, and GitHub's description as
 *		a validator.
 */
import { spawn } from 'node:child_process';
import { createSign, generateKeyPairSync } from 'node:crypto';
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs';
import http from 'node:http';
import { tmpdir } from 'node:os';
import { setTimeout as sleep } from 'node:timers/promises';
import { fileURLToPath } from 'node:url';
import { gunzipSync } from 'node:zlib';
import Ajv from 'ajv';
import addFormats from 'ajv-formats';
import { wholeDescription, withNullsInEnums, withTypedNulls } from './description.mjs';
import { startStandin } from './standin/server.mjs';

const { privateKey, publicKey } = generateKeyPairSync('rsa', { modulusLength: 2048 });
const standin = await startStandin({ publicKey: publicKey.export({ type: 'spki', format: 'pem' }), webhookSecret: 'a secret' });
const agent = new http.Agent({ keepAlive: true });

export const { control, url } = standin;
export const HUMAN = 'github_pat_alice';

export function stop() {
	agent.destroy();
	standin.server.closeAllConnections();
	standin.server.close();
}

/* Resolves with { status, headers, text, json }, or rejects as the socket does. */
export function ask(method, path, { at = url, token = HUMAN, body, headers = {} } = {}) {
	const text = typeof body === 'string' || body === undefined ? body : JSON.stringify(body);
	const sent = {
		'user-agent': 'selftest', ...(token === null ? {} : { authorization: `Bearer ${token}` }),
		...(text === undefined ? {} : { 'content-type': 'application/json', 'content-length': Buffer.byteLength(text) }), ...headers,
	};

	return new Promise((resolve, reject) => {
		const request = http.request(at + path, { method, agent, headers: withoutNulls(sent) }, (response) => collect(response, resolve, reject));

		request.on('error', reject);
		request.end(text);
	});
}

function withoutNulls(headers) {
	return Object.fromEntries(Object.entries(headers).filter(([, value]) => value !== null));
}

function collect(response, resolve, reject) {
	const chunks = [];

	response.on('data', (chunk) => chunks.push(chunk));
	response.on('error', reject);
	response.on('end', () => {
		const bytes = Buffer.concat(chunks);
		const text = (response.headers['content-encoding'] === 'gzip' ? gunzipSync(bytes) : bytes).toString();
		const isJson = response.headers['content-type']?.includes('json') && text !== '';

		resolve({ status: response.statusCode, headers: response.headers, text, json: isJson ? JSON.parse(text) : undefined });
	});
}

/* Starts a program of this directory; {dir} in an option is its directory. */
export async function program(name, ...options) {
	const dir = mkdtempSync(`${tmpdir()}/selftest-`);
	const portFile = `${dir}/port`;
	const child = spawn(process.execPath, [
		fileURLToPath(new URL(name, import.meta.url)), '--port-file', portFile, '--die-with-stdin', ...options.map((option) => option.replace('{dir}', dir)),
	], { stdio: ['pipe', 'ignore', 'inherit'] });
	const ended = new Promise((resolve) => child.on('exit', resolve)).finally(() => rmSync(dir, { recursive: true }));

	while (!existsSync(portFile)) {
		if (child.exitCode !== null) {
			throw new Error(`${name} ended at once`);
		}
		await sleep(10);
	}
	return {
		child, ended, dir, url: `http://127.0.0.1:${readFileSync(portFile, 'utf8').trim()}`,
		stop: () => {
			child.kill('SIGTERM');
			return ended;
		},
	};
}

/* A call of the control API, over its socket as a test would make it. */
export async function command(method, path, body) {
	const { status, json } = await ask(method, `/_control/${path}`, { token: null, body });

	if (status !== 200) {
		throw new Error(json.error);
	}
	return json;
}

export function jwt(claims = {}) {
	const now = Math.floor(control.clock.nowMs() / 1000);
	const part = (value) => Buffer.from(JSON.stringify(value)).toString('base64url');
	const signed = `${part({ alg: 'RS256', typ: 'JWT' })}.${part({ iat: now - 60, exp: now + 540, iss: '424242', ...claims })}`;

	return `${signed}.${createSign('sha256').update(signed).sign(privateKey, 'base64url')}`;
}

export async function installationToken(body) {
	return (await ask('POST', '/app/installations/515151/access_tokens', { token: jwt(), body })).json.token;
}

/* ---- GitHub's description ---- */

const description = withNullsInEnums(withTypedNulls(wholeDescription()));
const ajv = addFormats(new Ajv({ strict: false, validateFormats: true }));
const pointer = (...parts) => `github#/${parts.map((part) => encodeURIComponent(part.replace(/~/g, '~0').replace(/\//g, '~1'))).join('/')}`;

ajv.addSchema(description, 'github');

/* What is wrong with this answer to that operation; [] when GitHub could have given it. */
export function complaints(method, template, { status, json }) {
	const responses = description.paths[template][method.toLowerCase()].responses;
	const response = responses[status];

	if (response === undefined) {
		return [`status ${status} is not declared for ${method} ${template}`];
	}
	const place = response.$ref
		? ['components', 'responses', response.$ref.split('/').pop()]
		: ['paths', template, method.toLowerCase(), 'responses', String(status)];
	const content = response.$ref ? description.components.responses[place[2]].content : response.content;

	return content === undefined ? [] : violations(pointer(...place, 'content', 'application/json', 'schema'), json);
}

export function errorComplaints({ status, json }) {
	return violations(pointer('components', 'schemas', status === 422 && json.errors ? 'validation-error' : 'basic-error'), json);
}

export function webhookComplaints(event, action, payload) {
	const name = `${event}-${action}`.replace(/_/g, '-');

	return violations(pointer('x-webhooks', name, 'post', 'requestBody', 'content', 'application/json', 'schema'), payload);
}

function violations(reference, value) {
	const validate = ajv.getSchema(reference) ?? ajv.compile({ $ref: reference });

	return validate(value) ? [] : validate.errors.map(({ instancePath, message }) => `${instancePath} ${message}`);
}
