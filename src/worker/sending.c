/*
 * sending.c
 *		One request: what is asked, in whose name, and on its way.
 */
#include "postgres.h"

#include <time.h>

#include "core/github_time.h"
#include "worker/credentials.h"
#include "crypto/crypto.h"
#include "worker/sending.h"
#include "server/settings.h"
#include "utils/memutils.h"

#define API_VERSION "2022-11-28"
#define MAX_HEADERS 8

#define LOOK_PAGE_SIZE 100

void
sending_refuse(Conversation *conversation, const char *code, const char *reason)
{
	conversation->unsendable_code = code;
	/* An answer may have to wait for the next round, where nothing of this one is left. */
	conversation->unsendable_reason =
		MemoryContextStrdup(GetMemoryChunkContext(conversation), reason);
}

GithubOperation
sending_operation(const SyncClaim *claim)
{
	bool is_task = claim->record_type == RECORD_TASK;

	switch (claim->step)
	{
		case STEP_FETCH:
			return is_task ? GITHUB_GET_ISSUE : GITHUB_GET_COMMENT;
		case STEP_CREATE:
			return is_task ? GITHUB_CREATE_ISSUE : GITHUB_CREATE_COMMENT;
		case STEP_LOOKUP:
			return is_task ? GITHUB_LIST_ISSUES : GITHUB_LIST_ISSUE_COMMENTS;
		case STEP_UPDATE:
			return is_task ? GITHUB_UPDATE_ISSUE : GITHUB_UPDATE_COMMENT;
		case STEP_DELETE:
			return GITHUB_DELETE_COMMENT; /* the deletion of a task closes its issue */
		case STEP_INQUIRE:
			return GITHUB_GET_REPOSITORY;
	}
	pg_unreachable();
}

static void
describe_claim(const Conversation *conversation, GithubRequestInput *input)
{
	const SyncClaim *claim = conversation->claim;

	input->owner = claim->owner_login;
	input->repository = claim->repo_name;
	input->issue_number = claim->issue_number;
	input->comment_id = claim->github_id;
	input->title = claim->title;
	input->body = claim->body;
	input->state = claim->issue_state;
	input->page = conversation->page;
	input->per_page = LOOK_PAGE_SIZE;
}

static GithubRequestError
build_request(const Conversation *conversation, GithubRequest *request)
{
	char since[GITHUB_TIME_LENGTH + 1];
	GithubRequestInput input = {.operation = conversation->operation,
								.api_url = setting_api_url,
								.installation_id = conversation->installation->id};

	if (conversation->claim != NULL)
		describe_claim(conversation, &input);
	/* Issues are listed newest first and need no bound; comments are not. */
	if (conversation->operation == GITHUB_LIST_ISSUE_COMMENTS)
	{
		github_time_format(conversation->claim->lookup_since - LOOK_MARGIN_S, since);
		input.since = since;
	}
	return github_request_build(&input, request);
}

/* What is wrong with a request that cannot be built: the row's fault. */
static void
refuse_unbuildable(Conversation *conversation, GithubRequestError error)
{
	switch (error)
	{
		case GITHUB_REQUEST_OK:
			break;
		case GITHUB_REQUEST_TOO_LARGE:
			sending_refuse(
				conversation, "too_large",
				"GitHub takes titles of 256 and bodies of 65536 characters; nothing was sent");
			break;
		case GITHUB_REQUEST_NO_TITLE:
			sending_refuse(conversation, "validation_failed",
						   "GitHub needs a title; nothing was sent");
			break;
		case GITHUB_REQUEST_NO_BODY:
			sending_refuse(conversation, "validation_failed",
						   "GitHub needs the text of a comment; nothing was sent");
			break;
		case GITHUB_REQUEST_BAD_INPUT:
			sending_refuse(
				conversation, "validation_failed",
				"the repository's owner or name, or the issue's number, cannot be sent to GitHub");
			break;
		case GITHUB_REQUEST_OUT_OF_MEMORY:
			sending_refuse(conversation, "out_of_memory", "no memory to build the request");
			break;
	}
}

/* What goes into a header must not be able to end it. */
static bool
is_header_value(const char *text)
{
	for (const char *p = text; *p; p++)
	{
		if ((unsigned char) *p < ' ' || *p == 127)
			return false;
	}
	return true;
}

static bool
etag_applies(const Conversation *conversation)
{
	const SyncClaim *claim = conversation->claim;

	return claim != NULL && claim->step == STEP_FETCH && claim->etag != NULL &&
		claim->etag_key != NULL &&
		strcmp(claim->etag_key, conversation->installation->token_key) == 0 &&
		is_header_value(claim->etag);
}

/* authorization: "Authorization: Bearer ...", palloc'd by the caller, who wipes it. */
static bool
start_exchange(Conversation *conversation, HttpClient *client, const GithubRequest *request,
			   const char *authorization)
{
	const char *headers[MAX_HEADERS] = {"Accept: application/vnd.github+json",
										"X-GitHub-Api-Version: " API_VERSION, authorization};
	int count = 3;
	HttpRequest exchange = {.method = request->method,
							.url = conversation->next_url ? conversation->next_url : request->url,
							.headers = headers,
							.body = request->body,
							.body_length = request->body ? strlen(request->body) : 0,
							.once = github_operation_creates(conversation->operation),
							.tag = conversation};

	if (request->body != NULL)
		headers[count++] = "Content-Type: application/json";
	conversation->conditional = etag_applies(conversation);
	if (conversation->conditional)
		headers[count++] = psprintf("If-None-Match: %s", conversation->claim->etag);
	return http_client_start(client, &exchange) == HTTP_STARTED;
}

/* NULL: not now, and refused. */
static char *
make_authorization(Conversation *conversation)
{
	const char *problem = NULL;
	char *jwt;
	char *header;

	if (!github_operation_uses_jwt(conversation->operation))
		return psprintf("Authorization: Bearer %s", conversation->installation->token);
	conversation->clock_offset_s = credentials_clock_offset();
	jwt = credentials_make_jwt((int64) time(NULL), &problem);
	if (jwt == NULL)
	{
		sending_refuse(conversation, "credentials", problem);
		return NULL;
	}
	header = psprintf("Authorization: Bearer %s", jwt);
	crypto_wipe(jwt, strlen(jwt));
	free(jwt);
	return header;
}

bool
sending_start(Conversation *conversation, HttpClient *client)
{
	GithubRequest request;
	GithubRequestError error = build_request(conversation, &request);
	char *authorization;
	bool sent = false;

	if (error != GITHUB_REQUEST_OK)
	{
		refuse_unbuildable(conversation, error);
		return false;
	}
	authorization = make_authorization(conversation);
	if (authorization != NULL)
	{
		strlcpy(conversation->token_key, conversation->installation->token_key,
				sizeof(conversation->token_key));
		sent = start_exchange(conversation, client, &request, authorization);
		if (sent && conversation->purpose == ABOUT_CLAIM)
			conversation->installation->requests_unsettled++;
		if (!sent)
			sending_refuse(conversation, "validation_failed",
						   "the request cannot be sent: its address is not usable");
		crypto_wipe(authorization, strlen(authorization));
		pfree(authorization);
	}
	github_request_free(&request);
	return sent;
}
