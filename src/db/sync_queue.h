/*
 * sync_queue.h
 *		The queue as the worker uses it: claim, report, give back.
 *
 * Every function but queue_free_claim() runs between db_begin() and
 * db_commit().  C reports what happened; the SQL functions named here decide
 * what state follows.  Reports are fenced by (id, claim_no): of a claim that
 * the row no longer has they change nothing.
 *
 * Words: a claim is one transaction that this worker holds; its step is what
 * is asked of GitHub next.
 */
#ifndef DB_SYNC_QUEUE_H
#define DB_SYNC_QUEUE_H

#include "postgres.h"

#include "core/github_request.h"
#include "core/github_resource.h"
#include "datatype/timestamp.h"
#include "nodes/pg_list.h"

typedef enum RecordType
{
	RECORD_TASK,
	RECORD_COMMENT
} RecordType;

#define RECORD_TYPES 2

typedef enum ClaimStep
{
	STEP_FETCH,  /* GET the resource */
	STEP_CREATE, /* POST it */
	STEP_LOOK,   /* list, to find a creation whose outcome is unknown */
	STEP_UPDATE, /* PATCH the fields that differ */
	STEP_DELETE, /* DELETE it */
	STEP_INQUIRE /* GET its repository: the answer was 404 or 410 */
} ClaimStep;

typedef struct SyncClaim
{
	MemoryContext context; /* of the claim and all its texts */
	RecordType record_type;
	int64 id;
	int32 claim_no;
	int32 attempts; /* that failed so far */
	int32 priority; /* a smaller number goes first */
	bool is_outbound;
	bool after_pause; /* its installation was paused: an answer ends that */
	ClaimStep step;
	int64 installation_id;
	int64 github_repo_id;
	char *owner_login;
	char *repo_name;
	int32 issue_number; /* of the issue, or of a comment's parent; 0: none yet */
	int64 github_id;    /* 0: none yet */
	char *etag;         /* NULL: none */
	char *etag_key;     /* which token the ETag belongs to */
	GithubField title;  /* to create or update */
	GithubField body;
	GithubField issue_state;
	char *creation_key; /* what the body of the creation carries */
	int64 look_since;   /* STEP_LOOK: seconds since 1970 of the creation */
} SyncClaim;

/* How an answer with a resource came about; see github_sync.task_answered(). */
typedef enum AnswerKind
{
	ANSWER_FETCHED,
	ANSWER_NOT_MODIFIED,
	ANSWER_WRITTEN,
	ANSWER_CREATED,
	ANSWER_FOUND
} AnswerKind;

typedef struct SyncAnswer
{
	AnswerKind kind;
	int64 answered_at; /* seconds since 1970, GitHub's clock */
	const char *own_login;
	const GithubResource *resource; /* NULL for ANSWER_NOT_MODIFIED */
	const char *etag;
	const char *etag_key;
	const char *json; /* the resource as GitHub sent it, sanitized */
} SyncAnswer;

/* Nothing to wait for: stands in line again at once. */
#define RETRY_AT_ONCE DT_NOBEGIN

extern bool queue_is_attached(RecordType record_type);
extern bool queue_is_at_home(void); /* false: a restored or copied database */

/*
 * Puts back what nobody holds: rows of dead workers, and of this one all but
 * those that it says it holds.  Adds to *recovered; false: some of their
 * records are in use just now.
 */
extern bool
queue_recover(RecordType record_type, const int64 *held, int held_count, int64 *recovered);

/* Rows whose retry time has come stand in line; the next such time, or DT_NOEND. */
extern TimestampTz queue_promote_due(RecordType record_type);

/* When the first paused installation may send again, or DT_NOEND. */
extern TimestampTz queue_next_resume(void);

/* How many may be claimed. */
typedef struct ClaimSlots
{
	int all;
	int reads_per_installation;  /* in all that it has under way of a record type */
	int writes_per_installation; /* updates, and creations as well */
} ClaimSlots;

/* Appends new claims to *claims, made in child contexts of parent. */
extern List *
queue_claim(RecordType record_type, ClaimSlots slots, List *claims, MemoryContext parent);

/*
 * After a claim that failed as a whole: the rows at its head that cannot be
 * claimed while others can end as errored.  Returns how many.
 */
extern int64 queue_end_unclaimable(RecordType record_type, ClaimSlots slots);
extern void queue_free_claim(SyncClaim *claim);

typedef enum AnswerResult
{
	ANSWER_ENDS_CLAIM, /* an end state, or another worker's by now */
	ANSWER_GIVES_BACK, /* queued again, perhaps for a later time */
	ANSWER_ASKS_UPDATE /* claim->step is STEP_UPDATE now, with the fields to send */
} AnswerResult;

extern AnswerResult queue_record_answer(SyncClaim *claim, const SyncAnswer *answer);

/*
 * An answer came by way of a redirect, which named repository reached_repo_id
 * (0: none): where it shows that the claim's repository has another name now,
 * the repository and the claim go by that.
 */
extern void queue_note_redirect(SyncClaim *claim, int64 reached_repo_id, const char *json);

extern void queue_give_back(const SyncClaim *claim, const char *problem, TimestampTz retry_at);
extern void queue_try_again(const SyncClaim *claim, const char *code, const char *reason,
							TimestampTz retry_at, int max_attempts);
extern void queue_fail(const SyncClaim *claim, const char *code, const char *reason);

/*
 * Opens a creation attempt and fills in what to send.  To be committed before
 * that: from then on the creation is looked for before it is sent again.
 * False: there is nothing to create any more.
 */
extern bool queue_begin_creation(SyncClaim *claim);

/* The creation that claim sent certainly did not happen. */
extern void queue_reject_creation(const SyncClaim *claim);

/* The lists do not show it; recheck_ms is the setting creation_recheck. */
extern void queue_creation_not_found(const SyncClaim *claim, int recheck_ms);

/* What GitHub says of the repository of a resource that it does not show. */
typedef enum RepositoryState
{
	REPOSITORY_READABLE,
	REPOSITORY_ISSUES_DISABLED,
	REPOSITORY_NOT_READABLE
} RepositoryState;

/* answered_at: seconds since 1970, GitHub's clock. */
extern void
queue_report_missing(const SyncClaim *claim, int64 answered_at, RepositoryState repository);
extern void queue_report_deleted(const SyncClaim *claim, int64 answered_at);

/* Which trouble pauses an installation. */
typedef enum PauseKind
{
	PAUSE_RATE_LIMIT,
	PAUSE_BUDGET, /* our own */
	PAUSE_UNREACHABLE,
	PAUSE_CREDENTIALS
} PauseKind;

extern void queue_pause_installation(int64 installation_id, TimestampTz until, PauseKind kind,
									 const char *reason);

/* The same where it is paused no longer, though the time has not come. */
extern void
queue_renew_pause(int64 installation_id, TimestampTz until, PauseKind kind, const char *reason);

/* Pauses for bad credentials end: they may be others now. */
extern void queue_forgive_credentials(void);
extern void queue_resume_installation(int64 installation_id);

/* active, suspended or deleted: what is queued for another than an active one becomes disabled. */
extern void queue_set_installation_state(int64 installation_id, const char *state);

#endif
