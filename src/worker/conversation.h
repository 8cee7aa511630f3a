/*
 * conversation.h
 *		What is under way with GitHub: a claim's requests one after the other,
 *		and the requests for identity and tokens that they need.
 *
 * A conversation waits at its installation until its next request may be
 * sent, is then an exchange of the HTTP room, and comes back as an answer.
 * Nothing here touches the database.
 */
#ifndef GITHUB_SYNC_CONVERSATION_H
#define GITHUB_SYNC_CONVERSATION_H

#include "postgres.h"

#include "core/github_request.h"
#include "db/queue_claim.h"
#include "http/http.h"
#include "worker/installation.h"
#include "lib/ilist.h"

/* Creations are looked for in lists from this long before they were sent: clocks differ. */
#define LOOK_MARGIN_S 600

typedef enum ConversationPurpose
{
	ABOUT_CLAIM,
	ABOUT_TOKEN,   /* POST access_tokens for an installation */
	ABOUT_IDENTITY /* GET /app or /user: the login we write under */
} ConversationPurpose;

typedef struct Conversation
{
	ConversationPurpose purpose;
	Installation *installation;
	SyncClaim *claim;                     /* ABOUT_CLAIM */
	GithubOperation operation;            /* of the request that was sent, or waits */
	char token_key[TOKEN_KEY_LENGTH + 1]; /* which token was sent with it */
	int64 clock_offset_s;                 /* by which its JWT was dated ahead of our clock */
	bool conditional;                     /* it was sent with the ETag of what is known */
	BudgetTicket ticket;                  /* while its request is under way */
	bool prepared;                        /* a creation: its attempt is committed */
	bool retried_unauthorized;
	char *next_url;           /* where GitHub sent us on to, within its API; NULL: nowhere */
	int redirects;            /* in a row */
	int64 redirected_repo_id; /* in the last one; 0: it named none */
	int page;                 /* of a list, from 1 */

	/* The answer: either of these. */
	HttpExchange *exchange;
	const char *unsendable_code; /* refused before it was sent */
	char *unsendable_reason;     /* in the conversation's memory context */

	TimestampTz read_at;    /* freshness.c: when it was sent to read for an update; 0: it was not */
	TimestampTz fetched_at; /* freshness.c: when the answer came that an update is made of */
	TimestampTz not_before; /* its recording was postponed until then */
	int postponed;

	dlist_node held; /* ABOUT_CLAIM: in the list of all claims held */
} Conversation;

/* Opens the HTTP room.  Raises when it cannot. */
extern void conversations_open(void);
extern void conversations_reconfigure(void);

extern int conversations_descriptor(void);
extern int conversations_under_way(void); /* claims held, whatever they wait for */
extern int conversations_waiting(void);   /* of those, the ones that wait for their turn */

/* Ids of the claims held; palloc'd. */
extern int64 *conversations_held(RecordType record_type, int *count);

/* A claim is let go although the queue could not be told: it says that we hold it. */
extern void conversations_note_lost(void);
extern bool conversations_take_lost(void); /* since the last call */

/* When conversations_progress() must be called, though nothing happens before; or DT_NOEND. */
extern TimestampTz conversations_next_deadline(TimestampTz now);

/* Takes over a fresh claim. */
extern void conversation_begin(SyncClaim *claim);

/* Its next request waits to be sent. */
extern void conversation_continue(Conversation *conversation);
extern void conversation_end(Conversation *conversation);

/* Its next request goes where GitHub said: url is malloc'd, and taken over. */
extern void conversation_go_to(Conversation *conversation, char *url);

/* GitHub has answered with what was asked for: the next request is of another place. */
extern void conversation_arrived(Conversation *conversation);

/* The recording of its answer is tried again in a moment. */
extern void conversation_postpone(Conversation *conversation, int delay_ms);

/* Lets the network work, and sends what may be sent. */
extern void conversations_progress(void);

/* The next answer to record, or NULL. */
extern Conversation *conversations_take_answer(void);

/* The next creation whose turn it is but that is not prepared yet, or NULL. */
extern Conversation *conversations_take_unprepared(void);

/* Its attempt is committed: it is sent. */
extern void conversation_send_prepared(Conversation *conversation);

/* There is nothing to create: its turn goes to the next one. */
extern void conversation_yield_turn(Conversation *conversation);

/* What still waits at an installation that may not send now: the caller gives it back. */
extern List *conversations_take_waiting(Installation *installation);
extern List *conversations_take_waiting_creations(Installation *installation);

/* The login that our own writes carry; NULL: not known yet. */
extern const char *own_login(void);
extern void set_own_login(const Conversation *conversation, char *login);

/* The identity or token request is answered, for good or bad. */
extern void conversation_end_preparation(Conversation *conversation);

#endif
