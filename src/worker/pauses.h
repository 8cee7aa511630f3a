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

/* GitHub, or our credentials, keep an installation from working. */
typedef struct Outage
{
	const char *kind; /* of the pause, or the installation's state */
	TimestampTz until;
	const char *reason;
	const char *request_id; /* GitHub's; NULL: there was no answer */
} Outage;

/*
 * In a DbAction.  The log is told once of each kind, by whichever worker and
 * process, until the installation goes on.
 */
extern void pauses_note_outage(int64 installation_id, const Outage *outage);
extern void pauses_log_end_of_outage(int64 installation_id);

#endif /* GITHUB_SYNC_PAUSES_H */
