/*
 * line.h
 *		What waits at an installation until its request may be sent.
 *
 * Urgent transactions stand before others; those that are as urgent keep their
 * order.
 */
#ifndef GITHUB_SYNC_LINE_H
#define GITHUB_SYNC_LINE_H

#include "postgres.h"

#include "worker/conversation.h"

/* Of a claim: its next request, by the claim's step, waits in line. */
extern void line_join(Conversation *conversation);

/* It is over, wherever it was. */
extern void line_end(Conversation *conversation);

/* Those that wait are the caller's from then on: lists are palloc'd. */
extern Conversation *line_take_first(Installation *installation);
extern List *line_take_all(Installation *installation);
extern List *line_take_creations(Installation *installation);

extern int line_length_of_all(void); /* installations together */

#endif /* GITHUB_SYNC_LINE_H */
