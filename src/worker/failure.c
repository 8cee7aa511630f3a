/*
 * failure.c
 *		What a failure of SQL means for the claim that it happened with.
 */
#include "postgres.h"

#include "db/queue.h"
#include "db/queue_report.h"
#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/failure.h"
#include "worker/lost_claims.h"

/* Whoever holds a record commits soon. */
#define CONTENTION_BACKOFF_MS 1000

typedef struct Failure
{
	SyncClaim *claim;
	const DbError *error;
	TimestampTz retry_at;
	bool was_held;
} Failure;

bool
failure_count_attempt(SyncClaim *claim, const char *code, const char *reason, TimestampTz *retry_at)
{
	TimestampTz next = backoff_of_attempts(claim->attempts + 1);

	*retry_at = Min(*retry_at, next);
	return queue_report_try_again(claim, code, reason, next, setting_max_attempts);
}

/* Where nobody holds it, its own trigger may say so, and always will. */
static bool
give_back(Failure *failure, const char *reason)
{
	failure->retry_at = backoff_in_ms(CONTENTION_BACKOFF_MS);
	return queue_report_contention(failure->claim, reason, failure->retry_at, setting_max_attempts);
}

/* What is too large for the application's table or its indexes, or for what its functions may give. */
static const char *
code_of(const DbError *error)
{
	return error->sqlstate == ERRCODE_PROGRAM_LIMIT_EXCEEDED ? "too_large" : "apply_failed";
}

/* DbAction */
static void
tell_queue(void *argument)
{
	Failure *failure = argument;
	const DbError *error = failure->error;
	const char *reason = db_error_words(error->sqlstate, error->message);

	if (db_error_is_held_lock(error))
		failure->was_held = give_back(failure, reason);
	else if (db_error_is_contention(error) || db_error_is_passing(error))
		failure->was_held =
			failure_count_attempt(failure->claim, "apply_failed", reason, &failure->retry_at);
	else
		failure->was_held = queue_report_failure(failure->claim, code_of(error), reason);
}

FailureReport
failure_report(SyncClaim *claim, const DbError *error, TimestampTz *retry_at)
{
	Failure failure = {.claim = claim, .error = error, .retry_at = DT_NOEND};
	DbError second;

	if (!queue_is_attached(claim->record_type))
		return FAILURE_HELD;
	if (!db_try(tell_queue, &failure, &second))
	{
		ereport(WARNING,
				(errcode(second.sqlstate),
				 errmsg("could not report the failure of transaction " INT64_FORMAT ": %s",
						claim->id, second.message)));
		if (db_error_is_held_lock(&second))
			return FAILURE_HELD;
		lost_claims_note(claim->record_type, claim->id);
		return FAILURE_LOST;
	}
	*retry_at = Min(*retry_at, failure.retry_at);
	return failure.was_held ? FAILURE_REPORTED : FAILURE_STALE;
}
