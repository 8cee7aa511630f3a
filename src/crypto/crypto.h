/*
 * crypto.h
 *		RS256 for JSON Web Tokens and HMAC-SHA256, by OpenSSL's EVP.
 *
 * Knows OpenSSL and files; knows neither GitHub nor PostgreSQL nor curl.
 * Key material is overwritten before it is freed and never part of an error
 * text.
 */
#ifndef CRYPTO_H
#define CRYPTO_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* The content of a file that holds a secret. */
typedef struct CryptoSecret
{
	char *text; /* NUL-terminated besides its length */
	size_t length;
} CryptoSecret;

/*
 * Reads a file that must be regular, not empty, and closed to others: 0600 or
 * less, or root's with 0640 or less.  False: *error is static text that
 * continues a sentence about the file ("does not exist", "cannot be read",
 * with errno; "is not a regular file"; "belongs to another user than ...";
 * "can be used by others: ..."; "is empty"; "is larger than 64 kB"; "does not
 * fit into memory"), and there is nothing to free.
 */
#define CRYPTO_MAX_SECRET_FILE_LENGTH (64 * 1024)
extern bool crypto_secret_read(const char *path, CryptoSecret *secret, const char **error);

/* Overwrites the secret before it frees it. */
extern void crypto_secret_free(CryptoSecret *secret);

typedef struct CryptoKey CryptoKey;

/*
 * Reads an RSA private key, PEM, PKCS#1 or PKCS#8, unencrypted.  Literal "\n"
 * instead of line ends is accepted (a common way to mangle such files).
 * NULL: *error is static text as above, or "is encrypted"; "is not a PEM
 * private key"; "is not an RSA key".  Never prompts for a passphrase.
 */
extern CryptoKey *crypto_private_key_read(const char *path, const char **error);
extern void crypto_private_key_free(CryptoKey *key);

/*
 * A signed JWT {"alg":"RS256","typ":"JWT"} with iat, exp and iss (RFC 7519).
 * An issuer that is a decimal number becomes a JSON number, any other a
 * string.  malloc'd; NULL when issuer is empty or longer than
 * CRYPTO_MAX_ISSUER_LENGTH, signing failed or memory ran out.
 */
#define CRYPTO_MAX_ISSUER_LENGTH 255
extern char *
crypto_jwt_rs256(const CryptoKey *key, const char *issuer, int64_t issued_at, int64_t expires_at);

/* 64 lower-case hex digits and a NUL.  False: OpenSSL failed. */
extern bool crypto_hmac_sha256_hex(const void *key, size_t key_length, const void *data,
								   size_t data_length, char hex[65]);

/* SHA-256 of data as 64 lower-case hex digits: for fingerprints. */
extern bool crypto_sha256_hex(const void *data, size_t length, char hex[65]);

/* Compares in time that depends on length only. */
extern bool crypto_equal(const void *a, const void *b, size_t length);

/* Overwrites memory in a way that the compiler does not remove. */
extern void crypto_wipe(void *memory, size_t length);

#endif
