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
#include "server/suspects.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/chores.h"
#include "worker/claiming.h"
#include "worker/page_repeats.h"
#include "worker/sweeps.h"

/* What is due and cannot be claimed now is looked at again then. */
#define LOOKS_APART_MS 1000

/* Commits ask for a look as well: it costs the more, the more lists there are, and may take two percent of the time. */
#define SHARE_OF_LOOKS 50
#define WOKEN_LOOKS_APART_MS 100

/* What cannot be claimed is looked at again then, and ever later; longer where the look itself takes long. */
#define FAILED_LOOK_BASE_MS (2 * 1000)
#define CANCELED_LOOK_BASE_MS (30 * 1000)
#define FAILED_LOOK_MAX_MS (10 * 60 * 1000)

static struct
{
	List *in_hand;             /* of Conversation */
	TimestampTz look_at;       /* 0: at once */
	TimestampTz woken_look_at; /* no sooner for a commit */
	int failures;              /* in a row */
	TimestampTz not_before;    /* whatever is committed */
} sweeps;

typedef struct Look
{
	bool queued;   /* perhaps */
	bool applying; /* what was listed before */
	List *claimed; /* of RepoSweep */
	TimestampTz next_at;
} Look;

/* Of a page each, or at rest. */
static int64 *
busy_installations(int *count)
{
	int64 *ids =
		palloc(sizeof(int64) * (list_length(sweeps.in_hand) + page_repeats_most_resting() + 1));
	ListCell *cell;

	*count = 0;
	foreach (cell, sweeps.in_hand)
		ids[(*count)++] = ((Conversation *) lfirst(cell))->installation->id;
	*count += page_repeats_add_resting(ids + *count);
	return ids;
}

static bool
apply_later(void)
{
	TransactionIds left_out[RECORD_TYPES] = {{0}};

	for (RecordType type = 0; type < RECORD_TYPES; type++)
		chores_add_left_out(SUSPECT_LISTED, type, &left_out[type]);
	return repo_sweeps_apply_later(&left_out[RECORD_TASK], &left_out[RECORD_COMMENT]);
}

/* DbAction */
static void
look_for_lists(void *argument)
{
	Look *result = argument;
	int count;
	int64 *busy = busy_installations(&count);

	/* With care it is done one by one, as chores. */
	if (!suspects_need_care())
	{
		result->applying = true;
		suspects_mark_many();
		result->queued = apply_later();
		/* What it queued may be refused by the commit yet. */
		result->applying = result->queued;
		chores_mark_activity(ACTIVITY_LISTS, RECORD_TASK);
	}
	result->claimed = repo_sweeps_claim(busy, count, TopMemoryContext);
	result->next_at = Min(repo_sweeps_next_time(busy, count), page_repeats_next_time());
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
	Conversation *conversation;
	char *url = sweep->page_link != NULL ? url_within(setting_api_url, sweep->page_link) : NULL;

	page_repeats_note_claim(sweep);
	conversation = conversation_of_sweep(sweep);
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

static void
space_woken_looks(TimestampTz began_at)
{
	TimestampTz now = GetCurrentTimestamp();
	long took_ms = TimestampDifferenceMilliseconds(began_at, now);
	long apart_ms = Min(Max(took_ms * SHARE_OF_LOOKS, WOKEN_LOOKS_APART_MS), LOOKS_APART_MS);

	sweeps.woken_look_at = TimestampTzPlusMilliseconds(now, apart_ms);
}

static bool
look_in_transaction(Look *result, DbError *error)
{
	TimestampTz began_at = GetCurrentTimestamp();
	bool succeeded;

	chores_mark_activity(ACTIVITY_LISTS, RECORD_TASK);
	db_begin("claiming lists to read");
	succeeded = db_try(look_for_lists, result, error);
	db_let_commit_be_lost();
	succeeded &= db_try_commit(error);
	if (succeeded)
		chores_note_activity_done(ACTIVITY_LISTS, RECORD_TASK);
	suspects_unmark();
	space_woken_looks(began_at);
	return succeeded;
}

static bool
may_claim(void)
{
	return setting_enabled && claiming_obstacle() == NULL;
}

static void
note_failed_look(const DbError *error)
{
	int64 base_ms = db_error_is_timeout(error) ? CANCELED_LOOK_BASE_MS : FAILED_LOOK_BASE_MS;

	if (!db_error_is_contention(error))
		sweeps.not_before = backoff_doubling(++sweeps.failures, base_ms, FAILED_LOOK_MAX_MS);
	sweeps.look_at = Max(backoff_in_ms(FAILED_LOOK_BASE_MS), sweeps.not_before);
	ereport(LOG,
			(errcode(error->sqlstate),
			 errmsg("github_sync: could not claim lists to read: %s", error->message)));
}

void
sweeps_claim(void)
{
	TimestampTz now = GetCurrentTimestamp();
	Look result = {.next_at = DT_NOEND};
	TimestampTz rests_until;
	DbError error;

	if (sweeps.look_at > now || !may_claim())
		return;
	/* Such a look, or what came of it, may have ended a worker. */
	rests_until = Max(chores_activity_rests_until(ACTIVITY_LISTS, RECORD_TASK),
					  chores_activity_rests_until(ACTIVITY_PAGES, RECORD_TASK));
	if (rests_until != 0)
	{
		sweeps.look_at = rests_until;
		return;
	}
	if (look_in_transaction(&result, &error))
	{
		sweeps.look_at = Max(result.next_at, backoff_in_ms(LOOKS_APART_MS));
		sweeps.failures = 0;
		begin_sweeps(result.claimed);
		if (result.queued)
			claiming_note_work(); /* our own commit does not wake us */
		return;
	}
	forget_all(result.claimed);
	/* Which of them failed is found out one by one, as chores. */
	if (result.applying && !db_error_is_contention(&error))
		suspects_ask_for_care();
	note_failed_look(&error);
}

void
sweeps_note_wake(void)
{
	sweeps.look_at = Max(Min(sweeps.look_at, sweeps.woken_look_at), sweeps.not_before);
}

void
sweeps_note_settings(void)
{
	page_repeats_forget();
	sweeps.failures = 0;
	sweeps.not_before = 0;
	sweeps_note_wake();
}

void
sweeps_go_on(Conversation *conversation)
{
	conversation_forget_answer(conversation);
	conversation->operation = conversation_operation_of_sweep(conversation);
	conversation->installation->sweep = conversation;
}

void
sweeps_end(Conversation *conversation)
{
	sweeps.in_hand = list_delete_ptr(sweeps.in_hand, conversation);
	sweeps.look_at = sweeps.not_before; /* the list may go on */
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
	sweeps.look_at = sweeps.not_before; /* when it may be claimed again, nobody else knows */
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
