/*
 * rate_testing.h
 *		What the tests of the rate limit share: one installation, its settings, a
 *		clock, and requests that are answered.
 */
#ifndef RATE_TESTING_H
#define RATE_TESTING_H

#include "core/rate_limit.h"

#define SECOND_MS 1000

extern RateLimit limit;
extern RateSettings settings; /* GitHub's own limits, until a test changes them */
extern int64_t now_ms;
extern RateTicket ticket; /* of the latest request */

extern void start_afresh(void);

extern RateObstacle take(RateKind kind);

/* How long a request of that kind has to wait from now on. */
extern int64_t wait_of(RateKind kind);

extern void answer_with(const RateTicket *one, const GithubQuota *headers);
extern void answer(const RateTicket *one);

/* A request that is answered at once. */
extern RateObstacle ask(RateKind kind);
extern int ask_often(RateKind kind, int times);

/* The answer to a read; its reset is so many seconds away by GitHub's clock. */
extern void tell(int64_t requests, int64_t remaining, int64_t reset_in_s);

/* A request that is refused; wait_ms: as GitHub says. */
extern void refuse(const RateTicket *one, int64_t wait_ms);

#endif
