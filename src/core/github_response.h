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

typedef enum GithubVerdictKind
{
	GITHUB_OK,                /* 2xx */
	GITHUB_NOT_MODIFIED,      /* 304 of a conditional request */
	GITHUB_REDIRECTED,        /* 301, 307, 308 with a Location; of a read 302 as well */
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
	GITHUB_INVALID_RESPONSE   /* 1xx, 206, other 3xx, too large, not JSON, our token in it */
} GithubVerdictKind;

/* What the verdict is decided from; header values are NULL where absent. */
typedef struct GithubResponse
{
	GithubOperation operation;
	bool conditional; /* the request carried an ETag */
	GithubTransport transport;
	int status;
	const char *retry_after;
	const char *ratelimit_limit;
	const char *ratelimit_remaining;
	const char *ratelimit_reset;
	const char *ratelimit_resource;
	const char *date;
	const char *location;
	const char *content_type;
	const char *body;         /* sanitized, NUL-terminated, or NULL */
	bool repeats_credentials; /* what would be kept of it holds the token of the request */
} GithubResponse;

/*
 * What GitHub's answers say of its hour, in which an installation has so many
 * requests; any number below 0: it says nothing.
 */
typedef struct GithubQuota
{
	int64_t limit;     /* x-ratelimit-limit: requests an hour */
	int64_t remaining; /* x-ratelimit-remaining */
	int64_t reset_s;   /* x-ratelimit-reset: seconds since 1970, GitHub's clock */
	int64_t date_s;    /* Date: the same clock */
} GithubQuota;

/* What an answer means: made once, when it arrives. */
typedef struct GithubVerdict
{
	GithubTransport transport;
	GithubVerdictKind kind;

	/* Seconds since 1970 by GitHub's clock, or by ours where it does not tell. */
	int64_t answered_at;
	/*
	 * RATE_LIMITED, UNAVAILABLE: seconds since 1970, by GitHub's clock, before
	 * which nothing is sent again, at most GITHUB_MAX_WAIT_S ahead; that of the
	 * answer when GitHub named one that is not ahead; GITHUB_NO_WAIT when it
	 * named none (for both the caller has a schedule of its own).
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

	GithubQuota quota; /* nothing, where the answer is about another hour than ours */
	char *message;     /* GitHub's words, of all but OK and NOT_MODIFIED; malloc'd; NULL: none */
} GithubVerdict;

#define GITHUB_NO_WAIT INT64_MIN
#define GITHUB_NO_OFFSET INT64_MIN

/* GitHub's own limits end within the hour; a longer wait is a mistake. */
#define GITHUB_MAX_WAIT_S (24 * 60 * 60)

/*
 * now: seconds since 1970 of our clock; GitHub's own counts for GitHub's times
 * wherever the answer has a Date header.
 */
extern GithubVerdict github_response_verdict(const GithubResponse *response, int64_t now);
extern void github_verdict_free(GithubVerdict *verdict); /* what it holds */

/* For how long from the answer on GitHub wants nothing to be sent: not below 0, or GITHUB_NO_WAIT. */
extern int64_t github_verdict_wait_s(const GithubVerdict *verdict);

/* Lower-case name of a verdict, for logs and last_error: "rate limited". */
extern const char *github_verdict_name(GithubVerdictKind kind);

#endif
