/*
 * sql_functions.c
 *		The C functions that SQL scripts declare.
 *
 * Each also works in a server that did not preload the library: then there is
 * no worker to wake or to show, and no session is a worker's.
 *
 * None is parallel safe: each answers for its own process or transaction.
 */
#include "postgres.h"

#include "access/htup_details.h"
#include "access/xlog.h"
#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "commands/trigger.h"
#include "db/backfill_wait.h"
#include "db/capture.h"
#include "db/function_body.h"
#include "db/owner_commands.h"
#include "db/ownership.h"
#include "db/readable_columns.h"
#include "db/unowned_commands.h"
#include "fmgr.h"
#include "funcapi.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "server/at_commit.h"
#include "server/budgets.h"
#include "server/fingerprint.h"
#include "server/shared_state.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/guc.h"
#include "utils/lsyscache.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

/* PG_FUNCTION_ARGS of a function that looks at none. */
#define NO_FUNCTION_ARGS FunctionCallInfo fcinfo pg_attribute_unused()

PG_FUNCTION_INFO_V1(github_sync_wake_on_commit);
PG_FUNCTION_INFO_V1(github_sync_wake);
PG_FUNCTION_INFO_V1(github_sync_wake_now);
PG_FUNCTION_INFO_V1(github_sync_poke_launcher);
PG_FUNCTION_INFO_V1(github_sync_library_preloaded);
PG_FUNCTION_INFO_V1(github_sync_library_version);
PG_FUNCTION_INFO_V1(github_sync_database_identity);
PG_FUNCTION_INFO_V1(github_sync_registered_identity);
PG_FUNCTION_INFO_V1(github_sync_server_fingerprint);
PG_FUNCTION_INFO_V1(github_sync_promotion_fingerprint);
PG_FUNCTION_INFO_V1(github_sync_is_registered_here);
PG_FUNCTION_INFO_V1(github_sync_in_worker);
PG_FUNCTION_INFO_V1(github_sync_is_sync);
PG_FUNCTION_INFO_V1(github_sync_worker_slots);
PG_FUNCTION_INFO_V1(github_sync_installation_budget);
PG_FUNCTION_INFO_V1(github_sync_capture_change);
PG_FUNCTION_INFO_V1(github_sync_replace_function_body);
PG_FUNCTION_INFO_V1(github_sync_table_has_columns);
PG_FUNCTION_INFO_V1(github_sync_owner_problem);
PG_FUNCTION_INFO_V1(github_sync_queue_has_one_owner);
PG_FUNCTION_INFO_V1(github_sync_require_one_owner);
PG_FUNCTION_INFO_V1(github_sync_execute_unowned);
PG_FUNCTION_INFO_V1(github_sync_execute_as_owner);
PG_FUNCTION_INFO_V1(github_sync_read_as_owner);
PG_FUNCTION_INFO_V1(github_sync_describe_expression);
PG_FUNCTION_INFO_V1(github_sync_wait_for_backfill);

/* wake_on_commit() RETURNS trigger: wakes the workers when the transaction commits. */
Datum
github_sync_wake_on_commit(PG_FUNCTION_ARGS)
{
	if (!CALLED_AS_TRIGGER(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("github_sync_wake_on_commit must be called as a trigger")));
	at_commit(WAKE_WORKERS, MyDatabaseId);
	return PointerGetDatum(NULL);
}

/* wake() RETURNS void: does the same without a trigger, and also for what is due in another way than by a queue. */
Datum
github_sync_wake(NO_FUNCTION_ARGS)
{
	at_commit(WAKE_ALL_WORKERS, MyDatabaseId);
	PG_RETURN_VOID();
}

/* wake_now() RETURNS void: does not wait for the commit, for what is not in a table of this transaction. */
Datum
github_sync_wake_now(NO_FUNCTION_ARGS)
{
	shared_state_wake_workers(MyDatabaseId);
	PG_RETURN_VOID();
}

/* poke_launcher() RETURNS void: has this database scouted when the transaction commits. */
Datum
github_sync_poke_launcher(NO_FUNCTION_ARGS)
{
	at_commit(SCOUT_DATABASE, MyDatabaseId);
	PG_RETURN_VOID();
}

/* library_version() RETURNS text: of the library that this session runs. */
Datum
github_sync_library_version(NO_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(GITHUB_SYNC_VERSION));
}

/* library_preloaded() RETURNS boolean: can this server run workers? */
Datum
github_sync_library_preloaded(NO_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(shared_state_available());
}

/*
 * database_identity() RETURNS text: '<system identifier>/<database oid>'.
 * Differs between a database and its copy or restored dump; a failover keeps it.
 */
Datum
github_sync_database_identity(NO_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(
		cstring_to_text(psprintf(UINT64_FORMAT "/%u", GetSystemIdentifier(), MyDatabaseId)));
}

static char *
registered_identity(void)
{
	Oid schema = get_namespace_oid("github_sync", true);
	Oid attached = OidIsValid(schema) ? get_relname_relid("attached_tables", schema) : InvalidOid;

	return psprintf(UINT64_FORMAT "/%u/%u", GetSystemIdentifier(), MyDatabaseId, attached);
}

/*
 * registered_identity() RETURNS text: the same and '/<oid of attached_tables>'.
 * Differs also where a dump is restored over the database that it was made of.
 */
Datum
github_sync_registered_identity(NO_FUNCTION_ARGS)
{
	PG_RETURN_TEXT_P(cstring_to_text(registered_identity()));
}

static Datum
jsonb_of(char *json)
{
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(json));
}

/* server_fingerprint() RETURNS jsonb: see fingerprint.h. */
Datum
github_sync_server_fingerprint(NO_FUNCTION_ARGS)
{
	return jsonb_of(fingerprint_of_server());
}

/* is_registered_here(text, jsonb) RETURNS boolean: are these registered_identity() and server_fingerprint()? */
Datum
github_sync_is_registered_here(PG_FUNCTION_ARGS)
{
	char *identity = text_to_cstring(PG_GETARG_TEXT_PP(0));

	if (strcmp(identity, registered_identity()) != 0)
		PG_RETURN_BOOL(false);
	return DirectFunctionCall2(jsonb_eq, PG_GETARG_DATUM(1), jsonb_of(fingerprint_of_server()));
}

/* promotion_fingerprint() RETURNS jsonb: see fingerprint.h. */
Datum
github_sync_promotion_fingerprint(PG_FUNCTION_ARGS)
{
	char *fingerprint = fingerprint_at_promotion();

	if (fingerprint == NULL)
		PG_RETURN_NULL();
	return jsonb_of(fingerprint);
}

/* in_worker() RETURNS boolean: is this session a worker's? */
Datum
github_sync_in_worker(NO_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(shared_state_has_slot());
}

static void
put_worker_status(ReturnSetInfo *result, const WorkerStatus *status)
{
	bool running = status->pid != 0;
	bool failed = status->last_error.message[0] != '\0';
	bool starts = status->next_start_at != DT_NOEND;
	Datum values[7];
	bool nulls[7] = {!running, !running, false, !running, !failed, !failed, !starts};

	values[0] = Int32GetDatum((int32) status->pid);
	values[1] = TimestampTzGetDatum(status->started_at);
	values[2] = CStringGetTextDatum(status->activity);
	values[3] = Int32GetDatum(status->requests_under_way);
	values[4] = CStringGetTextDatum(status->last_error.message);
	values[5] = TimestampTzGetDatum(status->last_error.at);
	values[6] = TimestampTzGetDatum(status->next_start_at);
	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * worker_slots(OUT pid int, OUT started_at timestamptz, OUT activity text,
 * OUT requests_under_way int, OUT last_error text, OUT last_error_at timestamptz,
 * OUT next_start_at timestamptz) RETURNS SETOF record: a row per worker of this
 * database, and one whose pid is null where a further one could run.  Workers of
 * other databases are not shown.
 */
Datum
github_sync_worker_slots(PG_FUNCTION_ARGS)
{
	WorkerStatus *rows = palloc(sizeof(WorkerStatus) * WORKER_STATUS_MAX);
	int count = shared_state_copy_status(MyDatabaseId, rows);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
		put_worker_status((ReturnSetInfo *) fcinfo->resultinfo, &rows[i]);
	return (Datum) 0;
}

/*
 * installation_budget(installation_id bigint, OUT request_limit bigint, OUT
 * remaining bigint, OUT reset_at timestamptz, OUT requests_last_hour bigint,
 * OUT points_last_minute bigint, OUT creations_last_minute bigint, OUT
 * creations_last_hour bigint, OUT requests_under_way int) RETURNS record: null
 * for an installation that nothing was sent for.
 */
Datum
github_sync_installation_budget(PG_FUNCTION_ARGS)
{
	BudgetOverview budget;
	TupleDesc columns;
	Datum values[8];
	bool nulls[8] = {false};

	if (!budget_overview(PG_GETARG_INT64(0), &budget))
		PG_RETURN_NULL();
	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "github_sync_installation_budget must return a record");
	nulls[0] = nulls[1] = nulls[2] = !budget.limit_known;
	values[0] = Int64GetDatum(budget.limit);
	values[1] = Int64GetDatum(budget.remaining);
	values[2] = TimestampTzGetDatum(budget.reset_at);
	values[3] = Int64GetDatum(budget.usage.requests_last_hour);
	values[4] = Int64GetDatum(budget.usage.points_last_minute);
	values[5] = Int64GetDatum(budget.usage.creations_last_minute);
	values[6] = Int64GetDatum(budget.usage.creations_last_hour);
	values[7] = Int32GetDatum(budget.reads_under_way + budget.writes_under_way);
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/* owner_problem(OUT problem text, OUT remedy text) RETURNS record: see ownership.h; both null: there is none. */
Datum
github_sync_owner_problem(PG_FUNCTION_ARGS)
{
	const OwnershipProblem *problem = ownership_problem();
	TupleDesc columns;
	Datum values[2] = {0};
	bool nulls[2] = {true, true};

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "github_sync_owner_problem must return a record");
	if (problem != NULL)
	{
		values[0] = CStringGetTextDatum(problem->problem);
		values[1] = CStringGetTextDatum(problem->remedy);
		nulls[0] = nulls[1] = false;
	}
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

/* queue_has_one_owner() RETURNS boolean: see ownership.h; false without a queue. */
Datum
github_sync_queue_has_one_owner(NO_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(ownership_queue_is_ones());
}

/* is_sync() RETURNS boolean: does the worker write just now what GitHub has? */
Datum
github_sync_is_sync(NO_FUNCTION_ARGS)
{
	const char *applying = GetConfigOption("github_sync.applying", true, false);

	PG_RETURN_BOOL(applying != NULL && applying[0] != '\0' && shared_state_has_slot() &&
				   ownership_queue_is_ones());
}

/*
 * require_one_owner() RETURNS void: raises 55000 where there is such a problem.
 * Whoever runs as the owner asks it first, so that a superuser's call is restricted here.
 */
Datum
github_sync_require_one_owner(NO_FUNCTION_ARGS)
{
	ownership_require();
	ownership_restrict_superuser();
	PG_RETURN_VOID();
}

/* execute_unowned(commands text) RETURNS void: see unowned_commands.h. */
Datum
github_sync_execute_unowned(PG_FUNCTION_ARGS)
{
	unowned_commands_execute(text_to_cstring(PG_GETARG_TEXT_PP(0)));
	PG_RETURN_VOID();
}

/* execute_as_owner(owned regclass, commands text) RETURNS void: see owner_commands.h. */
Datum
github_sync_execute_as_owner(PG_FUNCTION_ARGS)
{
	owner_commands_execute(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

/* read_as_owner(owned regclass, query text) RETURNS text: see owner_commands.h. */
Datum
github_sync_read_as_owner(PG_FUNCTION_ARGS)
{
	char *value = owner_commands_read(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));

	if (value == NULL)
		PG_RETURN_NULL();
	PG_RETURN_TEXT_P(cstring_to_text(value));
}

/*
 * capture_change(record type, key column, captured columns ...) RETURNS trigger:
 * see capture.h.  For AFTER INSERT OR UPDATE ... FOR EACH ROW, and without
 * arguments FOR EACH STATEMENT.
 */
Datum
github_sync_capture_change(PG_FUNCTION_ARGS)
{
	const TriggerData *trigger = (const TriggerData *) fcinfo->context;

	if (!CALLED_AS_TRIGGER(fcinfo) || !TRIGGER_FIRED_AFTER(trigger->tg_event) ||
		TRIGGER_FIRED_BY_DELETE(trigger->tg_event) ||
		(TRIGGER_FIRED_FOR_ROW(trigger->tg_event) && !capture_has_arguments(trigger)))
		ereport(ERROR,
				(errcode(ERRCODE_E_R_I_E_TRIGGER_PROTOCOL_VIOLATED),
				 errmsg("github_sync_capture_change is for the triggers that capture makes")));
	if (TRIGGER_FIRED_FOR_ROW(trigger->tg_event))
		capture_row(trigger, fcinfo->flinfo);
	else
		capture_statement();
	return PointerGetDatum(NULL);
}

/* replace_function_body(function regprocedure, body text) RETURNS void: see function_body.h. */
Datum
github_sync_replace_function_body(PG_FUNCTION_ARGS)
{
	function_body_replace(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)));
	PG_RETURN_VOID();
}

/* table_has_columns(in_schema name, table_name name, columns name[]) RETURNS boolean: see readable_columns.h. */
Datum
github_sync_table_has_columns(PG_FUNCTION_ARGS)
{
	PG_RETURN_BOOL(readable_columns(NameStr(*PG_GETARG_NAME(0)), NameStr(*PG_GETARG_NAME(1)),
									PG_GETARG_ARRAYTYPE_P(2)));
}

/*
 * describe_expression(owned regclass, expression text, the_row text, OUT type regtype,
 * OUT is_volatile boolean, OUT columns int[]) RETURNS record: see owner_commands.h.
 */
Datum
github_sync_describe_expression(PG_FUNCTION_ARGS)
{
	RowExpression found =
		owner_commands_describe(PG_GETARG_OID(0), text_to_cstring(PG_GETARG_TEXT_PP(1)),
								text_to_cstring(PG_GETARG_TEXT_PP(2)));
	Datum *places = palloc(sizeof(Datum) * (bms_num_members(found.columns) + 1));
	TupleDesc columns;
	Datum values[3];
	bool nulls[3] = {false};
	int count = 0;

	if (get_call_result_type(fcinfo, NULL, &columns) != TYPEFUNC_COMPOSITE)
		elog(ERROR, "github_sync_describe_expression must return a record");
	for (int place = bms_next_member(found.columns, -1); place >= 0;
		 place = bms_next_member(found.columns, place))
		places[count++] = Int32GetDatum(place);
	values[0] = ObjectIdGetDatum(found.type);
	values[1] = BoolGetDatum(found.is_volatile);
	values[2] =
		PointerGetDatum(construct_array(places, count, INT4OID, sizeof(int32), true, TYPALIGN_INT));
	PG_RETURN_DATUM(HeapTupleGetDatum(heap_form_tuple(BlessTupleDesc(columns), values, nulls)));
}

static bool
is_called_by_itself(FunctionCallInfo fcinfo)
{
	return fcinfo->context != NULL && IsA(fcinfo->context, CallContext) &&
		!castNode(CallContext, fcinfo->context)->atomic;
}

/* wait_for_backfill(github_repo_id bigint), a procedure: see backfill_wait.h. */
Datum
github_sync_wait_for_backfill(PG_FUNCTION_ARGS)
{
	int64 github_repo_id = PG_ARGISNULL(0) ? 0 : PG_GETARG_INT64(0);

	if (!is_called_by_itself(fcinfo))
		ereport(ERROR,
				(errcode(ERRCODE_INVALID_TRANSACTION_TERMINATION),
				 errmsg("github_sync.wait_for_backfill() cannot be called within a transaction"),
				 errdetail("It commits, so that it holds nothing while it waits."),
				 errhint("CALL it by itself, without BEGIN and not in a function.")));
	backfill_wait(PG_ARGISNULL(0) ? NULL : &github_repo_id);
	PG_RETURN_VOID();
}
