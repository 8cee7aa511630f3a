/*
 * transaction.h
 *		Begin, commit and "try this alone": the worker's database transactions.
 *
 * No transaction is open outside db_begin() and db_commit(): HTTP happens
 * there.  Everything inside runs as the session user, the owner of the queue;
 * db_begin() ends the process where that is no longer so (see ownership.h).
 */
#ifndef DB_TRANSACTION_H
#define DB_TRANSACTION_H

#include "postgres.h"

/* What an action that failed said; palloc'd in the caller's context. */
typedef struct DbError
{
	int sqlstate;
	char *message; /* UTF-8; without DETAIL: it may show the application's data */
} DbError;

typedef void (*DbAction)(void *argument);

/* Both leave the caller in its own memory context: what it allocates survives the commit. */
extern void db_begin(const char *activity);
extern void db_commit(void);

/*
 * Runs action in a subtransaction, deferred constraints included, so that it
 * fails alone.  False: it was rolled back and *error says why.
 */
extern bool db_try(DbAction action, void *argument, DbError *error);

/* The same for an action that runs no statement: deferred constraints wait for another one. */
extern bool db_try_reading(DbAction action, void *argument, DbError *error);

/* Another transaction was in the way: worth trying again in a moment. */
extern bool db_error_is_contention(const DbError *error);

/* Lack of something that may come back: memory, disk, connections, a cancel, a lost race. */
extern bool db_error_is_passing(const DbError *error);

#endif
