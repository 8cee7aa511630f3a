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
	char *message;     /* UTF-8; without DETAIL: it may show the application's data */
	bool is_lost_race; /* a key of our own tables was given, or taken away, in the meantime */
} DbError;

typedef void (*DbAction)(void *argument);

/* They leave the caller in its own memory context: what it allocates survives the commit. */
extern void db_begin(const char *activity);
extern void db_commit(void);

/*
 * The commit to come does not wait for the disk.  For what a server that crashes then
 * may forget, as it is done again: claims, of which nothing is sent yet but questions.
 */
extern void db_let_commit_be_lost(void);

/* False: nothing of it is committed, and *error says why (a deferred trigger of the owner's, say). */
extern bool db_try_commit(DbError *error);

/*
 * Runs action in a subtransaction, deferred constraints included, so that it
 * fails alone, and within a time.  False: it was rolled back and *error says why.
 */
extern bool db_try(DbAction action, void *argument, DbError *error);

/*
 * The same within such an action, in whose time, or for one that runs no statement:
 * deferred constraints wait for the other one's end.
 */
extern bool db_try_reading(DbAction action, void *argument, DbError *error);

typedef bool (*DbTry)(DbAction action, void *argument, DbError *error); /* either of them */

/* Palloc'd: its SQLSTATE before its words, by which views tell what they may quote (words_for_reader() of owner.sql). */
extern char *db_error_words(int sqlstate, const char *message);

/* Another transaction was in the way: worth trying again in a moment. */
extern bool db_error_is_contention(const DbError *error);

/* ... and had a lock; else the two could not go on together. */
extern bool db_error_is_held_lock(const DbError *error);

/* It took too long, and was canceled. */
extern bool db_error_is_timeout(const DbError *error);

/* Lack of something that may come back: memory, disk, connections, a cancel, a lost race. */
extern bool db_error_is_passing(const DbError *error);

#endif
