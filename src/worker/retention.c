/*
 * retention.c
 *		Transactions that finished long ago are deleted: github_sync.retention.
 *
 * A few at a time, as requests wait meanwhile.  Each look goes on where the one
 * before has ended, so that what stays (errors, conflicts) is not read again and
 * again; once a day all of it is, for what finished late or was held by somebody.
 * What goes wrong with it concerns no transaction.
 */
#include "postgres.h"

#include "db/queue.h"
#include "db/transaction.h"
#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/retention.h"

/* Some milliseconds of work: each reference to what is deleted is looked for. */
#define TRANSACTIONS_AT_ONCE 200
#define APART_MS 20

/* What comes of age meanwhile goes together. */
#define INTERVAL_MS (10 * 60 * 1000)
#define DAY_MS (24 * 60 * 60 * 1000)

typedef struct Retention
{
	RecordType type;
	PruneCursor cursor;
	TimestampTz began_at; /* 0: anew, at once */
	TimestampTz next_time;
	int age_s; /* that it went by */
} Retention;

static Retention retentions[RECORD_TYPES];

static void
begin_anew(Retention *retention)
{
	retention->cursor = (PruneCursor){DT_NOBEGIN, 0};
	retention->began_at = GetCurrentTimestamp();
	retention->age_s = setting_retention_s;
}

static bool
is_to_begin_anew(const Retention *retention)
{
	return retention->age_s != setting_retention_s || retention->began_at == 0 ||
		TimestampTzPlusMilliseconds(retention->began_at, DAY_MS) <= GetCurrentTimestamp();
}

/* DbAction */
static void
prune_some(void *argument)
{
	Retention *retention = argument;
	PruneCursor cursor = retention->cursor;
	TimestampTz next_due;

	if (queue_prune_some(retention->type, retention->age_s, TRANSACTIONS_AT_ONCE, &cursor,
						 &next_due))
		retention->next_time = backoff_in_ms(APART_MS);
	else
		retention->next_time =
			Min(Max(next_due, backoff_in_ms(INTERVAL_MS)), backoff_in_ms(DAY_MS));
	retention->cursor = cursor;
}

static void
note_failed_pruning(Retention *retention, const DbError *error)
{
	retention->next_time = backoff_in_ms(INTERVAL_MS);
	ereport(
		LOG,
		(errcode(error->sqlstate),
		 errmsg("github_sync: %s transactions of github_sync.retention could not be deleted: %s",
				record_type_name(retention->type), error->message)));
}

TimestampTz
retention_progress(RecordType record_type)
{
	Retention *retention = &retentions[record_type];
	DbError error;

	if (setting_retention_s == 0)
		return DT_NOEND;
	if (retention->age_s == setting_retention_s && retention->next_time > GetCurrentTimestamp())
		return retention->next_time;
	retention->type = record_type;
	if (is_to_begin_anew(retention))
		begin_anew(retention);
	retention->next_time = chores_begin_activity(ACTIVITY_RETENTION, record_type);
	if (retention->next_time != 0)
		return retention->next_time;
	if (!db_try(prune_some, retention, &error))
		note_failed_pruning(retention, &error);
	chores_end_activity(ACTIVITY_RETENTION, record_type);
	return retention->next_time;
}
