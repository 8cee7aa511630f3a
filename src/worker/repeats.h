/*
 * repeats.h
 *		Rows that are claimed again and again: they rest.
 *
 * A claim ends with an outcome, or its row waits for a time that the queue says.
 * What undoes either (a trigger or a rule of the owner's, a constraint, a
 * function of ours that was replaced) would have the row claimed, and GitHub
 * asked, without an end.  So this worker counts by itself, whatever the queue
 * says: a row that comes again too often rests, for a time that doubles.
 */
#ifndef GITHUB_SYNC_REPEATS_H
#define GITHUB_SYNC_REPEATS_H

#include "postgres.h"

#include "db/queue_claim.h"
#include "db/record_type.h"

/* The row rests from now on, when this claim has ended, where it came too often. */
extern void repeats_note_claim(RecordType record_type, int64 id);

/* Its claim was given back before anything was done with it. */
extern void repeats_take_back(RecordType record_type, int64 id);

/* The rows of a type that rest just now; when the first of all has rested (DT_NOEND: none rests). */
extern void repeats_add_resting(RecordType record_type, TransactionIds *ids);
extern TimestampTz repeats_next_time(void);

/* In sync_workers, as the last error: the one that came most often. */
extern void repeats_report_resting(void);

/* Somebody may have mended what had them come again. */
extern void repeats_forget(void);

#endif /* GITHUB_SYNC_REPEATS_H */
