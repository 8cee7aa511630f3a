/*
 * idleness.c
 *		How long this worker has had nothing to do, and when it leaves for that.
 *
 * A worker that leaves costs nothing, and one that is started costs some
 * milliseconds and a request for a token: it stays for worker_idle_exit, in case
 * that something comes.  In a database that is held it need not wait.
 */
#include "postgres.h"

#include "server/settings.h"
#include "server/shared_state.h"
#include "server/worker_process.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/claiming.h"
#include "worker/conversation.h"
#include "worker/idleness.h"
#include "worker/sweeps.h"

/* What is due in less is worth waiting for. */
#define SOON_MS (10 * 1000)
#define SECOND_LOOK_MS 1000

static bool has_worked = false; /* since this process was started */
static TimestampTz last_work_at;
static TimestampTz look_not_before = 0; /* something is due soon, and worth a second look */

void
idleness_start(void)
{
	last_work_at = GetCurrentTimestamp();
}

static bool
is_idle(void)
{
	return conversation_claims() == 0 && !sweeps_are_under_way() && !claiming_expects_work();
}

/* When something will be due that is known, in the queue or of a list. */
static TimestampTz
next_due(void)
{
	return Min(claiming_next_due(), sweeps_next_time());
}

static const char *
activity(void)
{
	const char *obstacle = claiming_obstacle();

	if (obstacle != NULL)
		return obstacle;
	return conversation_claims() > 0 || sweeps_are_under_way() ? "waiting for GitHub" : "idle";
}

/* One that was started to find out whether there is work, and found none, gives way first. */
static TimestampTz
idle_since(void)
{
	if (!is_idle())
		return 0;
	return has_worked ? last_work_at : DT_NOBEGIN;
}

void
idleness_report(void)
{
	WorkerReport report;

	if (conversation_claims() > 0 || sweeps_are_under_way())
	{
		has_worked = true;
		last_work_at = GetCurrentTimestamp();
	}
	report = (WorkerReport){.activity = activity(),
							.requests_under_way = conversation_claims(),
							.idle_since = idle_since(),
							.next_due = next_due(),
							.wakes_seen = claiming_wakes_seen(),
							.failing = claiming_fails()};
	worker_process_report(&report);
}

/* When to look whether this worker may leave. */
TimestampTz
idleness_next_time(void)
{
	if (setting_worker_idle_exit_ms == 0 || !is_idle())
		return DT_NOEND;
	return Max(TimestampTzPlusMilliseconds(last_work_at, setting_worker_idle_exit_ms),
			   look_not_before);
}

/* One that cannot claim has something to do soon, too, and fails again. */
static bool
is_worth_waiting(void)
{
	int64 soon_ms = Min(SOON_MS, setting_worker_idle_exit_ms);

	return !claiming_fails() && next_due() <= backoff_in_ms(soon_ms);
}

static bool
has_idled_enough(void)
{
	if (idleness_next_time() > GetCurrentTimestamp())
		return false;
	if (!is_worth_waiting())
		return true;
	look_not_before = backoff_in_ms(SECOND_LOOK_MS);
	return false;
}

bool
idleness_is_over(void)
{
	const char *obstacle = claiming_lasting_obstacle();

	if (!is_idle() || (obstacle == NULL && !has_idled_enough()))
		return false;
	idleness_report();
	if (shared_state_fall_asleep(obstacle))
		return true;
	/* A peer is at work, or something has just been committed. */
	last_work_at = GetCurrentTimestamp();
	return false;
}
