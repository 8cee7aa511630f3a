/*
 * passed.c
 *		Rows that a claim passed over, because somebody held what they are about.
 */
#include "postgres.h"

#include "access/xact.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/passed.h"
#include "worker/row_key.h"

/* The first wait, and how often it is doubled. */
#define WAIT_BASE_MS 2
#define WAIT_DOUBLINGS 9

/*
 * What a commit may have freed is looked at so often, and no sooner after the last look once that was in vain a few
 * times.  Beyond that, commits come from what is done in vain itself, or it is held for long.
 */
#define QUICK_LOOKS 6
#define LOOKS_AT_COMMITS 40 /* of few rows; of many the quick ones only */
#define FEW 8

/* A row that is not claimed, and not held any more, has gone another way. */
#define FORGOTTEN_AFTER_MS (5 * 1000)

typedef struct PassedRow
{
	RowKey key;
	int times; /* in a row */
	TimestampTz looked_at;
	TimestampTz not_before;
} PassedRow;

static HTAB *rows = NULL;

static void
make_table_of_passed(void)
{
	HASHCTL control = {.keysize = sizeof(RowKey),
					   .entrysize = sizeof(PassedRow),
					   .hcxt = TopMemoryContext};

	rows = hash_create("rows passed over", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static bool
none_is_passed(void)
{
	return rows == NULL || hash_get_num_entries(rows) == 0;
}

/* Those that wait equally long are looked at together, by one claim. */
static TimestampTz
time_of_next_look(TimestampTz now, int times)
{
	int64 wait_us = (int64) 1000 * (WAIT_BASE_MS << Min(times - 1, WAIT_DOUBLINGS));

	return (now + wait_us / 2 + wait_us - 1) / wait_us * wait_us;
}

void
passed_note(RecordType record_type, int64 id)
{
	RowKey key = row_key(record_type, id);
	PassedRow *row;
	bool found;

	if (rows == NULL)
		make_table_of_passed();
	row = hash_search(rows, &key, HASH_ENTER, &found);
	row->times = found ? row->times + 1 : 1;
	row->looked_at = GetCurrentTimestamp();
	row->not_before = time_of_next_look(row->looked_at, row->times);
}

void
passed_note_claim(RecordType record_type, int64 id)
{
	RowKey key = row_key(record_type, id);

	if (!none_is_passed())
		hash_search(rows, &key, HASH_REMOVE, NULL);
}

static bool
may_be_free(const PassedRow *row, bool few, TimestampTz now)
{
	if (row->times <= QUICK_LOOKS)
		return true;
	return few && row->times <= LOOKS_AT_COMMITS && backoff_allows_look(row->looked_at, now);
}

void
passed_note_wake(void)
{
	bool few;
	TimestampTz now;
	HASH_SEQ_STATUS scan;
	PassedRow *row;

	if (none_is_passed())
		return;
	few = hash_get_num_entries(rows) <= FEW;
	now = GetCurrentTimestamp();
	hash_seq_init(&scan, rows);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		if (may_be_free(row, few, now))
			row->not_before = now;
	}
}

void
passed_add_ids(RecordType record_type, TransactionIds *ids)
{
	TimestampTz now = GetCurrentTimestamp();
	HASH_SEQ_STATUS scan;
	PassedRow *row;

	if (none_is_passed())
		return;
	hash_seq_init(&scan, rows);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		if (row->not_before > now && row->key.record_type == (int64) record_type)
			queue_claim_add_id(ids, row->key.id);
		else if (TimestampTzPlusMilliseconds(row->not_before, FORGOTTEN_AFTER_MS) < now)
			hash_search(rows, &row->key, HASH_REMOVE, NULL);
	}
}

TimestampTz
passed_next_time(void)
{
	TimestampTz began_at = GetCurrentTransactionStartTimestamp();
	TimestampTz next = DT_NOEND;
	HASH_SEQ_STATUS scan;
	PassedRow *row;

	if (none_is_passed())
		return DT_NOEND;
	hash_seq_init(&scan, rows);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		/* One whose time had come when the round began was looked at, and is neither held nor claimed. */
		if (row->not_before > began_at)
			next = Min(next, row->not_before);
	}
	return next;
}
