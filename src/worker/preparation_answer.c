/*
 * preparation_answer.c
 *		What GitHub's answer to a request for a token, or for who we are, does.
 *
 * A refusal concerns the installation as a whole, never a row.
 */
#include "postgres.h"

#include <time.h>

#include "core/github_token.h"
#include "worker/credentials.h"
#include "worker/preparation_answer.h"
#include "utils/timestamp.h"

static void
take_token(Recording *recording)
{
	GithubToken token;
	const char *problem = NULL;
	int64 lifetime_s;

	if (github_token_parse(recording->json, &token, &problem) != GITHUB_PARSE_OK)
	{
		record_bad_credentials(recording,
							   "GitHub's answer to the request for a token cannot be read");
		return;
	}
	/* Both times are by GitHub's clock, which may differ from ours. */
	lifetime_s = token.expires_at - answered_at(recording);
	if (lifetime_s <= TOKEN_RESERVE_S)
	{
		github_token_free(&token);
		record_bad_credentials(recording, "GitHub's token expires as soon as it is made");
		return;
	}
	installation_set_token(recording->conversation->installation, token.token,
						   (int64) time(NULL) + lifetime_s, GetCurrentTimestamp());
}

static void
take_identity(Recording *recording)
{
	char *login = github_own_login_parse(recording->json);

	if (login == NULL)
		record_bad_credentials(recording, "GitHub does not say under which login we write");
	else
		set_own_login(recording->conversation, login);
}

static void
record_refusal(Recording *recording)
{
	const char *what =
		recording->conversation->purpose == ABOUT_TOKEN ? "installation token" : "identity";

	record_bad_credentials(recording, psprintf("no %s: %s", what, describe(recording)));
}

/* A JWT dated by a clock that GitHub's differs from: by its clock, it may be accepted. */
static void
record_unauthorized(Recording *recording)
{
	int64 offset_s = recording->judgement.clock_offset_s;

	/* Like a key, it is read anew for the next try. */
	if (credentials_are_a_token())
		installation_drop_token(recording->conversation->installation);
	if (offset_s == GITHUB_NO_OFFSET ||
		!credentials_correct_clock(recording->conversation->clock_offset_s, offset_s))
		record_refusal(recording);
}

void
record_preparation_answer(Recording *recording)
{
	bool about_token = recording->conversation->purpose == ABOUT_TOKEN;

	switch (recording->judgement.verdict)
	{
		case GITHUB_OK:
			credentials_accepted();
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
			record_refusal(recording);
			break;
		case GITHUB_UNAUTHORIZED:
			record_unauthorized(recording);
			break;
		case GITHUB_NOT_MODIFIED:
		case GITHUB_REDIRECTED:
		case GITHUB_FORBIDDEN:
		case GITHUB_GONE:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_VALIDATION_FAILED:
		case GITHUB_REJECTED:
		case GITHUB_INVALID_RESPONSE:
			record_refusal(recording);
			break;
	}
}
