/*
 * claim_report.c
 *		What GitHub's answer to a claim's request does to its row.
 */
#include "postgres.h"

#include "core/github_request.h"
#include "core/github_resource.h"
#include "db/queue_report.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/backoff.h"
#include "worker/claim_report.h"
#include "worker/identity.h"
#include "worker/lookup_report.h"
#include "worker/place_report.h"
#include "worker/repositories.h"

/* A minute after its last change a record is settled, and a second more, as GitHub's times are whole ones. */
#define SETTLING_MS (61 * 1000)

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

	return (ResourceReport){.operation = conversation->operation,
							.not_modified = not_modified,
							.answered_at = answer->verdict.answered_at,
							.own_id = identity_own_id(),
							.resource = resource,
							.etag = etag_of_answer(conversation, not_modified),
							.etag_key = conversation->token_key,
							.json = not_modified ? NULL : answer->json};
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
		case REPORT_MEETS_OTHER:
			place_report_other_resource(report);
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
		/* What was to be changed was there a moment ago: where it is now, the next fetch tells. */
		if (conversation->claim->step == STEP_UPDATE)
		{
			report_try_again(report, "invalid_response",
							 "GitHub answered with another resource than was to be changed");
			return;
		}
		repositories_doubt(conversation);
		if (must_be_located(conversation))
		{
			place_report_locate(report, NULL);
			return;
		}
	}
	queue_report_resource(conversation->claim, &shown, &outcome);
	follow_outcome(report, &shown, &outcome);
}

/* What came of a creation is not known where another resource is shown in its place. */
static void
report_parsed_resource(Report *report, const GithubResource *resource)
{
	const Conversation *conversation = report->conversation;

	if (github_operation_creates(conversation->operation) &&
		!lookup_report_carries_key(resource, conversation->claim))
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

static void
search_list(Report *report, const GithubResourceList *list)
{
	const GithubResource *found = lookup_report_find(list, report->conversation->claim);

	if (found != NULL)
		report_resource(report, found);
	else
		lookup_report_not_on_page(report, list);
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
		place_report_ask_repository(conversation);
	}
	report->disposition = CONVERSATION_GOES_ON;
	return true;
}

static void
report_refused_token(Report *report)
{
	if (report_doubts_token(report->conversation))
	{
		report->disposition = CONVERSATION_GOES_ON;
		return;
	}
	report_settle_refused_creation(report);
	report_try_again(report, "forbidden", report_refused_alone(report->conversation));
}

static void
report_suspended(Report *report)
{
	report_settle_refused_creation(report);
	report_give_back(report, verdict_describe(report->conversation->answer));
	report->installation_state = "suspended";
}

static void
report_not_writable(Report *report)
{
	report_try_again(report, "forbidden",
					 "GitHub shows it, but knows nothing of it when it is to be changed: may the "
					 "App, or the token's user, write there?");
}

static void
report_not_modified(Report *report)
{
	report_end_pause(report);
	conversation_arrived(report->conversation);
	if (report->conversation->claim->step == STEP_CONFIRM)
		place_report_accept_name(report);
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
		place_report_locate(report, NULL);
		return;
	}
	if (queue_report_issue(conversation->claim, answer->verdict.answered_at, reached_repo_id,
						   answer->json))
		report_note_retry(report, GetCurrentTimestamp());
	else
		place_report_other_resource(report);
}

static void
report_success(Report *report)
{
	Conversation *conversation = report->conversation;
	int64 reached_repo_id = conversation->redirected_repo_id;

	report_end_pause(report);
	place_report_new_name(report);
	conversation_arrived(conversation);
	switch (conversation->claim->step)
	{
		case STEP_LOOKUP:
			report_list(report);
			break;
		case STEP_CONFIRM:
		case STEP_LOCATE:
		case STEP_INQUIRE:
			place_report_repository(report);
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
			place_report_redirect(report);
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
			place_report_forbidden(report);
			break;
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
			place_report_not_found(report);
			break;
		case GITHUB_API_VERSION_GONE:
			report_refuse(report, "api_version");
			break;
		case GITHUB_VALIDATION_FAILED:
			report_refuse(report, "validation_failed");
			break;
		case GITHUB_REJECTED:
			report_refuse(report, "rejected");
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
