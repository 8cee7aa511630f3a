/*
 * budgets.c
 *		What each installation may send, for all workers of the server together.
 *
 * A table in shared memory under one lock.  The lock is held for a few lines that
 * neither raise nor wait, so that it may be taken in an exit callback too.
 *
 * Each installation has a place in the table.  When the table is full, a further
 * installation gets the place of one that sent nothing lately.  When all of them
 * sent something lately, the further ones share one more place: together they may
 * send what one installation may, so less than GitHub allows and never more.  An
 * answer of GitHub's tells about a single installation, so nothing that answers
 * tell is kept for the shared place.
 *
 * What databases remember is what their owners wrote: it fills half of the table at
 * most, the rest is for those who send.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "common/pg_prng.h"
#include "miscadmin.h"
#include "nodes/pg_list.h"
#include "portability/instr_time.h"
#include "server/budgets.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* After the server's start: how long databases may take to tell of their creations. */
#define REPORTS_MAY_TAKE_MS (10 * 1000)
#define ASK_AGAIN_MS 50

/* What databases remember is forgotten where so many others are in use. */
#define BUDGETS_OF_MEMORY (BUDGETS / 2)

#define SHARED_PLACE BUDGETS
#define PLACES (BUDGETS + 1)
#define NO_PLACE (-1)

/* How many databases of one budget are remembered, each of which may see it. */
#define DATABASES_OF_BUDGET 16

typedef struct BudgetKey
{
	bool used;
	uint64 api; /* hash of its address and of whose credentials it is asked with */
	int64 installation_id;
} BudgetKey;

typedef struct Budget
{
	RateLimit limit;
	uint64 waiting;                     /* slots of workers that wait for an answer to somebody */
	Oid databases[DATABASES_OF_BUDGET]; /* that used it lately */
	int next_database;
} Budget;

typedef struct Budgets
{
	LWLock *lock;
	int next_to_forget;      /* where the search for an idle place goes on */
	int64 made_ms;           /* when the server started */
	bool creations_known;    /* of all databases */
	BudgetKey keys[BUDGETS]; /* apart: they are searched */
	Budget budgets[PLACES];
} Budgets;

StaticAssertDecl(WORKER_SLOTS <= 64, "a slot is a bit of Budget.waiting");

static Budgets *state = NULL;    /* NULL: not preloaded */
static List *held_tickets = NIL; /* of BudgetTicket, by this process */
static bool exit_is_seen_to = false;

/* The same clock in all processes; setting the system's time does not move it. */
static int64
now_in_ms(void)
{
	instr_time now;

	INSTR_TIME_SET_CURRENT(now);
	return (int64) INSTR_TIME_GET_MILLISEC(now);
}

Size
budgets_size(void)
{
	return sizeof(Budgets);
}

void
budgets_attach(void *memory, LWLock *lock, bool is_new)
{
	state = memory;
	if (!is_new)
		return;
	state->lock = lock;
	state->made_ms = now_in_ms();
}

TimestampTz
budget_time(int64 not_before_ms)
{
	if (not_before_ms == RATE_NEVER)
		return DT_NOEND;
	/* A wait is never cut short by a fraction. */
	return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), not_before_ms - now_in_ms() + 1);
}

/* ---- places ---- */

static uint64
hash_on(uint64 seed, const char *text)
{
	return hash_bytes_extended((const unsigned char *) text, (int) strlen(text) + 1, seed);
}

/*
 * GitHub counts for whom it knows: an installation belongs to an App, and what a
 * token may do is its account's. A token is known by its file: another token in
 * it is the same account's.
 */
static uint64
this_api(void)
{
	uint64 api = hash_on(0, setting_api_url);

	if (settings_name_a_token())
		return hash_on(api, setting_token_file);
	return hash_on(api, setting_app_id);
}

/* A token is one account's, whatever installations somebody gave it. */
static int64
whose_budget(int64 installation_id)
{
	return settings_name_a_token() ? INSTALLATION_OF_TOKEN : installation_id;
}

static int
find_place(int64 installation_id)
{
	uint64 api = this_api();

	installation_id = whose_budget(installation_id);
	for (int i = 0; i < BUDGETS; i++)
	{
		const BudgetKey *key = &state->keys[i];

		if (key->used && key->installation_id == installation_id && key->api == api)
			return i;
	}
	return NO_PLACE;
}

static int
find_free_place(int64 now_ms)
{
	for (int i = 0; i < BUDGETS; i++)
	{
		if (!state->keys[i].used)
			return i;
	}
	for (int i = 0; i < BUDGETS; i++)
	{
		int place = state->next_to_forget;

		state->next_to_forget = (place + 1) % BUDGETS;
		if (rate_limit_is_idle(&state->budgets[place].limit, now_ms))
			return place;
	}
	return NO_PLACE;
}

static bool
is_used_here(const Budget *budget)
{
	for (int i = 0; i < DATABASES_OF_BUDGET; i++)
	{
		if (budget->databases[i] == MyDatabaseId)
			return true;
	}
	return false;
}

static void
note_database(Budget *budget)
{
	if (is_used_here(budget))
		return;
	budget->databases[budget->next_database] = MyDatabaseId;
	budget->next_database = (budget->next_database + 1) % DATABASES_OF_BUDGET;
}

static int
place_for(int64 installation_id, int64 now_ms)
{
	int place = find_place(installation_id);
	Budget *budget;

	if (place != NO_PLACE)
	{
		note_database(&state->budgets[place]);
		return place;
	}
	place = find_free_place(now_ms);
	if (place == NO_PLACE)
		return SHARED_PLACE;
	budget = &state->budgets[place];
	memset(budget, 0, sizeof(*budget));
	/* It may have been one of those that shared a place until now. */
	rate_limit_inherit(&budget->limit, &state->budgets[SHARED_PLACE].limit, now_ms);
	note_database(budget);
	state->keys[place] = (BudgetKey){.used = true,
									 .api = this_api(),
									 .installation_id = whose_budget(installation_id)};
	return place;
}

static int
count_in_use(int64 now_ms)
{
	int count = 0;

	for (int i = 0; i < BUDGETS; i++)
		count += state->keys[i].used && !rate_limit_is_idle(&state->budgets[i].limit, now_ms);
	return count;
}

/* NO_PLACE: too many are in use for one that nobody sent anything of. */
static int
place_for_memory(int64 installation_id, int64 now_ms)
{
	if (find_place(installation_id) == NO_PLACE && count_in_use(now_ms) >= BUDGETS_OF_MEMORY)
		return NO_PLACE;
	return place_for(installation_id, now_ms);
}

/* ---- what the databases remember ---- */

bool
budgets_know_creations(void)
{
	return shared_state_creations_known();
}

void
budgets_note_creations_known(void)
{
	shared_state_note_creations_known(true);
}

void
budgets_note_nothing_to_know(void)
{
	shared_state_note_creations_known(false);
}

/*
 * Creations since the server's start are counted when they are sent.  A database
 * that is entered once more (its queue was detached and attached, say) tells of
 * them again.
 */
void
budget_note_past_creations(int64 installation_id, int count, int64 age_ms, int64 answer_may_take_ms)
{
	int64 now_ms = now_in_ms();
	int place;

	if (now_ms - age_ms >= state->made_ms)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	place = place_for_memory(installation_id, now_ms);
	if (place != NO_PLACE)
		rate_limit_note_past_creations(&state->budgets[place].limit, count,
									   Max(age_ms - answer_may_take_ms, 0), now_ms);
	LWLockRelease(state->lock);
}

/* A database whose worker cannot start holds the others up for REPORTS_MAY_TAKE_MS at most. */
static bool
creations_are_known(int64 now_ms)
{
	bool all_reported = shared_state_all_creations_known();
	bool known;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	state->creations_known =
		state->creations_known || all_reported || now_ms - state->made_ms >= REPORTS_MAY_TAKE_MS;
	known = state->creations_known;
	LWLockRelease(state->lock);
	return known;
}

/* ---- tickets ---- */

static RateSettings
settings_of_budgets(void)
{
	return (RateSettings){.points_per_minute = setting_points_per_minute,
						  .creations_per_minute = setting_creations_per_minute,
						  .creations_per_hour = setting_creations_per_hour,
						  .write_interval_ms = setting_write_interval_ms,
						  .reads_at_once = RATE_READS_AT_ONCE};
}

static uint64
my_bit(void)
{
	return UINT64CONST(1) << shared_state_my_slot();
}

static uint64
take_waiting(Budget *budget)
{
	uint64 waiting = budget->waiting;

	budget->waiting = 0;
	return waiting;
}

/* Settles the tickets of a process that exits; wakes who waits for their answers. */
static void
release_tickets(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	ListCell *cell;
	uint64 waiting = 0;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	foreach (cell, held_tickets)
	{
		BudgetTicket *ticket = lfirst(cell);
		Budget *budget = &state->budgets[ticket->place];

		rate_limit_end(&budget->limit, &ticket->ticket, GITHUB_CUT_OFF, NULL, now_in_ms());
		waiting |= take_waiting(budget);
	}
	LWLockRelease(state->lock);
	held_tickets = NIL;
	shared_state_wake_slots(waiting);
}

static void
hold_ticket(BudgetTicket *ticket)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	held_tickets = lappend(held_tickets, ticket);
	MemoryContextSwitchTo(caller);
	ticket->held = true;
}

RatePermission
budget_take(int64 installation_id, RateKind kind, RateClass class, BudgetTicket *ticket)
{
	RateSettings settings = settings_of_budgets();
	int64 now_ms = now_in_ms();
	RatePermission permission;

	Assert(!ticket->held); /* settled when its answer came */
	if (!exit_is_seen_to)
		before_shmem_exit(release_tickets, (Datum) 0);
	exit_is_seen_to = true;
	if (kind == RATE_CREATION && !creations_are_known(now_ms))
		return (RatePermission){RATE_INTERVAL, now_ms + ASK_AGAIN_MS};

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	ticket->place = place_for(installation_id, now_ms);
	permission = rate_limit_take(&state->budgets[ticket->place].limit, &settings, kind, class,
								 now_ms, &ticket->ticket);
	if (permission.obstacle == RATE_BUSY)
		state->budgets[ticket->place].waiting |= my_bit();
	LWLockRelease(state->lock);

	if (permission.obstacle == RATE_NONE)
		hold_ticket(ticket);
	return permission;
}

void
budget_note_sent(const BudgetTicket *ticket)
{
	RateSettings settings = settings_of_budgets();

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	rate_limit_note_sent(&state->budgets[ticket->place].limit, &settings, &ticket->ticket,
						 now_in_ms());
	LWLockRelease(state->lock);
}

static int64
wait_ms(const GithubVerdict *verdict)
{
	int64 wait_s = github_verdict_wait_s(verdict);

	return wait_s == GITHUB_NO_WAIT ? -1 : wait_s * 1000;
}

/* What never left us failed for nothing that it was about. */
static bool
note_unreachable(RateLimit *limit, RateTicket ticket, const GithubVerdict *verdict, int64 now_ms)
{
	if (verdict->transport == GITHUB_NEVER_SENT)
		ticket.about = (RateSubject){0};
	return rate_limit_note_unreachable(limit, &ticket, wait_ms(verdict),
									   setting_retry_base_delay_ms,
									   Min(setting_retry_max_delay_ms, UNREACHABLE_MAX_MS),
									   pg_prng_double(&pg_global_prng_state), now_ms);
}

/* True: the trouble is that of what was asked for alone. */
static bool
note_verdict(RateLimit *limit, const RateTicket *ticket, const GithubVerdict *verdict, int64 now_ms)
{
	if (verdict->kind == GITHUB_UNAVAILABLE)
		return note_unreachable(limit, *ticket, verdict, now_ms);
	if (verdict->kind == GITHUB_RATE_LIMITED)
		rate_limit_note_refusal(limit, ticket, wait_ms(verdict), now_ms);
	else
		rate_limit_note_answer(limit, ticket);
	return false;
}

static void
drop_ticket(BudgetTicket *ticket)
{
	Assert(ticket->held);
	held_tickets = list_delete_ptr(held_tickets, ticket);
	ticket->held = false;
}

bool
budget_settle(BudgetTicket *ticket, const RateSubject *about, const GithubVerdict *verdict)
{
	int64 now_ms = now_in_ms();
	bool is_own_trouble = false;
	uint64 waiting;
	Budget *budget;

	drop_ticket(ticket);
	ticket->ticket.about = *about;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	budget = &state->budgets[ticket->place];
	if (ticket->place == SHARED_PLACE)
		rate_limit_end(&budget->limit, &ticket->ticket, verdict->transport, NULL, now_ms);
	else
	{
		rate_limit_end(&budget->limit, &ticket->ticket, verdict->transport, &verdict->quota,
					   now_ms);
		is_own_trouble = note_verdict(&budget->limit, &ticket->ticket, verdict, now_ms);
	}
	waiting = take_waiting(budget);
	LWLockRelease(state->lock);
	/* Who has an answer to report asks again anyway. */
	shared_state_wake_slots(waiting & ~my_bit());
	return is_own_trouble;
}

void
budget_give_back(BudgetTicket *ticket)
{
	uint64 waiting;
	Budget *budget;

	drop_ticket(ticket);
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	budget = &state->budgets[ticket->place];
	rate_limit_end(&budget->limit, &ticket->ticket, GITHUB_NEVER_SENT, NULL, now_in_ms());
	waiting = take_waiting(budget);
	LWLockRelease(state->lock);
	shared_state_wake_slots(waiting);
}

static bool
tells_of_limits(const GithubVerdict *verdict)
{
	return verdict->kind == GITHUB_RATE_LIMITED || verdict->kind == GITHUB_UNAVAILABLE;
}

void
budget_note_verdict(int64 installation_id, const GithubVerdict *verdict)
{
	int64 now_ms = now_in_ms();
	int place;

	if (!tells_of_limits(verdict))
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	place = place_for(installation_id, now_ms);
	if (place != SHARED_PLACE)
	{
		RateLimit *limit = &state->budgets[place].limit;
		RateTicket latest = {.kind = RATE_READ, .number = limit->sent + 1};

		(void) note_verdict(limit, &latest, verdict, now_ms);
	}
	LWLockRelease(state->lock);
}

void
budget_note_past_pause(int64 installation_id)
{
	int place;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	place = place_for(installation_id, now_in_ms());
	if (place != SHARED_PLACE)
		rate_limit_note_past_block(&state->budgets[place].limit);
	LWLockRelease(state->lock);
}

RatePermission
budget_block(int64 installation_id)
{
	RatePermission permission = {RATE_NONE, 0};
	int place;

	LWLockAcquire(state->lock, LW_SHARED);
	place = find_place(installation_id);
	if (place != NO_PLACE)
		permission = rate_limit_block(&state->budgets[place].limit, now_in_ms());
	LWLockRelease(state->lock);
	return permission;
}

/* ---- for people ---- */

bool
budget_overview(int64 installation_id, BudgetOverview *overview)
{
	int place = NO_PLACE;

	if (state == NULL)
		return false;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	place = find_place(installation_id);
	if (place != NO_PLACE && !is_used_here(&state->budgets[place]))
		place = NO_PLACE;
	if (place != NO_PLACE)
	{
		RateLimit *limit = &state->budgets[place].limit;
		int64 now_ms = now_in_ms();

		memset(overview, 0, sizeof(*overview));
		overview->usage = rate_limit_usage(limit, now_ms);
		overview->reads_under_way = limit->reads_under_way;
		overview->writes_under_way = limit->writes_under_way;
		/* The figures of an hour that is over say nothing about the present one. */
		overview->limit_known = limit->remaining.known && limit->remaining.reset_ms > now_ms;
		if (overview->limit_known)
		{
			overview->limit = limit->remaining.limit;
			overview->remaining = Max(rate_limit_left(limit), 0);
			overview->reset_at = budget_time(limit->remaining.reset_ms);
		}
	}
	LWLockRelease(state->lock);
	return place != NO_PLACE;
}
