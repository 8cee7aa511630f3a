/*
 * backoff.c
 *		When something is tried again: times of this worker's clock.
 */
#include "postgres.h"

#include "common/pg_prng.h"
#include "core/retry_schedule.h"
#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"

/* Commits may come a thousand times a second. */
#define LOOKS_APART_MS 5

TimestampTz
backoff_in_ms(int64 delay_ms)
{
	return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), delay_ms);
}

TimestampTz
backoff_doubling(int failures, int64 base_ms, int64 max_ms)
{
	return backoff_in_ms(
		retry_delay_ms(failures, base_ms, max_ms, pg_prng_double(&pg_global_prng_state)));
}

TimestampTz
backoff_of_attempts(int failures)
{
	return backoff_doubling(failures, setting_retry_base_delay_ms, setting_retry_max_delay_ms);
}

bool
backoff_allows_look(TimestampTz last_look, TimestampTz now)
{
	return now >= TimestampTzPlusMilliseconds(last_look, LOOKS_APART_MS);
}
