/*
 * preparation_answer.h
 *		What GitHub's answer to a request for a token, or for who we are, does.
 */
#ifndef GITHUB_SYNC_PREPARATION_ANSWER_H
#define GITHUB_SYNC_PREPARATION_ANSWER_H

#include "worker/recording.h"

extern void record_preparation_answer(Recording *recording);

#endif /* GITHUB_SYNC_PREPARATION_ANSWER_H */
