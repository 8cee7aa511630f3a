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

#include "miscadmin.h"
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

typedef struct SharedState
{
	LWLock *lock;
	LauncherEntry launcher;
	bool all_scouted; /* every database has been scouted since the server started */
	ScoutRequests requests;
	ScoutEntry scout;
	Block blocks[BLOCKS];
	WorkerSlot slots[WORKER_SLOTS];
} SharedState;

static SharedState *state = NULL; /* NULL: not preloaded */
static WorkerSlot *my_slot = NULL;

Size
shared_state_size(void)
{
	return sizeof(SharedState);
}

void
shared_state_attach(void *memory, LWLock *lock, bool is_new)
{
	state = memory;
	if (is_new)
		state->lock = lock;
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

static void
request_scout_locked(Oid database)
{
	ScoutRequests *requests = &state->requests;

	/* The database itself may be as new as its queue. */
	requests->list_databases = true;
	if (!OidIsValid(database) || requests->all_databases)
		return;
	for (int i = 0; i < requests->count; i++)
	{
		if (requests->databases[i] == database)
			return;
	}
	if (requests->count == lengthof(requests->databases))
		requests->all_databases = true;
	else
		requests->databases[requests->count++] = database;
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

void
shared_state_wake_workers(Oid database)
{
	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_SHARED);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		WorkerSlot *slot = &state->slots[i];

		if (slot->database == database && slot->latch != NULL)
			SetLatch(slot->latch);
	}
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
		{
			ask_to_leave_locked(slot);
			slot->not_before = 0; /* the new settings may mend what made it fail */
		}
	}
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

int
shared_state_copy_slots(WorkerSlot copies[WORKER_SLOTS])
{
	if (state == NULL)
		return 0;
	LWLockAcquire(state->lock, LW_SHARED);
	memcpy(copies, state->slots, sizeof(state->slots));
	LWLockRelease(state->lock);
	return WORKER_SLOTS;
}

bool
shared_state_copy_databases(Oid databases[WORKER_SLOTS], int *count)
{
	bool all_scouted;

	*count = 0;
	LWLockAcquire(state->lock, LW_SHARED);
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		if (OidIsValid(state->slots[i].database))
			databases[(*count)++] = state->slots[i].database;
	}
	all_scouted = state->all_scouted;
	LWLockRelease(state->lock);
	return all_scouted;
}

/* ---- DDL on databases ---- */

/*
 * When all entries are taken, no block is made: the command may then meet a worker
 * that has just been started, as it may meet any client's connection.
 */
void
shared_state_block_database(Oid database)
{
	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < BLOCKS; i++)
	{
		if (state->blocks[i].pid == 0)
		{
			state->blocks[i].database = database;
			state->blocks[i].pid = MyProcPid;
			break;
		}
	}
	LWLockRelease(state->lock);
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

static void
release_slot(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	my_slot->pid = 0;
	my_slot->latch = NULL;
	my_slot->requests_under_way = 0;
	my_slot->activity[0] = '\0';
	tell_peers_locked();
	wake_launcher_locked();
	LWLockRelease(state->lock);
	my_slot = NULL;
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
		slot->pid = MyProcPid;
		slot->latch = MyLatch;
		slot->started_at = GetCurrentTimestamp();
		slot->requests_under_way = 0;
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
shared_state_report_requests(int under_way)
{
	if (my_slot == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	my_slot->requests_under_way = under_way;
	LWLockRelease(state->lock);
}

static void
write_error(WorkerSlot *slot, const char *message, bool could_not_start)
{
	TimestampTz now = GetCurrentTimestamp();

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	copy_as_ascii(slot->last_error, message, LAST_ERROR_LENGTH);
	slot->last_error_at = now;
	slot->could_not_start = could_not_start;
	LWLockRelease(state->lock);
}

void
shared_state_report_error(const char *message)
{
	if (my_slot != NULL)
		write_error(my_slot, message, false);
}

void
shared_state_report_start_error(const char *message)
{
	if (my_slot != NULL)
		write_error(my_slot, message, true);
}

void
shared_state_report_started(void)
{
	if (my_slot != NULL && my_slot->could_not_start)
		write_error(my_slot, "", false);
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

void
shared_state_assign_slot(int index, Oid database, Oid owner)
{
	WorkerSlot *slot = &state->slots[index];
	uint32 generation;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	Assert(slot->pid == 0); /* the launcher waits for a worker to leave */
	generation = slot->generation;
	memset(slot, 0, sizeof(*slot));
	slot->generation = generation + 1;
	slot->database = database;
	slot->owner = owner;
	LWLockRelease(state->lock);
}

void
shared_state_free_slot(int index)
{
	shared_state_assign_slot(index, InvalidOid, InvalidOid);
}

uint32
shared_state_order_worker(int index)
{
	WorkerSlot *slot = &state->slots[index];
	uint32 generation;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	generation = ++slot->generation;
	slot->asked_to_leave = false;
	slot->started_at = 0;
	LWLockRelease(state->lock);
	return generation;
}

void
shared_state_schedule_worker(int index, int failures, TimestampTz not_before)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	state->slots[index].failures = failures;
	state->slots[index].not_before = not_before;
	LWLockRelease(state->lock);
}

void
shared_state_explain_missing_worker(int index, const char *message)
{
	write_error(&state->slots[index], message, true);
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
