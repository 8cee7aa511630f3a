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
#include "catalog/pg_database.h"
#include "db/catalog.h"
#include "db/ownership.h"
#include "miscadmin.h"
#include "utils/rel.h"

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

Oid
catalog_queue_owner(void)
{
	const OwnershipProblem *problem;
	Oid owner;

	StartTransactionCommand();
	problem = ownership_problem();
	if (problem != NULL)
		elog(DEBUG1, "database %u gets no worker: %s", MyDatabaseId, problem->problem);
	owner = problem == NULL ? ownership_queue_owner() : InvalidOid;
	CommitTransactionCommand();
	return owner;
}
