/*
 * github_resource.h
 *		From GitHub's JSON to typed values.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  Input is what a stranger sent: its
 * nesting is bounded, unknown members are ignored, missing ones are reported.
 *
 * Text: github_json_sanitize() runs first and turns U+0000, lone surrogates
 * and invalid UTF-8 into U+FFFD, so that neither cJSON nor PostgreSQL can
 * truncate or refuse it.
 */
#ifndef GITHUB_RESOURCE_H
#define GITHUB_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

/* Deeper answers are refused before they are parsed. */
#define GITHUB_MAX_JSON_DEPTH 64

/* Seconds since 1970 in a time that was null or absent. */
#define GITHUB_NO_TIME INT64_MIN

/*
 * An issue, a pull request seen as an issue, or a comment.  Strings are
 * malloc'd UTF-8, NULL where GitHub sent null or nothing.
 */
typedef struct GithubResource
{
	int64_t		id;
	int32_t		number;			/* issues; comments: of the parent, 0 if unknown */
	bool		is_pull_request;
	char	   *title;			/* issues only */
	char	   *body;
	char	   *state;			/* issues only: open, closed */
	char	   *state_reason;
	char	   *author_login;	/* NULL: deleted account */
	char	   *html_url;
	int64_t		created_at;		/* seconds since 1970, UTC */
	int64_t		updated_at;
	int64_t		closed_at;
} GithubResource;

typedef enum GithubResourceKind
{
	GITHUB_ISSUE,
	GITHUB_COMMENT
} GithubResourceKind;

typedef enum GithubParseResult
{
	GITHUB_PARSE_OK,
	GITHUB_PARSE_NOT_JSON,
	GITHUB_PARSE_TOO_DEEP,
	GITHUB_PARSE_MISSING_FIELD, /* or a field of another type */
	GITHUB_PARSE_OUT_OF_MEMORY
} GithubParseResult;

/*
 * Copies length bytes of JSON text into a new, NUL-terminated string in which
 * U+0000 (raw or escaped), lone surrogate escapes and invalid UTF-8 are
 * U+FFFD.  NULL: out of memory.  *out_length, if given, excludes the NUL.
 */
extern char *github_json_sanitize(const char *text, size_t length, size_t *out_length);

/*
 * Parses one issue or comment out of sanitized text.  *problem, if given, is
 * set on failure to static text naming what is wrong ("updated_at").
 */
extern GithubParseResult github_resource_parse(GithubResourceKind kind, const char *json,
											   GithubResource *resource,
											   const char **problem);
extern void github_resource_free(GithubResource *resource);

/* Parses an array of them; items is malloc'd, freed with _list_free(). */
typedef struct GithubResourceList
{
	GithubResource *items;
	size_t		count;
} GithubResourceList;

extern GithubParseResult github_resource_list_parse(GithubResourceKind kind, const char *json,
													GithubResourceList *list,
													const char **problem);
extern void github_resource_list_free(GithubResourceList *list);

/* POST .../access_tokens */
typedef struct GithubToken
{
	char	   *token;			/* opaque, any length */
	int64_t		expires_at;
} GithubToken;

extern GithubParseResult github_token_parse(const char *json, GithubToken *token,
											const char **problem);
/* Overwrites the secret before it frees it. */
extern void github_token_free(GithubToken *token);

/*
 * The login under which we write: of GET /user `login`, of GET /app
 * `slug` + "[bot]".  malloc'd; NULL when the answer does not say.
 */
extern char *github_own_login_parse(const char *json);

/* "message" (and the first of "errors") of an error answer; malloc'd or NULL. */
extern char *github_error_message_parse(const char *json);

/*
 * ISO 8601 with whole or fractional seconds and Z or an offset (REST sends
 * only YYYY-MM-DDTHH:MM:SSZ).  Fractions are cut off.  False: not a time.
 */
extern bool github_time_parse(const char *text, int64_t *seconds_since_1970);

/* An HTTP date (RFC 9110: IMF-fixdate).  False: not one. */
extern bool github_http_date_parse(const char *text, int64_t *seconds_since_1970);

#endif
