/*
 * test_core_rate_places.c
 *		How many requests at once: reads, writes, people before the backfill.
 */
#include "rate_testing.h"
#include "unit.h"

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
	settings.write_interval_ms = 1;
	(void) ask(RATE_WRITE);
	now_ms += SECOND_MS;
	(void) ask(RATE_WRITE);
	is_int(wait_of(RATE_WRITE), 1, "the shortest interval is one");
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

/* A tenth of many places, and at least one. */
static void
test_places_of_backfill(void)
{
	RateTicket of_backfill[110];

	start_afresh();
	settings.reads_at_once = 110;
	for (int i = 0; i < 110; i++)
	{
		(void) take_for(RATE_FOR_BACKFILL);
		of_backfill[i] = ticket;
	}
	is_int(limit.backfills_under_way, 110, "a backfill alone takes many places, too");
	(void) take_for(RATE_FOR_PEOPLE);
	for (int i = 0; i < 99; i++)
		answer(&of_backfill[i]);
	is_int(take_for(RATE_FOR_BACKFILL), RATE_BUSY, "of 110, people leave no more than 11");
	answer(&of_backfill[99]);
	is_int(take_for(RATE_FOR_BACKFILL), RATE_NONE, "... and no less");
}

static void
test_who_asked_when(void)
{
	RateTicket first;

	start_afresh();
	now_ms = 0;
	for (int i = 0; i < 8; i++)
	{
		(void) take_for(RATE_FOR_BACKFILL);
		if (i == 0)
			first = ticket;
	}
	is_int(limit.backfills_under_way, 8, "by a clock at zero nobody has asked yet");
	(void) take_for(RATE_FOR_PEOPLE);
	answer(&first);
	is_int(take_for(RATE_FOR_BACKFILL), RATE_BUSY, "... and who has is remembered");
	now_ms = RATE_MINUTE_MS;
	is_int(take_for(RATE_FOR_BACKFILL), RATE_BUSY, "... nearly a minute");
	now_ms++;
	is_int(take_for(RATE_FOR_BACKFILL), RATE_NONE, "... and no longer");
}

static int
take_all_for_backfill(void)
{
	while (take_for(RATE_FOR_BACKFILL) == RATE_NONE)
		;
	return limit.backfills_under_way;
}

/* Only a read of people that found no place keeps one from the backfill. */
static void
test_who_has_not_asked(void)
{
	RateTicket first;

	start_afresh();
	now_ms = 0;
	(void) take_for(RATE_FOR_PEOPLE);
	is_int(take_all_for_backfill(), 7, "who found a place has not asked for another");

	start_afresh();
	(void) take(RATE_WRITE);
	now_ms += 2 * SECOND_MS;
	is_int(take(RATE_WRITE), RATE_BUSY, "a write that waits for a write");
	is_int(take_all_for_backfill(), 8, "... leaves the places of reads alone");

	start_afresh();
	(void) ask_often(RATE_READ, 1000);
	is_int(take(RATE_READ), RATE_INTERVAL, "a read that waits for its pace");
	now_ms += SECOND_MS;
	is_int(take_all_for_backfill(), 8, "... leaves the places alone, too");

	start_afresh();
	(void) take_for(RATE_FOR_BACKFILL);
	first = ticket;
	(void) take_all_for_backfill();
	(void) take_for(RATE_FOR_PEOPLE);
	answer(&first);
	(void) take_for(RATE_FOR_PEOPLE);
	answer(&ticket);
	is_int(take_all_for_backfill(), 8, "who has found a place at last asks no more");
}

static void
test_one_place(void)
{
	RateTicket first;

	start_afresh();
	settings.reads_at_once = 1;
	(void) take_for(RATE_FOR_PEOPLE);
	first = ticket;
	is_int(take_for(RATE_FOR_BACKFILL), RATE_BUSY, "a single place is taken");
	answer(&first);
	is_int(take_for(RATE_FOR_PEOPLE), RATE_NONE, "... and not kept for a backfill that asked");
	is_int(take_for(RATE_FOR_PEOPLE), RATE_BUSY, "... though it is a single one");
}

int
main(void)
{
	test_places();
	test_write_interval();
	test_backfill();
	test_places_of_backfill();
	test_who_asked_when();
	test_who_has_not_asked();
	test_one_place();
	return done_testing();
}
