/*
 * auth.mjs
 *		Who is asking: the App by its JWT, an installation by its token, a
 *		user by a personal access token, or nobody.
 *
 * Tokens live here only; what the rest of the stand-in sees of one is its
 * kind and the beginning of its SHA-256.
 */
import { createHash, createPublicKey, randomBytes, verify } from 'node:crypto';
import * as answers from './answers.mjs';
import { isoSeconds } from './clock.mjs';

const TOKEN_LIFETIME_S = 3600;
const JWT_MOST_AHEAD_S = 600;

export class Auth {
	constructor(clock, store) {
		this.clock = clock;
		this.store = store;
		this.publicKey = null;
		this.clear();
	}

	clear() {
		this.tokens = new Map();
		this.tokenLifetimeS = TOKEN_LIFETIME_S;
	}

	/* PEM of the App's key; a private one is accepted, its public half is used. */
	setKey(pem) {
		this.publicKey = createPublicKey(pem);
	}

	addUserToken({ token, login, expires_at = null, repositories = null, permissions = { issues: 'write', metadata: 'read' } }) {
		this.tokens.set(token, {
			kind: 'user', login, permissions, tag: tagOf(token), rateKey: `user ${login}`,
			repositoryNames: repositories?.map((name) => name.toLowerCase()) ?? null,
			expiresAtMs: expires_at === null ? Infinity : Date.parse(expires_at),
		});
	}

	/* The kind of credential in words for the journal; never the credential. */
	describe(header) {
		const token = tokenIn(header);

		if (token === null) {
			return { authorization_kind: 'none', authorization_tag: null };
		}
		const kind = looksLikeJwt(token) ? 'jwt' : this.tokens.get(token)?.kind ?? 'unknown';
		return { authorization_kind: kind, authorization_tag: tagOf(token) };
	}

	actor(header) {
		const token = tokenIn(header);

		if (token === null) {
			return { kind: 'anonymous', login: null, tag: 'anonymous', rateKey: 'anonymous', permissions: {} };
		}
		return looksLikeJwt(token) ? this.#appActor(token) : this.#tokenActor(token);
	}

	#tokenActor(token) {
		const actor = this.tokens.get(token);

		if (actor === undefined || actor.expiresAtMs <= this.clock.nowMs()) {
			throw answers.badCredentials();
		}
		if (actor.kind === 'installation') {
			this.#requireUsable(actor.installation);
		}
		return actor;
	}

	#requireUsable(installation) {
		if (!this.store.installations.has(installation.id)) {
			throw answers.badCredentials();
		}
		if (installation.suspended_at !== null) {
			throw answers.suspended();
		}
	}

	#appActor(token) {
		const claims = this.#verifiedClaims(token);
		const { app } = this.store;

		if (app === null || ![String(app.id), app.client_id].includes(String(claims.iss))) {
			throw answers.appNotFound();
		}
		this.#checkTimes(claims);
		return { kind: 'jwt', login: this.store.appLogin(), tag: tagOf(token), rateKey: 'app', permissions: {} };
	}

	#verifiedClaims(token) {
		const [header, payload, signature] = token.split('.');
		const signed = Buffer.from(`${header}.${payload}`);

		if (this.publicKey === null || decoded(header)?.alg !== 'RS256'
			|| !verify('sha256', signed, this.publicKey, Buffer.from(signature, 'base64url'))) {
			throw answers.badJwt();
		}
		return decoded(payload) ?? {};
	}

	#checkTimes({ iat, exp }) {
		const now = this.clock.nowMs() / 1000;

		if (!Number.isInteger(iat) || iat > now) {
			throw answers.badJwt("'Issued at' claim ('iat') must be an Integer representing the time that the assertion was issued");
		}
		if (!Number.isInteger(exp) || exp <= now) {
			throw answers.badJwt("'Expiration time' claim ('exp') must be a numeric value representing the future time at which the assertion expires");
		}
		if (exp > now + JWT_MOST_AHEAD_S) {
			throw answers.badJwt("'Expiration time' claim ('exp') is too far in the future");
		}
	}

	/* repositoryIds: null means all that the installation has. */
	mint(installation, permissions, repositoryIds) {
		const token = opaqueToken(this.store.app.id);
		const expiresAtMs = this.clock.nowMs() + this.tokenLifetimeS * 1000;

		this.tokens.set(token, {
			kind: 'installation', installation, permissions, repositoryIds, expiresAtMs, tag: tagOf(token),
			login: this.store.appLogin(), via_app: true, rateKey: `installation ID ${installation.id}`,
		});
		return { token, expires_at: isoSeconds(expiresAtMs) };
	}

	revoke(header) {
		this.tokens.delete(tokenIn(header));
	}

	/* Tokens are an account's, whatever it is called. */
	renameLogin(former, login) {
		for (const actor of this.tokens.values()) {
			if (actor.login === former) {
				Object.assign(actor, { login, rateKey: actor.kind === 'user' ? `user ${login}` : actor.rateKey });
			}
		}
	}

	/* Installation tokens end now, as when their hour is over. */
	expireInstallationTokens() {
		for (const [token, { kind }] of this.tokens) {
			if (kind === 'installation') {
				this.tokens.delete(token);
			}
		}
	}

	mayReach(actor, repository) {
		switch (actor.kind) {
			case 'installation':
				return this.store.installationCovers(actor.installation, repository)
					&& (actor.repositoryIds === null || actor.repositoryIds.has(repository.id));
			case 'user':
				return actor.repositoryNames === null
					|| actor.repositoryNames.includes(`${repository.owner}/${repository.name}`.toLowerCase());
			default:
				return false;
		}
	}
}

function tokenIn(header) {
	return /^(?:Bearer|token)\s+(\S+)$/i.exec(header ?? '')?.[1] ?? null;
}

/* New installation tokens carry two dots as well: the prefix tells them apart. */
function looksLikeJwt(token) {
	return !token.startsWith('gh') && token.split('.').length === 3;
}

function decoded(part) {
	try {
		return JSON.parse(Buffer.from(part, 'base64url').toString());
	} catch {
		return null;
	}
}

function tagOf(token) {
	return createHash('sha256').update(token).digest('hex').slice(0, 12);
}

/* As long as GitHub's since April 2026: about 520 characters, two dots. */
function opaqueToken(appId) {
	return `ghs_${appId}_${[27, 90, 256].map((bytes) => randomBytes(bytes).toString('base64url')).join('.')}`;
}
