/*
 * idleness.h
 *		How long this worker has had nothing to do, and when it leaves for that.
 */
#ifndef GITHUB_SYNC_IDLENESS_H
#define GITHUB_SYNC_IDLENESS_H

#include "postgres.h"

#include "datatype/timestamp.h"

/* Once, before all else. */
extern void idleness_start(void);

/* Before the worker waits: tells the launcher, and sync_workers, what it does. */
extern void idleness_report(void);

/* When it is to be seen whether the worker leaves; or DT_NOEND. */
extern TimestampTz idleness_next_time(void);

/* Nothing is to be done here, and the database sleeps from now on: this worker is to leave. */
extern bool idleness_is_over(void);

#endif /* GITHUB_SYNC_IDLENESS_H */
