/*
 * repositories.c
 *		Which repositories answered to their names lately.
 */
#include "postgres.h"

#include "core/github_request.h"
#include "utils/hsearch.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/repositories.h"

/* state-machine: a name may have changed hands by then. */
#define CONFIRMATION_LASTS_MS (60 * 1000)

typedef struct Repository
{
	int64 id;          /* GitHub's */
	char *owner_login; /* as the last answer showed it; NULL: none yet */
	char *repo_name;
	TimestampTz confirmed_at; /* when it answered by that name; 0: not yet */
	TimestampTz doubted_at;
	const Conversation *asking;           /* by GET, before it goes by name; NULL: nobody */
	char *etag;                           /* of the last answer; NULL: it had none */
	char token_key[TOKEN_KEY_LENGTH + 1]; /* which token the ETag belongs to */
} Repository;

static HTAB *repositories = NULL;

static void
make_table_of_repositories(void)
{
	HASHCTL control = {.keysize = sizeof(int64),
					   .entrysize = sizeof(Repository),
					   .hcxt = TopMemoryContext};

	repositories = hash_create("github_sync repositories", 16, &control,
							   HASH_ELEM | HASH_BLOBS | HASH_CONTEXT);
}

static Repository *
repository_of(const Conversation *conversation)
{
	Repository *repository;
	bool found;

	if (repositories == NULL)
		make_table_of_repositories();
	repository =
		hash_search(repositories, &conversation->claim->github_repo_id, HASH_ENTER, &found);
	if (!found)
		*repository = (Repository){.id = conversation->claim->github_repo_id};
	return repository;
}

static bool
goes_by_shown_name(const Repository *repository, const SyncClaim *claim)
{
	return repository->repo_name != NULL &&
		pg_strcasecmp(repository->owner_login, claim->owner_login) == 0 &&
		pg_strcasecmp(repository->repo_name, claim->repo_name) == 0;
}

/* By its own question, whatever others have asked since; or by theirs, if they go by the same name. */
static bool
is_confirmed(const Repository *repository, const Conversation *conversation, TimestampTz now)
{
	TimestampTz confirmed_at = conversation->name_confirmed_at;

	if (confirmed_at <= repository->doubted_at)
		confirmed_at = 0;
	if (goes_by_shown_name(repository, conversation->claim))
		confirmed_at = Max(confirmed_at, repository->confirmed_at);
	return confirmed_at != 0 &&
		!TimestampDifferenceExceeds(confirmed_at, now, CONFIRMATION_LASTS_MS);
}

/* What it asks for next has no id by which the answer could be told from a stranger's. */
static bool
goes_by_name(const Conversation *conversation)
{
	const SyncClaim *claim = conversation->claim;

	if (conversation->next_url != NULL)
		return false;
	switch (claim->step)
	{
		case STEP_CREATE:
			return !conversation->prepared;
		case STEP_LOOKUP:
			return conversation->look.page == 1;
		case STEP_FETCH:
			return claim->github_id == 0; /* an issue of which a comment's webhook told */
		case STEP_UPDATE:
		case STEP_DELETE:
		case STEP_CONFIRM:
		case STEP_LOCATE:
		case STEP_INQUIRE:
		case STEP_ASK_ISSUE:
			return false;
	}
	pg_unreachable();
}

bool
repositories_need_confirmation(const Conversation *conversation, TimestampTz now)
{
	return goes_by_name(conversation) &&
		!is_confirmed(repository_of(conversation), conversation, now);
}

bool
repositories_wait_for_confirmation(const Conversation *conversation)
{
	const Conversation *asking;

	if (!goes_by_name(conversation))
		return false;
	asking = repository_of(conversation)->asking;
	return asking != NULL && asking != conversation;
}

void
repositories_begin_confirmation(Conversation *conversation)
{
	repository_of(conversation)->asking = conversation;
	conversation->step_after = conversation->claim->step;
	conversation->claim->step = STEP_CONFIRM;
}

const char *
repositories_etag(const Conversation *conversation)
{
	const Repository *repository = repository_of(conversation);

	if (repository->etag == NULL ||
		strcmp(repository->token_key, conversation->installation->token_key) != 0)
		return NULL;
	return repository->etag;
}

static void
replace(char **kept, const char *text)
{
	if (*kept != NULL)
		pfree(*kept);
	*kept = text != NULL ? MemoryContextStrdup(TopMemoryContext, text) : NULL;
}

void
repositories_note_confirmed(Conversation *conversation, TimestampTz now)
{
	Repository *repository = repository_of(conversation);
	const Answer *answer = conversation->answer;

	repository->confirmed_at = now;
	conversation->name_confirmed_at = now;
	if (answer->verdict.kind == GITHUB_NOT_MODIFIED)
		conversation_take_name(conversation, repository->owner_login, repository->repo_name);
	else
	{
		replace(&repository->owner_login, conversation->claim->owner_login);
		replace(&repository->repo_name, conversation->claim->repo_name);
		replace(&repository->etag,
				answer->etag != NULL && github_request_takes_etag(answer->etag) ? answer->etag
																				: NULL);
		strlcpy(repository->token_key, conversation->token_key, sizeof(repository->token_key));
	}
	repositories_end_confirmation(conversation);
	conversation->claim->step = conversation->step_after;
}

void
repositories_doubt(const Conversation *conversation)
{
	Repository *repository = repository_of(conversation);

	repository->confirmed_at = 0;
	repository->doubted_at = GetCurrentTimestamp();
}

void
repositories_end_confirmation(const Conversation *conversation)
{
	Repository *repository;

	if (repositories == NULL)
		return;
	repository = hash_search(repositories, &conversation->claim->github_repo_id, HASH_FIND, NULL);
	if (repository != NULL && repository->asking == conversation)
		repository->asking = NULL;
}
