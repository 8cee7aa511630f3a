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
#include "worker/creations.h"
#include "worker/dispatch.h"
#include "worker/failure.h"

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

	creation->begun = queue_report_begin_creation(claim);
	/* Linked or deleted meanwhile: the rules decide when it is claimed again. */
	if (!creation->begun)
		(void) queue_report_give_back(claim, NULL, RETRY_AT_ONCE);
}

static Creation *
begin_one(Conversation *conversation)
{
	Creation *creation = palloc0(sizeof(Creation));
	DbError error;

	creation->conversation = conversation;
	creation->retry_at = DT_NOEND;
	if (!db_try(begin_creation, creation, &error))
	{
		creation->begun = false;
		if (failure_report(conversation->claim, &error, &creation->retry_at) == FAILURE_LOST)
			conversation_note_lost();
	}
	return creation;
}

void
creations_send(TimestampTz *retry_at)
{
	Conversation *conversation = dispatch_take_unprepared();
	List *creations = NIL;
	ListCell *cell;

	if (conversation == NULL)
		return;
	db_begin("beginning creations");
	for (; conversation != NULL; conversation = dispatch_take_unprepared())
		creations = lappend(creations, begin_one(conversation));
	db_commit();

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
