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
	SCOUT_DATABASE, /* a queue was made, dropped or given to another owner */
	RESTART_WORKERS /* settings of a session's start changed */
} CommitMessage;

extern void at_commit_install(void);

/*
 * Sends a message about a database when the current transaction commits: once,
 * however often it was asked for, and not at all when the current
 * (sub)transaction is rolled back.  PREPARE TRANSACTION drops the message, since
 * COMMIT PREPARED may run in a process that does not know it; launcher and
 * workers then find the change at their next pass.
 */
extern void at_commit(CommitMessage message, Oid database);

#endif /* GITHUB_SYNC_AT_COMMIT_H */
