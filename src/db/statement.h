/*
 * statement.h
 *		SQL statements that are planned once and run often, by SPI.
 *
 * Private to db.  A statement that has a function per record type exists once
 * for each: its text names github_sync.%s_claim(...), and the type's name is
 * filled in.  Each text calls one function of ours.
 */
#ifndef DB_STATEMENT_H
#define DB_STATEMENT_H

#include "postgres.h"

#include "catalog/pg_type.h"
#include "db/parameters.h"
#include "db/record_type.h"
#include "db/result.h"
#include "executor/spi.h"

typedef struct Statement
{
	const char *text;
	int nparameters;
	Oid types[PARAMETERS_MAX];
	SPIPlanPtr plans[RECORD_TYPES];
	char *functions[RECORD_TYPES]; /* "github_sync.task_claim" */
} Statement;

/* STATEMENT(text, type of $1, type of $2 ...) */
#define STATEMENT(text_, ...)                                                                     \
	{                                                                                             \
		.text = (text_), .nparameters = lengthof(((const Oid[]){InvalidOid, ##__VA_ARGS__})) - 1, \
		.types = {                                                                                \
			__VA_ARGS__                                                                           \
		}                                                                                         \
	}

extern ResultSet
statement_run(Statement *statement, RecordType record_type, const Parameters *parameters);

/* One that does not name a record type, or takes no parameters. */
extern ResultSet statement_run_shared(Statement *statement, const Parameters *parameters);
extern ResultSet statement_run_plain(Statement *statement, RecordType record_type);

#endif
