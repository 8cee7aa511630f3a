/*
 * statement.c
 *		SQL statements that are planned once and run often, by SPI.
 */
#include "postgres.h"

#include "db/statement.h"
#include "utils/memutils.h"

static const char schema[] = "github_sync.";

/* The function that a text calls: the first of ours before a parenthesis. */
static char *
function_in(const char *text)
{
	const char *start = strstr(text, schema);
	size_t length;

	if (start == NULL)
		return MemoryContextStrdup(TopMemoryContext, text);
	length = strlen(schema) + strspn(start + strlen(schema), "abcdefghijklmnopqrstuvwxyz_");
	return MemoryContextStrdup(TopMemoryContext, pnstrdup(start, length));
}

static void
plan(Statement *statement, RecordType record_type)
{
	const char *name = record_type_name(record_type);
	const char *text = psprintf(statement->text, name);
	SPIPlanPtr made = SPI_prepare(text, statement->nparameters, statement->types);

	if (made == NULL)
		elog(ERROR, "could not prepare \"%s\": %s", text, SPI_result_code_string(SPI_result));
	statement->functions[record_type] = function_in(text);
	SPI_keepplan(made);
	statement->plans[record_type] = made;
}

/* SPI leaves the caller in a memory of its own, which ends with the transaction: errors are kept for longer. */
ResultSet
statement_run(Statement *statement, RecordType record_type, const Parameters *parameters)
{
	MemoryContext caller_context = CurrentMemoryContext;
	int code;

	if (statement->plans[record_type] == NULL)
		plan(statement, record_type);
	Assert(parameters->count == statement->nparameters);
	code = SPI_execute_plan(statement->plans[record_type], (Datum *) parameters->values,
							parameters->nulls, false, 0);
	MemoryContextSwitchTo(caller_context);
	if (code != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\": %s", statement->text, SPI_result_code_string(code));
	return result_of_spi(statement->functions[record_type]);
}

ResultSet
statement_run_shared(Statement *statement, const Parameters *parameters)
{
	return statement_run(statement, RECORD_TASK, parameters);
}

ResultSet
statement_run_plain(Statement *statement, RecordType record_type)
{
	Parameters none = {0};

	return statement_run(statement, record_type, &none);
}
