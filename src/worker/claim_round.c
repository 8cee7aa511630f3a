/*
 * claim_round.c
 *		What one round of a claim does within its transaction: it fills the free
 *		slots, and does before that what is due.
 *
 * Pauses that followed from settings end, rows whose time has come stand in
 * line, and orphans go back, before rows are claimed.  After a failure each
 * record type is seen to by itself, until both can be claimed, and what cannot
 * be claimed while others of its type can is errored.
 *
 * What a worker ended with is claimed alone, while nothing else is in hand.
 * Where nobody knows with which row workers end, rows are claimed one by one,
 * and what is done for many rows at a time besides, is done so, too: the two take
 * turns.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "db/installations.h"
#include "db/queue.h"
#include "db/queue_claim.h"
#include "db/transaction.h"
#include "db/versions.h"
#include "miscadmin.h"
#include "server/budgets.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "server/suspects.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/claim_round.h"
#include "worker/conversation.h"
#include "worker/counting.h"
#include "worker/deliveries.h"
#include "worker/line.h"
#include "worker/lost_claims.h"
#include "worker/passed.h"
#include "worker/places.h"
#include "worker/repeats.h"
#include "worker/retention.h"

/* Of all installations together. */
#define CLAIMS_IN_HAND_MAX 8192

/* Records of orphans that the application uses just now. */
#define RECOVERY_RETRY_MS 1000

/* What this worker was told that it had ended, and had not, is looked for this often. */
#define RECOVERY_INTERVAL_MS (60 * 1000)

/* Somebody holds a table, or a trigger says so and always will. */
#define CONTENTION_TAKEN_FOR_A_LOCK 10

/* What rounds before this one found out and did. */
static struct
{
	bool attached[RECORD_TYPES];
	bool pauses_ended;         /* those that followed from settings */
	bool orphans_recovered;    /* what nobody holds is back in the queue */
	TimestampTz next_recovery; /* when it is looked for in any case */
	bool versions_fit;         /* library, extensions and what attach made */
	bool adopted;              /* not a copy of another database */
	bool copy_logged;          /* it is one, and the log says so */
	bool all_is_well;          /* no installation is stopped, though an error is shown */
	TimestampTz rests_until[RECORD_TYPES]; /* the type that failed */
	RecordType first;                      /* whose turn it is to claim first */
} known;

static void
note_due(ClaimRound *round, TimestampTz time)
{
	round->next_due = Min(round->next_due, time);
}

/* ---- slots ---- */

/* What waits for its turn at an installation takes no slot from the others. */
int
claim_round_free_slots(void)
{
	int in_hand = conversation_claims();

	return Min(setting_max_concurrent_requests - (in_hand - line_length_of_all()),
			   CLAIMS_IN_HAND_MAX - in_hand);
}

/* ---- what is left out ---- */

/* What is left out of claims: what is held, what workers ended with, what comes again and again. */
static TransactionIds
left_out(RecordType type)
{
	TransactionIds ids = {0};

	passed_add_ids(type, &ids);
	lost_claims_add_ids(type, &ids);
	repeats_add_resting(type, &ids);
	return ids;
}

TimestampTz
claim_round_next_left_out(void)
{
	TimestampTz passed = passed_next_time();
	TimestampTz resting = repeats_next_time();

	return Min(passed, resting);
}

/* ---- each record type ---- */

/* They were rolled back: those after the first "kept". */
static List *
forget_claims(List *claims, int kept)
{
	while (list_length(claims) > kept)
	{
		queue_claim_free(llast(claims));
		claims = list_delete_last(claims);
	}
	return claims;
}

void
claim_round_forget_claims(ClaimRound *round)
{
	round->claims.claims = forget_claims(round->claims.claims, 0);
	round->claims.over = 0;
}

/* What is wrong with the table of one type must not stop the other. */
static bool
run_alone(ClaimRound *round, DbAction action)
{
	int claimed = list_length(round->claims.claims);
	int unfit = list_length(round->claims.unfit);
	int over = round->claims.over;

	if (known.rests_until[round->type] > GetCurrentTimestamp())
	{
		note_due(round, known.rests_until[round->type]);
		round->rests = true;
		return false;
	}
	if (db_try(action, round, &round->error))
		return true;
	round->claims.claims = forget_claims(round->claims.claims, claimed);
	round->claims.unfit = list_truncate(round->claims.unfit, unfit);
	round->claims.over = over;
	round->failed = true;
	/* Each try waits for the lock of a table for a moment, and the other type with it. */
	known.rests_until[round->type] = db_error_is_contention(&round->error)
		? backoff_doubling(round->failures, CLAIM_ROUND_RETRY_BASE_MS, CLAIM_ROUND_LOCKED_MAX_MS)
		: backoff_in_ms(CLAIM_ROUND_RETRY_BASE_MS);
	return false;
}

/* False: it failed, or rests for a failure. */
static bool
run_for_type(ClaimRound *round, RecordType type, DbAction action)
{
	round->type = type;
	if (!known.attached[type])
		return true;
	if (round->failures > 0)
		return run_alone(round, action);
	action(round);
	return true;
}

/* ---- before claims are made ---- */

/* Once for each time that it was found to be one. */
static void
log_copy(const char *because)
{
	if (!known.copy_logged)
		ereport(LOG,
				(errmsg("github_sync: nothing is sent from database \"%s\", which is a copy: %s",
						get_database_name(MyDatabaseId), because),
				 errhint(
					 "If it is the one that syncs: SELECT github_sync.adopt_database() in it. The "
					 "original must not send any more.")));
	known.copy_logged = true;
}

static bool
is_adopted(void)
{
	const char *because = queue_why_copied();

	if (because != NULL)
		log_copy(because);
	else
		known.copy_logged = false;
	return because == NULL;
}

/* What is attached, and whether this database may send at all. */
static void
refresh_what_is_attached(void)
{
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		bool was_attached = known.attached[type];

		known.attached[type] = queue_is_attached(type);
		/* What attach could not give back, as somebody had its record. */
		if (known.attached[type] && !was_attached)
			known.orphans_recovered = false;
	}
	/* Once: ALTER EXTENSION restarts the workers. */
	if (known.attached[RECORD_TASK] && !known.versions_fit)
	{
		versions_check();
		known.versions_fit = true;
	}
	known.adopted = known.attached[RECORD_TASK] && is_adopted();
}

static void
note_ended_pauses(void)
{
	installation_end_credential_pauses();
	known.pauses_ended = true;
}

static void
end_pauses_of_settings(ClaimRound *round)
{
	TransactionIds left_out = {0};

	if (known.pauses_ended || suspects_need_care())
		return;
	chores_add_left_out(SUSPECT_INSTALLATION, RECORD_TASK, &left_out);
	round->in_chores = true;
	installations_end_pauses_of_settings(&left_out);
	round->in_chores = false;
	note_ended_pauses();
}

/* DbAction */
static void
release_type(void *argument)
{
	ClaimRound *round = argument;
	TransactionIds left_out = {0};
	TransactionIds records_left_out = {0};

	lost_claims_add_ids(round->type, &left_out);
	chores_add_left_out(SUSPECT_RECORD, round->type, &records_left_out);
	note_due(round, queue_release_due(round->type, &left_out, &records_left_out));
}

/* Counted for whoever asks how many there are, and deleted when it is old. */
static void
look_after_history(ClaimRound *round)
{
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (!known.attached[type])
			continue;
		note_due(round, counting_progress(type));
		note_due(round, retention_progress(type));
	}
}

/* DbAction */
static void
look_for_locked_table(void *argument)
{
	bool *is_locked = argument;

	*is_locked = queue_table_is_locked();
}

/* Else a trigger may say so for ever. */
bool
claim_round_met_locked_table(const DbError *error)
{
	bool is_locked = false;
	DbError further;

	return db_error_is_contention(error) && db_try(look_for_locked_table, &is_locked, &further) &&
		is_locked;
}

/* Which row it failed with, or with which it always says that somebody holds it, is found out with care. */
void
claim_round_note_failed_chores(const ClaimRound *round, const DbError *error)
{
	if (db_error_is_contention(error) &&
		(round->failures < CONTENTION_TAKEN_FOR_A_LOCK || claim_round_met_locked_table(error)))
		return;
	suspects_ask_for_care();
}

static void
do_chores_together(ClaimRound *round)
{
	round->in_chores = true;
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		bool failed_before = round->failed;

		if (!run_for_type(round, type, release_type) && round->failed && !failed_before)
			claim_round_note_failed_chores(round, &round->error);
	}
	round->in_chores = false;
}

static void
release_due(ClaimRound *round)
{
	if (round->due_at > GetCurrentTimestamp())
		return;
	round->did_what_was_due = true;
	note_due(round, installations_next_pause_end());
	if (!suspects_need_care())
		do_chores_together(round);
	if (known.attached[RECORD_TASK])
		note_due(round, deliveries_forget(round->failures > 0));
}

/* What this worker holds, and what has to be put back by itself; palloc'd. */
static TransactionIds
not_to_be_put_back(RecordType type)
{
	TransactionIds ids = {0};

	ids.ids = conversation_claim_ids(type, &ids.count);
	ids.room = Max(ids.count, 1);
	lost_claims_add_ids(type, &ids);
	return ids;
}

/* DbAction */
static void
recover_type(void *argument)
{
	ClaimRound *round = argument;
	TransactionIds held = not_to_be_put_back(round->type);

	if (!queue_recover_orphans(round->type, held.ids, held.count, &round->recovered))
		round->some_not_recovered = true;
}

static void
recover_orphans(ClaimRound *round)
{
	if (shared_state_take_peer_ended())
		known.orphans_recovered = false;
	if (known.orphans_recovered && GetCurrentTimestamp() < known.next_recovery)
		return;
	known.next_recovery = backoff_in_ms(RECOVERY_INTERVAL_MS);
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (!run_for_type(round, type, recover_type))
			round->some_not_recovered = true;
	}
	known.orphans_recovered = !round->some_not_recovered;
	if (round->some_not_recovered)
		note_due(round, backoff_in_ms(RECOVERY_RETRY_MS));
	if (round->recovered > 0)
		ereport(LOG,
				(errmsg("github_sync: put " INT64_FORMAT
						" transactions that no worker held back into the queue",
						round->recovered)));
}

/* GitHub may have counted them any time until they were answered. */
static void
note_past_creations(int64 installation_id, int count, int64 age_ms)
{
	budget_note_past_creations(installation_id, Max(count, 0), age_ms, setting_request_timeout_ms);
}

/* DbAction */
static void
learn_past_creations_of_type(void *argument)
{
	const ClaimRound *round = argument;

	queue_visit_past_creations(round->type, note_past_creations);
}

/* A server that has just started knows of creations by their attempts alone. */
static void
learn_past_creations(ClaimRound *round)
{
	if (budgets_know_creations())
		return;
	for (RecordType type = 0; type < RECORD_TYPES; type++)
		(void) run_for_type(round, type, learn_past_creations_of_type);
	budgets_note_creations_known();
}

/* ---- claims ---- */

/* DbAction */
static void
claim_type(void *argument)
{
	ClaimRound *round = argument;
	int left = round->slots - list_length(round->claims.claims);
	TransactionIds passed;
	int left_out_before;
	ClaimSlots slots;

	if (left <= 0)
		return;
	slots = places_for_claim(round->type, left, conversation_claims());
	passed = left_out(round->type);
	left_out_before = passed.count;
	/* Apart: one row that cannot be claimed must not stop the others. */
	queue_claim_take(round->type, &slots, round->failures > 0, &passed, TopMemoryContext,
					 &round->claims);
	for (int i = left_out_before; i < passed.count; i++)
		passed_note(round->type, passed.ids[i]);
}

/* The record types take turns: the queue of one that is never empty leaves room for the other. */
static void
claim_in_turn(ClaimRound *round)
{
	for (int i = 0; i < RECORD_TYPES; i++)
		(void) run_for_type(round, (known.first + i) % RECORD_TYPES, claim_type);
	known.first = (known.first + 1) % RECORD_TYPES;
}

/* ---- one by one ---- */

/* Until the round is committed, whatever ends this worker was this row's doing. */
static LoneClaim
claim_alone(ClaimRound *round, RecordType type, int64 id, bool give_up)
{
	suspects_mark(SUSPECT_TRANSACTION, type, id);
	round->type = type;
	round->alone = id;
	round->more = true;
	return queue_claim_take_lost(type, id, give_up, TopMemoryContext, &round->claims);
}

static void
claim_lost(ClaimRound *round, LostClaim *lost)
{
	switch (claim_alone(round, lost->record_type, lost->id, lost->give_up))
	{
		case LONE_CLAIMED:
			lost->in_hand = true;
			break;
		case LONE_HELD:
			(void) lost_claims_postpone(lost->record_type, lost->id);
			break;
		case LONE_OVER:
			round->is_over = true;
			break;
	}
}

/* DbAction: the orphans first, as they are older. */
static void
find_next(void *argument)
{
	ClaimRound *round = argument;
	RecordType type = round->type;
	TransactionIds held = not_to_be_put_back(type);
	TransactionIds passed;
	ClaimSlots places;

	round->next_id = queue_next_orphan(type, held.ids, held.count);
	if (round->next_id != 0)
		return;
	places = places_for_claim(type, round->slots, conversation_claims());
	passed = left_out(type);
	round->next_id = queue_claim_next(type, &places, &passed);
}

static void
claim_with_care(ClaimRound *round)
{
	for (int i = 0; i < RECORD_TYPES; i++)
	{
		RecordType type = (known.first + i) % RECORD_TYPES;

		round->next_id = 0;
		if (!run_for_type(round, type, find_next) || round->next_id == 0)
			continue;
		if (claim_alone(round, type, round->next_id, false) == LONE_HELD)
			passed_note(type, round->next_id);
		break;
	}
	known.first = (known.first + 1) % RECORD_TYPES;
}

/* Of this process, or of one before it, whose last words are still shown. */
static void
look_for_end_of_outages(void)
{
	known.all_is_well = shared_state_shows_error() && !installations_any_outage();
}

static void
claim_others(ClaimRound *round)
{
	if (suspects_need_care())
	{
		claim_with_care(round);
		return;
	}
	recover_orphans(round);
	claim_in_turn(round);
}

/* A row that workers ended with is alone, behind all others; but not for ever. */
static void
claim_rows(ClaimRound *round)
{
	LostClaim *lost = lost_claims_due();

	if (lost_claims_any_in_hand())
		return;
	if (lost == NULL || !lost_claims_has_waited(lost))
		claim_others(round);
	if (lost != NULL && conversation_claims() == 0 && round->alone == 0 &&
		round->claims.claims == NIL)
		claim_lost(round, lost);
}

/* ---- chores, one by one ---- */

/* False: the round is about claims. */
static bool
do_chore(ClaimRound *round)
{
	Chore chore;
	bool pauses_end = !known.pauses_ended;
	bool found = chores_find(&chore, known.attached, &pauses_end);

	if (!known.pauses_ended && !pauses_end)
		note_ended_pauses();
	if (!found)
		return false;
	round->chore = chore;
	round->more = true;
	chores_do(&chore);
	return true;
}

/* ---- a round ---- */

/* DbAction: fills the free slots; its argument is a ClaimRound. */
static void
claim(void *argument)
{
	ClaimRound *round = argument;

	refresh_what_is_attached();
	if (!known.adopted)
	{
		budgets_note_nothing_to_know();
		return; /* adopt_database() wakes us */
	}
	if (do_chore(round))
		return;
	end_pauses_of_settings(round);
	look_for_end_of_outages();
	release_due(round);
	if (known.attached[RECORD_TASK])
		note_due(round, deliveries_end_pending(round->failures > 0));
	look_after_history(round);
	learn_past_creations(round);
	round->slots = claim_round_free_slots();
	claim_rows(round);
	note_due(round, claim_round_next_left_out());
	note_due(round, lost_claims_next_time());
	note_due(round, chores_next_time());
}

bool
claim_round_run(ClaimRound *round)
{
	round->next_due = DT_NOEND;
	return db_try(claim, round, &round->error);
}

/* ---- what rounds know ---- */

void
claim_round_note_failure(void)
{
	known.orphans_recovered = false;
	known.pauses_ended = false;
	known.versions_fit = false;
}

void
claim_round_note_orphans(void)
{
	known.orphans_recovered = false;
}

void
claim_round_note_settings(void)
{
	known.pauses_ended = false;
}

const char *
claim_round_obstacle(void)
{
	if (!known.attached[RECORD_TASK])
		return "nothing is attached";
	return known.adopted ? NULL : "copied database";
}

bool
claim_round_all_is_well(void)
{
	return known.all_is_well;
}
