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

/* Why an installation pauses. */
typedef enum PauseKind
{
	PAUSE_RATE_LIMIT,
	PAUSE_BUDGET, /* our own */
	PAUSE_UNREACHABLE,
	PAUSE_CREDENTIALS
} PauseKind;

extern void
installations_pause(int64 installation_id, TimestampTz until, PauseKind kind, const char *reason);

/* The same where it is paused no longer, though the time has not come. */
extern void installations_renew_pause(int64 installation_id, TimestampTz until, PauseKind kind,
									  const char *reason);

/* GitHub has answered: a pause whose time has come is over. */
extern void installations_resume(int64 installation_id);

/* Creations of an installation are not claimed before. */
extern void installations_pause_creations(int64 installation_id, TimestampTz until);

/* Keys and tokens may be others now: pauses for bad credentials end. */
extern void installations_end_credential_pauses(void);

/* Budgets may be others now: pauses that ours demanded end, and begin anew where they have to. */
extern void installations_end_budget_pauses(void);

/* When the first paused installation may send, or create, again; or DT_NOEND. */
extern TimestampTz installations_next_pause_end(void);

/* Whether one of them is paused by GitHub or for want of credentials, or is not active. */
extern bool installations_are_in_trouble(void);

/* active, suspended or deleted: what is queued for another than an active one becomes disabled. */
extern void installations_set_state(int64 installation_id, const char *state);

#endif
