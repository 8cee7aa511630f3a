/*
 * crypto_file.c
 *		A file that holds a secret, into memory that is wiped.
 *
 * Whoever else may read such a file has the secret as well, so it is refused,
 * by the rule that PostgreSQL has for ssl_key_file.  The text is only ever in
 * a buffer of our own, not stdio's, so that all of it can be overwritten.
 */
#include "crypto/crypto.h"

#include <errno.h>
#include <fcntl.h>
#include <stdlib.h>
#include <sys/stat.h>
#include <unistd.h>

/* Of ours, nobody else may have any access; of root's, a group may read. */
static const char *
refuse_access_of_others(const struct stat *status)
{
	if (status->st_uid != geteuid() && status->st_uid != 0)
		return "belongs to another user than the server's and root";
	if (status->st_uid == geteuid() && (status->st_mode & (S_IRWXG | S_IRWXO)) != 0)
		return "can be used by others: its permissions must be 0600 or less";
	if ((status->st_mode & (S_IWGRP | S_IXGRP | S_IRWXO)) != 0)
		return "can be used by others: its permissions must be 0640 or less";
	return NULL;
}

/* Reads up to one byte over the limit; NULL or what is wrong. */
static const char *
read_all(int file, CryptoSecret *secret, size_t limit)
{
	while (secret->length <= limit)
	{
		ssize_t got = read(file, secret->text + secret->length, limit + 1 - secret->length);

		if (got < 0 && errno == EINTR)
			continue;
		if (got < 0)
			return "cannot be read";
		if (got == 0)
		{
			secret->text[secret->length] = '\0';
			return secret->length > 0 ? NULL : "is empty";
		}
		secret->length += (size_t) got;
	}
	return "is larger than 64 kB";
}

static const char *
read_regular_file(int file, CryptoSecret *secret)
{
	struct stat status;
	const char *problem;

	if (fstat(file, &status) != 0)
		return "cannot be read";
	if (!S_ISREG(status.st_mode))
		return "is not a regular file";
	problem = refuse_access_of_others(&status);
	return problem != NULL ? problem : read_all(file, secret, CRYPTO_MAX_SECRET_FILE_LENGTH);
}

static const char *
read_file(const char *path, CryptoSecret *secret)
{
	const char *problem;
	int saved_errno;
	int file;

	/* Without O_NONBLOCK, opening a FIFO would wait for its writer. */
	file = open(path, O_RDONLY | O_CLOEXEC | O_NONBLOCK);
	if (file < 0)
		return errno == ENOENT ? "does not exist" : "cannot be read";
	problem = read_regular_file(file, secret);
	saved_errno = errno;
	close(file);
	errno = saved_errno;
	return problem;
}

bool
crypto_secret_read(const char *path, CryptoSecret *secret, const char **error)
{
	secret->length = 0;
	secret->text = malloc(CRYPTO_MAX_SECRET_FILE_LENGTH + 1);
	*error = secret->text != NULL ? read_file(path, secret) : "does not fit into memory";
	if (*error == NULL)
		return true;
	crypto_secret_free(secret);
	return false;
}

void
crypto_secret_free(CryptoSecret *secret)
{
	if (secret->text != NULL)
		crypto_wipe(secret->text, CRYPTO_MAX_SECRET_FILE_LENGTH + 1);
	free(secret->text);
	secret->text = NULL;
	secret->length = 0;
}
