/*
 * installation.h
 *		What this worker knows of one GitHub App installation: its token, its
 *		pauses, and what other modules keep with it.
 *
 * In memory only.  What must outlive the worker (a pause and its reason) is
 * written to github_app_installations by whoever decides it.
 */
#ifndef GITHUB_SYNC_INSTALLATION_H
#define GITHUB_SYNC_INSTALLATION_H

#include "postgres.h"

#include "core/rate_limit.h"
#include "datatype/timestamp.h"
#include "db/installations.h"
#include "db/record_type.h"
#include "nodes/pg_list.h"

#define TOKEN_KEY_LENGTH 16

/* places.c: transactions of one record type that read, that update, or that create. */
typedef struct LineInHand
{
	int in_hand;
	int places; /* 0: none known yet */
	int ended;  /* since the last claim */
} LineInHand;

typedef struct Installation
{
	int64 id;                      /* GitHub's; 0 in token mode */
	char *token;                   /* malloc'd; NULL: none yet */
	int64 token_renew_at;          /* seconds since 1970, by our clock */
	TimestampTz token_minted_at;   /* DT_NOBEGIN: not minted, but read from a file */
	bool token_accepted;           /* GitHub has answered to it */
	bool token_has_rested;         /* new, it was refused, and had the time to become known */
	bool token_doubted;            /* GitHub refused it, or the one before: one request tries it */
	bool token_questioned;         /* refused as well: GitHub is asked who we are, with it */
	TimestampTz token_proved_at;   /* when the answer to that came; DT_NOBEGIN: not asked */
	int tokens_refused;            /* in a row, none of them accepted */
	TimestampTz token_rests_until; /* nothing is sent with it before */
	int requests_unsettled;        /* sent with a token, their answers not recorded yet */
	char token_key[TOKEN_KEY_LENGTH + 1]; /* fingerprint: ETags belong to it */
	bool minting;                         /* a request for a token is under way */
	bool app_doubted;              /* it is not there, or not for this App: GET /app tells which */
	List *waiting;                 /* line.c: of Conversation, not sent yet, in order */
	struct Conversation *sweep;    /* sweeps.c: a page of a list, not asked for yet */
	RatePermission sweep_obstacle; /* pacing.c: what is in its way */
	List *ahead;                   /* freshness.c: of Conversation, they read for updates to come */
	LineInHand lines[RECORD_TYPES][RATE_KINDS];
	struct Conversation *refreshing; /* freshness.c: in its turn to write, but asks again first */
	RatePermission obstacles[RATE_KINDS]; /* pacing.c: in the way of the first that waits */
	int pauses;                           /* in a row, of one kind */
	int states_told;                      /* that it is suspended or gone, in a row */
	PauseKind pause_kind;
	TimestampTz paused_until; /* of the last one, or the last that budgets demanded */
	bool may_be_paused;       /* the table may still say so */
} Installation;

/* Made when first asked for; lives as long as the worker. */
extern Installation *installation_get(int64 id);

typedef void (*InstallationVisitor)(Installation *installation, void *argument);
extern void installation_visit_all(InstallationVisitor visitor, void *argument);

/* How many pauses of that kind came in a row. */
extern int installation_pauses(const Installation *installation, PauseKind kind);
extern void
installation_note_pause(Installation *installation, PauseKind kind, TimestampTz paused_until);

/* Keys and tokens may be others now: drops tokens and forgets that they were refused. */
extern void installation_end_credential_pauses(void);

/* Takes over a malloc'd token; renew_at: seconds since 1970, by our clock: it is not sent from then on. */
extern void installation_set_token(Installation *installation, char *token, int64 renew_at,
								   TimestampTz minted_at);
extern void installation_drop_token(Installation *installation);

/* Has a token that will not expire on the way.  now: seconds since 1970. */
extern bool installation_has_token(const Installation *installation, int64 now);

/* GitHub has answered to a token; only what belongs to the present one counts. */
extern void installation_note_accepted(Installation *installation, const char *token_key);

/* GitHub has said who we are to a token: if it was questioned, it is good. */
extern void
installation_note_proved(Installation *installation, const char *token_key, TimestampTz now);

/* Nothing is to be sent with the token now: it rests, or one request tries it. */
extern bool installation_spares_token(const Installation *installation, TimestampTz now);

/*
 * GitHub refused a request (401) that was sent with the present token.  True:
 * the request is to be sent again, when the token is old enough for GitHub's
 * replicas to know it, or with another one, or once GitHub has said who we are.
 * False: the token is good, it is this request that GitHub refuses.
 * tried_before: it was refused before.
 */
extern bool
installation_doubts_token(Installation *installation, bool tried_before, TimestampTz now);

#endif
