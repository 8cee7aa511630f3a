/*
 * worker.c
 *		The loop: claim, send, wait, record.
 *
 * One thread, one wait: for a commit that set the latch, for the descriptor of
 * the HTTP room, for the nearest of all times at which something is due.  No
 * transaction, snapshot or lock is held while it waits.
 */
#include "postgres.h"

#include "worker/answers.h"
#include "server/budgets.h"
#include "common/pg_prng.h"
#include "server/compat.h"
#include "worker/conversation.h"
#include "worker/creations.h"
#include "core/retry_schedule.h"
#include "db/installations.h"
#include "db/queue.h"
#include "db/queue_claim.h"
#include "db/transaction.h"
#include "miscadmin.h"
#include "worker/pauses.h"
#include "pgstat.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/worker.h"
#include "server/worker_process.h"

/* Claims that one installation may have under way, of each kind and record type. */
#define SLOTS_PER_INSTALLATION 8

/*
 * All together: with so many in hand, an installation that has one of a kind
 * gets no more of it, so that those which wait leave room for the others.
 */
#define CLAIMS_IN_HAND_MANY 2048
#define CLAIMS_IN_HAND_MAX 8192

/* Where writes are made some time apart: one under way, one that is next, one to follow. */
#define SPACED_WRITES_PER_INSTALLATION 3

/* Only guards against a lost wake-up: a commit sets the latch. */
#define FALLBACK_WAKE_UP_MS (5 * 60 * 1000L)

/* Records of what nobody holds that the application uses just now. */
#define RECOVERY_RETRY_MS 1000

typedef struct Worker
{
	bool attached[RECORD_TYPES];
	bool forgiven;        /* pauses that followed from settings are over */
	bool recovered;       /* what nobody holds is back in the queue */
	bool at_home;         /* not a copy of another database */
	bool work_may_wait;   /* a claim may find something */
	TimestampTz next_due; /* when a retry time or a pause ends */
	int failed_claims;    /* in a row */
	RecordType first;     /* whose turn it is to claim first */
} Worker;

static Worker worker;

/* What is attached, and whether this database may send at all. */
static void
look_around(void)
{
	for (RecordType type = 0; type < RECORD_TYPES; type++)
		worker.attached[type] = queue_is_attached(type);
	worker.at_home = worker.attached[RECORD_TASK] && queue_database_is_adopted();
}

static void
recover(void)
{
	int64 recovered = 0;
	bool complete = true;

	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		int count;
		int64 *held = conversations_held(type, &count);

		if (worker.attached[type])
			complete &= queue_recover_orphans(type, held, count, &recovered);
	}
	worker.recovered = complete;
	if (!complete)
		worker.next_due =
			Min(worker.next_due,
				TimestampTzPlusMilliseconds(GetCurrentTimestamp(), RECOVERY_RETRY_MS));
	if (recovered > 0)
		ereport(LOG,
				(errmsg("github_sync: put " INT64_FORMAT
						" transactions that no worker held back into the queue",
						recovered)));
}

static bool
something_is_due(void)
{
	return worker.next_due <= GetCurrentTimestamp();
}

static void
promote_due(void)
{
	worker.next_due = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), FALLBACK_WAKE_UP_MS);
	worker.next_due = Min(worker.next_due, installations_next_pause_end());
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (worker.attached[type])
			worker.next_due = Min(worker.next_due, queue_release_due(type));
	}
}

static ClaimSlots
claim_slots(int all)
{
	if (conversations_under_way() >= CLAIMS_IN_HAND_MANY)
		return (ClaimSlots){all, 1, 1};
	return (ClaimSlots){.all = all,
						.reads_per_installation = SLOTS_PER_INSTALLATION,
						.writes_per_installation = setting_write_interval_ms > 0
							? SPACED_WRITES_PER_INSTALLATION
							: SLOTS_PER_INSTALLATION};
}

/* One row that cannot be claimed must not stop the others. */
static void
end_unclaimable(int slots)
{
	int64 ended = 0;

	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (worker.attached[type])
			ended += queue_claim_fail_unclaimable(type, claim_slots(slots));
	}
	if (ended > 0)
		ereport(LOG,
				(errmsg("github_sync: ended " INT64_FORMAT " transactions that cannot be claimed",
						ended)));
}

static void
note_past_creations(int64 installation_id, int count, int64 age_ms)
{
	/* GitHub may have counted them any time until they were answered. */
	budget_note_past_creations(installation_id, count, Max(age_ms - setting_request_timeout_ms, 0));
}

/* A server that has just started knows of creations by their attempts alone. */
static void
learn_past_creations(void)
{
	if (budgets_know_creations())
		return;
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (worker.attached[type])
			queue_visit_past_creations(type, note_past_creations);
	}
	budgets_note_creations_known();
}

/* What waits for its turn at an installation takes no slot from the others. */
static int
free_slots(void)
{
	int in_hand = conversations_under_way();

	return Min(setting_max_concurrent_requests - (in_hand - conversations_waiting()),
			   CLAIMS_IN_HAND_MAX - in_hand);
}

/* The record types take turns: the queue of one that is never empty leaves room for the other. */
static List *
claim_in_turn(int slots)
{
	NewClaims new = {NIL, NIL};

	for (int i = 0; i < RECORD_TYPES; i++)
	{
		RecordType type = (worker.first + i) % RECORD_TYPES;

		if (worker.attached[type] && slots > list_length(new.claims))
			queue_claim_take(type, claim_slots(slots - list_length(new.claims)), TopMemoryContext,
							 &new);
	}
	worker.first = (worker.first + 1) % RECORD_TYPES;
	if (new.unfit != NIL)
	{
		const UnfitClaim *unfit = linitial(new.unfit);

		ereport(ERROR,
				(errcode(unfit->error.sqlstate), errmsg_internal("%s", unfit->error.message)));
	}
	return new.claims;
}

/* DbAction: fills the free slots; its argument is the List of new claims. */
static void
claim(void *argument)
{
	List **claims = argument;

	*claims = NIL;
	look_around();
	if (!worker.at_home)
	{
		budgets_note_nothing_to_know();
		return; /* adopt_database() wakes us */
	}
	if (!worker.forgiven)
	{
		installations_end_credential_pauses();
		installations_end_budget_pauses();
		installation_visit_all(installation_forgive_credentials);
		worker.forgiven = true;
	}
	if (something_is_due())
		promote_due();
	if (shared_state_take_peer_ended())
		worker.recovered = false;
	if (!worker.recovered)
		recover();
	learn_past_creations();
	if (worker.failed_claims > 0)
		end_unclaimable(free_slots());
	*claims = claim_in_turn(free_slots());
}

static void
begin_conversations(List *claims)
{
	ListCell *cell;

	foreach (cell, claims)
		conversation_begin(lfirst(cell));
	/* What filled no slot is not there: the next commit or answer says so. */
	worker.work_may_wait = claims != NIL;
	list_free(claims);
}

/*
 * Being restored, upgraded or detached, or something is broken: the reason is
 * shown and the next wake-up tries again.  Where the queue is gone for good
 * the launcher ends this process.
 */
static void
note_failed_claim(const DbError *error)
{
	int64 delay_ms = retry_delay_ms(++worker.failed_claims, 100, 60 * 1000,
									pg_prng_double(&pg_global_prng_state));

	worker.next_due = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), delay_ms);
	/* What the claim did first was rolled back with it. */
	worker.recovered = false;
	worker.forgiven = false;
	if (db_error_is_contention(error))
		return;
	shared_state_report_error(error->message);
	if (worker.failed_claims == 1)
		ereport(LOG,
				(errcode(error->sqlstate),
				 errmsg("github_sync: could not claim transactions: %s", error->message)));
}

static void
note_claimed(List *claims)
{
	if (worker.failed_claims > 0)
		shared_state_report_error("");
	worker.failed_claims = 0;
	begin_conversations(claims);
}

static void
claim_what_waits(void)
{
	List *claims = NIL;
	DbError error;
	bool succeeded;

	if (!setting_enabled || free_slots() <= 0)
	{
		worker.work_may_wait = false;
		return;
	}
	db_begin("claiming transactions");
	succeeded = db_try(claim, &claims, &error);
	db_commit();
	worker.work_may_wait = false;
	if (succeeded)
		note_claimed(claims);
	else
		note_failed_claim(&error);
}

static const char *
activity(void)
{
	if (worker.failed_claims > 0)
		return "cannot claim";
	if (!worker.attached[RECORD_TASK])
		return "nothing is attached";
	if (!worker.at_home)
		return "copied database";
	if (!setting_enabled)
		return "not enabled";
	return conversations_under_way() > 0 ? "waiting for GitHub" : "idle";
}

/* A copy, or a server where nothing is enabled, waits for a wake-up alone. */
static bool
may_claim_later(void)
{
	return setting_enabled && (worker.at_home || worker.failed_claims > 0);
}

static long
time_to_wait(void)
{
	TimestampTz now = GetCurrentTimestamp();
	TimestampTz deadline = TimestampTzPlusMilliseconds(now, FALLBACK_WAKE_UP_MS);

	if (worker.work_may_wait)
		return 0;
	deadline = Min(deadline, conversations_next_deadline(now));
	if (may_claim_later())
		deadline = Min(deadline, worker.next_due);
	return TimestampDifferenceMilliseconds(now, deadline);
}

/* True: somebody set the latch, or a time has come. */
static bool
wait_for_something(uint32 wait_event)
{
	int events;

	shared_state_report_requests(conversations_under_way());
	if (conversations_under_way() == 0 && !worker.work_may_wait)
		pgstat_report_stat(true); /* nothing comes that would flush it */
	worker_process_report_activity(activity(), true);
	events = WaitLatchOrSocket(MyLatch,
							   WL_LATCH_SET | WL_SOCKET_READABLE | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							   conversations_descriptor(), time_to_wait(), wait_event);
	ResetLatch(MyLatch);
	return (events & WL_LATCH_SET) != 0;
}

static void
talk_to_github(void)
{
	TimestampTz retry_at = DT_NOEND;

	conversations_progress();
	creations_send(&retry_at);
	/* A record that became free, a slot that did: claim again. */
	if (answers_record(&retry_at) > 0)
		worker.work_may_wait = true;
	if (conversations_take_lost())
	{
		worker.recovered = false;
		worker.work_may_wait = true;
	}
	pauses_record(&retry_at);
	worker.next_due = Min(worker.next_due, retry_at);
}

static void
take_over_settings(void)
{
	conversations_reconfigure();
	worker.forgiven = false;
	worker.work_may_wait = true;
}

void
github_sync_worker_main(Datum main_arg pg_attribute_unused())
{
	MemoryContext round_context;
	uint32 wait_event;
	bool leaving = false;

	worker_process_start();
	conversations_open();
	round_context =
		AllocSetContextCreate(TopMemoryContext, "github_sync worker round", ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(round_context);
	wait_event = compat_wait_event("GithubSyncWorkerMain");
	worker.work_may_wait = true;
	worker.next_due = DT_NOBEGIN;

	while (!leaving || conversations_under_way() > 0)
	{
		MemoryContextReset(round_context);
		if (!leaving && worker.work_may_wait)
			claim_what_waits();
		talk_to_github();
		if (wait_for_something(wait_event) || (may_claim_later() && something_is_due()))
			worker.work_may_wait = true;
		if (!worker_process_may_continue())
			leaving = true;
		if (worker_process_settings_changed())
			take_over_settings();
		if (leaving || !setting_enabled)
			pauses_give_back_all();
	}
	pgstat_report_stat(true);
	proc_exit(0);
}
