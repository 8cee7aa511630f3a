/*
 * report.c
 *		One report: from a conversation's answer to the queue.
 */
#include "postgres.h"

#include "db/queue_report.h"
#include "server/budgets.h"
#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/failure.h"
#include "worker/report.h"
#include "worker/verdict.h"

/* Credentials that are refused, doubling; a refusal of GitHub's without a time. */
#define PAUSE_BASE_MS (60 * 1000)
#define PAUSE_MAX_MS (60 * 60 * 1000)

/* Until a key or token that cannot be used is looked at again: README says within 20 seconds. */
#define UNUSABLE_FILE_PAUSE_MS (15 * 1000)

/* Memory is lacking for longer than a moment, and for all rows alike. */
#define LACK_OF_MEMORY_BACKOFF_MS (10 * 1000)

void
report_reset(Report *report)
{
	*report = (Report){.conversation = report->conversation,
					   .course = report->course,
					   .disposition = CONVERSATION_ENDS,
					   .retry_at = DT_NOEND};
}

void
report_note_retry(Report *report, TimestampTz retry_at)
{
	report->retry_at = Min(report->retry_at, retry_at);
}

void
report_try_again(Report *report, const char *code, const char *reason)
{
	(void) failure_count_attempt(report->conversation->claim, code, reason, &report->retry_at);
}

void
report_give_back(Report *report, const char *problem)
{
	(void) queue_report_give_back(report->conversation->claim, problem, RETRY_AT_ONCE);
}

void
report_fail(Report *report, const char *code, const char *reason)
{
	(void) queue_report_failure(report->conversation->claim, code, reason);
}

static bool
sends_a_creation(const Conversation *conversation)
{
	return conversation->claim != NULL && github_operation_creates(conversation->operation);
}

/* Unsent, it certainly was not carried out. */
static bool
outcome_is_unknown(const Conversation *conversation)
{
	return conversation->answer != NULL && conversation->answer->verdict.outcome_unknown;
}

void
report_settle_refused_creation(const Report *report)
{
	const Conversation *conversation = report->conversation;

	if (sends_a_creation(conversation) && !outcome_is_unknown(conversation))
		queue_report_rejected_creation(conversation->claim);
}

/* ---- the installation as a whole ---- */

static void
pause_installation(Report *report, PauseKind kind, TimestampTz until, const char *reason)
{
	report->pause_reason = reason;
	report->pause_kind = kind;
	report->paused_until = until;
}

/* The claim, if any, stands in line again. */
static void
pause_and_give_back(Report *report, PauseKind kind, TimestampTz until, const char *reason)
{
	pause_installation(report, kind, until, reason);
	if (report->conversation->claim != NULL)
		report_give_back(report, reason);
}

/* The budget has heard of it already; one that several installations share learns nothing. */
static TimestampTz
end_of_pause(const Report *report, int64 else_ms)
{
	RatePermission block = budget_block(report->conversation->installation->id);
	int64 wait_s = github_verdict_wait_s(&report->conversation->answer->verdict);

	if (block.obstacle != RATE_NONE)
		return budget_time(block.not_before_ms);
	/* At least a second: "0" must not make us send in a circle. */
	return backoff_in_ms(wait_s != GITHUB_NO_WAIT ? Max(wait_s, 1) * 1000 : else_ms);
}

/* SQL says when it is tried again. */
static void
report_row_unreachable(Report *report, const char *problem, TimestampTz paused_until)
{
	UnreachableBackoff backoff = {.shortest_ms = setting_retry_base_delay_ms,
								  .longest_ms = Min(setting_retry_max_delay_ms, UNREACHABLE_MAX_MS),
								  .give_up_after_s = setting_give_up_after_s};

	if (report->conversation->claim == NULL)
		return;
	queue_report_unreachable(report->conversation->claim, problem, paused_until, &backoff);
	report_note_retry(report, paused_until);
}

void
report_unavailable(Report *report)
{
	const char *problem =
		psprintf("GitHub unreachable: %s", verdict_describe(report->conversation->answer));

	report_settle_refused_creation(report);
	if (report->conversation->is_own_trouble)
	{
		report_row_unreachable(report, problem, GetCurrentTimestamp());
		return;
	}
	pause_installation(report, PAUSE_UNREACHABLE,
					   end_of_pause(report, setting_retry_base_delay_ms / 2), problem);
	report_row_unreachable(report, report->pause_reason, report->paused_until);
}

void
report_rate_limit(Report *report)
{
	report_settle_refused_creation(report);
	pause_and_give_back(report, PAUSE_RATE_LIMIT, end_of_pause(report, PAUSE_BASE_MS),
						verdict_describe(report->conversation->answer));
}

static TimestampTz
end_of_next_pause(const Report *report, PauseKind kind, int64 base_ms)
{
	int in_a_row = installation_pauses(report->conversation->installation, kind) + 1;

	return backoff_doubling(in_a_row, base_ms, PAUSE_MAX_MS);
}

/* A file costs nothing to look at; GitHub is asked ever less often. */
void
report_bad_credentials(Report *report, const char *reason)
{
	TimestampTz until = report->conversation->refusal.reason == UNSENT_BY_CREDENTIALS
		? backoff_in_ms(UNUSABLE_FILE_PAUSE_MS)
		: end_of_next_pause(report, PAUSE_CREDENTIALS, PAUSE_BASE_MS);

	report_settle_refused_creation(report);
	pause_and_give_back(report, PAUSE_CREDENTIALS, until, reason);
}

void
report_lack_of_memory(Report *report, const char *reason)
{
	TimestampTz retry_at = backoff_in_ms(LACK_OF_MEMORY_BACKOFF_MS);

	report_settle_refused_creation(report);
	if (report->conversation->claim == NULL)
	{
		pause_installation(report, PAUSE_UNREACHABLE, retry_at, reason);
		return;
	}
	(void) queue_report_give_back(report->conversation->claim, reason, retry_at);
	report_note_retry(report, retry_at);
}

bool
report_doubts_token(Conversation *conversation)
{
	Installation *installation = conversation->installation;
	bool tried_before = conversation->retried_unauthorized;

	conversation->retried_unauthorized = true;
	/* Somebody else may have renewed it already. */
	return strcmp(conversation->token_key, installation->token_key) != 0 ||
		installation_doubts_token(installation, tried_before, GetCurrentTimestamp());
}

const char *
report_refused_alone(const Conversation *conversation)
{
	return psprintf("%s; it accepts the token for other requests",
					verdict_describe(conversation->answer));
}

void
report_mark(const Report *report)
{
	const SyncClaim *claim = report->conversation->claim;

	if (claim != NULL)
		suspects_mark(SUSPECT_TRANSACTION, claim->record_type, claim->id);
	else if (report->conversation->purpose == ABOUT_SWEEP)
		chores_mark_activity(ACTIVITY_PAGES, RECORD_TASK);
	else
		suspects_mark_many();
}

/* DbAction */
static void
end_pause(void *argument)
{
	Report *report = argument;
	const Conversation *conversation = report->conversation;

	installations_resume(conversation->installation->id, conversation->sent_at,
						 &report->outage_ends, &report->pause_stays);
}

/*
 * A claim says whether its installation was paused; a page does not: it asks.  What
 * the App asks for itself, its installation may be suspended for.
 */
void
report_end_pause(Report *report)
{
	const Conversation *conversation = report->conversation;
	const Installation *installation = conversation->installation;

	if (github_operation_uses_jwt(conversation->operation) ||
		(!installation->may_be_paused && conversation->purpose == ABOUT_CLAIM))
		return;
	if (!chores_write_installation(installation->id, db_try_reading, end_pause, report))
	{
		report->outage_ends = false;
		report->pause_stays = true;
	}
	report_mark(report);
}

/* Whatever else it says, it comes from somebody who has read the token. */
void
report_note_accepted_token(const Conversation *conversation)
{
	switch (conversation->answer->verdict.kind)
	{
		case GITHUB_UNAUTHORIZED:
		case GITHUB_UNAVAILABLE:
		case GITHUB_INVALID_RESPONSE:
			break;
		case GITHUB_OK:
		case GITHUB_NOT_MODIFIED:
		case GITHUB_REDIRECTED:
		case GITHUB_RATE_LIMITED:
		case GITHUB_SUSPENDED:
		case GITHUB_FORBIDDEN:
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_VALIDATION_FAILED:
		case GITHUB_REJECTED:
			installation_note_accepted(conversation->installation, conversation->token_key);
			break;
	}
}

void
report_unreadable(Report *report, const char *what, GithubParseResult result, const char *problem)
{
	if (result == GITHUB_PARSE_OUT_OF_MEMORY)
		report_lack_of_memory(report, psprintf("no memory to read GitHub's %s", what));
	else
		report_try_again(report, "invalid_response",
						 psprintf("GitHub's %s cannot be read: %s", what,
								  problem ? problem : "not JSON"));
}

void
report_refuse(Report *report, const char *code)
{
	report_settle_refused_creation(report);
	report_fail(report, code, verdict_describe(report->conversation->answer));
}
