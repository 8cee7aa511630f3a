/*
 * lost_claims.c
 *		Rows that a worker ended with: tried alone, and errored in the end.
 */
#include "postgres.h"

#include "server/settings.h"
#include "server/shared_state.h"
#include "server/suspects.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/lost_claims.h"

/* After so many it is errored; when a worker ends even with that, it is left alone for long. */
#define LOST_CLAIMS_MAX 5
#define LEFT_ALONE_MS (5 * 60 * 1000)

#define RETRY_MAX_MS (60 * 1000)
#define HELD_RETRY_MS 1000

/* For so long it stands behind all others. */
#define PATIENCE_MS (60 * 1000)

static LostClaim all[SUSPECTS_PER_DATABASE];
static int count = 0;

static LostClaim *
find(RecordType record_type, int64 id)
{
	for (int i = 0; i < count; i++)
	{
		if (all[i].record_type == record_type && all[i].id == id)
			return &all[i];
	}
	return NULL;
}

static bool
is_left_alone(int ends)
{
	return ends > LOST_CLAIMS_MAX;
}

static TimestampTz
time_of_next_try(int ends)
{
	if (is_left_alone(ends))
		return backoff_in_ms(LEFT_ALONE_MS);
	return backoff_doubling(ends, setting_retry_base_delay_ms, RETRY_MAX_MS);
}

static char *
words_for_left_alone(RecordType record_type, int64 id)
{
	return psprintf("%s transaction " INT64_FORMAT
					": left alone for a while, as not even an error of it can be recorded",
					record_type_name(record_type), id);
}

static LostClaim
lost_claim_of(const Suspect *suspect)
{
	const LostClaim *known = find(suspect->record_type, suspect->id);

	if (known != NULL && known->ends == suspect->ends)
		return *known;
	if (suspect->ends == LOST_CLAIMS_MAX + 1)
		ereport(LOG,
				(errmsg("github_sync: %s",
						words_for_left_alone(suspect->record_type, suspect->id))));
	return (LostClaim){.record_type = suspect->record_type,
					   .id = suspect->id,
					   .ends = suspect->ends,
					   .give_up = suspect->ends >= LOST_CLAIMS_MAX,
					   .next_at = time_of_next_try(suspect->ends)};
}

void
lost_claims_load(void)
{
	Suspect suspects[SUSPECTS_PER_DATABASE];
	LostClaim loaded[SUSPECTS_PER_DATABASE] = {{0}};
	int loaded_count = suspects_copy(suspects);

	int claims = 0;

	for (int i = 0; i < loaded_count; i++)
	{
		if (suspects[i].kind == SUSPECT_TRANSACTION)
			loaded[claims++] = lost_claim_of(&suspects[i]);
	}
	memcpy(all, loaded, sizeof(LostClaim) * claims);
	count = claims;
}

void
lost_claims_note(RecordType record_type, int64 id)
{
	suspects_note_end(SUSPECT_TRANSACTION, record_type, id);
	lost_claims_load();
}

void
lost_claims_note_outcome(RecordType record_type, int64 id)
{
	if (find(record_type, id) == NULL)
		return;
	suspects_forget(SUSPECT_TRANSACTION, record_type, id);
	lost_claims_load();
}

void
lost_claims_report_left_alone(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < count; i++)
	{
		if (is_left_alone(all[i].ends) && all[i].next_at > now)
			shared_state_report_error(words_for_left_alone(all[i].record_type, all[i].id));
	}
}

void
lost_claims_add_ids(RecordType record_type, TransactionIds *ids)
{
	for (int i = 0; i < count; i++)
	{
		if (all[i].record_type == record_type)
			queue_claim_add_id(ids, all[i].id);
	}
}

bool
lost_claims_any_in_hand(void)
{
	for (int i = 0; i < count; i++)
	{
		if (all[i].in_hand)
			return true;
	}
	return false;
}

LostClaim *
lost_claims_due(void)
{
	TimestampTz now = GetCurrentTimestamp();

	for (int i = 0; i < count; i++)
	{
		if (!all[i].in_hand && all[i].next_at <= now)
			return &all[i];
	}
	return NULL;
}

void
lost_claims_try_again(void)
{
	for (int i = 0; i < count; i++)
		all[i].next_at = Min(all[i].next_at, GetCurrentTimestamp());
}

bool
lost_claims_has_waited(const LostClaim *lost)
{
	return GetCurrentTimestamp() >= TimestampTzPlusMilliseconds(lost->next_at, PATIENCE_MS);
}

bool
lost_claims_postpone(RecordType record_type, int64 id)
{
	LostClaim *lost = find(record_type, id);

	if (lost != NULL)
		lost->next_at = backoff_in_ms(HELD_RETRY_MS);
	return lost != NULL;
}

TimestampTz
lost_claims_next_time(void)
{
	TimestampTz next = DT_NOEND;

	for (int i = 0; i < count; i++)
	{
		if (!all[i].in_hand)
			next = Min(next, all[i].next_at);
	}
	return next;
}
