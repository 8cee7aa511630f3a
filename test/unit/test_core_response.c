/*
 * test_core_response.c
 *		The table of verdicts: what every kind of answer means.
 */
#include "core/github_response.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define NOW INT64_C(1600000000) /* our clock, years behind GitHub's */
#define DATE "Tue, 14 Nov 2023 22:13:20 GMT"
#define GITHUB_NOW INT64_C(1700000000) /* what DATE says */
#define DAY (24 * 60 * 60)

#define MESSAGE(text) \
	"{\"message\":\"" text "\",\"documentation_url\":\"https://docs.example/rest\"}"
#define HTML "<html><body><h1>502 Bad Gateway</h1></body></html>"

typedef struct VerdictCase
{
	const char *name;
	GithubResponse response;
	GithubVerdictKind kind;
	int64_t not_before; /* 0: GITHUB_NO_WAIT */
	bool outcome_unknown;
} VerdictCase;

#define READ .operation = GITHUB_GET_ISSUE
#define CONDITIONAL READ, .conditional = true
#define WRITE .operation = GITHUB_UPDATE_ISSUE
#define DELETION .operation = GITHUB_DELETE_COMMENT

/* GitHub has said, or it does not matter, what became of the request. */
#define SETTLED(name, verdict, ...)            \
	{                                          \
		name, {__VA_ARGS__}, verdict, 0, false \
	}
/* A write may have had its effect. */
#define OPEN(name, verdict, ...)              \
	{                                         \
		name, {__VA_ARGS__}, verdict, 0, true \
	}
/* A server out of service until a time. */
#define RESTS(name, not_before, open, ...)                        \
	{                                                             \
		name, {__VA_ARGS__}, GITHUB_UNAVAILABLE, not_before, open \
	}
/* Rate limited until a time. */
#define WAITS(name, not_before, ...)                                \
	{                                                               \
		name, {__VA_ARGS__}, GITHUB_RATE_LIMITED, not_before, false \
	}

static const VerdictCase cases[] = {
	/* success */
	SETTLED("200 with an object", GITHUB_OK, READ, .status = 200, .body = "{}"),
	SETTLED("200 with an array and white space", GITHUB_OK, READ, .status = 200,
			.body = " \r\n\t[]"),
	SETTLED("201 of a write", GITHUB_OK, WRITE, .status = 201, .body = "{}"),
	SETTLED("200 of type application/json", GITHUB_OK, READ, .status = 200,
			.content_type = "application/json; charset=utf-8", .body = "{}"),
	SETTLED("200 of a +json type", GITHUB_OK, READ, .status = 200,
			.content_type = "application/vnd.GitHub+JSON", .body = "{}"),
	SETTLED("204 of a deletion", GITHUB_OK, DELETION, .status = 204),
	SETTLED("200 of a deletion with an empty body", GITHUB_OK, DELETION, .status = 200, .body = ""),
	SETTLED("202 of a deletion with JSON", GITHUB_OK, DELETION, .status = 202, .body = "{}"),
	SETTLED("203 of a proxy that passed on JSON", GITHUB_OK, READ, .status = 203, .body = "{}"),

	/* success that cannot be read */
	OPEN("200 of a deletion with a page", GITHUB_INVALID_RESPONSE, DELETION, .status = 200,
		 .body = HTML),
	SETTLED("206 nobody asked for", GITHUB_INVALID_RESPONSE, READ, .status = 206, .body = "[]"),
	OPEN("206 of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 206, .body = "{}"),
	SETTLED("200 that repeats our token", GITHUB_INVALID_RESPONSE, READ, .status = 200,
			.body = "{}", .repeats_credentials = true),
	OPEN("200 of a write that repeats our token", GITHUB_INVALID_RESPONSE, WRITE, .status = 200,
		 .body = "{}", .repeats_credentials = true),
	SETTLED("304 that repeats our token", GITHUB_INVALID_RESPONSE, CONDITIONAL, .status = 304,
			.repeats_credentials = true),
	SETTLED("a redirect that repeats our token", GITHUB_INVALID_RESPONSE, READ, .status = 301,
			.location = "/repositories/1", .repeats_credentials = true),
	SETTLED("403 that repeats our token, whose words hide it", GITHUB_FORBIDDEN, READ,
			.status = 403, .body = "{}", .repeats_credentials = true),
	SETTLED("204 of a read", GITHUB_INVALID_RESPONSE, READ, .status = 204),
	SETTLED("200 with a byte order mark", GITHUB_INVALID_RESPONSE, READ, .status = 200,
			.body = "\xEF\xBB\xBF{}"),
	SETTLED("200 with a text", GITHUB_INVALID_RESPONSE, READ, .status = 200, .body = "\"{}\""),
	SETTLED("200 with a page", GITHUB_INVALID_RESPONSE, READ, .status = 200, .body = HTML),
	OPEN("200 with a page, of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 200,
		 .body = HTML),
	SETTLED("200 of type text/html", GITHUB_INVALID_RESPONSE, READ, .status = 200,
			.content_type = "text/html", .body = "{}"),
	SETTLED("200 of a type that only ends so", GITHUB_INVALID_RESPONSE, READ, .status = 200,
			.content_type = "text/notjson", .body = "{}"),
	SETTLED("200 of type json without more", GITHUB_INVALID_RESPONSE, READ, .status = 200,
			.content_type = "json", .body = "{}"),
	SETTLED("200 of a type without its first half", GITHUB_INVALID_RESPONSE, READ, .status = 200,
			.content_type = "/json", .body = "{}"),
	SETTLED("200 of a type with a short one", GITHUB_OK, READ, .status = 200,
			.content_type = "a/json", .body = "{}"),
	SETTLED("200 of an empty type", GITHUB_INVALID_RESPONSE, READ, .status = 200,
			.content_type = "", .body = "{}"),
	SETTLED("200 without a body", GITHUB_INVALID_RESPONSE, READ, .status = 200),
	OPEN("201 with an empty body, of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 201,
		 .body = ""),
	OPEN("202 without a body, of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 202),

	/* redirection */
	SETTLED("301 with a Location", GITHUB_REDIRECTED, READ, .status = 301, .location = "/x"),
	SETTLED("302 with a Location", GITHUB_REDIRECTED, READ, .status = 302, .location = "/x"),
	SETTLED("302 without a Location", GITHUB_INVALID_RESPONSE, READ, .status = 302),
	OPEN("302 with a Location, of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 302,
		 .location = "/x"),
	SETTLED("307 with a Location, of a write", GITHUB_REDIRECTED, WRITE, .status = 307,
			.location = "/x"),
	SETTLED("308 with a Location, of a write", GITHUB_REDIRECTED, WRITE, .status = 308,
			.location = "/x"),
	SETTLED("301 without a Location", GITHUB_INVALID_RESPONSE, READ, .status = 301),
	OPEN("301 with an empty Location, of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 301,
		 .location = ""),
	SETTLED("300", GITHUB_INVALID_RESPONSE, READ, .status = 300, .location = "/x"),
	OPEN("303, of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 303, .location = "/x"),
	SETTLED("304 of a conditional read", GITHUB_NOT_MODIFIED, CONDITIONAL, .status = 304),
	SETTLED("304 of a read that said nothing of what it knows", GITHUB_INVALID_RESPONSE, READ,
			.status = 304),
	SETTLED("200 of a conditional read", GITHUB_OK, CONDITIONAL, .status = 200, .body = "{}"),
	SETTLED("301 of a conditional read", GITHUB_REDIRECTED, CONDITIONAL, .status = 301,
			.location = "/x"),
	SETTLED("404 with a Location", GITHUB_NOT_FOUND, READ, .status = 404, .location = "/x"),
	SETTLED("200 with a Location", GITHUB_OK, READ, .status = 200, .location = "/x", .body = "{}"),
	OPEN("304 of a write that was conditional", GITHUB_INVALID_RESPONSE, WRITE, .status = 304,
		 .conditional = true),
	OPEN("304 of a write, which is never conditional", GITHUB_INVALID_RESPONSE, WRITE,
		 .status = 304),

	/* credentials and rights */
	SETTLED("401", GITHUB_UNAUTHORIZED, WRITE, .status = 401, .body = MESSAGE("Bad credentials")),
	SETTLED("403 for lack of a permission", GITHUB_FORBIDDEN, WRITE, .status = 403,
			.ratelimit_remaining = "4999", .ratelimit_reset = "1700001000",
			.body = MESSAGE("Resource not accessible by integration")),
	SETTLED("403 of a locked issue", GITHUB_FORBIDDEN, WRITE, .status = 403,
			.body = MESSAGE("Unable to create comment because issue is locked.")),
	SETTLED("403 without a body", GITHUB_FORBIDDEN, READ, .status = 403),
	SETTLED("403 with somebody's page", GITHUB_UNAVAILABLE, READ, .status = 403, .body = HTML),
	OPEN("403 with somebody's page, of a write", GITHUB_UNAVAILABLE, WRITE, .status = 403,
		 .body = "\n" HTML),
	SETTLED("404 with somebody's page", GITHUB_UNAVAILABLE, READ, .status = 404, .body = HTML),
	SETTLED("410 with somebody's page", GITHUB_UNAVAILABLE, READ, .status = 410, .body = HTML),
	SETTLED("404 with GitHub's words", GITHUB_NOT_FOUND, READ, .status = 404,
			.body = MESSAGE("<p>Not Found")),
	SETTLED("403 of a suspended installation", GITHUB_SUSPENDED, READ, .status = 403,
			.body = MESSAGE("This installation has been Suspended")),
	SETTLED("451", GITHUB_FORBIDDEN, READ, .status = 451,
			.body = MESSAGE("Repository access blocked")),
	SETTLED("403 whose documentation_url, not its message, speaks of limits", GITHUB_FORBIDDEN,
			READ, .status = 403,
			.body = "{\"message\":\"No\",\"documentation_url\":\"https://x/#abuse rate limit\"}"),

	/* rate limits: Retry-After */
	WAITS("403 with Retry-After, by GitHub's clock", GITHUB_NOW + 60, WRITE, .status = 403,
		  .retry_after = "60", .date = DATE, .body = MESSAGE("No")),
	WAITS("403 with Retry-After and no Date, by ours", NOW + 60, READ, .status = 403,
		  .retry_after = "60"),
	WAITS("429 with Retry-After and a Date that is none", NOW + 60, READ, .status = 429,
		  .retry_after = "60", .date = "today"),
	WAITS("Retry-After goes before reset", GITHUB_NOW + 7, READ, .status = 403, .retry_after = "7",
		  .ratelimit_remaining = "0", .ratelimit_reset = "1700001000", .date = DATE),
	WAITS("Retry-After goes before suspended", GITHUB_NOW + 7, READ, .status = 403,
		  .retry_after = "7", .date = DATE, .body = MESSAGE("suspended")),
	WAITS("Retry-After as an HTTP date", GITHUB_NOW + 60, READ, .status = 429,
		  .retry_after = "Tue, 14 Nov 2023 22:14:20 GMT", .date = DATE),
	WAITS("Retry-After as a date that has passed names no time ahead", GITHUB_NOW, READ,
		  .status = 429, .retry_after = "Tue, 14 Nov 2023 22:00:00 GMT", .date = DATE),
	WAITS("Retry-After 0 names none either", GITHUB_NOW, READ, .status = 429, .retry_after = "0",
		  .date = DATE),
	WAITS("Retry-After of a day", GITHUB_NOW + DAY, READ, .status = 429, .retry_after = "86400",
		  .date = DATE),
	WAITS("Retry-After of more is a day", GITHUB_NOW + DAY, READ, .status = 429,
		  .retry_after = "86401", .date = DATE),
	WAITS("Retry-After that overflows is a day", GITHUB_NOW + DAY, READ, .status = 429,
		  .retry_after = "99999999999999999999999999", .date = DATE),
	WAITS("Retry-After as a date years ahead is a day", GITHUB_NOW + DAY, READ, .status = 429,
		  .retry_after = "Mon, 31 Dec 2040 23:59:59 GMT", .date = DATE),
	SETTLED("403 with a negative Retry-After is no rate limit", GITHUB_FORBIDDEN, READ,
			.status = 403, .retry_after = "-60"),
	SETTLED("403 with a Retry-After that is text is no rate limit", GITHUB_FORBIDDEN, READ,
			.status = 403, .retry_after = "soon"),
	SETTLED("403 with an empty Retry-After is no rate limit", GITHUB_FORBIDDEN, READ, .status = 403,
			.retry_after = ""),
	SETTLED("403 with a fractional Retry-After is no rate limit", GITHUB_FORBIDDEN, READ,
			.status = 403, .retry_after = "1.5"),

	/* rate limits: remaining and reset */
	WAITS("403 with nothing remaining waits a second past the reset", INT64_C(1700001001), READ,
		  .status = 403, .ratelimit_remaining = "0", .ratelimit_reset = "1700001000", .date = DATE,
		  .body = MESSAGE("API rate limit exceeded for installation ID 1.")),
	WAITS("429 with nothing remaining, of a write", INT64_C(1700001001), WRITE, .status = 429,
		  .ratelimit_remaining = "0", .ratelimit_reset = "1700001000", .date = DATE),
	WAITS("403 with nothing remaining and a Retry-After that is text", INT64_C(1700001001), READ,
		  .status = 403, .retry_after = "soon", .ratelimit_remaining = "0",
		  .ratelimit_reset = "1700001000", .date = DATE),
	SETTLED("403 with nothing remaining and no reset", GITHUB_RATE_LIMITED, READ, .status = 403,
			.ratelimit_remaining = "0"),
	SETTLED("403 with nothing remaining and a reset that is text", GITHUB_RATE_LIMITED, READ,
			.status = 403, .ratelimit_remaining = "0", .ratelimit_reset = "later"),
	SETTLED("403 with nothing remaining and a reset that has passed", GITHUB_RATE_LIMITED, READ,
			.status = 403, .ratelimit_remaining = "0", .ratelimit_reset = "1699999999",
			.date = DATE),
	WAITS("403 with nothing remaining and a reset this very second", GITHUB_NOW + 1, READ,
		  .status = 403, .ratelimit_remaining = "0", .ratelimit_reset = "1700000000", .date = DATE),
	WAITS("403 with a reset years ahead waits a day", GITHUB_NOW + DAY, READ, .status = 403,
		  .ratelimit_remaining = "0", .ratelimit_reset = "2700000000", .date = DATE),
	SETTLED("429 with some remaining names no time", GITHUB_RATE_LIMITED, READ, .status = 429,
			.ratelimit_remaining = "10", .ratelimit_reset = "1700001000", .date = DATE),

	/* rate limits: words */
	SETTLED("403 that names a secondary limit", GITHUB_RATE_LIMITED, WRITE, .status = 403,
			.ratelimit_remaining = "4321", .ratelimit_reset = "1700001000",
			.body =
				MESSAGE("You have exceeded a Secondary Rate Limit. Please wait a few minutes.")),
	SETTLED("403 that names abuse", GITHUB_RATE_LIMITED, WRITE, .status = 403,
			.body = MESSAGE("You have triggered an abuse detection mechanism.")),
	WAITS("403 with a secondary limit and Retry-After", GITHUB_NOW + 90, WRITE, .status = 403,
		  .retry_after = "90", .date = DATE,
		  .body = MESSAGE("You have exceeded a secondary rate limit.")),
	SETTLED("403 after too many refused tokens", GITHUB_RATE_LIMITED, READ, .status = 403,
			.body = MESSAGE("Maximum number of login attempts exceeded. Please try again later.")),
	SETTLED("429 without anything", GITHUB_RATE_LIMITED, WRITE, .status = 429),
	SETTLED("429 that says suspended", GITHUB_RATE_LIMITED, READ, .status = 429,
			.body = MESSAGE("suspended")),

	/* the resource, the request */
	SETTLED("404", GITHUB_NOT_FOUND, WRITE, .status = 404, .body = MESSAGE("Not Found")),
	SETTLED("410 of an issue", GITHUB_GONE, WRITE, .status = 410,
			.body = MESSAGE("This issue was deleted")),
	SETTLED("410 of issues", GITHUB_GONE, WRITE, .status = 410,
			.body = MESSAGE("Issues are disabled for this repo")),
	SETTLED("410 without a body", GITHUB_GONE, READ, .status = 410),
	SETTLED("410 of the API version", GITHUB_API_VERSION_GONE, READ, .status = 410,
			.body = MESSAGE("API version 2022-11-28 is no longer supported.")),
	SETTLED("400 of the API version", GITHUB_API_VERSION_GONE, READ, .status = 400,
			.body = MESSAGE("\\\"2021-01-01\\\" is not a valid value for X-GitHub-Api-Version")),
	SETTLED("400", GITHUB_REJECTED, WRITE, .status = 400, .body = MESSAGE("Problems parsing JSON")),
	SETTLED("422", GITHUB_VALIDATION_FAILED, WRITE, .status = 422,
			.body = MESSAGE("Validation Failed")),
	SETTLED("422 for spam", GITHUB_VALIDATION_FAILED, WRITE, .status = 422,
			.body = MESSAGE("the endpoint has been spammed")),
	WAITS("422 for creating too fast", 0, WRITE, .status = 422,
		  .body = "{\"message\":\"Validation Failed\",\"errors\":[{\"resource\":\"Issue\","
				  "\"code\":\"custom\",\"message\":\"was submitted too quickly\"}]}"),
	SETTLED("405", GITHUB_REJECTED, WRITE, .status = 405),
	SETTLED("409", GITHUB_REJECTED, WRITE, .status = 409),
	SETTLED("413 with a page", GITHUB_REJECTED, WRITE, .status = 413, .body = HTML),
	SETTLED("499", GITHUB_REJECTED, WRITE, .status = 499),

	/* the server */
	SETTLED("408 of a read", GITHUB_UNAVAILABLE, READ, .status = 408),
	OPEN("408 of a write", GITHUB_UNAVAILABLE, WRITE, .status = 408),
	SETTLED("500 of a read", GITHUB_UNAVAILABLE, READ, .status = 500),
	OPEN("500 of a write", GITHUB_UNAVAILABLE, WRITE, .status = 500),
	OPEN("502 with a page, of a write", GITHUB_UNAVAILABLE, WRITE, .status = 502, .body = HTML),
	RESTS("503 with Retry-After, of a deletion", NOW + 60, true, DELETION, .status = 503,
		  .retry_after = "60"),
	RESTS("503 with Retry-After as an HTTP date", GITHUB_NOW + 60, false, READ, .status = 503,
		  .retry_after = "Tue, 14 Nov 2023 22:14:20 GMT", .date = DATE),
	SETTLED("503 with a Retry-After that is text", GITHUB_UNAVAILABLE, READ, .status = 503,
			.retry_after = "soon"),
	SETTLED("502 with nothing remaining waits for no reset", GITHUB_UNAVAILABLE, READ,
			.status = 502, .ratelimit_remaining = "0", .ratelimit_reset = "1700001000",
			.date = DATE),
	SETTLED("a cut behind a Retry-After names no time", GITHUB_UNAVAILABLE, READ,
			.transport = GITHUB_CUT_OFF, .status = 503, .retry_after = "60"),
	OPEN("504 of a creation", GITHUB_UNAVAILABLE, .operation = GITHUB_CREATE_ISSUE, .status = 504),
	SETTLED("599", GITHUB_UNAVAILABLE, READ, .status = 599),

	/* no HTTP status */
	SETTLED("0", GITHUB_INVALID_RESPONSE, READ, .status = 0),
	OPEN("101 of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 101),
	OPEN("600 of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = 600),
	SETTLED("999", GITHUB_INVALID_RESPONSE, READ, .status = 999),
	OPEN("-200 of a write", GITHUB_INVALID_RESPONSE, WRITE, .status = -200, .body = "{}"),

	/* the way there and back */
	SETTLED("a read that was never sent", GITHUB_UNAVAILABLE, READ, .transport = GITHUB_NEVER_SENT),
	SETTLED("a write that was never sent", GITHUB_UNAVAILABLE, WRITE,
			.transport = GITHUB_NEVER_SENT),
	SETTLED("a read cut off", GITHUB_UNAVAILABLE, READ, .transport = GITHUB_CUT_OFF),
	OPEN("a write cut off", GITHUB_UNAVAILABLE, WRITE, .transport = GITHUB_CUT_OFF),
	OPEN("a write cut off behind its status", GITHUB_UNAVAILABLE, WRITE,
		 .transport = GITHUB_CUT_OFF, .status = 422),
	SETTLED("an answer too large, of a read", GITHUB_INVALID_RESPONSE, READ,
			.transport = GITHUB_ANSWER_TOO_LARGE, .status = 200),
	OPEN("an answer too large, of a write", GITHUB_INVALID_RESPONSE, WRITE,
		 .transport = GITHUB_ANSWER_TOO_LARGE, .status = 200),
	SETTLED("a token lost on the way is no write", GITHUB_UNAVAILABLE,
			.operation = GITHUB_CREATE_INSTALLATION_TOKEN, .transport = GITHUB_CUT_OFF),
};

static void
test_verdicts(void)
{
	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		GithubVerdict verdict = github_response_verdict(&cases[i].response, NOW);
		int64_t not_before = cases[i].not_before != 0 ? cases[i].not_before : GITHUB_NO_WAIT;

		is_text(github_verdict_name(verdict.kind), github_verdict_name(cases[i].kind),
				cases[i].name);
		is_int(verdict.not_before, not_before, "... when it may be sent again");
		is_int(verdict.outcome_unknown, cases[i].outcome_unknown,
			   "... whether the outcome is open");
		github_verdict_free(&verdict);
	}
}

static void
test_outcome_of_each_operation(void)
{
	for (int operation = GITHUB_GET_ISSUE; operation <= GITHUB_CREATE_INSTALLATION_TOKEN;
		 operation++)
	{
		GithubResponse response = {.operation = (GithubOperation) operation, .status = 500};

		is_int(github_response_verdict(&response, NOW).outcome_unknown,
			   github_operation_writes((GithubOperation) operation),
			   "a 500 leaves the outcome open just where the operation writes");
	}
}

/* Whatever the status, 2xx and a clear refusal alone settle a write. */
static void
test_every_status_of_a_write(void)
{
	for (int status = -1; status <= 1000; status++)
	{
		GithubResponse response = {.operation = GITHUB_CREATE_ISSUE, .status = status};
		GithubVerdict verdict = github_response_verdict(&response, NOW);
		bool refused = status / 100 == 4 && status != 408;

		if (verdict.outcome_unknown != !refused)
			is_int(status, -1,
				   "a status without more leaves a creation open unless it is a refusal");
	}
	ok(true, "every status of a creation without headers or body was judged");
}

static int64_t
answered_at(const char *date, int64_t github_now, int64_t now)
{
	GithubResponse response = {READ, .status = 200, .body = "{}", .date = date,
							   .github_now = github_now};
	GithubVerdict verdict = github_response_verdict(&response, now);

	github_verdict_free(&verdict);
	return verdict.answered_at;
}

static void
test_clock(void)
{
	const char *year_9999 = "Fri, 31 Dec 9999 23:59:59 GMT";

	is_int(answered_at(DATE, 0, NOW), GITHUB_NOW, "GitHub's clock counts, however wrong ours is");
	is_int(answered_at(DATE, GITHUB_NOW - DAY, NOW), GITHUB_NOW, "... and a day after it told");
	is_int(answered_at(DATE, GITHUB_NOW - DAY - 1, NOW), GITHUB_NOW - DAY - 1,
		   "what is ahead of it by more, and of ours, does not");
	is_int(answered_at(DATE, GITHUB_NOW - DAY - 1, GITHUB_NOW - DAY), GITHUB_NOW,
		   "where ours has gone on as well, this machine has slept");
	is_int(answered_at(DATE, GITHUB_NOW + 2 * DAY, NOW), GITHUB_NOW, "it may go back");
	is_int(answered_at(year_9999, GITHUB_NOW, GITHUB_NOW), GITHUB_NOW, "nobody's is of 9999");
	is_int(answered_at(NULL, GITHUB_NOW, NOW), GITHUB_NOW, "without a Date it has gone on");
	is_int(answered_at("now", 0, NOW), NOW, "where it never told, ours counts");
}

/* By how much GitHub's clock is ahead, as the answer shows it. */
static int64_t
clock_offset(GithubOperation operation, int status, const char *date, const char *message)
{
	GithubResponse response = {.operation = operation,
							   .status = status,
							   .date = date,
							   .body = message};
	GithubVerdict verdict = github_response_verdict(&response, NOW);

	github_verdict_free(&verdict);
	return verdict.clock_offset_s;
}

static void
test_clock_offset(void)
{
	static const char early[] = MESSAGE(
		"'Expiration time' claim ('exp') must be a numeric value representing the future time");
	static const char late[] = MESSAGE("'Expiration time' claim ('exp') is too far in the future");
	static const char issued[] = MESSAGE("'Issued at' claim ('iat') must be an Integer");
	const GithubOperation mint = GITHUB_CREATE_INSTALLATION_TOKEN;
	const int64_t ahead = GITHUB_NOW - NOW;

	is_int(clock_offset(mint, 401, DATE, early), ahead, "a JWT that has expired tells the offset");
	is_int(clock_offset(mint, 401, DATE, late), ahead, "one that expires too late does");
	is_int(clock_offset(mint, 401, DATE, issued), ahead, "one of the future does");
	is_int(clock_offset(GITHUB_GET_APP, 401, DATE, issued), ahead, "for each use of a JWT");
	is_int(clock_offset(mint, 401, "Sun, 13 Sep 2020 12:26:10 GMT", issued), -30,
		   "GitHub's clock may be behind");
	is_int(clock_offset(mint, 401, "Sun, 13 Sep 2020 12:26:40 GMT", late), 0,
		   "nor need it differ, when the JWT was dated by another clock");
	is_int(clock_offset(mint, 401, NULL, issued), GITHUB_NO_OFFSET,
		   "without a Date there is no offset");
	is_int(clock_offset(mint, 401, "now", issued), GITHUB_NO_OFFSET, "nor with one that is none");
	is_int(clock_offset(mint, 401, DATE, MESSAGE("A JSON web token could not be decoded")),
		   GITHUB_NO_OFFSET, "another fault of the JWT is not the clock's");
	is_int(clock_offset(mint, 401, DATE, HTML), GITHUB_NO_OFFSET, "nor is a page");
	is_int(clock_offset(mint, 403, DATE, issued), GITHUB_NO_OFFSET, "nor another status");
	is_int(clock_offset(GITHUB_GET_ISSUE, 401, DATE, issued), GITHUB_NO_OFFSET,
		   "nor a token's fault");
}

static void
check_words(const char *expected, const GithubResponse response, const char *name)
{
	GithubVerdict verdict = github_response_verdict(&response, NOW);

	is_text(verdict.message, expected, name);
	github_verdict_free(&verdict);
	is_text(verdict.message, NULL, "... and are freed");
}

static void
test_words(void)
{
	static const char body[] = MESSAGE("in words");

	check_words("in words", (GithubResponse){READ, .status = 404, .body = body},
				"a verdict keeps GitHub's words");
	check_words("in words", (GithubResponse){READ, .status = 502, .body = body},
				"of whatever goes wrong");
	check_words("in words", (GithubResponse){READ, .status = 301, .location = "/x", .body = body},
				"of a redirect");
	check_words("in words", (GithubResponse){READ, .status = 206, .body = body},
				"of a success that cannot be read");
	check_words(NULL, (GithubResponse){READ, .status = 200, .body = body},
				"the words of what succeeded are no error's");
	check_words(NULL, (GithubResponse){READ, .status = 404, .body = HTML}, "a page has none");
	check_words("the answer repeats the credentials of its request, and is not kept",
				(GithubResponse){READ, .status = 200, .body = body, .repeats_credentials = true},
				"those of an answer that repeats our token are ours");
}

static int64_t
wait_s(const GithubResponse response)
{
	GithubVerdict verdict = github_response_verdict(&response, NOW);

	github_verdict_free(&verdict);
	return github_verdict_wait_s(&verdict);
}

static void
test_waits(void)
{
	is_int(wait_s((GithubResponse){READ, .status = 429, .retry_after = "7", .date = DATE}), 7,
		   "a wait is told from the answer on");
	is_int(wait_s((GithubResponse){READ, .status = 429, .retry_after = "0"}), 0,
		   "it is a second at least");
	is_int(wait_s((GithubResponse){READ, .status = 429, .retry_after = "1"}), 1,
		   "... which may be named");
	is_int(wait_s((GithubResponse){READ, .status = 429}), GITHUB_NO_WAIT,
		   "a refusal without a time names none");
	is_int(wait_s((GithubResponse){READ, .status = 404, .retry_after = "7"}), GITHUB_NO_WAIT,
		   "nor does what is no refusal");
}

static GithubQuota
quota(const char *limit, const char *remaining, const char *reset, const char *resource)
{
	GithubResponse response = {READ,
							   .status = 200,
							   .body = "{}",
							   .ratelimit_limit = limit,
							   .ratelimit_remaining = remaining,
							   .ratelimit_reset = reset,
							   .ratelimit_resource = resource,
							   .date = DATE};

	return github_response_verdict(&response, NOW).quota;
}

static void
check_quota(GithubQuota told, int64_t limit, int64_t remaining, int64_t reset_s, const char *name)
{
	is_int(told.limit, limit, name);
	is_int(told.remaining, remaining, "... what remains");
	is_int(told.reset_s, reset_s, "... and until when");
	is_int(told.date_s, GITHUB_NOW, "... by GitHub's clock");
}

static void
test_quotas(void)
{
	check_quota(quota("5000", "4999", "1700000600", "core"), 5000, 4999, 1700000600,
				"an answer tells the hour's requests");
	check_quota(quota("5000", "0", "1700000600", NULL), 5000, 0, 1700000600,
				"of our hour where it does not say of which");
	check_quota(quota("30", "29", "1700000060", "search"), -1, -1, -1,
				"searches have hours of their own");
	check_quota(quota(NULL, NULL, NULL, NULL), -1, -1, -1, "an answer may tell nothing");
	check_quota(quota("", "-1", "soon", "core"), -1, -1, -1, "what is no number tells nothing");
	check_quota(quota("99999999999999999999", "1 ", "0x1", "core"), -1, -1, -1,
				"nor does a number that cannot be meant");
	check_quota(quota("92233720368547749", "92233720368547750", "4:0", "core"),
				INT64_C(92233720368547749), -1, -1, "... from a hundredth of all numbers on");
}

static void
test_verdict_names(void)
{
	static const char *const names[] = {
		[GITHUB_OK] = "ok",
		[GITHUB_NOT_MODIFIED] = "not modified",
		[GITHUB_REDIRECTED] = "redirected",
		[GITHUB_UNAUTHORIZED] = "unauthorized",
		[GITHUB_RATE_LIMITED] = "rate limited",
		[GITHUB_SUSPENDED] = "suspended",
		[GITHUB_FORBIDDEN] = "forbidden",
		[GITHUB_NOT_FOUND] = "not found",
		[GITHUB_GONE] = "gone",
		[GITHUB_API_VERSION_GONE] = "api version gone",
		[GITHUB_VALIDATION_FAILED] = "validation failed",
		[GITHUB_REJECTED] = "rejected",
		[GITHUB_UNAVAILABLE] = "unavailable",
		[GITHUB_INVALID_RESPONSE] = "invalid response",
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
		is_text(github_verdict_name((GithubVerdictKind) i), names[i], "every verdict has its name");
	is_text(github_verdict_name((GithubVerdictKind) 99), "unknown", "... and what is none");
}

int
main(void)
{
	test_verdicts();
	test_outcome_of_each_operation();
	test_every_status_of_a_write();
	test_clock();
	test_clock_offset();
	test_words();
	test_waits();
	test_quotas();
	test_verdict_names();
	return done_testing();
}
