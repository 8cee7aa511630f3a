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

typedef struct CryptoKey CryptoKey;

/*
 * Reads an RSA private key, PEM, PKCS#1 or PKCS#8, unencrypted.  Literal "\n"
 * instead of line ends is accepted (a common way to mangle such files).
 * NULL: *error is static text that continues a sentence about the file
 * ("cannot be read", with errno; "is not a regular file"; "is larger than
 * 64 kB"; "is encrypted"; "is not a PEM private key"; "is not an RSA key";
 * "does not fit into memory").  Never prompts for a passphrase.
 */
#define CRYPTO_MAX_KEY_FILE_LENGTH (64 * 1024)
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
