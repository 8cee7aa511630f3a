/*
 * test_core_rate_troubles.c
 *		Whose trouble a request is that GitHub fails with: that of what it was
 *		about, or of all.
 */
#include "rate_testing.h"
#include "unit.h"

/* Rows of two repositories, each to be read and to be changed. */
static const RateSubject read_bad = {.resource = 101, .place = 1};
static const RateSubject change_bad = {.resource = 102, .place = 1};
static const RateSubject read_neighbour = {.resource = 103, .place = 1};
static const RateSubject read_elsewhere = {.resource = 201, .place = 2};

static void
send_about(const RateSubject *about, RateTicket *sent)
{
	now_ms += SECOND_MS;
	is_int(take(RATE_READ), RATE_NONE, "a request");
	*sent = ticket;
	sent->about = *about;
}

static bool
note_failure(const RateTicket *one, int64_t wait_ms)
{
	rate_limit_end(&limit, one, GITHUB_ANSWERED, NULL, now_ms);
	return rate_limit_note_unreachable(&limit, one, wait_ms, SECOND_MS, 300 * SECOND_MS, 0.0,
									   now_ms);
}

/* True: the trouble is its own. */
static bool
fail_about(const RateSubject *about)
{
	RateTicket sent;

	send_about(about, &sent);
	return note_failure(&sent, -1);
}

static void
succeed_about(const RateSubject *about)
{
	RateTicket sent;

	send_about(about, &sent);
	answer(&sent);
}

static RateObstacle
blocked_by(void)
{
	return rate_limit_block(&limit, now_ms).obstacle;
}

static void
wait_out(void)
{
	now_ms += 300 * SECOND_MS;
}

/* ---- one that always fails ---- */

static void
test_change_alone(void)
{
	start_afresh();
	for (int i = 0; i < 100; i++)
	{
		succeed_about(&read_bad);
		if (!fail_about(&change_bad) || blocked_by() != RATE_NONE)
			break;
	}
	is_int((int64_t) limit.sent, 200, "what can be read, and never be changed, blocks nothing");
}

static void
test_row_among_others(void)
{
	start_afresh();
	ok(!fail_about(&read_bad), "the first request of all fails: that may be all's trouble");
	is_int(blocked_by(), RATE_UNREACHABLE, "... and a block finds out");
	wait_out();
	succeed_about(&read_neighbour);
	is_int(blocked_by(), RATE_NONE, "another is answered");
	for (int i = 0; i < 10; i++)
		ok(fail_about(&read_bad), "then it is that one's alone, each time");
	is_int(blocked_by(), RATE_NONE, "... and blocks nothing");
	ok(!fail_about(&read_neighbour), "... but one that has not failed before may be all's");
	is_int(blocked_by(), RATE_UNREACHABLE, "... which a block finds out");
}

static void
test_repository(void)
{
	start_afresh();
	(void) fail_about(&read_bad);
	wait_out();
	succeed_about(&read_elsewhere);
	(void) fail_about(&read_elsewhere);
	ok(fail_about(&read_neighbour),
	   "where another repository answers, one's other rows fail alone");
	succeed_about(&read_bad);
	succeed_about(&read_elsewhere);
	(void) fail_about(&read_elsewhere);
	ok(!fail_about(&read_bad), "... until it answers");
}

static void
test_answer_ends_trouble(void)
{
	start_afresh();
	(void) fail_about(&read_bad);
	wait_out();
	succeed_about(&read_neighbour);
	succeed_about(&read_bad);
	(void) fail_about(&read_neighbour);
	ok(!fail_about(&read_bad), "what was answered since has no trouble of its own");
}

/* ---- outages ---- */

static void
test_outage(void)
{
	start_afresh();
	succeed_about(&read_bad);
	ok(fail_about(&change_bad), "one failure behind an answer is not all's yet");
	ok(!fail_about(&read_bad), "... a second one is, though something of that had been answered");
	is_int(blocked_by(), RATE_UNREACHABLE, "... and blocks");
	wait_out();
	ok(!fail_about(&read_elsewhere), "what follows goes on with it");
	wait_out();
	ok(!fail_about(&change_bad), "... whichever it is, as nothing was answered");
	ok(limit.block.until_ms > now_ms + SECOND_MS, "... each time for longer");
}

static void
test_several_under_way(void)
{
	RateTicket first;
	RateTicket second;

	start_afresh();
	succeed_about(&read_elsewhere);
	send_about(&read_bad, &first);
	send_about(&read_neighbour, &second);
	ok(!note_failure(&first, -1), "with others under way a failure may be all's");
	is_int(blocked_by(), RATE_UNREACHABLE, "... at once");
	answer(&second);
	is_int(blocked_by(), RATE_UNREACHABLE, "an answer to what was sent before ends no block");
	wait_out();
	ok(!fail_about(&read_bad), "... nor does it tell whose trouble it is");
}

static void
test_words_for_all(void)
{
	RateTicket sent;

	start_afresh();
	succeed_about(&read_bad);
	send_about(&change_bad, &sent);
	ok(!note_failure(&sent, 30 * SECOND_MS), "who says how long to wait speaks for all");
	is_int(wait_of(RATE_READ), 30 * SECOND_MS, "... and is obeyed");
}

static void
test_nothing_answered(void)
{
	int own = 0;

	start_afresh();
	succeed_about(&read_bad);
	while (own < 1000 && fail_about(&change_bad))
	{
		own++;
		if (own == 1)
			succeed_about(&read_bad);
	}
	is_int(own, 65, "when nothing at all is answered any more, it is all's in the end");
	is_int(blocked_by(), RATE_UNREACHABLE, "... and blocks");
}

static void
test_overtaken(void)
{
	RateTicket slow;

	start_afresh();
	send_about(&read_bad, &slow);
	succeed_about(&read_neighbour);
	ok(note_failure(&slow, -1), "what fails when something sent after it was answered fails alone");
	is_int(blocked_by(), RATE_NONE, "... and blocks nothing");
	send_about(&change_bad, &slow);
	ok(!fail_about(&read_elsewhere), "a block begins");
	wait_out();
	succeed_about(&read_elsewhere);
	ok(note_failure(&slow, -1),
	   "what was sent before it, and fails when it is over, is no other one");
	is_int(blocked_by(), RATE_NONE, "... and blocks nothing");
}

static void
test_large_repository(void)
{
	int own = 0;

	start_afresh();
	(void) fail_about(&read_bad);
	wait_out();
	succeed_about(&read_elsewhere);
	for (uint64_t i = 0; i < RATE_TROUBLES + 8; i++)
		own += fail_about(&(RateSubject){.resource = 2000 + i, .place = 1});
	is_int(own, RATE_TROUBLES + 8, "a repository stays known, however many of its rows fail");
	is_int(blocked_by(), RATE_NONE, "... and blocks nothing");
}

/* ---- lists, and what tells nothing ---- */

static void
test_list(void)
{
	static const RateSubject list = {.resource = 301, .place = 3, .fails_alone = true};

	start_afresh();
	ok(!fail_about(&list), "whether a list fails by itself, it does not tell");
	is_int(blocked_by(), RATE_NONE, "... and blocks nothing");
	succeed_about(&read_elsewhere);
	ok(fail_about(&list), "... but what is answered after it does");
	start_afresh();
	(void) fail_about(&read_elsewhere);
	wait_out();
	(void) fail_about(&list);
	is_int(limit.block.strikes, 2,
		   "a list that fails at the end of a block is a failure as any other");
	wait_out();
	(void) fail_about(&read_bad);
	is_int(limit.block.strikes, 3, "... and ends none");
}

static void
test_untold(void)
{
	static const RateSubject untold = {0};

	start_afresh();
	succeed_about(&untold);
	ok(!fail_about(&untold), "of what is not told, each failure is all's");
	wait_out();
	succeed_about(&read_bad);
	ok(!fail_about(&untold), "... whatever was answered");
}

static void
test_many(void)
{
	start_afresh();
	for (uint64_t i = 0; i < 10 * RATE_TROUBLES; i++)
	{
		RateSubject about = {.resource = 1000 + i, .place = 1};

		(void) fail_about(&about);
		wait_out();
	}
	succeed_about(&read_elsewhere);
	(void) fail_about(&read_elsewhere);
	ok(fail_about(&(RateSubject){.resource = 1000 + 10 * RATE_TROUBLES - 1}),
	   "of many the latest are remembered");
	ok(!fail_about(&(RateSubject){.resource = 1000}), "... and not the oldest");
}

int
main(void)
{
	test_change_alone();
	test_row_among_others();
	test_repository();
	test_answer_ends_trouble();
	test_outage();
	test_several_under_way();
	test_words_for_all();
	test_nothing_answered();
	test_overtaken();
	test_large_repository();
	test_list();
	test_untold();
	test_many();
	return done_testing();
}
