/*
 * test_core_rate_limit.c
 *		What may be sent, and when: our own budget; and when it may be forgotten.
 */
#include "rate_testing.h"
#include "unit.h"

/* ---- windows ---- */

static void
test_points(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	is_int(ask_often(RATE_WRITE, 1000), 180, "180 writes are 900 points");
	is_int(ask(RATE_READ), RATE_POINTS, "then the minute is used up");
	now_ms += RATE_MINUTE_MS;
	is_int(ask(RATE_WRITE), RATE_POINTS, "... until they are more than 60 s old");
	now_ms += RATE_MINUTE_MS / RATE_STEPS;
	is_int(ask_often(RATE_WRITE, 1000), 180, "... by no more than a step");
	settings.points_per_minute = 3;
	now_ms += 2 * RATE_MINUTE_MS;
	is_int(ask(RATE_WRITE), RATE_NONE, "a budget smaller than a write still lets one through");
	settings.points_per_minute = 0;
	is_int(ask_often(RATE_WRITE, 2000), 2000, "without a limit nothing is held back");
}

/* As many reads as may be sent in so many milliseconds, each as soon as it may be. */
static int
read_for(int64_t duration_ms)
{
	int64_t end_ms = now_ms + duration_ms;
	int reads = 0;

	while (now_ms < end_ms)
	{
		RatePermission permission =
			rate_limit_take(&limit, &settings, RATE_READ, RATE_FOR_PEOPLE, now_ms, &ticket);

		if (permission.obstacle == RATE_NONE)
		{
			answer(&ticket);
			reads++;
		}
		else
			now_ms = permission.not_before_ms < end_ms ? permission.not_before_ms : end_ms;
	}
	return reads;
}

static void
test_pace(void)
{
	RateTicket write;

	start_afresh();
	is_int(ask_often(RATE_READ, 1000), 224, "reads of 15 s at once, and the one that begins now");
	is_int(ask(RATE_READ), RATE_INTERVAL, "then one waits");
	is_int(wait_of(RATE_READ), 58, "... a fifteenth of a second, less what was cut off");
	is_int(wait_of(RATE_WRITE), 0, "... while a write does not");
	is_int(read_for(30 * SECOND_MS), 446, "an even pace from then on");
	is_int(read_for(30 * SECOND_MS), 230, "... until the minute is used up");
	is_int(wait_of(RATE_READ), RATE_MINUTE_MS / RATE_STEPS, "... and the crowd falls out of it");
	now_ms += wait_of(RATE_READ);
	is_int(read_for(SECOND_MS), 15, "it was a crowd that time only");
	(void) read_for(2 * RATE_MINUTE_MS);
	for (int second = 0; second < 60; second++)
	{
		(void) read_for(SECOND_MS);
		if (wait_of(RATE_WRITE) > SECOND_MS)
			break;
	}
	ok(wait_of(RATE_WRITE) <= SECOND_MS,
	   "no write waits for the end of a minute that reads use up");

	start_afresh();
	(void) ask_often(RATE_READ, 1000);
	now_ms += 4 * RATE_MINUTE_MS;
	is_int(ask_often(RATE_READ, 1000), 224, "after a quiet time a crowd is one again");

	start_afresh();
	(void) ask_often(RATE_READ, 1000);
	now_ms += SECOND_MS;
	(void) take(RATE_WRITE);
	write = ticket;
	is_int(ask_often(RATE_READ, 1000), 10, "a write takes the time of five reads");
	rate_limit_end(&limit, &write, GITHUB_NEVER_SENT, NULL, now_ms);
	is_int(ask_often(RATE_READ, 1000), 5, "... and gives it back if it was not sent");
	settings.points_per_minute = 0;
	is_int(ask_often(RATE_READ, 2000), 2000, "without a limit there is no pace");
}

static void
test_under_way(void)
{
	start_afresh();
	(void) take(RATE_READ);
	now_ms += 10 * RATE_MINUTE_MS;
	is_int(rate_limit_usage(&limit, now_ms).points_last_minute, 1,
		   "a request without an answer counts however old it is");
	answer(&ticket);
	now_ms += RATE_MINUTE_MS;
	is_int(rate_limit_usage(&limit, now_ms).points_last_minute, 1,
		   "... and for a minute after its answer: GitHub may have counted it last");
	now_ms += RATE_MINUTE_MS / RATE_STEPS;
	is_int(rate_limit_usage(&limit, now_ms).points_last_minute, 0, "... no longer");
}

/* Reads take one point, as each comes; a write must find five. */
static void
test_writes_do_not_starve(void)
{
	int reads = 0;

	start_afresh();
	settings.points_per_minute = 60;
	settings.write_interval_ms = 0;
	for (int second = 0; second < 60; second++, now_ms += SECOND_MS)
		(void) ask(RATE_READ);
	is_int(take(RATE_WRITE), RATE_POINTS, "a full minute has no points for a write");
	for (int second = 0; second < 10 && take(RATE_WRITE) != RATE_NONE;
		 second++, now_ms += SECOND_MS)
		reads += ask(RATE_READ) == RATE_NONE;
	is_int(limit.writes_under_way, 1, "among reads that take every point, it gets its five");
	is_int(reads, 0, "... before any of them");
}

static void
test_creations(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	settings.points_per_minute = 0;
	is_int(ask_often(RATE_CREATION, 1000), 80, "80 creations a minute");
	is_int(ask(RATE_CREATION), RATE_CREATIONS, "not one more");
	is_int(ask(RATE_WRITE), RATE_NONE, "an update is no creation");
	settings.creations_per_minute = 0;
	is_int(ask_often(RATE_CREATION, 1000), 420, "500 an hour");
	now_ms += RATE_HOUR_MS - SECOND_MS;
	is_int(ask(RATE_CREATION), RATE_CREATIONS, "not one more within it");
	is_int(ask(RATE_READ), RATE_NONE, "while reads go on");
	now_ms += SECOND_MS + RATE_HOUR_MS / RATE_STEPS;
	is_int(ask_often(RATE_CREATION, 1000), 500, "then the next 500");
}

static void
test_past_creations(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	rate_limit_note_past_creations(&limit, 400, 50 * RATE_MINUTE_MS, now_ms);
	rate_limit_note_past_creations(&limit, 70, 30 * SECOND_MS, now_ms);
	rate_limit_note_past_creations(&limit, 999, 2 * RATE_HOUR_MS, now_ms);
	is_int(ask_often(RATE_CREATION, 100), 10, "creations before a restart count in the minute");
	settings.creations_per_minute = 0;
	settings.points_per_minute = 0;
	is_int(ask_often(RATE_CREATION, 100), 20, "... and in the hour");
	now_ms += 10 * RATE_MINUTE_MS + RATE_HOUR_MS / RATE_STEPS;
	is_int(ask_often(RATE_CREATION, 500), 400, "... by their age");
}

static void
test_past_creations_cost_points(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	settings.creations_per_minute = 0;
	rate_limit_note_past_creations(&limit, 100, 30 * SECOND_MS, now_ms);
	is_int(rate_limit_usage(&limit, now_ms).points_last_minute, 500,
		   "creations before a restart have cost points");
	is_int(rate_limit_usage(&limit, now_ms).requests_last_hour, 100, "... and requests");
	is_int(ask_often(RATE_WRITE, 1000), 80, "... which are missing now");
}

static void
test_one_creation_a_minute(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	settings.creations_per_minute = 1;
	is_int(ask(RATE_CREATION), RATE_NONE, "one creation a minute is one");
	is_int(ask(RATE_CREATION), RATE_CREATIONS, "... and no more");
	now_ms += RATE_MINUTE_MS + RATE_MINUTE_MS / RATE_STEPS;
	is_int(ask(RATE_CREATION), RATE_NONE, "... in each minute");
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_ANSWERED, NULL, now_ms);
	now_ms += RATE_MINUTE_MS + RATE_MINUTE_MS / RATE_STEPS;
	(void) take(RATE_CREATION);
	rate_limit_end(&limit, &ticket, GITHUB_ANSWERED, NULL, now_ms);
	rate_limit_note_refusal(&limit, &ticket, SECOND_MS, now_ms);
	now_ms += RATE_MINUTE_MS + RATE_MINUTE_MS / RATE_STEPS;
	is_int(ask(RATE_CREATION), RATE_NONE, "a cut leaves the last one");
}

/* Of what stands in the way, the latest is told. */
static void
test_two_obstacles(void)
{
	start_afresh();
	settings.creations_per_minute = 1;
	(void) ask(RATE_CREATION);
	is_int(take(RATE_CREATION), RATE_CREATIONS,
		   "a minute without a creation outlasts the interval");
	ok(wait_of(RATE_CREATION) > 59 * SECOND_MS, "... and is told in full");

	start_afresh();
	settings.write_interval_ms = 90 * SECOND_MS;
	settings.creations_per_minute = 1;
	(void) ask(RATE_CREATION);
	is_int(take(RATE_CREATION), RATE_INTERVAL, "an interval that is longer outlasts the minute");
	is_int(wait_of(RATE_CREATION), 90 * SECOND_MS, "... and is told in full, too");

	start_afresh();
	settings.write_interval_ms = RATE_MINUTE_MS + RATE_MINUTE_MS / RATE_STEPS;
	settings.creations_per_minute = 1;
	(void) ask(RATE_CREATION);
	is_int(take(RATE_CREATION), RATE_CREATIONS, "of two that end together, the budget is told");

	start_afresh();
	(void) ask(RATE_WRITE);
	(void) take(RATE_READ);
	rate_limit_end(&limit, &ticket, GITHUB_ANSWERED, NULL, now_ms);
	rate_limit_note_refusal(&limit, &ticket, 500, now_ms);
	is_int(take(RATE_WRITE), RATE_INTERVAL, "a refusal that is over before the interval is not it");
	is_int(wait_of(RATE_READ), 500, "... but is for who has no interval");
}

/* Those of today are large: nothing may count up to them from zero. */
static void
test_clock_of_today(void)
{
	start_afresh();
	now_ms = INT64_C(1800000000000);
	settings.write_interval_ms = 0;
	is_int(ask_often(RATE_CREATION, 100), 80,
		   "by a clock of today's size a minute has its creations");
	now_ms += RATE_MINUTE_MS + RATE_MINUTE_MS / RATE_STEPS;
	is_int(ask_often(RATE_CREATION, 100), 80, "... and the next one, too");
	now_ms *= 4000;
	is_int(ask_often(RATE_WRITE, 1000), 180, "... and by one that has leapt far ahead");
}

/* Reads would take each point as it comes, and a write needs five. */
static void
test_write_in_small_budget(void)
{
	int written = 0;

	start_afresh();
	settings.write_interval_ms = 0;
	settings.points_per_minute = 20;
	for (int i = 0; i < 6000; i++)
	{
		while (ask(RATE_READ) == RATE_NONE)
			;
		written += ask(RATE_WRITE) == RATE_NONE;
		now_ms += 100;
	}
	ok(written >= 8, "in ten minutes of reads without an end, writes have their turn");
	printf("# %d writes\n", written);
}

static void
test_inherited_pace(void)
{
	RateLimit shared;

	start_afresh();
	while (ask(RATE_READ) == RATE_NONE)
		;
	shared = limit;
	memset(&limit, 0, sizeof(limit));
	rate_limit_inherit(&limit, &shared, now_ms);
	is_int(take(RATE_READ), RATE_INTERVAL,
		   "who moves to a place of its own keeps the pace of its reads");
	settings.write_interval_ms = 5 * SECOND_MS;
	start_afresh();
	(void) ask(RATE_WRITE);
	shared = limit;
	memset(&limit, 0, sizeof(limit));
	rate_limit_inherit(&limit, &shared, now_ms);
	is_int(wait_of(RATE_WRITE), SECOND_MS, "... and the interval of its writes");
}

static void
test_clock(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	is_int(ask_often(RATE_WRITE, 1000), 180, "a minute's points");
	now_ms -= RATE_HOUR_MS;
	is_int(ask(RATE_READ), RATE_POINTS, "a clock that goes back frees nothing");
	now_ms += RATE_HOUR_MS;
	is_int(ask(RATE_READ), RATE_POINTS, "... nor does its way forth");
	now_ms += 1000 * (int64_t) RATE_HOUR_MS;
	is_int(ask_often(RATE_WRITE, 1000), 180, "a long idle time frees everything once");
}

/* ---- edges of the windows ---- */

static void
test_age_of_what_counts(void)
{
	start_afresh();
	rate_limit_note_past_creations(&limit, 3, RATE_MINUTE_MS, now_ms);
	is_int(rate_limit_usage(&limit, now_ms).creations_last_minute, 3,
		   "what is a minute old counts, to the step");
	rate_limit_note_past_creations(&limit, 3, RATE_MINUTE_MS + 1, now_ms);
	is_int(rate_limit_usage(&limit, now_ms).creations_last_minute, 3, "... and nothing older");
	now_ms += RATE_MINUTE_MS / RATE_STEPS;
	is_int(rate_limit_usage(&limit, now_ms).creations_last_minute, 0, "... as time goes by");
	is_int(rate_limit_usage(&limit, now_ms).requests_last_hour, 6, "the hour has all of them");
	now_ms += RATE_HOUR_MS;
	is_int(rate_limit_usage(&limit, now_ms).requests_last_hour, 0, "... for an hour");
	is_int(rate_limit_usage(&limit, now_ms).creations_last_hour, 0, "... each kind");

	start_afresh();
	settings.write_interval_ms = 0;
	rate_limit_note_past_creations(&limit, 80, -30 * SECOND_MS, now_ms);
	now_ms += 45 * SECOND_MS;
	is_int(ask(RATE_CREATION), RATE_CREATIONS, "what a clock ahead of ours has told is of now");
}

/* Where a step of each window begins. */
static void
start_at_a_step(void)
{
	start_afresh();
	now_ms = 1000 * (int64_t) RATE_HOUR_MS;
}

static void
check_usage(int64_t points, int64_t of_minute, int64_t of_hour, const char *name)
{
	RateUsage usage = rate_limit_usage(&limit, now_ms);

	is_int(usage.points_last_minute, points, name);
	is_int(usage.creations_last_minute, of_minute, "... of the minute's creations");
	is_int(usage.creations_last_hour, of_hour, "... of the hour's");
}

static void
test_full_age(void)
{
	start_at_a_step();
	(void) ask(RATE_CREATION);
	now_ms += RATE_MINUTE_MS;
	check_usage(RATE_WRITE_POINTS, 1, 1, "what has just been answered counts for its full minute");
	now_ms += RATE_HOUR_MS - RATE_MINUTE_MS;
	check_usage(0, 0, 1, "... and for its full hour");
	is_int(rate_limit_usage(&limit, now_ms).requests_last_hour, 1, "... of requests, too");
}

static void
test_inherited_usage(void)
{
	RateLimit shared;

	start_at_a_step();
	settings.write_interval_ms = 0;
	(void) ask_often(RATE_CREATION, 70);
	(void) take(RATE_CREATION);
	shared = limit;
	memset(&limit, 0, sizeof(limit));
	rate_limit_inherit(&limit, &shared, now_ms);
	check_usage(71 * RATE_WRITE_POINTS, 71, 71, "what is inherited counts where it counted");
	now_ms += RATE_MINUTE_MS;
	check_usage(71 * RATE_WRITE_POINTS, 71, 71, "... for its full minute");
	now_ms += RATE_HOUR_MS - RATE_MINUTE_MS;
	check_usage(0, 0, 71, "... and its full hour");
}

static void
test_usage_under_way(void)
{
	RateUsage usage;

	start_afresh();
	(void) take(RATE_READ);
	(void) take(RATE_CREATION);
	usage = rate_limit_usage(&limit, now_ms);
	is_int(usage.points_last_minute, RATE_READ_POINTS + RATE_WRITE_POINTS,
		   "what is under way has its points, reads and writes");
	is_int(usage.creations_last_minute, 1, "... is a creation of the minute");
	is_int(usage.creations_last_hour, 1, "... and of the hour");
	is_int(usage.requests_last_hour, 2, "... and requests");
}

/* With all of a budget under way there is no time at which more fits. */
static void
test_budget_under_way(void)
{
	start_afresh();
	settings.points_per_minute = 5;
	settings.reads_at_once = 20;
	for (int i = 0; i < 5; i++, now_ms += RATE_MINUTE_MS)
		(void) take(RATE_READ);
	is_int(take(RATE_READ), RATE_BUSY, "what is under way uses the budget up");
	is_int(wait_of(RATE_READ), RATE_NEVER, "... until it is answered");
	settings.creations_per_minute = 1;
	rate_limit_note_past_creations(&limit, 1, 0, now_ms);
	is_int(take(RATE_CREATION), RATE_CREATIONS, "... but what has a time of its own says so");
}

/* A clock that has just begun: nothing is older. */
static void
test_clock_near_zero(void)
{
	start_afresh();
	now_ms = 0;
	settings.write_interval_ms = 0;
	is_int(ask_often(RATE_WRITE, 1000), 180, "by a clock at zero a minute has its writes");
	is_int(wait_of(RATE_WRITE), RATE_MINUTE_MS + RATE_MINUTE_MS / RATE_STEPS,
		   "... and the next one fits when they are over");
}

static void
test_one_of_an_hour(void)
{
	start_afresh();
	settings.write_interval_ms = 0;
	settings.creations_per_hour = 1;
	is_int(ask(RATE_CREATION), RATE_NONE, "one creation an hour is one");
	is_int(ask(RATE_CREATION), RATE_CREATIONS, "... and no more");
	now_ms += RATE_HOUR_MS + RATE_HOUR_MS / RATE_STEPS;
	limit.creations_cut = (RateCut){.sixteenths = 8, .since_ms = now_ms};
	is_int(ask(RATE_CREATION), RATE_NONE, "... also where a cut would leave half of one");
}

static void
test_pace_in_milliseconds(void)
{
	start_afresh();
	settings.points_per_minute = 605;
	is_int(ask_often(RATE_READ, 1000), 151, "a tenth of a second for each read");
	is_int(wait_of(RATE_READ), 100, "... is no millisecond more");

	start_afresh();
	settings.points_per_minute = 1;
	is_int(ask_often(RATE_READ, 10), 2, "the smallest budget has a pace");

	start_afresh();
	settings.points_per_minute = 0;
	(void) ask_often(RATE_READ, 2000);
	now_ms += 2 * RATE_MINUTE_MS;
	settings.points_per_minute = 900;
	is_int(ask_often(RATE_READ, 1000), 224, "what was read without a limit is no debt");
}

/* ---- a place of its own ---- */

static void
test_inherit(void)
{
	RateLimit shared;

	start_afresh();
	settings.write_interval_ms = 0;
	(void) ask_often(RATE_CREATION, 70);
	(void) take(RATE_CREATION);
	shared = limit;
	memset(&limit, 0, sizeof(limit));
	rate_limit_inherit(&limit, &shared, now_ms);
	is_int(limit.writes_under_way, 0,
		   "who moves to a place of its own has nothing under way there");
	is_int(rate_limit_block(&limit, now_ms).obstacle, RATE_NONE, "... and no block");
	is_int(ask_often(RATE_CREATION, 100), 9,
		   "... but all that was used where it was counts, also what is under way");
}

/* ---- forgetting ---- */

static void
test_idle(void)
{
	start_afresh();
	ok(rate_limit_is_idle(&limit, now_ms), "what never sent may be forgotten");
	(void) take(RATE_READ);
	now_ms += RATE_HOUR_MS;
	ok(!rate_limit_is_idle(&limit, now_ms), "what is under way may not");
	answer(&ticket);
	ok(!rate_limit_is_idle(&limit, now_ms), "nor what was sent a moment ago");
	now_ms += 2 * RATE_MINUTE_MS;
	ok(rate_limit_is_idle(&limit, now_ms), "a minute later it may");
	(void) ask(RATE_CREATION);
	now_ms += 2 * RATE_MINUTE_MS;
	ok(!rate_limit_is_idle(&limit, now_ms), "a creation is remembered for an hour");
	now_ms += RATE_HOUR_MS;
	ok(rate_limit_is_idle(&limit, now_ms), "... no longer");
	tell(5000, 60, 900);
	now_ms += 2 * RATE_MINUTE_MS;
	ok(!rate_limit_is_idle(&limit, now_ms), "an hour that is nearly used up is remembered");
	now_ms += RATE_HOUR_MS;
	ok(rate_limit_is_idle(&limit, now_ms), "... until its reset");
	(void) take(RATE_READ);
	refuse(&ticket, -1);
	now_ms += RATE_HOUR_MS;
	ok(!rate_limit_is_idle(&limit, now_ms), "a refusal is remembered");
	rate_limit_note_answer(&limit, &(RateTicket){.number = limit.sent + 1});
	ok(!rate_limit_is_idle(&limit, now_ms), "... and its cut, when it is over");
	now_ms += 2 * RATE_HOUR_MS;
	ok(rate_limit_is_idle(&limit, now_ms), "... until it is eased");
	(void) take(RATE_CREATION);
	refuse(&ticket, -1);
	rate_limit_note_answer(&limit, &(RateTicket){.number = limit.sent + 1});
	now_ms += RATE_HOUR_MS + RATE_MINUTE_MS;
	ok(!rate_limit_is_idle(&limit, now_ms), "so is a cut of creations");
	now_ms += RATE_HOUR_MS;
	ok(rate_limit_is_idle(&limit, now_ms), "... until it is eased");
}

static void
test_idle_with_two_of_each(void)
{
	start_afresh();
	(void) take(RATE_READ);
	(void) take(RATE_WRITE);
	ok(!rate_limit_is_idle(&limit, now_ms), "a read and a write under way are two");
	start_afresh();
	limit.points_cut = (RateCut){.sixteenths = 8, .since_ms = now_ms};
	limit.creations_cut = (RateCut){.sixteenths = 8, .since_ms = now_ms};
	ok(!rate_limit_is_idle(&limit, now_ms), "so are two cuts");
}

static bool
is_idle_with(int64_t remaining)
{
	start_afresh();
	tell(100, remaining, 3600);
	now_ms += 2 * RATE_MINUTE_MS;
	return rate_limit_is_idle(&limit, now_ms);
}

static void
test_idle_hour(void)
{
	ok(is_idle_with(51), "an hour of which more than half is left may be forgotten");
	ok(!is_idle_with(50), "... of half, not");
	now_ms = limit.remaining.reset_ms - 1;
	ok(!rate_limit_is_idle(&limit, now_ms), "... until its reset");
	now_ms++;
	ok(rate_limit_is_idle(&limit, now_ms), "... at which it is over");
}

int
main(void)
{
	test_points();
	test_pace();
	test_under_way();
	test_writes_do_not_starve();
	test_creations();
	test_past_creations();
	test_past_creations_cost_points();
	test_one_creation_a_minute();
	test_two_obstacles();
	test_clock_of_today();
	test_write_in_small_budget();
	test_inherited_pace();
	test_clock();
	test_age_of_what_counts();
	test_full_age();
	test_inherited_usage();
	test_usage_under_way();
	test_budget_under_way();
	test_clock_near_zero();
	test_one_of_an_hour();
	test_pace_in_milliseconds();
	test_inherit();
	test_idle();
	test_idle_with_two_of_each();
	test_idle_hour();
	return done_testing();
}
