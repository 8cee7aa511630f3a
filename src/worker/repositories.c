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
	int64 id;                             /* GitHub's */
	char *name;                           /* "owner/name" that was confirmed; NULL: none yet */
	TimestampTz confirmed_at;             /* 0: not yet */
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

/* palloc'd */
static char *
name_of(const SyncClaim *claim)
{
	return psprintf("%s/%s", claim->owner_login, claim->repo_name);
}

static bool
is_confirmed(const Repository *repository, const SyncClaim *claim, TimestampTz now)
{
	char *name = name_of(claim);
	bool confirmed = repository->name != NULL && pg_strcasecmp(repository->name, name) == 0 &&
		!TimestampDifferenceExceeds(repository->confirmed_at, now, CONFIRMATION_LASTS_MS);

	pfree(name);
	return confirmed;
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
		!is_confirmed(repository_of(conversation), conversation->claim, now);
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

	replace(&repository->name, name_of(conversation->claim));
	repository->confirmed_at = now;
	if (answer->verdict.kind != GITHUB_NOT_MODIFIED)
	{
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
	repository_of(conversation)->confirmed_at = 0;
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
