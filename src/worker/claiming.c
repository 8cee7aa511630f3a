/*
 * claiming.c
 *		What this worker takes from the queue, and when it looks again.
 *
 * A claim is one transaction of the database: pauses that followed from
 * settings end, rows whose time has come stand in line, orphans go back, and
 * the free slots are filled.  When it fails, it is tried again with a backoff,
 * each record type by itself until both can be claimed, and what cannot be
 * claimed while others of its type can is errored.
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
#include "miscadmin.h"
#include "db/versions.h"
#include "server/budgets.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "server/suspects.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/claiming.h"
#include "worker/conversation.h"
#include "worker/counting.h"
#include "worker/deliveries.h"
#include "worker/failure.h"
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

/*
 * A round that claims nothing may change something, whose commit asks for
 * another round: where what it changed is undone each time, without an end.
 */
#define FRUITLESS_MAX 20
#define FRUITLESS_DELAY_MS 2 /* for each of those that are too many */
#define FRUITLESS_DELAY_MAX_MS 100
#define FRUITLESS_GAP_MS 5 /* rounds with more time between them have other reasons */

/* Somebody holds a table, or a trigger says so and always will. */
#define CONTENTION_TAKEN_FOR_A_LOCK 10

/* What ends within so long is made up for by one claim, while there is more to send. */
#define ENDS_TOGETHER_MS 25

#define FAILED_CLAIM_BASE_MS 100
#define FAILED_CLAIM_MAX_MS (60 * 1000)
#define LOCKED_TABLE_MAX_MS 1000 /* nobody tells when it is let go of */

static struct
{
	bool attached[RECORD_TYPES];
	bool pauses_ended;         /* those that followed from settings */
	bool orphans_recovered;    /* what nobody holds is back in the queue */
	TimestampTz next_recovery; /* when it is looked for in any case */
	bool versions_fit;         /* library, extensions and what attach made */
	bool adopted;              /* not a copy of another database */
	bool copy_logged;          /* it is one, and the log says so */
	bool expects_work;         /* a claim may find something */
	bool some_over;            /* some rows left the line without a request */
	TimestampTz next_due;      /* when a retry time or a pause ends */
	TimestampTz fallback_at;   /* when it is looked for work that nobody told of */
	uint32 wakes_seen;         /* what was committed before is claimed, or not due */
	bool all_is_well;          /* no installation is stopped, though an error is shown */
	int failures;              /* in a row; meanwhile each record type is claimed alone */
	TimestampTz rests_until[RECORD_TYPES]; /* the type that failed */
	RecordType first;                      /* whose turn it is to claim first */
	int fruitless; /* rounds without a claim, each right after the one before */
	TimestampTz last_round;
	TimestampTz round_not_before;
	TimestampTz round_for_ends; /* places became free; DT_NOEND: none did since the last round */
} claiming;

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

static void
note_left_out(void)
{
	claiming_note_due(passed_next_time());
	claiming_note_due(repeats_next_time());
}

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
	claiming.orphans_recovered = false;
	claiming.expects_work = true;
}

void
claiming_note_settings(void)
{
	lost_claims_try_again();
	chores_try_again();
	repeats_forget();
	claiming.pauses_ended = false;
	claiming.expects_work = true;
}

/* A copy, or a server where nothing is enabled, waits for a wake-up alone. */
static bool
may_claim_later(void)
{
	return setting_enabled && (claiming.adopted || claiming.failures > 0);
}

static bool
time_has_come(void)
{
	return Min(claiming.next_due, claiming.fallback_at) <= GetCurrentTimestamp();
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
	return may_claim_later() && time_has_come();
}

const char *
claiming_lasting_obstacle(void)
{
	/* What is not enabled, or cannot be read, was not looked at. */
	if (!setting_enabled || claiming.failures > 0)
		return NULL;
	if (!claiming.attached[RECORD_TASK])
		return "nothing is attached";
	return claiming.adopted ? NULL : "copied database";
}

const char *
claiming_obstacle(void)
{
	if (claiming.failures > 0)
		return "cannot claim";
	return setting_enabled ? claiming_lasting_obstacle() : "not enabled";
}

/* ---- slots ---- */

/* What waits for its turn at an installation takes no slot from the others. */
static int
free_slots(void)
{
	int in_hand = conversation_claims();

	return Min(setting_max_concurrent_requests - (in_hand - line_length_of_all()),
			   CLAIMS_IN_HAND_MAX - in_hand);
}

/* ---- a round ---- */

/* What one claim brought, and what went wrong with a part of it. */
typedef struct ClaimRound
{
	NewClaims claims;
	RecordType type; /* that is claimed just now */
	int slots;       /* for both types */
	int64 alone;     /* of that type: the one row that the round is about; 0: it is about many */
	Chore chore;     /* the one that the round is about; about nothing: there is none */
	bool in_chores;  /* it does many of them, just now */
	bool is_over;    /* it needs no further try */
	bool more;       /* another round may bring more */
	bool filled;     /* it took all slots: more may wait */
	bool rests;      /* a type that failed a moment ago was left out */
	bool failed;
	bool is_undone;          /* by its commit: no transaction is open any more */
	DbError error;           /* of the type that failed */
	int64 next_id;           /* of that type, where rows are claimed one by one; 0: there is none */
	int64 recovered;         /* orphans */
	bool some_not_recovered; /* somebody held them, or their type failed */
} ClaimRound;

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

/* What is wrong with the table of one type must not stop the other. */
static bool
run_alone(ClaimRound *round, DbAction action)
{
	int claimed = list_length(round->claims.claims);
	int unfit = list_length(round->claims.unfit);
	int over = round->claims.over;

	if (claiming.rests_until[round->type] > GetCurrentTimestamp())
	{
		claiming_note_due(claiming.rests_until[round->type]);
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
	claiming.rests_until[round->type] = db_error_is_contention(&round->error)
		? backoff_doubling(claiming.failures, FAILED_CLAIM_BASE_MS, LOCKED_TABLE_MAX_MS)
		: backoff_in_ms(FAILED_CLAIM_BASE_MS);
	return false;
}

/* False: it failed, or rests for a failure. */
static bool
run_for_type(ClaimRound *round, RecordType type, DbAction action)
{
	round->type = type;
	if (!claiming.attached[type])
		return true;
	if (claiming.failures > 0)
		return run_alone(round, action);
	action(round);
	return true;
}

/* ---- before claims are made ---- */

/* Once for each time that it was found to be one. */
static void
log_copy(const char *because)
{
	if (!claiming.copy_logged)
		ereport(LOG,
				(errmsg("github_sync: nothing is sent from database \"%s\", which is a copy: %s",
						get_database_name(MyDatabaseId), because),
				 errhint(
					 "If it is the one that syncs: SELECT github_sync.adopt_database() in it. The "
					 "original must not send any more.")));
	claiming.copy_logged = true;
}

static bool
is_adopted(void)
{
	const char *because = queue_why_copied();

	if (because != NULL)
		log_copy(because);
	else
		claiming.copy_logged = false;
	return because == NULL;
}

/* What is attached, and whether this database may send at all. */
static void
refresh_what_is_attached(void)
{
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		bool was_attached = claiming.attached[type];

		claiming.attached[type] = queue_is_attached(type);
		/* What attach could not give back, as somebody had its record. */
		if (claiming.attached[type] && !was_attached)
			claiming.orphans_recovered = false;
	}
	/* Once: ALTER EXTENSION restarts the workers. */
	if (claiming.attached[RECORD_TASK] && !claiming.versions_fit)
	{
		versions_check();
		claiming.versions_fit = true;
	}
	claiming.adopted = claiming.attached[RECORD_TASK] && is_adopted();
}

static void
note_ended_pauses(void)
{
	installation_end_credential_pauses();
	claiming.pauses_ended = true;
}

static void
end_pauses_of_settings(ClaimRound *round)
{
	TransactionIds left_out = {0};

	if (claiming.pauses_ended || suspects_need_care())
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
	const ClaimRound *round = argument;
	TransactionIds left_out = {0};
	TransactionIds records_left_out = {0};

	lost_claims_add_ids(round->type, &left_out);
	chores_add_left_out(SUSPECT_RECORD, round->type, &records_left_out);
	claiming_note_due(queue_release_due(round->type, &left_out, &records_left_out));
}

/* Counted for whoever asks how many there are, and deleted when it is old. */
static void
look_after_history(void)
{
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (!claiming.attached[type])
			continue;
		claiming_note_due(counting_progress(type));
		claiming_note_due(retention_progress(type));
	}
}

/* DbAction */
static void
look_for_locked_table(void *argument)
{
	bool *is_locked = argument;

	*is_locked = queue_table_is_locked();
}

/* Somebody has a table, for as long as he likes; else a trigger may say so for ever. */
static bool
is_of_locked_table(const DbError *error)
{
	bool is_locked = false;
	DbError further;

	return db_error_is_contention(error) && db_try(look_for_locked_table, &is_locked, &further) &&
		is_locked;
}

/* Which row it failed with, or with which it always says that somebody holds it, is found out with care. */
static void
note_failed_chores(const DbError *error)
{
	if (db_error_is_contention(error) &&
		(claiming.failures < CONTENTION_TAKEN_FOR_A_LOCK || is_of_locked_table(error)))
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
			note_failed_chores(&round->error);
	}
	round->in_chores = false;
}

static void
release_due(ClaimRound *round)
{
	if (!time_has_come())
		return;
	claiming.next_due = DT_NOEND;
	claiming.fallback_at = backoff_in_ms(CLAIMING_FALLBACK_MS);
	claiming_note_due(installations_next_pause_end());
	if (!suspects_need_care())
		do_chores_together(round);
	if (claiming.attached[RECORD_TASK])
		claiming_note_due(deliveries_forget(claiming.failures > 0));
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
		claiming.orphans_recovered = false;
	if (claiming.orphans_recovered && GetCurrentTimestamp() < claiming.next_recovery)
		return;
	claiming.next_recovery = backoff_in_ms(RECOVERY_INTERVAL_MS);
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (!run_for_type(round, type, recover_type))
			round->some_not_recovered = true;
	}
	claiming.orphans_recovered = !round->some_not_recovered;
	if (round->some_not_recovered)
		claiming_note_due(backoff_in_ms(RECOVERY_RETRY_MS));
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
	queue_claim_take(round->type, &slots, claiming.failures > 0, &passed, TopMemoryContext,
					 &round->claims);
	for (int i = left_out_before; i < passed.count; i++)
		passed_note(round->type, passed.ids[i]);
}

/* The record types take turns: the queue of one that is never empty leaves room for the other. */
static void
claim_in_turn(ClaimRound *round)
{
	for (int i = 0; i < RECORD_TYPES; i++)
		(void) run_for_type(round, (claiming.first + i) % RECORD_TYPES, claim_type);
	claiming.first = (claiming.first + 1) % RECORD_TYPES;
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
		RecordType type = (claiming.first + i) % RECORD_TYPES;

		round->next_id = 0;
		if (!run_for_type(round, type, find_next) || round->next_id == 0)
			continue;
		if (claim_alone(round, type, round->next_id, false) == LONE_HELD)
			passed_note(type, round->next_id);
		break;
	}
	claiming.first = (claiming.first + 1) % RECORD_TYPES;
}

/* Of this process, or of one before it, whose last words are still shown. */
static void
look_for_end_of_outages(void)
{
	claiming.all_is_well = shared_state_shows_error() && !installations_any_outage();
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
	bool pauses_end = !claiming.pauses_ended;
	bool found = chores_find(&chore, claiming.attached, &pauses_end);

	if (!claiming.pauses_ended && !pauses_end)
		note_ended_pauses();
	if (!found)
		return false;
	round->chore = chore;
	round->more = true;
	chores_do(&chore);
	return true;
}

/* DbAction: fills the free slots; its argument is a ClaimRound. */
static void
claim(void *argument)
{
	ClaimRound *round = argument;

	refresh_what_is_attached();
	if (!claiming.adopted)
	{
		budgets_note_nothing_to_know();
		return; /* adopt_database() wakes us */
	}
	if (do_chore(round))
		return;
	end_pauses_of_settings(round);
	look_for_end_of_outages();
	release_due(round);
	if (claiming.attached[RECORD_TASK])
		claiming_note_due(deliveries_end_pending(claiming.failures > 0));
	look_after_history();
	learn_past_creations(round);
	round->slots = free_slots();
	claim_rows(round);
	note_left_out();
	claiming_note_due(lost_claims_next_time());
	claiming_note_due(chores_next_time());
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
note_room(const ClaimRound *round)
{
	if (round->filled)
		shared_state_wake_peers();
	if (round->more || round->filled || round->claims.over > 0)
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

/* NULL: each has become an error of its row. */
static const DbError *
end_all_unfit(List *claims)
{
	const DbError *problem = NULL;
	ListCell *cell;

	foreach (cell, claims)
	{
		UnfitClaim *unfit = lfirst(cell);

		ereport(LOG,
				(errcode(unfit->error.sqlstate),
				 errmsg("github_sync: a claim cannot be read: %s", unfit->error.message)));
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
	claiming_note_due(backoff_doubling(++claiming.failures, FAILED_CLAIM_BASE_MS,
									   db_error_is_contention(error) ? LOCKED_TABLE_MAX_MS
																	 : FAILED_CLAIM_MAX_MS));
	/* What the claim did first was rolled back with it, or is not as it should be. */
	claiming.orphans_recovered = false;
	claiming.pauses_ended = false;
	claiming.versions_fit = false;
	if (db_error_is_contention(error))
		return;
	shared_state_report_error(error->message);
	if (claiming.failures == 1)
		ereport(LOG,
				(errcode(error->sqlstate),
				 errmsg("github_sync: could not claim transactions: %s", error->message)));
}

static void
note_success(uint32 wakes)
{
	claiming.wakes_seen = wakes;
	if (claiming.failures > 0 || claiming.all_is_well)
		shared_state_report_error("");
	chores_report_left_out();
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
	if (!round->is_undone && is_of_locked_table(&round->error))
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
		note_failed_chores(&round->error);
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
		round->claims.claims = forget_claims(round->claims.claims, 0);
		round->claims.over = 0;
		/* What was due is so still, after the backoff. */
		claiming.next_due = DT_NOEND;
		claiming.fallback_at = backoff_in_ms(CLAIMING_FALLBACK_MS);
		note_left_out();
		return blame(round);
	}
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

void
claiming_claim(void)
{
	ClaimRound round = {0};
	const DbError *problem;
	bool succeeded;
	uint32 wakes;

	if (claiming.round_for_ends <= GetCurrentTimestamp())
		claiming.expects_work = true;
	if (!claiming.expects_work || !may_begin_round())
		return;
	claiming.expects_work = false;
	claiming.round_for_ends = DT_NOEND;
	if (!setting_enabled || free_slots() <= 0)
		return;
	wakes = shared_state_wakes(); /* before the snapshot that has to show what they told of */
	suspects_mark_many();
	db_begin("claiming transactions");
	succeeded = db_try(claim, &round, &round.error);
	problem = what_failed(&round, succeeded);
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
	round.filled = round.slots > 0 && list_length(round.claims.claims) >= round.slots;
	begin_conversations(round.claims.claims);
	note_room(&round);
	if (problem != NULL)
		note_failure(problem);
	else if (!round.rests)
		note_success(wakes);
}
