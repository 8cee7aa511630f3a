/*
 * arrivals.c
 *		Conversations that have come back: they wait to be reported to the queue.
 */
#include "postgres.h"

#include "nodes/pg_list.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/arrivals.h"
#include "worker/backoff.h"

static List *arrivals = NIL; /* of Conversation */

/* The list outlives the round it is touched in. */
static void
append(Conversation *conversation)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	arrivals = lappend(arrivals, conversation);
	MemoryContextSwitchTo(caller);
}

void
arrivals_add(Conversation *conversation)
{
	conversation->postponed = 0;
	conversation->not_before = 0;
	append(conversation);
}

void
arrivals_postpone(Conversation *conversation, int delay_ms)
{
	TimestampTz now = GetCurrentTimestamp();

	if (conversation->postponed++ == 0)
		conversation->postponed_since = now;
	conversation->tried_at = now;
	conversation->not_before = TimestampTzPlusMilliseconds(now, delay_ms);
	append(conversation);
}

void
arrivals_note_wake(void)
{
	TimestampTz now = GetCurrentTimestamp();
	ListCell *cell;

	foreach (cell, arrivals)
	{
		Conversation *conversation = lfirst(cell);

		if (conversation->postponed > 0 && backoff_allows_look(conversation->tried_at, now))
			conversation->not_before = now;
	}
}

Conversation *
arrivals_take(void)
{
	TimestampTz now = GetCurrentTimestamp();
	ListCell *cell;

	foreach (cell, arrivals)
	{
		Conversation *conversation = lfirst(cell);

		if (conversation->not_before <= now)
		{
			arrivals = foreach_delete_current(arrivals, cell);
			return conversation;
		}
	}
	return NULL;
}

TimestampTz
arrivals_next_time(void)
{
	TimestampTz next = DT_NOEND;
	ListCell *cell;

	foreach (cell, arrivals)
		next = Min(next, ((Conversation *) lfirst(cell))->not_before);
	return next;
}
