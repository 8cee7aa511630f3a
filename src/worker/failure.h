/*
 * failure.h
 *		What a failure of SQL means for the claim that it happened with: one rule,
 *		whatever was to be written.
 *
 *	held lock	 somebody held the record: back into the queue for a moment, no
 *				 attempt counted; but where it is free, as with passing
 *	passing		 lack of memory, disk, connections, a cancel, a lost race: an
 *				 attempt counted, and tried again
 *	all else	 the application's table or its triggers refuse it: errored
 *				 apply_failed, with "SQLSTATE: message"; but where the table as a
 *				 whole no longer fits, the queue gives the row back
 *
 * Where the record type was detached meanwhile, nobody can be told: detach gave
 * the claim back, or attach will.
 */
#ifndef GITHUB_SYNC_FAILURE_H
#define GITHUB_SYNC_FAILURE_H

#include "postgres.h"

#include "db/queue_claim.h"
#include "db/transaction.h"

typedef enum FailureReport
{
	FAILURE_REPORTED,
	FAILURE_STALE, /* the claim was not the row's any more */
	FAILURE_HELD,  /* the queue says that we hold the claim: somebody else holds the record */
	FAILURE_LOST   /* the queue says so, and refuses to be told (lost_claims.h knows of it) */
} FailureReport;

/*
 * Between db_begin() and db_commit(): tells the queue, in a subtransaction.
 * *retry_at is lowered to the time at which the row may be claimed again.
 */
extern FailureReport failure_report(SyncClaim *claim, const DbError *error, TimestampTz *retry_at);

/*
 * Inside of a subtransaction: an attempt has failed; the row goes back into the
 * queue until max_attempts, then it is errored with code.
 */
extern bool failure_count_attempt(SyncClaim *claim, const char *code, const char *reason,
								  TimestampTz *retry_at);

#endif /* GITHUB_SYNC_FAILURE_H */
