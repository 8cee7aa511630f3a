/*
 * recording.h
 *		One answer on its way into the queue.
 *
 * Words: a verdict (core) becomes a report to the queue (db).  A trouble is
 * one of the installation as a whole: a rate limit, bad credentials, GitHub
 * out of reach.  It pauses the installation and costs no row an attempt.
 */
#ifndef GITHUB_SYNC_RECORDING_H
#define GITHUB_SYNC_RECORDING_H

#include "postgres.h"

#include "worker/conversation.h"
#include "core/github_response.h"
#include "db/installations.h"
#include "db/queue_report.h"
#include "datatype/timestamp.h"

/* Credentials that are refused, doubling; a refusal without a time. */
#define TROUBLE_BASE_MS (60 * 1000)

typedef enum Disposition
{
	CONVERSATION_ENDS,
	CONVERSATION_GOES_ON, /* its next request follows */
	CONVERSATION_WAITS    /* its recording is tried again */
} Disposition;

/* What one answer asks of us, worked out while it is recorded. */
typedef struct Recording
{
	Conversation *conversation;
	GithubResponse response;
	GithubJudgement judgement;
	char *json;    /* sanitized body, malloc'd; NULL: none */
	char *message; /* GitHub's words, palloc'd; NULL: none */
	Disposition disposition;
	const char *trouble; /* why the installation pauses; NULL: it does not */
	PauseKind trouble_kind;
	TimestampTz paused_until;
	const char *installation_state; /* what GitHub says it is; NULL: nothing */
	TimestampTz retry_at;
} Recording;

/* Reads the exchange: verdict, sanitized body, GitHub's words. */
extern void judge(Recording *recording);

/* "GitHub answered 403 (forbidden): ...", for people. */
extern char *describe(const Recording *recording);

/* Seconds since 1970, by GitHub's clock where the answer tells it. */
extern int64 answered_at(const Recording *recording);

extern TimestampTz in_ms(int64 delay_ms);

/* When a row that failed so often is tried again. */
extern TimestampTz retry_time(int failures);
extern void note_retry(Recording *recording, TimestampTz retry_at);

/* The installation as a whole has to wait; the claim, if any, stands in line again. */
extern void
pause_installation(Recording *recording, PauseKind kind, TimestampTz until, const char *reason);

/* A creation that GitHub certainly did not carry out needs no looking for. */
extern void settle_refused_creation(const Recording *recording);

/* The troubles that a claim's answer and a token's have in common. */
extern void record_unavailable(Recording *recording);
extern void record_rate_limit(Recording *recording);
extern void record_bad_credentials(Recording *recording, const char *reason);

#endif /* GITHUB_SYNC_RECORDING_H */
