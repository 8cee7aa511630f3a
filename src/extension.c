/*
 * extension.c
 *		Where the server enters the library.
 *
 * Preloaded, the library brings settings, shared memory, hooks and the launcher.
 * Loaded by a session on its own it brings the settings and the functions.
 */
#include "postgres.h"

#include "fmgr.h"
#include "miscadmin.h"
#include "server/at_commit.h"
#include "server/compat.h"
#include "server/database_ddl.h"
#include "server/fingerprint.h"
#include "server/launcher.h"
#include "server/settings.h"
#include "server/shared_memory.h"

COMPAT_MODULE_MAGIC("github_sync", GITHUB_SYNC_VERSION);

extern PGDLLEXPORT void _PG_init(void);

void
_PG_init(void)
{
	/* pg_upgrade moves databases: no process or hook of the library may run meanwhile. */
	if (IsBinaryUpgrade)
		return;

	settings_define();
	if (!process_shared_preload_libraries_in_progress)
		return;

	fingerprint_note_start();
	shared_memory_request();
	at_commit_install();
	database_ddl_install();
	launcher_register();
}
