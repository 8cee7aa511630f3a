/*
 * verdict.c
 *		What came back for a request: read from its exchange once, when it arrives.
 */
#include "postgres.h"

#ifdef __GLIBC__
#include <malloc.h>
#endif
#include <time.h>

#include "core/github_json.h"
#include "core/github_message.h"
#include "core/github_secret.h"
#include "core/github_time.h"
#include "utils/memutils.h"
#include "worker/github_clock.h"
#include "worker/verdict.h"

/* GitHub's have 32 characters or so. */
#define REQUEST_ID_MAX_LENGTH 64

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

static char *
sanitized_body(const HttpExchange *exchange)
{
	size_t length;
	const char *body = http_exchange_body(exchange, &length);

	return github_json_sanitize(body, length, NULL);
}

static char *
copy(const char *text)
{
	return text != NULL ? pstrdup(text) : NULL;
}

/* It is written into our log: what is not made of these characters, or is a piece of our token, is none. */
static char *
copy_request_id(const char *text, const char *secret)
{
	size_t length = text != NULL ? strspn(text, "0123456789ABCDEFabcdef:-") : 0;

	if (length == 0 || length > REQUEST_ID_MAX_LENGTH || text[length] != '\0' ||
		github_secret_is_in_text(text, secret))
		return NULL;
	return pstrdup(text);
}

/* Of these headers texts are kept. */
static bool
headers_repeat(const HttpExchange *exchange, const char *secret)
{
	static const char *const names[] = {"etag", "link", "location"};

	for (size_t i = 0; i < lengthof(names); i++)
	{
		const char *header = http_exchange_header(exchange, names[i]);

		if (header != NULL && github_secret_is_in_text(header, secret))
			return true;
	}
	return false;
}

/* What else there is of an answer is either words, in which tokens are hidden, or not kept. */
static bool
repeats_credentials(const HttpExchange *exchange, const char *secret, const char *json)
{
	return (json != NULL && github_secret_is_in_json(json, secret)) ||
		headers_repeat(exchange, secret);
}

static GithubResponse
response_of(const HttpExchange *exchange, const AnsweredRequest *request, const char *json)
{
	return (GithubResponse){
		.operation = request->operation,
		.conditional = request->conditional,
		.transport = transport_of(http_exchange_outcome(exchange)),
		.status = http_exchange_status(exchange),
		.retry_after = http_exchange_header(exchange, "retry-after"),
		.ratelimit_limit = http_exchange_header(exchange, "x-ratelimit-limit"),
		.ratelimit_remaining = http_exchange_header(exchange, "x-ratelimit-remaining"),
		.ratelimit_reset = http_exchange_header(exchange, "x-ratelimit-reset"),
		.ratelimit_resource = http_exchange_header(exchange, "x-ratelimit-resource"),
		.date = http_exchange_header(exchange, "date"),
		.github_now = github_clock_told(),
		.location = http_exchange_header(exchange, "location"),
		.content_type = http_exchange_header(exchange, "content-type"),
		.body = json,
		.repeats_credentials = repeats_credentials(exchange, request->secret, json)};
}

/* Any machine on the way dates its own pages: only what GitHub has understood is GitHub's, and was believed. */
static void
note_clock(const GithubResponse *response, const GithubVerdict *verdict)
{
	int64_t date_s;

	if ((verdict->kind == GITHUB_OK || verdict->kind == GITHUB_NOT_MODIFIED) &&
		github_http_date_parse(response->date, &date_s) && date_s == verdict->answered_at)
		github_clock_note(date_s);
}

static void
fill_in(Answer *answer, const HttpExchange *exchange, const AnsweredRequest *request)
{
	GithubResponse response;

	answer->json = sanitized_body(exchange);
	response = response_of(exchange, request, answer->json);
	answer->verdict = github_response_verdict(&response, (int64) time(NULL));
	note_clock(&response, &answer->verdict);
	if (answer->verdict.message != NULL)
		github_message_hide_secret(answer->verdict.message, request->secret);
	answer->status = response.status;
	answer->location = copy(response.location);
	answer->link = copy(http_exchange_header(exchange, "link"));
	answer->etag = copy(http_exchange_header(exchange, "etag"));
	answer->request_id =
		copy_request_id(http_exchange_header(exchange, "x-github-request-id"), request->secret);
	answer->failure = copy(http_exchange_error(exchange));
	/* It may name what a server has said, such as whose certificate it shows. */
	if (answer->failure != NULL)
		github_message_hide_secret(answer->failure, request->secret);
}

Answer *
verdict_make(HttpExchange *exchange, const AnsweredRequest *request, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "github answer", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	Answer *answer = palloc0(sizeof(Answer));

	answer->context = context;
	answer->exchange = exchange;
	fill_in(answer, exchange, request);
	http_exchange_drop_body(exchange);
	MemoryContextSwitchTo(caller);
	return answer;
}

size_t
verdict_length(const Answer *answer)
{
	return answer->json != NULL ? strlen(answer->json) : 0;
}

/* What was parsed of a large answer lies in small pieces, which malloc would keep. */
static void
give_memory_back(void)
{
#ifdef __GLIBC__
	(void) malloc_trim(0);
#endif
}

void
verdict_free(Answer *answer)
{
	/* Of one that was too large nothing is left but the room that it took. */
	bool is_large = verdict_length(answer) > HTTP_SMALL_BODY ||
		answer->verdict.transport == GITHUB_ANSWER_TOO_LARGE;

	github_verdict_free(&answer->verdict);
	free(answer->json);
	http_exchange_free(answer->exchange);
	MemoryContextDelete(answer->context);
	if (is_large)
		give_memory_back();
}

/* NULL: nothing. */
static const char *
words_of(const Answer *answer)
{
	if (answer->verdict.message == NULL && answer->verdict.kind == GITHUB_UNAVAILABLE &&
		answer->status / 100 == 4 && answer->status != 408)
		return "a page instead of JSON; is github_sync.api_url the API's, and no proxy between?";
	return answer->verdict.message;
}

char *
verdict_describe(const Answer *answer)
{
	const char *words = words_of(answer);
	const char *verdict = github_verdict_name(answer->verdict.kind);

	if (answer->verdict.transport != GITHUB_ANSWERED)
		return psprintf("%s: %s", verdict, answer->failure);
	return psprintf("GitHub answered %d (%s)%s%s", answer->status, verdict, words ? ": " : "",
					words ? words : "");
}

bool
verdict_may_be_page_size(const Answer *answer)
{
	if (answer->verdict.not_before != GITHUB_NO_WAIT)
		return false;
	switch (answer->verdict.transport)
	{
		case GITHUB_ANSWERED:
			return answer->status / 100 == 5;
		case GITHUB_CUT_OFF:
		case GITHUB_ANSWER_TOO_LARGE:
			return true;
		case GITHUB_NEVER_SENT:
			return false;
	}
	pg_unreachable();
}
