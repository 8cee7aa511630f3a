/*
 * capture_functions.c
 *		The functions of the queue's owner that capture calls.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_proc.h"
#include "catalog/pg_type.h"
#include "db/capture_functions.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgroids.h"
#include "utils/syscache.h"

/* InvalidOid: it is gone. */
static Oid
find_function(const char *name, const Oid *types, int count)
{
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(buildoidvector(types, count)),
						   ObjectIdGetDatum(get_namespace_oid("github_sync", true)));
}

static Oid
find_capture(RecordType record_type, const char *name, const Oid *types, int count)
{
	Oid capture =
		find_function(psprintf("%s_%s", record_type_name(record_type), name), types, count);

	if (!OidIsValid(capture))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function github_sync.%s_%s is gone", record_type_name(record_type),
						name)));
	return capture;
}

bool
capture_functions_in_worker(void)
{
	Oid in_worker = find_function("in_worker", NULL, 0);

	return OidIsValid(in_worker) && DatumGetBool(OidFunctionCall0(in_worker));
}

static Datum
text_array(char *const *values, int count)
{
	Datum *elements = palloc(sizeof(Datum) * count);
	bool *nulls = palloc(sizeof(bool) * count);
	int lower_bound = 1;

	for (int i = 0; i < count; i++)
	{
		nulls[i] = values[i] == NULL;
		elements[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(values[i]);
	}
	return PointerGetDatum(construct_md_array(elements, nulls, 1, &count, &lower_bound, TEXTOID, -1,
											  false, TYPALIGN_INT));
}

/* task_capture(key text, is_update boolean, old_values text[], new_values text[]) */
void
capture_functions_enqueue(const CapturedChange *change)
{
	static const Oid types[] = {TEXTOID, BOOLOID, TEXTARRAYOID, TEXTARRAYOID};
	Oid capture = find_capture(change->record_type, "capture", types, lengthof(types));

	(void) OidFunctionCall4(capture, CStringGetTextDatum(change->key),
							BoolGetDatum(change->is_update),
							text_array(change->old_values, change->count),
							text_array(change->new_values, change->count));
}

static char *
array_as_text(char *const *values, int count)
{
	return OidOutputFunctionCall(F_ARRAY_OUT, text_array(values, count));
}

/* task_capture_edits(keys text[], old_values text[], new_values text[]), an array as text of each row */
void
capture_functions_enqueue_set(CapturedChange *const *changes, int count)
{
	static const Oid types[] = {TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID};
	Oid capture = find_capture(changes[0]->record_type, "capture_edits", types, lengthof(types));
	char **keys = palloc(sizeof(char *) * count);
	char **old_values = palloc(sizeof(char *) * count);
	char **new_values = palloc(sizeof(char *) * count);

	for (int i = 0; i < count; i++)
	{
		keys[i] = changes[i]->key;
		old_values[i] = array_as_text(changes[i]->old_values, changes[i]->count);
		new_values[i] = array_as_text(changes[i]->new_values, changes[i]->count);
	}
	(void) OidFunctionCall3(capture, text_array(keys, count), text_array(old_values, count),
							text_array(new_values, count));
}

/* note_problem(record_type text, problem text, detail text, remedy text) RETURNS boolean */
bool
capture_functions_note_problem(const CaptureProblem *problem)
{
	static const Oid types[] = {TEXTOID, TEXTOID, TEXTOID, TEXTOID};
	Oid note = find_function("note_problem", types, lengthof(types));

	if (!OidIsValid(note))
		return false;
	return DatumGetBool(
		OidFunctionCall4(note, CStringGetTextDatum(record_type_name(problem->record_type)),
						 CStringGetTextDatum(problem->problem),
						 CStringGetTextDatum(problem->detail),
						 CStringGetTextDatum(problem->remedy)));
}

/* note_uncaptured(record_type text, key text) */
void
capture_functions_note_row(const CapturedChange *change)
{
	static const Oid types[] = {TEXTOID, TEXTOID};
	Oid note = find_function("note_uncaptured", types, lengthof(types));

	if (OidIsValid(note))
		(void) OidFunctionCall2(note, CStringGetTextDatum(record_type_name(change->record_type)),
								CStringGetTextDatum(change->key));
}
