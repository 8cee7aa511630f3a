/*
 * shared_state.h
 *		What launcher, scouts, workers and sessions tell each other.
 *
 * Words used here:
 *	slot	 the place of one worker; it keeps its number, database and last
 *			 error while the worker's process dies and is started anew.
 *	scout	 a short-lived process that finds out whether one database has a queue.
 *	block	 keeps all processes of the library out of a database until the
 *			 transaction that made it ends (DROP DATABASE and the like).
 *	peer	 another worker of the same database.
 *
 * When the library was not preloaded, the functions for sessions and for DDL do
 * nothing, and those that answer answer "no".
 */
#ifndef GITHUB_SYNC_SHARED_STATE_H
#define GITHUB_SYNC_SHARED_STATE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#define WORKER_SLOTS 64
#define ACTIVITY_LENGTH 64
#define LAST_ERROR_LENGTH 256

typedef struct WorkerSlot
{
	/* Written by the launcher alone. */
	Oid database;      /* InvalidOid: the slot is free */
	Oid owner;         /* of the queue: the worker's session user */
	uint32 generation; /* grows with every start that is ordered */
	int failures;      /* in a row */

	/* Written by the launcher, and by sessions that want a fresh worker or none. */
	TimestampTz not_before; /* of the next start */
	bool asked_to_leave;

	/* Written by the worker alone. */
	pid_t pid;    /* 0: no process */
	Latch *latch; /* in the worker's PGPROC, that is in shared memory */
	TimestampTz started_at;
	int requests_under_way;
	char activity[ACTIVITY_LENGTH];

	/* Written by peers as they end, cleared by the worker itself. */
	bool peer_ended;

	/* Written by both: the launcher sees what a worker cannot live to tell. */
	char last_error[LAST_ERROR_LENGTH]; /* "": none */
	TimestampTz last_error_at;
	bool could_not_start; /* and that is the last error */
} WorkerSlot;

/* What a worker is told at its registration (in bgw_extra). */
typedef struct WorkerOrder
{
	int slot;
	uint32 generation;
	Oid database;
	Oid owner;
} WorkerOrder;

/* What a scout is told at its registration (in bgw_extra). */
typedef struct ScoutOrder
{
	uint32 generation;
	Oid database;
} ScoutOrder;

/* For shared_memory.c. */
extern Size shared_state_size(void);
extern void shared_state_attach(void *memory, LWLock *lock, bool is_new);

extern bool shared_state_available(void);

/*
 * For sessions.  Safe in a transaction callback: they neither raise nor wait
 * for more than a spin of another process through the same few lines.
 */
extern void shared_state_wake_workers(Oid database);
extern void shared_state_restart_workers(Oid database); /* InvalidOid: all workers */
extern void shared_state_request_scout(Oid database);   /* InvalidOid: only list the databases */
extern void shared_state_wake_slots(uint64 slots);      /* a bit for each */
extern int
shared_state_copy_slots(WorkerSlot copies[WORKER_SLOTS]); /* how many: 0 or WORKER_SLOTS */

/*
 * The databases that have slots.  Whether these are all: false while the
 * launcher has not seen every database since the server started.
 */
extern bool shared_state_copy_databases(Oid databases[WORKER_SLOTS], int *count);

/* For DDL on databases.  A block belongs to the calling process. */
extern void shared_state_block_database(Oid database);
extern void shared_state_unblock_databases(void);
extern bool shared_state_database_is_blocked(Oid database);

#define DATABASE_PROCESSES_MAX (WORKER_SLOTS + 1)
extern int shared_state_terminate_processes(Oid database, pid_t pids[DATABASE_PROCESSES_MAX]);
extern bool shared_state_knows_process(pid_t pid);

/*
 * For a worker.  A claim fails when the order is out of date: the process must
 * then exit.  The slot is given back by itself when the process exits.
 */
extern bool shared_state_claim_slot(const WorkerOrder *order);
extern bool shared_state_has_slot(void);       /* is this process a worker of ours? */
extern int shared_state_my_slot(void);         /* its number, from 0; only for one that has it */
extern bool shared_state_asked_to_leave(void); /* finish what is under way, then exit */
extern void shared_state_ask_myself_to_leave(void);
extern bool shared_state_take_peer_ended(void); /* since the last call: its claims are orphans */
extern void shared_state_report_activity(const char *activity);
extern void shared_state_report_requests(int under_way);
extern void shared_state_report_error(const char *message); /* no secrets; "" forgets the error */
extern void shared_state_report_start_error(const char *message);
extern void shared_state_report_started(void); /* forgets why it could not start before */

/* For a scout. */
extern bool shared_state_claim_scout(const ScoutOrder *order);
extern void shared_state_answer_scout(Oid owner); /* InvalidOid: no queue */

/* For the launcher. */
typedef struct ScoutRequests
{
	bool all_databases; /* more came in than could be kept */
	bool list_databases;
	int count;
	Oid databases[64];
} ScoutRequests;

extern void shared_state_claim_launcher(void);
extern void shared_state_take_scout_requests(ScoutRequests *requests);
extern uint32 shared_state_order_scout(Oid database);                 /* its generation */
extern bool shared_state_scout_answer(uint32 generation, Oid *owner); /* false: none was given */
extern void shared_state_cancel_scout(void);
extern void shared_state_forget_dead_blocks(void);
extern void shared_state_assign_slot(int slot, Oid database, Oid owner);
extern void shared_state_free_slot(int slot);
extern uint32 shared_state_order_worker(int slot); /* its generation */
extern void shared_state_schedule_worker(int slot, int failures, TimestampTz not_before);
extern void shared_state_explain_missing_worker(int slot, const char *message);
extern void shared_state_ask_to_leave(int slot);
extern void shared_state_terminate_worker(int slot);
extern void shared_state_note_all_scouted(void);

#endif /* GITHUB_SYNC_SHARED_STATE_H */
