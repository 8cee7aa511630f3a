/*
 * claim_answer.h
 *		What GitHub's answer to a claim's request does to its row.
 */
#ifndef GITHUB_SYNC_CLAIM_ANSWER_H
#define GITHUB_SYNC_CLAIM_ANSWER_H

#include "worker/recording.h"

/* Inside a subtransaction: raises what the application's table refuses. */
extern void record_claim_answer(Recording *recording);

/* Counts an attempt: back into the queue until max_attempts, then errored with code. */
extern void try_again(Recording *recording, const char *code, const char *reason);

#endif /* GITHUB_SYNC_CLAIM_ANSWER_H */
