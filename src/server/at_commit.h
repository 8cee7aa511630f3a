/*
 * at_commit.h
 *		Messages to other processes that leave when the transaction commits.
 */
#ifndef GITHUB_SYNC_AT_COMMIT_H
#define GITHUB_SYNC_AT_COMMIT_H

#include "postgres.h"

typedef enum CommitMessage
{
	WAKE_WORKERS,     /* rows were queued */
	WAKE_ALL_WORKERS, /* something is due; a worker that says so is woken by it, too */
	SCOUT_DATABASE,   /* a queue was made, dropped or given to another owner */
	RESTART_WORKERS   /* settings of a session's start changed */
} CommitMessage;

extern void at_commit_install(void);

/*
 * Sends a message about a database when the current transaction commits: once,
 * however often it was asked for, and not at all when the current
 * (sub)transaction is rolled back.
 */
extern void at_commit(CommitMessage message, Oid database);

/*
 * PREPARE TRANSACTION: what the transaction asked for is remembered by its name,
 * as COMMIT PREPARED may run in another process.  Of many at a time, and over a
 * restart of the server, the oldest are forgotten; the launcher then finds the
 * change by itself.
 */
extern void at_commit_prepare(const char *gid);

/* COMMIT PREPARED: the current transaction asks for what that one asked for, but for waking. */
extern void at_commit_prepared(const char *gid);

#endif /* GITHUB_SYNC_AT_COMMIT_H */
