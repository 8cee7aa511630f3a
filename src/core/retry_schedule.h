/*
 * retry_schedule.h
 *		When a failed try is tried again.
 *
 * Pure: time and randomness come in as arguments.
 */
#ifndef RETRY_SCHEDULE_H
#define RETRY_SCHEDULE_H

#include <stdint.h>

/*
 * Milliseconds to wait before try number `failures` + 1: base doubled per
 * failure, at most max, then jitter: between half and all of that, chosen by
 * random_fraction (0 <= f < 1).  failures counts from 1; never overflows.
 */
extern int64_t
retry_delay_ms(int failures, int64_t base_ms, int64_t max_ms, double random_fraction);

#endif
