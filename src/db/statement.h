/*
 * statement.h
 *		SQL statements that are planned once and run often, by SPI.
 *
 * Private to db.  A statement exists once per record type: its text names
 * functions as github_sync.%s_claim(...), filled in with the type's name.
 */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include "postgres.h"

#include "db/sync_queue.h"
#include "executor/spi.h"

#define STATEMENT_MAX_PARAMETERS 24

typedef struct Statement
{
	const char *text;
	int nparameters;
	Oid types[STATEMENT_MAX_PARAMETERS];
	SPIPlanPtr plans[RECORD_TYPES];
} Statement;

/* STATEMENT(text, type of $1, type of $2 ...) */
#define STATEMENT(text_, ...)                                                                     \
	{                                                                                             \
		.text = (text_), .nparameters = lengthof(((const Oid[]){InvalidOid, ##__VA_ARGS__})) - 1, \
		.types = {                                                                                \
			__VA_ARGS__                                                                           \
		}                                                                                         \
	}

typedef struct Parameters
{
	int count;
	Datum values[STATEMENT_MAX_PARAMETERS];
	char nulls[STATEMENT_MAX_PARAMETERS];
} Parameters;

extern const char *record_type_name(RecordType record_type);

extern void add_null(Parameters *parameters);
extern void add_int64(Parameters *parameters, int64 value);
extern void add_int64_or_null(Parameters *parameters, int64 value); /* 0: NULL */
extern void add_int64_array(Parameters *parameters, const int64 *values, int count);
extern void add_int32(Parameters *parameters, int32 value);
extern void add_bool(Parameters *parameters, bool value);

/*
 * UTF-8, as all texts outside of db are; NULL: NULL.  Raises where the
 * database's encoding has no such character.
 */
extern void add_text(Parameters *parameters, const char *value);

/* The same, of words for people: a "?" in place of what it has no character for. */
extern void add_words(Parameters *parameters, const char *value);
extern void add_timestamp(Parameters *parameters, TimestampTz value);
extern void
add_seconds(Parameters *parameters, int64 seconds_since_1970); /* GITHUB_NO_TIME: NULL */

/* Runs it; the rows are in SPI_tuptable. */
extern void
run_statement(Statement *statement, RecordType record_type, const Parameters *parameters);

/* Columns of a row of the last statement, counted from 1. */
extern bool row_is_null(uint64 row, int column);
extern int64 row_int64(uint64 row, int column); /* NULL: 0 */
extern int32 row_int32(uint64 row, int column); /* NULL: 0 */
extern bool row_bool(uint64 row, int column);   /* NULL: false */
extern char *row_text(uint64 row, int column);  /* UTF-8, palloc'd; NULL: NULL */
extern TimestampTz row_timestamp(uint64 row, int column, TimestampTz if_null);
extern int64 seconds_of_timestamp(TimestampTz timestamp);

#endif
