/*
 * worker.c
 *		The loop: claim, send, wait, report.
 *
 * One thread, one wait: for a commit that set the latch, for the descriptor of
 * the HTTP room, for the nearest of all times at which something is due.  No
 * transaction, snapshot or lock is held while it waits.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "pgstat.h"
#include "server/compat.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "server/statistics.h"
#include "server/worker_process.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/arrivals.h"
#include "worker/claiming.h"
#include "worker/conversation.h"
#include "worker/creations.h"
#include "worker/dispatch.h"
#include "worker/exchanges.h"
#include "worker/idleness.h"
#include "worker/pauses.h"
#include "worker/reporting.h"
#include "worker/sweeps.h"
#include "worker/worker.h"

/* When something is to be claimed, or looked for. */
static TimestampTz
next_claim(void)
{
	TimestampTz next = claiming_expects_work() ? claiming_next_round() : DT_NOEND;

	next = Min(next, Max(claiming_next_for_ends(), claiming_next_round()));
	/* What is due may have been looked at a moment ago, and be due still. */
	next = Min(next, Max(claiming_next_time(), claiming_next_round()));
	return Min(next, Min(sweeps_next_time(), idleness_next_time()));
}

/* One that leaves claims nothing: it would wait for that without waiting. */
static long
time_to_wait(bool leaving)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz deadline = TimestampTzPlusMilliseconds(now, CLAIMING_FALLBACK_MS);

	if (!leaving)
		deadline = Min(deadline, next_claim());
	deadline = Min(deadline, dispatch_next_time(now));
	deadline = Min(deadline, arrivals_next_time());
	return TimestampDifferenceMilliseconds(now, deadline);
}

/* In pg_stat_activity: an answer of GitHub's is what it waits for, or whatever comes. */
static uint32
wait_event_now(void)
{
	static uint32 answer = 0;
	static uint32 idle = 0;

	if (answer == 0)
	{
		answer = compat_wait_event("GithubSyncAnswer");
		idle = compat_wait_event("GithubSyncIdle");
	}
	return conversation_claims() > 0 || sweeps_are_under_way() ? answer : idle;
}

/* True: somebody set the latch. */
static bool
wait_for_something(bool leaving)
{
	int events;

	if (conversation_claims() == 0 && !claiming_expects_work())
		pgstat_report_stat(true); /* nothing comes that would flush it */
	idleness_report();
	statistics_add_up();
	events = WaitLatchOrSocket(MyLatch,
							   WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							   exchanges_descriptor(), time_to_wait(leaving), wait_event_now());
	ResetLatch(MyLatch);
	/* At once: what the worker does first keeps no request waiting. */
	if ((events & WL_SOCKET_READABLE) != 0)
		exchanges_progress();
	return (events & WL_LATCH_SET) != 0;
}

static void
send_what_waits(TimestampTz *retry_at)
{
	dispatch_progress();
	creations_send(retry_at);
}

static void
talk_to_github(void)
{
	TimestampTz retry_at = DT_NOEND;

	send_what_waits(&retry_at);
	/* What an answer asks for next goes out before anything new is claimed. */
	if (reporting_report_arrivals(&retry_at) > 0)
		send_what_waits(&retry_at);
	if (conversation_take_ended())
		claiming_note_ends();
	if (conversation_take_lost())
		claiming_note_orphans();
	pauses_make_due(&retry_at);
	claiming_note_due(retry_at);
}

static void
take_over_settings(void)
{
	exchanges_reconfigure();
	claiming_note_settings();
	sweeps_note_settings();
}

/* A claim may see a wake that nothing else of this loop was told of. */
static void
note_unseen_wakes(void)
{
	static uint32 seen = 0;
	uint32 wakes = shared_state_wakes();

	if (wakes == seen)
		return;
	seen = wakes;
	arrivals_note_wake();
	sweeps_note_wake();
}

/* What somebody held may be free. */
static void
note_wake(void)
{
	claiming_note_wake();
	arrivals_note_wake();
	sweeps_note_wake();
}

static void
work(bool leaving)
{
	note_unseen_wakes();
	if (!leaving)
	{
		claiming_claim();
		if (claiming_take_over())
			sweeps_note_wake();
		sweeps_claim();
	}
	talk_to_github();
	if (wait_for_something(leaving) && claiming_was_woken())
		note_wake();
	else if (claiming_is_due())
		claiming_note_work();
}

/* Between two rounds of work.  True: finish what is under way, and leave. */
static bool
look_after_process(bool leaving)
{
	if (!worker_process_may_continue() && !leaving)
	{
		leaving = true;
		/* Nobody is left who could be told of the answers. */
		if (conversation_claims() > 0 && claiming_queue_is_gone())
			proc_exit(0);
	}
	if (worker_process_settings_changed())
		take_over_settings();
	/* Last: new settings are a reason to look once more, and one that leaves has the next look. */
	if (!leaving && idleness_is_over())
		leaving = true;
	if (leaving || !setting_enabled)
	{
		pauses_give_back_all();
		sweeps_give_back_all();
	}
	return leaving;
}

void
github_sync_worker_main(Datum main_arg pg_attribute_unused())
{
	MemoryContext round_context;
	bool leaving = false;

	worker_process_start();
	exchanges_open();
	claiming_start();
	idleness_start();
	round_context =
		AllocSetContextCreate(TopMemoryContext, "github_sync worker round", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(round_context);

	while (!leaving || conversation_claims() > 0)
	{
		MemoryContextReset(round_context);
		work(leaving);
		leaving = look_after_process(leaving);
	}
	idleness_report();
	statistics_add_up();
	if (claiming_expects_work())
		shared_state_wake_peers();
	shared_state_end_well();
	pgstat_report_stat(true);
	proc_exit(0);
}
