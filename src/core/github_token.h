/*
 * github_token.h
 *		From GitHub's JSON to how we are authorised, and under which name.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  A token never becomes part of an
 * error text, and is overwritten before its memory is freed.
 */
#ifndef GITHUB_TOKEN_H
#define GITHUB_TOKEN_H

#include <stdint.h>

#include "core/github_json.h"

/* POST .../access_tokens */
typedef struct GithubToken
{
	char *token;        /* opaque, any length; printable ASCII, no space */
	int64_t expires_at; /* seconds since 1970 */
} GithubToken;

/* On failure *token is empty and *problem, if given, names what is wrong. */
extern GithubParseResult
github_token_parse(const char *json, GithubToken *token, const char **problem);
/* Overwrites the secret before it frees it. */
extern void github_token_free(GithubToken *token);

/*
 * The login under which we write: of GET /user `login`, of GET /app
 * `slug` + "[bot]".  malloc'd; NULL when the answer does not say.
 */
extern char *github_own_login_parse(const char *json);

/*
 * GitHub's id of the account, of GET /user and GET /users/...: it stays when the
 * account gets another name.  0 when the answer does not say, as GET /app does
 * not: the id of an App is not that of the account that it writes under.
 */
extern int64_t github_own_id_parse(const char *json);

#endif
