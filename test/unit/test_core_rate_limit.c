/*
 * test_core_rate_limit.c
 *		What may be sent, and when: our own budget, GitHub's hour, refusals.
 */
#include "core/rate_limit.h"

#include "unit.h"

static const RateSettings githubs = {.points_per_minute = 900,
									 .creations_per_minute = 80,
									 .creations_per_hour = 500,
									 .write_interval_ms = 1000,
									 .reads_at_once = 8};

#define SECOND_MS 1000

static RateLimit limit;
static RateSettings settings;
static int64_t now_ms;
static RateTicket ticket;

static void
start_afresh(void)
{
	memset(&limit, 0, sizeof(limit));
	settings = githubs;
	now_ms = INT64_C(1000000000);
}

static RateObstacle
take(RateKind kind)
{
	return rate_limit_take(&limit, &settings, kind, RATE_FOR_PEOPLE, now_ms, &ticket).obstacle;
}

/* How long a request of that kind has to wait from now on. */
static int64_t
wait_of(RateKind kind)
{
	RateTicket unused;
	RateLimit copy = limit;
	RatePermission permission =
		rate_limit_take(&copy, &settings, kind, RATE_FOR_PEOPLE, now_ms, &unused);

	return permission.not_before_ms == RATE_NEVER ? RATE_NEVER : permission.not_before_ms - now_ms;
}

static void
answer_with(const RateTicket *one, const GithubQuota *headers)
{
	rate_limit_end(&limit, one, GITHUB_ANSWERED, headers, now_ms);
	rate_limit_note_answer(&limit, one);
}

static void
answer(const RateTicket *one)
{
	answer_with(one, NULL);
}

/* A request that is answered at once. */
static RateObstacle
ask(RateKind kind)
{
	RateObstacle obstacle = take(kind);

	if (obstacle == RATE_NONE)
		answer(&ticket);
	return obstacle;
}

static int
ask_often(RateKind kind, int times)
{
	int answered = 0;

	while (answered < times && ask(kind) == RATE_NONE)
		answered++;
	return answered;
}

/* ---- places ---- */

static void
test_places(void)
{
	RateTicket first_read;
	RateTicket write;

	start_afresh();
	is_int(take(RATE_READ), RATE_NONE, "a read may be sent");
	first_read = ticket;
	for (int i = 1; i < 8; i++)
		(void) take(RATE_READ);
	is_int(take(RATE_READ), RATE_BUSY, "the ninth read at once waits");
	is_int(wait_of(RATE_READ), RATE_NEVER, "... for an answer, not for a time");
	is_int(take(RATE_WRITE), RATE_NONE, "a write goes beside the reads");
	write = ticket;
	is_int(take(RATE_WRITE), RATE_INTERVAL, "a second write does not");
	now_ms += 2 * SECOND_MS;
	is_int(take(RATE_CREATION), RATE_BUSY, "however long the first one takes");
	answer(&first_read);
	is_int(take(RATE_READ), RATE_NONE, "an answer makes room for the next read");
	answer(&write);
	is_int(take(RATE_CREATION), RATE_NONE, "... and for the next write");
}

static void
test_write_interval(void)
{
	start_afresh();
	is_int(ask(RATE_WRITE), RATE_NONE, "a write is sent and answered");
	is_int(wait_of(RATE_CREATION), SECOND_MS, "the next write waits for the interval");
	is_int(wait_of(RATE_READ), 0, "a read does not");
	now_ms += SECOND_MS;
	(void) take(RATE_CREATION);
	now_ms += 300;
	rate_limit_note_sent(&limit, &settings, &ticket, now_ms);
	answer(&ticket);
	is_int(wait_of(RATE_WRITE), SECOND_MS, "the interval begins when a write leaves");
	settings.write_interval_ms = 0;
	is_int(ask(RATE_WRITE), RATE_NONE, "without an interval it does not wait");
}

static RateObstacle
take_for(RateClass class)
{
	return rate_limit_take(&limit, &settings, RATE_READ, class, now_ms, &ticket).obstacle;
}

static void
test_backfill(void)
{
	RateTicket of_backfill[8];

	start_afresh();
	for (int i = 0; i < 8; i++)
	{
		(void) take_for(RATE_FOR_BACKFILL);
		of_backfill[i] = ticket;
	}
	is_int(limit.backfills_under_way, 8, "a backfill alone takes every place");
	is_int(take_for(RATE_FOR_PEOPLE), RATE_BUSY, "then somebody edits");
	answer(&of_backfill[0]);
	is_int(take_for(RATE_FOR_BACKFILL), RATE_BUSY, "the next place is not the backfill's");
	is_int(take_for(RATE_FOR_PEOPLE), RATE_NONE, "... but people's");
	for (int i = 1; i < 8; i++)
	{
		(void) take_for(RATE_FOR_PEOPLE);
		answer(&of_backfill[i]);
		(void) take_for(RATE_FOR_PEOPLE);
	}
	is_int(limit.reads_under_way - limit.backfills_under_way, 7,
		   "as long as both want more, people have all places but one");
	is_int(take_for(RATE_FOR_PEOPLE), RATE_BUSY, "... that one not");
	is_int(take_for(RATE_FOR_BACKFILL), RATE_NONE, "... which is the backfill's");
}

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

/* ---- GitHub's hour ---- */

/* The answer to a read; its reset is so many seconds away by GitHub's clock. */
static void
tell(int64_t requests, int64_t remaining, int64_t reset_in_s)
{
	/* GitHub's clock is another one. */
	GithubQuota headers = {requests, remaining, 1700000000 + reset_in_s, 1700000000};

	if (take(RATE_READ) == RATE_NONE)
		answer_with(&ticket, &headers);
}

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
refuse(const RateTicket *one, int64_t wait_ms)
{
	rate_limit_end(&limit, one, GITHUB_ANSWERED, NULL, now_ms);
	rate_limit_note_refusal(&limit, one, wait_ms, now_ms);
}

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
	now_ms += 15 * RATE_MINUTE_MS;
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

int
main(void)
{
	test_inherit();
	test_block();
	test_places();
	test_write_interval();
	test_backfill();
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
	test_remaining();
	test_lowered();
	test_overlapping_answers();
	test_turn_given_back();
	test_senseless_headers();
	test_refusal();
	test_refusal_without_a_time();
	test_refusals_with_a_time();
	test_refusal_in_an_outage();
	test_refusals_at_once();
	test_cut();
	test_unreachable();
	test_refusal_outweighs();
	test_lost_probe();
	test_past_block();
	test_idle();
	return done_testing();
}
