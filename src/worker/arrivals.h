/*
 * arrivals.h
 *		Conversations that have come back, with an answer or unsent: they wait to
 *		be reported to the queue.
 */
#ifndef GITHUB_SYNC_ARRIVALS_H
#define GITHUB_SYNC_ARRIVALS_H

#include "postgres.h"

#include "worker/conversation.h"

extern void arrivals_add(Conversation *conversation);

/* Its report could not be made: it is made in a while. */
extern void arrivals_postpone(Conversation *conversation, int delay_ms);

/* A commit may have let go of what they waited for. */
extern void arrivals_note_wake(void);

/* The next one to report, or NULL. */
extern Conversation *arrivals_take(void);

/* When there is one, though no more arrive; or DT_NOEND. */
extern TimestampTz arrivals_next_time(void);

#endif /* GITHUB_SYNC_ARRIVALS_H */
