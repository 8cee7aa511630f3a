/*
 * capture.c
 *		What the application's writes put into the queue, without ever failing them.
 *
 * Whatever goes wrong here is contained: the write of the application goes on, a
 * row in noted_problems says what was wrong, and refresh_attached() finds the
 * changes that were not captured.  Only 40001 is raised, where the transaction
 * has one snapshot for all of its statements, and what cancels the statement.
 *
 * What can be seen beforehand (a column is gone, the owner is another one) costs
 * no subtransaction.  Anything else does: the rows of a statement share one when
 * it ends, while they and those before them are few, so that who looks into the
 * queue finds them at once; all further rows of a transaction share one when it
 * commits (capture_pool.h).  Those that may are put into the queue together
 * (capture_set.h).
 */
#include "postgres.h"

#include "access/transam.h"
#include "access/xact.h"
#include "db/capture.h"
#include "db/capture_functions.h"
#include "db/capture_pool.h"
#include "db/capture_set.h"
#include "db/captured_change.h"
#include "db/contained.h"
#include "db/ownership.h"
#include "miscadmin.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/rel.h"

/*
 * Rows.  The server keeps 64 subtransactions of a session where all others find
 * them without a search; and what many rows lock of the queue is not to stay
 * locked for as long as a transaction lasts.
 */
#define CAPTURED_AT_ONCE 32

/* Of this transaction. */
static TransactionId transaction = InvalidTransactionId;
static int captured_at_once;
static bool problem_told[RECORD_TYPES];

static void
begin_with_transaction(void)
{
	if (transaction == GetTopTransactionId())
		return;
	transaction = GetTopTransactionId();
	captured_at_once = 0;
	memset(problem_told, 0, sizeof(problem_told));
}

/* ---- problems ---- */

typedef struct Noting
{
	const CaptureProblem *problem;
	bool is_new;
} Noting;

/* ContainedAction */
static void
note_problem(void *argument)
{
	Noting *noting = argument;

	noting->is_new = capture_functions_note_problem(noting->problem);
}

/* Once a transaction: a table may have many rows. */
static void
tell_problem(const CaptureProblem *problem)
{
	Noting noting = {problem, false};
	ErrorData *error;

	if (problem_told[problem->record_type])
		return;
	problem_told[problem->record_type] = true;
	error = contained_run(note_problem, &noting);
	if (error != NULL || noting.is_new)
		ereport(LOG,
				(errmsg("changes of the application's %ss are not captured: %s",
						record_type_name(problem->record_type), problem->detail),
				 error != NULL
					 ? errdetail("This could not be noted in the database: %s", error->message)
					 : 0,
				 errhint("%s", problem->remedy)));
}

/* ContainedAction */
static void
note_row(void *argument)
{
	capture_functions_note_row(argument);
}

/* A row without a record can be told by nothing else later on. */
static void
remember(CapturedChange *change)
{
	ErrorData *error = contained_run(note_row, change);

	if (error != NULL)
		FreeErrorData(error);
}

static void
tell_missing_column(const TriggerData *trigger, const CapturedColumns *columns)
{
	CaptureProblem problem = {.record_type = columns->record_type, .problem = "mapping"};

	problem.detail = psprintf("table %s has no column %s",
							  RelationGetRelationName(trigger->tg_relation), columns->missing);
	problem.remedy =
		psprintf("Call github_sync.attach_%ss() again, with the columns that count now.",
				 record_type_name(columns->record_type));
	tell_problem(&problem);
}

/* The problem is in sync_problems while it lasts; noted is that it began, where that is not another owner's affair. */
static void
tell_ownership(const OwnershipProblem *found, RecordType record_type)
{
	CaptureProblem problem = {.record_type = record_type, .problem = "ownership"};

	problem.detail = pstrdup(found->problem);
	problem.remedy = pstrdup(found->remedy);
	if (ownership_queue_is_ones())
		tell_problem(&problem);
}

static void
tell_failure(CapturedChange *change, const ErrorData *error)
{
	CaptureProblem problem = {.record_type = change->record_type, .problem = "capture"};

	problem.detail = psprintf("%s %s: %s (%s)", record_type_name(change->record_type), change->key,
							  error->message, unpack_sql_state(error->sqlerrcode));
	problem.remedy =
		"Once the reason is gone, as a superuser: SELECT github_sync.refresh_attached().";
	tell_problem(&problem);
	remember(change);
}

/* ---- changes ---- */

typedef struct Batch
{
	CapturedChange *const *changes;
	int count;
} Batch;

/* ContainedAction */
static void
enqueue_batch(void *argument)
{
	const Batch *batch = argument;
	MemoryContext caller_context = CurrentMemoryContext;
	MemoryContext of_set =
		AllocSetContextCreate(caller_context, "github_sync changes", ALLOCSET_DEFAULT_SIZES);
	int length;

	MemoryContextSwitchTo(of_set);
	for (int i = 0; i < batch->count; i += length)
	{
		length = capture_set_length(batch->changes + i, batch->count - i);
		if (length == 1)
			capture_functions_enqueue(batch->changes[i]);
		else
			capture_functions_enqueue_set(batch->changes + i, length);
		MemoryContextReset(of_set);
	}
	MemoryContextSwitchTo(caller_context);
	MemoryContextDelete(of_set);
}

/* The transaction has one snapshot for all of its statements: it must be repeated as a whole. */
static bool
must_be_repeated(const ErrorData *error)
{
	return error->sqlerrcode == ERRCODE_T_R_SERIALIZATION_FAILURE && IsolationUsesXactSnapshot();
}

/* One that fails must not take the others along: they are halved until it is alone. */
static void
capture_batch(CapturedChange *const *changes, int count)
{
	Batch batch = {changes, count};
	ErrorData *error;

	if (count == 0)
		return;
	check_stack_depth();
	error = contained_run(enqueue_batch, &batch);
	if (error == NULL)
		return;
	if (must_be_repeated(error))
		ReThrowError(error);
	if (count == 1)
	{
		tell_failure(changes[0], error);
		return;
	}
	FreeErrorData(error);
	capture_batch(changes, count / 2);
	capture_batch(changes + count / 2, count - count / 2);
}

/* Within a trigger that another trigger's statement fired. */
static bool
is_nested(void)
{
	return DatumGetInt32(DirectFunctionCall1(pg_trigger_depth, (Datum) 0)) > 1;
}

/*
 * What the worker itself writes is no news.  What triggers of the application
 * write meanwhile is the application's, of the same row too: the rules find out
 * whether that differs from what the row holds in the end.
 */
static bool
is_own_write(const CapturedChange *change)
{
	const char *applying = GetConfigOption("github_sync.applying", true, false);
	const char *type = record_type_name(change->record_type);

	return applying != NULL && applying[0] != '\0' && !is_nested() &&
		(strcmp(applying, psprintf("%s:new", type)) == 0 ||
		 strcmp(applying, psprintf("%s:%s", type, change->key)) == 0) &&
		capture_functions_in_worker();
}

/* By the columns that are left. */
static void
miss_row(const TriggerData *trigger, const CapturedColumns *columns)
{
	CapturedChange change;

	tell_missing_column(trigger, columns);
	if (columns->key != InvalidAttrNumber && captured_change_read(trigger, columns, &change) &&
		!is_own_write(&change))
		remember(&change);
}

static const CapturedColumns *
columns_of(const TriggerData *trigger, FmgrInfo *function)
{
	if (function->fn_extra == NULL)
	{
		CapturedColumns *columns = MemoryContextAlloc(function->fn_mcxt, sizeof(*columns));

		*columns = captured_change_columns(trigger);
		function->fn_extra = columns;
	}
	return function->fn_extra;
}

bool
capture_has_arguments(const TriggerData *trigger)
{
	return trigger->tg_trigger->tgnargs > 2 &&
		trigger->tg_trigger->tgnargs <= CAPTURED_COLUMNS_MAX + 2;
}

void
capture_row(const TriggerData *trigger, FmgrInfo *function)
{
	const CapturedColumns *columns = columns_of(trigger, function);
	const OwnershipProblem *problem = ownership_problem();
	CapturedChange change;
	CapturedChange *only = &change;

	begin_with_transaction();
	if (problem != NULL)
		tell_ownership(problem, columns->record_type);
	else if (columns->missing != NULL)
		miss_row(trigger, columns);
	else if (!captured_change_read(trigger, columns, &change) || is_own_write(&change))
		return;
	else if (trigger->tg_relation->rd_rel->relispartition && captured_at_once < CAPTURED_AT_ONCE)
	{
		/* Of a statement that names the partition no trigger tells the end. */
		captured_at_once++;
		capture_batch(&only, 1);
	}
	else
		capture_pool_add(&change, capture_batch);
}

void
capture_statement(void)
{
	int rows = capture_pool_current();

	if (rows == 0)
		return;
	begin_with_transaction();
	if (captured_at_once + rows > CAPTURED_AT_ONCE)
		return;
	captured_at_once += rows;
	capture_pool_give_current();
}
