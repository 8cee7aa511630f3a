/*
 * repo_sweeps.h
 *		Pages of repositories' lists that this worker reads: claimed, and reported.
 *
 * A sweep is one page that is to be read.  Every function but
 * repo_sweeps_free() runs between db_begin() and db_commit().
 */
#ifndef DB_REPO_SWEEPS_H
#define DB_REPO_SWEEPS_H

#include "postgres.h"

#include "core/github_items.h"
#include "core/github_request.h"
#include "datatype/timestamp.h"
#include "db/queue_claim.h"
#include "nodes/pg_list.h"

typedef struct RepoSweep
{
	MemoryContext context; /* of the sweep and all its texts */
	int64 github_repo_id;
	char *stream; /* issues, comments, a check of either; no lists: setup: what check_setup() asks;
				   * delivery log; names: what known_names asks */
	int32 claim_no;
	int64 installation_id;
	GithubOperation operation;
	char *owner_login; /* of a question by name; NULL: none */
	char *repo_name;
	char *asked_name;   /* a label, login or milestone; NULL: none */
	int32 issue_number; /* comments of an issue */
	int64 delivery_id;  /* of the delivery log; 0: its list */
	int32 page_size;
	int64 since;     /* seconds since 1970; GITHUB_NO_TIME: all */
	char *page_link; /* where GitHub said that the list goes on; NULL: its first page */
	char *etag;      /* NULL: none */
	char *etag_key;  /* which token the ETag belongs to */
} RepoSweep;

/* What was read.  Texts are NULL where there is none. */
typedef struct SweptPage
{
	int64 answered_at; /* GitHub's Date, seconds since 1970 */
	int64 own_id;      /* of the account that the worker sends as */
	const char *next_link;
	int last_page; /* of the list, as GitHub numbers them; 0: not told */
	const char *etag;
	const char *etag_key;
	/*
	 * Those that cannot be read are reported apart, with what is wrong with them;
	 * of those with a character that the database does not have, only that they
	 * are there.
	 */
	const GithubItems *items;
} SweptPage;

/*
 * What somebody held when it was listed is tried again, but for those left out, by
 * GitHub's ids.  Returns whether there was any: it may be queued now.
 */
extern bool repo_sweeps_apply_later(const TransactionIds *tasks_left_out,
									const TransactionIds *comments_left_out);

/* Pages that may be read now, in child contexts of parent, as the list is in it. */
extern List *
repo_sweeps_claim(const int64 *busy_installations, int busy_count, MemoryContext parent);

/* When the next one is due: DT_NOEND: none that is known. */
extern TimestampTz repo_sweeps_next_time(const int64 *busy_installations, int busy_count);

/* Applies a page and moves the cursor. */
extern void repo_sweeps_report_page(const RepoSweep *sweep, const SweptPage *page);
extern void repo_sweeps_report_not_modified(const RepoSweep *sweep);

/*
 * What GitHub answered to a question of check_setup().  status: 0: it was not asked; json: NULL: not
 * what was asked for.
 */
extern void
repo_sweeps_report_setup(const RepoSweep *sweep, int status, const char *words, const char *json);
extern bool repo_sweeps_is_of_setup(const RepoSweep *sweep);

/* The same of the App's delivery log.  next_link: where its list goes on; NULL: nowhere. */
extern void repo_sweeps_report_log(const RepoSweep *sweep, int status, const char *words,
								   const char *json, const char *next_link);
extern bool repo_sweeps_is_of_log(const RepoSweep *sweep);

/* How a list goes on of which a page could not be had. */
typedef enum SweepWayOut
{
	SWEEP_AGAIN,         /* the same page, after a time */
	SWEEP_SMALLER_PAGES, /* at once; in the end, of comments, issue by issue */
	SWEEP_BY_ISSUE,      /* of comments: the list of all ends before its end */
	SWEEP_NEXT_ISSUE     /* the one whose comments were asked for is gone */
} SweepWayOut;

/*
 * The same of a question whether a repository has a label, an assignee or a
 * milestone.  status: 0: it is to be asked again; next_link: where a list goes on.
 */
extern void repo_sweeps_report_name(const RepoSweep *sweep, int status, const char *words,
									const char *json, const char *next_link);
extern bool repo_sweeps_is_of_names(const RepoSweep *sweep);

/* It could not be read, or not be applied. */
extern void
repo_sweeps_report_failure(const RepoSweep *sweep, const char *reason, SweepWayOut way_out);

/* It was not read, and that is not the list's fault.  retry_at: DT_NOBEGIN: at once. */
extern void repo_sweeps_let_go(const RepoSweep *sweep, const char *reason, TimestampTz retry_at);

extern void repo_sweeps_free(RepoSweep *sweep);

#endif /* DB_REPO_SWEEPS_H */
