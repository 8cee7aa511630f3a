/*
 * function_body.c
 *		Another body for a function that attach made.
 *
 * Only the text changes, in the function's row of the catalog, as it does by
 * CREATE OR REPLACE FUNCTION: name, arguments, owner and rights stay, and
 * PL/pgSQL compiles it anew where it is called next.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/table.h"
#include "catalog/dependency.h"
#include "catalog/indexing.h"
#include "catalog/namespace.h"
#include "catalog/objectaccess.h"
#include "catalog/pg_proc.h"
#include "commands/proclang.h"
#include "db/function_body.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
#include "utils/rel.h"
#include "utils/syscache.h"

static void
check_may_replace(Form_pg_proc function)
{
	if (!has_privs_of_role(GetUserId(), function->proowner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of function %s", NameStr(function->proname))));
	/* Members are the superuser's, and other languages keep more than a text. */
	if (function->pronamespace != get_namespace_oid("github_sync", false) ||
		function->prolang != get_language_oid("plpgsql", false) ||
		OidIsValid(getExtensionOfObject(ProcedureRelationId, function->oid)))
		ereport(ERROR,
				(errcode(ERRCODE_WRONG_OBJECT_TYPE),
				 errmsg("function %s was not made by attach", NameStr(function->proname))));
}

void
function_body_replace(Oid function, const char *body)
{
	Relation catalog = table_open(ProcedureRelationId, RowExclusiveLock);
	HeapTuple found = SearchSysCacheCopy1(PROCOID, ObjectIdGetDatum(function));
	Datum values[Natts_pg_proc] = {0};
	bool nulls[Natts_pg_proc] = {false};
	bool replaced[Natts_pg_proc] = {false};
	HeapTuple changed;

	if (!HeapTupleIsValid(found))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function with OID %u does not exist", function)));
	check_may_replace((Form_pg_proc) GETSTRUCT(found));
	values[Anum_pg_proc_prosrc - 1] = CStringGetTextDatum(body);
	replaced[Anum_pg_proc_prosrc - 1] = true;
	changed = heap_modify_tuple(found, RelationGetDescr(catalog), values, nulls, replaced);
	CatalogTupleUpdate(catalog, &changed->t_self, changed);
	InvokeObjectPostAlterHook(ProcedureRelationId, function, 0);
	table_close(catalog, RowExclusiveLock);
}
