/*
 * test_core_token.c
 *		Installation tokens, and the login under which we write.
 */
#include "core/github_token.h"

#include <malloc.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "unit.h"

#define EXPIRES "\"expires_at\":\"2016-07-11T22:14:10Z\""
#define SECRET "ghs_16C7e42F292c6912E7710c838347Ae178B4a"

/* ---- memory that is freed: linked with -Wl,--wrap=free ---- */

extern void __real_free(void *memory);
extern void __wrap_free(void *memory);

static int secrets_freed;

void
__wrap_free(void *memory)
{
	if (memory != NULL &&
		memmem(memory, malloc_usable_size(memory), SECRET, strlen(SECRET)) != NULL)
		secrets_freed++;
	__real_free(memory);
}

/* In the answer, which is the caller's, and nowhere else. */
static void
test_wiping(void)
{
	cJSON_Hooks hooks = {.malloc_fn = malloc, .free_fn = __wrap_free};
	char *text = strdup(SECRET);
	GithubToken token;

	free(text);
	is_int(secrets_freed, 1, "a secret that is freed is seen");
	secrets_freed = 0;
	cJSON_InitHooks(&hooks);
	is_int(github_token_parse("{\"token\":\"" SECRET "\"," EXPIRES "}", &token, NULL),
		   GITHUB_PARSE_OK, "a token");
	is_int(secrets_freed, 0, "... is wiped where the answer was parsed");
	github_token_free(&token);
	is_int(secrets_freed, 0, "... and when it is freed");
	cJSON_InitHooks(NULL);
}

static void
test_short_token(void)
{
	const char *problem = "untouched";
	GithubToken token;

	is_int(github_token_parse("{\"token\":\"ghs_16C7e42F292c6912E7710c838347Ae178B4a\"," EXPIRES
							  ",\"permissions\":{\"issues\":\"write\"}}",
							  &token, &problem),
		   GITHUB_PARSE_OK, "a token of the old form");
	is_text(problem, NULL, "... has no problem");
	is_text(token.token, "ghs_16C7e42F292c6912E7710c838347Ae178B4a", "... its text");
	is_int(token.expires_at, 1468275250, "... when it expires");
	github_token_free(&token);
	ok(token.token == NULL && token.expires_at == 0, "a freed token is empty");
	github_token_free(&token);
}

static void
test_long_token(void)
{
	char text[2001];
	char json[2100];
	GithubToken token;

	memset(text, 'x', sizeof(text) - 1);
	memcpy(text, "ghs_1_eyJ.a.", 12);
	text[sizeof(text) - 1] = '\0';
	snprintf(json, sizeof(json), "{\"token\":\"%s\"," EXPIRES "}", text);
	is_int(github_token_parse(json, &token, NULL), GITHUB_PARSE_OK,
		   "a token of 2,000 characters, dots and underscores");
	is_text(token.token, text, "... is opaque");
	github_token_free(&token);
}

static void
test_visible_characters(void)
{
	GithubToken token;

	is_int(github_token_parse("{\"token\":\"!a~\"," EXPIRES "}", &token, NULL), GITHUB_PARSE_OK,
		   "a token of any visible characters");
	is_text(token.token, "!a~", "... is opaque");
	github_token_free(&token);
}

static void
test_broken_tokens(void)
{
	static const struct
	{
		const char *json;
		GithubParseResult result;
		const char *problem;
	} cases[] = {
		{NULL, GITHUB_PARSE_NOT_JSON, "JSON"},
		{"<html>", GITHUB_PARSE_NOT_JSON, "JSON"},
		{"[]", GITHUB_PARSE_MISSING_FIELD, "object"},
		{"{" EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":null," EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":17," EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":\"\"," EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":\"a b\"," EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":\"a\\r\\nX-Injected: 1\"," EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":\"a\\u007f\"," EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":\"caf\xC3\xA9\"," EXPIRES "}", GITHUB_PARSE_MISSING_FIELD, "token"},
		{"{\"token\":\"ghs_x\"}", GITHUB_PARSE_MISSING_FIELD, "expires_at"},
		{"{\"token\":\"ghs_x\",\"expires_at\":null}", GITHUB_PARSE_MISSING_FIELD, "expires_at"},
		{"{\"token\":\"ghs_x\",\"expires_at\":\"soon\"}", GITHUB_PARSE_MISSING_FIELD, "expires_at"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *problem = NULL;
		GithubToken token;

		memset(&token, 0xAA, sizeof(token));
		is_int(github_token_parse(cases[i].json, &token, &problem), cases[i].result,
			   "what is no token that fits in a header is refused");
		is_text(problem, cases[i].problem, "... the problem is named");
		ok(token.token == NULL && token.expires_at == 0, "... and the token is empty");
	}
}

static void
check_own_login(const char *json, const char *expected, const char *name)
{
	char *login = github_own_login_parse(json);

	is_text(login, expected, name);
	free(login);
}

static void
test_own_login(void)
{
	check_own_login("{\"login\":\"mona\",\"id\":1}", "mona", "a user's login");
	check_own_login("{\"id\":1,\"slug\":\"octo-app\",\"owner\":{\"login\":\"octocat\"}}",
					"octo-app[bot]", "an App's slug, not its owner");
	check_own_login("{\"id\":1}", NULL, "neither");
	check_own_login("{\"login\":\"\"}", NULL, "an empty login");
	check_own_login("{\"slug\":\"\"}", NULL, "an empty slug");
	check_own_login("{\"login\":5,\"slug\":null}", NULL, "other types");
	check_own_login("[\"mona\"]", NULL, "an array");
	check_own_login("<html>", NULL, "no JSON");
	check_own_login(NULL, NULL, "no answer");
}

int
main(void)
{
	test_wiping();
	test_visible_characters();
	test_short_token();
	test_long_token();
	test_broken_tokens();
	test_own_login();
	return done_testing();
}
