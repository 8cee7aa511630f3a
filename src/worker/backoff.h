/*
 * backoff.h
 *		When something is tried again: times of this worker's clock.
 */
#ifndef GITHUB_SYNC_BACKOFF_H
#define GITHUB_SYNC_BACKOFF_H

#include "postgres.h"

#include "datatype/timestamp.h"

extern TimestampTz backoff_in_ms(int64 delay_ms);

/* Twice as long with each failure in a row, from 1 on, with jitter. */
extern TimestampTz backoff_doubling(int failures, int64 base_ms, int64 max_ms);

/* The same for a row whose attempts failed so often, by the settings. */
extern TimestampTz backoff_of_attempts(int failures);

/* Whether a commit, which may have freed what was held, is a reason to look again already. */
extern bool backoff_allows_look(TimestampTz last_look, TimestampTz now);

#endif /* GITHUB_SYNC_BACKOFF_H */
