/*
 * worker_process.h
 *		What a worker process is made of before it works: its slot in shared
 *		memory, its session, its settings.
 */
#ifndef GITHUB_SYNC_WORKER_PROCESS_H
#define GITHUB_SYNC_WORKER_PROCESS_H

#include "postgres.h"

#include "server/shared_state.h"

#define WORKER_PROCESS_NAME "github_sync worker" /* in pg_stat_activity, and its type */

/*
 * Takes the worker's slot, connects to its database as the owner of the queue
 * and pins the settings that the worker's SQL relies on.  Exits the process
 * when the order is out of date; a refused connection exits it too and leaves
 * the reason in the slot's last_error.
 */
extern void worker_process_start(void);

/*
 * Between two pieces of work, outside transactions: handles interrupts and
 * takes over changed settings.  False: finish what is under way, claim nothing
 * more and return from the worker (a fresh one follows where one is wanted).
 */
extern bool worker_process_may_continue(void);

/* True once after settings were read again. */
extern bool worker_process_settings_changed(void);

/* Says, before the worker waits, what it does, in sync_workers and pg_stat_activity; activity: static text. */
extern void worker_process_report(const WorkerReport *report);

#endif /* GITHUB_SYNC_WORKER_PROCESS_H */
