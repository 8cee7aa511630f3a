/*
 * http_clock.c
 *		The clock of the HTTP room.
 */
#include "http/http_clock.h"

#include <time.h>

int64_t
http_clock_now_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}
