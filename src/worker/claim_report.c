/*
 * claim_report.c
 *		What GitHub's answer to a claim's request does to its row.
 */
#include "postgres.h"

#include "core/github_request.h"
#include "core/link_header.h"
#include "core/github_repository.h"
#include "core/github_resource.h"
#include "core/url.h"
#include "db/installations.h"
#include "db/queue_report.h"
#include "server/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/claim_report.h"
#include "worker/identity.h"
#include "worker/repositories.h"

/* An issue may have been transferred again and again, each time to a repository that was renamed since. */
#define MAX_REDIRECTS 10

/* A minute after its last change a record is settled, and a second more, as GitHub's times are whole ones. */
#define SETTLING_MS (61 * 1000)

/* Ten thousand issues or comments: one made meanwhile is not that far back. */
#define LOOKUP_MAX_PAGES 100

static void
refuse(Report *report, const char *code)
{
	report_settle_refused_creation(report);
	report_fail(report, code, verdict_describe(report->conversation->answer));
}

/* what: "answer", "list". */
static void
report_unreadable(Report *report, const char *what, GithubParseResult result, const char *problem)
{
	if (result == GITHUB_PARSE_OUT_OF_MEMORY)
		report_lack_of_memory(report, psprintf("no memory to read GitHub's %s", what));
	else
		report_try_again(report, "invalid_response",
						 psprintf("GitHub's %s cannot be read: %s", what,
								  problem ? problem : "not JSON"));
}

static GithubResourceKind
resource_kind(const SyncClaim *claim)
{
	return claim->record_type == RECORD_TASK ? GITHUB_ISSUE : GITHUB_COMMENT;
}

static bool
is_fetch(GithubOperation operation)
{
	return operation == GITHUB_GET_ISSUE || operation == GITHUB_GET_COMMENT;
}

/* The one that came with the answer, or that the answer is about. */
static const char *
etag_of_answer(const Conversation *conversation, bool not_modified)
{
	const char *etag = conversation->answer->etag;

	if (not_modified)
		return conversation->claim->etag;
	if (!is_fetch(conversation->operation) || etag == NULL || !github_request_takes_etag(etag))
		return NULL;
	return etag;
}

/* Asked again before its update, it is asked for what differs from this answer. */
static void
keep_etag(const Conversation *conversation, const char *etag)
{
	SyncClaim *claim = conversation->claim;

	if (etag == claim->etag)
		return;
	claim->etag = etag != NULL ? MemoryContextStrdup(claim->context, etag) : NULL;
	claim->etag_key = MemoryContextStrdup(claim->context, conversation->token_key);
}

static bool
is_of_the_future(const GithubResource *resource, int64 answered_at)
{
	return resource != NULL && github_resource_is_of_the_future(resource, answered_at);
}

/* Another repository may have its name; denied: as conversation_locate(). */
static void
locate_repository(Report *report, const char *denied)
{
	conversation_arrived(report->conversation);
	repositories_doubt(report->conversation);
	conversation_locate(report->conversation, denied);
	report->disposition = CONVERSATION_GOES_ON;
}

/* Another resource than the one that is known has its place. */
static bool
is_another(const SyncClaim *claim, const GithubResource *resource)
{
	return claim->github_id != 0 && resource->id != claim->github_id;
}

/* Where it is not sure that the name is still the repository's, that is asked first. */
static bool
must_be_located(const Conversation *conversation)
{
	return conversation->claim->step == STEP_FETCH && !conversation->name_is_sure;
}

static ResourceReport
shown_by(const Conversation *conversation, const GithubResource *resource)
{
	const Answer *answer = conversation->answer;
	bool not_modified = answer->verdict.kind == GITHUB_NOT_MODIFIED;
	/* What apply_values is given; who sent an update has what it answers, but for what GitHub made of the marks. */
	bool shows_all = (is_fetch(conversation->operation) && !not_modified) ||
		github_operation_creates(conversation->operation) ||
		conversation->claim->step == STEP_LOOKUP || conversation->claim->marks != NULL;

	return (ResourceReport){.operation = conversation->operation,
							.not_modified = not_modified,
							.answered_at = answer->verdict.answered_at,
							.own_id = identity_own_id(),
							.resource = resource,
							.etag = etag_of_answer(conversation, not_modified),
							.etag_key = conversation->token_key,
							.json = shows_all ? answer->json : NULL};
}

static void
follow_outcome(Report *report, const ResourceReport *shown, const ReportOutcome *outcome)
{
	Conversation *conversation = report->conversation;

	switch (outcome->result)
	{
		case REPORT_ENDS_CLAIM:
			/* What changed is asked for once more: SQL says when, and knows it by then. */
			report_note_retry(report, backoff_in_ms(SETTLING_MS));
			break;
		case REPORT_IS_STALE:
			/* Another worker's by now, or what the claim was about was not told as it is. */
			conversation_note_lost();
			break;
		case REPORT_GIVES_BACK:
			/* SQL says when: the next look at what is due takes that time over. */
			report_note_retry(report, GetCurrentTimestamp());
			break;
		case REPORT_ASKS_UPDATE:
			queue_report_prepare_update(conversation->claim, outcome);
			keep_etag(conversation, shown->etag);
			report->disposition = CONVERSATION_GOES_ON;
			break;
		case REPORT_GOES_ALONE: /* of sets only, which see to it */
			break;
	}
}

static void
report_resource(Report *report, const GithubResource *resource)
{
	Conversation *conversation = report->conversation;
	ResourceReport shown = shown_by(conversation, resource);
	ReportOutcome outcome;

	if (is_of_the_future(resource, shown.answered_at))
	{
		report_try_again(
			report, "invalid_response",
			"GitHub's answer cannot be true: its updated_at lies more than a day ahead");
		return;
	}
	if (resource != NULL && is_another(conversation->claim, resource))
	{
		repositories_doubt(conversation);
		if (must_be_located(conversation))
		{
			locate_repository(report, NULL);
			return;
		}
	}
	queue_report_resource(conversation->claim, &shown, &outcome);
	follow_outcome(report, &shown, &outcome);
}

static bool
carries_key(const GithubResource *resource, const SyncClaim *claim)
{
	return resource->body != NULL && claim->creation_key != NULL &&
		strstr(resource->body, claim->creation_key) != NULL;
}

/* What came of a creation is not known where another resource is shown in its place. */
static void
report_parsed_resource(Report *report, const GithubResource *resource)
{
	const Conversation *conversation = report->conversation;

	if (github_operation_creates(conversation->operation) &&
		!carries_key(resource, conversation->claim))
		report_unreadable(report, "answer", GITHUB_PARSE_MISSING_FIELD,
						  "it shows something else than what was created");
	else
		report_resource(report, resource);
}

static void
report_shown_resource(Report *report)
{
	Conversation *conversation = report->conversation;
	GithubResource resource;
	const char *problem = NULL;
	GithubParseResult result =
		github_resource_parse(resource_kind(conversation->claim), conversation->answer->json,
							  &resource, &problem);

	if (result != GITHUB_PARSE_OK)
	{
		report_unreadable(report, "answer", result, problem);
		return;
	}
	PG_TRY();
	{
		report_parsed_resource(report, &resource);
	}
	PG_FINALLY();
	{
		github_resource_free(&resource);
	}
	PG_END_TRY();
}

/* The issue of a comment: where it is now, the comment may be. */
static void
ask_issue(Report *report)
{
	conversation_arrived(report->conversation);
	report->conversation->claim->step = STEP_ASK_ISSUE;
	report->disposition = CONVERSATION_GOES_ON;
}

/* Others may quote it, and so may our account: the first one was there before any quotation. */
static const GithubResource *
find_own_creation(const GithubResourceList *list, const SyncClaim *claim)
{
	const GithubResource *first = NULL;

	for (size_t i = 0; i < list->count; i++)
	{
		const GithubResource *item = &list->items[i];

		if (carries_key(item, claim) && (first == NULL || item->id < first->id) &&
			queue_report_is_own_creation(claim, item, identity_own_id()))
			first = item;
	}
	return first;
}

/* Issues come newest first: older ones cannot be the creation. */
static bool
reaches_back_far_enough(const Conversation *conversation, const GithubResourceList *list)
{
	return conversation->operation == GITHUB_LIST_ISSUES && list->count > 0 &&
		list->items[list->count - 1].created_at <
		conversation->claim->lookup_since - LOOKUP_MARGIN_S;
}

/* By its last item: the first ones may have been on the page before, as new ones move all of them. */
static bool
is_behind_last_page(const Conversation *conversation, const GithubResourceList *list)
{
	const ListLook *look = &conversation->look;
	const GithubResource *last;

	if (list->count == 0 || look->last_id == 0)
		return true;
	last = &list->items[list->count - 1];
	if (conversation->operation == GITHUB_LIST_ISSUES)
		return last->created_at <= look->last_created_at && last->id != look->last_id;
	return last->id > look->last_id; /* comments, in the order of their ids */
}

static void
report_endless_list(Report *report)
{
	report_try_again(report, "invalid_response",
					 "GitHub's list cannot be read: its pages come to no end");
}

static void
turn_page(Report *report, const GithubResourceList *list, char *url)
{
	Conversation *conversation = report->conversation;
	ListLook *look = &conversation->look;

	look->page++;
	if (list->count > 0)
	{
		look->last_id = list->items[list->count - 1].id;
		look->last_created_at = list->items[list->count - 1].created_at;
	}
	/* Not by number: deep in a long list, GitHub knows its own links only. */
	conversation_go_to(conversation, url);
	if ((look->page & (look->page - 1)) == 0)
		look->seen_url = conversation->next_url;
	report->disposition = CONVERSATION_GOES_ON;
}

static void
report_not_on_page(Report *report, const GithubResourceList *list)
{
	const Conversation *conversation = report->conversation;
	char *next = link_header_next(conversation->answer->link);
	char *url = url_within(setting_api_url, next);
	bool is_last = next == NULL || reaches_back_far_enough(conversation, list);

	free(next);
	if (is_last)
	{
		queue_report_missing_creation(conversation->claim, setting_creation_recheck_ms,
									  conversation->answer->verdict.answered_at);
		report_note_retry(report, GetCurrentTimestamp());
	}
	else if (url == NULL)
		report_try_again(report, "invalid_response",
						 "GitHub's list goes on at another host, which is never called");
	else if (conversation->look.page >= LOOKUP_MAX_PAGES ||
			 (conversation->look.seen_url != NULL && strcmp(url, conversation->look.seen_url) == 0))
		report_endless_list(report);
	else
	{
		turn_page(report, list, url);
		return;
	}
	free(url);
}

static void
search_list(Report *report, const GithubResourceList *list)
{
	Conversation *conversation = report->conversation;
	const GithubResource *found = find_own_creation(list, conversation->claim);

	if (found != NULL)
		report_resource(report, found);
	else if (!is_behind_last_page(conversation, list))
		report_endless_list(report);
	else
		report_not_on_page(report, list);
}

static void
report_list(Report *report)
{
	const Conversation *conversation = report->conversation;
	GithubResourceList list;
	const char *problem = NULL;
	GithubParseResult result =
		github_resource_list_parse(resource_kind(conversation->claim), conversation->answer->json,
								   &list, &problem);

	if (result != GITHUB_PARSE_OK)
	{
		report_unreadable(report, "list", result, problem);
		return;
	}
	PG_TRY();
	{
		search_list(report, &list);
	}
	PG_FINALLY();
	{
		github_resource_list_free(&list);
	}
	PG_END_TRY();
}

/* Not there, or not shown to us: the repository's answer tells which. */
static void
ask_repository(Conversation *conversation)
{
	conversation_arrived(conversation);
	conversation->claim->step = STEP_INQUIRE;
}

/* Smaller pages; where the smallest fails, the repository tells whether it is the list's fault. */
static bool
list_goes_on(Report *report)
{
	Conversation *conversation = report->conversation;

	if (conversation->claim->step != STEP_LOOKUP || !verdict_may_be_page_size(conversation->answer))
		return false;
	if (!conversation_halve_pages(conversation))
	{
		conversation->list_failed = true;
		conversation->list_failure = MemoryContextStrdup(conversation->claim->context,
														 verdict_describe(conversation->answer));
		ask_repository(conversation);
	}
	report->disposition = CONVERSATION_GOES_ON;
	return true;
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
		ask_issue(report);
	else
		locate_repository(report,
						  "GitHub sent the request to another repository; nothing was created");
}

/* Only the API we were told to talk to ever gets our token. */
static void
follow_redirect(Report *report)
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
static void
report_new_name(const Report *report)
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
report_refused_token(Report *report)
{
	if (report_token_is_replaceable(report->conversation))
		report->disposition = CONVERSATION_GOES_ON;
	else
		report_bad_credentials(report, verdict_describe(report->conversation->answer));
}

static void
report_suspended(Report *report)
{
	report_settle_refused_creation(report);
	report_give_back(report, verdict_describe(report->conversation->answer));
	report->installation_state = "suspended";
}

static void
inquire(Report *report)
{
	report_settle_refused_creation(report);
	ask_repository(report->conversation);
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
		ask_issue(report);
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

static void
report_not_writable(Report *report)
{
	report_try_again(report, "forbidden",
					 "GitHub shows it, but knows nothing of it when it is to be changed: may the "
					 "App, or the token's user, write there?");
}

static void
accept_name(Report *report)
{
	repositories_note_confirmed(report->conversation, GetCurrentTimestamp());
	report->disposition = CONVERSATION_GOES_ON;
}

/* A former name leads to it as well: the claim goes on by the present one. */
static void
go_on_by_name(Report *report, const GithubRepository *repository)
{
	conversation_take_name(report->conversation, repository->owner_login, repository->name);
	accept_name(report);
}

/* Another repository has taken over the name: nothing was sent there that it could have taken. */
static void
report_other_repository(Report *report, int64 repository_id)
{
	const SyncClaim *claim = report->conversation->claim;

	locate_repository(report,
					  psprintf("another repository answers to the name %s/%s: GitHub's id there "
							   "is " INT64_FORMAT " instead of " INT64_FORMAT
							   "; nothing was created",
							   claim->owner_login, claim->repo_name, repository_id,
							   claim->github_repo_id));
}

/* GitHub answered 404 or 410, and now its repository has answered. */
static void
conclude_inquiry(Report *report, const GithubRepository *repository)
{
	const Conversation *conversation = report->conversation;

	if (!repository->has_issues)
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
		go_on_by_name(report, repository);
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

static void
report_shown_repository(Report *report)
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
		locate_repository(
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

static void
report_not_found(Report *report)
{
	Conversation *conversation = report->conversation;

	report_end_pause(report);
	if (asks_about_repository(conversation->claim))
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

static void
report_forbidden(Report *report)
{
	if (asks_about_repository(report->conversation->claim))
		report_hidden_repository(report);
	else
		refuse(report, "forbidden");
}

static void
report_not_modified(Report *report)
{
	report_end_pause(report);
	conversation_arrived(report->conversation);
	if (report->conversation->claim->step == STEP_CONFIRM)
		accept_name(report);
	else if (report->conversation->write_not_found)
		report_not_writable(report);
	else
		report_resource(report, NULL);
}

static void
report_fetched(Report *report)
{
	if (report->conversation->write_not_found)
		report_not_writable(report);
	else
		report_shown_resource(report);
}

/* Of a comment that is not shown. */
static void
report_issue(Report *report, int64 reached_repo_id)
{
	const Conversation *conversation = report->conversation;
	const Answer *answer = conversation->answer;

	if (!conversation->name_is_sure &&
		queue_report_is_other_issue(conversation->claim, reached_repo_id, answer->json))
	{
		locate_repository(report, NULL);
		return;
	}
	queue_report_issue(conversation->claim, answer->verdict.answered_at, reached_repo_id,
					   answer->json);
	report_note_retry(report, GetCurrentTimestamp());
}

static void
report_success(Report *report)
{
	Conversation *conversation = report->conversation;
	int64 reached_repo_id = conversation->redirected_repo_id;

	report_end_pause(report);
	report_new_name(report);
	conversation_arrived(conversation);
	switch (conversation->claim->step)
	{
		case STEP_LOOKUP:
			report_list(report);
			break;
		case STEP_CONFIRM:
		case STEP_LOCATE:
		case STEP_INQUIRE:
			report_shown_repository(report);
			break;
		case STEP_ASK_ISSUE:
			report_issue(report, reached_repo_id);
			break;
		case STEP_DELETE:
			queue_report_deleted(conversation->claim, conversation->answer->verdict.answered_at);
			break;
		case STEP_FETCH:
			report_fetched(report);
			break;
		case STEP_CREATE:
		case STEP_UPDATE:
			report_shown_resource(report);
			break;
	}
}

static void
report_verdict(Report *report)
{
	switch (report->conversation->answer->verdict.kind)
	{
		case GITHUB_OK:
			report_success(report);
			break;
		case GITHUB_NOT_MODIFIED:
			report_not_modified(report);
			break;
		case GITHUB_REDIRECTED:
			follow_redirect(report);
			break;
		case GITHUB_UNAUTHORIZED:
			report_refused_token(report);
			break;
		case GITHUB_RATE_LIMITED:
			report_rate_limit(report);
			break;
		case GITHUB_SUSPENDED:
			report_suspended(report);
			break;
		case GITHUB_FORBIDDEN:
			report_forbidden(report);
			break;
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
			report_not_found(report);
			break;
		case GITHUB_API_VERSION_GONE:
			refuse(report, "api_version");
			break;
		case GITHUB_VALIDATION_FAILED:
			refuse(report, "validation_failed");
			break;
		case GITHUB_REJECTED:
			refuse(report, "rejected");
			break;
		case GITHUB_UNAVAILABLE:
			if (!list_goes_on(report))
				report_unavailable(report);
			break;
		case GITHUB_INVALID_RESPONSE:
			if (!list_goes_on(report))
				report_try_again(report, "invalid_response",
								 verdict_describe(report->conversation->answer));
			break;
	}
}

void
claim_report_answer(Report *report)
{
	const Conversation *conversation = report->conversation;

	report_note_accepted_token(conversation);
	if (conversation->answer->json == NULL)
		report_lack_of_memory(report, "no memory to read GitHub's answer");
	else
		report_verdict(report);
}

/* ---- along with others ---- */

bool
claim_report_may_be_plain(const Report *report)
{
	const Conversation *conversation = report->conversation;
	const Answer *answer = conversation->answer;

	if (conversation->purpose != ABOUT_CLAIM || conversation->refusal.reason != UNSENT_NOT ||
		answer->json == NULL)
		return false;
	if (conversation->claim->step != STEP_FETCH && conversation->claim->step != STEP_UPDATE)
		return false;
	if (conversation->installation->may_be_paused || conversation->redirects > 0 ||
		conversation->write_not_found)
		return false;
	return answer->verdict.kind == GITHUB_OK || answer->verdict.kind == GITHUB_NOT_MODIFIED;
}

static bool
read_plain(PlainReport *plain)
{
	const Conversation *conversation = plain->report->conversation;
	const char *problem = NULL;

	if (conversation->answer->verdict.kind == GITHUB_NOT_MODIFIED)
		return true;
	if (github_resource_parse(resource_kind(conversation->claim), conversation->answer->json,
							  &plain->resource, &problem) != GITHUB_PARSE_OK)
		return false;
	plain->shown.resource = &plain->resource;
	return true;
}

void
claim_report_free(PlainReport *plain)
{
	if (plain->shown.resource != NULL)
		github_resource_free(&plain->resource);
}

bool
claim_report_begin_plain(PlainReport *plain)
{
	const Conversation *conversation = plain->report->conversation;
	const GithubResource *resource;

	if (!read_plain(plain))
		return false;
	resource = plain->shown.resource;
	if (resource != NULL &&
		(is_of_the_future(resource, conversation->answer->verdict.answered_at) ||
		 is_another(conversation->claim, resource)))
	{
		claim_report_free(plain);
		return false;
	}
	plain->shown = shown_by(conversation, resource);
	return true;
}

void
claim_report_end_plain(PlainReport *plain)
{
	Conversation *conversation = plain->report->conversation;

	report_note_accepted_token(conversation);
	conversation_arrived(conversation);
	follow_outcome(plain->report, &plain->shown, &plain->outcome);
}
