/*
 * result.c
 *		The rows that a statement returned, by the names of their columns.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "db/epoch.h"
#include "db/result.h"
#include "mb/pg_wchar.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"

ResultSet
result_of_spi(const char *function)
{
	return (ResultSet){.function = function, .count = SPI_processed, .rows = SPI_tuptable};
}

static HeapTuple
find_row(const ResultSet *result, uint64 row)
{
	if (row >= result->count)
		ereport(ERROR,
				(errcode(ERRCODE_NO_DATA_FOUND),
				 errmsg("%s() did not return the row that it has to return", result->function)));
	return result->rows->vals[row];
}

static int
find_column(const ResultSet *result, const char *column, Oid type)
{
	TupleDesc columns = result->rows->tupdesc;
	int number = SPI_fnumber(columns, column);

	if (number <= 0)
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_COLUMN),
				 errmsg("%s() did not return a column \"%s\"", result->function, column)));
	if (SPI_gettypeid(columns, number) != type)
		ereport(ERROR,
				(errcode(ERRCODE_DATATYPE_MISMATCH),
				 errmsg("%s() returned column \"%s\" as %s instead of %s", result->function, column,
						format_type_be(SPI_gettypeid(columns, number)), format_type_be(type))));
	return number;
}

static Datum
find_value(const ResultSet *result, uint64 row, const char *column, Oid type, bool *is_null)
{
	HeapTuple tuple = find_row(result, row);

	return SPI_getbinval(tuple, result->rows->tupdesc, find_column(result, column, type), is_null);
}

static Datum
require_value(const ResultSet *result, uint64 row, const char *column, Oid type)
{
	bool is_null;
	Datum value = find_value(result, row, column, type, &is_null);

	if (is_null)
		ereport(ERROR,
				(errcode(ERRCODE_NULL_VALUE_NOT_ALLOWED),
				 errmsg("%s() returned NULL in column \"%s\"", result->function, column)));
	return value;
}

int64
result_int64(const ResultSet *result, uint64 row, const char *column)
{
	return DatumGetInt64(require_value(result, row, column, INT8OID));
}

int64
result_int64_or(const ResultSet *result, uint64 row, const char *column, int64 if_null)
{
	bool is_null;
	Datum value = find_value(result, row, column, INT8OID, &is_null);

	return is_null ? if_null : DatumGetInt64(value);
}

int32
result_int32(const ResultSet *result, uint64 row, const char *column)
{
	return DatumGetInt32(require_value(result, row, column, INT4OID));
}

int32
result_int32_or(const ResultSet *result, uint64 row, const char *column, int32 if_null)
{
	bool is_null;
	Datum value = find_value(result, row, column, INT4OID, &is_null);

	return is_null ? if_null : DatumGetInt32(value);
}

bool
result_bool(const ResultSet *result, uint64 row, const char *column)
{
	return DatumGetBool(require_value(result, row, column, BOOLOID));
}

bool
result_bool_or(const ResultSet *result, uint64 row, const char *column, bool if_null)
{
	bool is_null;
	Datum value = find_value(result, row, column, BOOLOID, &is_null);

	return is_null ? if_null : DatumGetBool(value);
}

static char *
text_in_utf8(Datum value)
{
	char *stored = TextDatumGetCString(value);

	return pg_server_to_any(stored, (int) strlen(stored), PG_UTF8);
}

char *
result_text(const ResultSet *result, uint64 row, const char *column)
{
	return text_in_utf8(require_value(result, row, column, TEXTOID));
}

char *
result_text_or_null(const ResultSet *result, uint64 row, const char *column)
{
	bool is_null;
	Datum value = find_value(result, row, column, TEXTOID, &is_null);

	return is_null ? NULL : text_in_utf8(value);
}

TimestampTz
result_timestamp_or(const ResultSet *result, uint64 row, const char *column, TimestampTz if_null)
{
	bool is_null;
	Datum value = find_value(result, row, column, TIMESTAMPTZOID, &is_null);

	return is_null ? if_null : DatumGetTimestampTz(value);
}

int64
result_seconds(const ResultSet *result, uint64 row, const char *column)
{
	return EPOCH_SECONDS_OF_TIMESTAMP(
		DatumGetTimestampTz(require_value(result, row, column, TIMESTAMPTZOID)));
}
