/*
 * conversation.h
 *		What is under way with GitHub: a claim's requests one after the other,
 *		and the requests for identity and tokens that they need.
 *
 * A conversation waits in the line of its installation until its next request
 * may be sent (line.c, dispatch.c), is then an exchange of the HTTP room
 * (sending.c), and comes back with an answer (arrivals.c), which is reported to
 * the queue (reporting.c).  Nothing here touches the database.
 */
#ifndef GITHUB_SYNC_CONVERSATION_H
#define GITHUB_SYNC_CONVERSATION_H

#include "postgres.h"

#include "core/github_request.h"
#include "db/queue_claim.h"
#include "db/repo_sweeps.h"
#include "lib/ilist.h"
#include "server/budgets.h"
#include "worker/installation.h"
#include "worker/verdict.h"

/* Creations are looked up in lists from this long before they were sent: clocks differ. */
#define LOOKUP_MARGIN_S 600

typedef enum ConversationPurpose
{
	ABOUT_CLAIM,
	ABOUT_TOKEN,   /* POST access_tokens for an installation */
	ABOUT_SWEEP,   /* a page of a list, to see what is there */
	ABOUT_IDENTITY /* GET /app, /users/... or /user: the account that we write as */
} ConversationPurpose;

/* Why a request was not sent. */
typedef enum UnsentReason
{
	UNSENT_NOT,            /* it was, or waits for its turn */
	UNSENT_BY_ROW,         /* what the row asks for can never be sent */
	UNSENT_BY_CREDENTIALS, /* nothing of its installation can be, for now */
	UNSENT_BY_MEMORY       /* this machine lacks memory: later, it can be */
} UnsentReason;

typedef struct Refusal
{
	UnsentReason reason;
	const char *code; /* UNSENT_BY_ROW: of the error; static text */
	char *words;
} Refusal;

/* How far a list has been read, page by page. */
typedef struct ListLook
{
	int page;     /* from 1 */
	int per_page; /* smaller where GitHub cannot make larger ones */
	const char
		*seen_url; /* of the last page whose number is a power of two: a circle comes back to it */
	int64 last_id; /* of the last item of the pages before; 0: there was none */
	int64 last_created_at; /* and when that was made */
} ListLook;

typedef struct Conversation
{
	ConversationPurpose purpose;
	Installation *installation;
	SyncClaim *claim;                     /* ABOUT_CLAIM */
	RepoSweep *sweep;                     /* ABOUT_SWEEP */
	GithubOperation operation;            /* of the request that was sent, or waits */
	char token_key[TOKEN_KEY_LENGTH + 1]; /* which token was sent with it */
	char *sent_token;                     /* itself, until the answer is read; NULL: none was */
	int64 clock_offset_s;                 /* by which its JWT was dated ahead of our clock */
	bool conditional;                     /* it was sent with the ETag of what is known */
	BudgetTicket ticket;                  /* while its request is under way */
	bool prepared;                        /* a creation: its attempt is committed */
	int64 prepared_as;                    /* the account that the attempt names: GitHub's id */
	bool retried_unauthorized;
	bool write_not_found;      /* an update or deletion was answered 404 or 410 */
	const char *write_refused; /* what was said when a write was answered 403; NULL: none was */
	ClaimStep step_after;      /* STEP_CONFIRM, STEP_LOCATE: what follows once the name is known */
	const char
		*name_denied;  /* STEP_LOCATE: the name it went by, as it seemed; NULL: only in doubt */
	bool name_is_sure; /* that name is the repository's own: it was asked by its id */
	TimestampTz name_confirmed_at; /* repositories.c: its own question was answered; 0: not yet */
	bool list_failed;         /* no page of the list could be had, however small; or, of a sweep,
									* this one: whether GitHub answers anything, its repository tells */
	const char *list_failure; /* and what was said then */
	char *login;              /* ABOUT_IDENTITY: whose account is asked for; palloc'd */
	TimestampTz begun_at;     /* ABOUT_CLAIM: when it was claimed */
	TimestampTz sent_at;      /* its last request */
	TimestampTz answered_at;  /* that request was; 0: nothing came back for it yet */
	char *next_url;           /* where GitHub sent us on to, within its API; NULL: nowhere */
	int redirects;            /* in a row */
	int64 redirected_repo_id; /* in the last one; 0: it named none */
	ListLook look;            /* through a list for a creation */

	/* Until they are reported, either of these. */
	Answer *answer;      /* NULL: none */
	bool is_own_trouble; /* pacing.c: GitHub fails with this request, and not with others */
	Refusal refusal;     /* UNSENT_NOT: none */

	TimestampTz read_at;    /* freshness.c: when it was sent to read for an update; 0: it was not */
	TimestampTz fetched_at; /* freshness.c: when the answer came that an update is made of */
	int postponed;          /* arrivals.c: how often in a row its report was postponed */
	TimestampTz postponed_since; /* the first time of these */
	TimestampTz tried_at;        /* the last time that the report was tried */
	TimestampTz not_before;      /* when it is tried again */

	dlist_node held; /* ABOUT_CLAIM: in the list of all claims held */
} Conversation;

/*
 * What the report of an answer changes.  It is changed before the report is
 * committed: one that is made again begins with what was so when the answer came.
 */
typedef struct Course
{
	SyncClaim claim; /* ABOUT_CLAIM */
	bool prepared;
	bool retried_unauthorized;
	bool write_not_found;
	const char *write_refused;
	ClaimStep step_after;
	const char *name_denied;
	bool name_is_sure;
	TimestampTz name_confirmed_at;
	bool list_failed;
	const char *list_failure;
	char *next_url;
	int redirects;
	int64 redirected_repo_id;
	ListLook look;
} Course;

extern void conversation_keep_course(const Conversation *conversation, Course *course);
extern void conversation_resume_course(Conversation *conversation, const Course *course);

/* A conversation takes over the claim, and lives in its memory. */
extern Conversation *conversation_of_claim(SyncClaim *claim);
/* The same of a sweep. */
extern Conversation *conversation_of_sweep(RepoSweep *sweep);
extern Conversation *conversation_for(ConversationPurpose purpose, GithubOperation operation,
									  Installation *installation);
extern void conversation_end(Conversation *conversation);

/*
 * It asks for its repository by its id, and then goes on.  denied: why the name
 * cannot be the repository's, in words that are copied; NULL: it may be.
 */
extern void conversation_locate(Conversation *conversation, const char *denied);

/* The repository's name: words are copied. */
extern void
conversation_take_name(Conversation *conversation, const char *owner_login, const char *repo_name);

/* What a claim asks for in its present step. */
extern GithubOperation conversation_operation(const SyncClaim *claim);
extern GithubOperation conversation_operation_of_sweep(const Conversation *conversation);

/* Its request is not sent.  code: static text, of UNSENT_BY_ROW alone; words are copied. */
extern void conversation_refuse(Conversation *conversation, UnsentReason reason, const char *code,
								const char *words);

/*
 * What was sent with its request, and must not be shown whatever the answer repeats; others
 * may have taken its place at the installation since.
 */
extern void conversation_keep_token(Conversation *conversation, const char *token);
extern void conversation_forget_token(Conversation *conversation);

/* The answer is reported. */
extern void conversation_forget_answer(Conversation *conversation);

/* From its first page, which is as large as GitHub allows. */
extern void conversation_begin_list(Conversation *conversation);

/* From its first page again, with half as much on each; false: they are as small as they get. */
extern bool conversation_halve_pages(Conversation *conversation);

/* Its next request goes where GitHub said: url is malloc'd, and taken over. */
extern void conversation_go_to(Conversation *conversation, char *url);

/* GitHub has answered with what was asked for: the next request is of another place. */
extern void conversation_arrived(Conversation *conversation);

/* For the log: "task transaction 12, claim 3"; palloc'd. */
extern char *conversation_name(const Conversation *conversation);

/* Claims held, whatever they wait for; and their ids, palloc'd. */
extern int conversation_claims(void);
extern int64 *conversation_claim_ids(RecordType record_type, int *count);

/* Whether one ended since the last call: it left a slot, and perhaps a record. */
extern bool conversation_take_ended(void);

/* A claim is let go although the queue could not be told: it says that we hold it. */
extern void conversation_note_lost(void);
extern bool conversation_take_lost(void); /* since the last call */

#endif /* GITHUB_SYNC_CONVERSATION_H */
