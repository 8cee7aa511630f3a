/*
 * repeats.c
 *		Rows that are claimed again and again: they rest.
 *
 * What was claimed lately is kept in two tables.  When one of them is full, or
 * of some age, the older one is forgotten, but for the rows that were claimed
 * since: so memory is bounded, and a row that comes again is never lost among
 * many that do not.
 */
#include "postgres.h"

#include "access/xact.h"
#include "server/shared_state.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/repeats.h"
#include "worker/row_key.h"

/* More than any row needs in so short a time: tries, looks for a creation, replicas that lag. */
#define CLAIMS_MAX 20

#define REST_BASE_MS 500
#define REST_MAX_MS (60 * 1000)

/* What is claimed as long after it could have been, is not what runs in a circle: the probe of an outage, say. */
#define CIRCLE_MS (10 * 1000)

/* Longer than the longest rest: who comes again after it is known. */
#define TABLE_LASTS_MS (2 * REST_MAX_MS)
#define TABLE_SIZE 8192

typedef struct Repeat
{
	RowKey key;
	int claims; /* in a row */
	TimestampTz may_be_claimed_at;
} Repeat;

static HTAB *present = NULL;
static HTAB *former = NULL;
static TimestampTz present_since = 0;
static TimestampTz last_rest_ends = 0;

static HTAB *
make_table_of_claims(void)
{
	HASHCTL control = {.keysize = sizeof(RowKey),
					   .entrysize = sizeof(Repeat),
					   .hcxt = TopMemoryContext};

	return hash_create("claims of late", 256, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static Repeat *
enter_repeat(const Repeat *row)
{
	bool found;
	Repeat *entered = hash_search(present, &row->key, HASH_ENTER, &found);

	if (!found)
		*entered = *row;
	return entered;
}

/* The table that was there before gives way. */
static void
begin_table(void)
{
	HTAB *oldest = former;
	HASH_SEQ_STATUS scan;
	Repeat *row;

	former = present;
	present = make_table_of_claims();
	present_since = GetCurrentTimestamp();
	if (oldest == NULL)
		return;
	/* Those that rest, or have just done so, were not claimed for long. */
	hash_seq_init(&scan, oldest);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		if (TimestampTzPlusMilliseconds(row->may_be_claimed_at, CIRCLE_MS) > present_since)
			enter_repeat(row);
	}
	hash_destroy(oldest);
}

static bool
is_full(void)
{
	return present == NULL || hash_get_num_entries(present) >= TABLE_SIZE ||
		GetCurrentTimestamp() > TimestampTzPlusMilliseconds(present_since, TABLE_LASTS_MS);
}

static Repeat *
find_repeat(RowKey key)
{
	Repeat *row = present == NULL ? NULL : hash_search(present, &key, HASH_FIND, NULL);

	return row != NULL || former == NULL ? row : hash_search(former, &key, HASH_FIND, NULL);
}

static Repeat *
find_or_enter_repeat(RowKey key)
{
	Repeat unknown = {.key = key};
	Repeat *row = find_repeat(key);

	/* In the present table, so that it is not forgotten with the former one. */
	return enter_repeat(row != NULL ? row : &unknown);
}

static char *
words_for_repeat(RecordType record_type, const Repeat *row)
{
	return psprintf("%s transaction " INT64_FORMAT
					" was claimed %d times within a short time, and rests now and then",
					record_type_name(record_type), row->key.id, row->claims);
}

static void
log_rest(RecordType record_type, const Repeat *row)
{
	ereport(LOG,
			(errmsg("github_sync: %s", words_for_repeat(record_type, row)),
			 errhint("Something undoes what becomes of it, or has it retried at once: see the "
					 "triggers, rules and constraints of github_sync.%s_sync_transactions and of "
					 "the tables beside it.",
					 record_type_name(record_type))));
}

void
repeats_note_claim(RecordType record_type, int64 id)
{
	TimestampTz now = GetCurrentTimestamp();
	Repeat *row;

	if (is_full())
		begin_table();
	row = find_or_enter_repeat(row_key(record_type, id));
	if (now > TimestampTzPlusMilliseconds(row->may_be_claimed_at, CIRCLE_MS))
		row->claims = 0;
	row->may_be_claimed_at = now;
	if (++row->claims <= CLAIMS_MAX)
		return;
	row->may_be_claimed_at = backoff_doubling(row->claims - CLAIMS_MAX, REST_BASE_MS, REST_MAX_MS);
	last_rest_ends = Max(last_rest_ends, row->may_be_claimed_at);
	if (row->claims == CLAIMS_MAX + 1)
		log_rest(record_type, row);
}

void
repeats_take_back(RecordType record_type, int64 id)
{
	Repeat *row = find_repeat(row_key(record_type, id));

	if (row != NULL && row->claims > 0)
		row->claims--;
}

static void
add_resting_of(HTAB *table, RecordType record_type, TransactionIds *ids)
{
	TimestampTz now = GetCurrentTimestamp();
	HASH_SEQ_STATUS scan;
	Repeat *row;

	if (table == NULL)
		return;
	hash_seq_init(&scan, table);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		if (row->key.record_type == (int64) record_type && row->may_be_claimed_at > now)
			queue_claim_add_id(ids, row->key.id);
	}
}

void
repeats_add_resting(RecordType record_type, TransactionIds *ids)
{
	if (last_rest_ends <= GetCurrentTimestamp())
		return;
	add_resting_of(present, record_type, ids);
	add_resting_of(former, record_type, ids);
}

static const Repeat *
most_claimed_of(HTAB *table, const Repeat *most)
{
	TimestampTz now = GetCurrentTimestamp();
	HASH_SEQ_STATUS scan;
	const Repeat *row;

	if (table == NULL)
		return most;
	hash_seq_init(&scan, table);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		if (row->may_be_claimed_at > now && (most == NULL || row->claims > most->claims))
			most = row;
	}
	return most;
}

void
repeats_report_resting(void)
{
	const Repeat *most;

	if (last_rest_ends <= GetCurrentTimestamp())
		return;
	most = most_claimed_of(former, most_claimed_of(present, NULL));
	if (most != NULL)
		shared_state_report_error(words_for_repeat((RecordType) most->key.record_type, most));
}

static TimestampTz
next_time_of(HTAB *table, TimestampTz began_at)
{
	TimestampTz next = DT_NOEND;
	HASH_SEQ_STATUS scan;
	Repeat *row;

	if (table == NULL)
		return DT_NOEND;
	hash_seq_init(&scan, table);
	while ((row = hash_seq_search(&scan)) != NULL)
	{
		if (row->may_be_claimed_at > began_at)
			next = Min(next, row->may_be_claimed_at);
	}
	return next;
}

TimestampTz
repeats_next_time(void)
{
	/* A rest that ends while the round goes on may have left its row out before. */
	TimestampTz began_at = GetCurrentTransactionStartTimestamp();

	if (last_rest_ends <= began_at)
		return DT_NOEND;
	return Min(next_time_of(present, began_at), next_time_of(former, began_at));
}

void
repeats_forget(void)
{
	if (present != NULL)
		hash_destroy(present);
	if (former != NULL)
		hash_destroy(former);
	present = former = NULL;
	last_rest_ends = 0;
}
