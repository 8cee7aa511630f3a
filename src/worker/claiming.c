/*
 * claiming.c
 *		What this worker takes from the queue, and when it looks again.
 *
 * A claim is one transaction of the database: pauses that followed from
 * settings end, rows whose time has come stand in line, orphans go back, and
 * the free slots are filled.  When it fails as a whole, it is tried again with
 * a backoff, and what cannot be claimed while others can is errored.
 */
#include "postgres.h"

#include "commands/dbcommands.h"
#include "db/installations.h"
#include "db/queue.h"
#include "db/queue_claim.h"
#include "db/transaction.h"
#include "miscadmin.h"
#include "server/budgets.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/claiming.h"
#include "worker/conversation.h"
#include "worker/failure.h"
#include "worker/line.h"

/*
 * Of each kind and record type; in hand all together: with so many, an
 * installation that has one of a kind gets no more of it, so that those which
 * wait leave room for the others.
 */
#define CLAIMS_IN_HAND_MANY 2048
#define CLAIMS_IN_HAND_MAX 8192

/* Where writes are made some time apart: one under way, one that is next, one to follow. */
#define SPACED_WRITES_PER_INSTALLATION 3

/* Records of orphans that the application uses just now. */
#define RECOVERY_RETRY_MS 1000

#define FAILED_CLAIM_BASE_MS 100
#define FAILED_CLAIM_MAX_MS (60 * 1000)

static struct
{
	bool attached[RECORD_TYPES];
	bool pauses_ended;      /* those that followed from settings */
	bool orphans_recovered; /* what nobody holds is back in the queue */
	bool adopted;           /* not a copy of another database */
	bool copy_logged;       /* it is one, and the log says so */
	bool expects_work;      /* a claim may find something */
	TimestampTz next_due;   /* when a retry time or a pause ends */
	int failures;           /* in a row */
	RecordType first;       /* whose turn it is to claim first */
} claiming;

void
claiming_start(void)
{
	claiming.expects_work = true;
	claiming.next_due = DT_NOBEGIN;
}

void
claiming_note_work(void)
{
	claiming.expects_work = true;
}

bool
claiming_expects_work(void)
{
	return claiming.expects_work;
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
	return claiming.next_due <= GetCurrentTimestamp();
}

TimestampTz
claiming_next_time(void)
{
	return may_claim_later() ? claiming.next_due : DT_NOEND;
}

bool
claiming_is_due(void)
{
	return may_claim_later() && time_has_come();
}

const char *
claiming_obstacle(void)
{
	if (claiming.failures > 0)
		return "cannot claim";
	if (!claiming.attached[RECORD_TASK])
		return "nothing is attached";
	if (!claiming.adopted)
		return "copied database";
	if (!setting_enabled)
		return "not enabled";
	return NULL;
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

static ClaimSlots
claim_slots(int all)
{
	if (conversation_claims() >= CLAIMS_IN_HAND_MANY)
		return (ClaimSlots){all, 1, 1};
	return (ClaimSlots){.all = all,
						.reads_per_installation = RATE_READS_AT_ONCE,
						.writes_per_installation = setting_write_interval_ms > 0
							? SPACED_WRITES_PER_INSTALLATION
							: RATE_READS_AT_ONCE};
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
		claiming.attached[type] = queue_is_attached(type);
	claiming.adopted = claiming.attached[RECORD_TASK] && is_adopted();
}

static void
end_pauses_of_settings(void)
{
	if (claiming.pauses_ended)
		return;
	installations_end_credential_pauses();
	installations_end_budget_pauses();
	installation_end_credential_pauses();
	claiming.pauses_ended = true;
}

static void
release_due(void)
{
	if (!time_has_come())
		return;
	claiming.next_due = backoff_in_ms(CLAIMING_FALLBACK_MS);
	claiming_note_due(installations_next_pause_end());
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (claiming.attached[type])
			claiming_note_due(queue_release_due(type));
	}
}

static bool
recover_orphans_of(RecordType type, int64 *recovered)
{
	int count;
	int64 *held = conversation_claim_ids(type, &count);

	return queue_recover_orphans(type, held, count, recovered);
}

static void
recover_orphans(void)
{
	int64 recovered = 0;
	bool complete = true;

	if (shared_state_take_peer_ended())
		claiming.orphans_recovered = false;
	if (claiming.orphans_recovered)
		return;
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (claiming.attached[type])
			complete &= recover_orphans_of(type, &recovered);
	}
	claiming.orphans_recovered = complete;
	if (!complete)
		claiming_note_due(backoff_in_ms(RECOVERY_RETRY_MS));
	if (recovered > 0)
		ereport(LOG,
				(errmsg("github_sync: put " INT64_FORMAT
						" transactions that no worker held back into the queue",
						recovered)));
}

/* GitHub may have counted them any time until they were answered. */
static void
note_past_creations(int64 installation_id, int count, int64 age_ms)
{
	budget_note_past_creations(installation_id, Max(count, 0),
							   Max(age_ms - setting_request_timeout_ms, 0));
}

/* A server that has just started knows of creations by their attempts alone. */
static void
learn_past_creations(void)
{
	if (budgets_know_creations())
		return;
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (claiming.attached[type])
			queue_visit_past_creations(type, note_past_creations);
	}
	budgets_note_creations_known();
}

/* One row that cannot be claimed must not stop the others. */
static void
fail_unclaimable(void)
{
	int64 failed = 0;

	if (claiming.failures == 0)
		return;
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		if (claiming.attached[type])
			failed += queue_claim_fail_unclaimable(type, claim_slots(free_slots()));
	}
	if (failed > 0)
		ereport(LOG,
				(errmsg("github_sync: ended " INT64_FORMAT " transactions that cannot be claimed",
						failed)));
}

/* ---- claims ---- */

/* The record types take turns: the queue of one that is never empty leaves room for the other. */
static void
claim_in_turn(int slots, NewClaims *claims)
{
	for (int i = 0; i < RECORD_TYPES; i++)
	{
		RecordType type = (claiming.first + i) % RECORD_TYPES;
		int left = slots - list_length(claims->claims);

		if (claiming.attached[type] && left > 0)
			queue_claim_take(type, claim_slots(left), TopMemoryContext, claims);
	}
	claiming.first = (claiming.first + 1) % RECORD_TYPES;
}

/* DbAction: fills the free slots; its argument is NewClaims. */
static void
claim(void *argument)
{
	NewClaims *claims = argument;

	*claims = (NewClaims){NIL, NIL};
	refresh_what_is_attached();
	if (!claiming.adopted)
	{
		budgets_note_nothing_to_know();
		return; /* adopt_database() wakes us */
	}
	end_pauses_of_settings();
	release_due();
	recover_orphans();
	learn_past_creations();
	fail_unclaimable();
	claim_in_turn(free_slots(), claims);
}

static void
begin_conversation(SyncClaim *claim)
{
	Conversation *conversation = conversation_of_claim(claim);

	ereport(DEBUG1,
			(errmsg_internal("github_sync: %s: claimed, attempt %d",
							 conversation_name(conversation), claim->attempts + 1)));
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

	foreach (cell, claims)
		begin_conversation(lfirst(cell));
	/* What filled no slot is not there: the next commit or answer says so. */
	claiming.expects_work = claims != NIL;
	list_free(claims);
}

/* They were rolled back. */
static void
forget_claims(NewClaims *claims)
{
	ListCell *cell;

	foreach (cell, claims->claims)
		queue_claim_free(lfirst(cell));
	list_free(claims->claims);
	*claims = (NewClaims){NIL, NIL};
}

/* ---- failures ---- */

/* False: the queue could not be told of it, or did not take it. */
static bool
end_unfit(const UnfitClaim *unfit)
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
		const UnfitClaim *unfit = lfirst(cell);

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
	claiming.next_due =
		backoff_doubling(++claiming.failures, FAILED_CLAIM_BASE_MS, FAILED_CLAIM_MAX_MS);
	/* What the claim did first was rolled back with it, or is not as it should be. */
	claiming.orphans_recovered = false;
	claiming.pauses_ended = false;
	if (db_error_is_contention(error))
		return;
	shared_state_report_error(error->message);
	if (claiming.failures == 1)
		ereport(LOG,
				(errcode(error->sqlstate),
				 errmsg("github_sync: could not claim transactions: %s", error->message)));
}

static void
note_success(void)
{
	if (claiming.failures > 0)
		shared_state_report_error("");
	claiming.failures = 0;
}

void
claiming_claim(void)
{
	NewClaims claims = {NIL, NIL};
	DbError error;
	const DbError *problem = NULL;

	if (!claiming.expects_work)
		return;
	claiming.expects_work = false;
	if (!setting_enabled || free_slots() <= 0)
		return;
	db_begin("claiming transactions");
	if (db_try(claim, &claims, &error))
		problem = end_all_unfit(claims.unfit);
	else
	{
		forget_claims(&claims);
		problem = &error;
	}
	db_commit();
	/* Those that fit go on, whatever is wrong with the others. */
	begin_conversations(claims.claims);
	if (problem == NULL)
		note_success();
	else
		note_failure(problem);
}
