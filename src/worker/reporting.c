/*
 * reporting.c
 *		What has arrived is reported to the queue: many reports in one
 *		transaction, as sets, or each in a subtransaction of its own.
 */
#include "postgres.h"

#include "db/transaction.h"
#include "server/shared_state.h"
#include "server/suspects.h"
#include "utils/timestamp.h"
#include "worker/arrivals.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/claim_report.h"
#include "worker/failure.h"
#include "worker/freshness.h"
#include "worker/identity.h"
#include "worker/line.h"
#include "worker/lost_claims.h"
#include "worker/measuring.h"
#include "worker/pauses.h"
#include "worker/preparation_report.h"
#include "worker/report.h"
#include "worker/reporting.h"
#include "worker/set_report.h"
#include "worker/sweep_report.h"
#include "worker/sweeps.h"

/* How many reports one transaction holds at most: a bound on what a crash repeats. */
#define REPORTS_PER_TRANSACTION 64

/* And how many bytes of answers: the others' requests wait while they are read. */
#define BYTES_PER_TRANSACTION (2 * 1024 * 1024)

/*
 * A row that the application holds: its report is tried again, as the answer is
 * at hand, each time after twice as long, and when somebody commits. After so
 * long the claim is given back (failure.c), and GitHub asked again.
 */
#define HELD_PATIENCE_MS (6 * 1000)
#define HELD_DELAY_MS 2
#define HELD_DELAY_MAX_MS 500

/* Two that could not go on together: counted as an attempt after so many more. */
#define CONFLICT_RETRIES 3
#define CONFLICT_DELAY_MS 25

#define NEVER (-1)

/* An installation that is not active any more, and is asked for all the same. */
#define STATE_REST_BASE_MS 1000
#define STATE_REST_MAX_MS (15 * 1000) /* README: what is corrected moves within 20 seconds */

/* How many reports are to be made one by one: together they could not be committed. */
static int apart = 0;

static void
report_unusable_row(Report *report, const Refusal *refusal)
{
	if (report->conversation->claim == NULL)
	{
		report_bad_credentials(report, refusal->words);
		return;
	}
	report_settle_refused_creation(report);
	report_fail(report, refusal->code, refusal->words);
}

static void
report_arrival(Report *report)
{
	const Conversation *conversation = report->conversation;
	const Refusal *refusal = &conversation->refusal;

	if (conversation->purpose == ABOUT_SWEEP)
	{
		sweep_report_arrival(report);
		return;
	}
	switch (refusal->reason)
	{
		case UNSENT_NOT:
			if (conversation->purpose == ABOUT_CLAIM)
				claim_report_answer(report);
			else
				preparation_report_answer(report);
			break;
		case UNSENT_BY_ROW:
			report_unusable_row(report, refusal);
			break;
		case UNSENT_BY_CREDENTIALS:
			report_bad_credentials(report, refusal->words);
			break;
		case UNSENT_BY_MEMORY:
			report_lack_of_memory(report, refusal->words);
			break;
	}
}

/* A DbAction: runs again from the start when it was rolled back. */
static void
begin_report(void *argument)
{
	Report *report = argument;

	conversation_resume_course(report->conversation, &report->course);
	report_reset(report);
	report_arrival(report);
}

static bool
may_wait_longer(const Conversation *conversation)
{
	return conversation->postponed == 0 ||
		GetCurrentTimestamp() <
		TimestampTzPlusMilliseconds(conversation->postponed_since, HELD_PATIENCE_MS);
}

/* In so many ms its report may be made; NEVER: it cannot be made. */
static int
delay_of_report(const Conversation *conversation, const DbError *error)
{
	int doublings = Min(conversation->postponed, 16);

	if (db_error_is_held_lock(error))
		return may_wait_longer(conversation) ? Min(HELD_DELAY_MS << doublings, HELD_DELAY_MAX_MS)
											 : NEVER;
	if (db_error_is_contention(error) && conversation->postponed < CONFLICT_RETRIES)
		return CONFLICT_DELAY_MS << doublings;
	return NEVER;
}

static void
report_failure(Report *report, const DbError *error)
{
	switch (failure_report(report->conversation->claim, error, &report->retry_at))
	{
		case FAILURE_REPORTED:
		case FAILURE_STALE:
			break;
		case FAILURE_HELD:
			conversation_note_lost();
			break;
		case FAILURE_LOST:
			report->is_lost = true;
			conversation_note_lost();
			break;
	}
}

typedef struct FailedSweep
{
	const Conversation *conversation;
	const char *reason;
} FailedSweep;

/* DbAction */
static void
report_failed_sweep(void *argument)
{
	const FailedSweep *failed = argument;

	sweep_report_failure(failed->conversation, failed->reason);
}

/* Where the queue cannot even be told, its page is claimed again. */
static void
fail_sweep(const Conversation *conversation, const DbError *error)
{
	FailedSweep failed = {conversation, db_error_words(error->sqlstate, error->message)};
	DbError further;

	if (!db_try(report_failed_sweep, &failed, &further))
		ereport(LOG,
				(errcode(further.sqlstate),
				 errmsg("github_sync: %s: %s", conversation_name(conversation), further.message)));
}

/* The report could not be made: the application's table or its triggers refused. */
static void
handle_failure(Report *report, const DbError *error)
{
	const Conversation *conversation = report->conversation;

	/* What it was in the middle of does not count any more. */
	conversation_resume_course(report->conversation, &report->course);
	report_reset(report);
	if (conversation->purpose == ABOUT_SWEEP)
		fail_sweep(conversation, error);
	if (conversation->claim == NULL)
		return;
	report->waits_ms = delay_of_report(conversation, error);
	if (report->waits_ms != NEVER)
		report->disposition = CONVERSATION_WAITS;
	else
		report_failure(report, error);
}

/* ---- the installation as a whole ---- */

static const char *
request_id_of(const Conversation *conversation)
{
	return conversation->answer != NULL ? conversation->answer->request_id : NULL;
}

static const char *
reason_of_state(const Report *report)
{
	const Conversation *conversation = report->conversation;

	if (conversation->purpose == ABOUT_IDENTITY && conversation->answer->verdict.kind == GITHUB_OK)
		return "GitHub knows the App, but no such installation of it";
	return verdict_describe(conversation->answer);
}

/* DbAction */
static void
set_state(void *argument)
{
	const Report *report = argument;
	const Conversation *conversation = report->conversation;
	int64 installation_id = conversation->installation->id;

	installations_set_state(installation_id, report->installation_state);
	pauses_note_outage(installation_id,
					   &(Outage){.kind = report->installation_state,
								 .until = DT_NOEND,
								 .reason = reason_of_state(report),
								 .request_id = request_id_of(conversation)});
}

/* DbAction */
static void
begin_pause(void *argument)
{
	const Report *report = argument;

	const Conversation *conversation = report->conversation;
	int64 installation_id = conversation->installation->id;

	installations_pause(installation_id, report->paused_until, report->pause_kind,
						report->pause_reason);
	pauses_note_outage(installation_id,
					   &(Outage){.kind = installations_pause_kind_name(report->pause_kind),
								 .until = report->paused_until,
								 .reason = report->pause_reason,
								 .request_id = request_id_of(conversation)});
}

/* DbAction: somebody may have ended the pause for all workers, and this one would try in a circle. */
static void
renew_pause(void *argument)
{
	const Report *report = argument;
	const Installation *installation = report->conversation->installation;

	installations_renew_pause(installation->id, installation->paused_until, report->pause_kind,
							  report->pause_reason);
}

/* What was under way when the pause began tells nothing new. */
static bool
is_paused_already(const Report *report)
{
	const Installation *installation = report->conversation->installation;

	return installation->pause_kind == report->pause_kind &&
		installation->paused_until > GetCurrentTimestamp();
}

/* Its rows first: they go back into the queue with the reason. */
static void
begin_or_renew_pause(Report *report)
{
	Installation *installation = report->conversation->installation;

	pauses_clear_line(installation, report->pause_reason);
	sweeps_give_back(installation);
	if (is_paused_already(report))
	{
		(void) chores_write_installation(installation->id, db_try, renew_pause, report);
		report_note_retry(report, installation->paused_until);
		return;
	}
	(void) chores_write_installation(installation->id, db_try, begin_pause, report);
	shared_state_report_error(report->pause_reason);
	installation_note_pause(installation, report->pause_kind, report->paused_until);
	report_note_retry(report, report->paused_until);
	installation->may_be_paused = true;
}

/* Its rows first: one that is not active disables what is queued. */
static void
take_over_state(Report *report)
{
	Installation *installation = report->conversation->installation;
	const char *reason = reason_of_state(report);

	pauses_clear_line(installation, reason);
	sweeps_give_back(installation);
	(void) chores_write_installation(installation->id, db_try, set_state, report);
	sweeps_note_wake(); /* it is asked for again */
	installation->pauses = 0;
	installation->paused_until = 0;
	installation->may_be_paused = true;
	/* Something may undo what has just been recorded. */
	if (++installation->states_told > 1)
		installation->token_rests_until =
			backoff_doubling(installation->states_told - 1, STATE_REST_BASE_MS, STATE_REST_MAX_MS);
	shared_state_report_error(reason);
}

static bool
tells_of_installation(const Conversation *conversation)
{
	switch (conversation->purpose)
	{
		case ABOUT_CLAIM:
		case ABOUT_SWEEP:
			return conversation->answer != NULL &&
				!github_operation_uses_jwt(conversation->operation);
		case ABOUT_TOKEN:
		case ABOUT_IDENTITY:
			return false;
	}
	pg_unreachable();
}

static void
note_pauses_are_over(const Report *report)
{
	const Conversation *conversation = report->conversation;
	Installation *installation = conversation->installation;
	GithubVerdictKind kind;

	if (!tells_of_installation(conversation))
		return;
	kind = conversation->answer->verdict.kind;
	if (kind != GITHUB_OK && kind != GITHUB_NOT_MODIFIED)
		return;
	installation->pauses = 0;
	installation->states_told = 0;
	/* An answer to what was sent before a pause does not end it. */
	installation->may_be_paused =
		report->pause_stays || installation->paused_until > GetCurrentTimestamp();
}

static Report *
new_report(Conversation *conversation)
{
	Report *report = palloc0(sizeof(Report));

	report->conversation = conversation;
	conversation_keep_course(conversation, &report->course);
	report_reset(report);
	return report;
}

static void
report_one(Report *report)
{
	const Conversation *conversation = report->conversation;
	DbError error;

	report_mark(report);
	if (!db_try(begin_report, report, &error))
		handle_failure(report, &error);
	else if (report->pause_reason != NULL)
		begin_or_renew_pause(report);
	else if (report->installation_state != NULL)
		take_over_state(report);
	else
		note_pauses_are_over(report);
	if (report->outage_ends)
		pauses_log_end_of_outage(conversation->installation->id);
	report_mark(report);
}

static void
conclude_sweep(const Report *report)
{
	chores_note_activity_done(ACTIVITY_PAGES, RECORD_TASK);
	switch (report->disposition)
	{
		case CONVERSATION_GOES_ON:
			sweeps_go_on(report->conversation);
			break;
		case CONVERSATION_ENDS:
		case CONVERSATION_WAITS:
			sweeps_end(report->conversation);
			break;
	}
}

/* Committed: now the conversation may go on, or has ended. */
static void
conclude(const Report *report)
{
	Conversation *conversation = report->conversation;

	if (conversation->purpose == ABOUT_SWEEP)
	{
		conclude_sweep(report);
		return;
	}
	if (conversation->purpose != ABOUT_CLAIM)
	{
		identity_note_end(conversation);
		conversation_end(conversation);
		return;
	}
	switch (report->disposition)
	{
		case CONVERSATION_ENDS:
			line_end(conversation);
			break;
		case CONVERSATION_GOES_ON:
			line_join(conversation);
			break;
		case CONVERSATION_WAITS:
			ereport(DEBUG1,
					(errmsg_internal(
						"github_sync: %s: the record is in use, reported again in a moment",
						conversation_name(conversation))));
			freshness_end(conversation);
			arrivals_postpone(conversation, report->waits_ms);
			break;
	}
}

/* ---- what cannot be committed ---- */

/* What was said of the end of a pause was undone as well. */
static void
note_pause_is_unwritten(const Report *report)
{
	report->conversation->installation->may_be_paused = true;
}

/* A trigger of the owner's that waited for the commit refused it. */
static void
report_uncommitted(Report *report, const DbError *commit_error)
{
	SyncClaim *claim = report->conversation->claim;
	DbError error;

	note_pause_is_unwritten(report);
	conversation_resume_course(report->conversation, &report->course);
	report_reset(report);
	if (claim == NULL)
		return;
	db_begin("reporting a failure");
	report_failure(report, commit_error);
	if (db_try_commit(&error) || report->is_lost)
		return;
	report->is_lost = true;
	lost_claims_note(claim->record_type, claim->id);
	conversation_note_lost();
}

/* With these, others may have been given back, which now are not. */
static void
report_again_apart(const List *reports)
{
	ListCell *cell;

	conversation_note_lost();
	apart += list_length(reports);
	foreach (cell, reports)
	{
		const Report *report = lfirst(cell);

		note_pause_is_unwritten(report);
		conversation_resume_course(report->conversation, &report->course);
		arrivals_add(report->conversation);
	}
}

/* False: the reports are to be made again, each in a transaction of its own. */
static bool
commit_reports(List *reports)
{
	DbError error;

	if (list_length(reports) > 1)
		suspects_mark_many();
	if (db_try_commit(&error))
		return true;
	ereport(LOG,
			(errcode(error.sqlstate),
			 errmsg("github_sync: %d reports could not be committed: %s", list_length(reports),
					error.message)));
	if (list_length(reports) > 1)
	{
		report_again_apart(reports);
		return false;
	}
	report_uncommitted(linitial(reports), &error);
	return true;
}

/* At least one, and at most so many as one transaction may hold. */
static List *
take_some(Conversation *conversation, bool one_by_one)
{
	List *reports = NIL;
	size_t bytes = 0;

	do
	{
		bytes += conversation->answer != NULL ? verdict_length(conversation->answer) : 0;
		reports = lappend(reports, new_report(conversation));
	} while (!one_by_one && list_length(reports) < REPORTS_PER_TRANSACTION &&
			 bytes < BYTES_PER_TRANSACTION && (conversation = arrivals_take()) != NULL);
	return reports;
}

static List *
report_some(Conversation *conversation)
{
	bool one_by_one = apart > 0 || suspects_need_care();
	List *reports = take_some(conversation, one_by_one);
	List *alone = set_report_make(reports);
	ListCell *cell;

	foreach (cell, reports)
	{
		Report *report = lfirst(cell);

		if (list_member_ptr(alone, report))
			report_one(report);
		else
			note_pauses_are_over(report);
	}
	if (one_by_one)
		apart = Max(apart - 1, 0);
	return reports;
}

static void
note_outcome(const Report *report)
{
	const SyncClaim *claim = report->conversation->claim;

	if (claim == NULL || report->disposition != CONVERSATION_ENDS || report->is_lost)
		return;
	lost_claims_note_outcome(claim->record_type, claim->id);
	suspects_note_outcome();
}

/* One that waits is counted when it has been made. */
static void
count_report(const Report *report)
{
	if (report->disposition != CONVERSATION_WAITS)
		measuring_note_report(report->conversation,
							  report->disposition == CONVERSATION_ENDS && !report->is_lost);
}

int
reporting_report_arrivals(TimestampTz *retry_at)
{
	Conversation *conversation = arrivals_take();
	List *reports;
	ListCell *cell;
	bool committed;

	if (conversation == NULL)
		return 0;
	db_begin("reporting answers");
	reports = report_some(conversation);
	committed = commit_reports(reports);
	suspects_unmark();
	if (!committed)
		return 0;

	foreach (cell, reports)
	{
		const Report *report = lfirst(cell);

		*retry_at = Min(*retry_at, report->retry_at);
		count_report(report);
		note_outcome(report);
		conclude(report);
	}
	return list_length(reports);
}
