/*
 * creations.c
 *		What is committed before a creation is sent.
 *
 * A POST cannot be repeated: GitHub would make a second issue.  So an attempt
 * with its key is in the database first, and whoever finds it without an
 * outcome looks at GitHub before anything is sent again.
 */
#include "postgres.h"

#include "worker/conversation.h"
#include "worker/creations.h"
#include "db/queue_report.h"
#include "db/transaction.h"
#include "utils/timestamp.h"

/* A record that somebody else holds just now. */
#define CONTENTION_DELAY_MS 1000

typedef struct Creation
{
	Conversation *conversation;
	bool begun;
	DbError error;
	TimestampTz retry_at;
} Creation;

/* DbAction */
static void
begin_creation(void *argument)
{
	Creation *creation = argument;

	creation->begun = queue_report_begin_creation(creation->conversation->claim);
	/* Linked or deleted meanwhile: the rules decide when it is claimed again. */
	if (!creation->begun)
		queue_report_give_back(creation->conversation->claim, NULL, RETRY_AT_ONCE);
}

/* DbAction */
static void
give_back(void *argument)
{
	Creation *creation = argument;

	if (db_error_is_contention(&creation->error) || db_error_is_passing(&creation->error))
	{
		creation->retry_at =
			TimestampTzPlusMilliseconds(GetCurrentTimestamp(), CONTENTION_DELAY_MS);
		queue_report_give_back(creation->conversation->claim, creation->error.message,
							   creation->retry_at);
	}
	else
		queue_report_failure(creation->conversation->claim, "apply_failed",
							 creation->error.message);
}

static Creation *
begin_one(Conversation *conversation)
{
	Creation *creation = palloc0(sizeof(Creation));
	DbError second;

	creation->conversation = conversation;
	creation->retry_at = DT_NOEND;
	if (!db_try(begin_creation, creation, &creation->error))
	{
		creation->begun = false;
		if (!db_try(give_back, creation, &second))
			conversations_note_lost();
	}
	return creation;
}

void
creations_send(TimestampTz *retry_at)
{
	Conversation *conversation = conversations_take_unprepared();
	List *creations = NIL;
	ListCell *cell;

	if (conversation == NULL)
		return;
	db_begin("beginning creations");
	for (; conversation != NULL; conversation = conversations_take_unprepared())
		creations = lappend(creations, begin_one(conversation));
	db_commit();

	foreach (cell, creations)
	{
		Creation *creation = lfirst(cell);

		*retry_at = Min(*retry_at, creation->retry_at);
		if (creation->begun)
			conversation_send_prepared(creation->conversation);
		else
			conversation_yield_turn(creation->conversation);
	}
}
