/*
 * http_clock.h
 *		The clock of the HTTP room, and private to it.
 */
#ifndef HTTP_CLOCK_H
#define HTTP_CLOCK_H

#include <stdint.h>

/* Microseconds, on a clock that nobody sets. */
extern int64_t http_clock_now_us(void);

#endif /* HTTP_CLOCK_H */
