/*
 * answers.c
 *		What GitHub's answers do to the queue.
 *
 * A verdict (core) becomes a report to the queue (db).  A trouble is one of
 * the installation as a whole: a rate limit, bad credentials, GitHub out of
 * reach; it pauses the installation and costs no row an attempt.
 */
#include "postgres.h"

#include <time.h>

#include "answers.h"
#include "common/pg_prng.h"
#include "conversation.h"
#include "core/github_resource.h"
#include "core/github_response.h"
#include "core/github_token.h"
#include "core/retry_schedule.h"
#include "db/sync_queue.h"
#include "db/transaction.h"
#include "settings.h"
#include "shared_state.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* How many answers one transaction records at most: a bound on what a crash repeats. */
#define ANSWERS_PER_TRANSACTION 64

/* A row that the application holds: asked for again this often, this much apart. */
#define CONTENTION_RETRIES 8
#define CONTENTION_DELAY_MS 25

#define MAX_REDIRECTS 3
#define SECONDARY_LIMIT_MS (60 * 1000)
#define TROUBLE_MAX_MS (60 * 60 * 1000)

/* A creation's list entry may be dated a little before we sent it. */
#define LOOK_MARGIN_S 600
#define LOOK_MAX_PAGES 100

typedef enum Disposition
{
	CONVERSATION_ENDS,
	CONVERSATION_GOES_ON, /* its next request follows */
	CONVERSATION_WAITS    /* its recording is tried again */
} Disposition;

/* What one answer asks of us, worked out while it is recorded. */
typedef struct Recording
{
	Conversation *conversation;
	GithubResponse response;
	GithubJudgement judgement;
	char *json;    /* sanitized body, malloc'd; NULL: none */
	char *message; /* GitHub's words, palloc'd; NULL: none */
	Disposition disposition;
	const char *trouble; /* why the installation pauses; NULL: it does not */
	TimestampTz paused_until;
	const char *installation_state; /* what GitHub says it is; NULL: nothing */
	TimestampTz retry_at;
} Recording;

static int64
now_in_seconds(void)
{
	return (int64) time(NULL);
}

static int64
answered_at(const Recording *recording)
{
	int64 seconds;

	if (recording->response.date != NULL &&
		github_http_date_parse(recording->response.date, &seconds))
		return seconds;
	return now_in_seconds();
}

static TimestampTz
in_ms(int64 delay_ms)
{
	return TimestampTzPlusMilliseconds(GetCurrentTimestamp(), delay_ms);
}

static TimestampTz
retry_time(int failures)
{
	return in_ms(retry_delay_ms(failures, setting_retry_base_delay_ms, setting_retry_max_delay_ms,
								pg_prng_double(&pg_global_prng_state)));
}

static GithubTransport
transport_of(HttpOutcome outcome)
{
	switch (outcome)
	{
		case HTTP_ANSWERED:
			return GITHUB_ANSWERED;
		case HTTP_NEVER_SENT:
			return GITHUB_NEVER_SENT;
		case HTTP_CUT_OFF:
			return GITHUB_CUT_OFF;
		case HTTP_TOO_LARGE:
			return GITHUB_ANSWER_TOO_LARGE;
	}
	pg_unreachable();
}

static void
judge(Recording *recording)
{
	Conversation *conversation = recording->conversation;
	HttpExchange *exchange = conversation->exchange;
	size_t length;
	const char *body = http_exchange_body(exchange, &length);
	char *message;

	recording->json = github_json_sanitize(body, length, NULL);
	recording->response =
		(GithubResponse){.operation = conversation->operation,
						 .transport = transport_of(http_exchange_outcome(exchange)),
						 .status = http_exchange_status(exchange),
						 .retry_after = http_exchange_header(exchange, "retry-after"),
						 .ratelimit_remaining =
							 http_exchange_header(exchange, "x-ratelimit-remaining"),
						 .ratelimit_reset = http_exchange_header(exchange, "x-ratelimit-reset"),
						 .date = http_exchange_header(exchange, "date"),
						 .location = http_exchange_header(exchange, "location"),
						 .content_type = http_exchange_header(exchange, "content-type"),
						 .body = recording->json};
	recording->judgement = github_response_judge(&recording->response, now_in_seconds());
	message = recording->json ? github_error_message_parse(recording->json) : NULL;
	if (message != NULL)
	{
		recording->message = pstrdup(message);
		free(message);
	}
}

/* "403 forbidden: Resource not accessible by integration", without what is not known. */
static char *
describe(const Recording *recording)
{
	const char *verdict = github_verdict_name(recording->judgement.verdict);
	HttpExchange *exchange = recording->conversation->exchange;

	if (recording->response.transport != GITHUB_ANSWERED)
		return psprintf("%s: %s", verdict, http_exchange_error(exchange));
	return psprintf("GitHub answered %d (%s)%s%s", recording->response.status, verdict,
					recording->message ? ": " : "", recording->message ? recording->message : "");
}

static void
note_retry(Recording *recording, TimestampTz retry_at)
{
	recording->retry_at = Min(recording->retry_at, retry_at);
}

/* The installation as a whole has to wait; the claim stands in line again. */
static void
pause_installation(Recording *recording, TimestampTz until, const char *reason)
{
	recording->trouble = reason;
	recording->paused_until = until;
	if (recording->conversation->claim != NULL)
		queue_give_back(recording->conversation->claim, reason, RETRY_AT_ONCE);
}

static TimestampTz
doubling(const Installation *installation, int64 base_ms)
{
	return in_ms(retry_delay_ms(installation->troubles + 1, base_ms, TROUBLE_MAX_MS,
								pg_prng_double(&pg_global_prng_state)));
}

static TimestampTz
end_of_rate_limit(const Recording *recording)
{
	int64 wait_s;

	if (recording->judgement.not_before == GITHUB_NO_WAIT)
		return in_ms(SECONDARY_LIMIT_MS *
					 ((int64) 1 << Min(recording->conversation->installation->troubles, 6)));
	wait_s = recording->judgement.not_before - answered_at(recording);
	return in_ms(Max(wait_s, 1) * 1000);
}

static void
fail(Recording *recording, const char *code)
{
	const Conversation *conversation = recording->conversation;

	if (github_operation_creates(conversation->operation) && !recording->judgement.outcome_unknown)
		queue_reject_creation(conversation->claim);
	queue_fail(conversation->claim, code, describe(recording));
}

static void
try_again(Recording *recording, const char *code, const char *reason)
{
	TimestampTz retry_at = retry_time(recording->conversation->claim->attempts + 1);

	queue_try_again(recording->conversation->claim, code, reason, retry_at, setting_max_attempts);
	note_retry(recording, retry_at);
}

static AnswerKind
kind_of_answer(GithubOperation operation)
{
	if (github_operation_creates(operation))
		return ANSWER_CREATED;
	return github_operation_writes(operation) ? ANSWER_WRITTEN : ANSWER_FETCHED;
}

static GithubResourceKind
resource_kind(const SyncClaim *claim)
{
	return claim->record_type == RECORD_TASK ? GITHUB_ISSUE : GITHUB_COMMENT;
}

static void
report_resource(Recording *recording, AnswerKind kind, const GithubResource *resource)
{
	Conversation *conversation = recording->conversation;
	SyncAnswer answer = {.kind = kind,
						 .answered_at = answered_at(recording),
						 .own_login = own_login(),
						 .resource = resource,
						 .etag = kind == ANSWER_FETCHED
							 ? http_exchange_header(conversation->exchange, "etag")
							 : NULL,
						 .etag_key = conversation->token_key,
						 .json = kind == ANSWER_FETCHED ? recording->json : NULL};

	if (queue_record_answer(conversation->claim, &answer))
		recording->disposition = CONVERSATION_GOES_ON;
	note_retry(recording, in_ms(2000)); /* a lagging replica is asked again then */
}

static void
record_resource(Recording *recording)
{
	Conversation *conversation = recording->conversation;
	GithubResource resource;
	const char *problem = NULL;

	if (github_resource_parse(resource_kind(conversation->claim), recording->json, &resource,
							  &problem) != GITHUB_PARSE_OK)
	{
		try_again(recording, "invalid_response",
				  psprintf("GitHub's answer cannot be read: %s", problem ? problem : "not JSON"));
		return;
	}
	PG_TRY();
	{
		report_resource(recording, kind_of_answer(conversation->operation), &resource);
	}
	PG_FINALLY();
	{
		github_resource_free(&resource);
	}
	PG_END_TRY();
}

static const GithubResource *
find_own_creation(const GithubResourceList *list, const SyncClaim *claim)
{
	for (size_t i = 0; i < list->count; i++)
	{
		const GithubResource *item = &list->items[i];

		if (item->body != NULL && strstr(item->body, claim->creation_key) != NULL &&
			item->author_login != NULL && strcmp(item->author_login, own_login()) == 0)
			return item;
	}
	return NULL;
}

static bool
more_pages_matter(const Recording *recording, const GithubResourceList *list)
{
	const Conversation *conversation = recording->conversation;
	const char *link = http_exchange_header(conversation->exchange, "link");

	if (link == NULL || strstr(link, "rel=\"next\"") == NULL || list->count == 0 ||
		conversation->page >= LOOK_MAX_PAGES)
		return false;
	/* Issues come newest first: older ones cannot be the creation. */
	return conversation->operation != GITHUB_LIST_ISSUES ||
		list->items[list->count - 1].created_at >= conversation->claim->look_since - LOOK_MARGIN_S;
}

static void
search_list(Recording *recording, const GithubResourceList *list)
{
	Conversation *conversation = recording->conversation;
	const GithubResource *found = find_own_creation(list, conversation->claim);

	if (found != NULL)
		report_resource(recording, ANSWER_FOUND, found);
	else if (more_pages_matter(recording, list))
	{
		conversation->page++;
		recording->disposition = CONVERSATION_GOES_ON;
	}
	else
	{
		queue_creation_not_found(conversation->claim, setting_creation_recheck_ms);
		note_retry(recording, GetCurrentTimestamp());
	}
}

static void
record_list(Recording *recording)
{
	GithubResourceList list;
	const char *problem = NULL;

	if (github_resource_list_parse(resource_kind(recording->conversation->claim), recording->json,
								   &list, &problem) != GITHUB_PARSE_OK)
	{
		try_again(recording, "invalid_response",
				  psprintf("GitHub's list cannot be read: %s", problem ? problem : "not JSON"));
		return;
	}
	PG_TRY();
	{
		search_list(recording, &list);
	}
	PG_FINALLY();
	{
		github_resource_list_free(&list);
	}
	PG_END_TRY();
}

/* Only the host we were told to talk to ever gets our token. */
static bool
is_same_api(const char *url)
{
	size_t length = strlen(setting_api_url);

	return strncmp(url, setting_api_url, length) == 0 && url[length] == '/';
}

static void
follow_redirect(Recording *recording)
{
	Conversation *conversation = recording->conversation;

	if (conversation->redirects >= MAX_REDIRECTS || !is_same_api(recording->response.location))
	{
		queue_fail(
			conversation->claim, "moved",
			"GitHub sent the request elsewhere: too often, or to another host, which is never called");
		return;
	}
	conversation->redirects++;
	conversation->redirect_url =
		MemoryContextStrdup(conversation->claim->context, recording->response.location);
	recording->disposition = CONVERSATION_GOES_ON;
}

static void
record_unauthorized(Recording *recording)
{
	Conversation *conversation = recording->conversation;
	Installation *installation = conversation->installation;

	/* Somebody else may have renewed it already. */
	if (strcmp(conversation->token_key, installation->token_key) == 0)
		installation_drop_token(installation);
	if (conversation->retried_unauthorized)
		pause_installation(recording, doubling(installation, SECONDARY_LIMIT_MS),
						   describe(recording));
	else
	{
		conversation->retried_unauthorized = true;
		recording->disposition = CONVERSATION_GOES_ON;
	}
}

static void
record_unavailable(Recording *recording)
{
	const Conversation *conversation = recording->conversation;

	if (conversation->claim != NULL && github_operation_creates(conversation->operation) &&
		!recording->judgement.outcome_unknown)
		queue_reject_creation(conversation->claim);
	pause_installation(recording, doubling(conversation->installation, setting_retry_base_delay_ms),
					   psprintf("GitHub unreachable: %s", describe(recording)));
}

static void
record_rate_limit(Recording *recording)
{
	if (recording->conversation->claim != NULL &&
		github_operation_creates(recording->conversation->operation))
		queue_reject_creation(recording->conversation->claim);
	pause_installation(recording, end_of_rate_limit(recording), describe(recording));
}

static void
record_suspended(Recording *recording)
{
	if (recording->conversation->claim != NULL)
	{
		if (github_operation_creates(recording->conversation->operation))
			queue_reject_creation(recording->conversation->claim);
		queue_give_back(recording->conversation->claim, describe(recording), RETRY_AT_ONCE);
	}
	recording->installation_state = "suspended";
}

static void
note_that_github_answers(Recording *recording)
{
	if (recording->conversation->installation->may_be_paused)
		queue_resume_installation(recording->conversation->installation->id);
}

static void
record_success(Recording *recording)
{
	Conversation *conversation = recording->conversation;

	note_that_github_answers(recording);
	if (conversation->claim->step == STEP_LOOK)
		record_list(recording);
	else
		record_resource(recording);
}

static void
record_claim_answer(Recording *recording)
{
	switch (recording->judgement.verdict)
	{
		case GITHUB_OK:
			record_success(recording);
			break;
		case GITHUB_NOT_MODIFIED:
			note_that_github_answers(recording);
			report_resource(recording, ANSWER_NOT_MODIFIED, NULL);
			break;
		case GITHUB_REDIRECTED:
			follow_redirect(recording);
			break;
		case GITHUB_UNAUTHORIZED:
			record_unauthorized(recording);
			break;
		case GITHUB_RATE_LIMITED:
			record_rate_limit(recording);
			break;
		case GITHUB_SUSPENDED:
			record_suspended(recording);
			break;
		case GITHUB_FORBIDDEN:
			fail(recording, "forbidden");
			break;
		case GITHUB_NOT_FOUND:
			fail(recording, "not_found");
			break;
		case GITHUB_GONE:
			fail(recording, "gone");
			break;
		case GITHUB_API_VERSION_GONE:
			fail(recording, "api_version");
			break;
		case GITHUB_VALIDATION_FAILED:
			fail(recording, "validation_failed");
			break;
		case GITHUB_REJECTED:
			fail(recording, "rejected");
			break;
		case GITHUB_UNAVAILABLE:
			record_unavailable(recording);
			break;
		case GITHUB_INVALID_RESPONSE:
			try_again(recording, "invalid_response", describe(recording));
			break;
	}
}

static void
take_token(Recording *recording)
{
	GithubToken token;
	const char *problem = NULL;

	if (github_token_parse(recording->json, &token, &problem) != GITHUB_PARSE_OK)
	{
		pause_installation(recording,
						   doubling(recording->conversation->installation, SECONDARY_LIMIT_MS),
						   "GitHub's answer to the request for a token cannot be read");
		return;
	}
	installation_set_token(recording->conversation->installation, token.token, token.expires_at);
}

static void
take_identity(Recording *recording)
{
	char *login = github_own_login_parse(recording->json);

	if (login == NULL)
		pause_installation(recording,
						   doubling(recording->conversation->installation, SECONDARY_LIMIT_MS),
						   "GitHub does not say under which login we write");
	else
		set_own_login(login);
}

static void
record_preparation_answer(Recording *recording)
{
	Installation *installation = recording->conversation->installation;
	bool about_token = recording->conversation->purpose == ABOUT_TOKEN;

	switch (recording->judgement.verdict)
	{
		case GITHUB_OK:
			if (about_token)
				take_token(recording);
			else
				take_identity(recording);
			break;
		case GITHUB_RATE_LIMITED:
			record_rate_limit(recording);
			break;
		case GITHUB_UNAVAILABLE:
			record_unavailable(recording);
			break;
		case GITHUB_SUSPENDED:
			recording->installation_state = "suspended";
			break;
		case GITHUB_NOT_FOUND:
			if (about_token)
			{
				recording->installation_state = "deleted";
				break;
			}
			/* FALLTHROUGH */
		case GITHUB_UNAUTHORIZED:
		case GITHUB_NOT_MODIFIED:
		case GITHUB_REDIRECTED:
		case GITHUB_FORBIDDEN:
		case GITHUB_GONE:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_VALIDATION_FAILED:
		case GITHUB_REJECTED:
		case GITHUB_INVALID_RESPONSE:
			pause_installation(recording, doubling(installation, SECONDARY_LIMIT_MS),
							   psprintf("no %s: %s",
										about_token ? "installation token" : "identity",
										describe(recording)));
			break;
	}
}

/* Nothing was sent: the row's fault, or the credentials'. */
static void
record_unsendable(Recording *recording)
{
	const Conversation *conversation = recording->conversation;

	if (strcmp(conversation->unsendable_code, "credentials") == 0)
	{
		pause_installation(recording, doubling(conversation->installation, SECONDARY_LIMIT_MS),
						   conversation->unsendable_reason);
		return;
	}
	if (conversation->claim == NULL)
	{
		pause_installation(recording, doubling(conversation->installation, SECONDARY_LIMIT_MS),
						   conversation->unsendable_reason);
		return;
	}
	if (github_operation_creates(conversation->operation))
		queue_reject_creation(conversation->claim);
	queue_fail(conversation->claim, conversation->unsendable_code, conversation->unsendable_reason);
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
		queue_give_back(recording->conversation->claim,
						"the record was in use by other transactions", in_ms(1000));
		note_retry(recording, in_ms(1000));
	}
	else if (db_error_is_passing(&failure->error))
		try_again(recording, "apply_failed", reason);
	else
		queue_fail(recording->conversation->claim, "apply_failed", reason);
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
		ereport(WARNING,
				(errcode(second.sqlstate),
				 errmsg("could not record the failure of transaction " INT64_FORMAT ": %s",
						recording->conversation->claim->id, second.message)));
}

/* What else waited at an installation that may not send: back into the queue. */
typedef struct Return
{
	Conversation *conversation;
	const char *reason;
} Return;

static void
give_back_unsent(void *argument)
{
	Return *unsent = argument;

	if (github_operation_creates(unsent->conversation->operation))
		queue_reject_creation(unsent->conversation->claim);
	queue_give_back(unsent->conversation->claim, unsent->reason, RETRY_AT_ONCE);
}

static void
clear_installation(Installation *installation, const char *reason)
{
	ListCell *cell;
	List *waiting = conversations_take_waiting(installation);

	foreach (cell, waiting)
	{
		Return unsent = {lfirst(cell), reason};
		DbError error;

		/* What cannot be given back now is recovered when the worker starts. */
		(void) db_try(give_back_unsent, &unsent, &error);
		conversation_end(unsent.conversation);
	}
	list_free(waiting);
}

static void
record_installation(void *argument)
{
	Recording *recording = argument;
	Installation *installation = recording->conversation->installation;

	if (recording->installation_state != NULL)
		queue_set_installation_state(installation->id, recording->installation_state);
	else
		queue_pause_installation(installation->id, recording->paused_until, recording->trouble);
}

static void
handle_trouble(Recording *recording)
{
	Installation *installation = recording->conversation->installation;
	const char *reason = recording->trouble ? recording->trouble : describe(recording);
	DbError error;

	/* Their rows first: a disabled installation disables what is queued. */
	clear_installation(installation, reason);
	/* What was under way when the pause began tells nothing new. */
	if (recording->trouble != NULL && installation->paused_until > GetCurrentTimestamp())
		return;
	if (!db_try(record_installation, recording, &error))
		ereport(WARNING,
				(errcode(error.sqlstate),
				 errmsg("could not record the state of installation " INT64_FORMAT ": %s",
						installation->id, error.message)));
	installation->troubles++;
	installation->paused_until = recording->paused_until;
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
		recording->conversation->redirects = 0;
		installation->troubles = 0;
		installation->may_be_paused = false;
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
