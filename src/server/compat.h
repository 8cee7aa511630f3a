/*
 * compat.h
 *		What differs between PostgreSQL 15 and 18, said once.
 */
#ifndef GITHUB_SYNC_COMPAT_H
#define GITHUB_SYNC_COMPAT_H

#include "postgres.h"

#include "catalog/pg_database.h"
#include "postmaster/bgworker.h"
#include "utils/acl.h"
#include "utils/wait_event.h"

/* A named wait event is shown in pg_stat_activity from 17 on. */
#if PG_VERSION_NUM >= 170000
#define github_sync_wait_event(name) WaitEventExtensionNew(name)
#else
#define github_sync_wait_event(name) ((uint32) PG_WAIT_EXTENSION)
#endif

/* Before 17 a worker cannot start as a role without LOGIN. */
#if PG_VERSION_NUM >= 170000
#define GITHUB_SYNC_CONNECT_AS_OWNER BGWORKER_BYPASS_ROLELOGINCHECK
#else
#define GITHUB_SYNC_CONNECT_AS_OWNER 0
#endif

#if PG_VERSION_NUM >= 160000
#define owns_database(database, role) object_ownercheck(DatabaseRelationId, database, role)
#else
#define owns_database(database, role) pg_database_ownercheck(database, role)
#endif

#endif /* GITHUB_SYNC_COMPAT_H */
