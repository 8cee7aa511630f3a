/*
 * compat.h
 *		The version shims: what differs between PostgreSQL 15 and 19, but for db.
 *
 * Those rooms look at PG_VERSION_NUM here and nowhere else, and every name below
 * says what it stands for.  A version that is not supported any more goes by
 * removing the branches that are for it.
 */
#ifndef GITHUB_SYNC_COMPAT_H
#define GITHUB_SYNC_COMPAT_H

#include "postgres.h"

#include "catalog/pg_database.h"
#include "postmaster/bgworker.h"
#include "utils/acl.h"
#include "utils/wait_event.h"

/* 16 and newer have the macros of variable-length values apart from postgres.h. */
#if PG_VERSION_NUM >= 160000
#include "varatt.h"
#endif

/* 16 and newer have one function for the owners of all kinds of objects. */
#if PG_VERSION_NUM >= 160000
#define compat_owns_database(database, role) \
	object_ownercheck(DatabaseRelationId, (database), (role))
#else
#define compat_owns_database(database, role) pg_database_ownercheck((database), (role))
#endif

/* 17 and newer show the name of a wait event of ours in pg_stat_activity. */
#if PG_VERSION_NUM >= 170000
#define compat_wait_event(name) WaitEventExtensionNew(name)
#else
#define compat_wait_event(name) ((uint32) PG_WAIT_EXTENSION)
#endif

/* Before 17 a background worker cannot connect as a role without LOGIN. */
#if PG_VERSION_NUM >= 170000
#define COMPAT_CONNECT_WITHOUT_LOGIN BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define COMPAT_CONNECT_WITHOUT_LOGIN 0
#endif

/* 17 and newer have the setting transaction_timeout. */
#define COMPAT_HAS_TRANSACTION_TIMEOUT (PG_VERSION_NUM >= 170000)

/* 18 and newer show name and version of a library in pg_get_loaded_modules(). */
#if PG_VERSION_NUM >= 180000
#define COMPAT_MODULE_MAGIC(library, its_version) \
	PG_MODULE_MAGIC_EXT(.name = (library), .version = (its_version))
#else
#define COMPAT_MODULE_MAGIC(library, its_version) PG_MODULE_MAGIC
#endif

#endif /* GITHUB_SYNC_COMPAT_H */
