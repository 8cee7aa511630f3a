/*
 * pacing.h
 *		When the next request of an installation may be sent: its budget asked,
 *		and told what became of each request.
 */
#ifndef GITHUB_SYNC_PACING_H
#define GITHUB_SYNC_PACING_H

#include "postgres.h"

#include "worker/conversation.h"

/*
 * Asks for the permission of a conversation's next request, and remembers what
 * is in its way.  True: it may be sent, and has to be settled.
 */
extern bool pacing_permits(Conversation *conversation);

/* The same of a page of a list, which never takes the last of the hour. */
extern bool pacing_permits_sweep(Conversation *conversation);

/* What stood in the way is forgotten; whether nothing of an installation may be sent now. */
extern void pacing_begin(Installation *installation);
extern bool pacing_is_blocked(Installation *installation);

/* When something that waits may be sent, unless an answer comes before; or DT_NOEND. */
extern TimestampTz pacing_next_time(const Installation *installation);

extern TimestampTz pacing_next_time_of_sweep(const Installation *installation);

/* The answer has come: what it says about limits counts before anything else is sent. */
extern void pacing_settle(Conversation *conversation);

/* Nothing was sent after all. */
extern void pacing_give_back(Conversation *conversation);

#endif /* GITHUB_SYNC_PACING_H */
