/*
 * sending.h
 *		One request: what is asked, in whose name, and on its way.
 */
#ifndef GITHUB_SYNC_SENDING_H
#define GITHUB_SYNC_SENDING_H

#include "postgres.h"

#include "worker/conversation.h"

/* It is not sent, and why.  code: static text; reason is copied. */
extern void sending_refuse(Conversation *conversation, const char *code, const char *reason);

/* What a claim asks for in its present step. */
extern GithubOperation sending_operation(const SyncClaim *claim);

/*
 * Sends the request of the conversation's operation, with the token of its
 * installation, which must be there, or with a JWT.  False: it could not be
 * sent; the conversation's unsendable_code and unsendable_reason say why.
 */
extern bool sending_start(Conversation *conversation, HttpClient *client);

#endif
