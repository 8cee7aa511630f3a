/*
 * deliveries.c
 *		Webhook deliveries that were left to the worker, and those that are old.
 */
#include "postgres.h"

#include "db/queue.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/deliveries.h"

/* What somebody kept from being done is looked at this often. */
#define PENDING_INTERVAL_MS 1000

/* What is old enough to be forgotten is looked for this often, when something else is due. */
#define FORGETTING_INTERVAL_MS (10 * 60 * 1000)

static TimestampTz next_pending = 0;    /* when pending ones are tried again */
static TimestampTz next_forgetting = 0; /* when old ones are looked for */

/* A look into an index that is empty, mostly, so that each round can afford it. */
TimestampTz
deliveries_end_pending(void)
{
	if (!queue_has_pending_deliveries())
		return DT_NOEND;
	if (next_pending <= GetCurrentTimestamp())
	{
		next_pending = backoff_in_ms(PENDING_INTERVAL_MS);
		if (!queue_end_pending_deliveries())
			return DT_NOEND;
	}
	return next_pending;
}

TimestampTz
deliveries_forget(void)
{
	if (next_forgetting > GetCurrentTimestamp())
		return DT_NOEND;
	next_forgetting = backoff_in_ms(FORGETTING_INTERVAL_MS);
	if (!queue_forget_deliveries())
		return DT_NOEND;
	next_forgetting = backoff_in_ms(PENDING_INTERVAL_MS);
	return next_forgetting;
}
