/*
 * scout.c
 *		A short-lived process that finds out whether one database has a queue.
 *
 * Only a process that is connected to a database can read its catalogs, and only
 * a superuser can connect to every database.  So a scout connects as a superuser,
 * reads the owner of the queue, answers the launcher and exits.  Where not all of
 * it has one owner, it answers as if there were no queue: sync_workers says why.
 */
#include "postgres.h"

#include "db/catalog.h"
#include "miscadmin.h"
#include "postmaster/bgworker.h"
#include "server/scout.h"
#include "server/shared_state.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"

void
github_sync_scout_main(Datum main_arg pg_attribute_unused())
{
	ScoutOrder order;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	if (!shared_state_claim_scout(&order))
	{
		elog(DEBUG1, "the order to scout database %u is out of date", order.database);
		proc_exit(0);
	}
	BackgroundWorkerInitializeConnectionByOid(order.database, InvalidOid, 0);
	shared_state_answer_scout(catalog_queue_owner());
	proc_exit(0);
}
