/*
 * ownership.h
 *		Whether the queue, its functions and the application's tables have one owner.
 */
#ifndef GITHUB_SYNC_OWNERSHIP_H
#define GITHUB_SYNC_OWNERSHIP_H

#include "postgres.h"

typedef struct OwnershipProblem
{
	const char *problem; /* what is wrong, as an error's message */
	const char *remedy;  /* what mends it, as its hint */
} OwnershipProblem;

/*
 * The first reason why nothing may run for the owner of the queue, or NULL.
 * Valid until the next call.  Reads the server's catalogs by C functions, so
 * that it runs nothing of anybody's, whoever calls.  Needs a transaction.
 */
extern const OwnershipProblem *ownership_problem(void);

/* Whether there is a queue at all: two look-ups, for what runs at every command. */
extern bool ownership_matters(void);

/* Who owns the queue of the current database; InvalidOid: there is none. */
extern Oid ownership_queue_owner(void);

/* Whether at least the queue and its functions have one owner: they may touch one another. */
extern bool ownership_queue_is_ones(void);

/* Raises 55000 where there is a problem. */
extern void ownership_require(void);

/*
 * For a function that runs as the owner of the queue (SECURITY DEFINER) and was
 * called by a superuser: until it ends, nothing may be put off that would run
 * with the superuser's rights at COMMIT, as the owner's deferred triggers do.
 */
extern void ownership_restrict_superuser(void);

/*
 * For a worker, at the beginning of each transaction: ends the process unless
 * its session is the owner's and there is no problem.  Keeps the owner of the
 * application's tables as it is until the transaction ends.
 */
extern void ownership_require_session(void);

#endif /* GITHUB_SYNC_OWNERSHIP_H */
