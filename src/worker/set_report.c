/*
 * set_report.c
 *		Answers that show the resources of their claims are reported as a set, by
 *		one statement.
 */
#include "postgres.h"

#include "db/transaction.h"
#include "miscadmin.h"
#include "server/suspects.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/claim_report.h"
#include "worker/set_report.h"

/*
 * Where the application's own triggers see each row, no answer is reported with
 * others: sets of the type are not tried for so long.
 */
#define REST_MS 5000

static TimestampTz rests_until[RECORD_TYPES];

typedef struct Set
{
	PlainReport **reports; /* of claims of one record type */
	int count;
} Set;

/* DbAction */
static void
report_together(void *argument)
{
	const Set *set = argument;
	SyncClaim **claims = palloc(sizeof(SyncClaim *) * set->count);
	ResourceReport *answers = palloc(sizeof(ResourceReport) * set->count);
	ReportOutcome *outcomes = palloc(sizeof(ReportOutcome) * set->count);

	for (int i = 0; i < set->count; i++)
	{
		claims[i] = set->reports[i]->report->conversation->claim;
		answers[i] = set->reports[i]->shown;
	}
	queue_report_set(set->count, claims, answers, outcomes);
	for (int i = 0; i < set->count; i++)
		set->reports[i]->outcome = outcomes[i];
}

static RecordType
type_of(const Report *report)
{
	return report->conversation->claim->record_type;
}

static List *
end_set(const Set *set, List *alone)
{
	int before = list_length(alone);

	for (int i = 0; i < set->count; i++)
	{
		if (set->reports[i]->outcome.result == REPORT_GOES_ALONE)
			alone = lappend(alone, set->reports[i]->report);
		else
			claim_report_end_plain(set->reports[i]);
	}
	if (list_length(alone) - before == set->count)
		rests_until[type_of(set->reports[0]->report)] = backoff_in_ms(REST_MS);
	return alone;
}

static List *
leave_set(const Set *set, List *alone)
{
	for (int i = 0; i < set->count; i++)
		alone = lappend(alone, set->reports[i]->report);
	return alone;
}

/* Returns alone, with those that are to be reported by themselves. */
static List *
report_set(Set set, List *alone)
{
	int half = set.count / 2;
	DbError error;

	check_stack_depth();
	if (set.count < 2)
		return leave_set(&set, alone);
	suspects_mark_many();
	if (db_try(report_together, &set, &error))
		return end_set(&set, alone);
	/* Together they may take too long, and one of them may never end. */
	if (db_error_is_timeout(&error))
		return leave_set(&set, alone);
	alone = report_set((Set){set.reports, half}, alone);
	return report_set((Set){set.reports + half, set.count - half}, alone);
}

static bool
is_of_type(const Report *report, RecordType type)
{
	return report->conversation->claim != NULL && type_of(report) == type;
}

/* Those that may be reported together; the others of the type are added to alone. */
static List *
candidates_of_type(const List *reports, RecordType type, List **alone)
{
	List *candidates = NIL;
	ListCell *cell;

	foreach (cell, reports)
	{
		Report *report = lfirst(cell);

		if (!is_of_type(report, type))
			continue;
		if (claim_report_may_be_plain(report))
			candidates = lappend(candidates, report);
		else
			*alone = lappend(*alone, report);
	}
	return candidates;
}

/* Answers are read here: those that are reported alone are read again there. */
static List *
report_candidates(const List *candidates, List *alone)
{
	Set set = {palloc(sizeof(PlainReport *) * list_length(candidates)), 0};
	ListCell *cell;

	foreach (cell, candidates)
	{
		PlainReport *plain = palloc0(sizeof(PlainReport));

		plain->report = lfirst(cell);
		if (claim_report_begin_plain(plain))
			set.reports[set.count++] = plain;
		else
			alone = lappend(alone, plain->report);
	}
	alone = report_set(set, alone);
	for (int i = 0; i < set.count; i++)
		claim_report_free(set.reports[i]);
	return alone;
}

static List *
report_type(const List *reports, RecordType type, List *alone)
{
	List *candidates = candidates_of_type(reports, type, &alone);

	if (list_length(candidates) < 2 || rests_until[type] > GetCurrentTimestamp())
		return list_concat(alone, candidates);
	return report_candidates(candidates, alone);
}

List *
set_report_make(const List *reports)
{
	List *alone = NIL;
	ListCell *cell;

	foreach (cell, reports)
	{
		Report *report = lfirst(cell);

		if (report->conversation->claim == NULL)
			alone = lappend(alone, report);
	}
	for (RecordType type = 0; type < RECORD_TYPES; type++)
		alone = report_type(reports, type, alone);
	return alone;
}
