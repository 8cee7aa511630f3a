/*
 * unowned_commands.c
 *		Commands whose objects belong to no extension.
 *
 * The server makes what it creates a member of the extension whose script runs,
 * and tells that by two globals.  They are put aside for the time, both, since
 * a CREATE EXTENSION among the commands would use and reset them itself.
 *
 * Where Citus is loaded it would carry what they create to its other nodes, which
 * it refuses for functions that depend on an extension: it is told to leave them
 * here, for the time of the commands.
 */
#include "postgres.h"

#include "commands/extension.h"
#include "executor/spi.h"
#include "db/unowned_commands.h"
#include "miscadmin.h"
#include "utils/guc.h"

/* Of Citus; elsewhere there is no setting of this name. */
#define DDL_PROPAGATION "citus.enable_ddl_propagation"

/* What keep_local() changed goes with this level, by itself where an error ends the subtransaction. */
static int
keep_local(void)
{
	int nest_level = NewGUCNestLevel();

	if (GetConfigOption(DDL_PROPAGATION, true, false) != NULL)
		(void) set_config_option(DDL_PROPAGATION, "off", superuser() ? PGC_SUSET : PGC_USERSET,
								 PGC_S_SESSION, GUC_ACTION_SAVE, true, 0, false);
	return nest_level;
}

static void
execute_by_spi(const char *commands)
{
	int result;

	SPI_connect();
	result = SPI_execute(commands, false, 0);
	if (result < 0)
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
				 errmsg("could not execute commands: %s", SPI_result_code_string(result))));
	SPI_finish();
}

char *
unowned_commands_read(const char *query)
{
	MemoryContext of_caller = CurrentMemoryContext;
	char *value = NULL;

	SPI_connect();
	if (SPI_execute(query, true, 1) != SPI_OK_SELECT)
		ereport(ERROR, (errcode(ERRCODE_INVALID_PARAMETER_VALUE), errmsg("a query was expected")));
	if (SPI_processed > 0)
		value = SPI_getvalue(SPI_tuptable->vals[0], SPI_tuptable->tupdesc, 1);
	if (value != NULL)
		value = MemoryContextStrdup(of_caller, value);
	SPI_finish();
	return value;
}

void
unowned_commands_execute(const char *commands)
{
	bool was_creating = creating_extension;
	Oid extension = CurrentExtensionObject;
	int nest_level = keep_local();

	creating_extension = false;
	CurrentExtensionObject = InvalidOid;
	PG_TRY();
	{
		execute_by_spi(commands);
	}
	PG_FINALLY();
	{
		creating_extension = was_creating;
		CurrentExtensionObject = extension;
	}
	PG_END_TRY();
	AtEOXact_GUC(true, nest_level);
}
