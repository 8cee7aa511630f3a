/*
 * crypto_jwt.c
 *		A JSON Web Token, signed with RS256.
 *
 * RFC 7515 (the compact form and base64url), RFC 7518 section 3.3 (RS256).
 * The claims are few and known, so they are printed rather than built.
 */
#include "crypto/crypto.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <openssl/err.h>
#include <openssl/evp.h>

#include "crypto/crypto_key.h"

#define MAX_ESCAPED_LENGTH 6 /* \u001f */
#define MAX_ISSUER_JSON (CRYPTO_MAX_ISSUER_LENGTH * MAX_ESCAPED_LENGTH + 2)
#define MAX_CLAIMS (MAX_ISSUER_JSON + 80)

/* A number as JSON spells it: without leading zeros. */
static bool
is_json_number(const char *text)
{
	return text[strspn(text, "0123456789")] == '\0' && (text[0] != '0' || text[1] == '\0');
}

/* Writes the character as it stands in a JSON string; returns the end. */
static char *
print_escaped(char *end, char c)
{
	if ((unsigned char) c < 0x20)
		return end + snprintf(end, MAX_ESCAPED_LENGTH + 1, "\\u%04x", (unsigned int) c);
	if (c == '"' || c == '\\')
		*end++ = '\\';
	*end++ = c;
	return end;
}

static void
print_issuer(char json[MAX_ISSUER_JSON + 1], const char *issuer)
{
	char *end = json;

	if (is_json_number(issuer))
	{
		memcpy(json, issuer, strlen(issuer) + 1);
		return;
	}
	*end++ = '"';
	for (; *issuer != '\0'; issuer++)
		end = print_escaped(end, *issuer);
	*end++ = '"';
	*end = '\0';
}

/* length bytes as unpadded base64url behind *end, which moves. */
static void
append_base64url(char **end, const void *bytes, size_t length)
{
	int written = EVP_EncodeBlock((unsigned char *) *end, bytes, (int) length);
	char *c = *end;

	for (; written > 0 && *c != '='; written--, c++)
	{
		if (*c == '+')
			*c = '-';
		else if (*c == '/')
			*c = '_';
	}
	*c = '\0';
	*end = c;
}

/* What EVP_EncodeBlock writes for so many bytes, its NUL included. */
static size_t
base64_size(size_t length)
{
	return (length + 2) / 3 * 4 + 1;
}

/* RSASSA-PKCS1-v1_5 with SHA-256; *length is the room, then the length. */
static bool
sign(const CryptoKey *key, const char *text, size_t text_length, unsigned char *signature,
	 size_t *length)
{
	EVP_MD_CTX *context = EVP_MD_CTX_new();
	bool signed_well;

	signed_well = context != NULL &&
		EVP_DigestSignInit(context, NULL, EVP_sha256(), NULL, key->pkey) == 1 &&
		EVP_DigestSign(context, signature, length, (const unsigned char *) text, text_length) == 1;
	EVP_MD_CTX_free(context);
	return signed_well;
}

/* Signs what stands in jwt up to end, and appends the signature. */
static bool
append_signature(const CryptoKey *key, char *jwt, char *end)
{
	size_t length = (size_t) EVP_PKEY_get_size(key->pkey);
	unsigned char *signature = malloc(length);
	bool signed_well;

	if (signature == NULL)
		return false;
	ERR_set_mark();
	signed_well = sign(key, jwt, (size_t) (end - jwt), signature, &length);
	ERR_pop_to_mark();
	if (signed_well)
	{
		*end++ = '.';
		append_base64url(&end, signature, length);
	}
	free(signature);
	return signed_well;
}

char *
crypto_jwt_rs256(const CryptoKey *key, const char *issuer, int64_t issued_at, int64_t expires_at)
{
	static const char header[] = "{\"alg\":\"RS256\",\"typ\":\"JWT\"}";
	char issuer_json[MAX_ISSUER_JSON + 1];
	char claims[MAX_CLAIMS + 1];
	char *jwt;
	char *end;

	if (issuer[0] == '\0' || strlen(issuer) > CRYPTO_MAX_ISSUER_LENGTH)
		return NULL;
	print_issuer(issuer_json, issuer);
	snprintf(claims, sizeof(claims), "{\"iat\":%" PRId64 ",\"exp\":%" PRId64 ",\"iss\":%s}",
			 issued_at, expires_at, issuer_json);

	jwt = malloc(base64_size(strlen(header)) + base64_size(strlen(claims)) +
				 base64_size((size_t) EVP_PKEY_get_size(key->pkey)));
	if (jwt == NULL)
		return NULL;
	end = jwt;
	append_base64url(&end, header, strlen(header));
	*end++ = '.';
	append_base64url(&end, claims, strlen(claims));
	if (!append_signature(key, jwt, end))
	{
		free(jwt);
		return NULL;
	}
	return jwt;
}
