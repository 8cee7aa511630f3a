/*
 * github_resource.c
 *		From GitHub's JSON to issues and comments.
 *
 * Pure.  Which members are required, and which may be null, is GitHub's
 * OpenAPI description; a member that it promises is not guessed when missing.
 */
#include "core/github_resource.h"

#include <stdlib.h>
#include <string.h>

#include "core/github_time.h"
#include "core/json_reader.h"

/* user: null for a deleted account, else an object with a login and an id. */
static void
read_author(JsonReader *reader, GithubResource *resource)
{
	const cJSON *user = json_read_member(reader, "user");
	JsonReader user_reader;

	if (user == NULL)
		return;
	user_reader = json_reader_open(user);
	resource->author_login = json_read_name(&user_reader, "login");
	if (user_reader.result == GITHUB_PARSE_OUT_OF_MEMORY)
		json_reader_fail(reader, user_reader.result, user_reader.problem);
	else if (user_reader.result != GITHUB_PARSE_OK)
		json_reader_fail(reader, user_reader.result, "user.login");
	else
	{
		resource->author_id = json_read_number(&user_reader, "id", INT64_MAX);
		if (user_reader.result != GITHUB_PARSE_OK)
			json_reader_fail(reader, user_reader.result, "user.id");
	}
}

/* Every issue may carry the member as null; only a pull request has a url in it. */
static bool
is_pull_request(const JsonReader *reader)
{
	const cJSON *member = json_read_member(reader, "pull_request");

	return cJSON_IsString(cJSON_GetObjectItemCaseSensitive(member, "url"));
}

/* Not in all that shows an issue: a number of zero or more, or it is not shown. */
static int32_t
comment_count(const JsonReader *reader)
{
	const cJSON *comments = json_read_member(reader, "comments");

	return cJSON_IsNumber(comments) && comments->valuedouble >= 0 &&
			comments->valuedouble <= INT32_MAX
		? (int32_t) comments->valuedouble
		: -1;
}

static void
read_issue(JsonReader *reader, GithubResource *resource)
{
	resource->number = (int32_t) json_read_number(reader, "number", INT32_MAX);
	resource->is_pull_request = is_pull_request(reader);
	resource->title = json_read_text(reader, "title");
	resource->state = json_read_name(reader, "state");
	resource->state_reason = json_read_optional_name(reader, "state_reason");
	resource->closed_at = json_read_optional_time(reader, "closed_at");
	resource->comment_count = comment_count(reader);
}

/* The last segment of a URL as an issue number; 0: it is none. */
static int32_t
number_at_end(const char *url)
{
	const char *slash = strrchr(url, '/');
	const char *digit = slash != NULL ? slash + 1 : url;
	int64_t number = 0;

	for (; *digit != '\0'; digit++)
	{
		if (*digit < '0' || *digit > '9')
			return 0;
		number = number * 10 + (*digit - '0');
		if (number > INT32_MAX)
			return 0;
	}
	return (int32_t) number;
}

/* No other member names the parent issue. */
static int32_t
parent_number(const JsonReader *reader)
{
	const cJSON *issue_url = json_read_member(reader, "issue_url");

	return cJSON_IsString(issue_url) ? number_at_end(issue_url->valuestring) : 0;
}

static void
read_comment(JsonReader *reader, GithubResource *resource)
{
	resource->number = parent_number(reader);
	resource->closed_at = GITHUB_NO_TIME;
}

static GithubParseResult
read_resource(GithubResourceKind kind, const cJSON *value, GithubResource *resource,
			  const char **problem)
{
	JsonReader reader = json_reader_open(value);

	resource->id = json_read_number(&reader, "id", INT64_MAX);
	resource->body = json_read_optional_text(&reader, "body");
	read_author(&reader, resource);
	resource->html_url = json_read_optional_name(&reader, "html_url");
	resource->created_at = json_read_time(&reader, "created_at");
	resource->updated_at = json_read_time(&reader, "updated_at");
	switch (kind)
	{
		case GITHUB_ISSUE:
			read_issue(&reader, resource);
			break;
		case GITHUB_COMMENT:
			read_comment(&reader, resource);
			break;
	}
	return json_reader_finish(&reader, problem);
}

GithubParseResult
github_resource_parse(GithubResourceKind kind, const char *json, GithubResource *resource,
					  const char **problem)
{
	cJSON *document;
	GithubParseResult result = json_document_parse(json, &document, problem);

	memset(resource, 0, sizeof(*resource));
	if (result == GITHUB_PARSE_OK)
		result = read_resource(kind, document, resource, problem);
	if (result != GITHUB_PARSE_OK)
		github_resource_free(resource);
	cJSON_Delete(document);
	return result;
}

/* By itself, whatever is wrong with the others; 0: it is none. */
static int64_t
number_or_zero(const cJSON *object, const char *name, int64_t max)
{
	JsonReader reader = json_reader_open(object);

	return json_read_number(&reader, name, max);
}

static int32_t
issue_number_or_zero(GithubResourceKind kind, const cJSON *object)
{
	JsonReader reader = json_reader_open(object);

	return kind == GITHUB_ISSUE ? (int32_t) number_or_zero(object, "number", INT32_MAX)
								: parent_number(&reader);
}

GithubParseResult
github_resource_identify(GithubResourceKind kind, const char *json, GithubResource *resource)
{
	cJSON *document;
	GithubParseResult result = json_document_parse(json, &document, NULL);
	JsonReader times = json_reader_open(document);

	memset(resource, 0, sizeof(*resource));
	resource->updated_at = json_read_time(&times, "updated_at");
	if (result == GITHUB_PARSE_OK)
	{
		resource->id = number_or_zero(document, "id", INT64_MAX);
		resource->number = issue_number_or_zero(kind, document);
	}
	cJSON_Delete(document);
	return result;
}

bool
github_resource_is_of_the_future(const GithubResource *resource, int64_t answered_at)
{
	return resource->updated_at > answered_at + GITHUB_AHEAD_MAX_S;
}

void
github_resource_free(GithubResource *resource)
{
	free(resource->title);
	free(resource->body);
	free(resource->state);
	free(resource->state_reason);
	free(resource->author_login);
	free(resource->html_url);
	memset(resource, 0, sizeof(*resource));
}

static GithubParseResult
read_list(GithubResourceKind kind, const cJSON *array, GithubResourceList *list,
		  const char **problem)
{
	const cJSON *item;

	if (!cJSON_IsArray(array))
		return json_report(GITHUB_PARSE_MISSING_FIELD, "array", problem);
	if (array->child == NULL)
		return GITHUB_PARSE_OK;

	list->items = calloc((size_t) cJSON_GetArraySize(array), sizeof(*list->items));
	if (list->items == NULL)
		return json_report(GITHUB_PARSE_OUT_OF_MEMORY, "memory", problem);

	cJSON_ArrayForEach(item, array)
	{
		GithubResource *resource = &list->items[list->count++];
		GithubParseResult result = read_resource(kind, item, resource, problem);

		if (result != GITHUB_PARSE_OK)
			return result;
	}
	return GITHUB_PARSE_OK;
}

GithubParseResult
github_resource_list_parse(GithubResourceKind kind, const char *json, GithubResourceList *list,
						   const char **problem)
{
	cJSON *document;
	GithubParseResult result = json_list_parse(json, &document, problem);

	memset(list, 0, sizeof(*list));
	if (result == GITHUB_PARSE_OK)
		result = read_list(kind, document, list, problem);
	if (result != GITHUB_PARSE_OK)
		github_resource_list_free(list);
	cJSON_Delete(document);
	return result;
}

void
github_resource_list_free(GithubResourceList *list)
{
	for (size_t i = 0; i < list->count; i++)
		github_resource_free(&list->items[i]);
	free(list->items);
	memset(list, 0, sizeof(*list));
}
