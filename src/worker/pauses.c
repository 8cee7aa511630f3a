/*
 * pauses.c
 *		An installation that may not send for more than a moment.
 *
 * A pause is in the database, so that claims pass it by; the budget in shared
 * memory is what it follows from.  Creations have a pause of their own: when
 * their hour is used up, everything else goes on.
 */
#include "postgres.h"

#include "worker/conversation.h"
#include "db/installations.h"
#include "db/queue_report.h"
#include "db/transaction.h"
#include "worker/pacing.h"
#include "worker/pauses.h"
#include "worker/recording.h"
#include "utils/timestamp.h"

/* A shorter wait is waited for with the claims in hand. */
#define MOMENT_MS 2000

typedef struct Pause
{
	Installation *installation;
	RateObstacle obstacle;
	TimestampTz until;
} Pause;

static List *due_pauses; /* of Pause, while they are collected */

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
kind_of(RateObstacle obstacle)
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
	return pause->until > in_ms(MOMENT_MS) ? pause : NULL;
}

static void
collect(Installation *installation)
{
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
		due_pauses = lappend(due_pauses, of_creations);
	if (of_all != NULL)
		due_pauses = lappend(due_pauses, of_all);
}

typedef struct Return
{
	Conversation *conversation;
	const char *reason;
} Return;

/* DbAction */
static void
give_back_unsent(void *argument)
{
	Return *unsent = argument;

	if (unsent->conversation->prepared)
		queue_report_rejected_creation(unsent->conversation->claim);
	queue_report_give_back(unsent->conversation->claim, unsent->reason, RETRY_AT_ONCE);
}

static void
give_back(List *conversations, const char *reason)
{
	ListCell *cell;

	foreach (cell, conversations)
	{
		Return unsent = {lfirst(cell), reason};
		DbError error;

		if (!db_try(give_back_unsent, &unsent, &error))
			conversations_note_lost();
		conversation_end(unsent.conversation);
	}
	list_free(conversations);
}

void
pauses_clear(Installation *installation, const char *reason)
{
	give_back(conversations_take_waiting(installation), reason);
}

/* DbAction */
static void
record_pause(void *argument)
{
	const Pause *pause = argument;

	if (pause->obstacle == RATE_CREATIONS)
		installations_pause_creations(pause->installation->id, pause->until);
	else
		installations_pause(pause->installation->id, pause->until, kind_of(pause->obstacle),
							reason_of(pause->obstacle));
}

static void
make_pause(Pause *pause)
{
	Installation *installation = pause->installation;
	DbError error;

	if (pause->obstacle == RATE_CREATIONS)
		give_back(conversations_take_waiting_creations(installation), NULL);
	else
	{
		pauses_clear(installation, NULL);
		installation->may_be_paused = true;
		installation->paused_until = pause->until;
	}
	if (!db_try(record_pause, pause, &error))
		ereport(WARNING,
				(errcode(error.sqlstate),
				 errmsg("could not pause installation " INT64_FORMAT ": %s", installation->id,
						error.message)));
}

void
pauses_record(TimestampTz *retry_at)
{
	ListCell *cell;

	due_pauses = NIL;
	installation_visit_all(collect);
	if (due_pauses == NIL)
		return;
	db_begin("pausing installations");
	foreach (cell, due_pauses)
	{
		Pause *pause = lfirst(cell);

		make_pause(pause);
		*retry_at = Min(*retry_at, pause->until);
	}
	db_commit();
}

static void
clear_without_reason(Installation *installation)
{
	pauses_clear(installation, NULL);
}

void
pauses_give_back_all(void)
{
	if (conversations_waiting() == 0)
		return;
	db_begin("giving back transactions");
	installation_visit_all(clear_without_reason);
	db_commit();
}
