/*
 * test_core_rate_answers.c
 *		What may be sent, and when, by what came back: GitHub's hour, refusals,
 *		outages.
 */
#include "rate_testing.h"
#include "unit.h"

/* ---- GitHub's hour ---- */

static void
test_remaining(void)
{
	start_afresh();
	settings.points_per_minute = 0;
	tell(5000, 4000, 600);
	is_int(ask_often(RATE_READ, 5000), 3950, "of 4000 that remain a hundredth of 5000 is left");
	is_int(ask(RATE_READ), RATE_REMAINING, "... to others");
	is_int(wait_of(RATE_READ), 601 * SECOND_MS, "until the reset, by GitHub's clock");
	is_int(wait_of(RATE_CREATION), 601 * SECOND_MS, "whatever it is");
	now_ms += 601 * SECOND_MS;
	is_int(take(RATE_READ), RATE_NONE, "then one request finds out what the new hour holds");
	is_int(wait_of(RATE_READ), RATE_NEVER, "... alone");
	answer_with(&ticket, &(GithubQuota){5000, 4999, 1700004200, 1700000601});
	is_int(ask_often(RATE_READ, 5000), 4949, "and all of it is to be had");
}

static void
test_new_hour_untold(void)
{
	start_afresh();
	tell(5000, 40, 600);
	now_ms += 601 * SECOND_MS;
	is_int(ask(RATE_READ), RATE_NONE, "the request that finds out may be told nothing");
	(void) take(RATE_READ);
	is_int(take(RATE_READ), RATE_NONE, "... then nothing is known, and nothing held back");
}

static void
test_lowered(void)
{
	start_afresh();
	settings.points_per_minute = 0;
	tell(5000, 4000, 600);
	tell(1000, 700, 600);
	is_int(ask_often(RATE_READ, 5000), 690, "a limit that GitHub lowers is obeyed at once");

	start_afresh();
	tell(5000, 4000, 600);
	now_ms += SECOND_MS;
	(void) take(RATE_READ);
	answer_with(&ticket, &(GithubQuota){5000, 40, 1700000600, 1700000590});
	is_int(wait_of(RATE_READ), 11 * SECOND_MS, "GitHub's clock was set: the latest answer counts");

	start_afresh();
	settings.points_per_minute = 0;
	tell(5000, 4000, 600);
	tell(5000, 100, 600);
	is_int(ask_often(RATE_READ, 5000), 50, "what others use of it is not ours");

	start_afresh();
	tell(5000, 40, 600);
	is_int(ask(RATE_READ), RATE_REMAINING, "less than the reserve is nothing");

	start_afresh();
	tell(10, 3, 600);
	is_int(ask_often(RATE_READ, 10), 2, "of a small limit one is the reserve");
	is_int(rate_limit_reserve(12500), 125, "of a large one, a hundredth");
	is_int(rate_limit_reserve(199), 1, "... rounded down");
	is_int(rate_limit_reserve(0), 1, "... and never nothing");
}

static void
test_overlapping_answers(void)
{
	RateTicket tickets[4];

	start_afresh();
	for (int i = 0; i < 4; i++)
	{
		(void) take(RATE_READ);
		tickets[i] = ticket;
	}
	answer_with(&tickets[1], &(GithubQuota){100, 50, 1700000600, 1700000000});
	is_int(rate_limit_left(&limit), 47, "what is under way may have been counted since");
	answer_with(&tickets[3], &(GithubQuota){100, 48, 1700000600, 1700000000});
	is_int(rate_limit_left(&limit), 46, "of several answers the lowest was counted last");
	answer_with(&tickets[0], &(GithubQuota){100, 51, 1700000601, 1700000000});
	is_int(rate_limit_left(&limit), 47, "one that was overtaken raises nothing");
	answer_with(&tickets[2], &(GithubQuota){100, 2, 1699999000, 1700000000});
	is_int(rate_limit_left(&limit), 48, "one of the hour before tells nothing");
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_NEVER_SENT, NULL, now_ms);
	is_int(rate_limit_left(&limit), 48, "what GitHub never saw costs nothing");
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_CUT_OFF, NULL, now_ms);
	is_int(rate_limit_left(&limit), 47, "what was cut off may have been counted");
	tell(100, 47, 600);
	is_int(rate_limit_left(&limit), 47, "... until a later answer has counted it");
	(void) take(RATE_WRITE);
	is_int(rate_limit_left(&limit), 46, "a write under way may have been counted, too");
}

/* What remains after an answer that is so far from the hour that was told first. */
static int64_t
left_after(int64_t reset_later_by_s)
{
	start_afresh();
	tell(100, 40, 600);
	tell(100, 45, 600 + reset_later_by_s);
	return rate_limit_left(&limit);
}

static void
test_same_hour(void)
{
	is_int(left_after(0), 40, "within an hour what remains does not rise");
	is_int(left_after(-2), 40, "... though the second of its reset is not always the same");
	is_int(left_after(2), 40, "... in either direction");
	is_int(left_after(-3), 45, "a reset that is farther is another hour's");
	is_int(left_after(3), 45, "... in either direction");
}

static RateObstacle
obstacle_after(const GithubQuota *quota)
{
	start_afresh();
	(void) take(RATE_READ);
	answer_with(&ticket, quota);
	return take(RATE_READ);
}

static void
test_limits_of_sense(void)
{
	is_int(obstacle_after(&(GithubQuota){5000, 0, 86400, 0}), RATE_REMAINING,
		   "a reset in a day makes sense");
	is_int(obstacle_after(&(GithubQuota){5000, 0, 86401, 0}), RATE_NONE,
		   "... a later one does not");
	is_int(obstacle_after(&(GithubQuota){5000, 0, 0, 0}), RATE_REMAINING,
		   "a clock may begin with any second");
	is_int(obstacle_after(&(GithubQuota){1, 0, 600, 1}), RATE_REMAINING,
		   "the smallest limit makes sense");
}

static void
test_untold(void)
{
	RateTicket cut_off;

	start_afresh();
	tell(100, 60, 600);
	(void) take(RATE_READ);
	cut_off = ticket;
	(void) take(RATE_READ);
	rate_limit_end(&limit, &cut_off, GITHUB_CUT_OFF, NULL, now_ms);
	answer_with(&ticket, &(GithubQuota){100, 50, 1700000600, 1700000000});
	is_int(rate_limit_left(&limit), 49,
		   "an answer on its way when another was cut off may not have counted it");
	tell(100, 50, 600);
	is_int(rate_limit_left(&limit), 50, "... one to a later request has");
}

static void
test_cut_off_with_headers(void)
{
	start_afresh();
	tell(100, 60, 600);
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_CUT_OFF, &(GithubQuota){100, 20, 1700000600, 1700000000},
				   now_ms);
	is_int(rate_limit_left(&limit), 59, "headers of half an answer are not believed");
}

static void
test_turn_given_back(void)
{
	start_afresh();
	(void) ask(RATE_WRITE);
	now_ms += SECOND_MS;
	(void) take(RATE_WRITE);
	is_int(wait_of(RATE_WRITE), SECOND_MS, "a write that has its turn keeps the next one away");
	now_ms += 100;
	rate_limit_end(&limit, &ticket, GITHUB_NEVER_SENT, NULL, now_ms);
	is_int(wait_of(RATE_WRITE), 0, "a turn to write that was given back is free at once");
	(void) take(RATE_WRITE);
	answer(&ticket);
	is_int(wait_of(RATE_WRITE), SECOND_MS, "... and one that was used is not");
}

static void
test_senseless_headers(void)
{
	static const GithubQuota senseless[] = {
		{-1, 0, 1700000600, 1700000000},    /* no limit */
		{0, 0, 1700000600, 1700000000},     /* none that could be */
		{5000, -1, 1700000600, 1700000000}, /* no remaining */
		{5000, 0, -1, 1700000000},          /* no reset */
		{5000, 0, 1700000600, -1},          /* no date */
		{5000, 0, 1800000000, 1700000000},  /* years away */
	};

	for (int i = 0; i < 6; i++)
	{
		start_afresh();
		(void) take(RATE_READ);
		answer_with(&ticket, &senseless[i]);
		is_int(ask(RATE_READ), RATE_NONE, "headers that make no sense hold nothing back");
	}
	start_afresh();
	tell(5000, 0, -600);
	is_int(ask(RATE_READ), RATE_NONE, "nor does a reset that is past");
}

/* ---- refusals ---- */

static void
test_refusal(void)
{
	RateTicket other;

	start_afresh();
	(void) take(RATE_READ);
	other = ticket;
	(void) take(RATE_READ);
	refuse(&ticket, 30 * SECOND_MS);
	is_int(wait_of(RATE_READ), 30 * SECOND_MS, "a refusal with a time blocks until then");
	now_ms += 10 * SECOND_MS;
	answer(&other);
	is_int(wait_of(RATE_READ), 20 * SECOND_MS, "the answer to an earlier request changes nothing");
	now_ms += 20 * SECOND_MS;
	is_int(take(RATE_READ), RATE_NONE, "then one request is sent");
	is_int(wait_of(RATE_WRITE), RATE_NEVER, "... one, of whatever kind");
	answer(&ticket);
	is_int(take(RATE_READ), RATE_NONE, "its answer ends the block");
	is_int(take(RATE_READ), RATE_NONE, "... for all");
}

static void
test_refusal_without_a_time(void)
{
	static const int minutes[] = {1, 2, 4, 8, 16, 32, 64, 64};

	start_afresh();
	for (int i = 0; i < 8; i++)
	{
		is_int(take(RATE_READ), RATE_NONE, "the probe");
		refuse(&ticket, -1);
		is_int(wait_of(RATE_READ), minutes[i] * RATE_MINUTE_MS,
			   "without a time: a minute, doubled with each further refusal, an hour at most");
		now_ms += minutes[i] * RATE_MINUTE_MS;
	}
	(void) ask(RATE_READ);
	(void) take(RATE_READ);
	refuse(&ticket, -1);
	is_int(wait_of(RATE_READ), RATE_MINUTE_MS, "after an answer it begins anew");
}

/* Refuses the next one, which is the probe, and waits until that is over. */
static int64_t
wait_when_refused(int64_t wait_ms)
{
	int64_t waited;

	is_int(take(RATE_READ), RATE_NONE, "the probe");
	refuse(&ticket, wait_ms);
	waited = wait_of(RATE_READ);
	now_ms += waited;
	return waited;
}

static void
test_refusals_with_a_time(void)
{
	start_afresh();
	for (int i = 0; i < 6; i++)
		is_int(wait_when_refused(SECOND_MS), SECOND_MS, "a time is waited, however often in a row");
	is_int(wait_when_refused(-1), RATE_MINUTE_MS, "and makes the next refusal no longer");
	is_int(wait_when_refused(5 * SECOND_MS), 5 * SECOND_MS, "nor does one without a time");
	is_int(wait_when_refused(-1), 2 * RATE_MINUTE_MS, "which is the second of its kind now");

	start_afresh();
	for (int i = 0; i < 6; i++)
		is_int(wait_when_refused(0), SECOND_MS << i, "a time that is not ahead: a second, doubled");
	is_int(wait_when_refused(-1), 64 * SECOND_MS, "and doubled once more when none is named");
	for (int i = 0; i < 6; i++)
		(void) wait_when_refused(0);
	is_int(wait_when_refused(0), 64 * RATE_MINUTE_MS, "up to the longest");
	(void) ask(RATE_READ);
	is_int(wait_when_refused(0), SECOND_MS, "after an answer that begins anew, too");
}

/* Each update is preceded by a read, which GitHub answers. */
static void
test_refused_writes(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	for (int i = 0; i < 5; i++)
	{
		is_int(ask(RATE_READ), RATE_NONE, "a read is answered before each write");
		is_int(take(RATE_WRITE), RATE_NONE, "a write may be sent");
		refuse(&ticket, 0);
		is_int(wait_of(RATE_WRITE), SECOND_MS << i,
			   "writes that are refused wait twice as long each time");
		now_ms += SECOND_MS << i;
	}
	is_int(ask(RATE_WRITE), RATE_NONE, "one that is answered");
	is_int(take(RATE_WRITE), RATE_NONE, "... is followed by another one");
	refuse(&ticket, 0);
	is_int(wait_of(RATE_WRITE), SECOND_MS, "... of which a refusal begins anew");
	now_ms += SECOND_MS;
	is_int(ask(RATE_WRITE), RATE_NONE, "a write is answered");
	is_int(take(RATE_CREATION), RATE_NONE, "a creation may be sent");
	refuse(&ticket, -1);
	now_ms += RATE_MINUTE_MS;
	is_int(ask(RATE_WRITE), RATE_NONE, "a write is answered");
	is_int(take(RATE_CREATION), RATE_NONE, "a creation may be sent");
	refuse(&ticket, -1);
	is_int(wait_of(RATE_CREATION), 2 * RATE_MINUTE_MS,
		   "a write that is answered ends no row of refused creations");
	now_ms += 3 * 64 * RATE_MINUTE_MS;
	is_int(take(RATE_CREATION), RATE_NONE, "long afterwards");
	refuse(&ticket, -1);
	is_int(wait_of(RATE_CREATION), RATE_MINUTE_MS, "... it is the first one again");
}

static void
test_refusal_in_an_outage(void)
{
	RateTicket other;

	start_afresh();
	is_int(wait_when_refused(-1), RATE_MINUTE_MS, "a refusal");
	is_int(take(RATE_READ), RATE_NONE, "the probe");
	rate_limit_end(&limit, &ticket, GITHUB_CUT_OFF, NULL, now_ms);
	rate_limit_note_unreachable(&limit, &ticket, -1, SECOND_MS, 300 * SECOND_MS, 0.0, now_ms);
	now_ms += wait_of(RATE_READ);
	is_int(wait_when_refused(-1), 2 * RATE_MINUTE_MS,
		   "an outage in between is no answer: the next refusal doubles");

	start_afresh();
	(void) take(RATE_READ);
	other = ticket;
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_CUT_OFF, NULL, now_ms);
	rate_limit_note_unreachable(&limit, &ticket, -1, SECOND_MS, 300 * SECOND_MS, 0.0, now_ms);
	refuse(&other, -1);
	is_int(limit.points_cut.sixteenths, 8,
		   "a refusal during an outage counts, though what was refused had been sent before");
	is_int(wait_of(RATE_READ), RATE_MINUTE_MS, "... and is waited for");
}

static void
test_refusals_at_once(void)
{
	RateTicket tickets[8];

	start_afresh();
	for (int i = 0; i < 8; i++)
	{
		(void) take(RATE_READ);
		tickets[i] = ticket;
	}
	for (int i = 0; i < 8; i++)
		refuse(&tickets[i], -1);
	is_int(wait_of(RATE_READ), RATE_MINUTE_MS, "eight refusals at once are one");
	is_int(limit.points_cut.sixteenths, 8, "... and halve our budget once");
}

static void
test_cut(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	(void) take(RATE_READ);
	refuse(&ticket, 2 * RATE_MINUTE_MS);
	now_ms += 2 * RATE_MINUTE_MS;
	is_int(ask_often(RATE_WRITE, 1000), 90,
		   "refused below our own budget, we make do with half of it");
	is_int(limit.creations_cut.sixteenths, 0, "creations have a budget of their own");
	now_ms += 13 * RATE_MINUTE_MS - 1;
	(void) ask(RATE_READ);
	is_int(limit.points_cut.sixteenths, 8, "... for nearly a quarter of an hour");
	now_ms++;
	(void) ask(RATE_READ);
	is_int(limit.points_cut.sixteenths, 7, "... and then with a sixteenth more");
	now_ms += 2 * RATE_MINUTE_MS;
	is_int(ask_often(RATE_WRITE, 1000), 101, "a quarter of an hour gives a sixteenth back");
	now_ms += 2 * RATE_HOUR_MS;
	is_int(ask_often(RATE_WRITE, 1000), 180, "two hours give all of it back");

	now_ms += RATE_HOUR_MS;
	(void) take(RATE_CREATION);
	refuse(&ticket, 2 * RATE_MINUTE_MS);
	now_ms += 2 * RATE_MINUTE_MS;
	is_int(ask_often(RATE_CREATION, 1000), 40, "a creation that is refused halves theirs");

	start_afresh();
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_ANSWERED,
				   &(GithubQuota){5000, 0, 1700000600, 1700000000}, now_ms);
	rate_limit_note_refusal(&limit, &ticket, 601 * SECOND_MS, now_ms);
	is_int(limit.points_cut.sixteenths, 0, "an hour that is used up cuts nothing");
}

static void
test_block(void)
{
	start_afresh();
	is_int(rate_limit_block(&limit, now_ms).obstacle, RATE_NONE, "at first nothing is blocked");
	(void) take(RATE_READ);
	refuse(&ticket, 30 * SECOND_MS);
	is_int(rate_limit_block(&limit, now_ms).obstacle, RATE_REFUSED, "a refusal blocks everything");
	is_int(rate_limit_block(&limit, now_ms).not_before_ms, now_ms + 30 * SECOND_MS,
		   "... until then");
	now_ms += 30 * SECOND_MS;
	is_int(rate_limit_block(&limit, now_ms).obstacle, RATE_NONE, "... no longer");
}

static void
test_shortest_refusal(void)
{
	start_afresh();
	(void) take(RATE_READ);
	refuse(&ticket, 1);
	is_int(wait_of(RATE_READ), 1, "a refusal may last a millisecond");
}

static void
test_refusal_with_one_left(void)
{
	start_afresh();
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_ANSWERED,
				   &(GithubQuota){5000, 1, 1700000600, 1700000000}, now_ms);
	rate_limit_note_refusal(&limit, &ticket, SECOND_MS, now_ms);
	is_int(limit.points_cut.sixteenths, 8, "an hour with one request left is not used up");
}

static void
test_cut_of_creations_eases(void)
{
	start_afresh();
	(void) take(RATE_CREATION);
	refuse(&ticket, SECOND_MS);
	is_int(limit.creations_cut.sixteenths, 8, "the creations' budget is halved");
	now_ms += 15 * RATE_MINUTE_MS;
	(void) take(RATE_READ);
	is_int(limit.creations_cut.sixteenths, 7, "... and eased like the other");
}

/* ---- out of reach ---- */

static void
fail(const RateTicket *one, GithubTransport outcome)
{
	rate_limit_end(&limit, one, outcome, NULL, now_ms);
	rate_limit_note_unreachable(&limit, one, -1, SECOND_MS, 300 * SECOND_MS, 0.0, now_ms);
}

static void
test_unreachable(void)
{
	static const int64_t waits[] = {500, 1000, 2000, 4000};
	RateTicket other;

	start_afresh();
	for (int i = 0; i < 4; i++)
	{
		is_int(take(RATE_READ), RATE_NONE, "the probe");
		fail(&ticket, GITHUB_NEVER_SENT);
		is_int(take(RATE_READ), RATE_UNREACHABLE, "GitHub is out of reach");
		is_int(wait_of(RATE_READ), waits[i], "tried again after a time that doubles");
		now_ms += waits[i];
	}
	is_int(rate_limit_usage(&limit, now_ms).points_last_minute, 0,
		   "what did not get there has cost nothing");
	(void) ask(RATE_READ);
	(void) take(RATE_READ);
	other = ticket;
	(void) take(RATE_READ);
	fail(&ticket, GITHUB_CUT_OFF);
	is_int(wait_of(RATE_READ), 500, "after an answer it begins anew");
	fail(&other, GITHUB_CUT_OFF);
	is_int(wait_of(RATE_READ), 500, "two at once are one trouble");
	now_ms += 500;
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_ANSWERED, NULL, now_ms);
	rate_limit_note_unreachable(&limit, &ticket, 30 * SECOND_MS, SECOND_MS, 300 * SECOND_MS, 0.0,
								now_ms);
	is_int(wait_of(RATE_READ), 30 * SECOND_MS, "a server out of service may say for how long");
}

static void
test_late_failure(void)
{
	RateTicket other;

	start_afresh();
	(void) take(RATE_READ);
	other = ticket;
	(void) take(RATE_READ);
	fail(&ticket, GITHUB_CUT_OFF);
	now_ms += 500;
	fail(&other, GITHUB_CUT_OFF);
	is_int(take(RATE_READ), RATE_NONE, "one sent before and failed after is no further trouble");
}

static void
test_refusal_outweighs(void)
{
	RateTicket other;

	start_afresh();
	(void) take(RATE_READ);
	other = ticket;
	(void) take(RATE_READ);
	fail(&ticket, GITHUB_CUT_OFF);
	refuse(&other, 30 * SECOND_MS);
	is_int(take(RATE_READ), RATE_REFUSED, "a refusal outweighs a trouble on the way");
	is_int(wait_of(RATE_READ), 30 * SECOND_MS, "... and lasts as long as it says");

	start_afresh();
	(void) take(RATE_READ);
	other = ticket;
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_CUT_OFF, NULL, now_ms);
	rate_limit_note_unreachable(&limit, &ticket, RATE_MINUTE_MS, SECOND_MS, 300 * SECOND_MS, 0.0,
								now_ms);
	refuse(&other, 30 * SECOND_MS);
	is_int(wait_of(RATE_READ), 30 * SECOND_MS, "... also where the trouble would last longer");
}

static void
test_lost_probe(void)
{
	start_afresh();
	(void) take(RATE_READ);
	fail(&ticket, GITHUB_NEVER_SENT);
	now_ms += SECOND_MS;
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_CUT_OFF, NULL, now_ms);
	is_int(take(RATE_READ), RATE_NONE, "a probe that nobody waits for any more is sent by another");
	is_int(take(RATE_READ), RATE_BUSY, "... again one");
}

static void
test_past_block(void)
{
	RateTicket probe;

	start_afresh();
	rate_limit_note_past_block(&limit);
	is_int(take(RATE_READ), RATE_NONE, "after a block from before a restart one request is sent");
	probe = ticket;
	is_int(take(RATE_READ), RATE_BUSY, "... and others wait for what it finds out");
	answer(&probe);
	is_int(take(RATE_READ), RATE_NONE, "... that all is well");
	rate_limit_note_past_block(&limit);
	is_int(take(RATE_READ), RATE_NONE, "then nobody's memory of it counts");
}

int
main(void)
{
	test_remaining();
	test_new_hour_untold();
	test_lowered();
	test_overlapping_answers();
	test_same_hour();
	test_limits_of_sense();
	test_untold();
	test_cut_off_with_headers();
	test_turn_given_back();
	test_senseless_headers();
	test_refusal();
	test_refusal_without_a_time();
	test_refusals_with_a_time();
	test_refused_writes();
	test_refusal_in_an_outage();
	test_refusals_at_once();
	test_cut();
	test_block();
	test_shortest_refusal();
	test_refusal_with_one_left();
	test_cut_of_creations_eases();
	test_unreachable();
	test_late_failure();
	test_refusal_outweighs();
	test_lost_probe();
	test_past_block();
	return done_testing();
}
