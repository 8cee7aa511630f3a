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
#include "utils/syscache.h"

/* InvalidOid: it is gone. */
static Oid
find_function(const char *name, const Oid *types, int count)
{
	return GetSysCacheOid3(PROCNAMEARGSNSP, Anum_pg_proc_oid, CStringGetDatum(name),
						   PointerGetDatum(buildoidvector(types, count)),
						   ObjectIdGetDatum(get_namespace_oid("github_sync", true)));
}

/* task_capture(key text, is_update boolean, old_values text[], new_values text[]) */
static Oid
find_capture(RecordType record_type)
{
	static const Oid types[] = {TEXTOID, BOOLOID, TEXTARRAYOID, TEXTARRAYOID};

	return find_function(psprintf("%s_capture", record_type_name(record_type)), types,
						 lengthof(types));
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
	Datum elements[CAPTURED_COLUMNS_MAX];
	bool nulls[CAPTURED_COLUMNS_MAX];
	int lower_bound = 1;

	for (int i = 0; i < count; i++)
	{
		nulls[i] = values[i] == NULL;
		elements[i] = nulls[i] ? (Datum) 0 : CStringGetTextDatum(values[i]);
	}
	return PointerGetDatum(construct_md_array(elements, nulls, 1, &count, &lower_bound, TEXTOID, -1,
											  false, TYPALIGN_INT));
}

void
capture_functions_enqueue(const CapturedChange *change)
{
	Oid capture = find_capture(change->record_type);

	if (!OidIsValid(capture))
		ereport(ERROR,
				(errcode(ERRCODE_UNDEFINED_FUNCTION),
				 errmsg("function github_sync.%s_capture is gone",
						record_type_name(change->record_type))));
	(void) OidFunctionCall4(capture, CStringGetTextDatum(change->key),
							BoolGetDatum(change->is_update),
							text_array(change->old_values, change->count),
							text_array(change->new_values, change->count));
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
