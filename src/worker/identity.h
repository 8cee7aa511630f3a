/*
 * identity.h
 *		Who this worker is for GitHub: the token of an installation, and the account
 *		that we write as.
 *
 * An account is known by GitHub's id: an App, and a user, may be renamed.  The
 * account of an App is that of its bot, whose login GET /app tells and whose id
 * GET /users/... does; that of a token is its user's.
 */
#ifndef GITHUB_SYNC_IDENTITY_H
#define GITHUB_SYNC_IDENTITY_H

#include "postgres.h"

#include "worker/conversation.h"

/*
 * Whether requests of an installation, at which something waits, can be
 * authorised; asks GitHub for what is missing.  A token file that cannot be
 * read is told by way of the first that waits.
 */
extern bool identity_is_prepared(Installation *installation);

/* GitHub's id of the account that our own writes carry; 0: not known yet. */
extern int64 identity_own_id(void);

/*
 * Whether the account was asked for since a look for a creation was claimed; else
 * asks.  Nobody concludes that something is not there by who he was before.
 */
extern bool identity_is_new_enough(const Conversation *conversation);

/* GET /app told the login of the App's bot, whose account is asked for next; malloc'd, and taken over. */
extern void identity_set_login(char *login);

/* The answer of conversation told the account. */
extern void identity_set_account(const Conversation *conversation, int64 id);

/* The request for a token or for the account is over, for good or bad: it may be made again. */
extern void identity_note_end(const Conversation *preparation);

#endif /* GITHUB_SYNC_IDENTITY_H */
