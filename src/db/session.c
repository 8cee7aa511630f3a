/*
 * session.c
 *		What a row left behind in the worker's session is undone.
 *
 * As DISCARD ALL, which runs no plan of ours away: those that SPI keeps stay.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "commands/async.h"
#include "commands/prepare.h"
#include "commands/sequence.h"
#include "db/session.h"
#include "storage/lock.h"
#include "utils/guc.h"
#include "utils/portal.h"

/* RESET ALL leaves it out. */
static void
reset_role(void)
{
	(void) set_config_option("role", "none", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SET, true, 0,
							 false);
}

void
session_clean(void)
{
	PortalHashTableDeleteAll();
	reset_role();
	ResetAllOptions();
	DropAllPreparedStatements();
	Async_UnlistenAll();
	LockReleaseAll(USER_LOCKMETHOD, true);
	ResetTempTableNamespace();
	ResetSequenceCaches();
}
