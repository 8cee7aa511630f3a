/*
 * capture_pool.c
 *		Changes that wait for the end of the statement, or of the transaction, to be
 *		put into the queue.
 *
 * So that the many rows of one transaction share a subtransaction: more than 64
 * of a transaction are slow for all other sessions of the server.
 *
 * A change belongs to the subtransaction that made it.  The changes of the
 * current one are always the last ones, those of its parents stand before them.
 */
#include "postgres.h"

#include "access/xact.h"
#include "commands/trigger.h"
#include "db/capture_pool.h"
#include "utils/memutils.h"
#include "utils/snapmgr.h"

/* Then those of the current subtransaction are given away: this much memory they may take. */
#define CHANGES_MAX 10000
#define SIZE_MAX_BYTES (16 * 1024 * 1024)

/* An owner's triggers on the queue may write to attached tables: for ever, if they like. */
#define ROUNDS_MAX 100

typedef struct PooledChange
{
	CapturedChange *change;
	SubTransactionId made_in;
} PooledChange;

typedef struct CapturePool
{
	MemoryContext context;
	PooledChange *changes;
	int count;
	int allocated;
	Size size; /* of those that are there, and of those that are gone */
	CaptureBatch batch;
} CapturePool;

static CapturePool *pool = NULL; /* in TopTransactionContext */
static bool listening = false;

/* ---- what is in it ---- */

static CapturePool *
make_pool(CaptureBatch batch)
{
	MemoryContext context =
		AllocSetContextCreate(TopTransactionContext, "github_sync capture", ALLOCSET_DEFAULT_SIZES);
	CapturePool *made = MemoryContextAllocZero(context, sizeof(CapturePool));

	made->context = context;
	made->allocated = 64;
	made->changes = MemoryContextAlloc(context, sizeof(PooledChange) * made->allocated);
	made->batch = batch;
	return made;
}

/* The first one that the current subtransaction made. */
static int
first_of_current(const CapturePool *here)
{
	int first = here->count;

	while (first > 0 && here->changes[first - 1].made_in >= GetCurrentSubTransactionId())
		first--;
	return first;
}

static void
add_copy(CapturePool *here, const CapturedChange *change)
{
	if (here->count == here->allocated)
	{
		here->allocated *= 2;
		here->changes = repalloc_huge(here->changes, sizeof(PooledChange) * here->allocated);
	}
	here->changes[here->count].change = captured_change_copy(change, here->context);
	here->changes[here->count].made_in = GetCurrentSubTransactionId();
	here->count++;
	here->size += captured_change_size(change);
}

/* Takes those from the first one on out of the pool before it gives them: more may come meanwhile. */
static void
give_away(int first)
{
	CapturePool *given = pool;
	CapturePool *left = make_pool(given->batch);
	int count = given->count - first;
	CapturedChange **changes = MemoryContextAlloc(given->context, sizeof(*changes) * count);

	for (int i = 0; i < first; i++)
	{
		add_copy(left, given->changes[i].change);
		left->changes[i].made_in = given->changes[i].made_in;
	}
	for (int i = 0; i < count; i++)
		changes[i] = given->changes[first + i].change;
	pool = left;
	given->batch(changes, count);
	MemoryContextDelete(given->context);
}

/* ---- the ends of transactions ---- */

static void
give_away_all(void)
{
	for (int round = 0; pool != NULL && pool->count > 0 && round < ROUNDS_MAX; round++)
	{
		PushActiveSnapshot(GetTransactionSnapshot());
		give_away(0);
		PopActiveSnapshot();
		/* The server has fired those of the transaction already. */
		AfterTriggerFireDeferred();
	}
}

static void
empty_at_end(XactEvent event, void *arg pg_attribute_unused())
{
	switch (event)
	{
		case XACT_EVENT_PRE_COMMIT:
		case XACT_EVENT_PRE_PREPARE:
			give_away_all();
			break;
		case XACT_EVENT_COMMIT:
		case XACT_EVENT_ABORT:
		case XACT_EVENT_PREPARE:
			pool = NULL; /* its memory goes with the transaction */
			break;
		case XACT_EVENT_PARALLEL_PRE_COMMIT:
		case XACT_EVENT_PARALLEL_COMMIT:
		case XACT_EVENT_PARALLEL_ABORT:
			break; /* nothing is written in parallel */
	}
}

static void
follow_subtransaction(SubXactEvent event, SubTransactionId mine, SubTransactionId parent,
					  void *arg pg_attribute_unused())
{
	if (pool == NULL)
		return;
	if (event == SUBXACT_EVENT_ABORT_SUB)
	{
		while (pool->count > 0 && pool->changes[pool->count - 1].made_in >= mine)
			pool->count--;
	}
	else if (event == SUBXACT_EVENT_COMMIT_SUB)
	{
		for (int i = pool->count; i > 0 && pool->changes[i - 1].made_in >= mine; i--)
			pool->changes[i - 1].made_in = parent;
	}
}

static void
listen_for_ends(void)
{
	if (listening)
		return;
	RegisterXactCallback(empty_at_end, NULL);
	RegisterSubXactCallback(follow_subtransaction, NULL);
	listening = true;
}

void
capture_pool_add(const CapturedChange *change, CaptureBatch batch)
{
	listen_for_ends();
	if (pool == NULL)
		pool = make_pool(batch);
	add_copy(pool, change);
	if (pool->count < CHANGES_MAX && pool->size < SIZE_MAX_BYTES)
		return;
	/* What a parent made is given by the parent: it may outlive the current one. */
	if (first_of_current(pool) == 0 || pool->count - first_of_current(pool) >= CHANGES_MAX / 2)
		give_away(first_of_current(pool));
}

int
capture_pool_current(void)
{
	return pool == NULL ? 0 : pool->count - first_of_current(pool);
}

void
capture_pool_give_current(void)
{
	give_away(first_of_current(pool));
}
