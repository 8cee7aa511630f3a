/*
 * counting.h
 *		Blocks of the history are counted, so that sync_status need not do it.
 */
#ifndef GITHUB_SYNC_COUNTING_H
#define GITHUB_SYNC_COUNTING_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/record_type.h"

/* Transactions were inserted, or are about to end: what was counted is no longer so in a while. */
extern void counting_note_changes(void);

/*
 * In a transaction: counts a few blocks, if it is time.  Returns when it has to
 * be called again; DT_NOEND: nothing has changed since.
 */
extern TimestampTz counting_progress(RecordType record_type);

#endif /* GITHUB_SYNC_COUNTING_H */
