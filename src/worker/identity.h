/*
 * identity.h
 *		Who this worker is for GitHub: the token of an installation, and the login
 *		under which we write.
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

/* The login that our own writes carry; NULL: not known yet. */
extern const char *identity_own_login(void);

/* The answer of conversation told it; login is malloc'd, and taken over. */
extern void identity_set_login(const Conversation *conversation, char *login);

/* The request for a token or for the login is over, for good or bad: it may be made again. */
extern void identity_note_end(const Conversation *preparation);

#endif /* GITHUB_SYNC_IDENTITY_H */
