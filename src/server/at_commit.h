/*
 * at_commit.h
 *		Messages to other processes that leave when the transaction commits.
 */
#ifndef GITHUB_SYNC_AT_COMMIT_H
#define GITHUB_SYNC_AT_COMMIT_H

#include "postgres.h"

typedef enum CommitMessage
{
	WAKE_WORKERS,   /* rows were queued */
	SCOUT_DATABASE, /* a queue came, went or changed its owner */
	RESTART_WORKERS /* settings of a session's start changed */
} CommitMessage;

extern void at_commit_install(void);

/*
 * Sends a message about a database when the current transaction commits, once
 * however often it is asked for; never when the current (sub)transaction is
 * rolled back.  PREPARE TRANSACTION drops it: COMMIT PREPARED may run in a
 * process that knows nothing of it, and the receivers look for themselves
 * every now and then.
 */
extern void at_commit(CommitMessage message, Oid database);

#endif /* GITHUB_SYNC_AT_COMMIT_H */
