/*
 * freshness.c
 *		How old what an update is made of may get.
 */
#include "postgres.h"

#include "worker/freshness.h"
#include "server/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* One that had to wait longer for its turn is merged anew. */
#define UPDATE_GETS_OLD_MS 2000

/* What is written within this time may be read at once. */
#define READ_AHEAD_MS (UPDATE_GETS_OLD_MS / 2)

static bool
waits_to_be_written(const Conversation *conversation)
{
	return conversation->claim->step == STEP_UPDATE;
}

static bool
reads_for_update(const Conversation *conversation)
{
	return conversation->claim->step == STEP_FETCH && conversation->claim->is_outbound;
}

/* One slow answer holds the others up for as long as a write would. */
static TimestampTz
stops_to_defer_at(const Conversation *conversation)
{
	return TimestampTzPlusMilliseconds(conversation->read_at, setting_write_interval_ms);
}

static int
count_ahead(const Installation *installation, TimestampTz now)
{
	int count = 0;
	ListCell *cell;

	foreach (cell, installation->ahead)
	{
		const Conversation *conversation = lfirst(cell);

		if (waits_to_be_written(conversation) || stops_to_defer_at(conversation) > now)
			count++;
	}
	return count;
}

bool
freshness_defers(const Conversation *conversation, TimestampTz now)
{
	int ahead;

	if (!reads_for_update(conversation) || conversation->read_at != 0)
		return false;
	/* Those ahead of it wait for it. */
	if (conversation->installation->refreshing == conversation)
		return false;
	ahead = count_ahead(conversation->installation, now);
	return ahead > 0 && (int64) ahead * setting_write_interval_ms >= READ_AHEAD_MS;
}

static void
begin_ahead(Conversation *conversation, TimestampTz now)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);
	Installation *installation = conversation->installation;

	if (conversation->read_at == 0)
		installation->ahead = lappend(installation->ahead, conversation);
	conversation->read_at = now;
	MemoryContextSwitchTo(caller);
}

void
freshness_note_turn(Conversation *conversation, TimestampTz now)
{
	if (reads_for_update(conversation))
		begin_ahead(conversation, now);
	else if (github_operation_writes(conversation->operation))
		freshness_end(conversation);
}

void
freshness_end(Conversation *conversation)
{
	Installation *installation = conversation->installation;

	if (installation->refreshing == conversation)
		installation->refreshing = NULL;
	if (conversation->read_at != 0)
		installation->ahead = list_delete_ptr(installation->ahead, conversation);
	conversation->read_at = 0;
}

void
freshness_note_answer(Conversation *conversation, TimestampTz now)
{
	/* That an update is to be sent again, to another place say, tells nothing of what is there. */
	if (conversation->claim != NULL && conversation->claim->step == STEP_FETCH)
		conversation->fetched_at = now;
}

TimestampTz
freshness_next_time(const Installation *installation)
{
	TimestampTz next = DT_NOEND;
	ListCell *cell;

	foreach (cell, installation->ahead)
	{
		if (!waits_to_be_written(lfirst(cell)))
			next = Min(next, stops_to_defer_at(lfirst(cell)));
	}
	return next;
}

bool
freshness_is_lost(const Conversation *conversation, TimestampTz now)
{
	return waits_to_be_written(conversation) &&
		TimestampDifferenceExceeds(conversation->fetched_at, now, UPDATE_GETS_OLD_MS);
}

void
freshness_begin_refresh(Conversation *conversation)
{
	conversation->installation->refreshing = conversation;
	conversation->claim->step = STEP_FETCH;
}

bool
freshness_waits_for_refresh(const Conversation *conversation)
{
	const Conversation *refreshing = conversation->installation->refreshing;

	return refreshing != NULL && refreshing != conversation &&
		github_operation_writes(conversation->operation);
}
