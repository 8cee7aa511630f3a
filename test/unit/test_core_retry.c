/*
 * test_core_retry.c
 *		Doubling, the upper limit, and jitter.
 */
#include "core/retry_schedule.h"

#include <limits.h>
#include <math.h>

#include "unit.h"

static void
test_doubling(void)
{
	static const int64_t least[] = {500, 1000, 2000, 4000, 8000};

	for (int failures = 1; failures <= 5; failures++)
		is_int(retry_delay_ms(failures, 1000, 600000, 0.0), least[failures - 1],
			   "each failure doubles the least delay, half of the base at first");
	is_int(retry_delay_ms(3, 1000, 600000, 0.5), 3000, "jitter lies between half and all");
	is_int(retry_delay_ms(3, 1000, 600000, 0.999999), 3999, "all is the end of it");
}

static void
test_upper_limit(void)
{
	is_int(retry_delay_ms(20, 1000, 60000, 0.0), 30000, "the delay stops at half of the maximum");
	ok(retry_delay_ms(20, 1000, 60000, 0.999999) <= 60000, "... and at all of it with jitter");
	is_int(retry_delay_ms(2, 1000, 2500, 0.0), 1000, "... which is not reached too early");
	is_int(retry_delay_ms(2, 1, 3, 0.99), 1, "... nor passed by rounding");
	is_int(retry_delay_ms(1, 5000, 1000, 0.0), 500, "a base above the maximum is the maximum");
	is_int(retry_delay_ms(INT_MAX, 1, INT64_MAX, 0.0), INT64_MAX / 2,
		   "two thousand million failures do not overflow");
	ok(retry_delay_ms(INT_MAX, INT64_MAX, INT64_MAX, 0.9999999999999999) > INT64_MAX / 2,
	   "... nor does jitter of the largest delay");
}

static void
test_senseless_arguments(void)
{
	is_int(retry_delay_ms(0, 1000, 60000, 0.0), 500, "no failure counts as the first");
	is_int(retry_delay_ms(INT_MIN, 1000, 60000, 0.0), 500, "... so do negative ones");
	is_int(retry_delay_ms(3, 0, 60000, 0.5), 0, "without a base there is no delay");
	is_int(retry_delay_ms(3, -1, 60000, 0.5), 0, "... nor with a negative one");
	is_int(retry_delay_ms(3, 1000, 0, 0.5), 0, "a maximum of 0 is no delay");
	is_int(retry_delay_ms(1, 1000, 60000, 1.0), 500, "a fraction of 1 is outside: no jitter");
	is_int(retry_delay_ms(1, 1000, 60000, -0.5), 500, "... so is a negative one");
	is_int(retry_delay_ms(1, 1000, 60000, (double) NAN), 500, "... so is no number at all");
	is_int(retry_delay_ms(1, 1, 60000, 0.0), 0, "a base of 1 ms halves to 0");
}

int
main(void)
{
	test_doubling();
	test_upper_limit();
	test_senseless_arguments();
	return done_testing();
}
