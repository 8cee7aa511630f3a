/*
 * github_event.h
 *		From the JSON of a webhook delivery to what it tells: ids, numbers, times
 *		and names; of what people write, what an edit replaced, and the label or
 *		assignee that an issue got or lost.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  Input is what a stranger sent; text:
 * github_json_sanitize() runs first.
 */
#ifndef GITHUB_EVENT_H
#define GITHUB_EVENT_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/github_json.h"
#include "core/github_time.h"

/* GitHub sends none that is larger. */
#define GITHUB_EVENT_MAX_LENGTH ((size_t) 25 * 1024 * 1024)

/* id 0: the payload has none. */
typedef struct GithubEventInstallation
{
	int64_t id;
	int64_t account_id;
	char *account_login; /* malloc'd, as all texts here; NULL: not there */
	char *account_type;
	int64_t updated_at; /* seconds since 1970; GITHUB_NO_TIME: not there */
} GithubEventInstallation;

typedef struct GithubEventRepository
{
	int64_t id;
	char *owner_login; /* NULL: none that fits into a path */
	char *name;
	int64_t updated_at;
} GithubEventRepository;

typedef struct GithubEventIssue
{
	int64_t id;
	int32_t number;
	int64_t updated_at;
	bool is_pull_request;
} GithubEventIssue;

typedef struct GithubEventComment
{
	int64_t id;
	int64_t updated_at;
} GithubEventComment;

/* What happened to the place of an issue, and which is its other one. */
typedef enum GithubTransfer
{
	GITHUB_NOT_TRANSFERRED,
	GITHUB_ISSUE_LEFT,   /* for the other place */
	GITHUB_ISSUE_ARRIVED /* from the other place */
} GithubTransfer;

/* What an edit did to a text; from NULL: it left it alone. */
typedef struct GithubEventEdit
{
	char *from;
	char *to; /* NULL: GitHub has none now */
} GithubEventEdit;

/* A label or an assignee that an issue got or lost. */
typedef struct GithubEventMark
{
	const char *field; /* "labels" or "assignees", static text; NULL: none is told of */
	char *name;
	bool is_added;
	int64_t account_id; /* whose doing it was; 0: not there */
} GithubEventMark;

typedef struct GithubEventIds
{
	int64_t *ids; /* NULL: none */
	size_t count;
} GithubEventIds;

typedef struct GithubEvent
{
	char *action; /* NULL: it has none */

	/*
	 * A signature covers the payload and not the name of its event: one of
	 * "repository", "installation" or "installation_repositories" that has other
	 * members than these events have is another event's.
	 */
	bool is_another_events;
	GithubEventInstallation installation;
	GithubEventRepository repository;
	GithubEventIssue issue;
	GithubEventComment comment;
	GithubTransfer transfer;
	GithubEventIssue other_issue;
	GithubEventRepository other_repository;
	GithubEventEdit title; /* of the issue, where the action is "edited" */
	GithubEventEdit body;  /* of the issue, or of the comment */
	GithubEventMark mark;
	GithubEventIds
		repositories_added; /* of an installation that was created: all of its repositories */
	GithubEventIds repositories_removed;
} GithubEvent;

/*
 * Parses the payload of an event ("issues") out of sanitized text.  Of the
 * events issues, issue_comment, repository, installation and
 * installation_repositories all that makes them one must be there; of any other
 * only the action is read.  *problem, if given, is set on failure to static
 * text naming what is wrong.  On failure *event is empty.
 */
extern GithubParseResult github_event_parse(const char *event_name, const char *json,
											GithubEvent *event, const char **problem);
extern void github_event_free(GithubEvent *event);

#endif
