/*
 * db_compat.h
 *		What differs between PostgreSQL 15 and 19 for this room, said once.
 *		(The other rooms have server/compat.h, which this one may not see.)
 */
#ifndef GITHUB_SYNC_DB_COMPAT_H
#define GITHUB_SYNC_DB_COMPAT_H

#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_namespace.h"
#include "utils/acl.h"

/* Functions of a qualified name, with any arguments; NULL where there is none, or no such schema. */
#if PG_VERSION_NUM >= 190000
#define db_functions_named(names) \
	FuncnameGetCandidates(names, -1, NIL, false, false, false, true, &(int){0})
#else
#define db_functions_named(names) FuncnameGetCandidates(names, -1, NIL, false, false, false, true)
#endif

/* Whether a role has USAGE on a schema. */
#if PG_VERSION_NUM >= 160000
#define db_may_use_schema(schema, role) \
	(object_aclcheck(NamespaceRelationId, schema, role, ACL_USAGE) == ACLCHECK_OK)
#else
#define db_may_use_schema(schema, role) \
	(pg_namespace_aclcheck(schema, role, ACL_USAGE) == ACLCHECK_OK)
#endif

#endif /* GITHUB_SYNC_DB_COMPAT_H */
