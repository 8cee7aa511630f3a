/*
 * identity.c
 *		Who this worker is for GitHub.
 */
#include "postgres.h"

#include <time.h>

#include "worker/arrivals.h"
#include "worker/credentials.h"
#include "worker/identity.h"
#include "worker/line.h"
#include "worker/sending.h"

static struct
{
	char *login;
	bool login_asked;                          /* and not answered yet */
	char login_key[TOKEN_KEY_LENGTH + 1];      /* token mode: the token that told it */
	char file_token_key[TOKEN_KEY_LENGTH + 1]; /* token mode: the token that was read last */
} identity;

const char *
identity_own_login(void)
{
	return identity.login;
}

void
identity_set_login(const Conversation *conversation, char *login)
{
	free(identity.login);
	identity.login = login;
	strlcpy(identity.login_key, conversation->token_key, sizeof(identity.login_key));
}

void
identity_note_end(const Conversation *preparation)
{
	if (preparation->purpose == ABOUT_TOKEN)
		preparation->installation->minting = false;
	else
	{
		identity.login_asked = false;
		preparation->installation->app_doubted = false;
	}
}

/* Another token in the file may be another user's; until that is known, the login stays. */
static bool
login_is_known(void)
{
	return identity.login != NULL &&
		(!credentials_are_a_token() || strcmp(identity.login_key, identity.file_token_key) == 0);
}

static bool
may_ask_for_login(const Installation *installation)
{
	return !credentials_are_a_token() ||
		(installation->token != NULL &&
		 strcmp(installation->token_key, identity.file_token_key) == 0);
}

static void
ask_for_login(Installation *installation)
{
	GithubOperation operation = credentials_are_a_token() ? GITHUB_GET_USER : GITHUB_GET_APP;

	identity.login_asked = true;
	(void) sending_start(conversation_for(ABOUT_IDENTITY, operation, installation));
}

static void
ask_for_token(Installation *installation)
{
	installation->minting = true;
	(void) sending_start(
		conversation_for(ABOUT_TOKEN, GITHUB_CREATE_INSTALLATION_TOKEN, installation));
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

static bool
has_token(const Installation *installation)
{
	return installation_has_token(installation, (int64) time(NULL));
}

bool
identity_is_prepared(Installation *installation)
{
	if (installation->app_doubted)
	{
		if (!identity.login_asked)
			ask_for_login(installation);
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
	if (!login_is_known() && !identity.login_asked && may_ask_for_login(installation))
		ask_for_login(installation);
	return login_is_known() && has_token(installation);
}
