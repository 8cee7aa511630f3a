/*
 * report.h
 *		One report: from a conversation's answer to the queue.
 *
 * The verdict of an answer (core) becomes a report to the queue (db).  Where it
 * concerns the installation as a whole (a rate limit, bad credentials, GitHub
 * out of reach), the installation pauses, and no row is charged an attempt.
 */
#ifndef GITHUB_SYNC_REPORT_H
#define GITHUB_SYNC_REPORT_H

#include "postgres.h"

#include "db/installations.h"
#include "worker/conversation.h"

typedef enum Disposition
{
	CONVERSATION_ENDS,
	CONVERSATION_GOES_ON, /* its next request follows */
	CONVERSATION_WAITS    /* its report is tried again */
} Disposition;

/* What one answer asks of us, worked out while it is reported. */
typedef struct Report
{
	Conversation *conversation;
	Course course; /* when the answer came */
	Disposition disposition;
	int waits_ms;             /* CONVERSATION_WAITS: for so long */
	const char *pause_reason; /* why the installation pauses; NULL: it does not */
	PauseKind pause_kind;
	TimestampTz paused_until;
	bool outage_ends; /* the installation was in an outage, and GitHub answered */
	bool pause_stays; /* it goes on, or its end could not be written: a later answer ends it */
	const char *installation_state; /* what GitHub says it is; NULL: nothing */
	bool is_lost;                   /* the queue could not be told of it, nor of the failure */
	TimestampTz retry_at;           /* when a row that was given back may be claimed again */
} Report;

/* A report that is begun, perhaps anew: what was worked out before does not count. */
extern void report_reset(Report *report);
extern void report_note_retry(Report *report, TimestampTz retry_at);

/* The claim's row: an attempt counted, or given back without one, or errored. */
extern void report_try_again(Report *report, const char *code, const char *reason);
extern void report_give_back(Report *report, const char *problem);
extern void report_fail(Report *report, const char *code, const char *reason);

/*
 * Whatever ends this process from now on was its row's doing; of what is about
 * none, that of pages, or nobody knows whose.
 */
extern void report_mark(const Report *report);

/* A creation that GitHub certainly did not carry out needs no lookup. */
extern void report_settle_refused_creation(const Report *report);

/* GitHub refused the request for what it is: the row is errored, by what the answer says. */
extern void report_refuse(Report *report, const char *code);

/* What the answers to a claim's request and to one for a token have in common. */
extern void report_unavailable(Report *report);
extern void report_rate_limit(Report *report);
extern void report_bad_credentials(Report *report, const char *reason);
extern void report_lack_of_memory(Report *report, const char *reason);

/* What does not parse, for a reason or because memory was lacking; what: "answer", "list". */
extern void
report_unreadable(Report *report, const char *what, GithubParseResult result, const char *problem);

/*
 * GitHub refused a request (401).  True: the token is in doubt, and the request
 * is to be sent again; false: GitHub refuses this request alone.
 */
extern bool report_doubts_token(Conversation *conversation);

/* In words: what such a request was refused with. */
extern const char *report_refused_alone(const Conversation *conversation);

/* GitHub answered: a pause of the installation that the database knows of is over. */
extern void report_end_pause(Report *report);

/* Whatever else an answer says, it may come from somebody who has read the token. */
extern void report_note_accepted_token(const Conversation *conversation);

#endif /* GITHUB_SYNC_REPORT_H */
