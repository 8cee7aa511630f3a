/*
 * captured_change.h
 *		One change of an attached table: which row, and what its captured columns held.
 *
 * Private to db.
 */
#ifndef DB_CAPTURED_CHANGE_H
#define DB_CAPTURED_CHANGE_H

#include "postgres.h"

#include "commands/trigger.h"
#include "db/record_type.h"

#define CAPTURED_COLUMNS_MAX 16 /* a mapping has five, and ten that its expressions name, at most */

/* Where the columns of a mapping are in an attached table, or what it lacks. */
typedef struct CapturedColumns
{
	RecordType record_type;
	AttrNumber key;
	int count;
	AttrNumber columns[CAPTURED_COLUMNS_MAX];
	int place_of_any; /* of the columns, from 1 on: stands for all that the table has; 0: none does */
	const char *missing; /* NULL: all are there */
} CapturedColumns;

/* Texts, as their types are written; of a column that did not change both are NULL. */
typedef struct CapturedChange
{
	RecordType record_type;
	bool is_update;
	char *key;
	int count;
	char *old_values[CAPTURED_COLUMNS_MAX];
	char *new_values[CAPTURED_COLUMNS_MAX];
} CapturedChange;

extern CapturedColumns captured_change_columns(const TriggerData *trigger);

/* False: none of the columns that are there changed, or the key is NULL. What is pointed to is palloc'd. */
extern bool captured_change_read(const TriggerData *trigger, const CapturedColumns *columns,
								 CapturedChange *change);

extern CapturedChange *captured_change_copy(const CapturedChange *change, MemoryContext context);

/* How much memory the texts take, in bytes. */
extern Size captured_change_size(const CapturedChange *change);

#endif
