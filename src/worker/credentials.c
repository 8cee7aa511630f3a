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

/* How often GitHub is believed that its clock differs from ours, before it has accepted a JWT. */
#define CLOCK_CORRECTIONS_MAX 2

static struct
{
	int64 offset_s;  /* by which GitHub's is ahead of ours */
	int corrections; /* since a JWT was accepted */
} github_clock;

bool
credentials_are_a_token(void)
{
	return settings_name_a_token();
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
	now += github_clock.offset_s;
	jwt = crypto_jwt_rs256(key, setting_app_id, now - JWT_BACKDATED_S, now + JWT_LIFETIME_S);
	crypto_private_key_free(key);
	if (jwt == NULL)
		*problem = "the App's key cannot sign";
	return jwt;
}

int64
credentials_clock_offset(void)
{
	return github_clock.offset_s;
}

bool
credentials_correct_clock(int64 signed_with_offset_s, int64 offset_s)
{
	/* Two requests were under way, and the other has seen to it. */
	if (signed_with_offset_s != github_clock.offset_s)
		return true;
	if (offset_s == github_clock.offset_s || github_clock.corrections >= CLOCK_CORRECTIONS_MAX)
		return false;
	github_clock.corrections++;
	github_clock.offset_s = offset_s;
	return true;
}

void
credentials_accepted(void)
{
	github_clock.corrections = 0;
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
