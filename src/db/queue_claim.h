/*
 * queue_claim.h
 *		Claims: the transactions that this worker takes from the queue.
 *
 * A claim is one transaction that this worker holds; its step is what is asked
 * of GitHub next.  Every function but queue_claim_free() runs between
 * db_begin() and db_commit().
 */
#ifndef DB_QUEUE_CLAIM_H
#define DB_QUEUE_CLAIM_H

#include "postgres.h"

#include "core/github_request.h"
#include "db/record_type.h"
#include "datatype/timestamp.h"
#include "db/transaction.h"
#include "db/transaction_state.h"
#include "nodes/pg_list.h"

typedef enum ClaimStep
{
	STEP_FETCH,    /* GET the resource */
	STEP_CREATE,   /* POST it */
	STEP_LOOKUP,   /* list, to find a creation whose outcome is unknown */
	STEP_UPDATE,   /* PATCH the fields that differ */
	STEP_DELETE,   /* DELETE it */
	STEP_CONFIRM,  /* GET its repository, before it is created there: has it that name still? */
	STEP_LOCATE,   /* GET its repository by id: its name is not known, or in doubt */
	STEP_INQUIRE,  /* GET its repository: the answer was 404 or 410 */
	STEP_ASK_ISSUE /* GET the issue of a comment that is not shown: was it transferred? */
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
	bool creates;  /* it stands in the line of creations, whatever its step is now */
	bool is_probe; /* its installation was paused: an answer ends that */
	TimestampTz
		waiting_since;      /* in line, of one that is claimed for the first time; 0: of another */
	TransactionState state; /* what the queue said to the last report */
	ClaimStep step;
	int64 installation_id;
	int64 github_repo_id;
	char *owner_login;
	char *repo_name;
	bool name_is_lost;  /* another repository has that name, as far as is known */
	int32 issue_number; /* of the issue, or of a comment's parent; 0: none yet */
	int64 github_id;    /* 0: none yet */
	char *etag;         /* NULL: none */
	char *etag_key;     /* which token the ETag belongs to */
	GithubField title;  /* to create or update */
	GithubField body;
	GithubField issue_state;
	GithubField state_reason;
	char *marks;        /* as GithubRequestInput has them; NULL: the application maps none */
	char *creation_key; /* what the body of the creation carries */
	int64 lookup_since; /* STEP_LOOKUP: seconds since 1970 of the creation */
} SyncClaim;

/* What the caller has in hand of a line of an installation, and may have. */
typedef struct ClaimLine
{
	int64 installation_id;
	bool is_outbound;
	bool creates;
	int places;
	int in_hand;
} ClaimLine;

/* How many may be claimed. */
typedef struct ClaimSlots
{
	int all;
	int places_to_read;  /* of a line that is not listed */
	int places_to_write; /* the same, of updates, and of creations */
	ClaimLine *lines;
	int line_count;
} ClaimSlots;

/* A row that is no claim as we know them. */
typedef struct UnfitClaim
{
	SyncClaim claim; /* what a report needs: record type, id and claim_no */
	bool is_fenced;  /* false: not even these could be read, so nothing can be reported */
	DbError error;
} UnfitClaim;

/* Ids, of transactions mostly; grows in the memory context of its array, which is the caller's at first. */
typedef struct TransactionIds
{
	int64 *ids;
	int count;
	int room;
} TransactionIds;

extern void queue_claim_add_id(TransactionIds *ids, int64 id);

typedef struct NewClaims
{
	List *claims; /* of SyncClaim, in child contexts of parent, as the list is in it */
	List *unfit;  /* of UnfitClaim, in the caller's context */
	int over;     /* so many ended without a request, and left their places free */
} NewClaims;

/*
 * Claims, and appends to *claims.  passed: ids that are not looked at; those of
 * rows that somebody holds, and that were passed over for it, are added.
 * apart: after a claim that failed as a whole: each row in a subtransaction of
 * its own; those that cannot be claimed while others can end as errored.
 */
extern void queue_claim_take(RecordType record_type, const ClaimSlots *slots, bool apart,
							 TransactionIds *passed, MemoryContext parent, NewClaims *claims);
/* The transaction that would be claimed first; 0: none. */
extern int64
queue_claim_next(RecordType record_type, const ClaimSlots *slots, const TransactionIds *passed);

typedef enum LoneClaim
{
	LONE_CLAIMED, /* appended to the claims */
	LONE_HELD,    /* somebody holds what it is about */
	LONE_OVER     /* it ended, or was errored */
} LoneClaim;

/* One transaction by itself, put back first where a worker ended with it; or errored (give_up). */
extern LoneClaim queue_claim_take_lost(RecordType record_type, int64 id, bool give_up,
									   MemoryContext parent, NewClaims *claims);

extern void queue_claim_free(SyncClaim *claim);

#endif
