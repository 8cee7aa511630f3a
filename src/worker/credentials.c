/*
 * credentials.c
 *		Who we are for GitHub, read from files.
 */
#include "postgres.h"

#include "worker/credentials.h"
#include "crypto/crypto.h"
#include "server/settings.h"

/* GitHub allows ten minutes and advises to date back one, for clocks that differ. */
#define JWT_BACKDATED_S 60
#define JWT_LIFETIME_S 540

/* GitHub's clock differs from ours: by how much, and how often it was believed. */
#define CLOCK_CORRECTIONS_MAX 2
static int64 clock_offset_s = 0;
static int clock_corrections = 0; /* since a JWT was accepted */

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
	now += clock_offset_s;
	jwt = crypto_jwt_rs256(key, setting_app_id, now - JWT_BACKDATED_S, now + JWT_LIFETIME_S);
	crypto_private_key_free(key);
	if (jwt == NULL)
		*problem = "the App's key cannot sign";
	return jwt;
}

int64
credentials_clock_offset(void)
{
	return clock_offset_s;
}

bool
credentials_correct_clock(int64 signed_with_offset_s, int64 offset_s)
{
	/* Two requests were under way, and the other has seen to it. */
	if (signed_with_offset_s != clock_offset_s)
		return true;
	if (offset_s == clock_offset_s || clock_corrections >= CLOCK_CORRECTIONS_MAX)
		return false;
	clock_corrections++;
	clock_offset_s = offset_s;
	return true;
}

void
credentials_accepted(void)
{
	clock_corrections = 0;
}

/* Printable ASCII only: it becomes a header. */
static bool
trim_token(CryptoSecret *file)
{
	while (file->length > 0 && strchr(" \t\r\n", file->text[file->length - 1]) != NULL)
		file->text[--file->length] = '\0';
	for (size_t i = 0; i < file->length; i++)
	{
		if (file->text[i] <= ' ' || file->text[i] > '~')
			return false;
	}
	return file->length > 0;
}

char *
credentials_read_token(const char **problem)
{
	CryptoSecret file;
	char *token = NULL;

	if (!crypto_secret_read(setting_token_file, &file, problem))
	{
		*problem = psprintf("github_sync.token_file %s", *problem);
		return NULL;
	}
	if (!trim_token(&file))
		*problem = "github_sync.token_file does not hold a token";
	else if ((token = strdup(file.text)) == NULL)
		*problem = "github_sync.token_file does not fit into memory";
	crypto_secret_free(&file);
	return token;
}
