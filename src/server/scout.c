/*
 * scout.c
 *		A short-lived process that looks whether one database has a queue.
 *
 * Only a process inside a database can read its catalogs, and only a superuser
 * can enter each.  So a scout enters as one, looks, answers and exits.
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
		proc_exit(0);
	BackgroundWorkerInitializeConnectionByOid(order.database, InvalidOid, 0);
	shared_state_answer_scout(catalog_queue_owner());
	proc_exit(0);
}
