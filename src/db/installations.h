/*
 * installations.h
 *		What the worker tells the database about installations of the App: they
 *		pause, go on, are suspended or gone.
 *
 * Every function runs between db_begin() and db_commit().
 */
#ifndef DB_INSTALLATIONS_H
#define DB_INSTALLATIONS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/queue_claim.h"

/* Why an installation pauses. */
typedef enum PauseKind
{
	PAUSE_RATE_LIMIT,
	PAUSE_BUDGET, /* our own */
	PAUSE_UNREACHABLE,
	PAUSE_CREDENTIALS
} PauseKind;

extern const char *installations_pause_kind_name(PauseKind kind); /* as in the table */

extern void
installations_pause(int64 installation_id, TimestampTz until, PauseKind kind, const char *reason);

/* The same where it is paused no longer, though the time has not come. */
extern void installations_renew_pause(int64 installation_id, TimestampTz until, PauseKind kind,
									  const char *reason);

/*
 * GitHub has answered what it was asked at that time: a pause whose time had come
 * is over.  *outage_ends: so is an outage, which no other worker told the log.
 * *pause_stays: it was asked before the outage was known, or the pause goes on.
 */
extern void installations_resume(int64 installation_id, TimestampTz asked_at, bool *outage_ends,
								 bool *pause_stays);

/* Creations of an installation are not claimed before. */
extern void installations_pause_creations(int64 installation_id, TimestampTz until);

/*
 * Keys and tokens may be others now, and budgets: pauses for bad credentials end,
 * and those that our budgets demanded, which begin anew where they have to.
 */
extern void installations_end_pauses_of_settings(const TransactionIds *left_out);

/* When the first paused installation may send, or create, again; or DT_NOEND. */
extern TimestampTz installations_next_pause_end(void);

/*
 * GitHub, or our credentials, keep an installation from working.  True: that is
 * new, whichever worker knew before.  kind: of the pause, or the state that the
 * installation has.
 */
extern bool installations_begin_outage(int64 installation_id, const char *kind);

/* Whether one of them is in an outage. */
extern bool installations_any_outage(void);

/* active, suspended or deleted: what is queued for another than an active one becomes disabled. */
extern void installations_set_state(int64 installation_id, const char *state);

#endif
