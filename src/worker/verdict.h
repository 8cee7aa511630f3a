/*
 * verdict.h
 *		What came back for a request: read from its exchange once, when it arrives.
 *
 * Its body is sanitized and its verdict made here, and both are kept with the
 * conversation: budgets, tokens and reports go by the same verdict, and nobody
 * looks at the exchange again.
 */
#ifndef GITHUB_SYNC_VERDICT_H
#define GITHUB_SYNC_VERDICT_H

#include "postgres.h"

#include "core/github_response.h"
#include "http/http.h"

/* Texts are NULL where the answer has none. */
typedef struct Answer
{
	MemoryContext context;
	HttpExchange *exchange; /* without its body; until the answer is freed, its bytes count */
	GithubVerdict verdict;
	int status;     /* 0: no status line came */
	char *json;     /* sanitized body, malloc'd; NULL: there was no memory for it */
	char *location; /* headers, as they came */
	char *link;
	char *etag;
	char *request_id; /* GitHub's name for the request, fit for a log */
	char *failure;    /* what went wrong on the way */
} Answer;

/* The request that was answered, and by what right. */
typedef struct AnsweredRequest
{
	GithubOperation operation;
	bool conditional; /* it carried an ETag */
	const char
		*secret; /* the token that was sent with it: the installation's, a user's, the App's own */
} AnsweredRequest;

/* In a child context of parent.  Takes over the exchange. */
extern Answer *
verdict_make(HttpExchange *exchange, const AnsweredRequest *request, MemoryContext parent);
extern void verdict_free(Answer *answer);

/* Bytes of its body: what reading it costs goes by that. */
extern size_t verdict_length(const Answer *answer);

/* A list may have been too large for GitHub, or for us, or for the time that a request may take. */
extern bool verdict_may_be_page_size(const Answer *answer);

/* "GitHub answered 403 (forbidden): ...", for people; palloc'd. */
extern char *verdict_describe(const Answer *answer);

#endif /* GITHUB_SYNC_VERDICT_H */
