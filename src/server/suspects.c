/*
 * suspects.c
 *		What workers were working on when they ended without an outcome.
 *
 * A mark is written by its worker alone and without a lock: it is read when the
 * worker exits, by itself, and when the server has crashed, by the postmaster,
 * which then takes no lock: whoever held it may be gone.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "server/shared_state.h"
#include "server/suspects.h"
#include "storage/ipc.h"
#include "storage/lwlock.h"
#include "utils/timestamp.h"

#define SUSPECTS 256
#define CAREFUL_DATABASES 64

/* The next worker may be a minute in coming (launcher.c), and needs care when it is there. */
#define CARE_MS (2 * 60 * 1000)

/* Crashes that lie further apart have nothing to do with each other. */
#define CRASHES_IN_A_ROW_MS (5 * 60 * 1000)
#define CRASH_DELAY_BASE_MS 1000
#define CRASH_DELAY_MAX_MS (60 * 1000)

typedef struct WorkMark
{
	Oid database; /* InvalidOid: nothing is under way */
	SuspectKind kind;
	RecordType record_type;
	int64 id; /* 0: of many rows, nobody knows which */
} WorkMark;

typedef struct CarefulDatabase
{
	Oid database;
	TimestampTz until;
} CarefulDatabase;

/* What survives a crash. */
typedef struct Suspicions
{
	Suspect suspects[SUSPECTS];
	CarefulDatabase careful[CAREFUL_DATABASES];
	int next_careful;
	int crashes; /* in a row, with workers of ours about */
	TimestampTz crashed_at;
} Suspicions;

typedef struct SuspectsState
{
	LWLock *lock;
	WorkMark marks[WORKER_SLOTS];
	bool claims_have_outcomes; /* since the server started; written without a lock, like marks */
	Suspicions known;
} SuspectsState;

static SuspectsState *state = NULL; /* NULL: not preloaded */
static Suspicions kept;             /* the postmaster's copy */
static bool exit_is_seen_to = false;

Size
suspects_size(void)
{
	return sizeof(SuspectsState);
}

/* ---- the list ---- */

static Suspect *
find_suspect(Suspicions *known, const Suspect *sought)
{
	for (int i = 0; i < SUSPECTS; i++)
	{
		Suspect *suspect = &known->suspects[i];

		if (suspect->database == sought->database && suspect->kind == sought->kind &&
			suspect->record_type == sought->record_type && suspect->id == sought->id)
			return suspect;
	}
	return NULL;
}

static int
count_of_database(const Suspicions *known, Oid database)
{
	int count = 0;

	for (int i = 0; i < SUSPECTS; i++)
		count += known->suspects[i].database == database;
	return count;
}

/* A free one, or the one of the oldest suspect, who becomes one again if he deserves it. */
static Suspect *
place_for_suspect(Suspicions *known)
{
	Suspect *oldest = &known->suspects[0];

	for (int i = 0; i < SUSPECTS; i++)
	{
		Suspect *suspect = &known->suspects[i];

		if (!OidIsValid(suspect->database))
			return suspect;
		if (suspect->last_end_at < oldest->last_end_at)
			oldest = suspect;
	}
	return oldest;
}

static void
add_end(Suspicions *known, const Suspect *row, TimestampTz now)
{
	Suspect *suspect = find_suspect(known, row);

	if (suspect == NULL && count_of_database(known, row->database) < SUSPECTS_PER_DATABASE)
	{
		suspect = place_for_suspect(known);
		*suspect = *row;
	}
	if (suspect != NULL)
	{
		suspect->ends++;
		suspect->last_end_at = now;
	}
}

static void
ask_for_care(Suspicions *known, Oid database, TimestampTz now)
{
	CarefulDatabase *place = NULL;

	for (int i = 0; i < CAREFUL_DATABASES && place == NULL; i++)
	{
		if (known->careful[i].database == database)
			place = &known->careful[i];
	}
	if (place == NULL)
	{
		place = &known->careful[known->next_careful];
		known->next_careful = (known->next_careful + 1) % CAREFUL_DATABASES;
	}
	*place =
		(CarefulDatabase){.database = database, .until = TimestampTzPlusMilliseconds(now, CARE_MS)};
}

static void
judge_mark(Suspicions *known, const WorkMark *mark, TimestampTz now)
{
	if (!OidIsValid(mark->database))
		return;
	if (mark->id == 0)
		ask_for_care(known, mark->database, now);
	else
	{
		Suspect row = {.database = mark->database,
					   .kind = mark->kind,
					   .record_type = mark->record_type,
					   .id = mark->id};

		add_end(known, &row, now);
	}
}

/* ---- crashes ---- */

static void
count_crash(Suspicions *known, TimestampTz now)
{
	if (state->claims_have_outcomes ||
		now > TimestampTzPlusMilliseconds(known->crashed_at, CRASHES_IN_A_ROW_MS))
		known->crashes = 0;
	known->crashes++;
	known->crashed_at = now;
}

/*
 * Called in the postmaster, before shared memory goes: when the server ends, and
 * when a process has crashed and all others were ended for it.
 */
static void
keep_for_next_memory(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	TimestampTz now = GetCurrentTimestamp();
	bool at_work = false;

	if (MyProcPid != PostmasterPid)
		return;
	memcpy(&kept, &state->known, sizeof(kept));
	for (int i = 0; i < WORKER_SLOTS; i++)
	{
		judge_mark(&kept, &state->marks[i], now);
		at_work |= OidIsValid(state->marks[i].database);
	}
	if (at_work)
		count_crash(&kept, now);
}

void
suspects_attach(void *memory, LWLock *lock, bool is_new)
{
	state = memory;
	if (!is_new)
		return;
	state->lock = lock;
	memcpy(&state->known, &kept, sizeof(kept));
	if (IsPostmasterEnvironment && !IsUnderPostmaster)
		on_shmem_exit(keep_for_next_memory, (Datum) 0);
}

TimestampTz
suspects_start_not_before(void)
{
	TimestampTz not_before;
	int doublings;

	LWLockAcquire(state->lock, LW_SHARED);
	doublings = Min(state->known.crashes - 1, 10);
	not_before = doublings < 0
		? 0
		: TimestampTzPlusMilliseconds(state->known.crashed_at,
									  Min((int64) CRASH_DELAY_BASE_MS << doublings,
										  (int64) CRASH_DELAY_MAX_MS));
	LWLockRelease(state->lock);
	return not_before;
}

/* ---- a worker ---- */

/* Who was asked to leave ended for that, whatever it was at. */
static void
judge_own_mark(int code pg_attribute_unused(), Datum arg pg_attribute_unused())
{
	WorkMark *mark = &state->marks[shared_state_my_slot()];

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	if (!shared_state_asked_to_leave())
		judge_mark(&state->known, mark, GetCurrentTimestamp());
	mark->database = InvalidOid;
	LWLockRelease(state->lock);
}

static void
set_mark(WorkMark mark)
{
	if (!exit_is_seen_to)
		before_shmem_exit(judge_own_mark, (Datum) 0);
	exit_is_seen_to = true;
	state->marks[shared_state_my_slot()] = mark;
}

void
suspects_mark(SuspectKind kind, RecordType record_type, int64 id)
{
	set_mark(
		(WorkMark){.database = MyDatabaseId, .kind = kind, .record_type = record_type, .id = id});
}

void
suspects_mark_many(void)
{
	set_mark((WorkMark){.database = MyDatabaseId});
}

void
suspects_unmark(void)
{
	set_mark((WorkMark){.database = InvalidOid});
}

int
suspects_copy(Suspect rows[SUSPECTS_PER_DATABASE])
{
	int count = 0;

	LWLockAcquire(state->lock, LW_SHARED);
	for (int i = 0; i < SUSPECTS && count < SUSPECTS_PER_DATABASE; i++)
	{
		if (state->known.suspects[i].database == MyDatabaseId)
			rows[count++] = state->known.suspects[i];
	}
	LWLockRelease(state->lock);
	return count;
}

void
suspects_note_end(SuspectKind kind, RecordType record_type, int64 id)
{
	Suspect row = {.database = MyDatabaseId, .kind = kind, .record_type = record_type, .id = id};

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	add_end(&state->known, &row, GetCurrentTimestamp());
	LWLockRelease(state->lock);
}

void
suspects_forget(SuspectKind kind, RecordType record_type, int64 id)
{
	Suspect row = {.database = MyDatabaseId, .kind = kind, .record_type = record_type, .id = id};
	Suspect *suspect;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	suspect = find_suspect(&state->known, &row);
	if (suspect != NULL)
		suspect->database = InvalidOid;
	LWLockRelease(state->lock);
}

void
suspects_note_outcome(void)
{
	state->claims_have_outcomes = true;
}

void
suspects_ask_for_care(void)
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	ask_for_care(&state->known, MyDatabaseId, GetCurrentTimestamp());
	LWLockRelease(state->lock);
}

bool
suspects_need_care(void)
{
	TimestampTz now = GetCurrentTimestamp();
	bool care = false;

	LWLockAcquire(state->lock, LW_SHARED);
	for (int i = 0; i < CAREFUL_DATABASES; i++)
		care |=
			state->known.careful[i].database == MyDatabaseId && state->known.careful[i].until > now;
	LWLockRelease(state->lock);
	return care;
}

/* ---- the launcher ---- */

void
suspects_forget_databases_but(bool (*is_kept)(Oid database))
{
	int forgotten = 0;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < SUSPECTS; i++)
	{
		Suspect *suspect = &state->known.suspects[i];

		if (!OidIsValid(suspect->database) || is_kept(suspect->database))
			continue;
		suspect->database = InvalidOid;
		forgotten++;
	}
	LWLockRelease(state->lock);
	if (forgotten > 0)
		elog(DEBUG1, "forgot %d rows with which workers of databases that are gone had ended",
			 forgotten);
}
