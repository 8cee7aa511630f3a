/*
 * statistics.c
 *		What workers counted since the server started, for each database.
 *
 * A fixed table in shared memory under one lock, which is held for a few lines
 * that neither raise nor wait.  A database has a place in it from when its
 * workers count for the first time until its queue is gone; when the table is
 * full, it takes the place of the one whose workers counted longest ago.
 */
#include "postgres.h"

#include "miscadmin.h"
#include "server/statistics.h"
#include "utils/timestamp.h"

#define NO_PLACE (-1)

/* One or two for each doubling, from a local stand-in to an outage. */
const int statistics_limits_ms[STATISTICS_LIMITS] = {1,     2,     5,      10,     25,   50,
													 100,   250,   500,    1000,   2500, 5000,
													 10000, 30000, 300000, 3600000};

typedef struct DatabaseStatistics
{
	Oid database; /* InvalidOid: the place is free */
	TimestampTz since;
	TimestampTz counted_at;
	StatisticsCounters counters;
	StatisticsMinute minutes[STATISTICS_MINUTES]; /* by the minute, modulo their number */
} DatabaseStatistics;

typedef struct StatisticsState
{
	LWLock *lock;
	DatabaseStatistics databases[STATISTICS_DATABASES];
} StatisticsState;

/* What this worker has not added up yet. */
typedef struct Uncounted
{
	bool any;
	StatisticsCounters counters;
	StatisticsMinute minute;
} Uncounted;

static StatisticsState *state = NULL; /* NULL: not preloaded */
static Uncounted uncounted;

Size
statistics_size(void)
{
	return sizeof(StatisticsState);
}

void
statistics_attach(void *memory, LWLock *lock, bool is_new)
{
	state = memory;
	if (is_new)
		state->lock = lock;
}

/* ---- counting ---- */

static int
bucket_of(int64 us)
{
	int bucket = 0;

	while (bucket < STATISTICS_LIMITS && us > (int64) statistics_limits_ms[bucket] * 1000)
		bucket++;
	return bucket;
}

void
statistics_note_time(StatisticsSubject subject, StatisticsStage stage, TimestampTz from,
					 TimestampTz until)
{
	/* The clock may have been set back meanwhile. */
	int64 us = Max(until - from, 0);
	StatisticsTimes *times = &uncounted.counters.times[subject][stage];

	uncounted.any = true;
	times->counts[bucket_of(us)]++;
	times->total_us += us;
	if (stage != STAGE_ANSWERED)
		return;
	uncounted.minute.measured++;
	uncounted.minute.answered_us += us;
}

static StatisticsClass
class_of(int status)
{
	if (status == 304)
		return CLASS_304;
	switch (status / 100)
	{
		case 2:
			return CLASS_2XX;
		case 3:
			return CLASS_3XX;
		case 4:
			return CLASS_4XX;
		case 5:
			return CLASS_5XX;
		default: /* no status line, or one that HTTP does not have */
			return CLASS_NO_ANSWER;
	}
}

void
statistics_note_answer(StatisticsSubject subject, int status, Size bytes)
{
	StatisticsClass class = class_of(status);

	uncounted.any = true;
	uncounted.counters.answers[subject][class]++;
	uncounted.counters.bytes[subject][class] += bytes;
	uncounted.minute.answers[class]++;
	uncounted.minute.bytes += bytes;
}

static void
count_completed(StatisticsSubject subject)
{
	switch (subject)
	{
		case SUBJECT_TASKS_INBOUND:
		case SUBJECT_COMMENTS_INBOUND:
			uncounted.minute.completed_inbound++;
			break;
		case SUBJECT_TASKS_OUTBOUND:
		case SUBJECT_COMMENTS_OUTBOUND:
			uncounted.minute.completed_outbound++;
			break;
		case SUBJECT_LISTS:
		case SUBJECT_APP:
			break;
	}
}

void
statistics_note_end(StatisticsSubject subject, TransactionState end)
{
	uncounted.any = true;
	uncounted.counters.ends[subject][end]++;
	switch (end)
	{
		case TRANSACTION_COMPLETED:
			count_completed(subject);
			break;
		case TRANSACTION_ERRORED:
			uncounted.minute.errored++;
			break;
		case TRANSACTION_QUEUED:
			uncounted.minute.tried_again++;
			break;
		case TRANSACTION_CANCELED:
		case TRANSACTION_DROPPED:
		case TRANSACTION_DUPLICATE:
		case TRANSACTION_DISABLED:
			uncounted.minute.ended_otherwise++;
			break;
		case TRANSACTION_STALE:
			break;
	}
}

/* ---- places ---- */

static int
find_locked(Oid database)
{
	for (int i = 0; i < STATISTICS_DATABASES; i++)
	{
		if (state->databases[i].database == database)
			return i;
	}
	return NO_PLACE;
}

/* Its counters begin at nothing. */
static void
begin_locked(DatabaseStatistics *place, Oid database)
{
	memset(place, 0, sizeof(*place));
	place->database = database;
	place->since = place->counted_at = GetCurrentTimestamp();
}

static DatabaseStatistics *
make_place_locked(Oid database)
{
	DatabaseStatistics *place = &state->databases[0];

	for (int i = 0; i < STATISTICS_DATABASES && OidIsValid(place->database); i++)
	{
		DatabaseStatistics *other = &state->databases[i];

		if (!OidIsValid(other->database) || other->counted_at < place->counted_at)
			place = other;
	}
	begin_locked(place, database);
	return place;
}

/* ---- adding up ---- */

static void
add_counts(uint64 *sums, const uint64 *counts, size_t number)
{
	for (size_t i = 0; i < number; i++)
		sums[i] += counts[i];
}

static void
add_minute(StatisticsMinute *sum, const StatisticsMinute *more)
{
	for (int i = 0; i < STATISTICS_CLASSES; i++)
		sum->answers[i] += more->answers[i];
	sum->completed_inbound += more->completed_inbound;
	sum->completed_outbound += more->completed_outbound;
	sum->errored += more->errored;
	sum->ended_otherwise += more->ended_otherwise;
	sum->tried_again += more->tried_again;
	sum->measured += more->measured;
	sum->answered_us += more->answered_us;
	sum->bytes += more->bytes;
}

static StatisticsMinute *
minute_locked(DatabaseStatistics *place, TimestampTz now)
{
	int64 number = now / USECS_PER_MINUTE;
	StatisticsMinute *minute = &place->minutes[number % STATISTICS_MINUTES];

	if (minute->minute != number)
	{
		memset(minute, 0, sizeof(*minute));
		minute->minute = number;
	}
	return minute;
}

StaticAssertDecl(sizeof(StatisticsCounters) % sizeof(uint64) == 0, "counters are of one type");

void
statistics_add_up(void)
{
	TimestampTz now = GetCurrentTimestamp();
	DatabaseStatistics *place;
	int found;

	if (!uncounted.any)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	found = find_locked(MyDatabaseId);
	place = found == NO_PLACE ? make_place_locked(MyDatabaseId) : &state->databases[found];
	place->counted_at = now;
	add_counts((uint64 *) &place->counters, (const uint64 *) &uncounted.counters,
			   sizeof(StatisticsCounters) / sizeof(uint64));
	add_minute(minute_locked(place, now), &uncounted.minute);
	LWLockRelease(state->lock);
	memset(&uncounted, 0, sizeof(uncounted));
}

/* ---- for people ---- */

TimestampTz
statistics_since(void)
{
	TimestampTz since = 0;
	int place;

	if (state == NULL)
		return 0;
	LWLockAcquire(state->lock, LW_SHARED);
	place = find_locked(MyDatabaseId);
	if (place != NO_PLACE)
		since = state->databases[place].since;
	LWLockRelease(state->lock);
	return since;
}

bool
statistics_copy(StatisticsCounters *counters)
{
	int place;

	if (state == NULL)
		return false;
	LWLockAcquire(state->lock, LW_SHARED);
	place = find_locked(MyDatabaseId);
	if (place != NO_PLACE)
		*counters = state->databases[place].counters;
	LWLockRelease(state->lock);
	return place != NO_PLACE;
}

static int
copy_minutes_locked(const DatabaseStatistics *place, int64 present,
					StatisticsMinute minutes[STATISTICS_MINUTES])
{
	int count = 0;

	for (int i = 0; i < STATISTICS_MINUTES; i++)
	{
		const StatisticsMinute *minute = &place->minutes[i];

		if (minute->minute > present - STATISTICS_MINUTES && minute->minute <= present)
			minutes[count++] = *minute;
	}
	return count;
}

int
statistics_copy_minutes(StatisticsMinute minutes[STATISTICS_MINUTES])
{
	int64 present = GetCurrentTimestamp() / USECS_PER_MINUTE;
	int count = 0;
	int place;

	if (state == NULL)
		return 0;
	LWLockAcquire(state->lock, LW_SHARED);
	place = find_locked(MyDatabaseId);
	if (place != NO_PLACE)
		count = copy_minutes_locked(&state->databases[place], present, minutes);
	LWLockRelease(state->lock);
	return count;
}

void
statistics_reset(void)
{
	int place;

	if (state == NULL)
		return;
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	place = find_locked(MyDatabaseId);
	if (place != NO_PLACE)
		begin_locked(&state->databases[place], MyDatabaseId);
	LWLockRelease(state->lock);
}

/* ---- the launcher ---- */

void
statistics_forget_database(Oid database)
{
	int place;

	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	place = find_locked(database);
	if (place != NO_PLACE)
		state->databases[place].database = InvalidOid;
	LWLockRelease(state->lock);
}

void
statistics_forget_databases_but(bool (*is_kept)(Oid database))
{
	LWLockAcquire(state->lock, LW_EXCLUSIVE);
	for (int i = 0; i < STATISTICS_DATABASES; i++)
	{
		DatabaseStatistics *place = &state->databases[i];

		if (OidIsValid(place->database) && !is_kept(place->database))
			place->database = InvalidOid;
	}
	LWLockRelease(state->lock);
}
