/*
 * result.h
 *		The rows that a statement returned, by the names of their columns.
 *
 * Private to db.  The functions that we call belong to the owner of the queue,
 * who can replace them: what they return is a stranger's.  So every value is
 * read through here, and a row or column that is not there, a value of another
 * type and a NULL that nobody expects raise an error that names the function
 * and the column.  Rows are counted from 0.
 */
#ifndef DB_RESULT_H
#define DB_RESULT_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "executor/spi.h"

typedef struct ResultSet
{
	const char *function; /* which returned it: "github_sync.task_claim" */
	uint64 count;
	SPITupleTable *rows;
} ResultSet;

/* Of the last statement that SPI ran; lives as long as its transaction. */
extern ResultSet result_of_spi(const char *function);

extern int64 result_int64(const ResultSet *result, uint64 row, const char *column);
extern int64
result_int64_or(const ResultSet *result, uint64 row, const char *column, int64 if_null);
extern int32 result_int32(const ResultSet *result, uint64 row, const char *column);
extern int32
result_int32_or(const ResultSet *result, uint64 row, const char *column, int32 if_null);
extern bool result_bool(const ResultSet *result, uint64 row, const char *column);
extern bool result_bool_or(const ResultSet *result, uint64 row, const char *column, bool if_null);

/* UTF-8, palloc'd. */
extern char *result_text(const ResultSet *result, uint64 row, const char *column);
extern char *result_text_or_null(const ResultSet *result, uint64 row, const char *column);
extern TimestampTz
result_timestamp_or(const ResultSet *result, uint64 row, const char *column, TimestampTz if_null);

/* Of a timestamp: seconds since 1970. */
extern int64 result_seconds(const ResultSet *result, uint64 row, const char *column);

#endif
