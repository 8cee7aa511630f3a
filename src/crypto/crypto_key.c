/*
 * crypto_key.c
 *		An RSA private key out of a PEM file.
 *
 * Reads one file.  The text of the key is only ever in a buffer of our own,
 * not stdio's, so that all of it can be overwritten.
 *
 * OpenSSL's error queue belongs to the whole process: each failure here is
 * taken off it again.
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <string.h>
#include <sys/stat.h>
#include <unistd.h>

#include <openssl/bio.h>
#include <openssl/err.h>
#include <openssl/pem.h>

#include "crypto/crypto_key.h"

/* A key file's text. */
typedef struct KeyText
{
	char *text; /* CRYPTO_MAX_KEY_FILE_LENGTH + 1 bytes */
	size_t length;
} KeyText;

/* Reads up to one byte over the limit; NULL or what is wrong. */
static const char *
read_all(int file, KeyText *key)
{
	while (key->length <= CRYPTO_MAX_KEY_FILE_LENGTH)
	{
		ssize_t got =
			read(file, key->text + key->length, CRYPTO_MAX_KEY_FILE_LENGTH + 1 - key->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return "cannot be read";
		if (got == 0)
			return NULL;
		key->length += (size_t) got;
	}
	return "is larger than 64 kB";
}

static const char *
read_regular_file(int file, KeyText *key)
{
	struct stat status;

	if (fstat(file, &status) != 0)
		return "cannot be read";
	if (!S_ISREG(status.st_mode))
		return "is not a regular file";
	return read_all(file, key);
}

static const char *
read_key_file(const char *path, KeyText *key)
{
	const char *error;
	int saved_errno;
	int file;

	/* Without O_NONBLOCK, opening a FIFO would wait for its writer. */
	file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return "cannot be read";
	error = read_regular_file(file, key);
	saved_errno = errno;
	close(file);
	errno = saved_errno;
	return error;
}

/* Environment variables and YAML often turn line ends into a backslash and an n. */
static void
restore_line_ends(KeyText *key)
{
	size_t kept = 0;

	for (size_t i = 0; i < key->length; i++)
	{
		if (key->text[i] == '\\' && i + 1 < key->length && key->text[i + 1] == 'n')
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
parse_pem(const KeyText *key, const char **error)
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
	KeyText text = {.text = malloc(CRYPTO_MAX_KEY_FILE_LENGTH + 1)};
	EVP_PKEY *pkey = NULL;

	if (text.text == NULL)
	{
		*error = "does not fit into memory";
		return NULL;
	}
	*error = read_key_file(path, &text);
	if (*error == NULL)
	{
		restore_line_ends(&text);
		ERR_set_mark();
		pkey = parse_pem(&text, error);
		ERR_pop_to_mark();
	}
	crypto_wipe(text.text, CRYPTO_MAX_KEY_FILE_LENGTH + 1);
	free(text.text);
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
