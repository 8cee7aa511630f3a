/*
 * fuzz_token.c
 *		Answers about a token, about who we are, about a repository.
 */
#include "core/github_repository.h"
#include "core/github_token.h"
#include "fuzz.h"

/* It becomes a header line. */
static bool
fits_in_header(const char *text)
{
	for (const char *c = text; *c != '\0'; c++)
	{
		if (*c <= ' ' || *c > '~')
			return false;
	}
	return text[0] != '\0';
}

static void
try_token(const char *json)
{
	GithubToken token;
	const char *problem;

	if (github_token_parse(json, &token, &problem) == GITHUB_PARSE_OK)
	{
		must(fits_in_header(token.token));
		github_token_free(&token);
	}
	else
		must(problem != NULL && token.token == NULL);
}

static void
try_own_login(const char *json)
{
	char *login = github_own_login_parse(json);

	must(login == NULL || (login[0] != '\0' && is_utf8(login)));
	free(login);
	must(github_own_id_parse(json) >= 0);
}

static void
try_repository(const char *json)
{
	GithubRepository repository;
	const char *problem;

	if (github_repository_parse(json, &repository, &problem) == GITHUB_PARSE_OK)
	{
		must(repository.id >= 1);
		github_repository_free(&repository);
	}
	else
		must(problem != NULL && repository.id == 0);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *json = sanitized(data, size);

	try_token(json);
	try_own_login(json);
	try_repository(json);
	free(json);
	return 0;
}
