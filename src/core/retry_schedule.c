/*
 * retry_schedule.c
 *		When a failed try is tried again.
 *
 * Pure: time and randomness come in as arguments.
 */
#include "core/retry_schedule.h"

/* base doubled once per failure after the first, at most max. */
static int64_t
doubled_delay(int failures, int64_t base_ms, int64_t max_ms)
{
	int64_t delay = base_ms;

	for (; failures > 1 && delay < max_ms; failures--)
		delay = delay > max_ms / 2 ? max_ms : delay * 2;
	return delay < max_ms ? delay : max_ms;
}

int64_t
retry_delay_ms(int failures, int64_t base_ms, int64_t max_ms, double random_fraction)
{
	int64_t delay;
	int64_t half;

	if (base_ms <= 0 || max_ms <= 0)
		return 0;

	delay = doubled_delay(failures, base_ms, max_ms);
	half = delay / 2;
	/* Written so that NaN counts as outside, too. */
	if (!(random_fraction >= 0.0 && random_fraction < 1.0))
		random_fraction = 0.0;
	return half + (int64_t) ((double) (delay - half) * random_fraction);
}
