/*
 * process_start.c
 *		Starting processes for the launcher: scouts and workers.
 *
 * They are never restarted by the postmaster, which knows neither backoff nor
 * queues.  All background workers of the server share max_worker_processes: when
 * none is left, ours is tried again with a backoff, and as soon as one of ours ends.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "server/process_start.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define REGISTER_DELAY_MAX_MS (30 * SECOND_MS)
#define WARN_EVERY_MS MINUTE_MS

static TimestampTz register_not_before;
static int register_failures;
static TimestampTz warn_not_before;

TimestampTz
process_start_retry_at(TimestampTz now, int failures, int most_ms)
{
	int delay_ms = 0;

	if (failures > 0)
		delay_ms = failures > 20 ? most_ms : Min(SECOND_MS << (failures - 1), most_ms);
	return TimestampTzPlusMilliseconds(now, delay_ms);
}

bool
process_start_may_warn(TimestampTz now)
{
	if (now < warn_not_before)
		return false;
	warn_not_before = TimestampTzPlusMilliseconds(now, WARN_EVERY_MS);
	return true;
}

TimestampTz
process_start_not_before(void)
{
	return register_not_before;
}

const char *
process_start_problem(void)
{
	static char problem[100];

	if (register_failures == 0)
		return "";
	snprintf(problem, sizeof(problem),
			 "no background worker of the server is free (max_worker_processes = %d)",
			 max_worker_processes);
	return problem;
}

bool
process_start_has_stopped(BackgroundWorkerHandle *handle)
{
	pid_t pid;

	return GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED;
}

void
process_start_note_end(void)
{
	register_not_before = 0;
}

/* bgw_notify_pid sets our latch when the process starts and when it ends. */
static void
describe(BackgroundWorker *process, const ProcessOrder *order)
{
	Assert(order->order_size <= BGW_EXTRALEN); /* both kinds of order are a few words */
	snprintf(process->bgw_name, BGW_MAXLEN, "%s for database %u", order->type, order->database);
	strlcpy(process->bgw_type, order->type, BGW_MAXLEN);
	process->bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	process->bgw_start_time = BgWorkerStart_RecoveryFinished;
	process->bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(process->bgw_library_name, PROCESS_START_LIBRARY, BGW_MAXLEN);
	strlcpy(process->bgw_function_name, order->function, BGW_MAXLEN);
	memcpy(process->bgw_extra, order->order, order->order_size);
	process->bgw_notify_pid = MyProcPid;
}

static void
note_lack_of_process(const ProcessOrder *order, TimestampTz now)
{
	register_not_before = process_start_retry_at(now, ++register_failures, REGISTER_DELAY_MAX_MS);
	if (process_start_may_warn(now))
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not start a %s for database %u: no background worker slot is free",
						order->type, order->database),
				 errhint("Raise \"max_worker_processes\".")));
}

BackgroundWorkerHandle *
process_start(const ProcessOrder *order, TimestampTz now)
{
	BackgroundWorker process = {0};
	BackgroundWorkerHandle *handle;
	MemoryContext caller;
	bool registered;

	describe(&process, order);
	caller = MemoryContextSwitchTo(TopMemoryContext); /* for the handle */
	registered = RegisterDynamicBackgroundWorker(&process, &handle);
	MemoryContextSwitchTo(caller);
	if (!registered)
	{
		note_lack_of_process(order, now);
		return NULL;
	}
	register_failures = 0;
	return handle;
}
