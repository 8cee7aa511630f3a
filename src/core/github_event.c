/*
 * github_event.c
 *		From the JSON of a webhook delivery to what it tells.
 *
 * Pure.  Which members an event has is GitHub's OpenAPI description.
 */
#include "core/github_event.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_reader.h"

/* What a path may be made of: everything else is no name of GitHub's. */
#define NAME_CHARACTERS "ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789._-"

/* GitHub's are a third of it. */
#define NAME_MAX_LENGTH 255
#define ACTION_MAX_LENGTH 100

typedef void (*EventReader)(JsonReader *reader, GithubEvent *event);

/* ---- parts ---- */

/* A reader of a member, which is an object; what goes wrong in it is told by name. */
static JsonReader
open_member(const JsonReader *reader, const char *name)
{
	return json_reader_open(json_read_member(reader, name));
}

static void
close_member(JsonReader *reader, const JsonReader *member, const char *name)
{
	if (member->result != GITHUB_PARSE_OK)
		json_reader_fail(reader, member->result,
						 member->result == GITHUB_PARSE_OUT_OF_MEMORY ? member->problem : name);
}

/* NULL: not there, or no name. */
static char *
read_fitting_name(JsonReader *reader, const char *name)
{
	char *text = json_read_optional_name(reader, name);

	if (text == NULL)
		return NULL;
	if (text[0] != '\0' && strlen(text) <= NAME_MAX_LENGTH &&
		strspn(text, NAME_CHARACTERS) == strlen(text))
		return text;
	free(text);
	return NULL;
}

/* An installation's times are seconds since 1970 in some events, and text in others. */
static int64_t
read_time_of_either_kind(JsonReader *reader, const char *name)
{
	if (cJSON_IsNumber(json_read_member(reader, name)))
		return json_read_number(reader, name, INT32_MAX * INT64_C(100));
	return json_read_optional_time(reader, name);
}

static void
read_account(JsonReader *reader, GithubEventInstallation *installation)
{
	JsonReader account;

	/* An enterprise has no login. */
	if (json_read_member(reader, "account") == NULL)
		return;
	account = open_member(reader, "account");
	installation->account_id = json_read_number(&account, "id", INT64_MAX);
	installation->account_login = read_fitting_name(&account, "login");
	installation->account_type = read_fitting_name(&account, "type");
	close_member(reader, &account, "account");
}

static void
read_installation_member(JsonReader *reader, GithubEvent *event)
{
	JsonReader installation = open_member(reader, "installation");

	event->installation.id = json_read_number(&installation, "id", INT64_MAX);
	event->installation.updated_at = read_time_of_either_kind(&installation, "updated_at");
	read_account(&installation, &event->installation);
	close_member(reader, &installation, "installation");
}

/* A delivery of a hook of the repository has none. */
static void
read_optional_installation(JsonReader *reader, GithubEvent *event)
{
	if (json_read_member(reader, "installation") != NULL)
		read_installation_member(reader, event);
}

static void
read_owner(JsonReader *reader, GithubEventRepository *repository)
{
	JsonReader owner = open_member(reader, "owner");

	repository->owner_login = read_fitting_name(&owner, "login");
	close_member(reader, &owner, "owner");
}

static void
read_repository_member(JsonReader *reader, const char *name, GithubEventRepository *repository)
{
	JsonReader member = open_member(reader, name);

	repository->id = json_read_number(&member, "id", INT64_MAX);
	repository->name = read_fitting_name(&member, "name");
	repository->updated_at = json_read_optional_time(&member, "updated_at");
	read_owner(&member, repository);
	close_member(reader, &member, name);
}

static void
read_issue_member(JsonReader *reader, const char *name, GithubEventIssue *issue)
{
	JsonReader member = open_member(reader, name);

	issue->id = json_read_number(&member, "id", INT64_MAX);
	issue->number = (int32_t) json_read_number(&member, "number", INT32_MAX);
	issue->updated_at = json_read_time(&member, "updated_at");
	issue->is_pull_request = cJSON_IsObject(json_read_member(&member, "pull_request"));
	close_member(reader, &member, name);
}

static void
read_comment_member(JsonReader *reader, GithubEventComment *comment)
{
	JsonReader member = open_member(reader, "comment");

	comment->id = json_read_number(&member, "id", INT64_MAX);
	comment->updated_at = json_read_time(&member, "updated_at");
	close_member(reader, &member, "comment");
}

/* ---- what an edit replaced ---- */

static void
read_edit(JsonReader *changes, JsonReader *edited, const char *name, GithubEventEdit *edit)
{
	JsonReader change;

	if (json_read_member(changes, name) == NULL)
		return;
	change = open_member(changes, name);
	edit->from = json_read_text(&change, "from");
	edit->to = json_read_optional_text(edited, name);
	close_member(changes, &change, name);
}

/* member: the name of what was edited. */
static void
read_edits(JsonReader *reader, GithubEvent *event, const char *member)
{
	JsonReader changes;
	JsonReader edited;

	if (event->action == NULL || strcmp(event->action, "edited") != 0 ||
		!cJSON_IsObject(json_read_member(reader, "changes")))
		return;
	changes = open_member(reader, "changes");
	edited = open_member(reader, member);
	read_edit(&changes, &edited, "title", &event->title);
	read_edit(&changes, &edited, "body", &event->body);
	close_member(reader, &changes, "changes");
	close_member(reader, &edited, member);
}

/* ---- labels and assignees ---- */

typedef struct MarkAction
{
	const char *action;
	const char *member; /* what was added or taken off */
	const char *name;   /* its member */
	const char *field;
	bool adds;
} MarkAction;

static const MarkAction *
find_mark_action(const char *action)
{
	static const MarkAction actions[] = {
		{"labeled", "label", "name", "labels", true},
		{"unlabeled", "label", "name", "labels", false},
		{"assigned", "assignee", "login", "assignees", true},
		{"unassigned", "assignee", "login", "assignees", false},
	};

	for (size_t i = 0; action != NULL && i < sizeof(actions) / sizeof(actions[0]); i++)
	{
		if (strcmp(actions[i].action, action) == 0)
			return &actions[i];
	}
	return NULL;
}

static int64_t
read_sender(JsonReader *reader)
{
	JsonReader sender = open_member(reader, "sender");
	int64_t id = json_read_number(&sender, "id", INT64_MAX);

	close_member(reader, &sender, "sender");
	return id;
}

/* A label that was deleted with all its uses may be missing. */
static void
read_mark(JsonReader *reader, GithubEventMark *mark, const MarkAction *action)
{
	JsonReader member;

	if (!cJSON_IsObject(json_read_member(reader, action->member)) ||
		!cJSON_IsObject(json_read_member(reader, "sender")))
		return;
	member = open_member(reader, action->member);
	mark->field = action->field;
	mark->name = json_read_text(&member, action->name);
	mark->is_added = action->adds;
	close_member(reader, &member, action->member);
	mark->account_id = read_sender(reader);
}

/* ---- lists of repositories ---- */

/* ids: room for as many as the list has. */
static void
copy_ids(JsonReader *reader, const cJSON *list, const char *name, GithubEventIds *ids)
{
	const cJSON *item;

	cJSON_ArrayForEach(item, list)
	{
		JsonReader repository = json_reader_open(item);

		ids->ids[ids->count++] = json_read_number(&repository, "id", INT64_MAX);
		close_member(reader, &repository, name);
	}
}

static void
read_ids(JsonReader *reader, const char *name, GithubEventIds *ids)
{
	const cJSON *list = json_read_member(reader, name);

	if (list == NULL)
		return;
	if (!cJSON_IsArray(list))
	{
		json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, name);
		return;
	}
	if (list->child == NULL)
		return;
	ids->ids = calloc((size_t) cJSON_GetArraySize(list), sizeof(*ids->ids));
	if (ids->ids == NULL)
		json_reader_fail(reader, GITHUB_PARSE_OUT_OF_MEMORY, "memory");
	else
		copy_ids(reader, list, name, ids);
}

/* ---- events ---- */

static void
read_other_place(JsonReader *reader, GithubEvent *event, const char *issue, const char *repository)
{
	JsonReader changes = open_member(reader, "changes");

	read_issue_member(&changes, issue, &event->other_issue);
	read_repository_member(&changes, repository, &event->other_repository);
	close_member(reader, &changes, "changes");
}

static void
read_transfer(JsonReader *reader, GithubEvent *event)
{
	const cJSON *changes = json_read_member(reader, "changes");

	if (event->action == NULL || !cJSON_IsObject(changes))
		return;
	if (strcmp(event->action, "transferred") == 0)
	{
		event->transfer = GITHUB_ISSUE_LEFT;
		read_other_place(reader, event, "new_issue", "new_repository");
	}
	/* Null in the payload of an issue that is a new one. */
	else if (cJSON_IsObject(cJSON_GetObjectItemCaseSensitive(changes, "old_issue")))
	{
		event->transfer = GITHUB_ISSUE_ARRIVED;
		read_other_place(reader, event, "old_issue", "old_repository");
	}
}

static void
read_issues_event(JsonReader *reader, GithubEvent *event)
{
	const MarkAction *action = find_mark_action(event->action);

	/* Of issue_comment it is, whatever it is called: the deletion of a comment must not be an issue's. */
	event->is_another_events = json_read_member(reader, "comment") != NULL;
	read_optional_installation(reader, event);
	read_repository_member(reader, "repository", &event->repository);
	read_issue_member(reader, "issue", &event->issue);
	read_transfer(reader, event);
	read_edits(reader, event, "issue");
	if (action != NULL)
		read_mark(reader, &event->mark, action);
}

static void
read_comment_event(JsonReader *reader, GithubEvent *event)
{
	read_optional_installation(reader, event);
	read_repository_member(reader, "repository", &event->repository);
	read_issue_member(reader, "issue", &event->issue);
	read_comment_member(reader, &event->comment);
	read_edits(reader, event, "comment");
}

/* names: ends with NULL. */
static bool
has_others_than(const JsonReader *reader, const char *const *names)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, reader->object)
	{
		const char *const *name = names;

		while (*name != NULL && strcmp(*name, member->string) != 0)
			name++;
		if (*name == NULL)
			return true;
	}
	return false;
}

static void
read_repository_event(JsonReader *reader, GithubEvent *event)
{
	static const char *const members[] = {"action",       "changes", "repository", "organization",
										  "installation", "sender",  "enterprise", NULL};

	event->is_another_events = has_others_than(reader, members);
	read_optional_installation(reader, event);
	read_repository_member(reader, "repository", &event->repository);
}

/* What tells of an installation says on which account it is, if only that it is on none (null). */
static void
require_account(JsonReader *reader)
{
	const cJSON *installation = json_read_member(reader, "installation");

	if (installation != NULL && cJSON_GetObjectItemCaseSensitive(installation, "account") == NULL)
		json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, "account of the installation");
}

static void
read_installation_event(JsonReader *reader, GithubEvent *event)
{
	static const char *const members[] = {"action", "installation", "repositories", "requester",
										  "sender", "organization", "enterprise",   NULL};

	event->is_another_events = has_others_than(reader, members);
	require_account(reader);
	read_installation_member(reader, event);
	if (event->action != NULL && strcmp(event->action, "created") == 0)
		read_ids(reader, "repositories", &event->repositories_added);
}

static void
read_installation_repositories_event(JsonReader *reader, GithubEvent *event)
{
	static const char *const members[] = {"action",
										  "installation",
										  "repository_selection",
										  "repositories_added",
										  "repositories_removed",
										  "requester",
										  "sender",
										  "organization",
										  "enterprise",
										  NULL};

	event->is_another_events = has_others_than(reader, members);
	require_account(reader);
	read_installation_member(reader, event);
	read_ids(reader, "repositories_added", &event->repositories_added);
	read_ids(reader, "repositories_removed", &event->repositories_removed);
}

static EventReader
reader_of(const char *event_name)
{
	static const struct
	{
		const char *name;
		EventReader read;
	} readers[] = {
		{"issues", read_issues_event},
		{"issue_comment", read_comment_event},
		{"repository", read_repository_event},
		{"installation", read_installation_event},
		{"installation_repositories", read_installation_repositories_event},
	};

	for (size_t i = 0; i < sizeof(readers) / sizeof(readers[0]); i++)
	{
		if (strcmp(readers[i].name, event_name) == 0)
			return readers[i].read;
	}
	return NULL;
}

/* Other events have members of this name that are no words of GitHub's. */
static void
read_action(JsonReader *reader, GithubEvent *event)
{
	const cJSON *member = json_read_member(reader, "action");

	if (!cJSON_IsString(member) || strlen(member->valuestring) > ACTION_MAX_LENGTH ||
		strspn(member->valuestring, NAME_CHARACTERS) != strlen(member->valuestring))
		return;
	event->action = strdup(member->valuestring);
	if (event->action == NULL)
		json_reader_fail(reader, GITHUB_PARSE_OUT_OF_MEMORY, "memory");
}

static void
set_times_unknown(GithubEvent *event)
{
	event->installation.updated_at = GITHUB_NO_TIME;
	event->repository.updated_at = GITHUB_NO_TIME;
	event->issue.updated_at = GITHUB_NO_TIME;
	event->comment.updated_at = GITHUB_NO_TIME;
	event->other_issue.updated_at = GITHUB_NO_TIME;
	event->other_repository.updated_at = GITHUB_NO_TIME;
}

static GithubParseResult
read_event(const char *event_name, const cJSON *value, GithubEvent *event, const char **problem)
{
	JsonReader reader = json_reader_open(value);
	EventReader read = reader_of(event_name);

	set_times_unknown(event);
	read_action(&reader, event);
	if (read != NULL)
		read(&reader, event);
	return json_reader_finish(&reader, problem);
}

GithubParseResult
github_event_parse(const char *event_name, const char *json, GithubEvent *event,
				   const char **problem)
{
	cJSON *document;
	/* An installation may have thousands of repositories. */
	GithubParseResult result = json_list_parse(json, &document, problem);

	memset(event, 0, sizeof(*event));
	if (result == GITHUB_PARSE_OK)
		result = read_event(event_name, document, event, problem);
	if (result != GITHUB_PARSE_OK)
		github_event_free(event);
	cJSON_Delete(document);
	return result;
}

static void
free_repository(GithubEventRepository *repository)
{
	free(repository->owner_login);
	free(repository->name);
}

static void
free_edit(GithubEventEdit *edit)
{
	free(edit->from);
	free(edit->to);
}

void
github_event_free(GithubEvent *event)
{
	free(event->action);
	free(event->installation.account_login);
	free(event->installation.account_type);
	free_repository(&event->repository);
	free_repository(&event->other_repository);
	free_edit(&event->title);
	free_edit(&event->body);
	free(event->mark.name);
	free(event->repositories_added.ids);
	free(event->repositories_removed.ids);
	memset(event, 0, sizeof(*event));
}
