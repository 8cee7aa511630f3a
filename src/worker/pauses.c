/*
 * pauses.c
 *		An installation that may not send for more than a moment.
 *
 * A pause is in the database, so that claims pass it by; the budget in shared
 * memory is what it follows from.  Creations have a pause of their own: when
 * their hour is used up, everything else goes on.
 */
#include "postgres.h"

#include "db/installations.h"
#include "db/queue_report.h"
#include "db/transaction.h"
#include "server/budgets.h"
#include "server/suspects.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/line.h"
#include "worker/pauses.h"
#include "worker/repeats.h"

/* A shorter wait is waited for with the claims in hand. */
#define MOMENT_MS 2000

typedef struct Pause
{
	Installation *installation;
	RateObstacle obstacle;
	TimestampTz until;
} Pause;

static bool
is_a_reason(RateObstacle obstacle)
{
	switch (obstacle)
	{
		case RATE_NONE:
		case RATE_BUSY:
		case RATE_INTERVAL:
			return false;
		case RATE_POINTS:
		case RATE_CREATIONS:
		case RATE_REMAINING:
		case RATE_REFUSED:
		case RATE_UNREACHABLE:
			return true;
	}
	pg_unreachable();
}

static const char *
reason_of(RateObstacle obstacle)
{
	switch (obstacle)
	{
		case RATE_NONE:
		case RATE_BUSY:
		case RATE_INTERVAL:
			break;
		case RATE_POINTS:
			return "the points of the minute are used up (points_per_minute)";
		case RATE_CREATIONS:
			return "the creations of the hour are used up (creations_per_hour)";
		case RATE_REMAINING:
			return "GitHub's requests of the hour are used up, but for a reserve";
		case RATE_REFUSED:
			return "GitHub refused a request: rate limited";
		case RATE_UNREACHABLE:
			return "GitHub unreachable";
	}
	pg_unreachable();
}

static PauseKind
kind_of_pause(RateObstacle obstacle)
{
	switch (obstacle)
	{
		case RATE_REFUSED:
			return PAUSE_RATE_LIMIT;
		case RATE_UNREACHABLE:
			return PAUSE_UNREACHABLE;
		case RATE_NONE:
		case RATE_BUSY:
		case RATE_INTERVAL:
		case RATE_POINTS:
		case RATE_CREATIONS:
		case RATE_REMAINING:
			break;
	}
	return PAUSE_BUDGET;
}

/* Of two pauses the longer one; NULL: none. */
static Pause *
longer(Pause *a, Pause *b)
{
	if (a == NULL || b == NULL)
		return a == NULL ? b : a;
	return a->until >= b->until ? a : b;
}

/* What stands in the way of one kind, if it does so for more than a moment. */
static Pause *
pause_for(Installation *installation, RateKind kind)
{
	const RatePermission *permission = &installation->obstacles[kind];
	Pause *pause;

	if (!is_a_reason(permission->obstacle))
		return NULL;
	pause = palloc(sizeof(Pause));
	*pause = (Pause){installation, permission->obstacle, budget_time(permission->not_before_ms)};
	return pause->until > backoff_in_ms(MOMENT_MS) ? pause : NULL;
}

/* InstallationVisitor: appends to a List of Pause. */
static void
collect(Installation *installation, void *argument)
{
	List **due = argument;
	Pause *of_all = NULL;
	Pause *of_creations = NULL;

	if (installation->waiting == NIL)
		return;
	for (RateKind kind = RATE_READ; kind < RATE_KINDS; kind++)
	{
		Pause *pause = pause_for(installation, kind);

		if (pause != NULL && pause->obstacle == RATE_CREATIONS)
			of_creations = pause;
		else
			of_all = longer(of_all, pause);
	}
	if (of_creations != NULL)
		*due = lappend(*due, of_creations);
	if (of_all != NULL)
		*due = lappend(*due, of_all);
}

typedef struct Return
{
	Conversation *conversation;
	const char *reason;
} Return;

/* DbAction */
static void
report_unsent(void *argument)
{
	const Return *unsent = argument;
	const Conversation *conversation = unsent->conversation;

	if (conversation->prepared)
		queue_report_rejected_creation(conversation->claim);
	(void) queue_report_give_back(conversation->claim, unsent->reason, RETRY_AT_ONCE);
}

static void
give_back_all(List *conversations, const char *reason)
{
	ListCell *cell;

	foreach (cell, conversations)
	{
		Return unsent = {lfirst(cell), reason};
		DbError error;

		suspects_mark(SUSPECT_TRANSACTION, unsent.conversation->claim->record_type,
					  unsent.conversation->claim->id);
		if (!db_try(report_unsent, &unsent, &error))
			conversation_note_lost();
		repeats_take_back(unsent.conversation->claim->record_type, unsent.conversation->claim->id);
		line_end(unsent.conversation);
	}
	list_free(conversations);
}

void
pauses_clear_line(Installation *installation, const char *reason)
{
	give_back_all(line_take_all(installation), reason);
}

/* ---- the log: two lines an outage, never one a row ---- */

/* A suspended installation pauses until somebody says that it is active. */
static const char *
words_for_end(TimestampTz until)
{
	return until == DT_NOEND ? "" : psprintf(" until %s", timestamptz_to_str(until));
}

static void
log_pause(int level, int64 installation_id, TimestampTz until, const char *reason,
		  const char *request_id)
{
	ereport(level,
			(errmsg("github_sync: installation " INT64_FORMAT " pauses%s: %s", installation_id,
					words_for_end(until), reason),
			 request_id != NULL ? errdetail("GitHub's request id is %s.", request_id) : 0));
}

void
pauses_note_outage(int64 installation_id, const Outage *outage)
{
	bool is_new = installations_begin_outage(installation_id, outage->kind);

	log_pause(is_new ? LOG : DEBUG1, installation_id, outage->until, outage->reason,
			  outage->request_id);
}

void
pauses_log_end_of_outage(int64 installation_id)
{
	ereport(LOG, (errmsg("github_sync: installation " INT64_FORMAT " goes on", installation_id)));
}

/* ---- budgets ---- */

/* Budgets of our own are none of the log's business; GitHub's limits are. */
static void
note_pause_of_budget(const Pause *pause)
{
	int64 installation_id = pause->installation->id;
	const char *reason = reason_of(pause->obstacle);

	if (pause->obstacle == RATE_POINTS || pause->obstacle == RATE_CREATIONS)
		log_pause(DEBUG1, installation_id, pause->until, reason, NULL);
	else
		pauses_note_outage(installation_id,
						   &(Outage){.kind = installations_pause_kind_name(
										 kind_of_pause(pause->obstacle)),
									 .until = pause->until,
									 .reason = reason});
}

/* DbAction */
static void
begin_pause_of_budget(void *argument)
{
	const Pause *pause = argument;
	int64 installation_id = pause->installation->id;

	if (pause->obstacle == RATE_CREATIONS)
		installations_pause_creations(installation_id, pause->until);
	else
		installations_pause(installation_id, pause->until, kind_of_pause(pause->obstacle),
							reason_of(pause->obstacle));
	note_pause_of_budget(pause);
}

/* Creations alone, or all. */
static void
give_back_paused(Pause *pause)
{
	Installation *installation = pause->installation;

	if (pause->obstacle == RATE_CREATIONS)
	{
		give_back_all(line_take_creations(installation), NULL);
		return;
	}
	pauses_clear_line(installation, NULL);
	installation->may_be_paused = true;
	installation->paused_until = pause->until;
}

static void
make_pause(Pause *pause)
{
	give_back_paused(pause);
	(void) chores_write_installation(pause->installation->id, db_try, begin_pause_of_budget, pause);
}

/* What was given back and could not be committed is an orphan now. */
static void
commit_pauses(void)
{
	DbError error;
	bool committed;

	suspects_mark_many();
	committed = db_try_commit(&error);
	suspects_unmark();
	if (committed)
		return;
	conversation_note_lost();
	ereport(WARNING,
			(errcode(error.sqlstate),
			 errmsg("could not give transactions back into the queue: %s", error.message)));
}

void
pauses_make_due(TimestampTz *retry_at)
{
	List *due = NIL;
	ListCell *cell;

	installation_visit_all(collect, &due);
	if (due == NIL)
		return;
	db_begin("pausing installations");
	foreach (cell, due)
	{
		Pause *pause = lfirst(cell);

		make_pause(pause);
		*retry_at = Min(*retry_at, pause->until);
	}
	commit_pauses();
}

/* InstallationVisitor */
static void
clear_line(Installation *installation, void *argument pg_attribute_unused())
{
	pauses_clear_line(installation, NULL);
}

void
pauses_give_back_all(void)
{
	if (line_length_of_all() == 0)
		return;
	db_begin("giving back transactions");
	installation_visit_all(clear_line, NULL);
	commit_pauses();
}
