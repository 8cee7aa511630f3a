/*
 * captured_change.c
 *		One change of an attached table: which row, and what its captured columns held.
 *
 * The columns are looked up by name for each statement: whatever a migration
 * did to the table, the answer is "it lacks this column", and never an error.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "db/captured_change.h"
#include "utils/datum.h"
#include "utils/lsyscache.h"
#include "utils/rel.h"

static AttrNumber
column_named(TupleDesc table, const char *name)
{
	for (int i = 0; i < table->natts; i++)
	{
		Form_pg_attribute column = TupleDescAttr(table, i);

		if (!column->attisdropped && strcmp(NameStr(column->attname), name) == 0)
			return column->attnum;
	}
	return InvalidAttrNumber;
}

CapturedColumns
captured_change_columns(const TriggerData *trigger)
{
	TupleDesc table = RelationGetDescr(trigger->tg_relation);
	char **arguments = trigger->tg_trigger->tgargs;
	CapturedColumns found = {0};

	/* capture_changes() gives them. */
	found.record_type =
		strcmp(arguments[0], record_type_name(RECORD_COMMENT)) == 0 ? RECORD_COMMENT : RECORD_TASK;
	found.count = trigger->tg_trigger->tgnargs - 2;
	for (int i = 1; i < trigger->tg_trigger->tgnargs; i++)
	{
		AttrNumber column = column_named(table, arguments[i]);

		if (arguments[i][0] == '\0')
			found.place_of_any = i - 1;
		else if (column == InvalidAttrNumber && found.missing == NULL)
			found.missing = arguments[i];
		if (i == 1)
			found.key = column;
		else
			found.columns[i - 2] = column;
	}
	return found;
}

static bool
is_unchanged(HeapTuple old_row, HeapTuple new_row, AttrNumber column, TupleDesc table)
{
	Form_pg_attribute type = TupleDescAttr(table, column - 1);
	bool old_is_null;
	bool new_is_null;
	Datum old_value = heap_getattr(old_row, column, table, &old_is_null);
	Datum new_value = heap_getattr(new_row, column, table, &new_is_null);

	if (old_is_null || new_is_null)
		return old_is_null && new_is_null;
	/* What is stored out of line is compared by where it is stored. */
	return datumIsEqual(old_value, new_value, type->attbyval, type->attlen);
}

static char *
text_of(HeapTuple row, AttrNumber column, TupleDesc table)
{
	Oid output_function;
	bool is_varlena;
	bool is_null;
	Datum value = heap_getattr(row, column, table, &is_null);

	if (is_null)
		return NULL;
	getTypeOutputInfo(TupleDescAttr(table, column - 1)->atttypid, &output_function, &is_varlena);
	return OidOutputFunctionCall(output_function, value);
}

static bool
any_changed(HeapTuple old_row, HeapTuple new_row, TupleDesc table)
{
	for (AttrNumber column = 1; column <= table->natts; column++)
	{
		if (!TupleDescAttr(table, column - 1)->attisdropped &&
			!is_unchanged(old_row, new_row, column, table))
			return true;
	}
	return false;
}

bool
captured_change_read(const TriggerData *trigger, const CapturedColumns *columns,
					 CapturedChange *change)
{
	TupleDesc table = RelationGetDescr(trigger->tg_relation);
	bool is_update = TRIGGER_FIRED_BY_UPDATE(trigger->tg_event);
	HeapTuple old_row = trigger->tg_trigtuple;
	HeapTuple new_row = is_update ? trigger->tg_newtuple : trigger->tg_trigtuple;
	bool changed = !is_update;

	memset(change, 0, sizeof(*change));
	for (int i = 0; is_update && i < columns->count; i++)
	{
		if (columns->columns[i] == InvalidAttrNumber ||
			is_unchanged(old_row, new_row, columns->columns[i], table))
			continue;
		changed = true;
		change->old_values[i] = text_of(old_row, columns->columns[i], table);
		change->new_values[i] = text_of(new_row, columns->columns[i], table);
	}
	if (is_update && columns->place_of_any > 0 && any_changed(old_row, new_row, table))
	{
		changed = true;
		change->new_values[columns->place_of_any - 1] = pstrdup("changed");
	}
	if (!changed)
		return false;
	change->record_type = columns->record_type;
	change->is_update = is_update;
	change->count = columns->count;
	change->key = text_of(new_row, columns->key, table);
	return change->key != NULL;
}

static char *
copy_value(const char *value)
{
	return value == NULL ? NULL : pstrdup(value);
}

CapturedChange *
captured_change_copy(const CapturedChange *change, MemoryContext context)
{
	MemoryContext caller_context = MemoryContextSwitchTo(context);
	CapturedChange *copy = palloc(sizeof(CapturedChange));

	*copy = *change;
	copy->key = pstrdup(change->key);
	for (int i = 0; i < change->count; i++)
	{
		copy->old_values[i] = copy_value(change->old_values[i]);
		copy->new_values[i] = copy_value(change->new_values[i]);
	}
	MemoryContextSwitchTo(caller_context);
	return copy;
}

static Size
size_of_text(const char *value)
{
	return value == NULL ? 0 : strlen(value) + 1;
}

Size
captured_change_size(const CapturedChange *change)
{
	Size size = sizeof(CapturedChange) + size_of_text(change->key);

	for (int i = 0; i < change->count; i++)
		size += size_of_text(change->old_values[i]) + size_of_text(change->new_values[i]);
	return size;
}
