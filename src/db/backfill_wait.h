/*
 * backfill_wait.h
 *		Waiting for an import, in a session of somebody's.
 */
#ifndef GITHUB_SYNC_BACKFILL_WAIT_H
#define GITHUB_SYNC_BACKFILL_WAIT_H

#include "postgres.h"

/*
 * Waits until the repository that argument names (NULL: none, which is an error)
 * is imported, with a NOTICE whenever it is further on.
 *
 * Commits before each pause, so that it is for procedures that may: no snapshot,
 * no lock and no row version is held while nothing happens.  In PL/pgSQL the
 * statement that sleeps would have a snapshot itself.
 */
extern void backfill_wait(const int64 *github_repo_id);

#endif /* GITHUB_SYNC_BACKFILL_WAIT_H */
