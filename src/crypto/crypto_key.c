/*
 * crypto_key.c
 *		An RSA private key out of a PEM file.
 *
 * OpenSSL's error queue belongs to the whole process: each failure here is
 * taken off it again.
 */
#include "crypto/crypto.h"

#include <stdlib.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/crypto_key.h"

/*
 * Environment variables and YAML often turn line ends into a backslash and an n.
 * Behind the last character stands a NUL.
 */
static void
restore_line_ends(CryptoSecret *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < key->length; i++)
	{
		if (key->text[i] == '\\' && key->text[i + 1] == 'n')
		{
			key->text[kept++] = '\n';
			i++;
		}
		else
			key->text[kept++] = key->text[i];
	}
	key->length = kept;
}

/* Called by OpenSSL where a key wants a passphrase: there is nobody to ask. */
static int
refuse_passphrase(char *buffer, int size, int writing, void *asked)
{
	(void) buffer;
	(void) size;
	(void) writing;
	*(bool *) asked = true;
	return -1;
}

static EVP_PKEY *
parse_pem(const CryptoSecret *key, const char **error)
{
	bool passphrase_asked = false;
	EVP_PKEY *pkey;
	BIO *bio;

	bio = BIO_new_mem_buf(key->text, (int) key->length);
	if (bio == NULL)
	{
		*error = "does not fit into memory";
		return NULL;
	}
	pkey = PEM_read_bio_PrivateKey(bio, NULL, refuse_passphrase, &passphrase_asked);
	BIO_free(bio);

	if (pkey == NULL)
		*error = passphrase_asked ? "is encrypted" : "is not a PEM private key";
	else if (EVP_PKEY_get_base_id(pkey) != EVP_PKEY_RSA)
	{
		*error = "is not an RSA key";
		EVP_PKEY_free(pkey);
		pkey = NULL;
	}
	return pkey;
}

static CryptoKey *
make_key(EVP_PKEY *pkey, const char **error)
{
	CryptoKey *key = malloc(sizeof(*key));

	if (key == NULL)
	{
		*error = "does not fit into memory";
		EVP_PKEY_free(pkey);
		return NULL;
	}
	key->pkey = pkey;
	return key;
}

CryptoKey *
crypto_private_key_read(const char *path, const char **error)
{
	CryptoSecret text;
	EVP_PKEY *pkey;

	if (!crypto_secret_read(path, &text, error))
		return NULL;
	restore_line_ends(&text);
	ERR_set_mark();
	pkey = parse_pem(&text, error);
	ERR_pop_to_mark();
	crypto_secret_free(&text);
	return pkey != NULL ? make_key(pkey, error) : NULL;
}

void
crypto_private_key_free(CryptoKey *key)
{
	if (key == NULL)
		return;
	EVP_PKEY_free(key->pkey);
	free(key);
}
