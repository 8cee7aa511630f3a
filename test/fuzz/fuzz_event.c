/*
 * fuzz_event.c
 *		Payloads of webhooks, as each event that has a meaning and as one without.
 */
#include "core/github_event.h"
#include "fuzz.h"

#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* It is stored, and becomes a part of paths. */
static bool
is_name_or_null(const char *text)
{
	return text == NULL || strspn(text, NAME_CHARACTERS) == strlen(text);
}

static void
check_ids(const GithubEventIds *ids)
{
	must((ids->ids == NULL) == (ids->count == 0));
	for (size_t i = 0; i < ids->count; i++)
		must(ids->ids[i] >= 1);
}

static void
check_event(const GithubEvent *event)
{
	must(is_name_or_null(event->action));
	must(is_name_or_null(event->installation.account_login));
	must(is_name_or_null(event->installation.account_type));
	must(is_name_or_null(event->repository.owner_login));
	must(is_name_or_null(event->repository.name));
	must(event->installation.id >= 0 && event->repository.id >= 0 && event->comment.id >= 0);
	must((event->issue.id == 0) == (event->issue.number == 0));
	must((event->issue.id == 0) == (event->issue.updated_at == GITHUB_NO_TIME));
	must((event->transfer == GITHUB_NOT_TRANSFERRED) == (event->other_issue.id == 0));
	must((event->transfer == GITHUB_NOT_TRANSFERRED) == (event->other_repository.id == 0));
	must(is_utf8_or_null(event->title.from) && is_utf8_or_null(event->title.to));
	must(is_utf8_or_null(event->body.from) && is_utf8_or_null(event->body.to));
	must(event->title.from != NULL || event->title.to == NULL);
	check_ids(&event->repositories_added);
	check_ids(&event->repositories_removed);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	static const char *const names[] = {"issues",     "issue_comment",
										"repository", "installation",
										"ping",       "installation_repositories"};
	char *json = sanitized(data, size);

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		GithubEvent event;
		const char *problem;

		if (github_event_parse(names[i], json, &event, &problem) == GITHUB_PARSE_OK)
			check_event(&event);
		else
			must(problem != NULL && event.action == NULL && event.repositories_added.ids == NULL);
		github_event_free(&event);
	}
	free(json);
	return 0;
}
