/*
 * preparation_report.c
 *		What GitHub's answer to a request for a token, or for who we are, does.
 *
 * A refusal concerns the installation as a whole, never a row.
 */
#include "postgres.h"

#include <time.h>

#include "core/github_token.h"
#include "utils/timestamp.h"
#include "worker/credentials.h"
#include "worker/identity.h"
#include "worker/preparation_report.h"

/* A token that ends within this time is renewed first; of one that lives shorter, in the middle of its life. */
#define TOKEN_RESERVE_S 120

/* One that lives shorter is of no use: it would be made anew for every few requests. */
#define TOKEN_SHORTEST_LIFE_S 10

static void
take_token(Report *report)
{
	const Answer *answer = report->conversation->answer;
	GithubToken token;
	const char *problem = NULL;
	int64 lifetime_s;

	if (github_token_parse(answer->json, &token, &problem) != GITHUB_PARSE_OK)
	{
		report_bad_credentials(report, "GitHub's answer to the request for a token cannot be read");
		return;
	}
	/* Both times are by GitHub's clock, which may differ from ours. */
	lifetime_s = token.expires_at - answer->verdict.answered_at;
	if (lifetime_s < TOKEN_SHORTEST_LIFE_S)
	{
		github_token_free(&token);
		report_bad_credentials(report, "GitHub's token expires as soon as it is made");
		return;
	}
	installation_set_token(report->conversation->installation, token.token,
						   (int64) time(NULL) + lifetime_s - Min(TOKEN_RESERVE_S, lifetime_s / 2),
						   GetCurrentTimestamp());
}

static void
take_app(Report *report)
{
	const Conversation *conversation = report->conversation;
	char *login = github_own_login_parse(conversation->answer->json);

	if (login == NULL)
		report_bad_credentials(report, "GitHub does not say under which login we write");
	else
		identity_set_login(login);
	/* The App is known, so it is the installation that is not there. */
	if (login != NULL && conversation->installation->app_doubted)
		report->installation_state = "deleted";
}

static void
take_account(Report *report)
{
	const Conversation *conversation = report->conversation;
	int64 id = github_own_id_parse(conversation->answer->json);

	if (id == 0)
		report_bad_credentials(report, "GitHub does not say as which account we write");
	else
		identity_set_account(conversation, id);
}

static void
take_identity(Report *report)
{
	if (report->conversation->operation == GITHUB_GET_APP)
		take_app(report);
	else
		take_account(report);
}

static void
accept_answer(Report *report)
{
	credentials_accepted();
	if (report->conversation->purpose == ABOUT_TOKEN)
		take_token(report);
	else
		take_identity(report);
}

static void
report_refusal(Report *report)
{
	const Conversation *conversation = report->conversation;
	const char *what = conversation->purpose == ABOUT_TOKEN ? "installation token" : "identity";

	report_bad_credentials(report,
						   psprintf("no %s: %s", what, verdict_describe(conversation->answer)));
}

/* A JWT dated by a clock that GitHub's differs from: by its clock, it may be accepted. */
static void
report_refused_credentials(Report *report)
{
	const Conversation *conversation = report->conversation;
	int64 offset_s = conversation->answer->verdict.clock_offset_s;

	/* Like a key, it is read, or made, anew for the next try. */
	if (!github_operation_uses_jwt(conversation->operation))
		installation_drop_token(conversation->installation);
	if (offset_s == GITHUB_NO_OFFSET ||
		!credentials_correct_clock(conversation->clock_offset_s, offset_s))
		report_refusal(report);
}

/* GitHub says the same of an App that it does not know. */
static void
report_no_such_installation(Report *report)
{
	if (report->conversation->purpose == ABOUT_TOKEN)
		report->conversation->installation->app_doubted = true;
	else
		report_refusal(report);
}

static void
report_preparation(Report *report)
{
	switch (report->conversation->answer->verdict.kind)
	{
		case GITHUB_OK:
			accept_answer(report);
			break;
		case GITHUB_RATE_LIMITED:
			report_rate_limit(report);
			break;
		case GITHUB_UNAVAILABLE:
			report_unavailable(report);
			break;
		case GITHUB_SUSPENDED:
			report->installation_state = "suspended";
			break;
		case GITHUB_NOT_FOUND:
			report_no_such_installation(report);
			break;
		case GITHUB_UNAUTHORIZED:
			report_refused_credentials(report);
			break;
		case GITHUB_NOT_MODIFIED:
		case GITHUB_REDIRECTED:
		case GITHUB_FORBIDDEN:
		case GITHUB_GONE:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_VALIDATION_FAILED:
		case GITHUB_REJECTED:
		case GITHUB_INVALID_RESPONSE:
			report_refusal(report);
			break;
	}
}

void
preparation_report_answer(Report *report)
{
	if (report->conversation->answer->json == NULL)
		report_lack_of_memory(report, "no memory to read GitHub's answer");
	else
		report_preparation(report);
}
