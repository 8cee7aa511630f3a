/*
 * test_core_rate_hour.c
 *		Simulated hours of a full queue against a model of GitHub's limits.
 *
 * The model counts exactly, by its own clock, at some moment between the
 * sending of a request and its answer, and refuses what is over a limit.  What
 * is measured: no request is refused, and nearly all of the budget is used.
 * The figures are printed; chance comes from a fixed seed.
 *
 *		make -s -f scripts/unit.mk && build/unit/test_core_rate_hour
 */
#include "core/rate_limit.h"

#include <stdlib.h>

#include "unit.h"

#define SECOND_MS 1000
#define START_MS INT64_C(123456789)
#define MOST_COUNTED 400000
#define MOST_UNDER_WAY 64

/* GitHub's clock is 37 s late, and it is some time of the day. */
#define CLOCK_DIFFERENCE_MS (INT64_C(1700000000123) - START_MS - 37000)

/* ---- chance ---- */

static uint64_t chance_state;

static int64_t
chance(int64_t least, int64_t most)
{
	chance_state = chance_state * UINT64_C(6364136223846793005) + UINT64_C(1442695040888963407);
	return least + (int64_t) ((chance_state >> 33) % (uint64_t) (most - least + 1));
}

/* ---- GitHub ---- */

typedef struct Counted
{
	int64_t at_ms;
	int points;
	int creations;
} Counted;

typedef struct GitHub
{
	/* 0: no such limit */
	int requests_per_hour;
	int points_per_minute;
	int creations_per_minute;
	int creations_per_hour;
	bool says_how_long;

	int64_t reset_ms; /* of its hour */
	int used;
	Counted *counted;
	int count;
	int refused;
} GitHub;

static GitHub github;

static int64_t
github_seconds(int64_t now_ms)
{
	return (now_ms + CLOCK_DIFFERENCE_MS) / 1000;
}

/* What was counted in the window that ends now. */
static Counted
counted_within(int64_t length_ms, int64_t now_ms)
{
	Counted sum = {0};

	for (int i = github.count - 1; i >= 0 && github.counted[i].at_ms > now_ms - length_ms; i--)
	{
		sum.points += github.counted[i].points;
		sum.creations += github.counted[i].creations;
	}
	return sum;
}

static bool
is_over(int used, int most)
{
	return most > 0 && used > most;
}

static void
begin_hour_if_due(int64_t now_ms)
{
	if (now_ms < github.reset_ms)
		return;
	github.reset_ms = now_ms + RATE_HOUR_MS;
	github.used = 0;
}

/* Counts a request, or refuses it. */
static bool
github_counts(RateKind kind, int64_t now_ms)
{
	int points = kind == RATE_READ ? 1 : 5;
	int creations = kind == RATE_CREATION ? 1 : 0;
	Counted minute = counted_within(RATE_MINUTE_MS, now_ms);
	bool over;

	begin_hour_if_due(now_ms);
	over = is_over(github.used + 1, github.requests_per_hour) ||
		is_over(minute.points + points, github.points_per_minute);
	if (creations > 0)
		over = over || is_over(minute.creations + 1, github.creations_per_minute) ||
			is_over(counted_within(RATE_HOUR_MS, now_ms).creations + 1, github.creations_per_hour);
	if (over)
	{
		github.refused++;
		return false;
	}
	github.used++;
	if (github.count < MOST_COUNTED)
		github.counted[github.count++] = (Counted){now_ms, points, creations};
	return true;
}

static GithubQuota
github_headers(int64_t now_ms)
{
	if (github.requests_per_hour == 0)
		return (GithubQuota){-1, -1, -1, github_seconds(now_ms)};
	begin_hour_if_due(now_ms);
	return (GithubQuota){.limit = github.requests_per_hour,
						 .remaining = github.used < github.requests_per_hour
							 ? github.requests_per_hour - github.used
							 : 0,
						 .reset_s = github_seconds(github.reset_ms),
						 .date_s = github_seconds(now_ms)};
}

/* ---- what is under way ---- */

typedef struct Request
{
	RateTicket ticket;
	int64_t counted_at_ms; /* RATE_NEVER: GitHub has counted it */
	int64_t answered_at_ms;
	bool refused;
	GithubQuota headers;
} Request;

static Request under_way[MOST_UNDER_WAY];
static int requests_under_way;

static RateLimit limit;
static RateSettings settings;
static int64_t now_ms;
static int slowest_ms; /* from sending to answer */

static void
send_request(const RateTicket *ticket)
{
	int64_t counted_after = chance(5, slowest_ms / 2);

	under_way[requests_under_way++] =
		(Request){.ticket = *ticket,
				  .counted_at_ms = now_ms + counted_after,
				  .answered_at_ms = now_ms + counted_after + chance(5, slowest_ms / 2)};
}

static void
receive(int i)
{
	Request request = under_way[i];

	under_way[i] = under_way[--requests_under_way];
	rate_limit_end(&limit, &request.ticket, GITHUB_ANSWERED, &request.headers, now_ms);
	if (request.refused)
		rate_limit_note_refusal(&limit, &request.ticket, github.says_how_long ? RATE_MINUTE_MS : -1,
								now_ms);
	else
		rate_limit_note_answer(&limit, &request.ticket);
}

static void
let_happen(void)
{
	for (int i = 0; i < requests_under_way; i++)
	{
		Request *request = &under_way[i];

		if (request->counted_at_ms <= now_ms)
		{
			request->refused = !github_counts(request->ticket.kind, now_ms);
			request->headers = github_headers(now_ms);
			request->counted_at_ms = RATE_NEVER;
		}
	}
	for (int i = requests_under_way - 1; i >= 0; i--)
	{
		if (under_way[i].answered_at_ms <= now_ms)
			receive(i);
	}
}

static int64_t
next_event(void)
{
	int64_t next = RATE_NEVER;

	for (int i = 0; i < requests_under_way; i++)
	{
		int64_t event = under_way[i].counted_at_ms != RATE_NEVER ? under_way[i].counted_at_ms
																 : under_way[i].answered_at_ms;

		next = event < next ? event : next;
	}
	return next;
}

/* ---- the queue: as much of these kinds as may be sent ---- */

typedef struct Queue
{
	bool has[RATE_KINDS];
} Queue;

/* Sends what may be sent; returns when more may be, unless an answer comes before. */
static int64_t
send_what_may_be_sent(const Queue *queue)
{
	int64_t next = RATE_NEVER;

	/* Those with the smallest budget first, or the others would leave them nothing. */
	for (int kind = RATE_KINDS - 1; kind >= 0; kind--)
	{
		while (queue->has[kind])
		{
			RateTicket ticket;
			RatePermission permission = rate_limit_take(&limit, &settings, (RateKind) kind,
														RATE_FOR_PEOPLE, now_ms, &ticket);

			if (permission.obstacle != RATE_NONE)
			{
				next = permission.not_before_ms < next ? permission.not_before_ms : next;
				break;
			}
			send_request(&ticket);
		}
	}
	return next;
}

static void
run_for(const Queue *queue, int64_t duration_ms)
{
	int64_t end_ms = now_ms + duration_ms;

	while (now_ms < end_ms)
	{
		int64_t next = send_what_may_be_sent(queue);
		int64_t event = next_event();

		next = event < next ? event : next;
		now_ms = next < end_ms ? next : end_ms;
		let_happen();
	}
}

/* ---- figures ---- */

static void
start_afresh(void)
{
	static const GitHub githubs_limits = {.requests_per_hour = 5000,
										  .points_per_minute = 900,
										  .creations_per_minute = 80,
										  .creations_per_hour = 500,
										  .says_how_long = true};
	Counted *memory = github.counted ? github.counted : calloc(MOST_COUNTED, sizeof(Counted));

	github = githubs_limits;
	github.counted = memory;
	memset(&limit, 0, sizeof(limit));
	settings = (RateSettings){.points_per_minute = 900,
							  .creations_per_minute = 80,
							  .creations_per_hour = 500,
							  .write_interval_ms = 1000,
							  .reads_at_once = 8};
	requests_under_way = 0;
	now_ms = START_MS;
	slowest_ms = 400;
	chance_state = 20261125;
}

static Counted
counted_since(int64_t since_ms)
{
	return counted_within(now_ms - since_ms, now_ms);
}

static void
report(const char *what, int used, int budget, int refused)
{
	char name[200];

	printf("# %-58s %6d of %6d (%.1f %%), %d refused\n", what, used, budget, 100.0 * used / budget,
		   refused);
	snprintf(name, sizeof(name), "%s: nearly all of the budget is used", what);
	ok(used * 100.0 >= budget * 98.0, name);
	snprintf(name, sizeof(name), "%s: and never more", what);
	ok(used <= budget, name);
	snprintf(name, sizeof(name), "%s: nothing is refused", what);
	is_int(refused, 0, name);
}

/* ---- GitHub's real limits, full queues ---- */

static void
test_everything(void)
{
	Queue queue = {{true, true, true}};
	int64_t since;

	start_afresh();
	since = now_ms;
	run_for(&queue, RATE_HOUR_MS);
	report("all kinds, an hour: requests", github.count, 5000, github.refused);

	/* Without GitHub's hour, the next limit binds. */
	start_afresh();
	github.requests_per_hour = 0;
	since = now_ms;
	run_for(&queue, RATE_HOUR_MS);
	report("all kinds, an Enterprise Server's hour: points", counted_since(since).points, 54000,
		   github.refused);
	report("all kinds, an Enterprise Server's hour: creations", counted_since(since).creations, 500,
		   github.refused);
}

static void
test_reads(void)
{
	Queue queue = {{true, false, false}};

	start_afresh();
	run_for(&queue, 3 * (int64_t) RATE_HOUR_MS);
	report("reads, three hours: requests", github.count, 15000, github.refused);

	start_afresh();
	github.requests_per_hour = 0;
	run_for(&queue, RATE_HOUR_MS);
	report("reads, no limit an hour: points", counted_since(START_MS).points, 54000,
		   github.refused);
}

static void
test_creations(void)
{
	Queue queue = {{false, false, true}};
	int64_t since;

	start_afresh();
	run_for(&queue, RATE_HOUR_MS);
	report("creations, the first hour", github.count, 500, github.refused);
	since = now_ms;
	run_for(&queue, 10 * (int64_t) RATE_HOUR_MS);
	report("creations, the ten hours that follow", counted_since(since).creations, 5000,
		   github.refused);

	start_afresh();
	settings.write_interval_ms = 0;
	settings.creations_per_hour = github.creations_per_hour = 0;
	run_for(&queue, RATE_HOUR_MS);
	report("creations, no limit an hour: by the minute", github.count, 4800, github.refused);
}

static void
test_writes(void)
{
	Queue queue = {{false, true, false}};

	start_afresh();
	run_for(&queue, RATE_HOUR_MS);
	report("writes, a second apart", github.count, 3600, github.refused);
}

/* ---- slow answers, counted late ---- */

static void
test_slow(void)
{
	Queue queue = {{true, true, true}};

	start_afresh();
	github.requests_per_hour = 0;
	slowest_ms = 20 * SECOND_MS;
	settings.reads_at_once = 40;
	run_for(&queue, RATE_HOUR_MS);
	printf("# answers after up to 20 s: %d points of 54000, %d refused\n",
		   counted_since(START_MS).points, github.refused);
	is_int(github.refused, 0, "answers after up to 20 s: nothing is refused");
	ok(counted_since(START_MS).points > 3600 * 40 / 20, "... and it goes on");
}

/* ---- GitHub changes its mind ---- */

static void
test_hour_lowered(void)
{
	Queue queue = {{true, true, true}};
	int of_first_hour;

	start_afresh();
	run_for(&queue, 2 * RATE_MINUTE_MS);
	github.requests_per_hour = 2500;
	run_for(&queue, RATE_HOUR_MS - 2 * RATE_MINUTE_MS);
	of_first_hour = github.count;
	report("5000 lowered to 2500 in mid-run: that hour", of_first_hour, 2500, github.refused);
	run_for(&queue, RATE_HOUR_MS);
	report("... the next hour", github.count - of_first_hour, 2500, github.refused);
}

/* Somebody else uses the installation, as fast as we do. */
static void
test_others(void)
{
	Queue queue = {{true, false, false}};

	start_afresh();
	for (int second = 0; second < 3600; second++)
	{
		run_for(&queue, SECOND_MS);
		if (github.used < github.requests_per_hour - 20 && second % 2 == 0)
			github.used += 3;
	}
	printf("# with others who use the same hour: %d requests of ours, %d refused\n", github.count,
		   github.refused);
	is_int(github.refused, 0, "others use the same hour: nothing is refused");
	ok(github.count > 3000, "... and what they leave is used");
}

/* Limits that GitHub does not show: only a refusal tells. */
static void
test_hidden_limit_lowered(void)
{
	Queue queue = {{true, false, false}};
	int64_t since;

	start_afresh();
	github.requests_per_hour = 0;
	run_for(&queue, 10 * RATE_MINUTE_MS);
	is_int(github.refused, 0, "at first nothing is refused");
	github.points_per_minute = 500;
	since = now_ms;
	run_for(&queue, RATE_HOUR_MS);
	printf(
		"# points lowered to 500 a minute without a word: %d of %d in the next hour, %d refused\n",
		counted_since(since).points, 500 * 60, github.refused);
	ok(github.refused <= 3 * 8, "a hidden limit lowered to less: a few refusals tell");
	ok(counted_since(since).points > 500 * 60 * 7 / 10, "... and most of what is left is used");

	start_afresh();
	github.requests_per_hour = 0;
	github.says_how_long = false;
	github.points_per_minute = 300;
	since = now_ms;
	run_for(&queue, 2 * (int64_t) RATE_HOUR_MS);
	printf("# points of 300 from the start, no Retry-After: %d of %d in two hours, %d refused\n",
		   counted_since(since).points, 300 * 120, github.refused);
	ok(github.refused <= 6 * 8, "refused without a time: few refusals in two hours");
	ok(counted_since(since).points > 300 * 120 / 2, "... and it goes on");
}

int
main(void)
{
	test_everything();
	test_reads();
	test_creations();
	test_writes();
	test_slow();
	test_hour_lowered();
	test_others();
	test_hidden_limit_lowered();
	free(github.counted);
	return done_testing();
}
