/*
 * github_resource.h
 *		From GitHub's JSON to issues and comments.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  Input is what a stranger sent: its
 * nesting is bounded, unknown members are ignored, missing ones are reported.
 *
 * Text: github_json_sanitize() runs first, so that no string is truncated.
 */
#ifndef GITHUB_RESOURCE_H
#define GITHUB_RESOURCE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/github_json.h"
#include "core/github_time.h"

/*
 * An issue, a pull request seen as an issue, or a comment.  Strings are
 * malloc'd UTF-8, NULL where GitHub sent null or nothing.
 */
typedef struct GithubResource
{
	int64_t id;
	int32_t number;       /* issues; comments: of the parent, 0 if unknown */
	bool is_pull_request; /* issues only */
	char *title;          /* issues only */
	char *body;
	char *state; /* issues only: open, closed, or what GitHub adds */
	char *state_reason;
	char *author_login; /* NULL: deleted account */
	int64_t author_id;  /* which it keeps under every name; 0: deleted account */
	char *html_url;
	int64_t created_at; /* seconds since 1970, UTC */
	int64_t updated_at;
	int64_t closed_at;     /* GITHUB_NO_TIME: not closed */
	int32_t comment_count; /* issues only; -1: not shown */
} GithubResource;

typedef enum GithubResourceKind
{
	GITHUB_ISSUE,
	GITHUB_COMMENT
} GithubResourceKind;

/*
 * Parses one issue or comment out of sanitized text.  *problem, if given, is
 * set on failure to static text naming what is wrong ("updated_at").  On
 * failure *resource is empty.
 */
extern GithubParseResult github_resource_parse(GithubResourceKind kind, const char *json,
											   GithubResource *resource, const char **problem);
extern void github_resource_free(GithubResource *resource);

/*
 * Which one it is, of what cannot be parsed: id, number (0: not told) and
 * updated_at (GITHUB_NO_TIME: not told) alone are set.  Not OK: nothing is told.
 */
extern GithubParseResult
github_resource_identify(GithubResourceKind kind, const char *json, GithubResource *resource);

/* Whether it says that it changed after the answer which shows it: taken, it would outrank true changes for as long. */
extern bool github_resource_is_of_the_future(const GithubResource *resource, int64_t answered_at);

/* Parses an array of them; items is malloc'd, freed with _list_free(). */
typedef struct GithubResourceList
{
	GithubResource *items; /* NULL: none */
	size_t count;
} GithubResourceList;

/* One bad item fails the list: what it hides is not known. */
extern GithubParseResult github_resource_list_parse(GithubResourceKind kind, const char *json,
													GithubResourceList *list, const char **problem);
extern void github_resource_list_free(GithubResourceList *list);

#endif
