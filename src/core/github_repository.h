/*
 * github_repository.h
 *		From GitHub's JSON to what a repository is: asked for when a resource of
 *		it is not there, or may not be written.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  Text: github_json_sanitize() runs
 * first.
 */
#ifndef GITHUB_REPOSITORY_H
#define GITHUB_REPOSITORY_H

#include <stdbool.h>
#include <stdint.h>

#include "core/github_json.h"

typedef struct GithubRepository
{
	int64_t id;        /* survives renames and transfers, which names do not */
	bool has_issues;   /* false: they are switched off, and every one answers 410 */
	bool is_archived;  /* nobody can write to it */
	char *owner_login; /* malloc'd UTF-8 */
	char *name;
} GithubRepository;

/*
 * Parses a repository out of sanitized text.  *problem, if given, is set on
 * failure to static text naming what is wrong.  On failure *repository is
 * empty.
 */
extern GithubParseResult
github_repository_parse(const char *json, GithubRepository *repository, const char **problem);
extern void github_repository_free(GithubRepository *repository);

#endif
