/*
 * extension.c
 *		Where the server enters the library.
 *
 * Preloaded, the library brings settings, shared memory, hooks and the launcher.
 * Loaded by a session on its own it brings the settings and the functions.
 */
#include "postgres.h"

#include "server/at_commit.h"
#include "server/budgets.h"
#include "server/database_ddl.h"
#include "fmgr.h"
#include "server/launcher.h"
#include "miscadmin.h"
#include "server/settings.h"
#include "server/shared_state.h"

#if PG_VERSION_NUM >= 180000
PG_MODULE_MAGIC_EXT(.name = "github_sync", .version = GITHUB_SYNC_VERSION);
#else
PG_MODULE_MAGIC;
#endif

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	/* pg_upgrade moves databases about: nothing of ours may run or interfere. */
	if (IsBinaryUpgrade)
		return;

	settings_define();
	if (!process_shared_preload_libraries_in_progress)
		return;

	shared_state_request();
	budgets_request();
	at_commit_install();
	database_ddl_install();
	launcher_register();
}
