/*
 * freshness.h
 *		How old what an update is made of may get.
 *
 * GitHub has no compare-and-swap: what somebody edits there after our fetch is
 * overwritten by our update.  So an update is not read for long before it can
 * be written, and one that had to wait for its turn all the same is merged
 * anew with what is there then.
 */
#ifndef GITHUB_SYNC_FRESHNESS_H
#define GITHUB_SYNC_FRESHNESS_H

#include "postgres.h"

#include "worker/conversation.h"

/* Not yet: what others have read for their updates is to be written first. */
extern bool freshness_defers(const Conversation *conversation, TimestampTz now);

/* Its request is sent now: what it reads waits to be written from then on, or is written. */
extern void freshness_note_turn(Conversation *conversation, TimestampTz now);

/* Its answer has come. */
extern void freshness_note_answer(Conversation *conversation, TimestampTz now);

/* It writes nothing for now, whatever it has read. */
extern void freshness_end(Conversation *conversation);

/* When a read that has no answer yet stops to defer the others; or DT_NOEND. */
extern TimestampTz freshness_next_time(const Installation *installation);

/* It is an update made of an answer that is too old by now. */
extern bool freshness_is_lost(const Conversation *conversation, TimestampTz now);

/* It asks again, and no other one of its installation writes before it has. */
extern void freshness_begin_refresh(Conversation *conversation);
extern bool freshness_waits_for_refresh(const Conversation *conversation);

#endif
