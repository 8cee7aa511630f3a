/*
 * passed.h
 *		Rows that a claim passed over, because somebody held what they are about.
 *
 * Nobody tells when a lock is let go of: a rollback is no commit, and a prepared
 * transaction holds its locks for days.  So each row is looked at again by
 * itself, after a time that doubles, and at most a second and a half later.  A
 * commit may have freed it: then it is looked at without delay, unless it has
 * been held for long and beside many others.
 */
#ifndef GITHUB_SYNC_PASSED_H
#define GITHUB_SYNC_PASSED_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/queue_claim.h"
#include "db/record_type.h"

extern void passed_note(RecordType record_type, int64 id);       /* it was held, once more */
extern void passed_note_claim(RecordType record_type, int64 id); /* it was free */

/* Something was committed. */
extern void passed_note_wake(void);

/* Those that are not to be looked at yet. */
extern void passed_add_ids(RecordType record_type, TransactionIds *ids);

/*
 * When the next one is; DT_NOEND: there are none.  Within the round, or right
 * after it: a row whose time comes while the round goes on may have been left
 * out before, and nobody else would ask for it.
 */
extern TimestampTz passed_next_time(void);

#endif /* GITHUB_SYNC_PASSED_H */
