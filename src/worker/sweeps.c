/*
 * sweeps.c
 *		Which lists of repositories this worker reads, and when it looks again.
 *
 * What a worker holds is in the database by its process id and here by its
 * conversations: a page that is in the database alone is claimed again.
 */
#include "postgres.h"

#include "core/url.h"
#include "db/transaction.h"
#include "server/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/claiming.h"
#include "worker/sweeps.h"

/* A look costs a statement: commits ask for one no more often. */
#define LOOKS_APART_MS 1000

/* What cannot be claimed is looked at again then. */
#define FAILED_LOOK_MS (30 * 1000)

static struct
{
	List *in_hand;       /* of Conversation */
	TimestampTz look_at; /* 0: at once */
	TimestampTz looked_at;
} sweeps;

typedef struct Look
{
	bool queued;   /* perhaps */
	List *claimed; /* of RepoSweep */
	TimestampTz next_at;
} Look;

static int64 *
busy_installations(int *count)
{
	int64 *ids = palloc(sizeof(int64) * Max(list_length(sweeps.in_hand), 1));
	ListCell *cell;

	*count = 0;
	foreach (cell, sweeps.in_hand)
		ids[(*count)++] = ((Conversation *) lfirst(cell))->installation->id;
	return ids;
}

/* DbAction */
static void
look_for_lists(void *argument)
{
	Look *result = argument;
	int count;
	int64 *busy = busy_installations(&count);

	result->queued = repo_sweeps_apply_later();
	result->claimed = repo_sweeps_claim(busy, count, TopMemoryContext);
	result->next_at = repo_sweeps_next_time(busy, count);
}

static void
hold(Conversation *conversation)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	sweeps.in_hand = lappend(sweeps.in_hand, conversation);
	MemoryContextSwitchTo(caller);
}

/* A link that leads elsewhere is not followed: the step begins anew, as without one. */
static void
begin_sweep(RepoSweep *sweep)
{
	Conversation *conversation = conversation_of_sweep(sweep);
	char *url = sweep->page_link != NULL ? url_within(setting_api_url, sweep->page_link) : NULL;

	if (url != NULL)
		conversation_go_to(conversation, url);
	hold(conversation);
	sweeps_go_on(conversation);
}

static void
begin_sweeps(List *claimed)
{
	ListCell *cell;

	foreach (cell, claimed)
		begin_sweep(lfirst(cell));
	list_free(claimed);
}

static void
forget_all(List *claimed)
{
	ListCell *cell;

	foreach (cell, claimed)
		repo_sweeps_free(lfirst(cell));
	list_free(claimed);
}

static bool
look_in_transaction(Look *result, DbError *error)
{
	bool succeeded;

	db_begin("claiming lists to read");
	succeeded = db_try(look_for_lists, result, error);
	return db_try_commit(error) && succeeded;
}

static bool
may_claim(void)
{
	return setting_enabled && claiming_obstacle() == NULL;
}

void
sweeps_claim(void)
{
	TimestampTz now = GetCurrentTimestamp();
	Look result = {.next_at = DT_NOEND};
	DbError error;

	if (sweeps.look_at > now || !may_claim())
		return;
	sweeps.looked_at = now;
	if (look_in_transaction(&result, &error))
	{
		sweeps.look_at = Max(result.next_at, backoff_in_ms(LOOKS_APART_MS));
		begin_sweeps(result.claimed);
		if (result.queued)
			claiming_note_work(); /* our own commit does not wake us */
		return;
	}
	forget_all(result.claimed);
	sweeps.look_at = backoff_in_ms(FAILED_LOOK_MS);
	ereport(LOG,
			(errcode(error.sqlstate),
			 errmsg("github_sync: could not claim lists to read: %s", error.message)));
}

void
sweeps_note_wake(void)
{
	sweeps.look_at =
		Min(sweeps.look_at, TimestampTzPlusMilliseconds(sweeps.looked_at, LOOKS_APART_MS));
}

void
sweeps_go_on(Conversation *conversation)
{
	conversation_forget_answer(conversation);
	conversation->installation->sweep = conversation;
}

void
sweeps_end(Conversation *conversation)
{
	sweeps.in_hand = list_delete_ptr(sweeps.in_hand, conversation);
	sweeps.look_at = 0;   /* the list may go on */
	claiming_note_work(); /* a page may have queued something: our own commit does not wake us */
	if (conversation->installation->sweep == conversation)
		conversation->installation->sweep = NULL;
	conversation_end(conversation);
}

void
sweeps_give_back(Installation *installation)
{
	Conversation *conversation = installation->sweep;

	if (conversation == NULL)
		return;
	installation->sweep = NULL;
	sweeps.in_hand = list_delete_ptr(sweeps.in_hand, conversation);
	conversation_end(conversation);
}

void
sweeps_give_back_all(void)
{
	ListCell *cell;

	foreach (cell, sweeps.in_hand)
	{
		Conversation *conversation = lfirst(cell);

		if (conversation->installation->sweep != conversation)
			continue;
		conversation->installation->sweep = NULL;
		sweeps.in_hand = foreach_delete_current(sweeps.in_hand, cell);
		conversation_end(conversation);
	}
}

bool
sweeps_are_under_way(void)
{
	return sweeps.in_hand != NIL;
}

TimestampTz
sweeps_next_time(void)
{
	return may_claim() ? sweeps.look_at : DT_NOEND;
}
