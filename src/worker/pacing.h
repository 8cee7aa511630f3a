/*
 * pacing.h
 *		When the next request of an installation may be sent: its budget asked,
 *		and told what became of each request.
 */
#ifndef GITHUB_SYNC_PACING_H
#define GITHUB_SYNC_PACING_H

#include "postgres.h"

#include "worker/conversation.h"

extern RateKind rate_kind(GithubOperation operation);

/*
 * Asks for the permission of a conversation's next request, and remembers what
 * is in its way.  True: it may be sent, and has to be settled.
 */
extern bool pacing_permits(Conversation *conversation);

/* Whether nothing of an installation may be sent now, or nothing of a kind. */
extern bool pacing_is_blocked(Installation *installation);
extern bool pacing_is_held_up(const Installation *installation, RateKind kind);
extern void pacing_look_again(Installation *installation);

/* When something that waits may be sent, unless an answer comes before; or DT_NOEND. */
extern TimestampTz pacing_next_time(const Installation *installation);

/* The answer has come: what it says about limits counts before anything else is sent. */
extern void pacing_settle(Conversation *conversation);

/* Nothing was sent after all. */
extern void pacing_give_up(Conversation *conversation);

#endif /* GITHUB_SYNC_PACING_H */
