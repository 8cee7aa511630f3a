/*
 * github_response.h
 *		From status and headers of an answer to a verdict.
 *
 * One pure function decides for every request the project sends; the table of
 * tests beside it is the specification.  It never looks at row states: SQL
 * turns a verdict into a state.
 */
#ifndef GITHUB_RESPONSE_H
#define GITHUB_RESPONSE_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>

#include "core/github_request.h"

/* What became of the exchange on the way, before any status. */
typedef enum GithubTransport
{
	GITHUB_ANSWERED,        /* status and headers are valid */
	GITHUB_NEVER_SENT,      /* resolve, connect or TLS failed: nothing arrived */
	GITHUB_CUT_OFF,         /* sent, or partly; timeout, reset, unreadable */
	GITHUB_ANSWER_TOO_LARGE /* aborted by our own limit */
} GithubTransport;

typedef enum GithubVerdict
{
	GITHUB_OK,                /* 2xx */
	GITHUB_NOT_MODIFIED,      /* 304 of a conditional request */
	GITHUB_REDIRECTED,        /* 301, 302, 307, 308 with a Location */
	GITHUB_UNAUTHORIZED,      /* 401 */
	GITHUB_RATE_LIMITED,      /* 403 or 429 with a reason to wait */
	GITHUB_SUSPENDED,         /* 403: installation suspended */
	GITHUB_FORBIDDEN,         /* other 403, 451 */
	GITHUB_NOT_FOUND,         /* 404 */
	GITHUB_GONE,              /* 410 of a resource */
	GITHUB_API_VERSION_GONE,  /* 410 or 400 naming the API version */
	GITHUB_VALIDATION_FAILED, /* 422 */
	GITHUB_REJECTED,          /* any other 4xx */
	GITHUB_UNAVAILABLE,       /* 408, 5xx, a page for 403, 404 or 410, the way there failed */
	GITHUB_INVALID_RESPONSE   /* 1xx, 206, other 3xx, too large, not JSON */
} GithubVerdict;

/* What the verdict is decided from; header values are NULL where absent. */
typedef struct GithubResponse
{
	GithubOperation operation;
	bool conditional; /* the request carried an ETag */
	GithubTransport transport;
	int status;
	const char *retry_after;
	const char *ratelimit_remaining;
	const char *ratelimit_reset;
	const char *date;
	const char *location;
	const char *content_type;
	const char *body; /* sanitized, NUL-terminated, or NULL */
} GithubResponse;

typedef struct GithubJudgement
{
	GithubVerdict verdict;
	/*
	 * RATE_LIMITED, UNAVAILABLE: seconds since 1970, by GitHub's clock, before
	 * which nothing is sent again, at most GITHUB_MAX_WAIT_S ahead;
	 * GITHUB_NO_WAIT when GitHub named none (the caller has a schedule of its
	 * own).
	 */
	int64_t not_before;
	/*
	 * UNAUTHORIZED, where GitHub found fault with the times of our JWT: by how
	 * many seconds its clock is ahead of ours, which may be none when the JWT
	 * was dated otherwise; GITHUB_NO_OFFSET: that is not the reason, or GitHub
	 * does not tell.
	 */
	int64_t clock_offset_s;
	/*
	 * A write may have had its effect although no readable answer came.  A
	 * redirect that the caller then cannot follow is one more such case.
	 */
	bool outcome_unknown;
} GithubJudgement;

#define GITHUB_NO_WAIT INT64_MIN
#define GITHUB_NO_OFFSET INT64_MIN

/* GitHub's own limits end within the hour; a longer wait is a mistake. */
#define GITHUB_MAX_WAIT_S (24 * 60 * 60)

/*
 * now: seconds since 1970 of our clock; GitHub's own counts for GitHub's times
 * wherever the answer has a Date header.
 */
extern GithubJudgement github_response_judge(const GithubResponse *response, int64_t now);

/*
 * The words of an error answer, "message" and the first of "errors":
 * "Validation Failed: title is too long".  malloc'd, at most
 * GITHUB_MAX_MESSAGE_LENGTH bytes; NULL when the answer has none.  Tokens in
 * them are cut to "ghs_***": whoever answers may repeat what we sent.
 */
#define GITHUB_MAX_MESSAGE_LENGTH 1000
extern char *github_error_message_parse(const char *json);

/*
 * In place: every occurrence of the secret in text becomes "***", also one that
 * the end of text has cut off.  For tokens that have not GitHub's form.
 */
extern void github_hide_secret(char *text, const char *secret);

/* Lower-case name of a verdict, for logs and last_error: "rate limited". */
extern const char *github_verdict_name(GithubVerdict verdict);

#endif
