/*
 * parameters.c
 *		What a statement is given, in the order of $1, $2 ...
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "core/github_time.h"
#include "db/epoch.h"
#include "db/parameters.h"
#include "mb/pg_wchar.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"

static void
add(Parameters *parameters, Datum value, bool is_null)
{
	Assert(parameters->count < PARAMETERS_MAX); /* statements are written here, not made */
	parameters->values[parameters->count] = value;
	parameters->nulls[parameters->count] = is_null ? 'n' : ' ';
	parameters->count++;
}

void
parameters_add_null(Parameters *parameters)
{
	add(parameters, (Datum) 0, true);
}

void
parameters_add_int64(Parameters *parameters, int64 value)
{
	add(parameters, Int64GetDatum(value), false);
}

void
parameters_add_int64_or_null(Parameters *parameters, int64 value)
{
	add(parameters, Int64GetDatum(value), value == 0);
}

void
parameters_add_int64_array(Parameters *parameters, const int64 *values, int count)
{
	Datum *elements = palloc(sizeof(Datum) * Max(count, 1));

	for (int i = 0; i < count; i++)
		elements[i] = Int64GetDatum(values[i]);
	add(parameters,
		PointerGetDatum(construct_array(elements, count, INT8OID, sizeof(int64), FLOAT8PASSBYVAL,
										TYPALIGN_DOUBLE)),
		false);
}

static Datum
text_datum(const char *value)
{
	return CStringGetTextDatum(pg_any_to_server(value, (int) strlen(value), PG_UTF8));
}

bool
parameters_can_hold(const char *value)
{
	int encoding = GetDatabaseEncoding();
	int length = value != NULL ? (int) strlen(value) : 0;
	unsigned char *converted;
	Oid conversion;
	int read;

	if (length == 0)
		return true;
	if (encoding == PG_UTF8 || encoding == PG_SQL_ASCII)
		return pg_verify_mbstr(PG_UTF8, value, length, true);
	conversion = FindDefaultConversionProc(PG_UTF8, encoding);
	if (!OidIsValid(conversion))
		return false;
	converted = palloc((Size) length * MAX_CONVERSION_GROWTH + 1);
	read = pg_do_encoding_conversion_buf(conversion, PG_UTF8, encoding,
										 (unsigned char *) unconstify(char *, value), length,
										 converted, length * MAX_CONVERSION_GROWTH + 1, true);
	pfree(converted);
	return read == length;
}

void
parameters_add_text_array(Parameters *parameters, const char *const *values, int count)
{
	Datum *elements = palloc0(sizeof(Datum) * Max(count, 1));
	bool *nulls = palloc0(sizeof(bool) * Max(count, 1));
	int lower_bound = 1;

	for (int i = 0; i < count; i++)
	{
		nulls[i] = values[i] == NULL;
		if (!nulls[i])
			elements[i] = text_datum(values[i]);
	}
	add(parameters,
		PointerGetDatum(construct_md_array(elements, nulls, 1, &count, &lower_bound, TEXTOID, -1,
										   false, TYPALIGN_INT)),
		false);
}

void
parameters_add_int32(Parameters *parameters, int32 value)
{
	add(parameters, Int32GetDatum(value), false);
}

void
parameters_add_int32_or_null(Parameters *parameters, int32 value)
{
	add(parameters, Int32GetDatum(value), value == 0);
}

void
parameters_add_bool(Parameters *parameters, bool value)
{
	add(parameters, BoolGetDatum(value), false);
}

void
parameters_add_timestamp(Parameters *parameters, TimestampTz value)
{
	add(parameters, TimestampTzGetDatum(value), false);
}

void
parameters_add_seconds(Parameters *parameters, int64 seconds)
{
	if (seconds == GITHUB_NO_TIME)
		parameters_add_null(parameters);
	else
		parameters_add_timestamp(parameters, EPOCH_TIMESTAMP_OF_SECONDS(seconds));
}

void
parameters_add_text(Parameters *parameters, const char *value)
{
	if (value == NULL)
		parameters_add_null(parameters);
	else
		add(parameters, text_datum(value), false);
}

/* What the database has no character for must not hide the reason as a whole. */
void
parameters_add_words(Parameters *parameters, const char *value)
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
	parameters_add_text(parameters, words);
}

static Datum
array_of_column(const Parameters *rows, int count, int column, Oid type)
{
	Datum *values = palloc(sizeof(Datum) * Max(count, 1));
	bool *nulls = palloc(sizeof(bool) * Max(count, 1));
	int first = 1;
	int16 length;
	bool by_value;
	char alignment;

	for (int i = 0; i < count; i++)
	{
		values[i] = rows[i].values[column];
		nulls[i] = rows[i].nulls[column] == 'n';
	}
	get_typlenbyvalalign(type, &length, &by_value, &alignment);
	return PointerGetDatum(
		construct_md_array(values, nulls, 1, &count, &first, type, length, by_value, alignment));
}

void
parameters_add_columns(Parameters *parameters, const Parameters *rows, int count, const Oid *types)
{
	for (int column = 0; column < rows[0].count; column++)
		add(parameters, array_of_column(rows, count, column, types[column]), false);
}
