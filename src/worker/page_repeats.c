/*
 * page_repeats.c
 *		Pages of lists that are claimed again and again: their installation's lists rest.
 *
 * Of each list the page that was claimed last is kept: another one begins a new
 * count.  Lists that were not claimed for a while are forgotten, so that memory
 * is bounded by what can be claimed in that time.
 */
#include "postgres.h"

#include "access/xact.h"
#include "common/hashfn.h"
#include "server/settings.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/page_repeats.h"

/* A pause of the installation, or a smaller page, is behind a few. */
#define CLAIMS_MAX 20

#define REST_BASE_MS 500
#define REST_MAX_MS (60 * 1000)

/* What is claimed as long after it could have been, does not run in a circle; nor what is due so often. */
#define CIRCLE_MS (10 * 1000)

#define LISTS_KEPT 1024

typedef struct ListKey
{
	int64 github_repo_id;
	uint64 stream; /* by its name */
} ListKey;

typedef struct PageRepeat
{
	ListKey key;
	int64 installation_id;
	uint64 page;
	int claims; /* of this page, in a row */
	TimestampTz may_be_claimed_at;
} PageRepeat;

static HTAB *lists = NULL;
static TimestampTz last_rest_ends = 0;

static void
make_table_of_lists(void)
{
	HASHCTL control = {.keysize = sizeof(ListKey),
					   .entrysize = sizeof(PageRepeat),
					   .hcxt = TopMemoryContext};

	lists = hash_create("lists of late", 64, &control, HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

/* What runs in a circle does so at once. */
static int64
circle_ms(void)
{
	int64 shortest_s = setting_reconcile_interval_s;

	if (setting_delivery_log_interval_s > 0)
		shortest_s = Min(shortest_s, setting_delivery_log_interval_s);
	return shortest_s > 0 ? Min(CIRCLE_MS, shortest_s * 1000 / 2) : CIRCLE_MS;
}

static void
forget_old_lists(TimestampTz now)
{
	HASH_SEQ_STATUS scan;
	PageRepeat *list;

	hash_seq_init(&scan, lists);
	while ((list = hash_seq_search(&scan)) != NULL)
	{
		if (now > TimestampTzPlusMilliseconds(list->may_be_claimed_at, CIRCLE_MS))
			hash_search(lists, &list->key, HASH_REMOVE, NULL);
	}
}

static uint64
hash_of_words(const char *text)
{
	return hash_bytes_extended((const unsigned char *) text, (int) strlen(text), 0);
}

static uint64
page_of(const RepoSweep *sweep)
{
	const char *text =
		psprintf("%d %d %d " INT64_FORMAT " " INT64_FORMAT " %s %s", (int) sweep->operation,
				 sweep->issue_number, sweep->page_size, sweep->since, sweep->delivery_id,
				 sweep->page_link != NULL ? sweep->page_link : "",
				 sweep->asked_name != NULL ? sweep->asked_name : "");

	return hash_of_words(text);
}

static PageRepeat *
find_or_enter_list(const RepoSweep *sweep, TimestampTz now)
{
	ListKey key = {.github_repo_id = sweep->github_repo_id, .stream = hash_of_words(sweep->stream)};
	PageRepeat *list;
	bool found;

	if (lists == NULL)
		make_table_of_lists();
	if (hash_get_num_entries(lists) >= LISTS_KEPT)
		forget_old_lists(now);
	list = hash_search(lists, &key, HASH_ENTER, &found);
	if (!found)
		*list = (PageRepeat){.key = key};
	return list;
}

static void
log_rest_of_lists(const RepoSweep *sweep, int claims)
{
	ereport(LOG,
			(errmsg("github_sync: the same page of the %s of repository " INT64_FORMAT
					" was claimed %d times within a short time, and the lists of its installation "
					"rest now and then",
					sweep->stream, sweep->github_repo_id, claims),
			 errhint("Something undoes what becomes of it: see the triggers and constraints of "
					 "github_sync.repo_sweeps and of the tables beside it.")));
}

void
page_repeats_note_claim(const RepoSweep *sweep)
{
	TimestampTz now = GetCurrentTimestamp();
	PageRepeat *list = find_or_enter_list(sweep, now);
	uint64 page = page_of(sweep);

	if (page != list->page ||
		now > TimestampTzPlusMilliseconds(list->may_be_claimed_at, circle_ms()))
		list->claims = 0;
	list->page = page;
	list->installation_id = sweep->installation_id;
	list->may_be_claimed_at = now;
	if (++list->claims <= CLAIMS_MAX)
		return;
	list->may_be_claimed_at =
		backoff_doubling(list->claims - CLAIMS_MAX, REST_BASE_MS, REST_MAX_MS);
	last_rest_ends = Max(last_rest_ends, list->may_be_claimed_at);
	if (list->claims == CLAIMS_MAX + 1)
		log_rest_of_lists(sweep, list->claims);
}

static bool
none_rests(TimestampTz now)
{
	return lists == NULL || last_rest_ends <= now;
}

int
page_repeats_most_resting(void)
{
	return none_rests(GetCurrentTimestamp()) ? 0 : (int) hash_get_num_entries(lists);
}

int
page_repeats_add_resting(int64 *installations)
{
	TimestampTz now = GetCurrentTimestamp();
	HASH_SEQ_STATUS scan;
	PageRepeat *list;
	int count = 0;

	if (none_rests(now))
		return 0;
	hash_seq_init(&scan, lists);
	while ((list = hash_seq_search(&scan)) != NULL)
	{
		if (list->may_be_claimed_at > now)
			installations[count++] = list->installation_id;
	}
	return count;
}

TimestampTz
page_repeats_next_time(void)
{
	/* A rest that ends while the look goes on may have left its installation out before. */
	TimestampTz began_at = GetCurrentTransactionStartTimestamp();
	TimestampTz next = DT_NOEND;
	HASH_SEQ_STATUS scan;
	PageRepeat *list;

	if (none_rests(began_at))
		return DT_NOEND;
	hash_seq_init(&scan, lists);
	while ((list = hash_seq_search(&scan)) != NULL)
	{
		if (list->may_be_claimed_at > began_at)
			next = Min(next, list->may_be_claimed_at);
	}
	return next;
}

void
page_repeats_forget(void)
{
	if (lists != NULL)
		hash_destroy(lists);
	lists = NULL;
	last_rest_ends = 0;
}
