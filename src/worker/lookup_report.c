/*
 * lookup_report.c
 *		A creation whose answer was lost: whether a page of a list shows it, and
 *		which page is read next.
 */
#include "postgres.h"

#include "core/link_header.h"
#include "core/url.h"
#include "db/queue_report.h"
#include "server/settings.h"
#include "utils/timestamp.h"
#include "worker/identity.h"
#include "worker/lookup_report.h"

/* Ten thousand issues or comments: one made meanwhile is not that far back. */
#define LOOKUP_MAX_PAGES 100

bool
lookup_report_carries_key(const GithubResource *resource, const SyncClaim *claim)
{
	return resource->body != NULL && claim->creation_key != NULL &&
		strstr(resource->body, claim->creation_key) != NULL;
}

/* Others may quote it, and so may our account: the first one was there before any quotation. */
const GithubResource *
lookup_report_find(const GithubResourceList *list, const SyncClaim *claim)
{
	const GithubResource *first = NULL;

	for (size_t i = 0; i < list->count; i++)
	{
		const GithubResource *item = &list->items[i];

		if (lookup_report_carries_key(item, claim) && (first == NULL || item->id < first->id) &&
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
leave_page(Report *report, const GithubResourceList *list)
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

void
lookup_report_not_on_page(Report *report, const GithubResourceList *list)
{
	if (is_behind_last_page(report->conversation, list))
		leave_page(report, list);
	else
		report_endless_list(report);
}
