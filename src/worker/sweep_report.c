/*
 * sweep_report.c
 *		What GitHub's answer to a request for a page of a list does.
 *
 * A list that cannot be had keeps the reason and is read again later; only what
 * GitHub says of the installation as a whole concerns others.
 */
#include "postgres.h"

#include "core/link_header.h"
#include "core/url.h"
#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/identity.h"
#include "worker/sweep_report.h"

#define MAX_REDIRECTS 3 /* a list is moved by names of its repository alone */

static void
fail(const Report *report, const char *reason)
{
	repo_sweeps_report_failure(report->conversation->sweep, reason, SWEEP_AGAIN);
}

/* The installation waits, and the page with it. */
static void
let_go(Report *report, const char *reason)
{
	TimestampTz retry_at = report->pause_reason != NULL ? report->paused_until : DT_NOBEGIN;

	repo_sweeps_let_go(report->conversation->sweep, reason, retry_at);
}

static GithubResourceKind
kind_of_items(const RepoSweep *sweep)
{
	bool is_of_comments = sweep->operation == GITHUB_SWEEP_COMMENTS ||
		sweep->operation == GITHUB_SWEEP_ISSUE_COMMENTS;

	return is_of_comments ? GITHUB_COMMENT : GITHUB_ISSUE;
}

/* NULL: this is the last page, or the next one is at another host. */
static char *
next_of_list(const Answer *answer, bool *leads_elsewhere)
{
	char *link = link_header_next(answer->link);
	char *next = url_within(setting_api_url, link);
	char *copy = next != NULL ? pstrdup(next) : NULL;

	*leads_elsewhere = link != NULL && next == NULL;
	free(link);
	free(next);
	return copy;
}

static void
report_items(Report *report, const GithubItems *items)
{
	const Conversation *conversation = report->conversation;
	const Answer *answer = conversation->answer;
	bool leads_elsewhere;
	char *next = next_of_list(answer, &leads_elsewhere);
	bool takes_etag = answer->etag != NULL && github_request_takes_etag(answer->etag);
	SweptPage page = {.answered_at = answer->verdict.answered_at,
					  .own_id = identity_own_id(),
					  .next_link = next,
					  .last_page = link_header_last_page(answer->link),
					  .etag = takes_etag ? answer->etag : NULL,
					  .etag_key = conversation->token_key,
					  .items = items};

	if (leads_elsewhere)
		fail(report, "GitHub's list goes on at another host, which is never called");
	else
		repo_sweeps_report_page(conversation->sweep, &page);
}

static void
report_page(Report *report)
{
	const Conversation *conversation = report->conversation;
	GithubItems items;
	const char *problem = NULL;
	GithubParseResult result = github_items_parse(kind_of_items(conversation->sweep),
												  conversation->answer->json, &items, &problem);

	if (result != GITHUB_PARSE_OK)
	{
		fail(report, psprintf("GitHub's list cannot be read: %s", problem ? problem : "not JSON"));
		return;
	}
	github_items_refuse_future(&items, conversation->answer->verdict.answered_at);
	PG_TRY();
	{
		report_items(report, &items);
	}
	PG_FINALLY();
	{
		github_items_free(&items);
	}
	PG_END_TRY();
}

/* Deleted, or transferred: one of many whose comments are listed. */
static void
report_gone_issue(Report *report)
{
	const Conversation *conversation = report->conversation;

	repo_sweeps_report_failure(conversation->sweep, verdict_describe(conversation->answer),
							   SWEEP_NEXT_ISSUE);
}

static void
report_missing_list(Report *report)
{
	if (report->conversation->operation == GITHUB_SWEEP_ISSUE_COMMENTS)
		report_gone_issue(report);
	else
		fail(report, verdict_describe(report->conversation->answer));
}

/* The list of all comments ends near its 30,000th item, of those since a time too. */
static void
report_refused_page(Report *report)
{
	const Conversation *conversation = report->conversation;
	bool has_another_way = conversation->operation == GITHUB_SWEEP_COMMENTS;

	repo_sweeps_report_failure(conversation->sweep, verdict_describe(conversation->answer),
							   has_another_way ? SWEEP_BY_ISSUE : SWEEP_AGAIN);
}

/* The repository may have another name by now. */
static void
follow_list(Report *report)
{
	Conversation *conversation = report->conversation;
	char *url = url_within(setting_api_url, conversation->answer->location);
	int64 repository_id = url != NULL ? url_repository_id(setting_api_url, url) : 0;
	bool is_another = repository_id != 0 && repository_id != conversation->sweep->github_repo_id;

	if (url != NULL && !is_another && conversation->redirects < MAX_REDIRECTS)
	{
		conversation->redirects++;
		conversation_go_to(conversation, url);
		report->disposition = CONVERSATION_GOES_ON;
		return;
	}
	free(url);
	if (is_another && conversation->operation == GITHUB_SWEEP_ISSUE_COMMENTS)
	{
		report_gone_issue(report);
		return;
	}
	fail(report,
		 is_another ? "another repository answers to the name"
					: "GitHub sent the request to where it cannot be followed");
}

static void
report_refused_list_token(Report *report)
{
	if (report_doubts_token(report->conversation))
		report->disposition = CONVERSATION_GOES_ON;
	else
		fail(report, report_refused_alone(report->conversation));
}

static void
ask_whether_reachable(Report *report)
{
	Conversation *conversation = report->conversation;

	conversation_arrived(conversation);
	conversation->list_failed = true;
	conversation->list_failure =
		MemoryContextStrdup(conversation->sweep->context, verdict_describe(conversation->answer));
	report->disposition = CONVERSATION_GOES_ON;
}

/*
 * In an outage all pages fail, and it is over in the middle of one: smaller ones
 * are asked for where GitHub has answered something else.
 */
static void
report_failed_page(Report *report)
{
	Conversation *conversation = report->conversation;

	if (conversation->is_own_trouble)
		repo_sweeps_report_failure(conversation->sweep, verdict_describe(conversation->answer),
								   SWEEP_SMALLER_PAGES);
	else
		ask_whether_reachable(report);
}

static void
report_unavailable_list(Report *report)
{
	const Answer *answer = report->conversation->answer;

	if (!report->conversation->list_failed && verdict_may_be_page_size(answer))
	{
		report_failed_page(report);
		return;
	}
	if (answer->verdict.kind == GITHUB_UNAVAILABLE)
		report_unavailable(report);
	/* What comes as an answer may come of this list alone, while others of the installation end each pause. */
	if (answer->verdict.transport == GITHUB_ANSWERED)
		fail(report, verdict_describe(answer));
	else
		let_go(report, NULL);
}

static void
report_answer(Report *report)
{
	const Conversation *conversation = report->conversation;

	report_note_accepted_token(conversation);
	switch (conversation->answer->verdict.kind)
	{
		case GITHUB_OK:
			report_end_pause(report);
			if (conversation->list_failed)
				repo_sweeps_report_failure(conversation->sweep, conversation->list_failure,
										   SWEEP_SMALLER_PAGES);
			else
				report_page(report);
			break;
		case GITHUB_NOT_MODIFIED:
			report_end_pause(report);
			repo_sweeps_report_not_modified(conversation->sweep);
			break;
		case GITHUB_REDIRECTED:
			follow_list(report);
			break;
		case GITHUB_UNAUTHORIZED:
			report_refused_list_token(report);
			break;
		case GITHUB_RATE_LIMITED:
			report_rate_limit(report);
			let_go(report, NULL);
			break;
		case GITHUB_SUSPENDED:
			report->installation_state = "suspended";
			let_go(report, NULL);
			break;
		case GITHUB_UNAVAILABLE:
		case GITHUB_INVALID_RESPONSE:
			report_unavailable_list(report);
			break;
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
			report_missing_list(report);
			break;
		case GITHUB_VALIDATION_FAILED:
			report_refused_page(report);
			break;
		case GITHUB_FORBIDDEN:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_REJECTED:
			fail(report, verdict_describe(conversation->answer));
			break;
	}
}

static void
report_sent_or_refused(Report *report)
{
	const Refusal *refusal = &report->conversation->refusal;

	switch (refusal->reason)
	{
		case UNSENT_NOT:
			report_answer(report);
			break;
		case UNSENT_BY_ROW:
			fail(report, refusal->words);
			break;
		case UNSENT_BY_CREDENTIALS:
			report_bad_credentials(report, refusal->words);
			let_go(report, NULL);
			break;
		case UNSENT_BY_MEMORY:
			report_lack_of_memory(report, refusal->words);
			let_go(report, NULL);
			break;
	}
}

/* ---- questions: what check_setup() asks, the App's delivery log, whether a repository has a name ---- */

static const char *
words_of_check(const Answer *answer)
{
	if (answer->verdict.kind == GITHUB_REDIRECTED && answer->location != NULL)
		return psprintf("GitHub sends on to %s", answer->location);
	return verdict_describe(answer);
}

/* What concerns the installation as a whole is done about it as about any other answer. */
static void
note_whole_installation(Report *report)
{
	switch (report->conversation->answer->verdict.kind)
	{
		case GITHUB_RATE_LIMITED:
			report_rate_limit(report);
			break;
		case GITHUB_SUSPENDED:
			report->installation_state = "suspended";
			break;
		case GITHUB_OK:
			report_end_pause(report);
			break;
		case GITHUB_UNAUTHORIZED:
		case GITHUB_NOT_MODIFIED:
		case GITHUB_REDIRECTED:
		case GITHUB_UNAVAILABLE:
		case GITHUB_FORBIDDEN:
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_VALIDATION_FAILED:
		case GITHUB_REJECTED:
		case GITHUB_INVALID_RESPONSE:
			break;
	}
}

static bool
is_question(const RepoSweep *sweep)
{
	return repo_sweeps_is_of_setup(sweep) || repo_sweeps_is_of_log(sweep) ||
		repo_sweeps_is_of_names(sweep);
}

/* Of a question for a name: what says nothing of the name, so that it is asked again. */
static bool
is_no_answer(const Answer *answer)
{
	switch (answer->verdict.kind)
	{
		case GITHUB_RATE_LIMITED:
		case GITHUB_SUSPENDED:
		case GITHUB_UNAUTHORIZED:
			return true;
		case GITHUB_UNAVAILABLE:
			return answer->verdict.transport != GITHUB_ANSWERED;
		case GITHUB_OK:
		case GITHUB_NOT_MODIFIED:
		case GITHUB_REDIRECTED:
		case GITHUB_FORBIDDEN:
		case GITHUB_NOT_FOUND:
		case GITHUB_GONE:
		case GITHUB_API_VERSION_GONE:
		case GITHUB_VALIDATION_FAILED:
		case GITHUB_REJECTED:
		case GITHUB_INVALID_RESPONSE:
			return false;
	}
	pg_unreachable();
}

/* 0: GitHub said nothing of what was asked for. */
static int
status_to_tell(const Conversation *conversation)
{
	const Answer *answer = conversation->answer;
	bool is_of_name = repo_sweeps_is_of_names(conversation->sweep);

	/* No name that a request can carry is one that GitHub does not have. */
	if (answer == NULL)
		return is_of_name && conversation->refusal.reason == UNSENT_BY_ROW ? 404 : 0;
	return is_of_name && is_no_answer(answer) ? 0 : answer->status;
}

/* json: NULL: not what was asked for. */
static void
report_told(const Conversation *conversation, int status, const char *words, const char *json)
{
	RepoSweep *sweep = conversation->sweep;
	bool leads_elsewhere;
	char *next = json != NULL ? next_of_list(conversation->answer, &leads_elsewhere) : NULL;

	if (repo_sweeps_is_of_names(sweep))
		repo_sweeps_report_name(sweep, status, words, json, next);
	else if (repo_sweeps_is_of_log(sweep))
		repo_sweeps_report_log(sweep, status, words, json, next);
	else
		repo_sweeps_report_setup(sweep, status, words, json);
}

static void
report_question(Report *report)
{
	Conversation *conversation = report->conversation;
	const Answer *answer = conversation->answer;

	if (answer == NULL)
	{
		report_told(conversation, status_to_tell(conversation), conversation->refusal.words, NULL);
		/* It is the trouble of all that the installation asks. */
		if (conversation->refusal.reason == UNSENT_BY_CREDENTIALS)
			report_bad_credentials(report, conversation->refusal.words);
		return;
	}
	report_note_accepted_token(conversation);
	if (answer->verdict.kind == GITHUB_UNAUTHORIZED && report_doubts_token(conversation))
	{
		report->disposition = CONVERSATION_GOES_ON;
		return;
	}
	report_told(conversation, status_to_tell(conversation), words_of_check(answer),
				answer->verdict.kind == GITHUB_OK ? answer->json : NULL);
	note_whole_installation(report);
}

void
sweep_report_arrival(Report *report)
{
	const Conversation *conversation = report->conversation;

	if (is_question(conversation->sweep))
	{
		report_question(report);
		return;
	}
	if (conversation->refusal.reason == UNSENT_NOT && conversation->answer->json == NULL)
	{
		report_lack_of_memory(report, "no memory to read GitHub's answer");
		let_go(report, NULL);
	}
	else
		report_sent_or_refused(report);
}

void
sweep_report_failure(const Conversation *conversation, const char *reason)
{
	if (is_question(conversation->sweep))
		report_told(conversation, 0, reason, NULL);
	else
		repo_sweeps_report_failure(conversation->sweep, reason, SWEEP_AGAIN);
}
