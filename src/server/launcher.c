/*
 * launcher.c
 *		Keeps the right workers running.
 *
 * The roster says which databases have a queue.  Workers run where something is
 * due: somebody committed something for the queue, or a time has come.  A database
 * in which nothing is due sleeps, without any process, and its entry in shared
 * memory says what would wake it up.
 *
 * Each pass compares the workers that should run with those that do, and starts
 * or ends what differs, whatever made the difference.  Messages from sessions only
 * make a pass come sooner: a launcher that is started anew reads the same levels.
 *
 * Databases share max_workers processes.  Where none is free, the database that
 * has been idle longest is sent to sleep; where none is idle, the one that has
 * worked longest, if it had its turn, so that a long queue does not keep the
 * others waiting.
 *
 * Only the launcher restarts workers.  One that ended without being asked to may
 * have lost its queue: a scout looks before the next one is started.
 *
 * The launcher is connected to no database and reads nothing but pg_database.
 *
 * At DEBUG1 it logs each worker that it orders, ends or sees end.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "server/compat.h"
#include "server/fingerprint.h"
#include "server/launcher.h"
#include "server/process_start.h"
#include "server/roster.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "server/statistics.h"
#include "server/suspects.h"
#include "server/worker_process.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define LAUNCHER_NAME PROCESS_START_LIBRARY " launcher"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define LEAVE_MAY_TAKE_MS (10 * SECOND_MS)

/* A worker that ran this long did not fail at once. */
#define HEALTHY_AFTER_MS MINUTE_MS
#define RESTART_DELAY_MAX_MS MINUTE_MS

/* One that cannot claim, and had to give way, need not come back often. */
#define FAILING_DELAY_MAX_MS (10 * MINUTE_MS)

/* Idle workers leave within milliseconds; when somebody has to wait longer, it is told. */
#define SHORTAGE_AFTER_MS 500

/* Where all workers are at work: how long a database waits, and how long one may work by then. */
#define TURN_AFTER_MS SECOND_MS
#define TURN_MS (10 * SECOND_MS)

/* Processes of ours besides the workers: the launcher and a scout. */
#define OTHER_PROCESSES 2

#define NEVER DT_NOEND

/* What this process knows of the worker in a slot. */
typedef struct WorkerProcess
{
	bool exists;                    /* was ordered or found, and not seen gone */
	BackgroundWorkerHandle *handle; /* NULL: started by a launcher before this one */
	TimestampTz leave_by;           /* NEVER: was not asked to leave */
} WorkerProcess;

static WorkerProcess processes[WORKER_SLOTS];
static WorkerSlot slots[WORKER_SLOTS]; /* as they were when the pass began */
static TimestampTz next_pass_at;

void
launcher_register(void)
{
	BackgroundWorker launcher = {0};

	strlcpy(launcher.bgw_name, LAUNCHER_NAME, BGW_MAXLEN);
	strlcpy(launcher.bgw_type, LAUNCHER_NAME, BGW_MAXLEN);
	launcher.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	launcher.bgw_start_time = BgWorkerStart_RecoveryFinished;
	launcher.bgw_restart_time = 5;
	strlcpy(launcher.bgw_library_name, PROCESS_START_LIBRARY, BGW_MAXLEN);
	strlcpy(launcher.bgw_function_name, "github_sync_launcher_main", BGW_MAXLEN);
	RegisterBackgroundWorker(&launcher);
}

static void
pass_again_at(TimestampTz when)
{
	next_pass_at = Min(next_pass_at, when);
}

/* ---- workers that end ---- */

static void
take_over_running_workers(void)
{
	shared_state_copy_slots(slots);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		processes[i].exists = slots[i].pid != 0;
		processes[i].leave_by = NEVER;
		if (!processes[i].exists)
			shared_state_free_slot(i);
	}
}

static void
note_failed_end(const WorkerSlot *slot, int failures, TimestampTz now)
{
	bool healthy = slot->started_at != 0 &&
		now >= TimestampTzPlusMilliseconds(slot->started_at, HEALTHY_AFTER_MS);

	if (healthy)
		failures = 0;
	shared_state_delay_start(slot->database, failures + 1,
							 process_start_retry_at(now, failures, RESTART_DELAY_MAX_MS));
	roster_doubt(slot->database);
}

static void
schedule_next_start(const WorkerSlot *slot, TimestampTz now)
{
	int failures = shared_state_database_status(slot->database, now).failures;

	elog(DEBUG1, "the worker of database %u has ended (asked to: %s, failures before: %d)",
		 slot->database, slot->asked_to_leave ? "yes" : "no", failures);
	if (slot->failing && slot->ended_well)
		shared_state_delay_start(slot->database, failures + 1,
								 process_start_retry_at(now, failures, FAILING_DELAY_MAX_MS));
	else if (slot->asked_to_leave || shared_state_database_is_blocked(slot->database))
		shared_state_delay_start(slot->database, 0, 0);
	else
		note_failed_end(slot, failures, now);
}

static bool
has_ended(int index)
{
	const WorkerProcess *process = &processes[index];

	if (!process->exists)
		return false;
	return process->handle != NULL ? process_start_has_stopped(process->handle)
								   : slots[index].pid == 0;
}

/*
 * What was copied before its process was seen to have stopped is not its last
 * word: it is read again.
 */
static void
receive_workers(TimestampTz now)
{
	bool ended[WORKER_SLOTS];

	shared_state_copy_slots(slots);
	for (int i = 0; i < WORKER_SLOTS; i++)
		ended[i] = has_ended(i);
	shared_state_copy_slots(slots);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (!ended[i])
			continue;
		if (processes[i].handle != NULL)
			pfree(processes[i].handle);
		processes[i] = (WorkerProcess){.leave_by = NEVER};
		process_start_note_end();
		schedule_next_start(&slots[i], now);
		shared_state_free_slot(i);
		slots[i].database = InvalidOid;
	}
}

/* ---- workers that are to end ---- */

/* Asks a worker to leave when it has finished what is under way; later terminates it. */
static void
end_worker(int index, TimestampTz now)
{
	WorkerProcess *process = &processes[index];

	if (process->leave_by == NEVER)
	{
		elog(DEBUG1, "the worker in slot %d is to leave", index);
		shared_state_ask_to_leave(index);
		slots[index].asked_to_leave = true;
		process->leave_by = TimestampTzPlusMilliseconds(now, LEAVE_MAY_TAKE_MS);
	}
	else if (now >= process->leave_by)
	{
		elog(DEBUG1, "terminating the worker in slot %d, which did not leave", index);
		shared_state_terminate_worker(index);
		process->leave_by = TimestampTzPlusMilliseconds(now, LEAVE_MAY_TAKE_MS);
	}
	pass_again_at(process->leave_by);
}

/* Of those that were not asked to leave, below a slot. */
static int
workers_before(Oid database, int index)
{
	int count = 0;

	for (int i = 0; i < index; i++)
		count += slots[i].database == database && !slots[i].asked_to_leave;
	return count;
}

static bool
is_wanted(int index)
{
	const WorkerSlot *slot = &slots[index];
	const Database *database = roster_find(slot->database);

	if (database == NULL)
		return false;
	if (!database->known)
		return true; /* until it has been scouted */
	return slot->owner == database->owner &&
		workers_before(slot->database, index) < setting_workers_per_database;
}

static void
end_workers(TimestampTz now)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (processes[i].exists && (slots[i].asked_to_leave || !is_wanted(i)))
			end_worker(i, now);
	}
}

/* ---- databases that wait for workers ---- */

typedef struct Candidate
{
	Database *database;
	int missing;  /* workers */
	bool is_told; /* something is to be done; else nobody knows whether */
	bool has_none;
} Candidate;

static int
processes_of(Oid database)
{
	int count = 0;

	for (int i = 0; i < WORKER_SLOTS; i++)
		count += processes[i].exists && slots[i].database == database;
	return count;
}

/* Whether workers of it should run, and may be started now. */
static bool
may_start(const Database *database, const DatabaseStatus *status, TimestampTz now)
{
	if (!status->running && !status->due)
	{
		pass_again_at(status->look_again_at);
		return false;
	}
	if (status->not_before > now)
	{
		pass_again_at(status->not_before);
		return false;
	}
	/* One of them may have crashed the server, and would again. */
	if (suspects_start_not_before() > now)
	{
		pass_again_at(suspects_start_not_before());
		return false;
	}
	/* When a scout has answered, or a block ends, the launcher is woken. */
	return !database->unsure && !shared_state_database_is_blocked(database->oid);
}

/* Its queue is gone: so is what is remembered of it, when its workers are. */
static void
settle_without_queue(const Database *database)
{
	if (processes_of(database->oid) > 0)
		return;
	shared_state_forget_database(database->oid);
	statistics_forget_database(database->oid);
}

static bool
has_entry(const Database *database, TimestampTz now)
{
	if (shared_state_enter_database(database->oid, database->owner))
		return true;
	if (process_start_may_warn(now))
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("database %u is not served: %d databases have a queue", database->oid,
						DATABASES_MAX)));
	return false;
}

typedef struct Search
{
	TimestampTz now;
	List *candidates; /* of Candidate */
} Search;

/* How many workers it lacks that may be started now. */
static int
missing_workers(const Database *database, const DatabaseStatus *status, int present,
				TimestampTz now)
{
	if (!setting_enabled || present >= setting_workers_per_database)
		return 0;
	return may_start(database, status, now) ? setting_workers_per_database - present : 0;
}

static void
consider_queue(Database *database, Search *search)
{
	DatabaseStatus status = shared_state_database_status(database->oid, search->now);
	int present = processes_of(database->oid);
	int missing = missing_workers(database, &status, present, search->now);
	Candidate *candidate;

	if (missing == 0)
	{
		database->due_since = 0;
		return;
	}
	if (database->due_since == 0)
		database->due_since = search->now;
	candidate = palloc(sizeof(Candidate));
	*candidate = (Candidate){.database = database,
							 .missing = missing,
							 .is_told = status.running || status.is_told,
							 .has_none = present == 0};
	search->candidates = lappend(search->candidates, candidate);
}

/* RosterVisitor: appends to the candidates. */
static void
find_missing_workers(Database *database, void *argument)
{
	Search *search = argument;

	if (!database->known)
		return;
	if (!OidIsValid(database->owner))
		settle_without_queue(database);
	else if (has_entry(database, search->now))
		consider_queue(database, search);
}

/* Those where something is to be done first; then who has waited longest. */
static int
compare_candidates(const ListCell *left, const ListCell *right)
{
	const Candidate *a = lfirst(left);
	const Candidate *b = lfirst(right);

	if (a->is_told != b->is_told)
		return a->is_told ? -1 : 1;
	if (a->has_none != b->has_none)
		return a->has_none ? -1 : 1;
	if (a->database->due_since != b->database->due_since)
		return a->database->due_since < b->database->due_since ? -1 : 1;
	return 0;
}

/* ---- starting workers ---- */

/* All background workers of the server share max_worker_processes: half of them are for others. */
static int
most_workers(void)
{
	int wanted = setting_max_workers > 0 ? setting_max_workers : max_worker_processes / 2;

	return Max(1, Min(Min(wanted, max_worker_processes - OTHER_PROCESSES), WORKER_SLOTS));
}

static int
count_processes(void)
{
	int count = 0;

	for (int i = 0; i < WORKER_SLOTS; i++)
		count += processes[i].exists;
	return count;
}

static int
free_slot(void)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (!processes[i].exists)
			return i;
	}
	pg_unreachable(); /* most_workers() is no more than there are */
}

static bool
start_worker(const Database *database, TimestampTz now)
{
	int index = free_slot();
	WorkerOrder order = {.slot = index, .database = database->oid, .owner = database->owner};
	ProcessOrder process = {.type = WORKER_PROCESS_NAME,
							.function = "github_sync_worker_main",
							.database = database->oid,
							.order = &order,
							.order_size = sizeof(order)};

	if (process_start_not_before() > now || count_processes() >= most_workers())
		return false;
	order.generation = shared_state_order_worker(index, database->oid, database->owner);
	processes[index].handle = process_start(&process, now);
	processes[index].exists = processes[index].handle != NULL;
	processes[index].leave_by = NEVER;
	if (!processes[index].exists)
	{
		shared_state_free_slot(index);
		return false;
	}
	slots[index] = (WorkerSlot){.database = database->oid, .owner = database->owner};
	elog(DEBUG1, "ordered a worker for database %u in slot %d, as role %u", database->oid, index,
		 database->owner);
	return true;
}

/* ---- making room ---- */

/* How long all workers of a database have been idle, and how long they have run. */
typedef struct Tenure
{
	bool settled; /* all of them have begun to work, and none is to leave */
	bool idle;
	TimestampTz idle_since;
	TimestampTz started_at;
} Tenure;

static Tenure
tenure_of(Oid database)
{
	Tenure tenure = {.settled = true, .idle = true, .idle_since = DT_NOBEGIN, .started_at = NEVER};

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		const WorkerSlot *slot = &slots[i];

		if (!processes[i].exists || slot->database != database)
			continue;
		tenure.settled &= slot->pid != 0 && !slot->asked_to_leave;
		tenure.idle &= slot->idle_since != 0;
		tenure.idle_since = Max(tenure.idle_since, slot->idle_since);
		tenure.started_at = Min(tenure.started_at, slot->started_at);
	}
	return tenure;
}

/* The database that gives way; InvalidOid: none.  at_work: none is idle. */
static Oid
database_to_give_way(bool at_work, TimestampTz now)
{
	TimestampTz started_before = TimestampTzPlusMilliseconds(now, -TURN_MS);
	Oid chosen = InvalidOid;
	TimestampTz since = NEVER;

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		Tenure tenure;
		TimestampTz its_since;

		if (!processes[i].exists)
			continue;
		tenure = tenure_of(slots[i].database);
		its_since = at_work ? tenure.started_at : tenure.idle_since;
		if (!tenure.settled || (!at_work && !tenure.idle) || its_since >= since ||
			(at_work && tenure.started_at > started_before))
			continue;
		since = its_since;
		chosen = slots[i].database;
	}
	return chosen;
}

static int
count_leaving(void)
{
	int count = 0;

	for (int i = 0; i < WORKER_SLOTS; i++)
		count += processes[i].exists && slots[i].asked_to_leave;
	return count;
}

/* Those at work finish what is under way: their requests, as long as those may take. */
static void
watch_leaving(Oid database, bool at_work, TimestampTz now)
{
	int64 patience_ms = LEAVE_MAY_TAKE_MS + (at_work ? setting_request_timeout_ms : 0);

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (!processes[i].exists || slots[i].database != database)
			continue;
		slots[i].asked_to_leave = true;
		processes[i].leave_by = TimestampTzPlusMilliseconds(now, patience_ms);
		pass_again_at(processes[i].leave_by);
	}
}

static bool
make_one_give_way(bool at_work, TimestampTz now)
{
	Oid database = database_to_give_way(at_work, now);

	if (!OidIsValid(database) || !shared_state_send_to_sleep(database, at_work))
		return false;
	elog(DEBUG1, "database %u gives way to others", database);
	watch_leaving(database, at_work, now);
	return true;
}

static bool
waits_for(const Candidate *candidate, int64 ms, TimestampTz now)
{
	return now >= TimestampTzPlusMilliseconds(candidate->database->due_since, ms);
}

static bool
make_room_for(const Candidate *candidate, TimestampTz now)
{
	if (make_one_give_way(false, now))
		return true;
	return candidate->is_told && waits_for(candidate, TURN_AFTER_MS, now) &&
		make_one_give_way(true, now);
}

static const char *
words_for_shortage(TimestampTz now)
{
	if (process_start_not_before() > now)
		return process_start_problem();
	return psprintf("all %d workers are in use (github_sync.max_workers, max_worker_processes)",
					most_workers());
}

static void
explain_shortage(const Candidate *candidate, TimestampTz now)
{
	const char *words = words_for_shortage(now);

	shared_state_explain_missing_worker(candidate->database->oid, words);
	if (process_start_may_warn(now))
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("database %u waits for a worker: %s", candidate->database->oid, words)));
}

/* Somebody waits for more than the moment in which an idle worker leaves. */
static bool
is_short(const Candidate *candidate, TimestampTz now)
{
	return candidate->is_told &&
		(waits_for(candidate, SHORTAGE_AFTER_MS, now) || process_start_not_before() > now);
}

/* A list of Candidate, all of which found no process free. */
static void
make_room(const List *waiting, TimestampTz now)
{
	int leaving = count_leaving();
	ListCell *cell;

	foreach (cell, waiting)
	{
		const Candidate *candidate = lfirst(cell);

		if (is_short(candidate, now))
			explain_shortage(candidate, now);
		/* Of several workers of a database, only the first is worth that somebody gives way. */
		if (candidate->has_none && leaving-- <= 0)
			(void) make_room_for(candidate, now);
		if (candidate->has_none)
			pass_again_at(TimestampTzPlusMilliseconds(now, SHORTAGE_AFTER_MS));
	}
	if (process_start_not_before() > now)
		pass_again_at(process_start_not_before());
}

static void
start_workers(TimestampTz now)
{
	Search search = {now, NIL};
	List *waiting = NIL;
	ListCell *cell;

	roster_visit_all(find_missing_workers, &search);
	list_sort(search.candidates, compare_candidates);
	foreach (cell, search.candidates)
	{
		Candidate *candidate = lfirst(cell);

		while (candidate->missing > 0 && start_worker(candidate->database, now))
			candidate->missing--;
		if (candidate->missing > 0)
			waiting = lappend(waiting, candidate);
	}
	if (waiting != NIL)
		make_room(waiting, now);
}

/* ---- the loop ---- */

/* One pass; returns how long nothing is to be done. */
static long
reconcile(void)
{
	TimestampTz now = GetCurrentTimestamp();

	next_pass_at = NEVER;
	receive_workers(now);
	roster_update(now, &next_pass_at);
	end_workers(now);
	start_workers(now);
	if (roster_is_known())
		shared_state_note_all_scouted();
	return TimestampDifferenceMilliseconds(now, next_pass_at);
}

static void
reload_settings(void)
{
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	/* What a database waits for may have been mended: a key, a limit of ours. */
	shared_state_retry_all();
}

void
github_sync_launcher_main(Datum main_arg pg_attribute_unused())
{
	MemoryContext pass_context;
	uint32 wait_event;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	wait_event = compat_wait_event("GithubSyncLauncherMain");
	pgstat_report_appname(LAUNCHER_NAME);

	fingerprint_keep_promotion();
	roster_create();
	shared_state_claim_launcher();
	take_over_running_workers();
	ConfigReloadPending = true; /* a SIGHUP may have come before its handler */
	pass_context = AllocSetContextCreate(TopMemoryContext, "github_sync launcher pass",
										 ALLOCSET_DEFAULT_SIZES);
	MemoryContextSwitchTo(pass_context);

	for (;;)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
			reload_settings();
		MemoryContextReset(pass_context);
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, reconcile(),
						 wait_event);
	}
}
