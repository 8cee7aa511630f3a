/*
 * page_repeats.h
 *		Pages of lists that are claimed again and again: their installation's lists rest.
 *
 * As repeats.h has it for transactions.  A list goes on, or waits for a time
 * that its row says: what undoes that would have the same page asked for without
 * an end.
 */
#ifndef GITHUB_SYNC_PAGE_REPEATS_H
#define GITHUB_SYNC_PAGE_REPEATS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/repo_sweeps.h"

/* Lists of its installation rest from now on, when this claim has ended, where the same page came too often. */
extern void page_repeats_note_claim(const RepoSweep *sweep);

/* How many installations rest at most, and those that do, which are counted. */
extern int page_repeats_most_resting(void);
extern int page_repeats_add_resting(int64 *installations);

/* When the first of them has rested; DT_NOEND: none rests. */
extern TimestampTz page_repeats_next_time(void);

/* Somebody may have mended what had them come again. */
extern void page_repeats_forget(void);

#endif /* GITHUB_SYNC_PAGE_REPEATS_H */
