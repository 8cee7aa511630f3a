/*
 * rate_testing.c
 *		What the tests of the rate limit share.
 */
#include "rate_testing.h"

#include <string.h>

static const RateSettings githubs = {.points_per_minute = 900,
									 .creations_per_minute = 80,
									 .creations_per_hour = 500,
									 .write_interval_ms = 1000,
									 .reads_at_once = 8};

RateLimit limit;
RateSettings settings;
int64_t now_ms;
RateTicket ticket;

void
start_afresh(void)
{
	memset(&limit, 0, sizeof(limit));
	settings = githubs;
	now_ms = INT64_C(1000000000);
}

RateObstacle
take(RateKind kind)
{
	return rate_limit_take(&limit, &settings, kind, RATE_FOR_PEOPLE, now_ms, &ticket).obstacle;
}

int64_t
wait_of(RateKind kind)
{
	RateTicket unused;
	RateLimit copy = limit;
	RatePermission permission =
		rate_limit_take(&copy, &settings, kind, RATE_FOR_PEOPLE, now_ms, &unused);

	return permission.not_before_ms == RATE_NEVER ? RATE_NEVER : permission.not_before_ms - now_ms;
}

void
answer_with(const RateTicket *one, const GithubQuota *headers)
{
	rate_limit_end(&limit, one, GITHUB_ANSWERED, headers, now_ms);
	rate_limit_note_answer(&limit, one);
}

void
answer(const RateTicket *one)
{
	answer_with(one, NULL);
}

RateObstacle
ask(RateKind kind)
{
	RateObstacle obstacle = take(kind);

	if (obstacle == RATE_NONE)
		answer(&ticket);
	return obstacle;
}

int
ask_often(RateKind kind, int times)
{
	int answered = 0;

	while (answered < times && ask(kind) == RATE_NONE)
		answered++;
	return answered;
}

void
refuse(const RateTicket *one, int64_t wait_ms)
{
	rate_limit_end(&limit, one, GITHUB_ANSWERED, NULL, now_ms);
	rate_limit_note_refusal(&limit, one, wait_ms, now_ms);
}

void
tell(int64_t requests, int64_t remaining, int64_t reset_in_s)
{
	/* GitHub's clock is another one. */
	GithubQuota headers = {requests, remaining, 1700000000 + reset_in_s, 1700000000};

	if (take(RATE_READ) == RATE_NONE)
		answer_with(&ticket, &headers);
}
