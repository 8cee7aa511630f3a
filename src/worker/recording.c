/*
 * recording.c
 *		One answer on its way into the queue.
 */
#include "postgres.h"

#include <time.h>

#include "server/budgets.h"
#include "common/pg_prng.h"
#include "core/github_json.h"
#include "core/github_time.h"
#include "core/retry_schedule.h"
#include "db/installations.h"
#include "db/queue_report.h"
#include "worker/recording.h"
#include "server/settings.h"
#include "utils/timestamp.h"

#define TROUBLE_MAX_MS (60 * 60 * 1000)

static int64
now_in_seconds(void)
{
	return (int64) time(NULL);
}

int64
answered_at(const Recording *recording)
{
	int64 seconds;

	if (recording->response.date != NULL &&
		github_http_date_parse(recording->response.date, &seconds))
		return seconds;
	return now_in_seconds();
}

TimestampTz
in_ms(int64 delay_ms)
{
	return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), delay_ms);
}

TimestampTz
retry_time(int failures)
{
	return in_ms(retry_delay_ms(failures, setting_retry_base_delay_ms, setting_retry_max_delay_ms,
								pg_prng_double(&pg_global_prng_state)));
}

static GithubTransport
transport_of(HttpOutcome outcome)
{
	switch (outcome)
	{
		case HTTP_ANSWERED:
			return GITHUB_ANSWERED;
		case HTTP_NEVER_SENT:
			return GITHUB_NEVER_SENT;
		case HTTP_CUT_OFF:
			return GITHUB_CUT_OFF;
		case HTTP_TOO_LARGE:
			return GITHUB_ANSWER_TOO_LARGE;
	}
	pg_unreachable();
}

void
judge(Recording *recording)
{
	Conversation *conversation = recording->conversation;
	HttpExchange *exchange = conversation->exchange;
	size_t length;
	const char *body = http_exchange_body(exchange, &length);
	char *message;

	recording->json = github_json_sanitize(body, length, NULL);
	recording->response =
		(GithubResponse){.operation = conversation->operation,
						 .conditional = conversation->conditional,
						 .transport = transport_of(http_exchange_outcome(exchange)),
						 .status = http_exchange_status(exchange),
						 .retry_after = http_exchange_header(exchange, "retry-after"),
						 .ratelimit_remaining =
							 http_exchange_header(exchange, "x-ratelimit-remaining"),
						 .ratelimit_reset = http_exchange_header(exchange, "x-ratelimit-reset"),
						 .date = http_exchange_header(exchange, "date"),
						 .location = http_exchange_header(exchange, "location"),
						 .content_type = http_exchange_header(exchange, "content-type"),
						 .body = recording->json};
	recording->judgement = github_response_judge(&recording->response, now_in_seconds());
	message = recording->json ? github_error_message_parse(recording->json) : NULL;
	if (message != NULL)
	{
		installation_hide_tokens(conversation->installation, message);
		recording->message = pstrdup(message);
		free(message);
	}
}

/* NULL: nothing. */
static const char *
words_of_answer(const Recording *recording)
{
	if (recording->message == NULL && recording->judgement.verdict == GITHUB_UNAVAILABLE &&
		recording->response.status / 100 == 4 && recording->response.status != 408)
		return "a page instead of JSON; is github_sync.api_url the API's, and no proxy between?";
	return recording->message;
}

char *
describe(const Recording *recording)
{
	const char *words = words_of_answer(recording);
	const char *verdict = github_verdict_name(recording->judgement.verdict);
	HttpExchange *exchange = recording->conversation->exchange;

	if (recording->response.transport != GITHUB_ANSWERED)
		return psprintf("%s: %s", verdict, http_exchange_error(exchange));
	return psprintf("GitHub answered %d (%s)%s%s", recording->response.status, verdict,
					words ? ": " : "", words ? words : "");
}

void
note_retry(Recording *recording, TimestampTz retry_at)
{
	recording->retry_at = Min(recording->retry_at, retry_at);
}

static void
note_trouble(Recording *recording, PauseKind kind, TimestampTz until, const char *reason)
{
	recording->trouble = reason;
	recording->trouble_kind = kind;
	recording->paused_until = until;
}

void
pause_installation(Recording *recording, PauseKind kind, TimestampTz until, const char *reason)
{
	note_trouble(recording, kind, until, reason);
	if (recording->conversation->claim != NULL)
		queue_report_give_back(recording->conversation->claim, reason, RETRY_AT_ONCE);
}

static TimestampTz
doubling(const Installation *installation, PauseKind kind, int64 base_ms)
{
	return in_ms(retry_delay_ms(installation_troubles(installation, kind) + 1, base_ms,
								TROUBLE_MAX_MS, pg_prng_double(&pg_global_prng_state)));
}

/* The time that GitHub named, by our clock; DT_NOBEGIN: it named none. */
static TimestampTz
named_end(const Recording *recording)
{
	int64 wait_s;

	if (recording->judgement.not_before == GITHUB_NO_WAIT)
		return DT_NOBEGIN;
	wait_s = recording->judgement.not_before - answered_at(recording);
	return in_ms(Max(wait_s, 1) * 1000);
}

/* The budget has heard of it already; one that several installations share learns nothing. */
static TimestampTz
end_of_block(const Recording *recording, int64 else_ms)
{
	RatePermission block = budget_block(recording->conversation->installation->id);
	TimestampTz named = named_end(recording);

	if (block.obstacle != RATE_NONE)
		return budget_time(block.not_before_ms);
	return named != DT_NOBEGIN ? named : in_ms(else_ms);
}

void
settle_refused_creation(const Recording *recording)
{
	const Conversation *conversation = recording->conversation;

	if (conversation->claim != NULL && github_operation_creates(conversation->operation) &&
		!recording->judgement.outcome_unknown)
		queue_report_rejected_creation(conversation->claim);
}

static void
fail_on_the_way(const Recording *recording)
{
	UnreachableBackoff policy = {.shortest_ms = setting_retry_base_delay_ms,
								 .longest_ms = Min(setting_retry_max_delay_ms, UNREACHABLE_MAX_MS),
								 .give_up_after_s = setting_give_up_after_s};

	if (recording->conversation->claim != NULL)
		queue_report_unreachable(recording->conversation->claim, recording->trouble,
								 recording->paused_until, &policy);
}

void
record_unavailable(Recording *recording)
{
	settle_refused_creation(recording);
	note_trouble(recording, PAUSE_UNREACHABLE,
				 end_of_block(recording, setting_retry_base_delay_ms / 2),
				 psprintf("GitHub unreachable: %s", describe(recording)));
	fail_on_the_way(recording);
}

void
record_rate_limit(Recording *recording)
{
	settle_refused_creation(recording);
	pause_installation(recording, PAUSE_RATE_LIMIT, end_of_block(recording, TROUBLE_BASE_MS),
					   describe(recording));
}

void
record_bad_credentials(Recording *recording, const char *reason)
{
	settle_refused_creation(recording);
	pause_installation(recording, PAUSE_CREDENTIALS,
					   doubling(recording->conversation->installation, PAUSE_CREDENTIALS,
								TROUBLE_BASE_MS),
					   reason);
}
