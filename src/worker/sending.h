/*
 * sending.h
 *		One request: what is asked, in whose name, on its way and back.
 */
#ifndef GITHUB_SYNC_SENDING_H
#define GITHUB_SYNC_SENDING_H

#include "postgres.h"

#include "worker/conversation.h"

/*
 * Sends the request of the conversation's operation, with the token of its
 * installation, which must be there, or with a JWT.  False: it could not be
 * sent; the conversation is among the arrivals, and its refusal says why.
 */
extern bool sending_start(Conversation *conversation);

/* The next conversation whose request is over, with the answer; or NULL. */
extern Conversation *sending_take_answered(void);

#endif /* GITHUB_SYNC_SENDING_H */
