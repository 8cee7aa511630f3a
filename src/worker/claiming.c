/*
 * claiming.c
 *		What this worker takes from the queue, and when it looks again.
 *
 * A claim is one transaction of the database, a round: claim_round.c says what
 * is done there.  Here it is known when a round is made, what follows from what
 * it brought, and who is at fault for one that failed: the row or the chore that
 * it was about, or nobody in particular.  Then it is tried again with a backoff.
 */
#include "postgres.h"

#include "db/queue.h"
#include "db/queue_claim.h"
#include "db/transaction.h"
#include "server/budgets.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "server/suspects.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/claim_round.h"
#include "worker/claiming.h"
#include "worker/conversation.h"
#include "worker/counting.h"
#include "worker/failure.h"
#include "worker/line.h"
#include "worker/lost_claims.h"
#include "worker/passed.h"
#include "worker/places.h"
#include "worker/repeats.h"

/*
 * A round that claims nothing may change something, whose commit asks for
 * another round: where what it changed is undone each time, without an end.
 */
#define FRUITLESS_MAX 20
#define FRUITLESS_DELAY_MS 2 /* for each of those that are too many */
#define FRUITLESS_DELAY_MAX_MS 100
#define FRUITLESS_GAP_MS 5 /* rounds with more time between them have other reasons */

/* What ends within so long is made up for by one claim, while there is more to send. */
#define ENDS_TOGETHER_MS 25

#define FAILED_CLAIM_MAX_MS (60 * 1000)

static struct
{
	bool expects_work;       /* a claim may find something */
	bool some_over;          /* some rows left the line without a request */
	TimestampTz next_due;    /* when a retry time or a pause ends */
	TimestampTz fallback_at; /* when it is looked for work that nobody told of */
	uint32 wakes_seen;       /* what was committed before is claimed, or not due */
	int failures;            /* in a row; meanwhile each record type is claimed alone */
	int fruitless;           /* rounds without a claim, each right after the one before */
	TimestampTz last_round;
	TimestampTz round_not_before;
	TimestampTz round_for_ends; /* places became free; DT_NOEND: none did since the last round */
} claiming;

void
claiming_start(void)
{
	claiming.expects_work = true;
	claiming.next_due = DT_NOBEGIN;
	claiming.fallback_at = DT_NOEND;
	claiming.round_for_ends = DT_NOEND;
	lost_claims_load();
	chores_load();
}

void
claiming_note_work(void)
{
	claiming.expects_work = true;
}

void
claiming_note_wake(void)
{
	passed_note_wake();
	counting_note_changes();
	claiming.expects_work = true;
}

void
claiming_note_ends(void)
{
	if (places_take_low())
		claiming.expects_work = true;
	else
		claiming.round_for_ends = Min(claiming.round_for_ends, backoff_in_ms(ENDS_TOGETHER_MS));
}

TimestampTz
claiming_next_for_ends(void)
{
	return claiming.round_for_ends;
}

bool
claiming_was_woken(void)
{
	return shared_state_woken_since(claiming.wakes_seen);
}

bool
claiming_take_over(void)
{
	bool some_over = claiming.some_over;

	claiming.some_over = false;
	return some_over;
}

bool
claiming_expects_work(void)
{
	return claiming.expects_work;
}

TimestampTz
claiming_next_round(void)
{
	return claiming.round_not_before;
}

void
claiming_note_due(TimestampTz time)
{
	claiming.next_due = Min(claiming.next_due, time);
}

void
claiming_note_orphans(void)
{
	claim_round_note_orphans();
	claiming.expects_work = true;
}

void
claiming_note_settings(void)
{
	lost_claims_try_again();
	chores_try_again();
	repeats_forget();
	claim_round_note_settings();
	claiming.expects_work = true;
}

/* A copy, or a server where nothing is enabled, waits for a wake-up alone. */
static bool
may_claim_later(void)
{
	return setting_enabled && (claim_round_obstacle() == NULL || claiming.failures > 0);
}

static TimestampTz
due_at(void)
{
	return Min(claiming.next_due, claiming.fallback_at);
}

TimestampTz
claiming_next_time(void)
{
	return Min(claiming_next_due(), may_claim_later() ? claiming.fallback_at : DT_NOEND);
}

TimestampTz
claiming_next_due(void)
{
	return may_claim_later() ? claiming.next_due : DT_NOEND;
}

uint32
claiming_wakes_seen(void)
{
	return claiming.wakes_seen;
}

bool
claiming_fails(void)
{
	return claiming.failures > 0;
}

bool
claiming_queue_is_gone(void)
{
	bool gone;

	db_begin("looking for the queue");
	gone = !queue_is_attached(RECORD_TASK);
	db_commit();
	return gone;
}

bool
claiming_is_due(void)
{
	return may_claim_later() && due_at() <= GetCurrentTimestamp();
}

const char *
claiming_lasting_obstacle(void)
{
	/* What is not enabled, or cannot be read, was not looked at. */
	if (!setting_enabled || claiming.failures > 0)
		return NULL;
	return claim_round_obstacle();
}

const char *
claiming_obstacle(void)
{
	if (claiming.failures > 0)
		return "cannot claim";
	return setting_enabled ? claiming_lasting_obstacle() : "not enabled";
}

/* ---- what a round brought ---- */

static void
nothing_is_due(void)
{
	claiming.next_due = DT_NOEND;
	claiming.fallback_at = backoff_in_ms(CLAIMING_FALLBACK_MS);
}

static void
note_what_is_due(const ClaimRound *round)
{
	if (round->did_what_was_due)
		nothing_is_due();
	claiming_note_due(round->next_due);
}

static void
begin_conversation(SyncClaim *claim)
{
	Conversation *conversation = conversation_of_claim(claim);

	ereport(DEBUG1,
			(errmsg_internal("github_sync: %s: claimed, attempt %d%s",
							 conversation_name(conversation), claim->attempts + 1,
							 claim->is_probe ? ", the probe" : "")));
	passed_note_claim(claim->record_type, claim->id);
	repeats_note_claim(claim->record_type, claim->id);
	if (claim->is_probe)
	{
		conversation->installation->may_be_paused = true;
		budget_note_past_pause(claim->installation_id);
	}
	line_join(conversation);
}

static void
begin_conversations(List *claims)
{
	ListCell *cell;

	if (claims != NIL)
		counting_note_changes();
	foreach (cell, claims)
		begin_conversation(lfirst(cell));
	list_free(claims);
}

/*
 * What filled no slot is not there: the next commit or answer says so.  Where a
 * row ended without a request, what stands behind it may be claimed.
 */
static void
note_room(const ClaimRound *round, bool filled)
{
	if (filled)
		shared_state_wake_peers();
	if (round->more || filled || round->claims.over > 0)
		claiming.expects_work = true;
	claiming.some_over |= round->claims.over > 0;
}

/* ---- failures ---- */

/* False: the queue could not be told of it, or did not take it. */
static bool
end_unfit(UnfitClaim *unfit)
{
	TimestampTz retry_at = DT_NOEND;
	bool ended = unfit->is_fenced &&
		failure_report(&unfit->claim, &unfit->error, &retry_at) == FAILURE_REPORTED;

	claiming_note_due(retry_at);
	return ended;
}

/* One line, however many they are: the row of each says the rest. */
static void
log_unfit(List *claims)
{
	const UnfitClaim *first = claims == NIL ? NULL : linitial(claims);

	if (first != NULL)
		ereport(LOG,
				(errcode(first->error.sqlstate),
				 errmsg("github_sync: claims that cannot be read: %d, as of: %s",
						list_length(claims), first->error.message)));
}

/* NULL: each has become an error of its row. */
static const DbError *
end_all_unfit(List *claims)
{
	const DbError *problem = NULL;
	ListCell *cell;

	log_unfit(claims);
	foreach (cell, claims)
	{
		UnfitClaim *unfit = lfirst(cell);

		if (!end_unfit(unfit))
			problem = &unfit->error;
	}
	return problem;
}

/*
 * Being restored, upgraded or detached, or something is broken: the reason is
 * shown and the next wake-up tries again.  Where the queue is gone for good
 * the launcher ends this process.
 */
static void
note_failure(const DbError *error)
{
	/* Nobody tells when a lock of a table is let go of, either. */
	claiming_note_due(backoff_doubling(++claiming.failures, CLAIM_ROUND_RETRY_BASE_MS,
									   db_error_is_contention(error) ? CLAIM_ROUND_LOCKED_MAX_MS
																	 : FAILED_CLAIM_MAX_MS));
	claim_round_note_failure();
	if (db_error_is_contention(error))
		return;
	shared_state_report_error(db_error_words(error->sqlstate, error->message));
	if (claiming.failures == 1)
		ereport(LOG,
				(errcode(error->sqlstate),
				 errmsg("github_sync: could not claim transactions: %s", error->message)));
}

static void
note_success(uint32 wakes)
{
	claiming.wakes_seen = wakes;
	if (claiming.failures > 0 || claim_round_all_is_well())
		shared_state_report_error("");
	chores_report_left_out();
	repeats_report_resting();
	lost_claims_report_left_alone();
	claiming.failures = 0;
}

/* The row is looked at again later. */
static void
note_held(RecordType type, int64 id)
{
	if (!lost_claims_postpone(type, id))
		passed_note(type, id);
}

/* A round about one row that failed is this row's fault alone. */
static const DbError *
blame_row(ClaimRound *round)
{
	if (!round->is_undone && claim_round_met_locked_table(&round->error))
	{
		note_held(round->type, round->alone);
		return NULL;
	}
	ereport(LOG,
			(errcode(round->error.sqlstate),
			 errmsg("github_sync: %s transaction " INT64_FORMAT " cannot be claimed: %s",
					record_type_name(round->type), round->alone, round->error.message)));
	lost_claims_note(round->type, round->alone);
	return NULL;
}

/* What failed for one row alone, is that row's fault; what else was due is looked for at once. */
static const DbError *
blame(ClaimRound *round)
{
	if (round->chore.about != 0 || round->alone != 0)
		claiming.next_due = DT_NOBEGIN;
	if (round->chore.about != 0)
	{
		chores_note_failure(&round->chore, &round->error);
		return NULL;
	}
	if (round->alone != 0)
		return blame_row(round);
	if (round->in_chores && !round->is_undone)
		claim_round_note_failed_chores(round, &round->error);
	else if (db_error_is_timeout(&round->error))
		suspects_ask_for_care();
	return &round->error;
}

/* What to complain of; NULL: nothing. */
static const DbError *
what_failed(ClaimRound *round, bool succeeded)
{
	const DbError *problem;

	if (!succeeded)
	{
		claim_round_forget_claims(round);
		/* What was due is so still, after the backoff. */
		nothing_is_due();
		claiming_note_due(claim_round_next_left_out());
		return blame(round);
	}
	note_what_is_due(round);
	problem = end_all_unfit(round->claims.unfit);
	return problem == NULL && round->failed ? &round->error : problem;
}

/* A trigger of the owner's that waited for the commit refused: nobody knows for which row. */
static const DbError *
what_failed_at_commit(ClaimRound *round)
{
	round->is_over = false;
	round->is_undone = true;
	if (round->alone == 0 && round->chore.about == 0)
		suspects_ask_for_care();
	return what_failed(round, false);
}

/* ---- a round ---- */

static void
note_rows_that_are_over(const ClaimRound *round)
{
	if (round->is_over)
		lost_claims_note_outcome(round->type, round->alone);
}

static void
note_round(bool fruitful)
{
	TimestampTz now = GetCurrentTimestamp();

	claiming.fruitless = fruitful ? 0 : claiming.fruitless + 1;
	claiming.last_round = now;
	claiming.round_not_before = claiming.fruitless > FRUITLESS_MAX
		? TimestampTzPlusMilliseconds(now,
									  Min((claiming.fruitless - FRUITLESS_MAX) * FRUITLESS_DELAY_MS,
										  FRUITLESS_DELAY_MAX_MS))
		: 0;
}

/* False: later. */
static bool
may_begin_round(void)
{
	TimestampTz now = GetCurrentTimestamp();

	if (claiming.round_not_before > now)
		return false;
	if (now > TimestampTzPlusMilliseconds(Max(claiming.last_round, claiming.round_not_before),
										  FRUITLESS_GAP_MS))
		claiming.fruitless = 0;
	return true;
}

/* What changes something at GitHub right after its claim; a creation has a commit of its own before it. */
static bool
any_deletes(const List *claims)
{
	ListCell *cell;

	foreach (cell, claims)
	{
		if (((const SyncClaim *) lfirst(cell))->step == STEP_DELETE)
			return true;
	}
	return false;
}

void
claiming_claim(void)
{
	ClaimRound round = {.failures = claiming.failures, .due_at = due_at()};
	const DbError *problem;
	bool succeeded;
	bool filled; /* it took all slots: more may wait */
	uint32 wakes;

	if (claiming.round_for_ends <= GetCurrentTimestamp())
		claiming.expects_work = true;
	if (!claiming.expects_work || !may_begin_round())
		return;
	claiming.expects_work = false;
	claiming.round_for_ends = DT_NOEND;
	if (!setting_enabled || claim_round_free_slots() <= 0)
		return;
	wakes = shared_state_wakes(); /* before the snapshot that has to show what they told of */
	suspects_mark_many();
	db_begin("claiming transactions");
	succeeded = claim_round_run(&round);
	problem = what_failed(&round, succeeded);
	if (!any_deletes(round.claims.claims))
		db_let_commit_be_lost();
	if (!db_try_commit(&round.error))
	{
		succeeded = false;
		problem = what_failed_at_commit(&round);
	}
	suspects_unmark();
	note_rows_that_are_over(&round);
	if (succeeded && round.chore.about != 0)
		chores_note_done(&round.chore);
	note_round(round.claims.claims != NIL || round.chore.about != 0);
	/* Those that fit go on, whatever is wrong with the others. */
	filled = round.slots > 0 && list_length(round.claims.claims) >= round.slots;
	begin_conversations(round.claims.claims);
	note_room(&round, filled);
	/* They took the places of others, and nothing that is under way ends with another look. */
	if (round.claims.unfit != NIL)
		claiming_note_work();
	if (problem != NULL)
		note_failure(problem);
	else if (!round.rests)
		note_success(wakes);
}
