/*
 * pacing.c
 *		When the next request of an installation may be sent.
 */
#include "postgres.h"

#include "core/github_response.h"
#include "core/github_time.h"
#include "worker/pacing.h"
#include "worker/recording.h"
#include "utils/timestamp.h"

RateKind
rate_kind(GithubOperation operation)
{
	if (github_operation_creates(operation))
		return RATE_CREATION;
	return github_operation_writes(operation) ? RATE_WRITE : RATE_READ;
}

void
pacing_look_again(Installation *installation)
{
	memset(installation->obstacles, 0, sizeof(installation->obstacles)); /* RATE_NONE */
}

bool
pacing_is_held_up(const Installation *installation, RateKind kind)
{
	return installation->obstacles[kind].obstacle != RATE_NONE;
}

bool
pacing_is_blocked(Installation *installation)
{
	RatePermission block = budget_block(installation->id);

	for (int kind = 0; kind < RATE_KINDS; kind++)
		installation->obstacles[kind] = block;
	return block.obstacle != RATE_NONE;
}

bool
pacing_permits(Conversation *conversation)
{
	Installation *installation = conversation->installation;
	RateKind kind = rate_kind(conversation->operation);

	/* There is no backfill yet that would ask for itself. */
	installation->obstacles[kind] =
		budget_take(installation->id, kind, RATE_FOR_PEOPLE, &conversation->ticket);
	if (installation->obstacles[kind].obstacle != RATE_NONE)
		return false;
	return true;
}

static void
settle(Conversation *conversation, const BudgetAnswer *answer)
{
	budget_settle(&conversation->ticket, answer);
}

TimestampTz
pacing_next_time(const Installation *installation)
{
	int64 next_ms = RATE_NEVER;

	for (int kind = 0; kind < RATE_KINDS; kind++)
	{
		if (pacing_is_held_up(installation, kind))
			next_ms = Min(next_ms, installation->obstacles[kind].not_before_ms);
	}
	return budget_time(next_ms);
}

/* A header that is a number; -1: it is not there, or is none. */
static int64
number_of_header(const HttpExchange *exchange, const char *name)
{
	const char *text = http_exchange_header(exchange, name);
	char *end;
	int64 number;

	if (text == NULL || *text < '0' || *text > '9')
		return -1;
	errno = 0;
	number = strtoll(text, &end, 10);
	return *end == '\0' && errno == 0 ? number : -1;
}

/* Other resources (search, GraphQL) have hours of their own. */
static bool
is_about_our_hour(const HttpExchange *exchange)
{
	const char *resource = http_exchange_header(exchange, "x-ratelimit-resource");

	return resource == NULL || strcmp(resource, "core") == 0;
}

static RateHeaders
read_headers(const Recording *recording)
{
	const HttpExchange *exchange = recording->conversation->exchange;
	RateHeaders headers = {-1, -1, -1, answered_at(recording)};

	if (is_about_our_hour(exchange))
	{
		headers.limit = number_of_header(exchange, "x-ratelimit-limit");
		headers.remaining = number_of_header(exchange, "x-ratelimit-remaining");
		headers.reset_s = number_of_header(exchange, "x-ratelimit-reset");
	}
	return headers;
}

static RateOutcome
rate_outcome(GithubTransport transport)
{
	switch (transport)
	{
		case GITHUB_ANSWERED:
		case GITHUB_ANSWER_TOO_LARGE:
			return RATE_ANSWERED;
		case GITHUB_CUT_OFF:
			return RATE_UNANSWERED;
		case GITHUB_NEVER_SENT:
			return RATE_UNSENT;
	}
	pg_unreachable();
}

/* What is no error needs no reading of its body. */
static void
judge_for_limits(Recording *recording)
{
	const HttpExchange *exchange = recording->conversation->exchange;

	if (http_exchange_outcome(exchange) == HTTP_ANSWERED && http_exchange_status(exchange) < 400)
		recording->response.date = http_exchange_header(exchange, "date");
	else
		judge(recording);
}

static BudgetAnswer
read_answer(Conversation *conversation)
{
	Recording recording = {.conversation = conversation};
	BudgetAnswer answer = {.news = BUDGET_ANSWERED, .wait_ms = -1};

	judge_for_limits(&recording);
	answer.outcome = rate_outcome(recording.response.transport);
	answer.headers = read_headers(&recording);
	if (recording.judgement.verdict == GITHUB_RATE_LIMITED)
		answer.news = BUDGET_REFUSED;
	else if (recording.judgement.verdict == GITHUB_UNAVAILABLE)
		answer.news = BUDGET_UNREACHABLE;
	if (answer.news != BUDGET_ANSWERED && recording.judgement.not_before != GITHUB_NO_WAIT)
		answer.wait_ms = Max(recording.judgement.not_before - answered_at(&recording), 1) * 1000;
	free(recording.json);
	return answer;
}

void
pacing_settle(Conversation *conversation)
{
	BudgetAnswer answer = read_answer(conversation);

	if (conversation->ticket.held)
		settle(conversation, &answer);
	else if (answer.news != BUDGET_ANSWERED)
		budget_note_news(conversation->installation->id, &answer);
}

void
pacing_give_up(Conversation *conversation)
{
	BudgetAnswer answer = {.news = BUDGET_NO_NEWS, .outcome = RATE_UNSENT};

	if (conversation->ticket.held)
		settle(conversation, &answer);
}
