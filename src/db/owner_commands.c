/*
 * owner_commands.c
 *		Commands that touch what belongs to the owner of the queue.
 *
 * The server does the same for REINDEX or ANALYZE of somebody else's table.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xact.h"
#include "catalog/pg_class.h"
#include "db/owner_commands.h"
#include "db/ownership.h"
#include "db/unowned_commands.h"
#include "miscadmin.h"
#include "utils/acl.h"
#include "utils/builtins.h"
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

static void
check_is_owner(Oid table, Oid owner)
{
	if (!has_privs_of_role(GetUserId(), owner))
		ereport(ERROR,
				(errcode(ERRCODE_INSUFFICIENT_PRIVILEGE),
				 errmsg("must be owner of table %s", get_rel_name(table))));
}

/* Who called, and what to set back when the owner's part is over. */
typedef struct Caller
{
	Oid user;
	int security_context;
	int nest_level;
} Caller;

/* An error sets all of it back with the transaction or subtransaction. */
static Caller
become_owner(Oid table)
{
	Oid owner = owner_of_table(table);
	Caller caller;

	check_is_owner(table, owner);
	GetUserIdAndSecContext(&caller.user, &caller.security_context);
	SetUserIdAndSecContext(owner, caller.security_context | SECURITY_RESTRICTED_OPERATION);
	caller.nest_level = NewGUCNestLevel();
	(void) set_config_option("search_path", "pg_catalog, pg_temp", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_SAVE, true, 0, false);
	/* Rows that policies hide from the owner raise an error and do not vanish. */
	(void) set_config_option("row_security", "off", PGC_USERSET, PGC_S_SESSION, GUC_ACTION_SAVE,
							 true, 0, false);
	return caller;
}

static void
become_caller_again(const Caller *caller)
{
	AtEOXact_GUC(false, caller->nest_level);
	SetUserIdAndSecContext(caller->user, caller->security_context);
}

void
owner_commands_execute(Oid table, const char *commands)
{
	Caller caller = become_owner(table);

	unowned_commands_execute(commands);
	become_caller_again(&caller);
}

char *
owner_commands_read(Oid table, const char *query)
{
	Caller caller = become_owner(table);
	char *value = unowned_commands_read(query);

	become_caller_again(&caller);
	return value;
}

/* Reading a literal may run code of its type's, or of that type's owner. */
RowExpression
owner_commands_describe(Oid table, const char *expression, const char *row)
{
	Caller caller = become_owner(table);
	RowExpression found = row_expression_describe(expression, row);

	become_caller_again(&caller);
	return found;
}

void
owner_commands_let_owner_use(void)
{
	Oid owner;

	CommandCounterIncrement();
	owner = ownership_queue_owner();
	if (!OidIsValid(owner) || !superuser() || ownership_problem() == NULL)
		return;
	/* Of exactly the declared type: the owner may have put another function of the name there. */
	unowned_commands_execute(psprintf("SELECT github_sync.let_use(%s::pg_catalog.name)",
									  quote_literal_cstr(GetUserNameFromId(owner, false))));
}
