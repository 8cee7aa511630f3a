/*
 * deliveries.c
 *		Webhook deliveries that were left to the worker, and those that are old.
 *
 * What is wrong with their table must not stop rows: where it fails, or ends a
 * worker, deliveries rest by themselves.
 */
#include "postgres.h"

#include "db/queue.h"
#include "db/transaction.h"
#include "server/suspects.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/deliveries.h"

/* What somebody kept from being done is looked at this often. */
#define PENDING_INTERVAL_MS 1000

/* Whatever the owner has made of our function: as requests wait meanwhile. */
#define PENDING_APART_MS 20

/* What is old enough to be forgotten is looked for this often, when something else is due. */
#define FORGETTING_INTERVAL_MS (10 * 60 * 1000)

#define FAILED_BASE_MS (2 * 1000)
#define FAILED_MAX_MS (5 * 60 * 1000)

/* Nobody tells when a lock of the table is let go of. */
#define LOCKED_BASE_MS 100
#define LOCKED_MAX_MS 1000

static TimestampTz next_pending = 0;    /* when pending ones are tried again */
static TimestampTz next_forgetting = 0; /* when old ones are looked for */
static int failures = 0;                /* in a row */
static TimestampTz rest_until = 0;

/* DbAction: a look into an index that is empty, mostly, so that each round can afford it. */
static void
end_pending(void *argument)
{
	TimestampTz *next = argument;

	if (!queue_has_pending_deliveries())
		return;
	if (next_pending <= GetCurrentTimestamp())
	{
		/* Also where it fails. */
		next_pending = backoff_in_ms(PENDING_INTERVAL_MS);
		*next = queue_end_pending_deliveries();
		*next = Max(*next, backoff_in_ms(PENDING_APART_MS));
		/* Where none is left, the next one that is has not been tried. */
		next_pending = *next == DT_NOEND ? 0 : *next;
	}
	else
		*next = next_pending;
}

/* DbAction */
static void
forget_old(void *argument)
{
	TimestampTz *next = argument;

	if (next_forgetting > GetCurrentTimestamp())
		return;
	next_forgetting = backoff_in_ms(FORGETTING_INTERVAL_MS);
	if (queue_forget_deliveries())
		*next = next_forgetting = backoff_in_ms(PENDING_INTERVAL_MS);
}

static void
note_failed_deliveries(const DbError *error)
{
	failures++;
	rest_until = db_error_is_contention(error)
		? backoff_doubling(failures, LOCKED_BASE_MS, LOCKED_MAX_MS)
		: backoff_doubling(failures, FAILED_BASE_MS, FAILED_MAX_MS);
	if (failures == 1)
		ereport(LOG,
				(errcode(error->sqlstate),
				 errmsg("github_sync: webhook deliveries wait: %s", error->message)));
}

/* A subtransaction only where something is wrong: what fails in it does not undo the round. */
static TimestampTz
try_action(DbAction action, bool is_contained)
{
	TimestampTz next = DT_NOEND;
	DbError error;

	if (!is_contained && failures == 0 && !suspects_need_care())
		action(&next);
	else if (db_try(action, &next, &error))
		failures = 0;
	else
	{
		note_failed_deliveries(&error);
		return rest_until;
	}
	return next;
}

static TimestampTz
run(Activity activity, DbAction action, bool is_contained)
{
	TimestampTz next = rest_until;

	if (next > GetCurrentTimestamp())
		return next;
	next = chores_begin_activity(activity, RECORD_TASK);
	if (next != 0)
		return next;
	next = try_action(action, is_contained);
	chores_end_activity(activity, RECORD_TASK);
	return next;
}

TimestampTz
deliveries_end_pending(bool is_contained)
{
	return run(ACTIVITY_DELIVERIES, end_pending, is_contained);
}

TimestampTz
deliveries_forget(bool is_contained)
{
	return run(ACTIVITY_OLD_DELIVERIES, forget_old, is_contained);
}
