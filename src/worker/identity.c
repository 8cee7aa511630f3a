/*
 * identity.c
 *		Who this worker is for GitHub.
 */
#include "postgres.h"

#include <time.h>

#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "server/settings.h"
#include "worker/arrivals.h"
#include "worker/credentials.h"
#include "worker/identity.h"
#include "worker/pacing.h"
#include "worker/line.h"
#include "worker/sending.h"

static struct
{
	int64 account_id;                          /* 0: not known yet */
	TimestampTz told_at;                       /* when GitHub told it */
	char *login;                               /* App mode: whose id is asked for next; else NULL */
	bool account_asked;                        /* and not answered yet */
	char account_key[TOKEN_KEY_LENGTH + 1];    /* token mode: the token that told it */
	char file_token_key[TOKEN_KEY_LENGTH + 1]; /* token mode: the token that was read last */
} identity;

int64
identity_own_id(void)
{
	return identity.account_id;
}

static void
forget_login(void)
{
	free(identity.login);
	identity.login = NULL;
}

void
identity_set_login(char *login)
{
	forget_login();
	identity.login = login;
}

void
identity_set_account(const Conversation *conversation, int64 id)
{
	identity.account_id = id;
	identity.told_at = GetCurrentTimestamp();
	installation_note_proved(conversation->installation, conversation->token_key, identity.told_at);
	strlcpy(identity.account_key, conversation->token_key, sizeof(identity.account_key));
}

void
identity_note_end(const Conversation *preparation)
{
	if (preparation->purpose == ABOUT_TOKEN)
	{
		preparation->installation->minting = false;
		return;
	}
	identity.account_asked = false;
	preparation->installation->app_doubted = false;
	/* Where that failed, the App may have another name by now. */
	if (preparation->operation == GITHUB_GET_ACCOUNT)
		forget_login();
}

static bool
has_token(const Installation *installation)
{
	return installation_has_token(installation, (int64) time(NULL));
}

/* Another token in the file may be another user's; until that is known, the account stays. */
static bool
account_is_known(void)
{
	return identity.account_id != 0 &&
		(!credentials_are_a_token() || strcmp(identity.account_key, identity.file_token_key) == 0);
}

static bool
may_ask_for_account(const Installation *installation)
{
	if (credentials_are_a_token())
		return installation->token != NULL &&
			(installation->token_questioned ||
			 strcmp(installation->token_key, identity.file_token_key) == 0);
	/* GET /app goes without. */
	return identity.login == NULL || installation->app_doubted || has_token(installation);
}

static GithubOperation
next_question(const Installation *installation)
{
	if (credentials_are_a_token())
		return GITHUB_GET_USER;
	return identity.login == NULL || installation->app_doubted ? GITHUB_GET_APP
															   : GITHUB_GET_ACCOUNT;
}

/* With a token it counts as any other request does; what the App asks by its JWT does not. */
static bool
is_within_budget(Conversation *conversation)
{
	return conversation->operation == GITHUB_GET_APP || pacing_permits(conversation);
}

static void
ask_for_account(Installation *installation)
{
	Conversation *conversation =
		conversation_for(ABOUT_IDENTITY, next_question(installation), installation);

	if (conversation->operation == GITHUB_GET_ACCOUNT)
		conversation->login = MemoryContextStrdup(TopMemoryContext, identity.login);
	if (!is_within_budget(conversation))
	{
		conversation_end(conversation);
		return;
	}
	identity.account_asked = true;
	if (!sending_start(conversation))
		pacing_give_back(conversation);
}

static void
ask_when_possible(Installation *installation)
{
	if (!identity.account_asked && may_ask_for_account(installation))
		ask_for_account(installation);
}

bool
identity_is_new_enough(const Conversation *conversation)
{
	if (conversation->claim->step != STEP_LOOKUP || identity.told_at >= conversation->begun_at)
		return true;
	ask_when_possible(conversation->installation);
	return false;
}

static void
ask_for_token(Installation *installation)
{
	Conversation *conversation =
		conversation_for(ABOUT_TOKEN, GITHUB_CREATE_INSTALLATION_TOKEN, installation);

	installation->minting = true;
	if (installation->id != INSTALLATION_OF_TOKEN)
	{
		(void) sending_start(conversation);
		return;
	}
	conversation_refuse(
		conversation, UNSENT_BY_CREDENTIALS, NULL,
		"installation 0 is for a personal access token: set github_sync.token_file, "
		"or give its repositories the installation of the App");
	arrivals_add(conversation);
}

static bool
read_token_file(Installation *installation)
{
	const char *problem = NULL;
	char *token = credentials_read_token(&problem);
	Conversation *first;

	if (token != NULL)
	{
		installation_set_token(installation, token, PG_INT64_MAX, DT_NOBEGIN);
		strlcpy(identity.file_token_key, installation->token_key, sizeof(identity.file_token_key));
		return true;
	}
	/* The rest is given back with it. */
	first = line_take_first(installation);
	conversation_refuse(first, UNSENT_BY_CREDENTIALS, NULL, problem);
	arrivals_add(first);
	return false;
}

bool
identity_is_prepared(Installation *installation)
{
	if (installation->app_doubted || installation->token_questioned)
	{
		ask_when_possible(installation);
		return false;
	}
	if (!has_token(installation))
	{
		if (credentials_are_a_token())
		{
			if (!read_token_file(installation))
				return false;
		}
		else if (!installation->minting)
			ask_for_token(installation);
	}
	if (!account_is_known())
		ask_when_possible(installation);
	return account_is_known() && has_token(installation);
}
