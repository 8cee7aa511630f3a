/*
 * claiming.h
 *		What this worker takes from the queue, and when it looks again.
 */
#ifndef GITHUB_SYNC_CLAIMING_H
#define GITHUB_SYNC_CLAIMING_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* Only guards against a lost wake-up: a commit sets the latch. */
#define CLAIMING_FALLBACK_MS (5 * 60 * 1000L)

/* Once, before all else. */
extern void claiming_start(void);

/* Claims what waits, if it may be that something does and there is a free slot. */
extern void claiming_claim(void);

/* A claim may find something: a commit, a free slot, a record that became free. */
extern void claiming_note_work(void);
extern void claiming_note_wake(void); /* a commit, of anybody's */
extern void claiming_note_ends(
	void); /* places became free: in a moment, or at once where a line is short of work */
extern bool claiming_expects_work(void);

/* Whether rows left the line without a request since it was asked last: they may wait for what lists tell. */
extern bool claiming_take_over(void);
extern bool claiming_was_woken(void);            /* by somebody, since the last claim */
extern TimestampTz claiming_next_round(void);    /* not before, where rounds bring nothing */
extern TimestampTz claiming_next_for_ends(void); /* when free places are filled; or DT_NOEND */

/* A transaction that was given back may be claimed again from then on. */
extern void claiming_note_due(TimestampTz time);

/* The queue says that we hold what we do not. */
extern void claiming_note_orphans(void);

/* Settings were read again: pauses that followed from them are over. */
extern void claiming_note_settings(void);

/* What this worker worked for was dropped. */
extern bool claiming_queue_is_gone(void);

/* When something is due, though nothing is told; or DT_NOEND.  Whether that time has come. */
extern TimestampTz claiming_next_time(void);
extern bool claiming_is_due(void);

/* The same but for the fallback: when a transaction that is known will be due; or DT_NOEND. */
extern TimestampTz claiming_next_due(void);

/* See shared_state_wakes(): what was committed before is claimed, or waits for that time. */
extern uint32 claiming_wakes_seen(void);

/* The last claim failed. */
extern bool claiming_fails(void);

/* Why nothing will be claimed before somebody changes that, in the words of sync_workers; or NULL. */
extern const char *claiming_lasting_obstacle(void);

/* Why nothing is claimed, in the words of sync_workers; NULL: it is. */
extern const char *claiming_obstacle(void);

#endif /* GITHUB_SYNC_CLAIMING_H */
