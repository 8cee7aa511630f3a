/*
 * sync_limits.h
 *		What the queue knows of limits: pauses, troubles on the way, and how
 *		much was created.
 *
 * Every function runs between db_begin() and db_commit().
 */
#ifndef DB_SYNC_LIMITS_H
#define DB_SYNC_LIMITS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "db/sync_queue.h"

/* Creations of an installation are not claimed before. */
extern void limits_pause_creations(int64 installation_id, TimestampTz until);

/* Budgets may be others now: pauses that ours demanded end, and begin anew where they have to. */
extern void limits_forgive_budgets(void);

typedef struct TroublePolicy
{
	int retry_base_ms;
	int retry_max_ms;
	int give_up_after_s;
} TroublePolicy;

/*
 * GitHub was not reached with this claim's request, or was in trouble.  It
 * stands in line again some time after the installation's pause: another one
 * finds out whether that is over.  One that fails like this for too long is
 * errored.
 */
extern void limits_fail_on_the_way(const SyncClaim *claim, const char *problem,
								   TimestampTz paused_until, const TroublePolicy *policy);

/* Creations of the last hour, as their attempts tell: how many, how long ago. */
typedef void (*PastCreationsVisitor)(int64 installation_id, int count, int64 age_ms);
extern void limits_visit_past_creations(RecordType record_type, PastCreationsVisitor visitor);

#endif
