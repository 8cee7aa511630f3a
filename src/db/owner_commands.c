/*
 * owner_commands.c
 *		Commands that touch what belongs to the owner of the queue.
 *
 * The server does the same for REINDEX or ANALYZE of somebody else's table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "catalog/pg_class.h"
#include "db/owner_commands.h"
#include "db/unowned_commands.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/syscache.h"

static Oid
owner_of_table(Oid table)
{
	HeapTuple tuple = SearchSysCache1(RELOID, ObjectIdGetDatum(table));
	Oid owner;

	if (!HeapTupleIsValid(tuple))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_TABLE),
				 errmsg("relation with OID %u does not exist", table)));
	owner = ((Form_pg_class) GETSTRUCT(tuple))->relowner;
	ReleaseSysCache(tuple);
	return owner;
}

void
execute_commands_as_owner(Oid table, const char *commands)
{
	Oid owner = owner_of_table(table);
	Oid caller;
	int security_context;
	int nest_level;

	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", get_rel_name(table))));

	GetUserIdAndSecContext(&caller, &security_context);
	SetUserIdAndSecContext(owner, security_context | SECURITY_RESTRICTED_OPERATION);
	nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	/* An error resets both with the transaction or subtransaction. */
	execute_unowned_commands(commands);
	AtEOXact_GUC(false, nest_level);
	SetUserIdAndSecContext(caller, security_context);
}
