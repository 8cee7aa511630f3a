/*
 * content.h
 *		What the stub's GitHub holds: issues and comments of any number of
 *		repositories, consistent from one request to the next.
 *
 * Every issue from 1 to CONTENT_LAST_GIVEN exists in every repository, and every
 * comment whose id names such an issue: what nobody has written is made up from
 * its number, and takes no memory.  What was written is kept.
 *
 * Texts are kept as the JSON that came: they go out as they came in.
 */
#ifndef CONTENT_H
#define CONTENT_H

#include <stdbool.h>
#include <stdint.h>
#include <time.h>

#define CONTENT_LAST_GIVEN 9999999
#define CONTENT_MAX_REPOSITORY 100000

/* An id names where the thing is: a comment's its issue, an issue's its repository. */
#define CONTENT_NUMBERS_PER_REPOSITORY INT64_C(100000000)
#define CONTENT_COMMENTS_PER_ISSUE INT64_C(100)

typedef struct Item
{
	int64_t id;
	int64_t repository;
	int32_t number; /* of the issue, a comment's parent */
	bool is_comment;
	bool is_ours; /* made by the App */
	bool is_closed;
	const char *title; /* JSON */
	const char *body;  /* JSON */
	time_t created_at;
	time_t updated_at;
	uint32_t revision; /* makes the ETag */
	int32_t comments;  /* of an issue, that lists show */
} Item;

/* What a request wants written; NULL: left as it is. */
typedef struct Change
{
	const char *title; /* JSON, as is body */
	int title_length;
	const char *body;
	int body_length;
	const char *state; /* JSON */
	int state_length;
} Change;

/* Empties it; base: the updated_at of what nobody has written and no list shows, at version 0. */
extern void content_reset(time_t base);
extern time_t content_base(void);

/* All issues of these repositories that nobody has written are edited once: updated_at moves by a second. */
extern void content_edit_all(int64_t from, int64_t to);

/*
 * What the lists of these repositories show: their issues from 1 on, so many,
 * with so many comments each; at first nothing.
 */
extern void content_list(int64_t from, int64_t to, int32_t issues, int32_t comments);
extern int32_t content_listed_issues(int64_t repository);
extern int64_t content_listed_comments(int64_t repository);

/*
 * Sets *item; its texts are good until the next call.  false: there is no such
 * thing.
 */
extern bool content_issue(int64_t repository, int64_t number, Item *item);
extern bool content_comment(int64_t id, Item *item);

/* The place-th, from 0 on, of those that the list of all comments shows. */
extern bool content_listed_comment(int64_t repository, int64_t place, Item *item);

extern bool content_update(const Item *before, const Change *change, Item *after);
extern bool content_create_issue(int64_t repository, const Change *change, Item *item);
extern bool content_create_comment(const Item *issue, const Change *change, Item *item);
extern bool content_delete(const Item *item);

#endif
