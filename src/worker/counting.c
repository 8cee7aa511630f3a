/*
 * counting.c
 *		Blocks of the history are counted, so that sync_status need not do it.
 *
 * A few at a time, as requests wait meanwhile; and none where nothing has
 * happened: a worker that is idle writes nothing.
 */
#include "postgres.h"

#include "db/queue.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/counting.h"

/* Some milliseconds of work. */
#define BLOCKS_AT_ONCE 2
#define APART_MS 200

/* What was not counted yet is so where somebody asks: a fraction of a millisecond for each thousand. */
#define INTERVAL_MS (60 * 1000)

/* A count that fails may have taken as long as a statement may. */
#define FAILED_INTERVAL_MS (10 * 60 * 1000)

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

void
counting_progress(RecordType record_type)
{
	if (next_times[record_type] > GetCurrentTimestamp())
		return;
	next_times[record_type] =
		queue_count_blocks(record_type, BLOCKS_AT_ONCE) ? backoff_in_ms(APART_MS) : DT_NOEND;
}

void
counting_note_failure(RecordType record_type)
{
	next_times[record_type] = backoff_in_ms(FAILED_INTERVAL_MS);
	not_before[record_type] = next_times[record_type];
}

TimestampTz
counting_next_time(RecordType record_type)
{
	return next_times[record_type];
}
