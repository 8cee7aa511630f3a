/*
 * line.c
 *		What waits at an installation until its request may be sent.
 */
#include "postgres.h"

#include "utils/memutils.h"
#include "worker/freshness.h"
#include "worker/line.h"
#include "worker/repositories.h"

static bool
goes_before(const Conversation *conversation, const Conversation *other)
{
	return conversation->claim->priority < other->claim->priority;
}

/* Behind those that are as urgent. */
static void
stand_in_line(Conversation *conversation)
{
	Installation *installation = conversation->installation;
	int place = list_length(installation->waiting);
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	while (place > 0 && goes_before(conversation, list_nth(installation->waiting, place - 1)))
		place--;
	installation->waiting = list_insert_nth(installation->waiting, place, conversation);
	MemoryContextSwitchTo(caller);
}

void
line_join(Conversation *conversation)
{
	conversation_forget_answer(conversation);
	conversation->operation = conversation_operation(conversation->claim);
	stand_in_line(conversation);
}

void
line_end(Conversation *conversation)
{
	freshness_end(conversation);
	repositories_end_confirmation(conversation);
	conversation_end(conversation);
}

Conversation *
line_take_first(Installation *installation)
{
	Conversation *first;

	if (installation->waiting == NIL)
	{
		first = installation->sweep;
		installation->sweep = NULL;
		return first;
	}
	first = linitial(installation->waiting);
	installation->waiting = list_delete_first(installation->waiting);
	return first;
}

List *
line_take_all(Installation *installation)
{
	List *waiting = installation->waiting;

	installation->waiting = NIL;
	return waiting;
}

List *
line_take_creations(Installation *installation)
{
	List *creations = NIL;
	ListCell *cell;

	foreach (cell, installation->waiting)
	{
		Conversation *conversation = lfirst(cell);

		if (github_operation_creates(conversation->operation))
		{
			creations = lappend(creations, conversation);
			installation->waiting = foreach_delete_current(installation->waiting, cell);
		}
	}
	return creations;
}

/* InstallationVisitor */
static void
add_length(Installation *installation, void *argument)
{
	int *length = argument;

	*length += list_length(installation->waiting);
}

int
line_length_of_all(void)
{
	int length = 0;

	installation_visit_all(add_length, &length);
	return length;
}
