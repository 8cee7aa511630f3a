/*
 * plan_age.c
 *		Plans that were made when the queue was much shorter are made anew.
 *
 * The worker keeps the plans of its statements, and of those within functions.
 * To the planner every partial index of an empty queue is as good as any other:
 * such a plan reads all that waits for each look-up.  The server makes plans anew
 * after ANALYZE, but autovacuum comes by once a minute, and thousands of rows
 * are inserted, or carried, in a second.
 */
#include "postgres.h"

#include "access/relation.h"
#include "catalog/namespace.h"
#include "db/plan_age.h"
#include "storage/bufmgr.h"
#include "utils/lsyscache.h"
#include "utils/plancache.h"
#include "utils/rel.h"

/* Pages by which a queue may grow from nothing before it counts: about a hundred rows. */
#define SMALL_GROWTH 8

static BlockNumber planned_for[RECORD_TYPES];

static BlockNumber
pages_of(Oid queue)
{
	Relation relation = try_relation_open(queue, AccessShareLock);
	BlockNumber pages = 0;

	if (relation == NULL)
		return 0;
	if (relation->rd_rel->relkind == RELKIND_RELATION)
		pages = RelationGetNumberOfBlocks(relation);
	relation_close(relation, NoLock);
	return pages;
}

void
plan_age_check(RecordType record_type)
{
	Oid schema = get_namespace_oid("github_sync", true);
	char *name = psprintf("%s_sync_transactions", record_type_name(record_type));
	Oid queue = OidIsValid(schema) ? get_relname_relid(name, schema) : InvalidOid;
	BlockNumber pages = OidIsValid(queue) ? pages_of(queue) : 0;

	pfree(name);
	if (pages / 2 <= planned_for[record_type] + SMALL_GROWTH / 2)
		return;
	ResetPlanCache();
	planned_for[record_type] = pages;
}
