/*
 * place_report.c
 *		Where a claim's record is: what GitHub's answers say of its repository, of
 *		another place, and of what is not shown where it was.
 */
#include "postgres.h"

#include "core/github_repository.h"
#include "core/github_request.h"
#include "core/url.h"
#include "db/queue_report.h"
#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/place_report.h"
#include "worker/repositories.h"
#include "worker/verdict.h"

/* An issue may have been transferred again and again, each time to a repository that was renamed since. */
#define MAX_REDIRECTS 10

/* Not there, or not shown to us: the repository's answer tells which. */
void
place_report_ask_repository(Conversation *conversation)
{
	conversation_arrived(conversation);
	conversation->claim->step = STEP_INQUIRE;
}

/* Another repository may have its name; denied: as conversation_locate(). */
void
place_report_locate(Report *report, const char *denied)
{
	conversation_arrived(report->conversation);
	repositories_doubt(report->conversation);
	conversation_locate(report->conversation, denied);
	report->disposition = CONVERSATION_GOES_ON;
}

/* Also by the name that its id has just told: it may have changed hands since, or that answer was an old one. */
void
place_report_other_resource(Report *report)
{
	const SyncClaim *claim = report->conversation->claim;

	repositories_doubt(report->conversation);
	report_try_again(report, "moved",
					 psprintf("another repository answers to the name %s/%s: issue %d there has "
							  "another id",
							  claim->owner_login, claim->repo_name, claim->issue_number));
}

/* The issue of a comment: where it is now, the comment may be. */
void
place_report_ask_issue(Report *report)
{
	conversation_arrived(report->conversation);
	report->conversation->claim->step = STEP_ASK_ISSUE;
	report->disposition = CONVERSATION_GOES_ON;
}

/* A creation may have had its effect: it is looked up. */
static void
report_led_astray(Report *report, const char *reason)
{
	if (github_operation_creates(report->conversation->operation))
		report_try_again(report, "moved", reason);
	else
		report_fail(report, "moved", reason);
}

/* What is new, or looked for, has no id by which it could be told.  A repository that is renamed keeps its own. */
static bool
leaves_repository(const Conversation *conversation, const char *url)
{
	const SyncClaim *claim = conversation->claim;
	int64 repository_id = url_repository_id(setting_api_url, url);

	return repository_id != 0 && repository_id != claim->github_repo_id &&
		(claim->step == STEP_CREATE ||
		 (claim->step == STEP_LOOKUP && claim->record_type == RECORD_COMMENT));
}

/* The redirect itself made nothing; the issue that a comment is for may have been transferred. */
static void
report_elsewhere(Report *report)
{
	const SyncClaim *claim = report->conversation->claim;

	if (claim->step == STEP_CREATE)
		queue_report_rejected_creation(claim);
	if (claim->record_type == RECORD_COMMENT)
		place_report_ask_issue(report);
	else
		place_report_locate(report,
							"GitHub sent the request to another repository; nothing was created");
}

/* Only the API we were told to talk to ever gets our token. */
void
place_report_redirect(Report *report)
{
	Conversation *conversation = report->conversation;
	char *url = url_within(setting_api_url, conversation->answer->location);

	if (url == NULL)
		report_led_astray(report, "GitHub sent the request to another host, which is never called");
	else if (leaves_repository(conversation, url))
		report_elsewhere(report);
	else if (!github_request_may_go_on_at(conversation->operation, setting_api_url, url))
		report_led_astray(report,
						  "GitHub sent the request to a place where it would write something else");
	else if (conversation->redirects >= MAX_REDIRECTS)
		report_led_astray(report, "GitHub sent the request from place to place without an end");
	else
	{
		repositories_doubt(conversation);
		conversation->redirects++;
		conversation->redirected_repo_id = url_repository_id(setting_api_url, url);
		conversation_go_to(conversation, url);
		report->disposition = CONVERSATION_GOES_ON;
		return;
	}
	free(url);
}

/* What was answered elsewhere may show that the repository has another name now. */
void
place_report_new_name(const Report *report)
{
	const Conversation *conversation = report->conversation;

	if (conversation->redirects == 0)
		return;
	switch (conversation->claim->step)
	{
		case STEP_FETCH:
		case STEP_CREATE:
		case STEP_UPDATE:
		case STEP_CONFIRM:
		case STEP_INQUIRE:
			queue_report_redirect(conversation->claim, conversation->redirected_repo_id,
								  conversation->answer->json);
			break;
		case STEP_LOCATE:    /* what it shows is taken anyway */
		case STEP_LOOKUP:    /* a list */
		case STEP_DELETE:    /* nothing */
		case STEP_ASK_ISSUE: /* the issue of a comment: queue_report_issue() */
			break;
	}
}

static void
inquire(Report *report)
{
	report_settle_refused_creation(report);
	place_report_ask_repository(report->conversation);
	report->disposition = CONVERSATION_GOES_ON;
}

static void
report_missing(Report *report, RepositoryState repository)
{
	queue_report_missing(report->conversation->claim,
						 report->conversation->answer->verdict.answered_at, repository);
	report_note_retry(report, GetCurrentTimestamp());
}

/* The comments of an issue that was transferred are not shown at their old place. */
static void
conclude_missing(Report *report)
{
	const SyncClaim *claim = report->conversation->claim;

	if (claim->record_type == RECORD_COMMENT && claim->issue_number != 0)
		place_report_ask_issue(report);
	else
		report_missing(report, REPOSITORY_READABLE);
}

/*
 * GitHub shows the repository, but not what was to be updated or deleted, or not
 * to one who may not write there: whether it is there, its fetch tells.
 */
static void
ask_whether_shown(Report *report)
{
	conversation_arrived(report->conversation);
	report->conversation->claim->step = STEP_FETCH;
	report->disposition = CONVERSATION_GOES_ON;
}

void
place_report_accept_name(Report *report)
{
	repositories_note_confirmed(report->conversation, GetCurrentTimestamp());
	report->disposition = CONVERSATION_GOES_ON;
}

/* A former name leads to it as well: the claim goes on by the present one. */
static void
go_on_by_name(Report *report, const GithubRepository *repository)
{
	conversation_take_name(report->conversation, repository->owner_login, repository->name);
	place_report_accept_name(report);
}

/* Another repository has taken over the name: nothing was sent there that it could have taken. */
static void
report_other_repository(Report *report, int64 repository_id)
{
	const SyncClaim *claim = report->conversation->claim;

	place_report_locate(report,
						psprintf("another repository answers to the name %s/%s: GitHub's id there "
								 "is " INT64_FORMAT " instead of " INT64_FORMAT
								 "; nothing was created",
								 claim->owner_login, claim->repo_name, repository_id,
								 claim->github_repo_id));
}

/* A write was answered 403, and now its repository has answered. */
static void
conclude_refusal(Report *report, const GithubRepository *repository)
{
	if (repository->is_archived)
		report_missing(report, REPOSITORY_ARCHIVED);
	else
		report_fail(report, "forbidden", report->conversation->write_refused);
}

/* GitHub answered 403, 404 or 410, and now its repository has answered. */
static void
conclude_inquiry(Report *report, const GithubRepository *repository)
{
	const Conversation *conversation = report->conversation;

	if (conversation->write_refused != NULL)
		conclude_refusal(report, repository);
	else if (!repository->has_issues)
		report_missing(report, REPOSITORY_ISSUES_DISABLED);
	else if (conversation->list_failed)
		report_try_again(report, "lookup_failed", conversation->list_failure);
	else if (conversation->write_not_found)
		ask_whether_shown(report);
	else
		conclude_missing(report);
}

/* What was not shown was asked for where the name led: the claim begins anew, by the right one. */
static bool
asked_by_other_name(const Conversation *conversation, bool is_same)
{
	return conversation->step_after == STEP_INQUIRE ||
		(conversation->step_after == STEP_ASK_ISSUE && !is_same);
}

/* Of an archived one it is known what GitHub would say to a creation. */
static void
conclude_confirmation(Report *report, const GithubRepository *repository)
{
	if (repository->is_archived && report->conversation->step_after == STEP_CREATE)
		report_missing(report, REPOSITORY_ARCHIVED);
	else
		go_on_by_name(report, repository);
}

/* By its id: the name that the claim went by is the repository's, or another one is. */
static void
conclude_location(Report *report, const GithubRepository *repository)
{
	Conversation *conversation = report->conversation;
	const SyncClaim *claim = conversation->claim;
	bool is_same = pg_strcasecmp(repository->owner_login, claim->owner_login) == 0 &&
		pg_strcasecmp(repository->name, claim->repo_name) == 0;

	if (is_same && conversation->name_denied != NULL)
		report_try_again(report, "moved", conversation->name_denied);
	else if (asked_by_other_name(conversation, is_same) || conversation->prepared)
		report_give_back(report,
						 psprintf("the repository is called %s/%s by now", repository->owner_login,
								  repository->name));
	else
	{
		conversation->name_is_sure = true;
		go_on_by_name(report, repository);
	}
}

/* What is asked of a repository, and which one answered. */
static void
report_repository(Report *report, const GithubRepository *repository)
{
	const SyncClaim *claim = report->conversation->claim;
	bool is_own = repository->id == claim->github_repo_id;

	if (!is_own && claim->step == STEP_LOCATE)
	{
		report_unreadable(report, "answer", GITHUB_PARSE_MISSING_FIELD,
						  "it shows another repository than was asked for");
		return;
	}
	if (!is_own || claim->step != STEP_INQUIRE)
		queue_report_repository_name(claim, repository->id, repository->owner_login,
									 repository->name);
	if (!is_own)
		report_other_repository(report, repository->id);
	else if (claim->step == STEP_CONFIRM)
		conclude_confirmation(report, repository);
	else if (claim->step == STEP_LOCATE)
		conclude_location(report, repository);
	else
		conclude_inquiry(report, repository);
}

static bool
changes_resource(GithubOperation operation)
{
	return github_operation_writes(operation) && !github_operation_creates(operation);
}

void
place_report_repository(Report *report)
{
	GithubRepository repository;
	const char *problem = NULL;
	GithubParseResult result =
		github_repository_parse(report->conversation->answer->json, &repository, &problem);

	if (result != GITHUB_PARSE_OK)
	{
		report_unreadable(report, "answer", result, problem);
		return;
	}
	PG_TRY();
	{
		report_repository(report, &repository);
	}
	PG_FINALLY();
	{
		github_repository_free(&repository);
	}
	PG_END_TRY();
}

static bool
asks_about_repository(const SyncClaim *claim)
{
	return claim->step == STEP_INQUIRE || claim->step == STEP_CONFIRM || claim->step == STEP_LOCATE;
}

/* Whether that is because of its name, its id tells. */
static void
report_hidden_repository(Report *report)
{
	const SyncClaim *claim = report->conversation->claim;

	if (claim->step == STEP_LOCATE)
		report_missing(report, REPOSITORY_NOT_READABLE);
	else
		place_report_locate(
			report,
			psprintf("GitHub shows the repository by its id, but not by its name %s/%s",
					 claim->owner_login, claim->repo_name));
}

/* 410: the issue was deleted, and its comments with it; 404: it may have gone where we cannot look. */
static void
report_missing_with_issue(Report *report)
{
	bool was_deleted = report->conversation->answer->verdict.kind == GITHUB_GONE;

	report_missing(report, was_deleted ? REPOSITORY_READABLE : REPOSITORY_ISSUE_NOT_SHOWN);
}

void
place_report_not_found(Report *report)
{
	Conversation *conversation = report->conversation;

	report_end_pause(report);
	if (conversation->write_refused != NULL)
		report_fail(report, "forbidden", conversation->write_refused);
	else if (asks_about_repository(conversation->claim))
		report_hidden_repository(report);
	else if (conversation->claim->step == STEP_ASK_ISSUE)
		report_missing_with_issue(report);
	else if (conversation->write_not_found)
		conclude_missing(report);
	else
	{
		inquire(report);
		conversation->write_not_found = changes_resource(conversation->operation);
	}
}

/* Whether its repository is archived, where nobody can: else it stays refused. */
static void
inquire_after_refusal(Report *report)
{
	Conversation *conversation = report->conversation;

	conversation->write_refused =
		MemoryContextStrdup(conversation->claim->context, verdict_describe(conversation->answer));
	inquire(report);
}

void
place_report_forbidden(Report *report)
{
	Conversation *conversation = report->conversation;

	if (conversation->write_refused != NULL)
		report_fail(report, "forbidden", conversation->write_refused);
	else if (asks_about_repository(conversation->claim))
		report_hidden_repository(report);
	else if (github_operation_writes(conversation->operation))
		inquire_after_refusal(report);
	else
		report_refuse(report, "forbidden");
}
