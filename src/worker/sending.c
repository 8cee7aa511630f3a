/*
 * sending.c
 *		One request: what is asked, in whose name, on its way and back.
 */
#include "postgres.h"

#include <time.h>

#include "core/github_request.h"
#include "core/github_time.h"
#include "crypto/crypto.h"
#include "server/settings.h"
#include "utils/memutils.h"
#include "worker/arrivals.h"
#include "worker/credentials.h"
#include "worker/exchanges.h"
#include "worker/measuring.h"
#include "worker/repositories.h"
#include "worker/sending.h"

#define API_VERSION "2022-11-28"
#define MAX_HEADERS 8

static void
describe_claim(const Conversation *conversation, GithubRequestInput *input)
{
	const SyncClaim *claim = conversation->claim;

	input->owner = claim->owner_login;
	input->repository = claim->repo_name;
	input->repository_id = claim->github_repo_id;
	input->issue_number = claim->issue_number;
	input->comment_id = claim->github_id;
	input->title = claim->title;
	input->body = claim->body;
	input->state = claim->issue_state;
	input->state_reason = claim->state_reason;
	input->marks = claim->marks;
	input->page = conversation->look.page;
	input->per_page = conversation->look.per_page;
}

static void
describe_sweep(const RepoSweep *sweep, GithubRequestInput *input)
{
	input->repository_id = sweep->github_repo_id;
	input->owner = sweep->owner_login;
	input->repository = sweep->repo_name;
	input->issue_number = sweep->issue_number;
	input->delivery_id = sweep->delivery_id;
	if (repo_sweeps_is_of_names(sweep))
	{
		input->label = sweep->asked_name;
		input->login = sweep->asked_name;
		input->milestone = sweep->issue_number;
	}
	input->page = 1;
	input->per_page = sweep->page_size;
}

/* From when on a list is wanted; GITHUB_NO_TIME: all of it. */
static int64
beginning_of_list(const Conversation *conversation)
{
	if (conversation->sweep != NULL)
		return conversation->sweep->since;
	/* Issues are listed newest first and need no bound; comments are not. */
	if (conversation->operation == GITHUB_LIST_ISSUE_COMMENTS)
		return conversation->claim->lookup_since - LOOKUP_MARGIN_S;
	return GITHUB_NO_TIME;
}

static GithubRequestError
build_request(const Conversation *conversation, GithubRequest *request)
{
	char since[GITHUB_TIME_LENGTH + 1];
	GithubRequestInput input = {.operation = conversation->operation,
								.api_url = setting_api_url,
								.installation_id = conversation->installation->id,
								.login = conversation->login};

	int64 list_begins_at = beginning_of_list(conversation);

	if (conversation->claim != NULL)
		describe_claim(conversation, &input);
	if (conversation->sweep != NULL)
		describe_sweep(conversation->sweep, &input);
	if (list_begins_at != GITHUB_NO_TIME)
	{
		github_time_format(list_begins_at, since);
		input.since = since;
	}
	return github_request_build(&input, request);
}

static void
refuse_row(Conversation *conversation, const char *code, const char *words)
{
	conversation_refuse(conversation, UNSENT_BY_ROW, code, words);
}

static void
refuse_for_memory(Conversation *conversation)
{
	conversation_refuse(conversation, UNSENT_BY_MEMORY, NULL,
						"no memory to send the request; nothing was sent");
}

static void
refuse_unbuildable(Conversation *conversation, GithubRequestError error)
{
	switch (error)
	{
		case GITHUB_REQUEST_OK:
			break;
		case GITHUB_REQUEST_TOO_LARGE:
			refuse_row(
				conversation, "too_large",
				"GitHub takes titles of " CppAsString2(GITHUB_MAX_TITLE_LENGTH) " and bodies of " CppAsString2(
					GITHUB_MAX_BODY_LENGTH) " characters; nothing was sent");
			break;
		case GITHUB_REQUEST_NO_TITLE:
			refuse_row(conversation, "validation_failed", "GitHub needs a title; nothing was sent");
			break;
		case GITHUB_REQUEST_NO_BODY:
			refuse_row(conversation, "validation_failed",
					   "GitHub needs the text of a comment; nothing was sent");
			break;
		case GITHUB_REQUEST_BAD_INPUT:
			refuse_row(
				conversation, "validation_failed",
				"the repository's owner or name, or the issue's number, cannot be sent to GitHub");
			break;
		case GITHUB_REQUEST_OUT_OF_MEMORY:
			refuse_for_memory(conversation);
			break;
	}
}

/* NULL: it belongs to another token, or cannot be sent. */
static const char *
fit_etag(const char *etag, const char *etag_key, const Installation *installation)
{
	if (etag == NULL || etag_key == NULL || strcmp(etag_key, installation->token_key) != 0 ||
		!github_request_takes_etag(etag))
		return NULL;
	return etag;
}

/* What is known of what is asked for, by the present token; NULL: it is asked for as it is. */
static const char *
known_etag(const Conversation *conversation)
{
	const RepoSweep *sweep = conversation->sweep;

	if (conversation->list_failed)
		return NULL;
	if (sweep != NULL)
		return fit_etag(sweep->etag, sweep->etag_key, conversation->installation);
	if (conversation->claim == NULL)
		return NULL;
	switch (conversation->claim->step)
	{
		case STEP_FETCH:
			return fit_etag(conversation->claim->etag, conversation->claim->etag_key,
							conversation->installation);
		case STEP_CONFIRM:
			return repositories_etag(conversation);
		case STEP_CREATE:
		case STEP_LOOKUP:
		case STEP_UPDATE:
		case STEP_DELETE:
		case STEP_LOCATE:
		case STEP_INQUIRE:
		case STEP_ASK_ISSUE:
			return NULL;
	}
	pg_unreachable();
}

/* authorization: "Authorization: Bearer ...", palloc'd by the caller, who wipes it. */
static HttpStart
start_exchange(Conversation *conversation, const GithubRequest *request, const char *authorization)
{
	const char *headers[MAX_HEADERS] = {"Accept: application/vnd.github+json",
										"X-GitHub-Api-Version: " API_VERSION, authorization};
	int count = 3;
	const char *etag = known_etag(conversation);
	HttpRequest exchange = {.method = request->method,
							.url = conversation->next_url ? conversation->next_url : request->url,
							.headers = headers,
							.body = request->body,
							.body_length = request->body ? strlen(request->body) : 0,
							.max_response_size =
								github_operation_max_answer(conversation->operation,
															conversation->look.per_page),
							.once = github_operation_creates(conversation->operation),
							.tag = conversation};

	if (request->body != NULL)
		headers[count++] = "Content-Type: application/json";
	conversation->conditional = etag != NULL;
	if (conversation->conditional)
		headers[count++] = psprintf("If-None-Match: %s", etag);
	ereport(DEBUG1,
			(errmsg_internal("github_sync: %s: sending %s %s%s", conversation_name(conversation),
							 request->method, exchange.url,
							 conversation->next_url ? ", where GitHub sent us on to" : "")));
	return exchanges_start(&exchange);
}

/* NULL: not now, and refused. */
static char *
make_authorization(Conversation *conversation)
{
	const char *problem = NULL;
	char *jwt;
	char *header;

	if (!github_operation_uses_jwt(conversation->operation))
	{
		conversation_keep_token(conversation, conversation->installation->token);
		return psprintf("Authorization: Bearer %s", conversation->installation->token);
	}
	conversation->clock_offset_s = credentials_clock_offset();
	jwt = credentials_make_jwt((int64) time(NULL), &problem);
	if (jwt == NULL)
	{
		conversation_refuse(conversation, UNSENT_BY_CREDENTIALS, NULL, problem);
		return NULL;
	}
	conversation_keep_token(conversation, jwt);
	header = psprintf("Authorization: Bearer %s", jwt);
	crypto_wipe(jwt, strlen(jwt));
	free(jwt);
	return header;
}

static bool
note_start(Conversation *conversation, HttpStart start)
{
	switch (start)
	{
		case HTTP_STARTED:
			if (conversation->purpose == ABOUT_CLAIM)
				conversation->installation->requests_unsettled++;
			measuring_note_sent(conversation);
			return true;
		case HTTP_UNUSABLE:
			refuse_row(conversation, "validation_failed",
					   "the request cannot be sent: its address is not usable");
			return false;
		case HTTP_NO_MEMORY:
			refuse_for_memory(conversation);
			return false;
	}
	pg_unreachable();
}

static bool
send_request(Conversation *conversation, const GithubRequest *request)
{
	char *authorization = make_authorization(conversation);
	HttpStart start;

	if (authorization == NULL)
		return false;
	strlcpy(conversation->token_key, conversation->installation->token_key,
			sizeof(conversation->token_key));
	start = start_exchange(conversation, request, authorization);
	crypto_wipe(authorization, strlen(authorization));
	pfree(authorization);
	return note_start(conversation, start);
}

static bool
build_and_send(Conversation *conversation)
{
	GithubRequest request;
	GithubRequestError error = build_request(conversation, &request);
	bool sent;

	if (error != GITHUB_REQUEST_OK)
	{
		refuse_unbuildable(conversation, error);
		return false;
	}
	sent = send_request(conversation, &request);
	github_request_free(&request);
	return sent;
}

bool
sending_start(Conversation *conversation)
{
	if (build_and_send(conversation))
		return true;
	arrivals_add(conversation);
	return false;
}

static void
log_answer(const Conversation *conversation)
{
	const Answer *answer = conversation->answer;

	ereport(DEBUG1,
			(errmsg_internal("github_sync: %s: answered %d (%s), request id %s",
							 conversation_name(conversation), answer->status,
							 github_verdict_name(answer->verdict.kind),
							 answer->request_id ? answer->request_id : "not known")));
}

Conversation *
sending_take_answered(void)
{
	HttpExchange *exchange = exchanges_take_finished();
	Conversation *conversation;
	AnsweredRequest request;

	if (exchange == NULL)
		return NULL;
	conversation = http_exchange_tag(exchange);
	request = (AnsweredRequest){conversation->operation, conversation->conditional,
								conversation->sent_token};
	conversation->answer = verdict_make(exchange, &request, GetMemoryChunkContext(conversation));
	conversation_forget_token(conversation);
	measuring_note_answer(conversation);
	log_answer(conversation);
	return conversation;
}
