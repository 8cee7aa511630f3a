/*
 * queue.h
 *		The queue as a whole: whether there is one, orphans, times.
 *
 * Every function runs between db_begin() and db_commit().
 */
#ifndef DB_QUEUE_H
#define DB_QUEUE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/queue_claim.h"
#include "db/record_type.h"

extern bool queue_is_attached(RecordType record_type);

/* Why this restored or copied database sends nothing, palloc'd; NULL: it is the one that syncs. */
extern char *queue_why_copied(void);

/*
 * Some other transaction has a table to itself, so that what cannot be locked
 * meanwhile is no fault of a row.
 */
extern bool queue_table_is_locked(void);

/*
 * Puts orphans back: rows of dead workers, and of this one all but those that
 * it says it holds.  Adds to *recovered; false: some of their records are in
 * use just now.
 */
extern bool
queue_recover_orphans(RecordType record_type, const int64 *held, int held_count, int64 *recovered);

/* The first one of these; 0: there is none. */
extern int64 queue_next_orphan(RecordType record_type, const int64 *held, int held_count);

/*
 * Rows whose retry time has come stand in line, and records whose time has come
 * are asked for once more, but for those left out; the next such time, or DT_NOEND.
 */
extern TimestampTz queue_release_due(RecordType record_type, const TransactionIds *left_out,
									 const TransactionIds *records_left_out);

/* Webhook deliveries that were left pending: whether there are any; ends them: when others are to be, or DT_NOEND. */
extern bool queue_has_pending_deliveries(void);
extern TimestampTz queue_end_pending_deliveries(void);

/* Old webhook deliveries are deleted; true: there are more. */
extern bool queue_forget_deliveries(void);

/* Counts that many blocks of the history, for sync_status; true: there may be more. */
extern bool queue_count_blocks(RecordType record_type, int32 most);

/* How far a look for old transactions has come. */
typedef struct PruneCursor
{
	TimestampTz after_at;
	int64 after_id;
} PruneCursor;

/*
 * Looks at that many transactions of at least that age, and deletes those that
 * are mere history; true: there may be more.  Else *next_due is when the next
 * one comes of age, DT_NOEND: there is none.
 */
extern bool queue_prune_some(RecordType record_type, int64 age_s, int32 most, PruneCursor *cursor,
							 TimestampTz *next_due);

/* Creations of the last hours, as their attempts tell: how many, how long ago. */
typedef void (*QueueCreationsVisitor)(int64 installation_id, int count, int64 age_ms);
extern void queue_visit_past_creations(RecordType record_type, QueueCreationsVisitor visitor);

#endif
