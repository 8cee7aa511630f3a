/*
 * queue_report.h
 *		What the worker tells the queue about its claims.
 *
 * Every function runs between db_begin() and db_commit().  C reports what
 * happened; the SQL functions named here decide what state follows.  Reports
 * are fenced by (id, claim_no): of a claim that the row no longer has they
 * change nothing.
 *
 * What the queue said to a report is logged at DEBUG1, and kept as the claim's
 * state; only after db_commit() does it count.  Where a function
 * returns a boolean, false says that the claim is not the row's any more.
 */
#ifndef DB_QUEUE_REPORT_H
#define DB_QUEUE_REPORT_H

#include "postgres.h"

#include "core/github_request.h"
#include "core/github_resource.h"
#include "core/github_response.h"
#include "datatype/timestamp.h"
#include "db/queue_claim.h"

/* An answer that shows the resource of a claim. */
typedef struct ResourceReport
{
	GithubOperation operation;      /* that was answered */
	bool not_modified;              /* GitHub still holds what is cached */
	int64 answered_at;              /* seconds since 1970, GitHub's clock */
	int64 own_id;                   /* GitHub's id of the account that we write as */
	const GithubResource *resource; /* NULL: not modified */
	const char *etag;
	const char *etag_key;
	const char *json; /* the resource as GitHub sent it, sanitized; NULL: of no use */
} ResourceReport;

typedef enum ReportResult
{
	REPORT_ENDS_CLAIM,  /* an end state */
	REPORT_IS_STALE,    /* the claim is not the row's any more */
	REPORT_GIVES_BACK,  /* queued again, perhaps for a later time */
	REPORT_ASKS_UPDATE, /* STEP_UPDATE follows, with the fields to send */
	REPORT_GOES_ALONE,  /* of a set: it was left out, and is to be reported by itself */
	REPORT_MEETS_OTHER /* another resource has the place: nothing was recorded, the claim goes on */
} ReportResult;

/* What the queue says to a report; what is to be sent is palloc'd. */
typedef struct ReportOutcome
{
	ReportResult result;
	int32 issue_number; /* of REPORT_ASKS_UPDATE, as what follows */
	int64 github_id;
	GithubField title;
	GithubField body;
	GithubField issue_state;
	GithubField state_reason;
	char *marks; /* as GithubRequestInput has them; NULL: the application maps none */
} ReportOutcome;

/* One of its reports was refused: all of them are undone with the caller's subtransaction. */
extern void queue_report_set(int count, SyncClaim *const *claims, const ResourceReport *answers,
							 ReportOutcome *outcomes);

extern void
queue_report_resource(SyncClaim *claim, const ResourceReport *answer, ReportOutcome *outcome);

/* The claim goes on with what the outcome asks for. */
extern void queue_report_prepare_update(SyncClaim *claim, const ReportOutcome *outcome);

/*
 * An answer came by way of a redirect, which named repository reached_repo_id
 * (0: none): where it shows that the claim's repository has another name now,
 * the repository and the claim go by that.
 */
extern void queue_report_redirect(SyncClaim *claim, int64 reached_repo_id, const char *json);

/* Nothing to wait for: stands in line again at once. */
#define RETRY_AT_ONCE DT_NOBEGIN

/* The claim's transaction waits again; problem: why, NULL: nothing went wrong. */
extern bool queue_report_give_back(SyncClaim *claim, const char *problem, TimestampTz retry_at);

/* An attempt has failed: the transaction waits again until it had max_attempts. */
extern bool queue_report_try_again(SyncClaim *claim, const char *code, const char *reason,
								   TimestampTz retry_at, int max_attempts);
/* As queue_report_try_again() where the record is free, else given back without an attempt. */
extern bool queue_report_contention(SyncClaim *claim, const char *reason, TimestampTz retry_at,
									int max_attempts);
extern bool queue_report_failure(SyncClaim *claim, const char *code, const char *reason);

/* How long a transaction with which GitHub cannot be reached waits between two tries. */
typedef struct UnreachableBackoff
{
	int shortest_ms;
	int longest_ms;
	int give_up_after_s;
} UnreachableBackoff;

/*
 * GitHub was not reached with this claim's request, or answered that it fails.  The
 * transaction waits until some time after the installation's pause: another one
 * finds out whether that is over.  One that fails like this for too long is
 * errored.
 */
extern void queue_report_unreachable(SyncClaim *claim, const char *problem,
									 TimestampTz paused_until, const UnreachableBackoff *backoff);

/*
 * Opens a creation attempt and fills in what to send; own_id: GitHub's id of the
 * account that sends it; github_now: seconds since 1970, GitHub's clock.  To be committed before
 * that: from then on the creation is looked up before it is sent again.
 * False: there is nothing to create any more.
 */
extern bool queue_report_begin_creation(SyncClaim *claim, int64 own_id, int64 github_now);

/* The creation that claim sent certainly did not happen. */
extern void queue_report_rejected_creation(const SyncClaim *claim);

/* Of what carries the claim's creation key: its author is who sent the creation, so this is it; unless
   its id is known as that of another creation, or it ends with the key of one that was not met yet. */
extern bool
queue_report_is_own_creation(const SyncClaim *claim, const GithubResource *shown, int64 own_id);

/*
 * The lists do not show it; recheck_ms is the setting creation_recheck,
 * answered_at seconds since 1970, GitHub's clock.
 */
extern void queue_report_missing_creation(SyncClaim *claim, int recheck_ms, int64 answered_at);

/*
 * The repository that the claim's name belongs to has answered: which one it is, and
 * how it is called.  It need not be the claim's.
 */
extern void queue_report_repository_name(const SyncClaim *claim, int64 answered_id,
										 const char *owner_login, const char *name);

/* What GitHub says of the repository of a resource that it does not show, or does not let us write. */
typedef enum RepositoryState
{
	REPOSITORY_READABLE,
	REPOSITORY_ISSUES_DISABLED,
	REPOSITORY_ARCHIVED,
	REPOSITORY_NOT_READABLE,
	REPOSITORY_ISSUE_NOT_SHOWN /* readable, but the issue of the comment is not shown either */
} RepositoryState;

/* answered_at: seconds since 1970, GitHub's clock. */
extern void queue_report_missing(SyncClaim *claim, int64 answered_at, RepositoryState repository);

/*
 * GitHub does not show a comment; json is what answered to the number of its
 * issue, perhaps after a redirect that named repository reached_repo_id (0: none).
 * Where that is another issue, the name may have become another repository's.
 */
extern bool
queue_report_is_other_issue(const SyncClaim *claim, int64 reached_repo_id, const char *json);
/* False: it is another issue at the same place, nothing was recorded, and the claim goes on. */
extern bool
queue_report_issue(SyncClaim *claim, int64 answered_at, int64 reached_repo_id, const char *json);
extern void queue_report_deleted(SyncClaim *claim, int64 answered_at);

#endif
