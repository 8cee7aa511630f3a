/*
 * catalog.c
 *		What launcher and scouts read from the server's catalogs.
 *
 * A scout is a superuser in a database that it does not know, and may run
 * nothing that the database could bring along.  So this reads by the server's
 * own C functions: no SQL, no functions, no triggers, no search path.
 */
#include "postgres.h"

#include "access/genam.h"
#include "access/htup_details.h"
#include "access/table.h"
#include "access/xact.h"
#include "db/catalog.h"
#include "catalog/namespace.h"
#include "catalog/pg_class.h"
#include "catalog/pg_database.h"
#include "commands/extension.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"
#include "utils/syscache.h"

#define QUEUE_EXTENSION "task_sync_transaction"
#define QUEUE_SCHEMA "github_sync"
#define QUEUE_TABLE "task_sync_transactions"

/* datconnlimit of a database whose DROP was cut short; minor releases of 2023 on name it. */
#ifndef DATCONNLIMIT_INVALID_DB
#define DATCONNLIMIT_INVALID_DB -2
#endif

/* A connected process would stand in the way of copying a template. */
static bool
may_have_worker(Form_pg_database form)
{
	return form->datallowconn && !form->datistemplate &&
		form->datconnlimit != DATCONNLIMIT_INVALID_DB;
}

void
catalog_visit_databases(DatabaseVisitor visit)
{
	Relation catalog;
	SysScanDesc scan;
	HeapTuple tuple;

	StartTransactionCommand();
	catalog = table_open(DatabaseRelationId, AccessShareLock);
	scan = systable_beginscan(catalog, InvalidOid, false, NULL, 0, NULL);
	while (HeapTupleIsValid(tuple = systable_getnext(scan)))
	{
		Form_pg_database form = (Form_pg_database) GETSTRUCT(tuple);

		if (may_have_worker(form))
			visit(form->oid);
	}
	systable_endscan(scan);
	table_close(catalog, AccessShareLock);
	CommitTransactionCommand();
}

/* Owner of an ordinary or partitioned table, InvalidOid for anything else. */
static Oid
table_owner(Oid relation)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(relation));
	Form_pg_class form;
	Oid owner = InvalidOid;

	if (!HeapTupleIsValid(tuple))
		return InvalidOid;
	form = (Form_pg_class) GETSTRUCT(tuple);
	if (form->relkind == RELKIND_RELATION || form->relkind == RELKIND_PARTITIONED_TABLE)
		owner = form->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

static Oid
queue_owner(void)
{
	Oid schema;
	Oid table;

	if (!OidIsValid(get_extension_oid(QUEUE_EXTENSION, true)))
		return InvalidOid;
	schema = get_namespace_oid(QUEUE_SCHEMA, true);
	if (!OidIsValid(schema))
		return InvalidOid;
	table = get_relname_relid(QUEUE_TABLE, schema);
	return OidIsValid(table) ? table_owner(table) : InvalidOid;
}

Oid
catalog_queue_owner(void)
{
	Oid owner;

	StartTransactionCommand();
	owner = queue_owner();
	CommitTransactionCommand();
	return owner;
}
