/*
 * conversation.c
 *		What is under way with GitHub.
 */
#include "postgres.h"

#include "crypto/crypto.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/conversation.h"
#include "worker/places.h"

/* GitHub's most; below the least a list that cannot be had is not too large. */
#define LIST_PAGE_LARGEST 100
#define LIST_PAGE_SMALLEST 10

/* The claims that this worker holds. */
static struct
{
	dlist_head list; /* of Conversation */
	int count;
	bool lost_some;
	bool ended_some;
} claims = {.list = DLIST_STATIC_INIT(claims.list)};

Conversation *
conversation_of_claim(SyncClaim *claim)
{
	Conversation *conversation = MemoryContextAllocZero(claim->context, sizeof(Conversation));

	conversation->purpose = ABOUT_CLAIM;
	conversation->claim = claim;
	conversation->installation = installation_get(claim->installation_id);
	conversation->begun_at = GetCurrentTimestamp();
	conversation_begin_list(conversation);
	if (claim->name_is_lost)
		conversation_locate(conversation, NULL);
	dlist_push_tail(&claims.list, &conversation->held);
	claims.count++;
	places_note_begin(claim);
	return conversation;
}

Conversation *
conversation_of_sweep(RepoSweep *sweep)
{
	Conversation *conversation = MemoryContextAllocZero(sweep->context, sizeof(Conversation));

	conversation->purpose = ABOUT_SWEEP;
	conversation->sweep = sweep;
	conversation->operation = conversation_operation_of_sweep(conversation);
	conversation->installation = installation_get(sweep->installation_id);
	conversation->look = (ListLook){.page = 1, .per_page = sweep->page_size};
	return conversation;
}

Conversation *
conversation_for(ConversationPurpose purpose, GithubOperation operation, Installation *installation)
{
	Conversation *conversation = MemoryContextAllocZero(TopMemoryContext, sizeof(Conversation));

	conversation->purpose = purpose;
	conversation->operation = operation;
	conversation->installation = installation;
	return conversation;
}

void
conversation_end(Conversation *conversation)
{
	conversation_forget_answer(conversation);
	conversation_forget_token(conversation);
	if (conversation->purpose == ABOUT_CLAIM)
	{
		dlist_delete(&conversation->held);
		claims.count--;
		claims.ended_some = true;
		places_note_end(conversation->claim);
		queue_claim_free(conversation->claim);
		return;
	}
	if (conversation->purpose == ABOUT_SWEEP)
	{
		repo_sweeps_free(conversation->sweep);
		return;
	}
	if (conversation->refusal.words != NULL)
		pfree(conversation->refusal.words);
	if (conversation->login != NULL)
		pfree(conversation->login);
	pfree(conversation);
}

/* Texts stay as long as the conversation does. */
void
conversation_keep_course(const Conversation *conversation, Course *course)
{
	*course = (Course){.prepared = conversation->prepared,
					   .retried_unauthorized = conversation->retried_unauthorized,
					   .write_not_found = conversation->write_not_found,
					   .write_refused = conversation->write_refused,
					   .step_after = conversation->step_after,
					   .name_denied = conversation->name_denied,
					   .name_is_sure = conversation->name_is_sure,
					   .name_confirmed_at = conversation->name_confirmed_at,
					   .list_failed = conversation->list_failed,
					   .list_failure = conversation->list_failure,
					   .next_url = conversation->next_url,
					   .redirects = conversation->redirects,
					   .redirected_repo_id = conversation->redirected_repo_id,
					   .look = conversation->look};
	if (conversation->claim != NULL)
		course->claim = *conversation->claim;
}

void
conversation_resume_course(Conversation *conversation, const Course *course)
{
	conversation->prepared = course->prepared;
	conversation->retried_unauthorized = course->retried_unauthorized;
	conversation->write_not_found = course->write_not_found;
	conversation->write_refused = course->write_refused;
	conversation->step_after = course->step_after;
	conversation->name_denied = course->name_denied;
	conversation->name_is_sure = course->name_is_sure;
	conversation->name_confirmed_at = course->name_confirmed_at;
	conversation->list_failed = course->list_failed;
	conversation->list_failure = course->list_failure;
	conversation->next_url = course->next_url;
	conversation->redirects = course->redirects;
	conversation->redirected_repo_id = course->redirected_repo_id;
	conversation->look = course->look;
	if (conversation->claim != NULL)
		*conversation->claim = course->claim;
}

void
conversation_locate(Conversation *conversation, const char *denied)
{
	SyncClaim *claim = conversation->claim;

	if (claim->step != STEP_CONFIRM)
		conversation->step_after = claim->step;
	claim->step = STEP_LOCATE;
	conversation->name_denied = denied != NULL ? MemoryContextStrdup(claim->context, denied) : NULL;
}

void
conversation_take_name(Conversation *conversation, const char *owner_login, const char *repo_name)
{
	SyncClaim *claim = conversation->claim;

	claim->owner_login = MemoryContextStrdup(claim->context, owner_login);
	claim->repo_name = MemoryContextStrdup(claim->context, repo_name);
}

GithubOperation
conversation_operation(const SyncClaim *claim)
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
		case STEP_CONFIRM:
		case STEP_INQUIRE:
			return GITHUB_GET_REPOSITORY;
		case STEP_LOCATE:
			return GITHUB_GET_REPOSITORY_BY_ID;
		case STEP_ASK_ISSUE:
			return GITHUB_GET_ISSUE;
	}
	pg_unreachable();
}

GithubOperation
conversation_operation_of_sweep(const Conversation *conversation)
{
	return conversation->list_failed ? GITHUB_GET_REPOSITORY_BY_ID : conversation->sweep->operation;
}

void
conversation_refuse(Conversation *conversation, UnsentReason reason, const char *code,
					const char *words)
{
	conversation->refusal.reason = reason;
	conversation->refusal.code = code;
	/* A report may have to wait for the next round, where nothing of this one is left. */
	conversation->refusal.words = MemoryContextStrdup(GetMemoryChunkContext(conversation), words);
}

void
conversation_keep_token(Conversation *conversation, const char *token)
{
	conversation_forget_token(conversation);
	conversation->sent_token = MemoryContextStrdup(GetMemoryChunkContext(conversation), token);
}

void
conversation_forget_token(Conversation *conversation)
{
	if (conversation->sent_token == NULL)
		return;
	crypto_wipe(conversation->sent_token, strlen(conversation->sent_token));
	pfree(conversation->sent_token);
	conversation->sent_token = NULL;
}

void
conversation_forget_answer(Conversation *conversation)
{
	if (conversation->answer == NULL)
		return;
	verdict_free(conversation->answer);
	conversation->answer = NULL;
	if (conversation->purpose == ABOUT_CLAIM)
		conversation->installation->requests_unsettled--;
}

void
conversation_begin_list(Conversation *conversation)
{
	conversation->look = (ListLook){.page = 1, .per_page = LIST_PAGE_LARGEST};
	conversation->next_url = NULL;
}

bool
conversation_halve_pages(Conversation *conversation)
{
	int per_page = conversation->look.per_page;

	if (per_page <= LIST_PAGE_SMALLEST)
		return false;
	conversation_begin_list(conversation);
	conversation->redirects = 0;
	conversation->look.per_page = Max(per_page / 2, LIST_PAGE_SMALLEST);
	return true;
}

void
conversation_go_to(Conversation *conversation, char *url)
{
	conversation->next_url = MemoryContextStrdup(GetMemoryChunkContext(conversation), url);
	free(url);
}

void
conversation_arrived(Conversation *conversation)
{
	conversation->next_url = NULL;
	conversation->redirects = 0;
	conversation->redirected_repo_id = 0;
	conversation->retried_unauthorized = false;
}

char *
conversation_name(const Conversation *conversation)
{
	const SyncClaim *claim = conversation->claim;
	int64 installation_id = conversation->installation->id;

	switch (conversation->purpose)
	{
		case ABOUT_CLAIM:
			return psprintf("%s transaction " INT64_FORMAT ", claim %d",
							record_type_name(claim->record_type), claim->id, claim->claim_no);
		case ABOUT_SWEEP:
			return psprintf("%s of repository " INT64_FORMAT ", claim %d",
							conversation->sweep->stream, conversation->sweep->github_repo_id,
							conversation->sweep->claim_no);
		case ABOUT_TOKEN:
			return psprintf("token of installation " INT64_FORMAT, installation_id);
		case ABOUT_IDENTITY:
			return psprintf("identity for installation " INT64_FORMAT, installation_id);
	}
	pg_unreachable();
}

int
conversation_claims(void)
{
	return claims.count;
}

int64 *
conversation_claim_ids(RecordType record_type, int *count)
{
	int64 *ids = palloc(sizeof(int64) * Max(claims.count, 1));
	dlist_iter iter;

	*count = 0;
	dlist_foreach (iter, &claims.list)
	{
		const SyncClaim *claim = dlist_container(Conversation, held, iter.cur)->claim;

		if (claim->record_type == record_type)
			ids[(*count)++] = claim->id;
	}
	return ids;
}

bool
conversation_take_ended(void)
{
	bool ended = claims.ended_some;

	claims.ended_some = false;
	return ended;
}

void
conversation_note_lost(void)
{
	claims.lost_some = true;
}

bool
conversation_take_lost(void)
{
	bool lost = claims.lost_some;

	claims.lost_some = false;
	return lost;
}
