/*
 * github_clock.h
 *		What GitHub's clock shows, by the Date of its last answer.
 *
 * Ours may be wrong by any time, and what is compared with GitHub's times must
 * not depend on it.  Between two answers the time goes on as this machine counts
 * it, whatever somebody does to its clock.
 */
#ifndef GITHUB_SYNC_GITHUB_CLOCK_H
#define GITHUB_SYNC_GITHUB_CLOCK_H

#include "postgres.h"

/* An answer was dated so (seconds since 1970) just now. */
extern void github_clock_note(int64 date_s);

/* Seconds since 1970; 0: no answer has told it yet. */
extern int64 github_clock_told(void);

/* The same, or by our clock where no answer has told it yet. */
extern int64 github_clock_now(void);

#endif /* GITHUB_SYNC_GITHUB_CLOCK_H */
