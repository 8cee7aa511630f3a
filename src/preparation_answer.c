/*
 * preparation_answer.c
 *		What GitHub's answer to a request for a token, or for who we are, does.
 *
 * A refusal concerns the installation as a whole, never a row.
 */
#include "postgres.h"

#include "core/github_token.h"
#include "preparation_answer.h"

static void
take_token(Recording *recording)
{
	GithubToken token;
	const char *problem = NULL;

	if (github_token_parse(recording->json, &token, &problem) != GITHUB_PARSE_OK)
	{
		record_bad_credentials(recording,
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
		record_bad_credentials(recording, "GitHub does not say under which login we write");
	else
		set_own_login(login);
}

void
record_preparation_answer(Recording *recording)
{
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
			record_bad_credentials(recording,
								   psprintf("no %s: %s",
											about_token ? "installation token" : "identity",
											describe(recording)));
			break;
	}
}
