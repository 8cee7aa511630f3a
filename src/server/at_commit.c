/*
 * at_commit.c
 *		Messages to other processes that leave when the transaction commits.
 *
 * A message is sent after the commit has become visible, so that a worker that
 * it wakes finds the rows.  It belongs to the outermost (sub)transaction that
 * asked for it: a rollback of that one drops the message, and its release hands
 * the message to the next outer one.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "nodes/pg_list.h"
#include "server/at_commit.h"
#include "server/shared_state.h"
#include "utils/memutils.h"

typedef struct PendingMessage
{
	CommitMessage message;
	Oid database;
	int nest_level;
} PendingMessage;

static List *pending = NIL; /* of PendingMessage, in TopTransactionContext */
static uint64 gid_hash;     /* of the transaction that is being prepared */

void
at_commit(CommitMessage message, Oid database)
{
	MemoryContext caller;
	PendingMessage *added;
	ListCell *cell;

	if (!shared_state_available())
		return;
	foreach (cell, pending)
	{
		PendingMessage *known = lfirst(cell);

		/* An outer level asked before: its message outlives the one of an inner level. */
		if (known->message == message && known->database == database)
			return;
	}

	caller = MemoryContextSwitchTo(TopTransactionContext);
	added = palloc(sizeof(PendingMessage));
	added->message = message;
	added->database = database;
	added->nest_level = GetCurrentTransactionNestLevel();
	pending = lappend(pending, added);
	MemoryContextSwitchTo(caller);
}

static uint64
hash_of_gid(const char *gid)
{
	return hash_bytes_extended((const unsigned char *) gid, (int) strlen(gid), 0);
}

void
at_commit_prepare(const char *gid)
{
	gid_hash = hash_of_gid(gid);
}

void
at_commit_prepared(const char *gid)
{
	PreparedMessage messages[PREPARED_MESSAGES_MAX];
	int count = shared_state_copy_prepared(hash_of_gid(gid), messages);

	for (int i = 0; i < count; i++)
		at_commit(messages[i].restart ? RESTART_WORKERS : SCOUT_DATABASE, messages[i].database);
}

/* Whoever ends the transaction wakes the workers in any case. */
static void
remember_message(const PendingMessage *message)
{
	PreparedMessage prepared = {.gid_hash = gid_hash,
								.database = message->database,
								.restart = message->message == RESTART_WORKERS};

	if (message->message != WAKE_WORKERS && message->message != WAKE_ALL_WORKERS)
		shared_state_note_prepared(&prepared);
}

static void
send_message(const PendingMessage *pending_message)
{
	switch (pending_message->message)
	{
		case WAKE_WORKERS:
			shared_state_wake_workers(pending_message->database);
			break;
		case WAKE_ALL_WORKERS:
			shared_state_wake_all_workers(pending_message->database);
			break;
		case SCOUT_DATABASE:
			shared_state_request_scout(pending_message->database);
			break;
		case RESTART_WORKERS:
			shared_state_restart_workers(pending_message->database);
			break;
	}
}

static void
end_transaction(XactEvent event, void *arg pg_attribute_unused())
{
	ListCell *cell;

	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			return;
		case XACT_EVENT_COMMIT:
			foreach (cell, pending)
				send_message(lfirst(cell));
			break;
		case XACT_EVENT_PREPARE:
			foreach (cell, pending)
				remember_message(lfirst(cell));
			break;
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PARALLEL_ABORT:
			break;
	}
	pending = NIL; /* its memory goes with the transaction */
}

static void
end_subtransaction(SubXactEvent event, SubTransactionId mine pg_attribute_unused(),
				   SubTransactionId parent pg_attribute_unused(), void *arg pg_attribute_unused())
{
	int ending_level = GetCurrentTransactionNestLevel();
	ListCell *cell;

	if (event != SUBXACT_EVENT_COMMIT_SUB && event != SUBXACT_EVENT_ABORT_SUB)
		return;
	foreach (cell, pending)
	{
		PendingMessage *message = lfirst(cell);

		if (message->nest_level < ending_level)
			continue;
		if (event == SUBXACT_EVENT_COMMIT_SUB)
			message->nest_level = ending_level - 1;
		else
			pending = foreach_delete_current(pending, cell);
	}
}

void
at_commit_install(void)
{
	RegisterXactCallback(end_transaction, NULL);
	RegisterSubXactCallback(end_subtransaction, NULL);
}
