/*
 * record_type.h
 *		The two types of records, and how SQL calls them.
 */
#ifndef DB_RECORD_TYPE_H
#define DB_RECORD_TYPE_H

typedef enum RecordType
{
	RECORD_TASK,
	RECORD_COMMENT
} RecordType;

#define RECORD_TYPES 2

/* "task": static text. */
extern const char *record_type_name(RecordType record_type);

#endif
