/*
 * pauses.h
 *		An installation that may not send for more than a moment: what waits for
 *		it goes back into the queue, where it holds no place and costs nothing.
 */
#ifndef GITHUB_SYNC_PAUSES_H
#define GITHUB_SYNC_PAUSES_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "worker/installation.h"

/*
 * Makes the pauses that budgets demand.  *retry_at is lowered to the first time
 * at which an installation may send again.
 */
extern void pauses_make_due(TimestampTz *retry_at);

/* This worker leaves, or is to send nothing more: what waits for its turn here is for others, or later. */
extern void pauses_give_back_all(void);

/*
 * Between db_begin() and db_commit(): gives back what waits at an
 * installation.  reason: for the rows; NULL: nothing went wrong.
 */
extern void pauses_clear_line(Installation *installation, const char *reason);

/*
 * GitHub, or our credentials, keep an installation from working: told to the
 * log once until it goes on, and to sync_workers.  request_id: GitHub's, NULL
 * where there was no answer.
 */
extern void pauses_note_trouble(Installation *installation, TimestampTz until, const char *reason,
								const char *request_id);
extern void pauses_note_end_of_trouble(Installation *installation);

/* Another worker may have found out that all is well again. */
extern bool pauses_have_trouble(void);
extern void pauses_note_end_of_all_trouble(void);

#endif /* GITHUB_SYNC_PAUSES_H */
