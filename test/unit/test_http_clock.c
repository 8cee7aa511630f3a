/*
 * test_http_clock.c
 *		The clock of the HTTP room: microseconds, of the clock that nobody sets.
 */
#include "http/http_clock.h"

#include <time.h>

#include "unit.h"

int
clock_gettime(clockid_t clock, struct timespec *now)
{
	if (clock != CLOCK_MONOTONIC)
		return -1;
	now->tv_sec = 5000000000;
	now->tv_nsec = 999999999;
	return 0;
}

int
main(void)
{
	is_int(http_clock_now_us(), INT64_C(5000000000999999), "seconds and nanoseconds, rounded off");
	return done_testing();
}
