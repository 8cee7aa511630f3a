/*
 * record_type.c
 *		The two types of records, and how SQL calls them.
 */
#include "postgres.h"

#include "db/record_type.h"

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
