/*
 * shared_state.h
 *		What launcher, scouts, workers and sessions tell each other.
 *
 * Words used here:
 *	slot	 the place of one worker process, taken before it is started and free
 *			 when it has ended.
 *	entry	 what is remembered of a database with a queue, whether workers of it
 *			 run or not; it goes with the queue.
 *	asleep	 no workers of the database run, because nothing is due in it.  A
 *			 commit, its next due time or the fallback makes it due.
 *	held	 asleep until somebody changes what the worker found: a copy that is
 *			 not adopted, tables that are not attached.  Commits do not matter.
 *	scout	 a short-lived process that finds out whether one database has a queue.
 *	block	 keeps all processes of the library out of a database until the
 *			 transaction that made it ends (DROP DATABASE and the like).
 *	peer	 another worker of the same database.
 *
 * No commit is lost between a worker that decides to leave and the launcher that
 * decides whether to start one, because both compare levels: each commit counts
 * up the database's wakes, a worker reads them before the snapshot of its claim,
 * and it may leave only while they are still what it has seen.  Whoever compares
 * later finds the difference.
 *
 * When the library was not preloaded, the functions for sessions and for DDL do
 * nothing, and those that answer answer "no".
 */
#ifndef GITHUB_SYNC_SHARED_STATE_H
#define GITHUB_SYNC_SHARED_STATE_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "server/settings.h"
#include "storage/latch.h"
#include "storage/lwlock.h"

#define WORKER_SLOTS WORKERS_MAX /* a bit of a uint64 for each, in budgets */
#define ACTIVITY_LENGTH 64
#define LAST_ERROR_LENGTH 256

/* How many databases of a server can have a queue: 400 bytes of shared memory each. */
#define DATABASES_MAX 2048

/* A lost wake-up, which should not be, delays a database that sleeps by no more. */
#define ASLEEP_FALLBACK_MS (60 * 60 * 1000)

typedef struct LastError
{
	char message[LAST_ERROR_LENGTH]; /* "": none */
	TimestampTz at;
	bool at_start; /* the process could not begin to work */
} LastError;

/* What a worker says of itself whenever it waits. */
typedef struct WorkerReport
{
	const char *activity; /* shorter than ACTIVITY_LENGTH */
	int requests_under_way;
	TimestampTz idle_since; /* 0: it is at work; DT_NOBEGIN: it never was */
	TimestampTz next_due; /* when it has something to do, though nothing is told; DT_NOEND: never */
	uint32 wakes_seen;    /* what was committed before is claimed, or waits for next_due */
	bool failing;         /* it cannot claim */
} WorkerReport;

typedef struct WorkerSlot
{
	/* Written by the launcher alone. */
	Oid database;      /* InvalidOid: the slot is free */
	Oid owner;         /* of the queue: the worker's session user */
	uint32 generation; /* grows with every start that is ordered */

	/* Written by the launcher, by peers, and by sessions that want a fresh worker or none. */
	bool asked_to_leave;

	/* Written by the worker alone. */
	pid_t pid;    /* 0: no process */
	Latch *latch; /* in the worker's PGPROC, that is in shared memory */
	TimestampTz started_at;
	char activity[ACTIVITY_LENGTH];
	int requests_under_way;
	TimestampTz idle_since;
	TimestampTz next_due;
	uint32 wakes_seen;
	bool failing;
	bool ended_well;
	LastError last_error;

	/* Written by peers as they end, cleared by the worker itself. */
	bool peer_ended;
} WorkerSlot;

/* A row of sync_workers: a worker, or one that could run and does not. */
typedef struct WorkerStatus
{
	pid_t pid; /* 0: none runs */
	TimestampTz started_at;
	char activity[ACTIVITY_LENGTH];
	int requests_under_way;
	LastError last_error;
	TimestampTz next_start_at; /* DT_NOEND: not known, or it runs */
} WorkerStatus;

#define WORKER_STATUS_MAX (WORKER_SLOTS + 1)

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
 * A wake follows the commit that it is about.
 */
extern void shared_state_wake_workers(Oid database); /* by a worker of it: nobody */
extern void shared_state_wake_all_workers(Oid database);

/* By a worker: it leaves work to the others of its database, or to one that is to be started. */
extern void shared_state_wake_peers(void);
extern void shared_state_restart_workers(Oid database); /* InvalidOid: all workers */
extern void shared_state_request_scout(Oid database);   /* InvalidOid: only list the databases */
extern void shared_state_wake_slots(uint64 slots);      /* a bit for each */
extern int shared_state_copy_status(Oid database, WorkerStatus rows[WORKER_STATUS_MAX]);

/* What a prepared transaction asked for, to be done when it is committed. */
typedef struct PreparedMessage
{
	uint64 gid_hash; /* 0: none */
	Oid database;
	bool restart; /* its workers; else it is to be scouted */
} PreparedMessage;

#define PREPARED_MESSAGES_MAX 64

/* Of more than there is room for, the oldest is forgotten.  Copying leaves them where they are. */
extern void shared_state_note_prepared(const PreparedMessage *message);
extern int
shared_state_copy_prepared(uint64 gid_hash, PreparedMessage messages[PREPARED_MESSAGES_MAX]);

/* For DDL on databases.  A block belongs to the calling process. */
extern bool shared_state_block_database(Oid database); /* false: there is no room for one */
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
extern uint32 shared_state_wakes(void);         /* to be read before the snapshot of a claim */
extern bool shared_state_woken_since(uint32 wakes); /* or a peer has ended */
extern void shared_state_report_activity(const char *activity);
extern void shared_state_report_worker(const WorkerReport *report);
extern void shared_state_report_error(const char *message); /* no secrets; "" forgets the error */
extern void shared_state_report_start_error(const char *message);
extern void shared_state_report_started(void); /* forgets why it could not start before */
extern bool shared_state_shows_error(void);

/*
 * Puts the database to sleep, with all of its workers: true.  False: there is
 * something to do after all, or a peer is at work.  obstacle: why the database is
 * held, in the words of sync_workers; NULL: it is not.
 */
extern bool shared_state_fall_asleep(const char *obstacle);

/* Before an exit with nothing in hand: what the last report said still holds. */
extern void shared_state_end_well(void);

/* Whether the creations before the server's start are counted, of this and of all databases. */
extern bool shared_state_creations_known(void);
extern bool shared_state_all_creations_known(void);
extern void shared_state_note_creations_known(bool known); /* false: there were none to know of */

/* For a scout. */
extern bool shared_state_claim_scout(const ScoutOrder *order);
extern void shared_state_answer_scout(Oid owner); /* InvalidOid: no queue */

/* For the launcher. */
typedef struct DatabaseSet
{
	bool all; /* more came in than could be kept */
	int count;
	Oid databases[64];
} DatabaseSet;

typedef struct ScoutRequests
{
	bool list_databases;
	DatabaseSet changed; /* their queue may have come, gone or changed hands */
	DatabaseSet woken;   /* somebody queued something where no queue was known yet */
} ScoutRequests;

/* What the launcher has to know of a database with a queue. */
typedef struct DatabaseStatus
{
	bool running;              /* workers are to run, and did not fall asleep */
	bool due;                  /* it sleeps, and something is to be done */
	bool is_told;              /* ... by a commit or a due time, not only by the fallback */
	TimestampTz not_before;    /* of the next start: the last ones failed */
	TimestampTz look_again_at; /* when it is due by itself; DT_NOEND: never */
	int failures;              /* of its workers, in a row */
} DatabaseStatus;

extern void shared_state_claim_launcher(void);
extern int shared_state_copy_slots(WorkerSlot copies[WORKER_SLOTS]);
extern void shared_state_take_scout_requests(ScoutRequests *requests);
extern uint32 shared_state_order_scout(Oid database);                 /* its generation */
extern bool shared_state_scout_answer(uint32 generation, Oid *owner); /* false: none was given */
extern void shared_state_cancel_scout(void);
extern void shared_state_explain_missing_scout(const char *message); /* "": one could be started */
extern void shared_state_forget_dead_blocks(void);
extern void shared_state_note_all_scouted(void);

/* Entries.  A new one is due by the fallback.  False: there is no room for it. */
extern bool shared_state_enter_database(Oid database, Oid owner);
extern void shared_state_forget_database(Oid database);
extern void shared_state_forget_databases_but(bool (*is_kept)(Oid database)); /* must not raise */
extern void shared_state_release_database(Oid database); /* it is held no longer, and due */
extern void shared_state_retry_all(void);                /* what waits for a time is due now */
extern DatabaseStatus shared_state_database_status(Oid database, TimestampTz now);
extern void shared_state_delay_start(Oid database, int failures, TimestampTz not_before);
extern void shared_state_explain_missing_worker(Oid database, const char *message);

/*
 * Has the workers of a database leave and be started again when they are due and
 * there is room.  False: they are at work, and this is for idle ones.
 */
extern bool shared_state_send_to_sleep(Oid database, bool even_at_work);

/* Slots. */
extern uint32 shared_state_order_worker(int slot, Oid database, Oid owner); /* its generation */
extern void shared_state_free_slot(int slot);
extern void shared_state_ask_to_leave(int slot);
extern void shared_state_terminate_worker(int slot);

#endif /* GITHUB_SYNC_SHARED_STATE_H */
