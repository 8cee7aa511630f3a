/*
 * app-key.mjs
 *		A fresh private key for the App, in a file, as GitHub hands it out:
 *		PKCS#1, for its owner's eyes only.
 */
import { generateKeyPairSync } from 'node:crypto';
import { writeFileSync } from 'node:fs';

export function writeNewKey(file) {
	const { privateKey } = generateKeyPairSync('rsa', {
		modulusLength: 2048,
		privateKeyEncoding: { type: 'pkcs1', format: 'pem' },
		publicKeyEncoding: { type: 'spki', format: 'pem' },
	});

	writeFileSync(file, privateKey, { mode: 0o600 });
	return privateKey;
}
