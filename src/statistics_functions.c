/*
 * statistics_functions.c
 *		The C functions that SQL scripts declare for what workers counted.
 *
 * Each tells of the caller's database alone, and of nothing but zeros in a server
 * that did not preload the library.  None is parallel safe: see sql_functions.c.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "db/transaction_state.h"
#include "fmgr.h"
#include "funcapi.h"
#include "server/statistics.h"
#include "utils/array.h"
#include "utils/builtins.h"
#include "utils/timestamp.h"
#include "utils/tuplestore.h"

/* PG_FUNCTION_ARGS of a function that looks at none. */
#define NO_FUNCTION_ARGS FunctionCallInfo fcinfo pg_attribute_unused()

PG_FUNCTION_INFO_V1(github_sync_counted_answers);
PG_FUNCTION_INFO_V1(github_sync_counted_ends);
PG_FUNCTION_INFO_V1(github_sync_counted_times);
PG_FUNCTION_INFO_V1(github_sync_counted_minutes);
PG_FUNCTION_INFO_V1(github_sync_counted_since);
PG_FUNCTION_INFO_V1(github_sync_forget_counts);

typedef struct SubjectName
{
	const char *record_type;
	const char *direction; /* NULL: of neither */
} SubjectName;

static const SubjectName subject_names[STATISTICS_SUBJECTS] = {
	[SUBJECT_TASKS_INBOUND] = {"task", "inbound"},
	[SUBJECT_TASKS_OUTBOUND] = {"task", "outbound"},
	[SUBJECT_COMMENTS_INBOUND] = {"comment", "inbound"},
	[SUBJECT_COMMENTS_OUTBOUND] = {"comment", "outbound"},
	[SUBJECT_LISTS] = {"list", NULL},
	[SUBJECT_APP] = {"app", NULL}};

static const char *const class_names[STATISTICS_CLASSES] = {
	[CLASS_2XX] = "2xx", [CLASS_304] = "304", [CLASS_3XX] = "3xx",
	[CLASS_4XX] = "4xx", [CLASS_5XX] = "5xx", [CLASS_NO_ANSWER] = "no answer"};

static const char *const stage_names[STATISTICS_STAGES] = {
	[STAGE_WAITED] = "waited", [STAGE_ANSWERED] = "answered", [STAGE_APPLIED] = "applied"};

static StatisticsCounters *
counters_of_database(void)
{
	StatisticsCounters *counters = palloc0(sizeof(StatisticsCounters));

	(void) statistics_copy(counters);
	return counters;
}

/* The first three columns of a row. */
static void
name_row(Datum *values, bool *nulls, int subject, const char *third)
{
	const SubjectName *name = &subject_names[subject];

	values[0] = CStringGetTextDatum(name->record_type);
	nulls[1] = name->direction == NULL;
	if (!nulls[1])
		values[1] = CStringGetTextDatum(name->direction);
	values[2] = CStringGetTextDatum(third);
}

static void
put_row(FunctionCallInfo fcinfo, Datum *values, bool *nulls)
{
	ReturnSetInfo *result = (ReturnSetInfo *) fcinfo->resultinfo;

	tuplestore_putvalues(result->setResult, result->setDesc, values, nulls);
}

/*
 * counted_answers(OUT record_type text, OUT direction text, OUT outcome text,
 * OUT answers bigint, OUT bytes bigint) RETURNS SETOF record
 */
Datum
github_sync_counted_answers(PG_FUNCTION_ARGS)
{
	const StatisticsCounters *counters = counters_of_database();

	InitMaterializedSRF(fcinfo, 0);
	for (int subject = 0; subject < STATISTICS_SUBJECTS; subject++)
	{
		for (int class = 0; class < STATISTICS_CLASSES; class ++)
		{
			Datum values[5];
			bool nulls[5] = {false};

			name_row(values, nulls, subject, class_names[class]);
			values[3] = Int64GetDatum((int64) counters->answers[subject][class]);
			values[4] = Int64GetDatum((int64) counters->bytes[subject][class]);
			put_row(fcinfo, values, nulls);
		}
	}
	return (Datum) 0;
}

static const char *
outcome_name(TransactionState state)
{
	return state == TRANSACTION_QUEUED ? "tried again" : transaction_state_name(state);
}

/*
 * counted_ends(OUT record_type text, OUT direction text, OUT outcome text,
 * OUT transactions bigint) RETURNS SETOF record
 */
Datum
github_sync_counted_ends(PG_FUNCTION_ARGS)
{
	const StatisticsCounters *counters = counters_of_database();

	InitMaterializedSRF(fcinfo, 0);
	for (int subject = 0; subject < SUBJECT_LISTS; subject++)
	{
		for (int state = 0; state < TRANSACTION_STALE; state++)
		{
			Datum values[4];
			bool nulls[4] = {false};

			name_row(values, nulls, subject, outcome_name((TransactionState) state));
			values[3] = Int64GetDatum((int64) counters->ends[subject][state]);
			put_row(fcinfo, values, nulls);
		}
	}
	return (Datum) 0;
}

static Datum
array_of_counts(const uint64 *counts)
{
	Datum elements[STATISTICS_BUCKETS];

	for (int i = 0; i < STATISTICS_BUCKETS; i++)
		elements[i] = Int64GetDatum((int64) counts[i]);
	return PointerGetDatum(construct_array(elements, STATISTICS_BUCKETS, INT8OID, sizeof(int64),
										   FLOAT8PASSBYVAL, TYPALIGN_DOUBLE));
}

static Datum
array_of_limits(void)
{
	Datum elements[STATISTICS_LIMITS];

	for (int i = 0; i < STATISTICS_LIMITS; i++)
		elements[i] = Int32GetDatum(statistics_limits_ms[i]);
	return PointerGetDatum(
		construct_array(elements, STATISTICS_LIMITS, INT4OID, sizeof(int32), true, TYPALIGN_INT));
}

/* How long lists and tokens stood in a line is not measured. */
static bool
is_measured(int subject, int stage)
{
	return stage != STAGE_WAITED || subject < SUBJECT_LISTS;
}

/*
 * counted_times(OUT record_type text, OUT direction text, OUT stage text,
 * OUT total_ms double precision, OUT limits_ms integer[], OUT counts bigint[])
 * RETURNS SETOF record
 */
Datum
github_sync_counted_times(PG_FUNCTION_ARGS)
{
	const StatisticsCounters *counters = counters_of_database();

	InitMaterializedSRF(fcinfo, 0);
	for (int subject = 0; subject < STATISTICS_SUBJECTS; subject++)
	{
		for (int stage = 0; stage < STATISTICS_STAGES; stage++)
		{
			const StatisticsTimes *times = &counters->times[subject][stage];
			Datum values[6];
			bool nulls[6] = {false};

			if (!is_measured(subject, stage))
				continue;
			name_row(values, nulls, subject, stage_names[stage]);
			values[3] = Float8GetDatum((double) times->total_us / 1000);
			values[4] = array_of_limits();
			values[5] = array_of_counts(times->counts);
			put_row(fcinfo, values, nulls);
		}
	}
	return (Datum) 0;
}

static void
put_minute(FunctionCallInfo fcinfo, const StatisticsMinute *minute)
{
	bool measured = minute->measured > 0;
	Datum values[14];
	bool nulls[14] = {false};
	int column = 0;

	nulls[13] = !measured;
	values[column++] = TimestampTzGetDatum(minute->minute * USECS_PER_MINUTE);
	for (int class = 0; class < STATISTICS_CLASSES; class ++)
		values[column++] = Int64GetDatum((int64) minute->answers[class]);
	values[column++] = Int64GetDatum((int64) minute->bytes);
	values[column++] = Int64GetDatum((int64) minute->completed_inbound);
	values[column++] = Int64GetDatum((int64) minute->completed_outbound);
	values[column++] = Int64GetDatum((int64) minute->errored);
	values[column++] = Int64GetDatum((int64) minute->ended_otherwise);
	values[column++] = Int64GetDatum((int64) minute->tried_again);
	values[column] =
		Float8GetDatum(measured ? (double) minute->answered_us / 1000 / minute->measured : 0.0);
	put_row(fcinfo, values, nulls);
}

/*
 * counted_minutes(OUT minute timestamptz, OUT answers_2xx bigint, OUT answers_304
 * bigint, OUT answers_3xx bigint, OUT answers_4xx bigint, OUT answers_5xx bigint,
 * OUT no_answer bigint, OUT bytes bigint, OUT completed_inbound bigint, OUT
 * completed_outbound bigint, OUT errored bigint, OUT ended_otherwise bigint, OUT
 * tried_again bigint, OUT answered_ms double precision) RETURNS SETOF record: in
 * no order, and without minutes in which nothing happened.
 */
Datum
github_sync_counted_minutes(PG_FUNCTION_ARGS)
{
	StatisticsMinute *minutes = palloc(sizeof(StatisticsMinute) * STATISTICS_MINUTES);
	int count = statistics_copy_minutes(minutes);

	InitMaterializedSRF(fcinfo, 0);
	for (int i = 0; i < count; i++)
		put_minute(fcinfo, &minutes[i]);
	pfree(minutes);
	return (Datum) 0;
}

/* counted_since() RETURNS timestamptz: NULL where nothing was counted yet. */
Datum
github_sync_counted_since(NO_FUNCTION_ARGS)
{
	TimestampTz since = statistics_since();

	if (since == 0)
		PG_RETURN_NULL();
	PG_RETURN_TIMESTAMPTZ(since);
}

/* forget_counts() RETURNS void: counting begins anew. */
Datum
github_sync_forget_counts(NO_FUNCTION_ARGS)
{
	statistics_reset();
	PG_RETURN_VOID();
}
