/*
 * github_token.c
 *		From GitHub's JSON to how we are authorised, and under which name.
 *
 * Pure.  The token is opaque: its prefix, length and dots have changed before.
 */
#include "core/github_token.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_reader.h"

/* Through volatile, the compiler must not drop writes to memory about to be freed. */
static void
wipe_text(char *text)
{
	volatile char *byte = text;

	while (byte != NULL && *byte != '\0')
		*byte++ = '\0';
}

/* A token goes into a header line: white space and controls could end it. */
static bool
fits_in_header(const char *token)
{
	for (const char *c = token; *c != '\0'; c++)
	{
		if (*c <= ' ' || *c > '~')
			return false;
	}
	return token[0] != '\0';
}

static void
wipe_document(const cJSON *document)
{
	wipe_text(cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, "token")));
}

static GithubParseResult
read_token(const cJSON *value, GithubToken *token, const char **problem)
{
	JsonReader reader = json_reader_open(value);

	token->token = json_read_text(&reader, "token");
	if (token->token != NULL && !fits_in_header(token->token))
		json_reader_fail(&reader, GITHUB_PARSE_MISSING_FIELD, "token");
	token->expires_at = json_read_time(&reader, "expires_at");
	return json_reader_finish(&reader, problem);
}

GithubParseResult
github_token_parse(const char *json, GithubToken *token, const char **problem)
{
	cJSON *document;
	GithubParseResult result = json_document_parse(json, &document, problem);

	memset(token, 0, sizeof(*token));
	if (result == GITHUB_PARSE_OK)
		result = read_token(document, token, problem);
	if (result != GITHUB_PARSE_OK)
		github_token_free(token);
	wipe_document(document);
	cJSON_Delete(document);
	return result;
}

void
github_token_free(GithubToken *token)
{
	wipe_text(token->token);
	free(token->token);
	memset(token, 0, sizeof(*token));
}

/* GitHub shows what an App writes under the App's slug. */
static char *
bot_login(const char *slug)
{
	static const char suffix[] = "[bot]";
	size_t length = strlen(slug);
	char *login = malloc(length + sizeof(suffix));

	if (login != NULL)
	{
		memcpy(login, slug, length);
		memcpy(login + length, suffix, sizeof(suffix));
	}
	return login;
}

int64_t
github_own_id_parse(const char *json)
{
	cJSON *document;
	JsonReader reader;
	char *login;
	int64_t id;

	if (json_document_parse(json, &document, NULL) != GITHUB_PARSE_OK)
		return 0;

	reader = json_reader_open(document);
	login = json_read_text(&reader, "login");
	id = json_read_number(&reader, "id", INT64_MAX);
	if (json_reader_finish(&reader, NULL) != GITHUB_PARSE_OK)
		id = 0;
	free(login);
	cJSON_Delete(document);
	return id;
}

char *
github_own_login_parse(const char *json)
{
	cJSON *document;
	const char *login;
	const char *slug;
	char *own_login = NULL;

	if (json_document_parse(json, &document, NULL) != GITHUB_PARSE_OK)
		return NULL;

	login = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, "login"));
	slug = cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(document, "slug"));
	if (login != NULL && login[0] != '\0')
		own_login = strdup(login);
	else if (slug != NULL && slug[0] != '\0')
		own_login = bot_login(slug);
	cJSON_Delete(document);
	return own_login;
}
