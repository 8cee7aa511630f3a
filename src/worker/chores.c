/*
 * chores.c
 *		What is done in the queue for many rows at a time: one by one, where workers
 *		end with one of them.
 */
#include "postgres.h"

#include "server/shared_state.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/conversation.h"
#include "worker/lost_claims.h"

/* With care: as long after each of them was met. */
#define PASSES_APART_MS 1000

/* For so long one is left out with which workers have ended, or which failed. */
#define REST_BASE_MS (10 * 1000)
#define REST_MAX_MS (10 * 60 * 1000)

/* What is in hand may be so for ever. */
#define PATIENCE_MS (60 * 1000)

typedef struct LeftOut
{
	Suspect suspect;
	TimestampTz next_at;
} LeftOut;

static LeftOut all[SUSPECTS_PER_DATABASE];
static int count = 0;

/* With care: where each kind's next one is looked for, behind this one; and when from the beginning. */
static int64 positions[CHORE_KINDS][RECORD_TYPES];
static TimestampTz next_pass = 0;
static bool was_found_last = false; /* now it is the turn of claims */

static SuspectKind
suspect_kind(ChoreKind kind)
{
	switch (kind)
	{
		case CHORE_FIND:
		case CHORE_RELEASE:
			return SUSPECT_TRANSACTION;
		case CHORE_SETTLE:
			return SUSPECT_RECORD;
		case CHORE_APPLY:
			return SUSPECT_LISTED;
		case CHORE_RESUME:
			return SUSPECT_INSTALLATION;
		case CHORE_KINDS:
			break;
	}
	pg_unreachable();
}

/* Of one that is tried alone; transactions are lost_claims.c's. */
static ChoreKind
kind_of_suspect(SuspectKind kind)
{
	switch (kind)
	{
		case SUSPECT_RECORD:
			return CHORE_SETTLE;
		case SUSPECT_LISTED:
			return CHORE_APPLY;
		case SUSPECT_INSTALLATION:
		case SUSPECT_ACTIVITY:
		case SUSPECT_TRANSACTION:
			break;
	}
	pg_unreachable();
}

static const char *
activity_name(Activity activity)
{
	switch (activity)
	{
		case ACTIVITY_DELIVERIES:
			return "pending webhook deliveries";
		case ACTIVITY_OLD_DELIVERIES:
			return "old webhook deliveries";
		case ACTIVITY_LISTS:
			return "lists that are due";
		case ACTIVITY_PAGES:
			return "pages of lists";
		case ACTIVITY_COUNT:
			return "counts of transactions";
		case ACTIVITY_RETENTION:
			return "old transactions";
	}
	pg_unreachable();
}

/* "task record 7": what a person can look for. */
static char *
words_for_suspect(SuspectKind kind, RecordType record_type, int64 id)
{
	const char *type = record_type_name(record_type);

	switch (kind)
	{
		case SUSPECT_TRANSACTION:
			return psprintf("%s transaction " INT64_FORMAT, type, id);
		case SUSPECT_RECORD:
			return psprintf("%s record " INT64_FORMAT, type, id);
		case SUSPECT_LISTED:
			return psprintf("listed %s " INT64_FORMAT, type, id);
		case SUSPECT_INSTALLATION:
			return psprintf("installation " INT64_FORMAT, id);
		case SUSPECT_ACTIVITY:
			return psprintf("work on %s", activity_name((Activity) id));
	}
	pg_unreachable();
}

/* ---- what workers ended with ---- */

static LeftOut *
find_left_out(SuspectKind kind, RecordType record_type, int64 id)
{
	for (int i = 0; i < count; i++)
	{
		const Suspect *suspect = &all[i].suspect;

		if (suspect->kind == kind && suspect->record_type == record_type && suspect->id == id)
			return &all[i];
	}
	return NULL;
}

/* The others are left out for their time: what is to be done with an installation, answers say. */
static bool
is_tried_alone(SuspectKind kind)
{
	return kind != SUSPECT_INSTALLATION && kind != SUSPECT_ACTIVITY;
}

/* From the end on: the next worker does not begin to count anew. */
static TimestampTz
end_of_rest(const Suspect *suspect)
{
	int64 rest_ms = (int64) REST_BASE_MS << Min(suspect->ends - 1, 16);

	return TimestampTzPlusMilliseconds(suspect->last_end_at, Min(rest_ms, REST_MAX_MS));
}

static char *
words_for_rest(const Suspect *suspect)
{
	return psprintf(
		"%s: left alone for a while, as a worker ended with it, or something failed (%d times)",
		words_for_suspect(suspect->kind, suspect->record_type, suspect->id), suspect->ends);
}

static LeftOut
left_out_for(const Suspect *suspect)
{
	const LeftOut *known = find_left_out(suspect->kind, suspect->record_type, suspect->id);

	if (known != NULL && known->suspect.ends == suspect->ends)
		return *known;
	ereport(LOG,
			(errmsg("github_sync: %s", words_for_rest(suspect)),
			 errhint("See the triggers of the tables of schema github_sync.")));
	return (LeftOut){.suspect = *suspect, .next_at = end_of_rest(suspect)};
}

void
chores_load(void)
{
	Suspect suspects[SUSPECTS_PER_DATABASE];
	LeftOut loaded[SUSPECTS_PER_DATABASE] = {0};
	int suspect_count = suspects_copy(suspects);
	int loaded_count = 0;

	memset(loaded, 0, sizeof(loaded));
	for (int i = 0; i < suspect_count; i++)
	{
		if (suspects[i].kind != SUSPECT_TRANSACTION)
			loaded[loaded_count++] = left_out_for(&suspects[i]);
	}
	memcpy(all, loaded, sizeof(LeftOut) * loaded_count);
	count = loaded_count;
}

/* What was done with whichever row ended once with its worker: somebody may have ended that, for a reason of his own. */
static bool
is_worth_saying(const Suspect *suspect)
{
	return suspect->kind != SUSPECT_ACTIVITY || suspect->ends > 1;
}

void
chores_report_left_out(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < count; i++)
	{
		if (all[i].next_at > now && is_worth_saying(&all[i].suspect))
			shared_state_report_error(words_for_rest(&all[i].suspect));
	}
}

void
chores_add_left_out(SuspectKind kind, RecordType record_type, TransactionIds *ids)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < count; i++)
	{
		if (all[i].suspect.kind == kind && all[i].suspect.record_type == record_type &&
			(is_tried_alone(kind) || all[i].next_at > now))
			queue_claim_add_id(ids, all[i].suspect.id);
	}
}

/* ---- one by one ---- */

static bool
find_of_kind(Chore *chore)
{
	TransactionIds left_out = {0};
	int64 *position = &positions[chore->kind][chore->record_type];

	if (suspect_kind(chore->kind) == SUSPECT_TRANSACTION)
		lost_claims_add_ids(chore->record_type, &left_out);
	else
		chores_add_left_out(suspect_kind(chore->kind), chore->record_type, &left_out);
	chore->about = queue_chores_next(chore->kind, chore->record_type, *position, &left_out);
	if (chore->about == 0)
		return false;
	*position = chore->about;
	return true;
}

/* It may end this worker: it waits until nothing else is in hand, but not for ever. */
static TimestampTz
time_of_try(const LeftOut *left_out)
{
	if (conversation_claims() == 0)
		return left_out->next_at;
	return TimestampTzPlusMilliseconds(left_out->next_at, PATIENCE_MS);
}

static bool
find_due_left_out(Chore *chore)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < count; i++)
	{
		const Suspect *suspect = &all[i].suspect;

		if (!is_tried_alone(suspect->kind) || time_of_try(&all[i]) > now)
			continue;
		*chore = (Chore){kind_of_suspect(suspect->kind), suspect->record_type, suspect->id};
		return true;
	}
	return false;
}

/* The first one of a kind. */
static bool
find_kind(Chore *chore, ChoreKind kind, const bool attached[RECORD_TYPES])
{
	for (RecordType type = 0; type < RECORD_TYPES; type++)
	{
		*chore = (Chore){.kind = kind, .record_type = type};
		if (attached[type] && find_of_kind(chore))
			return true;
	}
	return false;
}

/* Those of installations, which have no record type, come last. */
static bool
find_any(Chore *chore, const bool attached[RECORD_TYPES], bool *pauses_end)
{
	for (ChoreKind kind = 0; kind < CHORE_RESUME; kind++)
	{
		if (find_kind(chore, kind, attached))
			return true;
	}
	if (!*pauses_end)
		return false;
	*chore = (Chore){.kind = CHORE_RESUME, .record_type = RECORD_TASK};
	*pauses_end = find_of_kind(chore);
	return *pauses_end;
}

static bool
find_next_chore(Chore *chore, const bool attached[RECORD_TYPES], bool *pauses_end)
{
	if (next_pass > GetCurrentTimestamp())
		return false;
	if (find_any(chore, attached, pauses_end))
		return true;
	memset(positions, 0, sizeof(positions));
	next_pass = backoff_in_ms(PASSES_APART_MS);
	return false;
}

bool
chores_find(Chore *chore, const bool attached[RECORD_TYPES], bool *pauses_end)
{
	bool is_turn_of_chores = !was_found_last;

	/* Before the search, which may fail: then it is the turn of claims, too. */
	was_found_last = true;
	was_found_last = find_due_left_out(chore) ||
		(suspects_need_care() && is_turn_of_chores && find_next_chore(chore, attached, pauses_end));
	return was_found_last;
}

TimestampTz
chores_next_time(void)
{
	TimestampTz next = suspects_need_care() ? next_pass : DT_NOEND;

	for (int i = 0; i < count; i++)
	{
		if (is_tried_alone(all[i].suspect.kind))
			next = Min(next, time_of_try(&all[i]));
	}
	return next;
}

void
chores_try_again(void)
{
	for (int i = 0; i < count; i++)
		all[i].next_at = Min(all[i].next_at, GetCurrentTimestamp());
}

void
chores_do(const Chore *chore)
{
	suspects_mark(suspect_kind(chore->kind), chore->record_type, chore->about);
	queue_chores_do(chore->kind, chore->record_type, chore->about);
}

static void
forget_left_out(SuspectKind kind, RecordType record_type, int64 id)
{
	if (find_left_out(kind, record_type, id) == NULL)
		return;
	suspects_forget(kind, record_type, id);
	chores_load();
}

void
chores_note_done(const Chore *chore)
{
	forget_left_out(suspect_kind(chore->kind), chore->record_type, chore->about);
}

static void
note_failed(SuspectKind kind, RecordType record_type, int64 id)
{
	suspects_note_end(kind, record_type, id);
	chores_load();
}

static void
postpone(const Chore *chore)
{
	LeftOut *left_out = find_left_out(suspect_kind(chore->kind), chore->record_type, chore->about);

	if (left_out != NULL)
		left_out->next_at = backoff_in_ms(PASSES_APART_MS);
}

void
chores_note_failure(const Chore *chore, const DbError *error)
{
	SuspectKind kind = suspect_kind(chore->kind);

	ereport(LOG,
			(errcode(error->sqlstate),
			 errmsg("github_sync: %s (%s): %s",
					words_for_suspect(kind, chore->record_type, chore->about),
					queue_chores_name(chore->kind), error->message)));
	/* Somebody holds the table: nothing is wrong with the row. */
	if (db_error_is_contention(error))
	{
		postpone(chore);
		return;
	}
	if (kind == SUSPECT_TRANSACTION)
	{
		lost_claims_note(chore->record_type, chore->about);
		return;
	}
	note_failed(kind, chore->record_type, chore->about);
}

/* ---- installations, and what is no row ---- */

/* 0: it does not. */
static TimestampTz
rests_until(SuspectKind kind, RecordType record_type, int64 id)
{
	const LeftOut *left_out = find_left_out(kind, record_type, id);

	return left_out != NULL && left_out->next_at > GetCurrentTimestamp() ? left_out->next_at : 0;
}

bool
chores_write_installation(int64 id, DbTry attempt, DbAction action, void *argument)
{
	DbError error;

	if (rests_until(SUSPECT_INSTALLATION, RECORD_TASK, id) != 0)
		return false;
	suspects_mark(SUSPECT_INSTALLATION, RECORD_TASK, id);
	if (attempt(action, argument, &error))
	{
		forget_left_out(SUSPECT_INSTALLATION, RECORD_TASK, id);
		return true;
	}
	ereport(WARNING,
			(errcode(error.sqlstate),
			 errmsg("could not record the state of installation " INT64_FORMAT ": %s", id,
					error.message)));
	if (!db_error_is_contention(&error))
		note_failed(SUSPECT_INSTALLATION, RECORD_TASK, id);
	return false;
}

TimestampTz
chores_activity_rests_until(Activity activity, RecordType record_type)
{
	return rests_until(SUSPECT_ACTIVITY, record_type, activity);
}

void
chores_mark_activity(Activity activity, RecordType record_type)
{
	suspects_mark(SUSPECT_ACTIVITY, record_type, activity);
}

void
chores_note_activity_done(Activity activity, RecordType record_type)
{
	forget_left_out(SUSPECT_ACTIVITY, record_type, activity);
}

TimestampTz
chores_begin_activity(Activity activity, RecordType record_type)
{
	TimestampTz until = chores_activity_rests_until(activity, record_type);

	if (until == 0)
		chores_mark_activity(activity, record_type);
	return until;
}

void
chores_end_activity(Activity activity, RecordType record_type)
{
	chores_note_activity_done(activity, record_type);
	suspects_mark_many();
}
