/*
 * answers.c
 *		What GitHub's answers do to the queue: many in one transaction, each in
 *		a subtransaction of its own.
 */
#include "postgres.h"

#include "worker/answers.h"
#include "worker/claim_answer.h"
#include "worker/conversation.h"
#include "db/queue_report.h"
#include "db/transaction.h"
#include "worker/pauses.h"
#include "worker/preparation_answer.h"
#include "worker/recording.h"
#include "server/shared_state.h"
#include "utils/timestamp.h"

/* How many answers one transaction records at most: a bound on what a crash repeats. */
#define ANSWERS_PER_TRANSACTION 64

/* A row that the application holds: asked for again this often, this much apart. */
#define CONTENTION_RETRIES 8
#define CONTENTION_DELAY_MS 25

/* Nothing was sent: the row's fault, or the credentials'. */
static void
record_unsendable(Recording *recording)
{
	const Conversation *conversation = recording->conversation;

	if (conversation->claim == NULL || strcmp(conversation->unsendable_code, "credentials") == 0)
	{
		record_bad_credentials(recording, conversation->unsendable_reason);
		return;
	}
	if (github_operation_creates(conversation->operation))
		queue_report_rejected_creation(conversation->claim);
	queue_report_failure(conversation->claim, conversation->unsendable_code,
						 conversation->unsendable_reason);
}

/* A DbAction: runs again from the start when it was rolled back. */
static void
record_answer(void *argument)
{
	Recording *recording = argument;

	recording->disposition = CONVERSATION_ENDS;
	recording->trouble = NULL;
	recording->installation_state = NULL;
	if (recording->conversation->exchange == NULL)
		record_unsendable(recording);
	else if (recording->conversation->purpose == ABOUT_CLAIM)
		record_claim_answer(recording);
	else
		record_preparation_answer(recording);
}

typedef struct Failure
{
	Recording *recording;
	DbError error;
} Failure;

static void
record_failure(void *argument)
{
	Failure *failure = argument;
	Recording *recording = failure->recording;
	const char *reason =
		psprintf("%s: %s", unpack_sql_state(failure->error.sqlstate), failure->error.message);

	if (db_error_is_contention(&failure->error))
	{
		queue_report_give_back(recording->conversation->claim,
							   "the record was in use by other transactions", in_ms(1000));
		note_retry(recording, in_ms(1000));
	}
	else if (db_error_is_passing(&failure->error))
		try_again(recording, "apply_failed", reason);
	else
		queue_report_failure(recording->conversation->claim, "apply_failed", reason);
}

/* The answer could not be recorded: the application's table or its triggers refused. */
static void
handle_failure(Recording *recording, const DbError *error)
{
	Failure failure = {recording, *error};
	DbError second;

	recording->disposition = CONVERSATION_ENDS;
	recording->trouble = NULL;
	recording->installation_state = NULL;
	if (recording->conversation->claim == NULL)
		return;
	if (db_error_is_contention(error) && recording->conversation->postponed < CONTENTION_RETRIES)
	{
		recording->disposition = CONVERSATION_WAITS;
		return;
	}
	/* What it was in the middle of does not count any more. */
	if (!db_try(record_failure, &failure, &second))
	{
		conversations_note_lost();
		ereport(WARNING,
				(errcode(second.sqlstate),
				 errmsg("could not record the failure of transaction " INT64_FORMAT ": %s",
						recording->conversation->claim->id, second.message)));
	}
}

/* DbAction */
static void
record_installation(void *argument)
{
	Recording *recording = argument;
	Installation *installation = recording->conversation->installation;

	if (recording->installation_state != NULL)
		installations_set_state(installation->id, recording->installation_state);
	else
		installations_pause(installation->id, recording->paused_until, recording->trouble_kind,
							recording->trouble);
}

/* DbAction: somebody may have ended the pause for all workers, and this one would try in a circle. */
static void
renew_pause(void *argument)
{
	Recording *recording = argument;
	Installation *installation = recording->conversation->installation;

	installations_renew_pause(installation->id, installation->paused_until, recording->trouble_kind,
							  recording->trouble);
}

static void
record_trouble(Recording *recording, DbAction action)
{
	DbError error;

	if (!db_try(action, recording, &error))
		ereport(WARNING,
				(errcode(error.sqlstate),
				 errmsg("could not record the state of installation " INT64_FORMAT ": %s",
						recording->conversation->installation->id, error.message)));
}

static void
handle_trouble(Recording *recording)
{
	Installation *installation = recording->conversation->installation;
	const char *reason = recording->trouble ? recording->trouble : describe(recording);

	/* Their rows first: a disabled installation disables what is queued. */
	pauses_clear(installation, reason);
	/* What was under way when the pause began tells nothing new. */
	if (recording->trouble != NULL && installation->trouble_kind == recording->trouble_kind &&
		installation->paused_until > GetCurrentTimestamp())
	{
		record_trouble(recording, renew_pause);
		note_retry(recording, installation->paused_until);
		return;
	}
	record_trouble(recording, record_installation);
	installation_note_trouble(installation, recording->trouble_kind, recording->paused_until);
	note_retry(recording, recording->trouble ? recording->paused_until : DT_NOEND);
	installation->may_be_paused = true;
	shared_state_report_error(reason);
}

static void
note_success(Recording *recording)
{
	Installation *installation = recording->conversation->installation;

	if (recording->conversation->exchange == NULL ||
		recording->conversation->purpose != ABOUT_CLAIM)
		return;
	if (recording->judgement.verdict == GITHUB_OK ||
		recording->judgement.verdict == GITHUB_NOT_MODIFIED)
	{
		installation->troubles = 0;
		/* An answer to what was sent before a pause does not end it. */
		installation->may_be_paused = installation->paused_until > GetCurrentTimestamp();
	}
}

static Recording *
record_one(Conversation *conversation)
{
	Recording *recording = palloc0(sizeof(Recording));
	DbError error;

	recording->conversation = conversation;
	recording->retry_at = DT_NOEND;
	if (conversation->exchange != NULL)
		judge(recording);
	if (!db_try(record_answer, recording, &error))
		handle_failure(recording, &error);
	else if (recording->trouble != NULL || recording->installation_state != NULL)
		handle_trouble(recording);
	else
		note_success(recording);
	return recording;
}

/* Committed: now the conversation may go on. */
static void
conclude(Recording *recording)
{
	Conversation *conversation = recording->conversation;

	free(recording->json);
	if (conversation->purpose != ABOUT_CLAIM)
	{
		conversation_end_preparation(conversation);
		return;
	}
	switch (recording->disposition)
	{
		case CONVERSATION_ENDS:
			conversation_end(conversation);
			break;
		case CONVERSATION_GOES_ON:
			conversation_continue(conversation);
			break;
		case CONVERSATION_WAITS:
			conversation_postpone(conversation, CONTENTION_DELAY_MS << conversation->postponed);
			break;
	}
}

int
answers_record(TimestampTz *retry_at)
{
	Conversation *conversation = conversations_take_answer();
	List *recordings = NIL;
	ListCell *cell;

	if (conversation == NULL)
		return 0;
	db_begin("recording answers");
	do
	{
		recordings = lappend(recordings, record_one(conversation));
	} while (list_length(recordings) < ANSWERS_PER_TRANSACTION &&
			 (conversation = conversations_take_answer()) != NULL);
	db_commit();

	foreach (cell, recordings)
	{
		Recording *recording = lfirst(cell);

		*retry_at = Min(*retry_at, recording->retry_at);
		conclude(recording);
	}
	return list_length(recordings);
}
