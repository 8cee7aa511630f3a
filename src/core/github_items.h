/*
 * github_items.h
 *		From a page of a list to its items, each read by itself.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  A page is not lost for one item that
 * cannot be read: who sweeps a repository would come to the same page again
 * and again.  Whoever must know all that a list shows takes
 * github_resource_list_parse() instead.
 *
 * Text: github_json_sanitize() runs first.
 */
#ifndef GITHUB_ITEMS_H
#define GITHUB_ITEMS_H

#include <stddef.h>

#include "core/github_resource.h"

typedef struct GithubItem
{
	char *json;               /* malloc'd: the item as it stands in the list */
	GithubParseResult result; /* anything but OK: resource says at most which one it is */
	const char *problem;      /* static text naming what is wrong; NULL: nothing */
	GithubResource resource;
} GithubItem;

typedef struct GithubItems
{
	GithubItem *items; /* NULL: none */
	size_t count;
} GithubItems;

/* GitHub's pages have a hundred: more than this is no page of a list. */
#define GITHUB_MAX_ITEMS 1000

/*
 * OK: text is an array, whatever its items are.  Else *items is empty and
 * *problem, if given, is static text naming what is wrong.
 */
extern GithubParseResult github_items_parse(GithubResourceKind kind, const char *json,
											GithubItems *items, const char **problem);

/* An item of the future is one that cannot be read: its updated_at would move the place where a list is read next. */
extern void github_items_refuse_future(GithubItems *items, int64_t answered_at);
extern void github_items_free(GithubItems *items);

#endif
