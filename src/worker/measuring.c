/*
 * measuring.c
 *		What this worker counts of its conversations, for sync_stats.
 */
#include "postgres.h"

#include "server/statistics.h"
#include "utils/timestamp.h"
#include "worker/measuring.h"

static StatisticsSubject
subject_of_claim(const SyncClaim *claim)
{
	switch (claim->record_type)
	{
		case RECORD_TASK:
			return claim->is_outbound ? SUBJECT_TASKS_OUTBOUND : SUBJECT_TASKS_INBOUND;
		case RECORD_COMMENT:
			return claim->is_outbound ? SUBJECT_COMMENTS_OUTBOUND : SUBJECT_COMMENTS_INBOUND;
	}
	pg_unreachable();
}

static StatisticsSubject
subject_of(const Conversation *conversation)
{
	switch (conversation->purpose)
	{
		case ABOUT_CLAIM:
			return subject_of_claim(conversation->claim);
		case ABOUT_SWEEP:
			return SUBJECT_LISTS;
		case ABOUT_TOKEN:
		case ABOUT_IDENTITY:
			return SUBJECT_APP;
	}
	pg_unreachable();
}

/* How long it stood in line is told by the first of its requests alone. */
static void
note_wait(Conversation *conversation)
{
	SyncClaim *claim = conversation->claim;

	if (claim == NULL || claim->waiting_since == 0)
		return;
	statistics_note_time(subject_of(conversation), STAGE_WAITED, claim->waiting_since,
						 conversation->sent_at);
	claim->waiting_since = 0;
}

void
measuring_note_sent(Conversation *conversation)
{
	conversation->sent_at = GetCurrentTimestamp();
	conversation->answered_at = 0;
	note_wait(conversation);
}

void
measuring_note_answer(Conversation *conversation)
{
	const Answer *answer = conversation->answer;
	StatisticsSubject subject = subject_of(conversation);

	conversation->answered_at = GetCurrentTimestamp();
	statistics_note_answer(subject, answer->status, verdict_length(answer));
	if (answer->status != 0)
		statistics_note_time(subject, STAGE_ANSWERED, conversation->sent_at,
							 conversation->answered_at);
}

void
measuring_note_report(const Conversation *conversation, bool ends)
{
	StatisticsSubject subject = subject_of(conversation);

	if (conversation->answer != NULL && conversation->answered_at != 0)
		statistics_note_time(subject, STAGE_APPLIED, conversation->answered_at,
							 GetCurrentTimestamp());
	if (ends && conversation->claim != NULL)
		statistics_note_end(subject, conversation->claim->state);
}
