/*
 * rate_limit.c
 *		What one installation may send to GitHub, and when.
 *
 * Pure: time comes in as an argument.
 */
#include "core/rate_limit.h"

#include <string.h>

#include "core/retry_schedule.h"

#define MINUTE_STEP_MS (RATE_MINUTE_MS / RATE_STEPS)
#define HOUR_STEP_MS (RATE_HOUR_MS / RATE_STEPS)

/* Whoever waits asks again at least this often. */
#define ASKED_FOR_MS RATE_MINUTE_MS

/* So much of a minute's reads may come at once; the others come at an even pace. */
#define CROWD_MS (RATE_MINUTE_MS / 4)

/*
 * A refusal that names no time: the least wait; one whose time is no longer
 * ahead: a header's "0" must not make us send in a circle.  In a row they
 * double, up to the longest.
 */
#define REFUSAL_BASE_MS RATE_MINUTE_MS
#define REFUSAL_AT_ONCE_MS 1000
#define REFUSAL_MAX_MS (64 * RATE_MINUTE_MS)

/* A cut is eased by a sixteenth when nothing was refused for so long. */
#define SIXTEENTHS 16
#define EASE_AFTER_MS (15 * RATE_MINUTE_MS)

/* A reset farther from the present is a mistake. */
#define MAX_RESET_S (24 * 60 * 60)

/* GitHub's servers do not agree on the second of a reset. */
#define RESET_JITTER_S 2

/* So many failures in a row, and nothing answered, are not those of a few resources any more. */
#define MOST_OWN_FAILURES 64

static int64_t
at_least(int64_t a, int64_t b)
{
	return a > b ? a : b;
}

static int64_t
at_most(int64_t a, int64_t b)
{
	return a < b ? a : b;
}

/* ---- windows ---- */

/* Lets fall out what is no longer in it. */
static void
window_advance(RateWindow *window, int64_t step_ms, int64_t now_ms)
{
	int64_t step = now_ms / step_ms;

	if (step - window->step > RATE_STEPS)
	{
		memset(window, 0, sizeof(*window));
		window->step = step;
	}
	for (; window->step < step; window->step++)
	{
		uint32_t *next = &window->counts[(window->step + 1) % (RATE_STEPS + 1)];

		window->total -= *next;
		*next = 0;
	}
}

/* Counts something that happened age_ms ago. */
static void
window_add(RateWindow *window, int64_t step_ms, int count, int64_t age_ms, int64_t now_ms)
{
	int64_t step;

	window_advance(window, step_ms, now_ms);
	step = at_least(now_ms - age_ms, 0) / step_ms;
	/* A clock that went back: what was counted as the future is the present. */
	step = at_most(step, window->step);
	if (window->step - step > RATE_STEPS)
		return;
	window->counts[step % (RATE_STEPS + 1)] += (uint32_t) count;
	window->total += (uint64_t) count;
}

/*
 * When `need` more fit under `most`, with under_way counted on top; now_ms, or
 * what is past: at once; RATE_NEVER: not before something is answered.
 */
static int64_t
window_fits_at(const RateWindow *window, int64_t step_ms, int64_t under_way, int64_t need,
			   int64_t most, int64_t now_ms)
{
	int64_t total = (int64_t) window->total + under_way + need;

	if (total <= most)
		return now_ms;
	for (int64_t step = at_least(window->step - RATE_STEPS, 0); step <= window->step; step++)
	{
		total -= window->counts[step % (RATE_STEPS + 1)];
		if (total <= most)
			return (step + RATE_STEPS + 1) * step_ms;
	}
	return RATE_NEVER;
}

static void
advance(RateLimit *limit, int64_t now_ms)
{
	window_advance(&limit->points, MINUTE_STEP_MS, now_ms);
	window_advance(&limit->creations_of_minute, MINUTE_STEP_MS, now_ms);
	window_advance(&limit->creations_of_hour, HOUR_STEP_MS, now_ms);
	window_advance(&limit->requests_of_hour, HOUR_STEP_MS, now_ms);
}

/* ---- our own budget ---- */

static int
points_of(RateKind kind)
{
	return kind == RATE_READ ? RATE_READ_POINTS : RATE_WRITE_POINTS;
}

static int64_t
points_under_way(const RateLimit *limit)
{
	return (int64_t) limit->reads_under_way * RATE_READ_POINTS +
		(int64_t) limit->writes_under_way * RATE_WRITE_POINTS;
}

static void
make_cut(RateCut *cut, int64_t now_ms)
{
	cut->sixteenths = SIXTEENTHS - (SIXTEENTHS - cut->sixteenths + 1) / 2;
	cut->since_ms = now_ms;
}

static void
ease_cut(RateCut *cut, int64_t now_ms)
{
	for (; cut->sixteenths > 0 && now_ms - cut->since_ms >= EASE_AFTER_MS; cut->sixteenths--)
		cut->since_ms += EASE_AFTER_MS;
}

/* What a cut leaves of a limit; never less than one request needs. */
static int64_t
allowance(int most, const RateCut *cut, int64_t need)
{
	return at_least((int64_t) most * (SIXTEENTHS - cut->sixteenths) / SIXTEENTHS, need);
}

static int64_t
points_allowed(const RateLimit *limit, const RateSettings *settings)
{
	return allowance(settings->points_per_minute, &limit->points_cut, RATE_WRITE_POINTS);
}

static int64_t
points_fit_at(const RateLimit *limit, const RateSettings *settings, RateKind kind, int64_t now_ms)
{
	int64_t need = points_of(kind);
	int64_t most = points_allowed(limit, settings);

	if (settings->points_per_minute == 0)
		return now_ms;
	return window_fits_at(&limit->points, MINUTE_STEP_MS, points_under_way(limit), need, most,
						  now_ms);
}

/* ---- pace ---- */

/* The window holds what was sent for a step more than its minute. */
static int64_t
even_time_us(const RateLimit *limit, const RateSettings *settings, RateKind kind)
{
	if (settings->points_per_minute == 0)
		return 0;
	return (int64_t) (RATE_MINUTE_MS + MINUTE_STEP_MS) * 1000 * points_of(kind) /
		points_allowed(limit, settings);
}

static int64_t
read_paced_at(const RateLimit *limit, const RateSettings *settings, int64_t now_ms)
{
	if (settings->points_per_minute == 0)
		return now_ms;
	return (limit->paced_until_us + 999) / 1000 - CROWD_MS;
}

static void
advance_pace(RateLimit *limit, int64_t pace_us, int64_t now_ms)
{
	limit->paced_until_us = at_least(limit->paced_until_us, now_ms * 1000) + pace_us;
}

/*
 * What falls out of the minute is not for a new crowd: the next one would be
 * like this.  Nor is it for reads, which would take each point as it comes,
 * while a write waits for its five.
 */
static void
forgo_crowd(RateLimit *limit, int64_t fits_at)
{
	if (fits_at != RATE_NEVER)
		limit->paced_until_us = at_least(limit->paced_until_us, (fits_at + CROWD_MS) * 1000);
}

/* ---- creations ---- */

static int64_t
creations_fit_at(const RateLimit *limit, const RateSettings *settings, int64_t now_ms)
{
	int64_t minute = now_ms;
	int64_t hour = now_ms;

	if (settings->creations_per_minute > 0)
		minute =
			window_fits_at(&limit->creations_of_minute, MINUTE_STEP_MS, limit->creations_under_way,
						   1, allowance(settings->creations_per_minute, &limit->creations_cut, 1),
						   now_ms);
	if (settings->creations_per_hour > 0)
		hour = window_fits_at(&limit->creations_of_hour, HOUR_STEP_MS, limit->creations_under_way,
							  1, allowance(settings->creations_per_hour, &limit->creations_cut, 1),
							  now_ms);
	return at_least(minute, hour);
}

/* ---- places ---- */

/* Of the places for reads, a tenth is the backfill's when it wants it, and no more when people do. */
static int
places_of_backfill(int reads_at_once)
{
	return reads_at_once > 10 ? reads_at_once / 10 : 1;
}

static bool
asked_lately(int64_t asked_ms, int64_t now_ms)
{
	return asked_ms > 0 && now_ms - asked_ms < ASKED_FOR_MS;
}

static bool
place_is_free(const RateLimit *limit, const RateSettings *settings, RateKind kind, RateClass class,
			  int64_t now_ms)
{
	int kept = places_of_backfill(settings->reads_at_once);
	int for_people = limit->reads_under_way - limit->backfills_under_way;

	if (kind != RATE_READ)
		return limit->writes_under_way == 0;
	if (limit->reads_under_way >= settings->reads_at_once)
		return false;
	if (class == RATE_FOR_BACKFILL)
		return limit->backfills_under_way < kept || !asked_lately(limit->people_asked_ms, now_ms);
	return for_people < settings->reads_at_once - kept ||
		!asked_lately(limit->backfill_asked_ms, now_ms) || limit->reads_under_way == 0;
}

/* Remembers who did not find what they need, so that the others leave room. */
static void
note_asked(RateLimit *limit, RateKind kind, RateClass class, RateObstacle obstacle, int64_t now_ms)
{
	int64_t asked_ms = obstacle == RATE_NONE ? 0 : at_least(now_ms, 1);

	if (kind != RATE_READ || (obstacle != RATE_BUSY && obstacle != RATE_NONE))
		return;
	if (class == RATE_FOR_BACKFILL)
		limit->backfill_asked_ms = asked_ms;
	else
		limit->people_asked_ms = asked_ms;
}

/* ---- GitHub's hour ---- */

int64_t
rate_limit_reserve(int64_t limit)
{
	return at_least(limit / 100, 1);
}

/* Of the requests that have no answer, GitHub may have counted all, or none. */
int64_t
rate_limit_left(const RateLimit *limit)
{
	return limit->remaining.least - limit->remaining.untold - limit->reads_under_way -
		limit->writes_under_way;
}

static int64_t
remaining_fits_at(RateLimit *limit, int64_t now_ms)
{
	RateRemaining *remaining = &limit->remaining;

	if (!remaining->known || rate_limit_left(limit) > rate_limit_reserve(remaining->limit))
		return now_ms;
	if (now_ms < remaining->reset_ms)
		return remaining->reset_ms;
	/* A new hour: how much it holds, one request finds out. */
	remaining->known = false;
	limit->block.probing = true;
	return now_ms;
}

static bool
is_plausible(const GithubQuota *quota)
{
	return quota != NULL && quota->limit > 0 && quota->remaining >= 0 && quota->reset_s >= 0 &&
		quota->date_s >= 0 && quota->reset_s <= quota->date_s + MAX_RESET_S;
}

static bool
is_of_this_hour(const RateRemaining *remaining, const GithubQuota *quota)
{
	int64_t apart_s = quota->reset_s - remaining->reset_s;

	return remaining->known && apart_s >= -RESET_JITTER_S && apart_s <= RESET_JITTER_S &&
		quota->limit == remaining->limit;
}

/* Within an hour what remains only falls, in whatever order the answers come. */
static void
learn_remaining(RateLimit *limit, const RateTicket *ticket, const GithubQuota *quota,
				int64_t now_ms)
{
	RateRemaining *remaining = &limit->remaining;

	if (is_of_this_hour(remaining, quota))
		remaining->least = at_most(remaining->least, quota->remaining);
	else if (ticket->number < remaining->told_by)
		return; /* of the hour before */
	else
	{
		remaining->known = true;
		remaining->limit = quota->limit;
		remaining->least = quota->remaining;
		remaining->reset_s = quota->reset_s;
	}
	/* Dates are cut to whole seconds, and the second of the reset may still count. */
	if (ticket->number >= remaining->told_by)
		remaining->reset_ms = now_ms + at_least(quota->reset_s + 1 - quota->date_s, 0) * 1000;
	remaining->told_by =
		(uint64_t) at_least((int64_t) remaining->told_by, (int64_t) ticket->number);
	if (ticket->number > remaining->untold_at)
		remaining->untold = 0;
}

/* GitHub may have counted it, but did not say so. */
static void
note_untold(RateLimit *limit)
{
	limit->remaining.untold++;
	limit->remaining.untold_at = limit->sent;
}

/* ---- blocks ---- */

static int64_t
end_of_block(const RateLimit *limit, int64_t now_ms)
{
	return limit->block.why == RATE_NONE ? now_ms : at_least(limit->block.until_ms, now_ms);
}

/* A request that was sent before tells nothing new. */
static bool
is_news(const RateLimit *limit, const RateTicket *ticket)
{
	return limit->block.why == RATE_NONE || ticket->number > limit->block.after;
}

/* Returns how many in a row this one makes. */
static int
begin_block(RateLimit *limit, RateObstacle why, int64_t now_ms)
{
	RateBlock *block = &limit->block;

	/* GitHub's own words weigh more, whatever else is the matter. */
	block->strikes = block->why == why ? block->strikes + 1 : 1;
	block->why = why;
	block->until_ms = now_ms;
	block->after = limit->sent;
	block->probing = true;
	return block->strikes;
}

static bool
probe_is_under_way(const RateLimit *limit)
{
	return limit->block.probing && limit->block.probe != 0;
}

/* ---- troubles ---- */

static bool
concerns(const RateTrouble *trouble, const RateSubject *about)
{
	return trouble->of != 0 && (trouble->of == about->resource || trouble->of == about->place);
}

/* Something was answered: what it was about has no trouble, and others have one of their own. */
static void
judge_troubles(RateLimit *limit, const RateTicket *ticket)
{
	for (int i = 0; i < RATE_TROUBLES; i++)
	{
		RateTrouble *trouble = &limit->troubles[i];

		if (concerns(trouble, &ticket->about))
			*trouble = (RateTrouble){0};
		else if (trouble->after < ticket->number)
			trouble->is_own = trouble->of != 0;
	}
}

/* Where there is no room, the one that failed last the longest time ago is forgotten. */
static void
remember_trouble(RateLimit *limit, uint64_t of)
{
	RateTrouble *place = &limit->troubles[0];

	if (of == 0)
		return;
	for (int i = 0; i < RATE_TROUBLES; i++)
	{
		RateTrouble *trouble = &limit->troubles[i];

		if (trouble->of == of)
		{
			trouble->last_failed = limit->sent;
			return;
		}
		if (trouble->last_failed < place->last_failed)
			place = trouble;
	}
	*place = (RateTrouble){.of = of, .after = limit->sent, .last_failed = limit->sent};
}

static bool
is_known_trouble(const RateLimit *limit, const RateSubject *about)
{
	for (int i = 0; i < RATE_TROUBLES; i++)
	{
		if (limit->troubles[i].is_own && concerns(&limit->troubles[i], about))
			return true;
	}
	return false;
}

/* It was sent, and GitHub has answered what was sent after it: a read that times out, say. */
static bool
is_overtaken(const RateLimit *limit, const RateTicket *ticket)
{
	return ticket->about.resource != 0 && ticket->number < limit->answered;
}

/* The request before it was answered, and none was sent since: what it finds, the next one finds out. */
static bool
follows_an_answer(const RateLimit *limit, const RateTicket *ticket)
{
	return ticket->about.resource != 0 && limit->answered != 0 &&
		limit->answered + 1 == ticket->number && limit->sent == ticket->number;
}

static bool
is_own_trouble(const RateLimit *limit, const RateTicket *ticket)
{
	return limit->own_failures < MOST_OWN_FAILURES &&
		(is_known_trouble(limit, &ticket->about) || is_overtaken(limit, ticket) ||
		 follows_an_answer(limit, ticket));
}

/* ---- the whole ---- */

/* Of all that says "not before", the latest; busy only where nothing does. */
static void
consider(RatePermission *permission, RateObstacle obstacle, int64_t fits_at, int64_t now_ms)
{
	if (fits_at <= now_ms)
		return;
	if (fits_at == RATE_NEVER)
	{
		if (permission->obstacle == RATE_NONE)
			*permission = (RatePermission){RATE_BUSY, RATE_NEVER};
		return;
	}
	if (permission->obstacle == RATE_NONE || permission->obstacle == RATE_BUSY ||
		fits_at > permission->not_before_ms)
		*permission = (RatePermission){obstacle, fits_at};
}

static RatePermission
look(RateLimit *limit, const RateSettings *settings, RateKind kind, RateClass class, int64_t now_ms)
{
	RatePermission permission = {RATE_NONE, now_ms};
	bool may = place_is_free(limit, settings, kind, class, now_ms);
	int64_t points_at = points_fit_at(limit, settings, kind, now_ms);

	consider(&permission, limit->block.why, end_of_block(limit, now_ms), now_ms);
	consider(&permission, RATE_REMAINING, remaining_fits_at(limit, now_ms), now_ms);
	consider(&permission, RATE_POINTS, points_at, now_ms);
	if (points_at > now_ms)
		forgo_crowd(limit, points_at);
	else if (kind == RATE_READ)
		consider(&permission, RATE_INTERVAL, read_paced_at(limit, settings, now_ms), now_ms);
	if (kind == RATE_CREATION)
		consider(&permission, RATE_CREATIONS, creations_fit_at(limit, settings, now_ms), now_ms);
	if (kind != RATE_READ && settings->write_interval_ms > 0)
		consider(&permission, RATE_INTERVAL, limit->next_write_ms, now_ms);
	if (!may || probe_is_under_way(limit))
		consider(&permission, RATE_BUSY, RATE_NEVER, now_ms);
	return permission;
}

static void
begin(RateLimit *limit, const RateSettings *settings, RateKind kind, RateClass class,
	  int64_t now_ms, RateTicket *ticket)
{
	*ticket = (RateTicket){.kind = kind,
						   .class = class,
						   .number = ++limit->sent,
						   .pace_us = even_time_us(limit, settings, kind)};
	advance_pace(limit, ticket->pace_us, now_ms);
	if (kind == RATE_READ)
	{
		limit->reads_under_way++;
		if (class == RATE_FOR_BACKFILL)
			limit->backfills_under_way++;
	}
	else
	{
		limit->writes_under_way++;
		limit->next_write_ms = now_ms + settings->write_interval_ms;
	}
	if (kind == RATE_CREATION)
		limit->creations_under_way++;
	if (limit->block.probing)
		limit->block.probe = ticket->number;
}

RatePermission
rate_limit_take(RateLimit *limit, const RateSettings *settings, RateKind kind, RateClass class,
				int64_t now_ms, RateTicket *ticket)
{
	RatePermission permission;

	ease_cut(&limit->points_cut, now_ms);
	ease_cut(&limit->creations_cut, now_ms);
	permission = look(limit, settings, kind, class, now_ms);
	note_asked(limit, kind, class, permission.obstacle, now_ms);
	if (permission.obstacle == RATE_NONE)
		begin(limit, settings, kind, class, now_ms, ticket);
	return permission;
}

void
rate_limit_note_sent(RateLimit *limit, const RateSettings *settings, const RateTicket *ticket,
					 int64_t now_ms)
{
	if (ticket->kind != RATE_READ)
		limit->next_write_ms = now_ms + settings->write_interval_ms;
}

static void
leave_place(RateLimit *limit, const RateTicket *ticket)
{
	if (ticket->kind == RATE_READ)
	{
		limit->reads_under_way--;
		if (ticket->class == RATE_FOR_BACKFILL)
			limit->backfills_under_way--;
	}
	else
		limit->writes_under_way--;
	if (ticket->kind == RATE_CREATION)
		limit->creations_under_way--;
	if (limit->block.probe == ticket->number)
		limit->block.probe = 0;
}

static void
count_in_windows(RateLimit *limit, const RateTicket *ticket, int64_t now_ms)
{
	window_add(&limit->points, MINUTE_STEP_MS, points_of(ticket->kind), 0, now_ms);
	window_add(&limit->requests_of_hour, HOUR_STEP_MS, 1, 0, now_ms);
	if (ticket->kind == RATE_CREATION)
	{
		window_add(&limit->creations_of_minute, MINUTE_STEP_MS, 1, 0, now_ms);
		window_add(&limit->creations_of_hour, HOUR_STEP_MS, 1, 0, now_ms);
	}
}

static void
give_turn_back(RateLimit *limit, const RateTicket *ticket, int64_t now_ms)
{
	limit->paced_until_us -= ticket->pace_us;
	/* The write before is long enough ago. */
	if (ticket->kind != RATE_READ)
		limit->next_write_ms = now_ms;
}

static bool
was_answered(GithubTransport transport)
{
	switch (transport)
	{
		case GITHUB_ANSWERED:
		case GITHUB_ANSWER_TOO_LARGE:
			return true;
		case GITHUB_CUT_OFF:
		case GITHUB_NEVER_SENT:
			break;
	}
	return false;
}

void
rate_limit_end(RateLimit *limit, const RateTicket *ticket, GithubTransport transport,
			   const GithubQuota *quota, int64_t now_ms)
{
	leave_place(limit, ticket);
	if (transport != GITHUB_NEVER_SENT)
		count_in_windows(limit, ticket, now_ms);
	else
		give_turn_back(limit, ticket, now_ms);
	if (was_answered(transport) && is_plausible(quota))
		learn_remaining(limit, ticket, quota, now_ms);
	else if (transport != GITHUB_NEVER_SENT)
		note_untold(limit);
}

void
rate_limit_note_answer(RateLimit *limit, const RateTicket *ticket)
{
	RateBlock *block = &limit->block;

	judge_troubles(limit, ticket);
	limit->own_failures = 0;
	if (!is_news(limit, ticket))
		return;
	limit->answered = (uint64_t) at_least((int64_t) limit->answered, (int64_t) ticket->number);
	*block = (RateBlock){.after = block->after};
	/* Who may create may do anything, who may change something may read. */
	for (int kind = 0; kind <= (int) ticket->kind; kind++)
		limit->refusals[kind] = (RateRefusals){0};
}

/* Of those that are in a row still: the longest. */
static int64_t
last_wait(const RateLimit *limit, int64_t now_ms)
{
	int64_t waited_ms = 0;

	for (int kind = 0; kind < RATE_KINDS; kind++)
	{
		if (limit->refusals[kind].until_ms + REFUSAL_MAX_MS > now_ms)
			waited_ms = at_least(limit->refusals[kind].waited_ms, waited_ms);
	}
	return waited_ms;
}

/* Several requests that were under way together are refused as one. */
static int64_t
doubled_refusal(RateLimit *limit, RateKind kind, bool is_another, int64_t base_ms, int64_t now_ms)
{
	int64_t waited_ms = last_wait(limit, now_ms);
	int64_t wait_ms =
		at_most(at_least(is_another ? 2 * waited_ms : waited_ms, base_ms), REFUSAL_MAX_MS);

	limit->refusals[kind] = (RateRefusals){wait_ms, now_ms + wait_ms};
	return wait_ms;
}

void
rate_limit_note_refusal(RateLimit *limit, const RateTicket *ticket, int64_t wait_ms, int64_t now_ms)
{
	RateBlock *block = &limit->block;
	bool is_another = is_news(limit, ticket) || block->why != RATE_REFUSED;

	if (is_another)
	{
		(void) begin_block(limit, RATE_REFUSED, now_ms);
		/* An hour that is used up says nothing about the other limits. */
		if (!limit->remaining.known || limit->remaining.least > 0)
			make_cut(ticket->kind == RATE_CREATION ? &limit->creations_cut : &limit->points_cut,
					 now_ms);
	}
	if (wait_ms <= 0)
		wait_ms = doubled_refusal(limit, ticket->kind, is_another,
								  wait_ms < 0 ? REFUSAL_BASE_MS : REFUSAL_AT_ONCE_MS, now_ms);
	block->until_ms = at_least(block->until_ms, now_ms + wait_ms);
}

bool
rate_limit_note_unreachable(RateLimit *limit, const RateTicket *ticket, int64_t wait_ms,
							int64_t base_ms, int64_t max_ms, double random_fraction, int64_t now_ms)
{
	/* Who names a time speaks for all. */
	bool is_own = wait_ms <= 0 && is_own_trouble(limit, ticket);
	int strikes;

	remember_trouble(limit, ticket->about.resource);
	remember_trouble(limit, ticket->about.place);
	if (is_own)
	{
		limit->own_failures++;
		return true;
	}
	if (!is_news(limit, ticket) || end_of_block(limit, now_ms) > now_ms)
		return false;
	if (wait_ms <= 0 && ticket->about.fails_alone && limit->block.why != RATE_UNREACHABLE)
		return false;
	strikes = begin_block(limit, RATE_UNREACHABLE, now_ms);
	limit->block.until_ms =
		now_ms + at_least(retry_delay_ms(strikes, base_ms, max_ms, random_fraction), wait_ms);
	return false;
}

void
rate_limit_note_past_creations(RateLimit *limit, int count, int64_t age_ms, int64_t now_ms)
{
	window_add(&limit->points, MINUTE_STEP_MS, count * RATE_WRITE_POINTS, age_ms, now_ms);
	window_add(&limit->requests_of_hour, HOUR_STEP_MS, count, age_ms, now_ms);
	window_add(&limit->creations_of_minute, MINUTE_STEP_MS, count, age_ms, now_ms);
	window_add(&limit->creations_of_hour, HOUR_STEP_MS, count, age_ms, now_ms);
}

void
rate_limit_note_past_block(RateLimit *limit)
{
	if (limit->sent == 0)
		limit->block.probing = true;
}

void
rate_limit_inherit(RateLimit *limit, const RateLimit *other, int64_t now_ms)
{
	limit->points = other->points;
	limit->creations_of_minute = other->creations_of_minute;
	limit->creations_of_hour = other->creations_of_hour;
	limit->next_write_ms = other->next_write_ms;
	limit->paced_until_us = other->paced_until_us;
	window_add(&limit->points, MINUTE_STEP_MS, (int) points_under_way(other), 0, now_ms);
	window_add(&limit->creations_of_minute, MINUTE_STEP_MS, other->creations_under_way, 0, now_ms);
	window_add(&limit->creations_of_hour, HOUR_STEP_MS, other->creations_under_way, 0, now_ms);
}

RatePermission
rate_limit_block(const RateLimit *limit, int64_t now_ms)
{
	int64_t end_ms = end_of_block(limit, now_ms);

	return (RatePermission){end_ms > now_ms ? limit->block.why : RATE_NONE, end_ms};
}

bool
rate_limit_is_idle(RateLimit *limit, int64_t now_ms)
{
	advance(limit, now_ms);
	ease_cut(&limit->points_cut, now_ms);
	ease_cut(&limit->creations_cut, now_ms);
	return limit->reads_under_way + limit->writes_under_way == 0 && limit->points.total == 0 &&
		limit->creations_of_hour.total == 0 && limit->block.why == RATE_NONE &&
		limit->points_cut.sixteenths + limit->creations_cut.sixteenths == 0 &&
		(!limit->remaining.known || now_ms >= limit->remaining.reset_ms ||
		 rate_limit_left(limit) > limit->remaining.limit / 2);
}

RateUsage
rate_limit_usage(RateLimit *limit, int64_t now_ms)
{
	advance(limit, now_ms);
	return (RateUsage){.points_last_minute =
						   (int64_t) limit->points.total + points_under_way(limit),
					   .creations_last_minute =
						   (int64_t) limit->creations_of_minute.total + limit->creations_under_way,
					   .creations_last_hour =
						   (int64_t) limit->creations_of_hour.total + limit->creations_under_way,
					   .requests_last_hour = (int64_t) limit->requests_of_hour.total +
						   limit->reads_under_way + limit->writes_under_way};
}
