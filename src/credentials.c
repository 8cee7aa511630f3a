/*
 * credentials.c
 *		Who we are for GitHub, read from files.
 */
#include "postgres.h"

#include <fcntl.h>
#include <unistd.h>

#include "credentials.h"
#include "crypto/crypto.h"
#include "settings.h"

/* GitHub allows ten minutes and advises to date back one, for clocks that differ. */
#define JWT_BACKDATED_S 60
#define JWT_LIFETIME_S 540

/* Far more than any token is long. */
#define TOKEN_FILE_MAX 8192

bool
credentials_are_a_token(void)
{
	return setting_token_file[0] != '\0';
}

char *
credentials_make_jwt(int64 now, const char **problem)
{
	CryptoKey *key;
	char *jwt;

	if (setting_app_id[0] == '\0')
	{
		*problem = "github_sync.app_id is not set";
		return NULL;
	}
	if (setting_private_key_file[0] == '\0')
	{
		*problem = "github_sync.private_key_file is not set";
		return NULL;
	}
	/* Read anew each time: once an hour, and a rotated key needs no reload. */
	key = crypto_private_key_read(setting_private_key_file, problem);
	if (key == NULL)
	{
		*problem = psprintf("github_sync.private_key_file %s", *problem);
		return NULL;
	}
	jwt = crypto_jwt_rs256(key, setting_app_id, now - JWT_BACKDATED_S, now + JWT_LIFETIME_S);
	crypto_private_key_free(key);
	if (jwt == NULL)
		*problem = "the App's key cannot sign";
	return jwt;
}

/* Printable ASCII only: it becomes a header. */
static bool
trim_token(char *text)
{
	size_t length = strlen(text);

	while (length > 0 && strchr(" \t\r\n", text[length - 1]) != NULL)
		text[--length] = '\0';
	for (size_t i = 0; i < length; i++)
	{
		if (text[i] <= ' ' || text[i] > '~')
			return false;
	}
	return length > 0;
}

char *
credentials_read_token(const char **problem)
{
	int fd = open(setting_token_file, O_RDONLY | O_CLOEXEC);
	char *text = malloc(TOKEN_FILE_MAX + 1);
	ssize_t length = -1;

	if (fd >= 0)
	{
		if (text != NULL)
			length = read(fd, text, TOKEN_FILE_MAX);
		close(fd);
	}
	if (length < 0)
	{
		*problem = "github_sync.token_file cannot be read";
		free(text);
		return NULL;
	}
	text[length] = '\0';
	if (!trim_token(text))
	{
		*problem = "github_sync.token_file does not hold a token";
		crypto_wipe(text, TOKEN_FILE_MAX);
		free(text);
		return NULL;
	}
	return text;
}
