/*
 * dispatch.h
 *		Whose turn it is: from the lines of all installations to GitHub.
 */
#ifndef GITHUB_SYNC_DISPATCH_H
#define GITHUB_SYNC_DISPATCH_H

#include "postgres.h"

#include "worker/conversation.h"

/* Lets the network work, and sends what may be sent. */
extern void dispatch_progress(void);

/* When it must be called, though nothing happens before; or DT_NOEND. */
extern TimestampTz dispatch_next_time(TimestampTz now);

/* The next creation whose turn it is but that is not prepared yet, or NULL. */
extern Conversation *dispatch_take_unprepared(void);

/* Its attempt is committed: it is sent. */
extern void dispatch_send_prepared(Conversation *conversation);

/* There is nothing to create: the conversation ends, and its turn goes to the next one. */
extern void dispatch_yield_turn(Conversation *conversation);

#endif /* GITHUB_SYNC_DISPATCH_H */
