/*
 * crypto_digest.c
 *		SHA-256, HMAC-SHA256, and the handling of secrets in memory.
 *
 * OpenSSL's error queue belongs to the whole process: each failure here is
 * taken off it again.
 */
#include "crypto/crypto.h"

#include <openssl/crypto.h>
#include <openssl/err.h>
#include <openssl/evp.h>

#define SHA256_LENGTH 32

static void
print_hex(const unsigned char digest[SHA256_LENGTH], char hex[65])
{
	static const char digits[] = "0123456789abcdef";

	for (int i = 0; i < SHA256_LENGTH; i++)
	{
		hex[2 * i] = digits[digest[i] >> 4];
		hex[2 * i + 1] = digits[digest[i] & 0x0F];
	}
	hex[2 * SHA256_LENGTH] = '\0';
}

bool
crypto_hmac_sha256_hex(const void *key, size_t key_length, const void *data, size_t data_length,
					   char hex[65])
{
	unsigned char digest[SHA256_LENGTH];
	bool computed;

	ERR_set_mark();
	computed = EVP_Q_mac(NULL, "HMAC", NULL, "SHA256", NULL, key, key_length, data, data_length,
						 digest, sizeof(digest), NULL) != NULL;
	ERR_pop_to_mark();
	if (computed)
		print_hex(digest, hex);
	return computed;
}

bool
crypto_sha256_hex(const void *data, size_t length, char hex[65])
{
	unsigned char digest[SHA256_LENGTH];
	bool computed;

	ERR_set_mark();
	computed = EVP_Digest(data, length, digest, NULL, EVP_sha256(), NULL) == 1;
	ERR_pop_to_mark();
	if (computed)
		print_hex(digest, hex);
	return computed;
}

bool
crypto_equal(const void *a, const void *b, size_t length)
{
	return CRYPTO_memcmp(a, b, length) == 0;
}

void
crypto_wipe(void *memory, size_t length)
{
	OPENSSL_cleanse(memory, length);
}
