/*
 * counting.c
 *		Blocks of the history are counted, so that sync_status need not do it.
 *
 * A few at a time, as requests wait meanwhile; and none where nothing has
 * happened: a worker that is idle writes nothing.  What goes wrong with it
 * concerns no transaction.
 */
#include "postgres.h"

#include "db/queue.h"
#include "db/transaction.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/counting.h"

/* Some milliseconds of work. */
#define BLOCKS_AT_ONCE 2
#define APART_MS 200

/* What was not counted yet is so where somebody asks: a fraction of a millisecond for each thousand. */
#define INTERVAL_MS (60 * 1000)

/* A count that fails may have taken as long as a statement may. */
#define FAILED_INTERVAL_MS (10 * 60 * 1000)

typedef struct Count
{
	RecordType type;
	bool more; /* there may be */
} Count;

/* 0: at once, as another worker, or a restore, may have left some. */
static TimestampTz next_times[RECORD_TYPES];
static TimestampTz not_before[RECORD_TYPES]; /* whatever changes */

void
counting_note_changes(void)
{
	TimestampTz next = backoff_in_ms(INTERVAL_MS);

	for (int type = 0; type < RECORD_TYPES; type++)
		next_times[type] = Max(Min(next_times[type], next), not_before[type]);
}

/* DbAction */
static void
count_blocks(void *argument)
{
	Count *count = argument;

	count->more = queue_count_blocks(count->type, BLOCKS_AT_ONCE);
}

static TimestampTz
time_after_failure(RecordType record_type, const DbError *error)
{
	not_before[record_type] = backoff_in_ms(FAILED_INTERVAL_MS);
	ereport(LOG,
			(errcode(error->sqlstate),
			 errmsg("github_sync: %s transactions could not be counted: %s",
					record_type_name(record_type), error->message)));
	return not_before[record_type];
}

TimestampTz
counting_progress(RecordType record_type)
{
	Count count = {.type = record_type};
	DbError error;

	if (next_times[record_type] > GetCurrentTimestamp())
		return next_times[record_type];
	next_times[record_type] = chores_begin_activity(ACTIVITY_COUNT, record_type);
	if (next_times[record_type] != 0)
		return next_times[record_type];
	if (!db_try(count_blocks, &count, &error))
		next_times[record_type] = time_after_failure(record_type, &error);
	else
		next_times[record_type] = count.more ? backoff_in_ms(APART_MS) : DT_NOEND;
	chores_end_activity(ACTIVITY_COUNT, record_type);
	return next_times[record_type];
}
