/*
 * launcher.c
 *		Keeps the right workers running.
 *
 * The launcher learns from scouts, one at a time, which databases have a queue.
 * Each such database gets its workers, which run as the owner of the queue.
 *
 * Each pass compares the workers that should run with those that do, and starts
 * or ends what differs, whatever made the difference.  Messages from sessions only
 * make a pass come sooner and name a database to scout again: if all of them were
 * lost, the full pass every few minutes would find the same.
 *
 * Only the launcher restarts workers.  Before it does, it orders a scout of the
 * database; it does not wait for the answer, which ends the worker again when the
 * queue is gone.
 *
 * The launcher is connected to no database and reads nothing but pg_database.
 *
 * At DEBUG1 it logs each scout and each worker that it orders, ends or sees end.
 */
#include "postgres.h"

#include "db/catalog.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "server/compat.h"
#include "server/fingerprint.h"
#include "server/launcher.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "server/worker_process.h"
#include "storage/ipc.h"
#include "storage/latch.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define LIBRARY_NAME "github_sync"
#define LAUNCHER_NAME LIBRARY_NAME " launcher"
#define SCOUT_NAME LIBRARY_NAME " scout"

#define SECOND_MS 1000
#define MINUTE_MS (60 * SECOND_MS)
#define FULL_PASS_EVERY_MS (5 * MINUTE_MS)
#define SCOUT_MAY_TAKE_MS (30 * SECOND_MS)
#define LEAVE_MAY_TAKE_MS (10 * SECOND_MS)
#define WARN_EVERY_MS MINUTE_MS

/* A worker that ran this long did not fail at once. */
#define HEALTHY_AFTER_MS MINUTE_MS
#define RESTART_DELAY_MAX_MS MINUTE_MS
#define SCOUT_DELAY_MAX_MS FULL_PASS_EVERY_MS
#define REGISTER_DELAY_MAX_MS (30 * SECOND_MS)

#define NEVER DT_NOEND

typedef struct Database
{
	Oid oid;            /* hash key */
	bool listed;        /* seen in pg_database by the reading under way */
	bool known;         /* has been scouted */
	bool outdated;      /* is to be scouted (again) before a worker starts */
	Oid owner;          /* of its queue; InvalidOid: no queue */
	int scout_failures; /* in a row */
	TimestampTz scout_not_before;
} Database;

/* What this process knows of the worker in a slot. */
typedef struct WorkerProcess
{
	bool exists;                    /* was ordered or found, and not seen gone */
	BackgroundWorkerHandle *handle; /* NULL: started by a launcher before this one */
	TimestampTz leave_by;           /* NEVER: was not asked to leave */
} WorkerProcess;

typedef struct Scout
{
	BackgroundWorkerHandle *handle; /* NULL: none is under way */
	ScoutOrder order;
	TimestampTz answer_by;
} Scout;

static HTAB *databases;
static WorkerProcess processes[WORKER_SLOTS];
static Scout scout;

static TimestampTz full_pass_at;
static TimestampTz next_pass_at;
static TimestampTz register_not_before;
static int register_failures;
static TimestampTz warn_not_before;

void
launcher_register(void)
{
	BackgroundWorker launcher = {0};

	strlcpy(launcher.bgw_name, LAUNCHER_NAME, BGW_MAXLEN);
	strlcpy(launcher.bgw_type, LAUNCHER_NAME, BGW_MAXLEN);
	launcher.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	launcher.bgw_start_time = BgWorkerStart_RecoveryFinished;
	launcher.bgw_restart_time = 5;
	strlcpy(launcher.bgw_library_name, LIBRARY_NAME, BGW_MAXLEN);
	strlcpy(launcher.bgw_function_name, "github_sync_launcher_main", BGW_MAXLEN);
	RegisterBackgroundWorker(&launcher);
}

/* ---- time ---- */

/* 0 for the first failure, then 1 s, 2 s, 4 s ... */
static TimestampTz
retry_at(TimestampTz now, int failures, int most_ms)
{
	int delay_ms = 0;

	if (failures > 0)
		delay_ms = failures > 20 ? most_ms : Min(SECOND_MS << (failures - 1), most_ms);
	return TimestampTzPlusMilliseconds(now, delay_ms);
}

static void
pass_again_at(TimestampTz when)
{
	next_pass_at = Min(next_pass_at, when);
}

static bool
may_warn(TimestampTz now)
{
	if (now < warn_not_before)
		return false;
	warn_not_before = TimestampTzPlusMilliseconds(now, WARN_EVERY_MS);
	return true;
}

/* ---- databases ---- */

static Database *
find_database(Oid oid)
{
	return hash_search(databases, &oid, HASH_FIND, NULL);
}

static void
remember_database(Oid oid)
{
	bool found;
	Database *database = hash_search(databases, &oid, HASH_ENTER, &found);

	if (!found)
	{
		memset(database, 0, sizeof(*database));
		database->oid = oid;
		database->outdated = true;
	}
	database->listed = true;
}

static void
forget_databases_not_listed(void)
{
	HASH_SEQ_STATUS all;
	Database *database;

	hash_seq_init(&all, databases);
	while ((database = hash_seq_search(&all)) != NULL)
	{
		if (!database->listed)
			hash_search(databases, &database->oid, HASH_REMOVE, NULL);
		else
			database->listed = false;
	}
}

static void
list_databases(void)
{
	catalog_visit_databases(remember_database);
	forget_databases_not_listed();
}

static void
mark_outdated(Oid oid)
{
	Database *database = find_database(oid);

	if (database == NULL)
		return;
	database->outdated = true;
	database->scout_failures = 0;
	database->scout_not_before = 0;
}

static void
mark_all_outdated(void)
{
	HASH_SEQ_STATUS all;
	Database *database;

	hash_seq_init(&all, databases);
	while ((database = hash_seq_search(&all)) != NULL)
		database->outdated = true;
}

static void
update_databases(TimestampTz now)
{
	ScoutRequests requests;
	bool full_pass = now >= full_pass_at;

	shared_state_forget_dead_blocks();
	shared_state_take_scout_requests(&requests);
	if (full_pass || requests.list_databases)
		list_databases();
	for (int i = 0; i < requests.count; i++)
		mark_outdated(requests.databases[i]);
	if (full_pass || requests.all_databases)
		mark_all_outdated();
	if (full_pass)
		full_pass_at = TimestampTzPlusMilliseconds(now, FULL_PASS_EVERY_MS);
	pass_again_at(full_pass_at);
}

/* ---- starting processes ---- */

/*
 * bgw_notify_pid sets our latch when the process starts and when it ends.  It
 * is never restarted by the postmaster, which knows neither backoff nor queues.
 */
static BackgroundWorkerHandle *
start_process(const char *type, const char *function, Oid database, const void *order,
			  size_t order_size, TimestampTz now)
{
	BackgroundWorker process = {0};
	BackgroundWorkerHandle *handle;
	MemoryContext caller;
	bool registered;

	Assert(order_size <= BGW_EXTRALEN); /* both kinds of order are a few words */
	snprintf(process.bgw_name, BGW_MAXLEN, "%s for database %u", type, database);
	strlcpy(process.bgw_type, type, BGW_MAXLEN);
	process.bgw_flags = BGWORKER_SHMEM_ACCESS | BGWORKER_BACKEND_DATABASE_CONNECTION;
	process.bgw_start_time = BgWorkerStart_RecoveryFinished;
	process.bgw_restart_time = BGW_NEVER_RESTART;
	strlcpy(process.bgw_library_name, LIBRARY_NAME, BGW_MAXLEN);
	strlcpy(process.bgw_function_name, function, BGW_MAXLEN);
	memcpy(process.bgw_extra, order, order_size);
	process.bgw_notify_pid = MyProcPid;

	caller = MemoryContextSwitchTo(TopMemoryContext); /* for the handle */
	registered = RegisterDynamicBackgroundWorker(&process, &handle);
	MemoryContextSwitchTo(caller);

	if (registered)
	{
		register_failures = 0;
		return handle;
	}
	register_not_before = retry_at(now, ++register_failures, REGISTER_DELAY_MAX_MS);
	if (may_warn(now))
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("could not start a %s for database %u: no background worker slot is free",
						type, database),
				 errhint("Raise \"max_worker_processes\".")));
	return NULL;
}

static bool
has_stopped(BackgroundWorkerHandle *handle)
{
	pid_t pid;

	return GetBackgroundWorkerPid(handle, &pid) == BGWH_STOPPED;
}

/* ---- scouts ---- */

static void
read_scout_answer(Database *database, TimestampTz now)
{
	Oid owner;

	if (shared_state_scout_answer(scout.order.generation, &owner))
	{
		elog(DEBUG1, "the queue of database %u belongs to role %u (0: there is no queue)",
			 database->oid, owner);
		database->known = true;
		database->owner = owner;
		database->scout_failures = 0;
		return;
	}
	database->outdated = true;
	database->scout_not_before = retry_at(now, ++database->scout_failures, SCOUT_DELAY_MAX_MS);
	elog(DEBUG1, "the scout of database %u ended without an answer, %d in a row", database->oid,
		 database->scout_failures);
}

static void
receive_scout(TimestampTz now)
{
	Database *database;

	if (scout.handle == NULL)
		return;
	if (!has_stopped(scout.handle))
	{
		if (now >= scout.answer_by)
		{
			elog(DEBUG1, "terminating the scout of database %u, which took too long",
				 scout.order.database);
			shared_state_cancel_scout();
			scout.answer_by = TimestampTzPlusMilliseconds(now, SCOUT_MAY_TAKE_MS);
		}
		pass_again_at(scout.answer_by);
		return;
	}

	database = find_database(scout.order.database);
	if (database != NULL)
		read_scout_answer(database, now);
	pfree(scout.handle);
	scout.handle = NULL;
	register_not_before = 0; /* its background worker slot is free now */
}

/* The outdated database that may be entered now; notes when the next one may. */
static Database *
database_to_scout(TimestampTz now)
{
	Database *chosen = NULL;
	HASH_SEQ_STATUS all;
	Database *database;

	hash_seq_init(&all, databases);
	while ((database = hash_seq_search(&all)) != NULL)
	{
		/* When a block ends, the launcher is woken. */
		if (!database->outdated || shared_state_database_is_blocked(database->oid))
			continue;
		if (database->scout_not_before > now)
			pass_again_at(database->scout_not_before);
		else if (chosen == NULL || (OidIsValid(database->owner) && !OidIsValid(chosen->owner)))
			chosen = database; /* one whose worker waits for it comes first */
	}
	return chosen;
}

static void
send_scout(TimestampTz now)
{
	Database *database;

	if (scout.handle != NULL)
		return;
	database = database_to_scout(now);
	if (database == NULL)
		return;
	if (register_not_before > now)
	{
		pass_again_at(register_not_before);
		return;
	}

	scout.order.database = database->oid;
	scout.order.generation = shared_state_order_scout(database->oid);
	scout.handle = start_process(SCOUT_NAME, "github_sync_scout_main", database->oid, &scout.order,
								 sizeof(scout.order), now);
	if (scout.handle == NULL)
	{
		pass_again_at(register_not_before);
		return;
	}
	/* A change that the scout does not see any more sends a message of its own. */
	database->outdated = false;
	scout.answer_by = TimestampTzPlusMilliseconds(now, SCOUT_MAY_TAKE_MS);
	pass_again_at(scout.answer_by);
	elog(DEBUG1, "ordered a scout for database %u", database->oid);
}

/* ---- workers ---- */

static void
take_over_running_workers(void)
{
	WorkerSlot slots[WORKER_SLOTS];

	shared_state_copy_slots(slots);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		processes[i].exists = slots[i].pid != 0;
		processes[i].leave_by = NEVER;
	}
}

static void
start_worker(int index, const WorkerSlot *slot, TimestampTz now)
{
	WorkerOrder order = {.slot = index, .database = slot->database, .owner = slot->owner};
	TimestampTz not_before = Max(slot->not_before, register_not_before);

	if (not_before > now)
	{
		pass_again_at(not_before);
		return;
	}
	order.generation = shared_state_order_worker(index);
	processes[index].handle = start_process(WORKER_PROCESS_NAME, "github_sync_worker_main",
											slot->database, &order, sizeof(order), now);
	processes[index].exists = processes[index].handle != NULL;
	processes[index].leave_by = NEVER;
	if (processes[index].exists)
		elog(DEBUG1, "ordered a worker for database %u in slot %d, as role %u", slot->database,
			 index, slot->owner);
	else
	{
		shared_state_explain_missing_worker(
			index, "no background worker slot is free (max_worker_processes)");
		pass_again_at(register_not_before);
	}
}

static void
schedule_next_start(int index, const WorkerSlot *slot, TimestampTz now)
{
	bool healthy = slot->started_at != 0 &&
		now >= TimestampTzPlusMilliseconds(slot->started_at, HEALTHY_AFTER_MS);
	int failures = healthy ? 0 : slot->failures;

	elog(DEBUG1,
		 "the worker of database %u in slot %d has ended (asked to: %s, failures before: %d)",
		 slot->database, index, slot->asked_to_leave ? "yes" : "no", failures);
	if (slot->asked_to_leave || shared_state_database_is_blocked(slot->database))
		shared_state_schedule_worker(index, 0, 0);
	else
		shared_state_schedule_worker(index, failures + 1,
									 retry_at(now, failures, RESTART_DELAY_MAX_MS));
	mark_outdated(slot->database);
}

static void
receive_workers(TimestampTz now)
{
	WorkerSlot slots[WORKER_SLOTS];

	shared_state_copy_slots(slots);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerProcess *process = &processes[i];

		if (!process->exists)
			continue;
		if (process->handle != NULL ? !has_stopped(process->handle) : slots[i].pid != 0)
			continue;
		if (process->handle != NULL)
			pfree(process->handle);
		process->handle = NULL;
		process->exists = false;
		register_not_before = 0; /* its background worker slot is free now */
		schedule_next_start(i, &slots[i], now);
	}
}

/* Asks a worker to leave when it has finished what is under way; later terminates it. */
static void
end_worker(int index, TimestampTz now)
{
	WorkerProcess *process = &processes[index];

	if (process->leave_by == NEVER)
	{
		elog(DEBUG1, "asking the worker in slot %d to leave", index);
		shared_state_ask_to_leave(index);
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

/* Starts or ends the worker of one slot.  Returns whether the slot stays with its database. */
static bool
reconcile_slot(int index, const WorkerSlot *slot, const Database *database, bool wanted,
			   TimestampTz now)
{
	if (processes[index].exists)
	{
		if (!wanted || slot->owner != database->owner || slot->asked_to_leave)
			end_worker(index, now);
		return wanted;
	}
	if (!wanted)
	{
		shared_state_free_slot(index);
		return false;
	}
	if (slot->owner != database->owner)
	{
		shared_state_assign_slot(index, database->oid, database->owner);
		pass_again_at(now);
	}
	else if (!database->outdated && !shared_state_database_is_blocked(database->oid))
		start_worker(index, slot, now);
	return true;
}

static int
reconcile_slots_of(const Database *database, const WorkerSlot slots[WORKER_SLOTS], TimestampTz now)
{
	int wanted = OidIsValid(database->owner) ? setting_workers_per_database : 0;
	int held = 0;

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (slots[i].database == database->oid &&
			reconcile_slot(i, &slots[i], database, held < wanted, now))
			held++;
	}
	return wanted - held;
}

static void
assign_free_slots(const Database *database, int missing, TimestampTz now)
{
	WorkerSlot slots[WORKER_SLOTS];

	shared_state_copy_slots(slots);
	for (int i = 0; i < WORKER_SLOTS && missing > 0; i++)
	{
		if (OidIsValid(slots[i].database))
			continue;
		shared_state_assign_slot(i, database->oid, database->owner);
		pass_again_at(now); /* the next pass starts it */
		missing--;
	}
	if (missing > 0 && may_warn(now))
		ereport(WARNING,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("database %u lacks a github_sync worker: all %d are in use", database->oid,
						WORKER_SLOTS)));
}

static void
dismiss_workers_of_gone_databases(const WorkerSlot slots[WORKER_SLOTS], TimestampTz now)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (OidIsValid(slots[i].database) && find_database(slots[i].database) == NULL)
			(void) reconcile_slot(i, &slots[i], NULL, false, now);
	}
}

static void
reconcile_workers(TimestampTz now)
{
	WorkerSlot slots[WORKER_SLOTS];
	HASH_SEQ_STATUS all;
	Database *database;
	bool all_known = true;

	shared_state_copy_slots(slots);
	dismiss_workers_of_gone_databases(slots, now);

	hash_seq_init(&all, databases);
	while ((database = hash_seq_search(&all)) != NULL)
	{
		int missing;

		if (!database->known)
		{
			all_known = false;
			continue; /* its workers stay until it has been scouted */
		}
		missing = reconcile_slots_of(database, slots, now);
		if (missing > 0)
			assign_free_slots(database, missing, now);
	}
	if (all_known)
		shared_state_note_all_scouted();
}

/* ---- the loop ---- */

/* One pass; returns how long nothing is to be done. */
static long
reconcile(void)
{
	TimestampTz now = GetCurrentTimestamp();

	next_pass_at = NEVER;
	receive_workers(now);
	receive_scout(now);
	update_databases(now);
	send_scout(now);
	reconcile_workers(now);
	return TimestampDifferenceMilliseconds(now, next_pass_at);
}

static void
create_database_table(void)
{
	HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Database)};

	databases = hash_create("github_sync databases", 64, &control, HASH_ELEM | HASH_BLOBS);
}

void
github_sync_launcher_main(Datum main_arg pg_attribute_unused())
{
	uint32 wait_event;

	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();
	BackgroundWorkerInitializeConnection(NULL, NULL, 0);
	wait_event = compat_wait_event("GithubSyncLauncherMain");
	pgstat_report_appname(LAUNCHER_NAME);

	fingerprint_keep_promotion();
	create_database_table();
	shared_state_claim_launcher();
	take_over_running_workers();
	ConfigReloadPending = true; /* a SIGHUP may have come before its handler */

	for (;;)
	{
		ResetLatch(MyLatch);
		CHECK_FOR_INTERRUPTS();
		if (ConfigReloadPending)
		{
			ConfigReloadPending = false;
			ProcessConfigFile(PGC_SIGHUP);
		}
		(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, reconcile(),
						 wait_event);
	}
}
