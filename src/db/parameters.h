/*
 * parameters.h
 *		What a statement is given, in the order of $1, $2 ...
 *
 * Private to db.  Texts are UTF-8, as all texts outside of db are.
 */
#ifndef DB_PARAMETERS_H
#define DB_PARAMETERS_H

#include "postgres.h"

#include "datatype/timestamp.h"

#define PARAMETERS_MAX 29

typedef struct Parameters
{
	int count;
	Datum values[PARAMETERS_MAX];
	char nulls[PARAMETERS_MAX];
} Parameters;

extern void parameters_add_null(Parameters *parameters);
extern void parameters_add_int64(Parameters *parameters, int64 value);
extern void parameters_add_int64_or_null(Parameters *parameters, int64 value); /* 0: NULL */
extern void parameters_add_int64_array(Parameters *parameters, const int64 *values, int count);
/* Elements may be NULL.  Raises where the database's encoding has no such character. */
extern void parameters_add_text_array(Parameters *parameters, const char *const *values, int count);
extern void parameters_add_int32(Parameters *parameters, int32 value);
extern void parameters_add_int32_or_null(Parameters *parameters, int32 value); /* 0: NULL */
extern void parameters_add_bool(Parameters *parameters, bool value);
extern void parameters_add_timestamp(Parameters *parameters, TimestampTz value);

/* Seconds since 1970; GITHUB_NO_TIME: NULL. */
extern void parameters_add_seconds(Parameters *parameters, int64 seconds);

/* Whether the database's encoding has each of its characters: then it may be added. */
extern bool parameters_can_hold(const char *value);

/* NULL: NULL.  Raises where the database's encoding has no such character. */
extern void parameters_add_text(Parameters *parameters, const char *value);

/* The same, of words for people: a "?" in place of what it has no character for. */
extern void parameters_add_words(Parameters *parameters, const char *value);

/* Of rows that each have the same parameters, of these types: an array of the first ones, of the second ones ... */
extern void
parameters_add_columns(Parameters *parameters, const Parameters *rows, int count, const Oid *types);

#endif
