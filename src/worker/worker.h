/*
 * worker.h
 *		The process that carries out the transactions of one database.
 */
#ifndef GITHUB_SYNC_WORKER_H
#define GITHUB_SYNC_WORKER_H

#include "postgres.h"

/* Entry point; its order (WorkerOrder) is in bgw_extra. */
extern PGDLLEXPORT void github_sync_worker_main(Datum main_arg);

#endif /* GITHUB_SYNC_WORKER_H */
