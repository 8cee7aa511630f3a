/*
 * measuring.h
 *		What this worker counts of its conversations, for sync_stats.
 */
#ifndef GITHUB_SYNC_MEASURING_H
#define GITHUB_SYNC_MEASURING_H

#include "postgres.h"

#include "worker/conversation.h"

/* Its request is on its way; its answer came, or none will. */
extern void measuring_note_sent(Conversation *conversation);
extern void measuring_note_answer(Conversation *conversation);

/* Its answer is reported, and that is committed; ends: with it the claim ended. */
extern void measuring_note_report(const Conversation *conversation, bool ends);

#endif
