/*
 * statement.c
 *		SQL statements that are planned once and run often, by SPI.
 */
#include "postgres.h"

#include "db/statement.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define SECONDS_FROM_1970_TO_2000 ((POSTGRES_EPOCH_JDATE - UNIX_EPOCH_JDATE) * (int64) SECS_PER_DAY)

const char *
record_type_name(RecordType record_type)
{
	switch (record_type)
	{
		case RECORD_TASK:
			return "task";
		case RECORD_COMMENT:
			return "comment";
	}
	pg_unreachable();
}

static void
add_value(Parameters *parameters, Datum value, bool is_null)
{
	Assert(parameters->count < STATEMENT_MAX_PARAMETERS);
	parameters->values[parameters->count] = value;
	parameters->nulls[parameters->count] = is_null ? 'n' : ' ';
	parameters->count++;
}

void
add_null(Parameters *parameters)
{
	add_value(parameters, (Datum) 0, true);
}

void
add_int64(Parameters *parameters, int64 value)
{
	add_value(parameters, Int64GetDatum(value), false);
}

void
add_int64_or_null(Parameters *parameters, int64 value)
{
	add_value(parameters, Int64GetDatum(value), value == 0);
}

void
add_int64_array(Parameters *parameters, const int64 *values, int count)
{
	Datum *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(values[i]);
	add_value(parameters,
			  PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64),
											  FLOAT8PASSBYVAL, TYPALIGN_DOUBLE)),
			  false);
}

void
add_int32(Parameters *parameters, int32 value)
{
	add_value(parameters, Int32GetDatum(value), false);
}

void
add_bool(Parameters *parameters, bool value)
{
	add_value(parameters, BoolGetDatum(value), false);
}

void
add_text(Parameters *parameters, const char *value)
{
	if (value == NULL)
		add_null(parameters);
	else
		add_value(parameters,
				  CStringGetTextDatum(pg_any_to_server(value, (int) strlen(value), PG_UTF8)),
				  false);
}

/* What the database has no character for must not hide the reason as a whole. */
void
add_words(Parameters *parameters, const char *value)
{
	char *words = value != NULL ? pstrdup(value) : NULL;

	if (GetDatabaseEncoding() != PG_UTF8)
	{
		for (char *c = words; c != NULL && *c != '\0'; c++)
		{
			if (IS_HIGHBIT_SET(*c))
				*c = '?';
		}
	}
	add_text(parameters, words);
}

void
add_timestamp(Parameters *parameters, TimestampTz value)
{
	add_value(parameters, TimestampTzGetDatum(value), false);
}

void
add_seconds(Parameters *parameters, int64 seconds_since_1970)
{
	bool is_null = seconds_since_1970 == GITHUB_NO_TIME;

	add_value(parameters,
			  is_null ? (Datum) 0
					  : TimestampTzGetDatum((seconds_since_1970 - SECONDS_FROM_1970_TO_2000) *
											USECS_PER_SEC),
			  is_null);
}

static SPIPlanPtr
plan_of_statement(Statement *statement, RecordType record_type)
{
	if (statement->plans[record_type] == NULL)
	{
		const char *name = record_type_name(record_type);
		SPIPlanPtr plan = SPI_prepare(psprintf(statement->text, name, name), statement->nparameters,
									  statement->types);

		if (plan == NULL)
			elog(ERROR, "could not prepare \"%s\": %s", statement->text,
				 SPI_result_code_string(SPI_result));
		SPI_keepplan(plan);
		statement->plans[record_type] = plan;
	}
	return statement->plans[record_type];
}

void
run_statement(Statement *statement, RecordType record_type, const Parameters *parameters)
{
	SPIPlanPtr plan = plan_of_statement(statement, record_type);
	int result;

	Assert(parameters->count == statement->nparameters);
	result = SPI_execute_plan(plan, (Datum *) parameters->values, parameters->nulls, false, 0);
	if (result != SPI_OK_SELECT)
		elog(ERROR, "could not run \"%s\": %s", statement->text, SPI_result_code_string(result));
}

static Datum
row_value(uint64 row, int column, bool *is_null)
{
	Assert(row < SPI_processed);
	return SPI_getbinval(SPI_tuptable->vals[row], SPI_tuptable->tupdesc, column, is_null);
}

bool
row_is_null(uint64 row, int column)
{
	bool is_null;

	(void) row_value(row, column, &is_null);
	return is_null;
}

int64
row_int64(uint64 row, int column)
{
	bool is_null;
	Datum value = row_value(row, column, &is_null);

	return is_null ? 0 : DatumGetInt64(value);
}

int32
row_int32(uint64 row, int column)
{
	bool is_null;
	Datum value = row_value(row, column, &is_null);

	return is_null ? 0 : DatumGetInt32(value);
}

bool
row_bool(uint64 row, int column)
{
	bool is_null;
	Datum value = row_value(row, column, &is_null);

	return !is_null && DatumGetBool(value);
}

char *
row_text(uint64 row, int column)
{
	bool is_null;
	Datum value = row_value(row, column, &is_null);
	char *stored;

	if (is_null)
		return NULL;
	stored = TextDatumGetCString(value);
	return pg_server_to_any(stored, (int) strlen(stored), PG_UTF8);
}

TimestampTz
row_timestamp(uint64 row, int column, TimestampTz if_null)
{
	bool is_null;
	Datum value = row_value(row, column, &is_null);

	return is_null ? if_null : DatumGetTimestampTz(value);
}

int64
seconds_of_timestamp(TimestampTz timestamp)
{
	return timestamp / USECS_PER_SEC + SECONDS_FROM_1970_TO_2000;
}
