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

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/github_time.h"
#include "core/json_reader.h"
#include "core/utf8.h"

/* Lower-cases ASCII, whatever the locale. */
static char
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

/* folded is in lower case. */
static bool
starts_with(const char *text, const char *folded)
{
	for (; *folded != '\0'; text++, folded++)
	{
		if (fold(*text) != *folded)
			return false;
	}
	return true;
}

static bool
mentions(const char *text, const char *folded)
{
	for (; text != NULL && *text != '\0'; text++)
	{
		if (starts_with(text, folded))
			return true;
	}
	return false;
}

/* A header that is a number without sign; larger than GITHUB_MAX_WAIT_S stays so. */
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
		if (*number < INT64_MAX / 100)
			*number = *number * 10 + (*text - '0');
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

/* GitHub's clock, or ours where it does not tell. */
static int64_t
clock_of(const GithubResponse *response, int64_t now)
{
	int64_t clock;

	return github_http_date_parse(response->date, &clock) ? clock : now;
}

static int64_t
wait_until(const GithubResponse *response, int64_t now)
{
	int64_t clock = clock_of(response, now);
	int64_t time;

	if (!retry_after(response, clock, &time) && !limit_reset(response, clock, &time))
		return GITHUB_NO_WAIT;

	/* At least a second: "0" must not make us send in a circle. */
	if (time <= clock)
		return clock + 1;
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

static GithubVerdict
judge_forbidden(const GithubResponse *response, const char *message)
{
	if (is_rate_limited(response, message))
		return GITHUB_RATE_LIMITED;
	if (mentions(message, "suspended"))
		return GITHUB_SUSPENDED;
	return is_page(response) ? GITHUB_UNAVAILABLE : GITHUB_FORBIDDEN;
}

/* "was submitted too quickly": a limit on what one user creates, told as a fault of its content. */
static GithubVerdict
judge_unprocessable(const char *message)
{
	return mentions(message, "submitted too quickly") ? GITHUB_RATE_LIMITED
													  : GITHUB_VALIDATION_FAILED;
}

static bool
names_api_version(const char *message)
{
	return mentions(message, "api version") || mentions(message, "api-version");
}

static GithubVerdict
judge_client_error(const GithubResponse *response, const char *message)
{
	switch (response->status)
	{
		case 400:
			return names_api_version(message) ? GITHUB_API_VERSION_GONE : GITHUB_REJECTED;
		case 401:
			return GITHUB_UNAUTHORIZED;
		case 403:
			return judge_forbidden(response, message);
		case 404:
			return is_page(response) ? GITHUB_UNAVAILABLE : GITHUB_NOT_FOUND;
		case 408:
			return GITHUB_UNAVAILABLE;
		case 410:
			if (is_page(response))
				return GITHUB_UNAVAILABLE;
			return names_api_version(message) ? GITHUB_API_VERSION_GONE : GITHUB_GONE;
		case 422:
			return judge_unprocessable(message);
		case 429:
			return GITHUB_RATE_LIMITED;
		case 451:
			return GITHUB_FORBIDDEN;
		default:
			return GITHUB_REJECTED;
	}
}

static GithubVerdict
judge_redirection(const GithubResponse *response)
{
	bool has_location = response->location != NULL && response->location[0] != '\0';

	switch (response->status)
	{
		case 301:
		case 302:
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

static GithubVerdict
judge_success(const GithubResponse *response)
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

static GithubVerdict
judge_status(const GithubResponse *response)
{
	GithubVerdict verdict;
	char *message;

	switch (response->status / 100)
	{
		case 2:
			return judge_success(response);
		case 3:
			return judge_redirection(response);
		case 4:
			message = github_error_message_parse(response->body);
			verdict = judge_client_error(response, message);
			free(message);
			return verdict;
		case 5:
			return GITHUB_UNAVAILABLE;
		default:
			return GITHUB_INVALID_RESPONSE;
	}
}

static GithubVerdict
judge_exchange(const GithubResponse *response)
{
	switch (response->transport)
	{
		case GITHUB_ANSWERED:
			return judge_status(response);
		case GITHUB_NEVER_SENT:
		case GITHUB_CUT_OFF:
			return GITHUB_UNAVAILABLE;
		case GITHUB_ANSWER_TOO_LARGE:
			return GITHUB_INVALID_RESPONSE;
	}
	return GITHUB_INVALID_RESPONSE;
}

/* GitHub, or nobody, has said what became of a write. */
static bool
leaves_outcome_open(const GithubResponse *response, GithubVerdict verdict)
{
	if (response->transport == GITHUB_NEVER_SENT)
		return false;
	return verdict == GITHUB_UNAVAILABLE || verdict == GITHUB_INVALID_RESPONSE;
}

static int64_t
not_before(const GithubResponse *response, GithubVerdict verdict, int64_t now)
{
	if (verdict == GITHUB_RATE_LIMITED)
		return wait_until(response, now);
	/* A server under repair says for how long; its counters say nothing. */
	if (verdict == GITHUB_UNAVAILABLE && response->transport == GITHUB_ANSWERED &&
		has_retry_after(response))
		return wait_until(response, now);
	return GITHUB_NO_WAIT;
}

/*
 * "'Expiration time' claim ('exp') is too far in the future", "'Issued at'
 * claim ('iat') must be an Integer representing the time ...".
 */
static bool
names_jwt_times(const char *body)
{
	char *message = github_error_message_parse(body);
	bool names = mentions(message, "('exp')") || mentions(message, "('iat')");

	free(message);
	return names;
}

static int64_t
clock_offset_s(const GithubResponse *response, GithubVerdict verdict, int64_t now)
{
	int64_t clock;

	if (verdict != GITHUB_UNAUTHORIZED || !github_operation_uses_jwt(response->operation) ||
		!names_jwt_times(response->body) || !github_http_date_parse(response->date, &clock))
		return GITHUB_NO_OFFSET;
	return clock - now;
}

GithubJudgement
github_response_judge(const GithubResponse *response, int64_t now)
{
	GithubJudgement judgement = {.verdict = judge_exchange(response)};

	judgement.not_before = not_before(response, judgement.verdict, now);
	judgement.clock_offset_s = clock_offset_s(response, judgement.verdict, now);
	judgement.outcome_unknown = github_operation_writes(response->operation) &&
		leaves_outcome_open(response, judgement.verdict);
	return judgement;
}

static const char *
text_member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Drops the last character of text if only a part of it is there. */
static void
drop_partial_character(char *text)
{
	size_t length = strlen(text);
	size_t start = length;

	while (start > 0 && ((unsigned char) text[start - 1] & 0xC0) == 0x80)
		start--;
	if (start > 0)
		start--;
	if (length > 0 && !utf8_span(text + start, length - start).well_formed)
		text[start] = '\0';
}

/*
 * One of "errors" is a text, or an object with a message of its own or at
 * least a field and a code.
 */
static int
print_error_detail(char *text, size_t size, const char *separator, const cJSON *error)
{
	const char *words = cJSON_IsString(error) ? error->valuestring : text_member(error, "message");
	const char *field = text_member(error, "field");
	const char *code = text_member(error, "code");

	if (words != NULL)
		return snprintf(text, size, "%s%s", separator, words);
	if (field != NULL && code != NULL)
		return snprintf(text, size, "%s%s: %s", separator, field, code);
	return 0;
}

static void
print_error_message(char *text, size_t size, const cJSON *answer)
{
	const char *message = text_member(answer, "message");
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(answer, "errors");
	int length = 0;

	if (message != NULL)
		length = snprintf(text, size, "%s", message);
	if ((size_t) length < size)
		length += print_error_detail(text + length, size - (size_t) length, length > 0 ? ": " : "",
									 cJSON_GetArrayItem(errors, 0));
	/* snprintf counts bytes, not characters. */
	if ((size_t) length >= size)
		drop_partial_character(text);
}

/* What GitHub's tokens and JSON Web Tokens are made of. */
static bool
is_token_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("_.-", c) != NULL);
}

/* How much of a token at text may be shown; 0: text starts with none. */
static size_t
token_prefix_length(const char *text)
{
	if (strncmp(text, "github_pat_", 11) == 0)
		return 11;
	if (text[0] == 'g' && text[1] == 'h' && text[2] != '\0' && text[3] == '_')
		return 4;
	return strncmp(text, "eyJ", 3) == 0 ? 3 : 0;
}

static const char hidden[] = "***";

/* In place: what is left of a token is shorter than the shortest that there is. */
static void
hide_tokens(char *text)
{
	char *end = text;

	while (*text != '\0')
	{
		size_t prefix_length = token_prefix_length(text);
		size_t length = prefix_length;

		if (prefix_length == 0)
		{
			*end++ = *text++;
			continue;
		}
		while (is_token_character(text[length]))
			length++;
		memmove(end, text, prefix_length);
		end += prefix_length;
		if (length - prefix_length > strlen(hidden))
		{
			memcpy(end, hidden, strlen(hidden));
			end += strlen(hidden);
		}
		text += length;
	}
	*end = '\0';
}

static size_t
common_length(const char *one, const char *other)
{
	size_t length = 0;

	while (one[length] != '\0' && one[length] == other[length])
		length++;
	return length;
}

void
github_hide_secret(char *text, const char *secret)
{
	size_t secret_length = strlen(secret);
	char *end = text;

	while (*text != '\0')
	{
		size_t length = common_length(text, secret);

		/* Shorter ones are words like others, and would grow. */
		if (length <= strlen(hidden) || (length < secret_length && text[length] != '\0'))
		{
			*end++ = *text++;
			continue;
		}
		memcpy(end, hidden, strlen(hidden));
		end += strlen(hidden);
		text += length;
	}
	*end = '\0';
}

char *
github_error_message_parse(const char *json)
{
	char text[GITHUB_MAX_MESSAGE_LENGTH + 1] = "";
	cJSON *document;

	if (json_document_parse(json, &document, NULL) != GITHUB_PARSE_OK)
		return NULL;
	print_error_message(text, sizeof(text), document);
	hide_tokens(text);
	cJSON_Delete(document);
	return text[0] != '\0' ? strdup(text) : NULL;
}

const char *
github_verdict_name(GithubVerdict verdict)
{
	switch (verdict)
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
