/*
 * lost_claims.h
 *		Rows that a worker ended with: tried alone, and errored in the end.
 *
 * A lost claim is one that had no outcome: the worker, or the server, ended while
 * it worked on the row, or the outcome could not be committed.  Such a row waits
 * for a time that doubles, and is then claimed while nothing else is in hand.
 */
#ifndef GITHUB_SYNC_LOST_CLAIMS_H
#define GITHUB_SYNC_LOST_CLAIMS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/queue_claim.h"
#include "db/record_type.h"

typedef struct LostClaim
{
	RecordType record_type;
	int64 id;
	bool give_up; /* the row is to be errored: it had its tries */
	bool in_hand; /* claimed alone, by this worker */
	TimestampTz next_at;
	int ends;
} LostClaim;

extern void lost_claims_load(void); /* what workers before this one ended with */
extern void lost_claims_note(RecordType record_type, int64 id);
extern void lost_claims_note_outcome(RecordType record_type, int64 id);

/* In sync_workers, as the last error: what the queue cannot even be told of. */
extern void lost_claims_report_left_alone(void);

/* Left out of what is claimed and put back together. */
extern void lost_claims_add_ids(RecordType record_type, TransactionIds *ids);

extern bool lost_claims_any_in_hand(void);
extern LostClaim *lost_claims_due(void); /* NULL: none is */
extern void lost_claims_try_again(void); /* at once: somebody may have mended them */
extern bool lost_claims_has_waited(const LostClaim *lost); /* for so long that others wait */
/* Somebody holds it: it is not to blame.  False: no worker ended with it. */
extern bool lost_claims_postpone(RecordType record_type, int64 id);
extern TimestampTz lost_claims_next_time(void);

#endif /* GITHUB_SYNC_LOST_CLAIMS_H */
