/*
 * sweeps.h
 *		Which lists of repositories this worker reads, and when it looks again.
 *
 * One page of an installation at a time: it is claimed, asked for behind all
 * else that waits there (dispatch.c says when not), reported (sweep_report.c), and
 * the next one claimed.
 */
#ifndef GITHUB_SYNC_SWEEPS_H
#define GITHUB_SYNC_SWEEPS_H

#include "postgres.h"

#include "datatype/timestamp.h"
#include "worker/conversation.h"

/* Claims pages that are due, if it is time to look. */
extern void sweeps_claim(void);

/* A commit, of anybody's: a list may be due. */
extern void sweeps_note_wake(void);

/* Settings are others: what rested need not do so any more. */
extern void sweeps_note_settings(void);

/* A page is asked for once more, elsewhere or with another token; or its conversation ends. */
extern void sweeps_go_on(Conversation *conversation);
extern void sweeps_end(Conversation *conversation);

/*
 * What is not asked for yet is let go of: nobody has to be told, as it is claimed
 * again.  In the line of an installation that pauses, or is not active any more, it
 * would have a token asked for again and again.
 */
extern void sweeps_give_back(Installation *installation);
extern void sweeps_give_back_all(void);

extern bool sweeps_are_under_way(void);

/* When to look again; DT_NOEND: not of its own accord. */
extern TimestampTz sweeps_next_time(void);

#endif /* GITHUB_SYNC_SWEEPS_H */
