/*
 * process_start.h
 *		Starting processes for the launcher: scouts and workers.
 */
#ifndef GITHUB_SYNC_PROCESS_START_H
#define GITHUB_SYNC_PROCESS_START_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "postmaster/bgworker.h"

#define PROCESS_START_LIBRARY "github_sync"

typedef struct ProcessOrder
{
	const char *type;     /* as pg_stat_activity shows it */
	const char *function; /* of the library */
	Oid database;         /* for the process's name */
	const void *order;    /* for the process, in bgw_extra */
	size_t order_size;    /* at most BGW_EXTRALEN */
} ProcessOrder;

/*
 * Orders a process, and has it set our latch when it starts and when it ends.
 * NULL: the server has no background worker slot free; that has been logged.
 */
extern BackgroundWorkerHandle *process_start(const ProcessOrder *order, TimestampTz now);

/* When a further try is worth while, after one failed; in the past: at once. */
extern TimestampTz process_start_not_before(void);

/* Why the last try failed, for sync_workers; "" if it did not.  In static memory. */
extern const char *process_start_problem(void);

extern bool process_start_has_stopped(BackgroundWorkerHandle *handle);

/* One of ours has stopped: its background worker slot is free. */
extern void process_start_note_end(void);

/* When a thing that failed so often in a row is tried again: at once, then after 1 s, 2 s, 4 s ... */
extern TimestampTz process_start_retry_at(TimestampTz now, int failures, int most_ms);

/* For warnings of lacking processes: once a minute at most. */
extern bool process_start_may_warn(TimestampTz now);

#endif /* GITHUB_SYNC_PROCESS_START_H */
