/*
 * github_response.c
 *		From status and headers of an answer to a verdict.
 *
 * Pure.  Status and headers decide first; GitHub's words only where they are
 * all there is (secondary limits, suspension, API versions).
 *
 * Sources: GitHub's "Rate limits for the REST API", "Troubleshooting the REST
 * API", "API versions"; RFC 9110 for Retry-After and redirects.
 */
#include "core/github_response.h"

#include <stdlib.h>
#include <string.h>

#include "core/github_message.h"
#include "core/github_time.h"
#include "core/ascii.h"

/* Larger numbers in headers become this one: a mistake, in whatever they count. */
#define LARGEST_NUMBER (INT64_MAX / 100)

/* lower is in lower case. */
static bool
starts_with(const char *text, const char *lower)
{
	for (; *lower != '\0'; text++, lower++)
	{
		if (ascii_lower(*text) != *lower)
			return false;
	}
	return true;
}

static bool
mentions(const char *text, const char *lower)
{
	for (; text != NULL && *text != '\0'; text++)
	{
		if (starts_with(text, lower))
			return true;
	}
	return false;
}

/* A header that is a number without sign. */
static bool
parse_number(const char *text, int64_t *number)
{
	if (text == NULL || *text == '\0')
		return false;
	*number = 0;
	for (; *text != '\0'; text++)
	{
		if (*text < '0' || *text > '9')
			return false;
		*number = *number < LARGEST_NUMBER / 10 ? *number * 10 + (*text - '0') : LARGEST_NUMBER;
	}
	return true;
}

/* Retry-After: seconds or an HTTP date. */
static bool
retry_after(const GithubResponse *response, int64_t clock, int64_t *time)
{
	int64_t seconds;

	if (parse_number(response->retry_after, &seconds))
	{
		*time = clock + (seconds < GITHUB_MAX_WAIT_S ? seconds : GITHUB_MAX_WAIT_S);
		return true;
	}
	return github_http_date_parse(response->retry_after, time);
}

static bool
has_retry_after(const GithubResponse *response)
{
	int64_t time;

	return retry_after(response, 0, &time);
}

static bool
has_no_requests_left(const GithubResponse *response)
{
	int64_t remaining;

	return parse_number(response->ratelimit_remaining, &remaining) && remaining == 0;
}

/* x-ratelimit-reset; one that has passed already explains nothing. */
static bool
limit_reset(const GithubResponse *response, int64_t clock, int64_t *time)
{
	if (!has_no_requests_left(response) || !parse_number(response->ratelimit_reset, time))
		return false;
	(*time)++; /* the second itself may still count */
	return *time > clock;
}

/* Our clock may be behind, and a machine may have slept since GitHub told: ahead of both is nobody's clock. */
static bool
is_true_date(const GithubResponse *response, int64_t date, int64_t now)
{
	return response->github_now == 0 || date <= response->github_now + GITHUB_AHEAD_MAX_S ||
		date <= now + GITHUB_AHEAD_MAX_S;
}

/* GitHub's clock, as it tells now or told before, or else ours. */
static int64_t
clock_of(const GithubResponse *response, int64_t now)
{
	int64_t date;

	if (github_http_date_parse(response->date, &date) && is_true_date(response, date, now))
		return date;
	return response->github_now != 0 ? response->github_now : now;
}

static int64_t
wait_until(const GithubResponse *response, int64_t now)
{
	int64_t clock = clock_of(response, now);
	int64_t time;

	if (!retry_after(response, clock, &time) && !limit_reset(response, clock, &time))
		return GITHUB_NO_WAIT;
	if (time <= clock)
		return clock;
	return time < clock + GITHUB_MAX_WAIT_S ? time : clock + GITHUB_MAX_WAIT_S;
}

static bool
is_rate_limited(const GithubResponse *response, const char *message)
{
	/* Whoever was refused too often logs in no more for a while, with a good token either. */
	return has_retry_after(response) || has_no_requests_left(response) ||
		mentions(message, "rate limit") || mentions(message, "abuse") ||
		mentions(message, "login attempts");
}

/*
 * What is there, and who may see it, GitHub alone can tell: a page is that of a
 * proxy, or of a web server that has its API elsewhere.
 */
static bool
is_page(const GithubResponse *response)
{
	return response->body != NULL && response->body[strspn(response->body, " \t\r\n")] == '<';
}

static GithubVerdictKind
verdict_on_forbidden(const GithubResponse *response, const char *message)
{
	if (is_rate_limited(response, message))
		return GITHUB_RATE_LIMITED;
	if (mentions(message, "suspended"))
		return GITHUB_SUSPENDED;
	return is_page(response) ? GITHUB_UNAVAILABLE : GITHUB_FORBIDDEN;
}

/* "was submitted too quickly": a limit on what one user creates, told as a fault of its content. */
static GithubVerdictKind
verdict_on_unprocessable(const char *message)
{
	return mentions(message, "submitted too quickly") ? GITHUB_RATE_LIMITED
													  : GITHUB_VALIDATION_FAILED;
}

static bool
names_api_version(const char *message)
{
	return mentions(message, "api version") || mentions(message, "api-version");
}

static GithubVerdictKind
verdict_on_client_error(const GithubResponse *response, const char *message)
{
	switch (response->status)
	{
		case 400:
			return names_api_version(message) ? GITHUB_API_VERSION_GONE : GITHUB_REJECTED;
		case 401:
			return GITHUB_UNAUTHORIZED;
		case 403:
			return verdict_on_forbidden(response, message);
		case 404:
			return is_page(response) ? GITHUB_UNAVAILABLE : GITHUB_NOT_FOUND;
		case 408:
			return GITHUB_UNAVAILABLE;
		case 410:
			if (is_page(response))
				return GITHUB_UNAVAILABLE;
			return names_api_version(message) ? GITHUB_API_VERSION_GONE : GITHUB_GONE;
		case 422:
			return verdict_on_unprocessable(message);
		case 429:
			return GITHUB_RATE_LIMITED;
		case 451:
			return GITHUB_FORBIDDEN;
		default:
			return GITHUB_REJECTED;
	}
}

static GithubVerdictKind
verdict_on_redirection(const GithubResponse *response)
{
	bool has_location = response->location != NULL && response->location[0] != '\0';

	switch (response->status)
	{
		case 302:
			/* "Look there for what came of it", as many say it: what did, nobody knows. */
			return has_location && !github_operation_writes(response->operation)
				? GITHUB_REDIRECTED
				: GITHUB_INVALID_RESPONSE;
		case 301:
		case 307:
		case 308:
			return has_location ? GITHUB_REDIRECTED : GITHUB_INVALID_RESPONSE;
		case 304:
			/* "As you know it", to somebody who did not say what he knows. */
			return response->conditional && !github_operation_writes(response->operation)
				? GITHUB_NOT_MODIFIED
				: GITHUB_INVALID_RESPONSE;
		default:
			return GITHUB_INVALID_RESPONSE;
	}
}

/* application/json, application/vnd.github+json; an absent type says nothing against it. */
static bool
is_json_type(const char *content_type)
{
	size_t length;

	if (content_type == NULL)
		return true;
	length = strcspn(content_type, "; \t");
	return length > 5 && starts_with(content_type + length - 4, "json") &&
		(content_type[length - 5] == '/' || content_type[length - 5] == '+');
}

/* Proxies answer 200 with pages of their own. */
static bool
looks_like_json(const GithubResponse *response)
{
	const char *start;

	if (response->body == NULL || !is_json_type(response->content_type))
		return false;
	start = response->body + strspn(response->body, " \t\r\n");
	return *start == '{' || *start == '[';
}

static bool
is_empty(const GithubResponse *response)
{
	return response->body == NULL || response->body[0] == '\0';
}

/* A gateway that shows what it was asked: its answer is kept in no table. */
static bool
is_not_to_be_kept(const GithubResponse *response)
{
	return response->repeats_credentials &&
		(response->status / 100 == 2 || response->status / 100 == 3);
}

static GithubVerdictKind
verdict_on_success(const GithubResponse *response)
{
	/* Nobody asked for a part: what is missing cannot be told from what is not there. */
	if (response->status == 206)
		return GITHUB_INVALID_RESPONSE;
	if (looks_like_json(response))
		return GITHUB_OK;
	/* The only operation whose answer has no body: 204. */
	if (response->operation == GITHUB_DELETE_COMMENT && is_empty(response))
		return GITHUB_OK;
	return GITHUB_INVALID_RESPONSE;
}

static GithubVerdictKind
verdict_on_status(const GithubResponse *response, const char *message)
{
	if (is_not_to_be_kept(response))
		return GITHUB_INVALID_RESPONSE;
	switch (response->status / 100)
	{
		case 2:
			return verdict_on_success(response);
		case 3:
			return verdict_on_redirection(response);
		case 4:
			return verdict_on_client_error(response, message);
		case 5:
			return GITHUB_UNAVAILABLE;
		default:
			return GITHUB_INVALID_RESPONSE;
	}
}

static GithubVerdictKind
verdict_on_exchange(const GithubResponse *response, const char *message)
{
	switch (response->transport)
	{
		case GITHUB_ANSWERED:
			return verdict_on_status(response, message);
		case GITHUB_NEVER_SENT:
		case GITHUB_CUT_OFF:
			return GITHUB_UNAVAILABLE;
		case GITHUB_ANSWER_TOO_LARGE:
			return GITHUB_INVALID_RESPONSE;
	}
	return GITHUB_INVALID_RESPONSE; /* for the compiler: the transports are above */
}

/* Its body has no words for people, and is parsed by whoever wants what is in it. */
static bool
has_succeeded(const GithubResponse *response)
{
	GithubVerdictKind kind = verdict_on_exchange(response, NULL);

	return kind == GITHUB_OK || kind == GITHUB_NOT_MODIFIED;
}

/* GitHub, or nobody, has said what became of a write. */
static bool
leaves_outcome_open(const GithubResponse *response, GithubVerdictKind kind)
{
	if (response->transport == GITHUB_NEVER_SENT)
		return false;
	return kind == GITHUB_UNAVAILABLE || kind == GITHUB_INVALID_RESPONSE;
}

static int64_t
not_before(const GithubResponse *response, GithubVerdictKind kind, int64_t now)
{
	if (kind == GITHUB_RATE_LIMITED)
		return wait_until(response, now);
	/* A server under repair says for how long; its counters say nothing. */
	if (kind == GITHUB_UNAVAILABLE && response->transport == GITHUB_ANSWERED &&
		has_retry_after(response))
		return wait_until(response, now);
	return GITHUB_NO_WAIT;
}

/*
 * "'Expiration time' claim ('exp') is too far in the future", "'Issued at'
 * claim ('iat') must be an Integer representing the time ...".
 */
static bool
names_jwt_times(const char *message)
{
	return mentions(message, "('exp')") || mentions(message, "('iat')");
}

static int64_t
clock_offset_s(const GithubResponse *response, const GithubVerdict *verdict, int64_t now)
{
	int64_t clock;

	if (verdict->kind != GITHUB_UNAUTHORIZED || !github_operation_uses_jwt(response->operation) ||
		!names_jwt_times(verdict->message) || !github_http_date_parse(response->date, &clock))
		return GITHUB_NO_OFFSET;
	return clock - now;
}

/* -1: the header is not there, is no number, or none that can be meant. */
static int64_t
counted(const char *header)
{
	int64_t number;

	return parse_number(header, &number) && number < LARGEST_NUMBER ? number : -1;
}

/* Other resources (search, GraphQL) have hours of their own. */
static bool
is_about_our_hour(const GithubResponse *response)
{
	return response->ratelimit_resource == NULL ||
		strcmp(response->ratelimit_resource, "core") == 0;
}

static GithubQuota
read_quota(const GithubResponse *response, int64_t now)
{
	GithubQuota quota = {-1, -1, -1, clock_of(response, now)};

	if (is_about_our_hour(response))
	{
		quota.limit = counted(response->ratelimit_limit);
		quota.remaining = counted(response->ratelimit_remaining);
		quota.reset_s = counted(response->ratelimit_reset);
	}
	return quota;
}

/* malloc'd; NULL: none. */
static char *
words_for_people(const GithubResponse *response)
{
	if (response->transport == GITHUB_ANSWERED && is_not_to_be_kept(response))
		return strdup("the answer repeats the credentials of its request, and is not kept");
	return has_succeeded(response) ? NULL : github_message_parse(response->body);
}

GithubVerdict
github_response_verdict(const GithubResponse *response, int64_t now)
{
	GithubVerdict verdict = {.transport = response->transport,
							 .answered_at = clock_of(response, now),
							 .quota = read_quota(response, now)};

	verdict.message = words_for_people(response);
	verdict.kind = verdict_on_exchange(response, verdict.message);
	verdict.not_before = not_before(response, verdict.kind, now);
	verdict.clock_offset_s = clock_offset_s(response, &verdict, now);
	verdict.outcome_unknown =
		github_operation_writes(response->operation) && leaves_outcome_open(response, verdict.kind);
	return verdict;
}

void
github_verdict_free(GithubVerdict *verdict)
{
	free(verdict->message);
	verdict->message = NULL;
}

int64_t
github_verdict_wait_s(const GithubVerdict *verdict)
{
	int64_t wait_s;

	if (verdict->not_before == GITHUB_NO_WAIT)
		return GITHUB_NO_WAIT;
	wait_s = verdict->not_before - verdict->answered_at;
	return wait_s > 0 ? wait_s : 0;
}

const char *
github_verdict_name(GithubVerdictKind kind)
{
	switch (kind)
	{
		case GITHUB_OK:
			return "ok";
		case GITHUB_NOT_MODIFIED:
			return "not modified";
		case GITHUB_REDIRECTED:
			return "redirected";
		case GITHUB_UNAUTHORIZED:
			return "unauthorized";
		case GITHUB_RATE_LIMITED:
			return "rate limited";
		case GITHUB_SUSPENDED:
			return "suspended";
		case GITHUB_FORBIDDEN:
			return "forbidden";
		case GITHUB_NOT_FOUND:
			return "not found";
		case GITHUB_GONE:
			return "gone";
		case GITHUB_API_VERSION_GONE:
			return "api version gone";
		case GITHUB_VALIDATION_FAILED:
			return "validation failed";
		case GITHUB_REJECTED:
			return "rejected";
		case GITHUB_UNAVAILABLE:
			return "unavailable";
		case GITHUB_INVALID_RESPONSE:
			return "invalid response";
	}
	return "unknown";
}
