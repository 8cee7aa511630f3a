/*
 * shared_state.c
 *		What launcher, scouts, workers and sessions tell each other.
 *
 * One fixed struct in shared memory under one lock.  It holds pids, latches,
 * counters and short texts, nothing that belongs to one process.  The lock is
 * held for a few lines without errors or waits, so that it may be taken in
 * transaction callbacks, in exit callbacks and while reporting errors.
 *
 * A pid is in here from before its process enters a database until it leaves:
 * whoever signals it under the lock cannot hit another process.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xlog.h"
#include "miscadmin.h"
#include "port/atomics.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "storage/proc.h"
#include "storage/procarray.h"
#include "utils/timestamp.h"

#define BLOCKS 64

typedef struct LauncherEntry
{
	pid_t pid; /* 0: no process */
	Latch *latch;
} LauncherEntry;

typedef struct ScoutEntry
{
	ScoutOrder order;
	pid_t pid; /* 0: no process */
	bool answered;
	Oid owner;
} ScoutEntry;

typedef struct Block
{
	Oid database;
	pid_t pid; /* who blocks it; 0: the entry is free */
} Block;

typedef enum CreationsReport
{
	CREATIONS_NOT_REPORTED,
	CREATIONS_NONE, /* the database does not send, so that it had nothing to tell */
	CREATIONS_KNOWN
} CreationsReport;

/* What is remembered of a database with a queue. */
typedef struct DatabaseEntry
{
	Oid owner;              /* of its queue */
	bool running;           /* workers are to run, and did not fall asleep */
	bool held;              /* commits are no reason to start one */
	bool lacks_process;     /* it is due, and no process is free */
	pg_atomic_uint32 wakes; /* commits, and whatever else is a reason to look into the queue */
	uint32 wakes_seen;      /* by those who fell asleep */
	TimestampTz next_due;   /* while it sleeps; DT_NOEND: never */
	TimestampTz fallback_at;
	int failures; /* of its workers, in a row */
	TimestampTz not_before;
	CreationsReport creations;
	char obstacle[ACTIVITY_LENGTH]; /* why it is held */
	LastError last_error;           /* of a worker that has ended, or could not be started */
} DatabaseEntry;

typedef struct SharedState
{
	LWLock *lock;
	LauncherEntry launcher;
	bool all_scouted; /* every database has been scouted since the server started */
	ScoutRequests requests;
	ScoutEntry scout;
	char lack_of_scouts[LAST_ERROR_LENGTH]; /* why none can be started; "": one can */
	Block blocks[BLOCKS];
	int next_prepared;
	PreparedMessage prepared[PREPARED_MESSAGES_MAX];
	WorkerSlot slots[WORKER_SLOTS];
	int databases_high;           /* above it no entry is used */
	Oid databases[DATABASES_MAX]; /* apart: they are searched; InvalidOid: the entry is free */
	DatabaseEntry entries[DATABASES_MAX];
} SharedState;

#define NO_ENTRY (-1)

static SharedState *state = NULL; /* NULL: not preloaded */
static WorkerSlot *my_slot = NULL;

/* Where MyDatabaseId was found last: commits need not search for it. */
static int my_entry = NO_ENTRY;

Size
shared_state_size(void)
{
	return sizeof(SharedState);
}

void
shared_state_attach(void *memory, LWLock *lock, bool is_new)
{
	state = memory;
	if (!is_new)
		return;
	state->lock = lock;
	for (int i = 0; i < DATABASES_MAX; i++)
		pg_atomic_init_u32(&state->entries[i].wakes, 0);
}

bool
shared_state_available(void)
{
	return state != NULL;
}

/*
 * Texts are read in databases of any encoding: ASCII is valid in all.
 */
static void
copy_as_ascii(char *target, const char *source, size_t size)
{
	size_t length = strnlen(source, size - 1);

	for (size_t i = 0; i < length; i++)
		target[i] = source[i] >= ' ' && source[i] <= '~' ? source[i] : '?';
	target[length] = '\0';
}

static void
write_error(LastError *error, const char *message, bool at_start)
{
	copy_as_ascii(error->message, message, LAST_ERROR_LENGTH);
	error->at = GetCurrentTimestamp();
	error->at_start = at_start;
}

/* ---- what needs the lock to be held ---- */

static void
wake_launcher_locked(void)
{
	if (state->launcher.latch != NULL)
		SetLatch(state->launcher.latch);
}

static void
ask_to_leave_locked(WorkerSlot *slot)
{
	slot->asked_to_leave = true;
	if (slot->latch != NULL)
		SetLatch(slot->latch);
}

static int
place_of_locked(Oid database)
{
	if (database == MyDatabaseId && my_entry != NO_ENTRY && state->databases[my_entry] == database)
		return my_entry;
	for (int i = 0; i < state->databases_high; i++)
	{
		if (state->databases[i] != database)
			continue;
		if (database == MyDatabaseId)
			my_entry = i;
		return i;
	}
	return NO_ENTRY;
}

static int
free_place_locked(void)
{
	for (int i = 0; i < DATABASES_MAX; i++)
	{
		if (!OidIsValid(state->databases[i]))
			return i;
	}
	return NO_ENTRY;
}

/* NULL: no queue of it is known. */
static DatabaseEntry *
entry_of_locked(Oid database)
{
	int place = OidIsValid(database) ? place_of_locked(database) : NO_ENTRY;

	return place == NO_ENTRY ? NULL : &state->entries[place];
}

static bool
is_told_locked(DatabaseEntry *entry, TimestampTz now)
{
	return !entry->held &&
		(pg_atomic_read_u32(&entry->wakes) != entry->wakes_seen || entry->next_due <= now);
}

/* Whether anybody else was there to be woken. */
static bool
set_latches_locked(Oid database)
{
	bool found = false;

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerSlot *slot = &state->slots[i];

		if (slot->database != database || slot->latch == NULL || slot == my_slot)
			continue;
		SetLatch(slot->latch);
		found |= !slot->asked_to_leave;
	}
	return found;
}

/* An entry that was due before is nothing new to the launcher. */
static void
wake_locked(Oid database, DatabaseEntry *entry)
{
	uint32 before = pg_atomic_fetch_add_u32(&entry->wakes, 1);
	bool found = set_latches_locked(database);

	if (!found && !entry->running && !entry->held && before == entry->wakes_seen)
		wake_launcher_locked();
}

static bool
is_in_set(const DatabaseSet *set, Oid database)
{
	for (int i = 0; i < set->count; i++)
	{
		if (set->databases[i] == database)
			return true;
	}
	return false;
}

static void
add_to_set(DatabaseSet *set, Oid database)
{
	if (set->all || is_in_set(set, database))
		return;
	if (set->count == lengthof(set->databases))
		set->all = true;
	else
		set->databases[set->count++] = database;
}

static void
request_scout_locked(Oid database)
{
	DatabaseEntry *entry = entry_of_locked(database);

	/* The database itself may be as new as its queue. */
	state->requests.list_databases = true;
	if (!OidIsValid(database))
		return;
	add_to_set(&state->requests.changed, database);
	/* What a worker found before does not hold any more. */
	if (entry != NULL)
		wake_locked(database, entry);
}

static bool
is_blocked_locked(Oid database)
{
	for (int i = 0; i < BLOCKS; i++)
	{
		if (state->blocks[i].pid != 0 && state->blocks[i].database == database)
			return true;
	}
	return false;
}

/* The database may have been dropped, renamed or copied: it is scouted again. */
static void
unblock_locked(Block *block)
{
	request_scout_locked(block->database);
	block->pid = 0;
	block->database = InvalidOid;
}

/* ---- sessions ---- */

/* Until all databases have been scouted, one may have a queue that nobody knows of. */
static void
hasten_scout(Oid database)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	if (!state->all_scouted)
	{
		add_to_set(&state->requests.woken, database);
		wake_launcher_locked();
	}
	LWLockRelease(state->lock);
}

void
shared_state_wake_workers(Oid database)
{
	/* A worker claims after what it has reported: it need not be told. */
	if (my_slot == NULL || my_slot->database != database)
		shared_state_wake_all_workers(database);
}

void
shared_state_wake_all_workers(Oid database)
{
	DatabaseEntry *entry;
	bool hasten;

	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_SHARED);
	entry = entry_of_locked(database);
	if (entry != NULL)
		wake_locked(database, entry);
	if (my_slot != NULL && my_slot->database == database)
		SetLatch(MyLatch);
	hasten = entry == NULL && !state->all_scouted && !is_in_set(&state->requests.woken, database);
	LWLockRelease(state->lock);
	if (hasten)
		hasten_scout(database);
}

void
shared_state_wake_peers(void)
{
	DatabaseEntry *entry;

	LWLockAcquire(state->lock, LW_SHARED);
	entry = entry_of_locked(my_slot->database);
	if (entry != NULL)
		wake_locked(my_slot->database, entry);
	LWLockRelease(state->lock);
}

void
shared_state_wake_slots(uint64 slots)
{
	if (slots == 0)
		return;
	LWLockAcquire(state->lock, LW_SHARED);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if ((slots & (UINT64CONST(1) << i)) != 0 && state->slots[i].latch != NULL)
			SetLatch(state->slots[i].latch);
	}
	LWLockRelease(state->lock);
}

/* The new settings may mend what held it up, or made its workers fail. */
static void
release_entry_locked(DatabaseEntry *entry)
{
	entry->held = false;
	entry->not_before = 0;
	entry->next_due = DT_NOBEGIN;
}

static void
release_entries_locked(Oid database)
{
	for (int i = 0; i < state->databases_high; i++)
	{
		Oid known = state->databases[i];

		if (OidIsValid(known) && (known == database || !OidIsValid(database)))
			release_entry_locked(&state->entries[i]);
	}
}

void
shared_state_restart_workers(Oid database)
{
	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerSlot *slot = &state->slots[i];

		if (OidIsValid(slot->database) && (slot->database == database || !OidIsValid(database)))
			ask_to_leave_locked(slot);
	}
	release_entries_locked(database);
	wake_launcher_locked();
	LWLockRelease(state->lock);
}

void
shared_state_request_scout(Oid database)
{
	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	request_scout_locked(database);
	wake_launcher_locked();
	LWLockRelease(state->lock);
}

static int
copy_workers_locked(Oid database, WorkerStatus *rows)
{
	int count = 0;

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		const WorkerSlot *slot = &state->slots[i];
		WorkerStatus *row = &rows[count];

		if (slot->database != database || slot->pid == 0)
			continue;
		*row = (WorkerStatus){.pid = slot->pid,
							  .started_at = slot->started_at,
							  .requests_under_way = slot->requests_under_way,
							  .last_error = slot->last_error,
							  .next_start_at = DT_NOEND};
		strlcpy(row->activity, slot->activity, ACTIVITY_LENGTH);
		count++;
	}
	return count;
}

static const char *
describe_sleep_locked(DatabaseEntry *entry, TimestampTz now)
{
	if (!setting_enabled)
		return "not enabled";
	if (entry->held)
		return entry->obstacle;
	if (entry->lacks_process)
		return "waits for a free process";
	if (entry->running || is_told_locked(entry, now))
		return entry->not_before > now ? "to be started again" : "starting";
	return "asleep";
}

static TimestampTz
next_start_locked(DatabaseEntry *entry, TimestampTz now)
{
	if (!setting_enabled || entry->held)
		return DT_NOEND;
	if (entry->running || is_told_locked(entry, now))
		return Max(entry->not_before, now);
	return Min(entry->next_due, entry->fallback_at);
}

static WorkerStatus
missing_worker_locked(DatabaseEntry *entry, TimestampTz now)
{
	WorkerStatus row = {.last_error = entry->last_error,
						.next_start_at = next_start_locked(entry, now)};

	strlcpy(row.activity, describe_sleep_locked(entry, now), ACTIVITY_LENGTH);
	return row;
}

static WorkerStatus
unserved_database(const char *activity, const char *reason)
{
	WorkerStatus row = {.next_start_at = DT_NOEND};

	strlcpy(row.activity, activity, ACTIVITY_LENGTH);
	if (reason[0] != '\0')
		write_error(&row.last_error, reason, true);
	return row;
}

static WorkerStatus
database_without_entry_locked(void)
{
	if (RecoveryInProgress())
		return unserved_database("standby",
								 "this server is a standby: workers start when it is promoted");
	if (state->launcher.pid == 0)
		return unserved_database("does not run",
								 "the launcher is being started, or was not for lack of processes"
								 " (max_worker_processes)");
	if (state->lack_of_scouts[0] != '\0')
		return unserved_database("waits for a free process", state->lack_of_scouts);
	if (free_place_locked() == NO_ENTRY)
		return unserved_database("does not run",
								 "no room is left for a further database with a queue");
	return unserved_database("starting", "");
}

int
shared_state_copy_status(Oid database, WorkerStatus rows[WORKER_STATUS_MAX])
{
	TimestampTz now = GetCurrentTimestamp();
	DatabaseEntry *entry;
	int count;

	if (state == NULL)
	{
		rows[0] =
			unserved_database("does not run", "shared_preload_libraries does not name github_sync");
		return 1;
	}
	LWLockAcquire(state->lock, LW_SHARED);
	count = copy_workers_locked(database, rows);
	entry = entry_of_locked(database);
	if (entry != NULL && count < (entry->running ? setting_workers_per_database : 1))
		rows[count++] = missing_worker_locked(entry, now);
	else if (entry == NULL && count == 0)
		rows[count++] = database_without_entry_locked();
	LWLockRelease(state->lock);
	return count;
}

void
shared_state_note_prepared(const PreparedMessage *message)
{
	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	state->prepared[state->next_prepared] = *message;
	state->next_prepared = (state->next_prepared + 1) % PREPARED_MESSAGES_MAX;
	LWLockRelease(state->lock);
}

int
shared_state_copy_prepared(uint64 gid_hash, PreparedMessage messages[PREPARED_MESSAGES_MAX])
{
	int count = 0;

	if (state == NULL)
		return 0;
	LWLockAcquire(state->lock, LW_SHARED);
	for (int i = 0; i < PREPARED_MESSAGES_MAX; i++)
	{
		if (state->prepared[i].gid_hash == gid_hash)
			messages[count++] = state->prepared[i];
	}
	LWLockRelease(state->lock);
	return count;
}

/* ---- DDL on databases ---- */

/*
 * When all entries are taken, no block is made: the command may then meet a worker
 * that has just been started, as it may meet any client's connection.
 */
bool
shared_state_block_database(Oid database)
{
	bool blocked = false;

	if (state == NULL)
		return true;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < BLOCKS && !blocked; i++)
	{
		blocked = state->blocks[i].pid == 0;
		if (blocked)
			state->blocks[i] = (Block){.database = database, .pid = MyProcPid};
	}
	LWLockRelease(state->lock);
	return blocked;
}

void
shared_state_unblock_databases(void)
{
	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < BLOCKS; i++)
	{
		if (state->blocks[i].pid == MyProcPid)
			unblock_locked(&state->blocks[i]);
	}
	wake_launcher_locked();
	LWLockRelease(state->lock);
}

bool
shared_state_database_is_blocked(Oid database)
{
	bool blocked;

	if (state == NULL)
		return false;
	LWLockAcquire(state->lock, LW_SHARED);
	blocked = is_blocked_locked(database);
	LWLockRelease(state->lock);
	return blocked;
}

int
shared_state_terminate_processes(Oid database, pid_t pids[DATABASE_PROCESSES_MAX])
{
	int count = 0;

	if (state == NULL)
		return 0;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerSlot *slot = &state->slots[i];

		if (slot->database == database && slot->pid != 0)
		{
			slot->asked_to_leave = true; /* not a failure */
			pids[count++] = slot->pid;
		}
	}
	if (state->scout.order.database == database && state->scout.pid != 0)
		pids[count++] = state->scout.pid;
	for (int i = 0; i < count; i++)
		kill(pids[i], SIGTERM);
	LWLockRelease(state->lock);
	return count;
}

bool
shared_state_knows_process(pid_t pid)
{
	bool known;

	if (state == NULL)
		return false;
	LWLockAcquire(state->lock, LW_SHARED);
	known = state->scout.pid == pid;
	for (int i = 0; i < WORKER_SLOTS && !known; i++)
		known = state->slots[i].pid == pid;
	LWLockRelease(state->lock);
	return known;
}

/* ---- a worker ---- */

/* The claims of this worker are orphans now: another worker of the database recovers them. */
static void
tell_peers_locked(void)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerSlot *slot = &state->slots[i];

		if (slot != my_slot && slot->database == my_slot->database && slot->latch != NULL)
		{
			slot->peer_ended = true;
			SetLatch(slot->latch);
		}
	}
}

/* What the database needs next is remembered by its entry; so is what went wrong. */
static void
hand_over_to_entry_locked(const WorkerSlot *slot)
{
	DatabaseEntry *entry = entry_of_locked(slot->database);

	if (entry == NULL)
		return;
	if (slot->last_error.message[0] != '\0' || slot->ended_well)
		entry->last_error = slot->last_error;
	if (!slot->ended_well)
		entry->next_due = DT_NOBEGIN;
	else if (!entry->running)
		entry->next_due = Min(entry->next_due, slot->next_due);
}

static void
release_slot(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	hand_over_to_entry_locked(my_slot);
	my_slot->pid = 0;
	my_slot->latch = NULL;
	my_slot->requests_under_way = 0;
	my_slot->activity[0] = '\0';
	if (!my_slot->ended_well)
		tell_peers_locked();
	wake_launcher_locked();
	LWLockRelease(state->lock);
	my_slot = NULL;
}

/* It works on until it says that it is idle, and has seen no commit yet. */
static void
take_slot_locked(WorkerSlot *slot)
{
	DatabaseEntry *entry = entry_of_locked(slot->database);

	slot->pid = MyProcPid;
	slot->latch = MyLatch;
	slot->started_at = GetCurrentTimestamp();
	slot->next_due = DT_NOBEGIN;
	if (entry == NULL)
		return;
	slot->wakes_seen = entry->wakes_seen;
	slot->last_error = entry->last_error;
	entry->lacks_process = false;
}

bool
shared_state_claim_slot(const WorkerOrder *order)
{
	WorkerSlot *slot;
	bool current;

	if (state == NULL)
		return false;
	Assert(order->slot >= 0 && order->slot < WORKER_SLOTS); /* the launcher wrote it */
	slot = &state->slots[order->slot];

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	current = slot->database == order->database && slot->generation == order->generation &&
		slot->pid == 0 && !slot->asked_to_leave && !is_blocked_locked(order->database);
	if (current)
	{
		take_slot_locked(slot);
		my_slot = slot;
	}
	LWLockRelease(state->lock);

	if (current)
		before_shmem_exit(release_slot, (Datum) 0);
	return current;
}

bool
shared_state_has_slot(void)
{
	return my_slot != NULL;
}

int
shared_state_my_slot(void)
{
	Assert(my_slot != NULL); /* only workers ask */
	return (int) (my_slot - state->slots);
}

bool
shared_state_take_peer_ended(void)
{
	bool ended;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	ended = my_slot->peer_ended;
	my_slot->peer_ended = false;
	LWLockRelease(state->lock);
	return ended;
}

bool
shared_state_asked_to_leave(void)
{
	bool asked;

	if (my_slot == NULL)
		return false;
	LWLockAcquire(state->lock, LW_SHARED);
	asked = my_slot->asked_to_leave;
	LWLockRelease(state->lock);
	return asked;
}

void
shared_state_ask_myself_to_leave(void)
{
	if (my_slot == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	my_slot->asked_to_leave = true;
	wake_launcher_locked(); /* it sees to it that this worker does leave */
	LWLockRelease(state->lock);
}

uint32
shared_state_wakes(void)
{
	DatabaseEntry *entry;
	uint32 wakes = 0;

	LWLockAcquire(state->lock, LW_SHARED);
	entry = entry_of_locked(my_slot->database);
	if (entry != NULL)
		wakes = pg_atomic_read_u32(&entry->wakes);
	LWLockRelease(state->lock);
	return wakes;
}

/* The latch says less: it is set by any signal, such as that of a time that is over with what it was set for. */
bool
shared_state_woken_since(uint32 wakes)
{
	DatabaseEntry *entry;
	bool woken;

	LWLockAcquire(state->lock, LW_SHARED);
	entry = entry_of_locked(my_slot->database);
	woken = entry == NULL || pg_atomic_read_u32(&entry->wakes) != wakes || my_slot->peer_ended;
	LWLockRelease(state->lock);
	return woken;
}

void
shared_state_report_activity(const char *activity)
{
	if (my_slot == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	copy_as_ascii(my_slot->activity, activity, ACTIVITY_LENGTH);
	LWLockRelease(state->lock);
}

void
shared_state_report_worker(const WorkerReport *report)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	copy_as_ascii(my_slot->activity, report->activity, ACTIVITY_LENGTH);
	my_slot->requests_under_way = report->requests_under_way;
	my_slot->idle_since = report->idle_since;
	my_slot->next_due = report->next_due;
	my_slot->wakes_seen = report->wakes_seen;
	my_slot->failing = report->failing;
	LWLockRelease(state->lock);
}

/* ---- falling asleep ---- */

static bool
peers_are_idle_locked(Oid database)
{
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		const WorkerSlot *slot = &state->slots[i];

		if (slot->database == database && slot != my_slot && slot->pid != 0 &&
			slot->idle_since == 0)
			return false;
	}
	return true;
}

/* One of its workers has seen all that was committed. */
static bool
all_is_seen_locked(Oid database, DatabaseEntry *entry)
{
	uint32 wakes = pg_atomic_read_u32(&entry->wakes);

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		const WorkerSlot *slot = &state->slots[i];

		if (slot->database == database && slot->pid != 0 && slot->wakes_seen == wakes)
			return true;
	}
	return false;
}

/* A worker that is at work, or was told of a peer's orphans and has not looked for them yet. */
static bool
has_work_locked(const WorkerSlot *slot)
{
	return slot->idle_since == 0 || slot->peer_ended;
}

/* When the first of its workers would have gone on by itself. */
static TimestampTz
next_due_locked(Oid database)
{
	TimestampTz next_due = DT_NOEND;

	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		const WorkerSlot *slot = &state->slots[i];

		if (slot->database == database && slot->pid != 0)
			next_due = Min(next_due, has_work_locked(slot) ? DT_NOBEGIN : slot->next_due);
	}
	return next_due;
}

/* From now on a commit, or a time, is the launcher's business and not the workers'. */
static void
fall_asleep_locked(Oid database, DatabaseEntry *entry)
{
	entry->running = false;
	entry->next_due = next_due_locked(database);
	entry->fallback_at =
		TimestampTzPlusMilliseconds(GetCurrentTimestamp(), (int64) ASLEEP_FALLBACK_MS);
	if (all_is_seen_locked(database, entry))
		entry->wakes_seen = pg_atomic_read_u32(&entry->wakes);
	else
		entry->wakes_seen = pg_atomic_read_u32(&entry->wakes) - 1;
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (state->slots[i].database == database)
			ask_to_leave_locked(&state->slots[i]);
	}
}

/* A worker that is not enabled, or that cannot claim, sees nothing, and may leave all the same. */
static bool
may_fall_asleep_locked(Oid database, DatabaseEntry *entry)
{
	return !my_slot->asked_to_leave && peers_are_idle_locked(database) &&
		(all_is_seen_locked(database, entry) || my_slot->failing || !setting_enabled);
}

bool
shared_state_fall_asleep(const char *obstacle)
{
	Oid database = my_slot->database;
	DatabaseEntry *entry;
	bool falls_asleep;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	entry = entry_of_locked(database);
	falls_asleep = entry != NULL && may_fall_asleep_locked(database, entry);
	if (falls_asleep)
	{
		fall_asleep_locked(database, entry);
		entry->held = obstacle != NULL;
		copy_as_ascii(entry->obstacle, obstacle != NULL ? obstacle : "", ACTIVITY_LENGTH);
	}
	LWLockRelease(state->lock);
	return falls_asleep;
}

void
shared_state_end_well(void)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	my_slot->ended_well = true;
	LWLockRelease(state->lock);
}

/* ---- errors ---- */

static void
report_error(const char *message, bool at_start)
{
	if (my_slot == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	write_error(&my_slot->last_error, message, at_start);
	LWLockRelease(state->lock);
}

void
shared_state_report_error(const char *message)
{
	report_error(message, false);
}

void
shared_state_report_start_error(const char *message)
{
	report_error(message, true);
}

void
shared_state_report_started(void)
{
	if (my_slot != NULL && my_slot->last_error.at_start)
		report_error("", false);
}

bool
shared_state_shows_error(void)
{
	bool shows;

	LWLockAcquire(state->lock, LW_SHARED);
	shows = my_slot->last_error.message[0] != '\0';
	LWLockRelease(state->lock);
	return shows;
}

/* ---- creations before the server's start ---- */

bool
shared_state_creations_known(void)
{
	DatabaseEntry *entry;
	bool known;

	LWLockAcquire(state->lock, LW_SHARED);
	entry = entry_of_locked(my_slot->database);
	known = entry != NULL && entry->creations == CREATIONS_KNOWN;
	LWLockRelease(state->lock);
	return known;
}

bool
shared_state_all_creations_known(void)
{
	bool known;

	LWLockAcquire(state->lock, LW_SHARED);
	known = state->all_scouted;
	for (int i = 0; i < state->databases_high && known; i++)
		known = !OidIsValid(state->databases[i]) ||
			state->entries[i].creations != CREATIONS_NOT_REPORTED;
	LWLockRelease(state->lock);
	return known;
}

void
shared_state_note_creations_known(bool known)
{
	DatabaseEntry *entry;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	entry = entry_of_locked(my_slot->database);
	if (entry != NULL && entry->creations != CREATIONS_KNOWN)
		entry->creations = known ? CREATIONS_KNOWN : CREATIONS_NONE;
	LWLockRelease(state->lock);
}

/* ---- a scout ---- */

static void
release_scout(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	if (state->scout.pid == MyProcPid)
		state->scout.pid = 0;
	wake_launcher_locked();
	LWLockRelease(state->lock);
}

bool
shared_state_claim_scout(const ScoutOrder *order)
{
	ScoutEntry *scout;
	bool current;

	if (state == NULL)
		return false;
	scout = &state->scout;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	current = scout->order.generation == order->generation &&
		scout->order.database == order->database && scout->pid == 0 &&
		!is_blocked_locked(order->database);
	if (current)
		scout->pid = MyProcPid;
	LWLockRelease(state->lock);

	if (current)
		before_shmem_exit(release_scout, (Datum) 0);
	return current;
}

void
shared_state_answer_scout(Oid owner)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	if (state->scout.pid == MyProcPid)
	{
		state->scout.answered = true;
		state->scout.owner = owner;
	}
	LWLockRelease(state->lock);
}

/* ---- the launcher ---- */

static void
release_launcher(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	state->launcher.pid = 0;
	state->launcher.latch = NULL;
	LWLockRelease(state->lock);
}

/*
 * What a predecessor ordered and nobody claimed yet is void: this launcher has
 * no handle to follow it by.  Workers that run are taken over.
 */
void
shared_state_claim_launcher(void)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	state->launcher.pid = MyProcPid;
	state->launcher.latch = MyLatch;
	state->scout.order.generation++;
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (state->slots[i].pid == 0)
			state->slots[i].generation++;
	}
	LWLockRelease(state->lock);
	before_shmem_exit(release_launcher, (Datum) 0);
}

void
shared_state_take_scout_requests(ScoutRequests *requests)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	*requests = state->requests;
	memset(&state->requests, 0, sizeof(state->requests));
	LWLockRelease(state->lock);
}

uint32
shared_state_order_scout(Oid database)
{
	uint32 generation;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	generation = ++state->scout.order.generation;
	state->scout.order.database = database;
	state->scout.pid = 0;
	state->scout.answered = false;
	state->scout.owner = InvalidOid;
	LWLockRelease(state->lock);
	return generation;
}

bool
shared_state_scout_answer(uint32 generation, Oid *owner)
{
	bool answered;

	LWLockAcquire(state->lock, LW_SHARED);
	answered = state->scout.order.generation == generation && state->scout.answered;
	*owner = state->scout.owner;
	LWLockRelease(state->lock);
	return answered;
}

void
shared_state_explain_missing_scout(const char *message)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	copy_as_ascii(state->lack_of_scouts, message, LAST_ERROR_LENGTH);
	LWLockRelease(state->lock);
}

void
shared_state_cancel_scout(void)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	state->scout.order.generation++;
	if (state->scout.pid != 0)
		kill(state->scout.pid, SIGTERM);
	LWLockRelease(state->lock);
}

/*
 * By level: a block never outlives its process, whatever that died of.
 * ProcArrayLock is taken under our lock here; nobody takes them the other way.
 */
void
shared_state_forget_dead_blocks(void)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < BLOCKS; i++)
	{
		Block *block = &state->blocks[i];

		if (block->pid != 0 && BackendPidGetProc(block->pid) == NULL)
			unblock_locked(block);
	}
	LWLockRelease(state->lock);
}

/* ---- the launcher: entries ---- */

int
shared_state_copy_slots(WorkerSlot copies[WORKER_SLOTS])
{
	LWLockAcquire(state->lock, LW_SHARED);
	memcpy(copies, state->slots, sizeof(state->slots));
	LWLockRelease(state->lock);
	return WORKER_SLOTS;
}

static DatabaseEntry *
make_entry_locked(Oid database)
{
	int place = free_place_locked();
	DatabaseEntry *entry;

	if (place == NO_ENTRY)
		return NULL;
	entry = &state->entries[place];
	memset(entry, 0, sizeof(*entry));
	pg_atomic_init_u32(&entry->wakes, 0);
	entry->next_due = DT_NOEND;
	entry->fallback_at = GetCurrentTimestamp(); /* when it is due, a worker finds out */
	state->databases[place] = database;
	state->databases_high = Max(state->databases_high, place + 1);
	return entry;
}

bool
shared_state_enter_database(Oid database, Oid owner)
{
	DatabaseEntry *entry;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	entry = entry_of_locked(database);
	if (entry == NULL)
		entry = make_entry_locked(database);
	if (entry != NULL && entry->owner != owner)
	{
		entry->owner = owner;
		entry->failures = 0;
		entry->not_before = 0;
	}
	LWLockRelease(state->lock);
	return entry != NULL;
}

static void
forget_place_locked(int place)
{
	state->databases[place] = InvalidOid;
	while (state->databases_high > 0 && !OidIsValid(state->databases[state->databases_high - 1]))
		state->databases_high--;
}

void
shared_state_forget_database(Oid database)
{
	int place;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	place = place_of_locked(database);
	if (place != NO_ENTRY)
		forget_place_locked(place);
	LWLockRelease(state->lock);
}

void
shared_state_forget_databases_but(bool (*is_kept)(Oid database))
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = state->databases_high - 1; i >= 0; i--)
	{
		if (OidIsValid(state->databases[i]) && !is_kept(state->databases[i]))
			forget_place_locked(i);
	}
	LWLockRelease(state->lock);
}

void
shared_state_release_database(Oid database)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	release_entries_locked(database);
	LWLockRelease(state->lock);
}

void
shared_state_retry_all(void)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < state->databases_high; i++)
	{
		DatabaseEntry *entry = &state->entries[i];

		entry->not_before = 0;
		if (!entry->running && entry->next_due != DT_NOEND)
			entry->next_due = DT_NOBEGIN;
	}
	LWLockRelease(state->lock);
}

/* A database that is held wakes up by the fallback: somebody may have mended it in silence. */
static TimestampTz
next_wake_up(const DatabaseEntry *entry)
{
	TimestampTz next = entry->held ? DT_NOEND : entry->next_due;

	return Min(next, entry->fallback_at);
}

DatabaseStatus
shared_state_database_status(Oid database, TimestampTz now)
{
	DatabaseStatus status = {.look_again_at = DT_NOEND};
	DatabaseEntry *entry;

	LWLockAcquire(state->lock, LW_SHARED);
	entry = entry_of_locked(database);
	if (entry != NULL)
		status = (DatabaseStatus){.running = entry->running,
								  .due = is_told_locked(entry, now) || next_wake_up(entry) <= now,
								  .is_told = is_told_locked(entry, now),
								  .not_before = entry->not_before,
								  .look_again_at = next_wake_up(entry),
								  .failures = entry->failures};
	LWLockRelease(state->lock);
	return status;
}

void
shared_state_delay_start(Oid database, int failures, TimestampTz not_before)
{
	DatabaseEntry *entry;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	entry = entry_of_locked(database);
	if (entry != NULL)
	{
		entry->failures = failures;
		entry->not_before = not_before;
	}
	LWLockRelease(state->lock);
}

void
shared_state_explain_missing_worker(Oid database, const char *message)
{
	DatabaseEntry *entry;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	entry = entry_of_locked(database);
	if (entry != NULL && !entry->lacks_process)
	{
		entry->lacks_process = true;
		write_error(&entry->last_error, message, true);
	}
	LWLockRelease(state->lock);
}

bool
shared_state_send_to_sleep(Oid database, bool even_at_work)
{
	DatabaseEntry *entry;
	bool falls_asleep;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	entry = entry_of_locked(database);
	falls_asleep = entry != NULL && (even_at_work || peers_are_idle_locked(database));
	if (falls_asleep)
		fall_asleep_locked(database, entry);
	LWLockRelease(state->lock);
	return falls_asleep;
}

/* ---- the launcher: slots ---- */

static void
set_slot_locked(int index, Oid database, Oid owner)
{
	WorkerSlot *slot = &state->slots[index];
	uint32 generation = slot->generation;

	Assert(slot->pid == 0); /* the launcher waits for a worker to leave */
	memset(slot, 0, sizeof(*slot));
	slot->generation = generation + 1;
	slot->database = database;
	slot->owner = owner;
}

void
shared_state_free_slot(int index)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	set_slot_locked(index, InvalidOid, InvalidOid);
	LWLockRelease(state->lock);
}

uint32
shared_state_order_worker(int index, Oid database, Oid owner)
{
	DatabaseEntry *entry;
	uint32 generation;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	set_slot_locked(index, database, owner);
	generation = state->slots[index].generation;
	entry = entry_of_locked(database);
	if (entry != NULL)
	{
		entry->running = true;
		entry->held = false;
	}
	LWLockRelease(state->lock);
	return generation;
}

void
shared_state_ask_to_leave(int index)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	ask_to_leave_locked(&state->slots[index]);
	LWLockRelease(state->lock);
}

void
shared_state_terminate_worker(int index)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	if (state->slots[index].pid != 0)
		kill(state->slots[index].pid, SIGTERM);
	LWLockRelease(state->lock);
}

void
shared_state_note_all_scouted(void)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	state->all_scouted = true;
	LWLockRelease(state->lock);
}
