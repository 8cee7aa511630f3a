/*
 * github_clock.c
 *		What GitHub's clock shows, by the Date of its last answer.
 */
#include "postgres.h"

#include <time.h>

#include "portability/instr_time.h"
#include "worker/github_clock.h"

static struct
{
	int64 date_s;      /* 0: none yet */
	int64 dated_at_ms; /* by a clock that nobody sets */
} last;

static int64
steady_ms(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MILLISEC(now);
}

void
github_clock_note(int64 date_s)
{
	last.date_s = date_s;
	last.dated_at_ms = steady_ms();
}

int64
github_clock_told(void)
{
	return last.date_s != 0 ? last.date_s + (steady_ms() - last.dated_at_ms) / 1000 : 0;
}

int64
github_clock_now(void)
{
	return last.date_s != 0 ? github_clock_told() : (int64) time(NULL);
}
