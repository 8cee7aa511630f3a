/*
 * github_time.h
 *		The two spellings of time that GitHub uses.
 *
 * Pure: no clock, no time zone of the machine, no locale.
 */
#ifndef GITHUB_TIME_H
#define GITHUB_TIME_H

#include <stdbool.h>
#include <stdint.h>

/* Stands for a time that was null or absent; no parser returns it. */
#define GITHUB_NO_TIME INT64_MIN

/* Clocks differ by seconds; no time of GitHub's is true that is further ahead than the insert rules take (T). */
#define GITHUB_AHEAD_MAX_S (24 * 60 * 60)

/*
 * ISO 8601 with whole or fractional seconds and Z or an offset (REST sends
 * only YYYY-MM-DDTHH:MM:SSZ, webhooks also the others).  Fractions are cut
 * off.  False: not a time.
 */
extern bool github_time_parse(const char *text, int64_t *seconds_since_1970);

/*
 * Writes YYYY-MM-DDTHH:MM:SSZ, as REST's parameter "since" wants it.  Times
 * before 1970 or after 9999 become the nearest.
 */
#define GITHUB_TIME_LENGTH 20
extern void github_time_format(int64_t seconds_since_1970, char text[GITHUB_TIME_LENGTH + 1]);

/* An HTTP date (RFC 9110: IMF-fixdate).  False: not one. */
extern bool github_http_date_parse(const char *text, int64_t *seconds_since_1970);

#endif
