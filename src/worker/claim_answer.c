/*
 * claim_answer.c
 *		What GitHub's answer to a claim's request does to its row.
 */
#include "postgres.h"

#include "worker/claim_answer.h"
#include "core/github_repository.h"
#include "core/github_resource.h"
#include "core/link_header.h"
#include "core/url.h"
#include "db/installations.h"
#include "db/queue_report.h"
#include "server/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define MAX_REDIRECTS 3

/* GitHub's have 68 characters. */
#define ETAG_MAX_LENGTH 512

/* Ten thousand issues or comments: one made meanwhile is not that far back. */
#define LOOK_MAX_PAGES 100

static void
fail(Recording *recording, const char *code)
{
	settle_refused_creation(recording);
	queue_report_failure(recording->conversation->claim, code, describe(recording));
}

void
try_again(Recording *recording, const char *code, const char *reason)
{
	TimestampTz retry_at = retry_time(recording->conversation->claim->attempts + 1);

	queue_report_try_again(recording->conversation->claim, code, reason, retry_at,
						   setting_max_attempts);
	note_retry(recording, retry_at);
}

static GithubResourceKind
resource_kind(const SyncClaim *claim)
{
	return claim->record_type == RECORD_TASK ? GITHUB_ISSUE : GITHUB_COMMENT;
}

/* It is stored, and becomes a header again: printable ASCII of a sane length, or none. */
static const char *
usable_etag(const HttpExchange *exchange)
{
	const char *etag = http_exchange_header(exchange, "etag");

	if (etag == NULL || strlen(etag) > ETAG_MAX_LENGTH)
		return NULL;
	for (const char *c = etag; *c != '\0'; c++)
	{
		if (*c < ' ' || *c > '~')
			return NULL;
	}
	return etag;
}

static bool
is_fetch(GithubOperation operation)
{
	return operation == GITHUB_GET_ISSUE || operation == GITHUB_GET_COMMENT;
}

/* The one that came with the answer, or that the answer is about. */
static const char *
etag_of_answer(const Conversation *conversation, bool not_modified)
{
	if (not_modified)
		return conversation->claim->etag;
	return is_fetch(conversation->operation) ? usable_etag(conversation->exchange) : NULL;
}

/* Asked again before its update, it is asked for what differs from this answer. */
static void
keep_etag(const Conversation *conversation, const char *etag)
{
	SyncClaim *claim = conversation->claim;

	if (etag == claim->etag)
		return;
	claim->etag = etag != NULL ? MemoryContextStrdup(claim->context, etag) : NULL;
	claim->etag_key = MemoryContextStrdup(claim->context, conversation->token_key);
}

static void
report_resource(Recording *recording, const GithubResource *resource)
{
	Conversation *conversation = recording->conversation;
	bool not_modified = recording->judgement.verdict == GITHUB_NOT_MODIFIED;
	ResourceReport answer = {.operation = conversation->operation,
							 .not_modified = not_modified,
							 .answered_at = answered_at(recording),
							 .own_login = own_login(),
							 .resource = resource,
							 .etag = etag_of_answer(conversation, not_modified),
							 .etag_key = conversation->token_key,
							 .json = is_fetch(conversation->operation) && !not_modified
								 ? recording->json
								 : NULL};

	switch (queue_report_resource(conversation->claim, &answer))
	{
		case REPORT_ENDS_CLAIM:
			break;
		case REPORT_GIVES_BACK:
			/* SQL says when: the next look at what is due takes that time over. */
			note_retry(recording, GetCurrentTimestamp());
			break;
		case REPORT_ASKS_UPDATE:
			keep_etag(conversation, answer.etag);
			recording->disposition = CONVERSATION_GOES_ON;
			break;
	}
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
		report_resource(recording, &resource);
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

	if (list->count == 0 || conversation->page >= LOOK_MAX_PAGES)
		return false;
	/* Issues come newest first: older ones cannot be the creation. */
	return conversation->operation != GITHUB_LIST_ISSUES ||
		list->items[list->count - 1].created_at >=
		conversation->claim->lookup_since - LOOK_MARGIN_S;
}

/* False: this was the last page. */
static bool
go_to_next_page(Recording *recording)
{
	Conversation *conversation = recording->conversation;
	char *next = link_header_next(http_exchange_header(conversation->exchange, "link"));
	char *url = url_within(setting_api_url, next);

	free(next);
	if (next == NULL)
		return false;
	if (url == NULL)
	{
		try_again(recording, "invalid_response",
				  "GitHub's list goes on at another host, which is never called");
		return true;
	}
	/* Not by number: deep in a long list, GitHub knows its own links only. */
	conversation->page++;
	conversation_go_to(conversation, url);
	recording->disposition = CONVERSATION_GOES_ON;
	return true;
}

static void
search_list(Recording *recording, const GithubResourceList *list)
{
	Conversation *conversation = recording->conversation;
	const GithubResource *found = find_own_creation(list, conversation->claim);

	if (found != NULL)
		report_resource(recording, found);
	else if (!more_pages_matter(recording, list) || !go_to_next_page(recording))
	{
		queue_report_missing_creation(conversation->claim, setting_creation_recheck_ms);
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

/* Only the API we were told to talk to ever gets our token. */
static void
follow_redirect(Recording *recording)
{
	Conversation *conversation = recording->conversation;
	char *url = url_within(setting_api_url, recording->response.location);

	if (url == NULL)
		queue_report_failure(conversation->claim, "moved",
							 "GitHub sent the request to another host, which is never called");
	else if (conversation->redirects >= MAX_REDIRECTS)
	{
		free(url);
		queue_report_failure(conversation->claim, "moved",
							 "GitHub sent the request from place to place without an end");
	}
	else
	{
		conversation->redirects++;
		conversation->redirected_repo_id = url_repository_id(setting_api_url, url);
		conversation_go_to(conversation, url);
		recording->disposition = CONVERSATION_GOES_ON;
	}
}

/* What was answered elsewhere may show that the repository has another name now. */
static void
note_new_name(const Recording *recording)
{
	const Conversation *conversation = recording->conversation;

	if (conversation->redirects == 0)
		return;
	switch (conversation->claim->step)
	{
		case STEP_FETCH:
		case STEP_CREATE:
		case STEP_UPDATE:
		case STEP_INQUIRE:
			queue_report_redirect(conversation->claim, conversation->redirected_repo_id,
								  recording->json);
			break;
		case STEP_LOOKUP: /* a list */
		case STEP_DELETE: /* nothing */
			break;
	}
}

static void
record_unauthorized(Recording *recording)
{
	Conversation *conversation = recording->conversation;
	Installation *installation = conversation->installation;
	bool worth_another_try = !conversation->retried_unauthorized;

	recording->disposition = CONVERSATION_GOES_ON;
	/* Somebody else may have renewed it already. */
	if (strcmp(conversation->token_key, installation->token_key) == 0)
	{
		installation->token_doubted = true;
		if (installation_rests_new_token(installation, GetCurrentTimestamp()))
			return;
		if (!installation_gives_up_token(installation))
			worth_another_try = false;
	}
	conversation->retried_unauthorized = true;
	if (!worth_another_try)
	{
		recording->disposition = CONVERSATION_ENDS;
		record_bad_credentials(recording, describe(recording));
	}
}

static void
record_suspended(Recording *recording)
{
	settle_refused_creation(recording);
	queue_report_give_back(recording->conversation->claim, describe(recording), RETRY_AT_ONCE);
	recording->installation_state = "suspended";
}

static void
note_that_github_answers(Recording *recording)
{
	if (recording->conversation->installation->may_be_paused)
		installations_resume(recording->conversation->installation->id);
}

/* Not there, or not shown to us: the repository's answer tells which. */
static void
inquire(Recording *recording)
{
	settle_refused_creation(recording);
	conversation_arrived(recording->conversation);
	recording->conversation->claim->step = STEP_INQUIRE;
	recording->disposition = CONVERSATION_GOES_ON;
}

static void
report_missing(Recording *recording, RepositoryState repository)
{
	queue_report_missing(recording->conversation->claim, answered_at(recording), repository);
	note_retry(recording, GetCurrentTimestamp());
}

/* GitHub answered 404 or 410, and now its repository has answered. */
static void
record_repository(Recording *recording)
{
	const SyncClaim *claim = recording->conversation->claim;
	GithubRepository repository;
	const char *problem = NULL;
	RepositoryState state;

	if (github_repository_parse(recording->json, &repository, &problem) != GITHUB_PARSE_OK)
	{
		try_again(recording, "invalid_response",
				  psprintf("GitHub's answer cannot be read: %s", problem ? problem : "not JSON"));
		return;
	}
	/* Another repository may have taken over the name. */
	if (repository.id != claim->github_repo_id)
		state = REPOSITORY_NOT_READABLE;
	else
		state = repository.has_issues ? REPOSITORY_READABLE : REPOSITORY_ISSUES_DISABLED;
	github_repository_free(&repository);
	report_missing(recording, state);
}

static void
record_not_found(Recording *recording)
{
	note_that_github_answers(recording);
	if (recording->conversation->claim->step == STEP_INQUIRE)
		report_missing(recording, REPOSITORY_NOT_READABLE);
	else
		inquire(recording);
}

static void
record_success(Recording *recording)
{
	Conversation *conversation = recording->conversation;

	note_that_github_answers(recording);
	note_new_name(recording);
	conversation_arrived(conversation);
	switch (conversation->claim->step)
	{
		case STEP_LOOKUP:
			record_list(recording);
			break;
		case STEP_INQUIRE:
			record_repository(recording);
			break;
		case STEP_DELETE:
			queue_report_deleted(conversation->claim, answered_at(recording));
			break;
		case STEP_FETCH:
		case STEP_CREATE:
		case STEP_UPDATE:
			record_resource(recording);
			break;
	}
}

/* Whatever else it says, it comes from somebody who has read the token. */
static void
note_accepted_token(const Recording *recording)
{
	switch (recording->judgement.verdict)
	{
		case GITHUB_UNAUTHORIZED:
		case GITHUB_UNAVAILABLE:
		case GITHUB_INVALID_RESPONSE:
			break;
		case GITHUB_OK:
		case GITHUB_NOT_MODIFIED:
		case GITHUB_REDIRECTED:
		case GITHUB_RATE_LIMITED:
		case GITHUB_SUSPENDED:
		case GITHUB_FORBIDDEN:
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_VALIDATION_FAILED:
		case GITHUB_REJECTED:
			installation_note_accepted(recording->conversation->installation,
									   recording->conversation->token_key);
			break;
	}
}

void
record_claim_answer(Recording *recording)
{
	note_accepted_token(recording);
	switch (recording->judgement.verdict)
	{
		case GITHUB_OK:
			record_success(recording);
			break;
		case GITHUB_NOT_MODIFIED:
			note_that_github_answers(recording);
			conversation_arrived(recording->conversation);
			report_resource(recording, NULL);
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
			if (recording->conversation->claim->step == STEP_INQUIRE)
				report_missing(recording, REPOSITORY_NOT_READABLE);
			else
				fail(recording, "forbidden");
			break;
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
			record_not_found(recording);
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
