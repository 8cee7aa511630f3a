/*
 * creations.c
 *		What is committed before a creation is sent.
 *
 * A POST cannot be repeated: GitHub would make a second issue.  So an attempt
 * with its key is in the database first, and whoever finds it without an
 * outcome looks it up at GitHub before anything is sent again.
 */
#include "postgres.h"

#include "db/queue_report.h"
#include "db/transaction.h"
#include "server/suspects.h"
#include "worker/creations.h"
#include "worker/dispatch.h"
#include "worker/failure.h"
#include "worker/github_clock.h"
#include "worker/identity.h"
#include "worker/lost_claims.h"

typedef struct Creation
{
	Conversation *conversation;
	bool begun;
	TimestampTz retry_at;
} Creation;

/* DbAction */
static void
begin_creation(void *argument)
{
	Creation *creation = argument;
	SyncClaim *claim = creation->conversation->claim;

	/* What was sent as another account GitHub has refused. */
	if (creation->conversation->prepared)
		queue_report_rejected_creation(claim);
	creation->begun = queue_report_begin_creation(claim, identity_own_id(), github_clock_now());
	/* Linked or deleted meanwhile: the rules decide when it is claimed again. */
	if (!creation->begun)
		(void) queue_report_give_back(claim, NULL, RETRY_AT_ONCE);
}

static void
fail_creation(Creation *creation, const DbError *error)
{
	switch (failure_report(creation->conversation->claim, error, &creation->retry_at))
	{
		case FAILURE_REPORTED:
		case FAILURE_STALE:
			break;
		case FAILURE_HELD:
		case FAILURE_LOST:
			conversation_note_lost();
			break;
	}
}

static void
begin_one(Creation *creation)
{
	const SyncClaim *claim = creation->conversation->claim;
	DbError error;

	creation->retry_at = DT_NOEND;
	suspects_mark(SUSPECT_TRANSACTION, claim->record_type, claim->id);
	if (db_try(begin_creation, creation, &error))
		return;
	creation->begun = false;
	fail_creation(creation, &error);
}

static List *
take_unprepared(void)
{
	Conversation *conversation;
	List *creations = NIL;

	while ((conversation = dispatch_take_unprepared()) != NULL)
	{
		Creation *creation = palloc0(sizeof(Creation));

		creation->conversation = conversation;
		creations = lappend(creations, creation);
	}
	return creations;
}

/* False: nothing of it is committed. */
static bool
begin_together(const List *creations)
{
	ListCell *cell;
	DbError error;

	db_begin("beginning creations");
	foreach (cell, creations)
		begin_one(lfirst(cell));
	if (list_length(creations) > 1)
		suspects_mark_many();
	return db_try_commit(&error);
}

/* A trigger of the owner's that waited for the commit may refuse: it fails its own creation. */
static void
begin_alone(Creation *creation)
{
	const SyncClaim *claim = creation->conversation->claim;
	DbError error;

	db_begin("beginning a creation");
	begin_one(creation);
	if (db_try_commit(&error))
		return;
	creation->begun = false;
	db_begin("reporting a failure");
	fail_creation(creation, &error);
	if (db_try_commit(&error))
		return;
	lost_claims_note(claim->record_type, claim->id);
	conversation_note_lost();
}

static void
begin_all(const List *creations)
{
	ListCell *cell;

	if (!suspects_need_care() && begin_together(creations))
		return;
	foreach (cell, creations)
		begin_alone(lfirst(cell));
}

void
creations_send(TimestampTz *retry_at)
{
	List *creations = take_unprepared();
	ListCell *cell;

	if (creations == NIL)
		return;
	begin_all(creations);
	suspects_unmark();
	foreach (cell, creations)
	{
		Creation *creation = lfirst(cell);

		*retry_at = Min(*retry_at, creation->retry_at);
		if (creation->begun)
			dispatch_send_prepared(creation->conversation);
		else
			dispatch_yield_turn(creation->conversation);
	}
}
