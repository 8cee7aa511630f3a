/*
 * github_request.c
 *		From a typed operation to one HTTP request of GitHub's REST API.
 *
 * Pure: no clock, no I/O.  What an operation is lives in one table, endpoints;
 * everything else reads it.
 *
 * The facts are from GitHub's REST reference, "Issues" and "Apps".
 */
#include "core/github_request.h"

#include <inttypes.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/utf8.h"

/* Longer is no address that GitHub could have; bounds what data can make us build. */
#define MAX_URL_LENGTH 4096

typedef enum FieldUse
{
	UNUSED,
	OPTIONAL,
	REQUIRED /* and not null */
} FieldUse;

typedef struct Endpoint
{
	const char *method;
	const char *path;       /* {names} are filled in by append_parameter() */
	const char *list_query; /* lists: what precedes per_page and page */
	size_t max_answer;      /* 0: a resource's, or by the items of a list */
	bool has_no_pages;      /* a list that goes on by its links alone */
	FieldUse title;
	FieldUse body;
	FieldUse state;
	FieldUse marks;
	bool writes;
	bool creates;
	bool uses_jwt;
} Endpoint;

#define REPOSITORY "/repos/{owner}/{repository}"
#define ISSUE REPOSITORY "/issues/{issue}"
#define COMMENT REPOSITORY "/issues/comments/{comment}"
/* Not in GitHub's description, but where GitHub itself sends those who ask for a former name, or for a second page. */
#define REPOSITORY_BY_ID "/repositories/{repository_id}"

static const Endpoint endpoints[] = {
	[GITHUB_GET_ISSUE] = {.method = "GET", .path = ISSUE},
	[GITHUB_CREATE_ISSUE] = {.method = "POST",
							 .path = REPOSITORY "/issues",
							 .title = REQUIRED,
							 .body = OPTIONAL,
							 .marks = OPTIONAL,
							 .writes = true,
							 .creates = true},
	[GITHUB_UPDATE_ISSUE] = {.method = "PATCH",
							 .path = ISSUE,
							 .title = OPTIONAL,
							 .body = OPTIONAL,
							 .state = OPTIONAL,
							 .marks = OPTIONAL,
							 .writes = true},
	[GITHUB_LIST_ISSUES] = {.method = "GET",
							.path = REPOSITORY "/issues",
							.list_query = "state=all&sort=created&direction=desc&"},
	[GITHUB_GET_COMMENT] = {.method = "GET", .path = COMMENT},
	[GITHUB_CREATE_COMMENT] = {.method = "POST",
							   .path = ISSUE "/comments",
							   .body = REQUIRED,
							   .writes = true,
							   .creates = true},
	[GITHUB_UPDATE_COMMENT] = {.method = "PATCH",
							   .path = COMMENT,
							   .body = REQUIRED,
							   .writes = true},
	[GITHUB_DELETE_COMMENT] = {.method = "DELETE", .path = COMMENT, .writes = true},
	[GITHUB_LIST_ISSUE_COMMENTS] = {.method = "GET", .path = ISSUE "/comments", .list_query = ""},
	/* Of what is not known yet nothing shows whose it is: a former name may be another repository's. */
	[GITHUB_SWEEP_ISSUES] = {.method = "GET",
							 .path = REPOSITORY_BY_ID "/issues",
							 .list_query = "state=all&sort=updated&direction=asc&"},
	[GITHUB_SWEEP_COMMENTS] = {.method = "GET",
							   .path = REPOSITORY_BY_ID "/issues/comments",
							   .list_query = "sort=updated&direction=asc&"},
	[GITHUB_SWEEP_ISSUE_COMMENTS] = {.method = "GET",
									 .path = REPOSITORY_BY_ID "/issues/{issue}/comments",
									 .list_query = ""},
	[GITHUB_CENSUS_ISSUES] = {.method = "GET",
							  .path = REPOSITORY_BY_ID "/issues",
							  .list_query = "state=all&sort=created&direction=asc&"},
	[GITHUB_GET_LABEL] = {.method = "GET", .path = REPOSITORY_BY_ID "/labels/{label}"},
	[GITHUB_CHECK_ASSIGNEE] = {.method = "GET", .path = REPOSITORY_BY_ID "/assignees/{login}"},
	[GITHUB_GET_MILESTONE] = {.method = "GET", .path = REPOSITORY_BY_ID "/milestones/{milestone}"},
	[GITHUB_LIST_MILESTONES] = {.method = "GET",
								.path = REPOSITORY_BY_ID "/milestones",
								.list_query = "state=all&"},
	[GITHUB_GET_REPOSITORY] = {.method = "GET", .path = REPOSITORY},
	[GITHUB_GET_REPOSITORY_BY_ID] = {.method = "GET", .path = REPOSITORY_BY_ID},
	[GITHUB_GET_REPOSITORY_INSTALLATION] = {.method = "GET",
											.path = REPOSITORY "/installation",
											.uses_jwt = true},
	[GITHUB_GET_APP] = {.method = "GET", .path = "/app", .uses_jwt = true},
	[GITHUB_GET_INSTALLATION] = {.method = "GET",
								 .path = "/app/installations/{installation}",
								 .uses_jwt = true},
	[GITHUB_LIST_DELIVERIES] = {.method = "GET",
								.path = "/app/hook/deliveries",
								.list_query = "",
								.has_no_pages = true,
								.uses_jwt = true},
	[GITHUB_GET_DELIVERY] = {.method = "GET",
							 .path = "/app/hook/deliveries/{delivery}",
							 .max_answer = GITHUB_MAX_DELIVERY_ANSWER,
							 .uses_jwt = true},
	[GITHUB_GET_USER] = {.method = "GET", .path = "/user"},
	[GITHUB_GET_ACCOUNT] = {.method = "GET", .path = "/users/{login}"},
	/* No write: a token that got lost on the way changes nothing for anybody. */
	[GITHUB_CREATE_INSTALLATION_TOKEN] = {.method = "POST",
										  .path = "/app/installations/{installation}/access_tokens",
										  .uses_jwt = true},
};

/* A URL while it grows.  Once invalid, it stays so. */
typedef struct Url
{
	char text[MAX_URL_LENGTH + 1];
	size_t length;
	bool valid;
} Url;

static void
append_byte(Url *url, char byte)
{
	if (url->length >= MAX_URL_LENGTH)
	{
		url->valid = false;
		return;
	}
	url->text[url->length++] = byte; /* behind it is NUL, from the start */
}

static void
append_literal(Url *url, const char *text)
{
	for (; *text != '\0'; text++)
		append_byte(url, *text);
}

/* RFC 3986, section 2.3: what never needs to be encoded.  Of a text's characters; knows no locale. */
static bool
is_unreserved(char c)
{
	return (c >= 'A' && c <= 'Z') || (c >= 'a' && c <= 'z') || (c >= '0' && c <= '9') ||
		strchr("-._~", c) != NULL;
}

static void
append_encoded(Url *url, const char *text)
{
	static const char hex[] = "0123456789ABCDEF";

	for (; *text != '\0'; text++)
	{
		unsigned char byte = (unsigned char) *text;

		if (is_unreserved(*text))
		{
			append_byte(url, *text);
			continue;
		}
		append_byte(url, '%');
		append_byte(url, hex[byte >> 4]);
		append_byte(url, hex[byte & 0x0F]);
	}
}

/* One segment of a path: "." and ".." would name another one. */
static void
append_segment(Url *url, const char *text)
{
	if (text == NULL || text[0] == '\0' || strcmp(text, ".") == 0 || strcmp(text, "..") == 0)
	{
		url->valid = false;
		return;
	}
	append_encoded(url, text);
}

/* Numbers of issues, comments, installations, pages: all count from 1. */
static void
append_number(Url *url, int64_t number)
{
	char digits[24];

	if (number < 1)
	{
		url->valid = false;
		return;
	}
	snprintf(digits, sizeof(digits), "%" PRId64, number);
	append_literal(url, digits);
}

static bool
is_named(const char *name, size_t length, const char *expected)
{
	return length == strlen(expected) && memcmp(name, expected, length) == 0;
}

static void
append_parameter(Url *url, const char *name, size_t length, const GithubRequestInput *input)
{
	if (is_named(name, length, "owner"))
		append_segment(url, input->owner);
	else if (is_named(name, length, "repository"))
		append_segment(url, input->repository);
	else if (is_named(name, length, "repository_id"))
		append_number(url, input->repository_id);
	else if (is_named(name, length, "login"))
		append_segment(url, input->login);
	else if (is_named(name, length, "label"))
		append_segment(url, input->label);
	else if (is_named(name, length, "milestone"))
		append_number(url, input->milestone);
	else if (is_named(name, length, "issue"))
		append_number(url, input->issue_number);
	else if (is_named(name, length, "comment"))
		append_number(url, input->comment_id);
	else if (is_named(name, length, "delivery"))
		append_number(url, input->delivery_id);
	else if (is_named(name, length, "installation"))
		append_number(url, input->installation_id);
	else
		url->valid = false;
}

static void
append_path(Url *url, const char *path, const GithubRequestInput *input)
{
	while (*path != '\0')
	{
		size_t length;

		if (*path != '{')
		{
			append_byte(url, *path++);
			continue;
		}
		path++;
		length = strcspn(path, "}");
		append_parameter(url, path, length, input);
		path += length + 1;
	}
}

static void
append_list_query(Url *url, const Endpoint *endpoint, const GithubRequestInput *input)
{
	if (input->per_page > 100 || (input->since != NULL && input->since[0] == '\0'))
		url->valid = false;

	append_literal(url, "?");
	append_literal(url, endpoint->list_query);
	append_literal(url, "per_page=");
	append_number(url, input->per_page);
	if (!endpoint->has_no_pages)
	{
		append_literal(url, "&page=");
		append_number(url, input->page);
	}
	if (input->since != NULL)
	{
		append_literal(url, "&since=");
		append_encoded(url, input->since);
	}
}

/* GitHub answers 404 to a doubled slash, so the base must not end in one. */
static bool
is_base_url(const char *api_url)
{
	return api_url != NULL && api_url[0] != '\0' && api_url[strlen(api_url) - 1] != '/';
}

static GithubRequestError
build_url(const Endpoint *endpoint, const GithubRequestInput *input, char **result)
{
	Url url = {.valid = true};

	if (!is_base_url(input->api_url))
		return GITHUB_REQUEST_BAD_INPUT;

	append_literal(&url, input->api_url);
	append_path(&url, endpoint->path, input);
	if (endpoint->list_query != NULL)
		append_list_query(&url, endpoint, input);
	if (!url.valid)
		return GITHUB_REQUEST_BAD_INPUT;

	*result = strdup(url.text);
	return *result != NULL ? GITHUB_REQUEST_OK : GITHUB_REQUEST_OUT_OF_MEMORY;
}

/* The JSON members that the operation sends. */
typedef struct Fields
{
	GithubField title;
	GithubField body;
	GithubField state;
	GithubField state_reason;
	cJSON *marks; /* an object, or NULL */
} Fields;

static GithubField
select_field(FieldUse use, bool creates, const GithubField *field)
{
	static const GithubField absent = {.present = false};

	if (use == UNUSED || !field->present)
		return absent;
	/* GitHub's description of a creation wants a string or nothing. */
	if (creates && field->value == NULL)
		return absent;
	return *field;
}

static Fields
select_fields(const Endpoint *endpoint, const GithubRequestInput *input)
{
	Fields fields = {
		.title = select_field(endpoint->title, endpoint->creates, &input->title),
		.body = select_field(endpoint->body, endpoint->creates, &input->body),
		.state = select_field(endpoint->state, endpoint->creates, &input->state),
		.state_reason = select_field(endpoint->state, endpoint->creates, &input->state_reason),
	};

	return fields;
}

static bool
is_longer_than(const GithubField *field, size_t code_points)
{
	return field->present && field->value != NULL && utf8_code_points(field->value) > code_points;
}

/* GitHub refuses a title, and a comment, of nothing but white space. */
static bool
is_blank(const GithubField *field)
{
	return !field->present || field->value == NULL ||
		field->value[strspn(field->value, " \t\r\n\v\f")] == '\0';
}

static bool
is_state(const GithubField *field)
{
	return field->value != NULL &&
		(strcmp(field->value, "open") == 0 || strcmp(field->value, "closed") == 0);
}

static GithubRequestError
check_fields(const Endpoint *endpoint, const Fields *fields)
{
	if (endpoint->title == REQUIRED && is_blank(&fields->title))
		return GITHUB_REQUEST_NO_TITLE;
	if (endpoint->body == REQUIRED && is_blank(&fields->body))
		return GITHUB_REQUEST_NO_BODY;
	if (fields->state.present ? !is_state(&fields->state) : fields->state_reason.present)
		return GITHUB_REQUEST_BAD_INPUT;
	/* An empty update would cost a write and change nothing. */
	if (!fields->title.present && !fields->body.present && !fields->state.present &&
		(fields->marks == NULL || fields->marks->child == NULL))
		return GITHUB_REQUEST_BAD_INPUT;
	if (is_longer_than(&fields->title, GITHUB_MAX_TITLE_LENGTH) ||
		is_longer_than(&fields->body, GITHUB_MAX_BODY_LENGTH))
		return GITHUB_REQUEST_TOO_LARGE;
	return GITHUB_REQUEST_OK;
}

static bool
add_field(cJSON *object, const char *name, const GithubField *field)
{
	if (!field->present)
		return true;
	if (field->value == NULL)
		return cJSON_AddNullToObject(object, name) != NULL;
	return cJSON_AddStringToObject(object, name, field->value) != NULL;
}

static bool
is_array_of_strings(const cJSON *value)
{
	const cJSON *element;

	if (!cJSON_IsArray(value))
		return false;
	cJSON_ArrayForEach(element, value)
	{
		if (!cJSON_IsString(element))
			return false;
	}
	return true;
}

static bool
is_mark(const cJSON *member)
{
	if (strcmp(member->string, "labels") == 0 || strcmp(member->string, "assignees") == 0)
		return is_array_of_strings(member);
	return strcmp(member->string, "milestone") == 0 &&
		(cJSON_IsNumber(member) || cJSON_IsNull(member));
}

/* *marks is freed by the caller, whatever the result; NULL: there are none. */
static GithubRequestError
read_marks(FieldUse use, const char *json, cJSON **marks)
{
	const cJSON *member;

	if (use == UNUSED || json == NULL)
		return GITHUB_REQUEST_OK;
	*marks = cJSON_Parse(json);
	if (!cJSON_IsObject(*marks))
		return GITHUB_REQUEST_BAD_INPUT;
	cJSON_ArrayForEach(member, *marks)
	{
		if (!is_mark(member))
			return GITHUB_REQUEST_BAD_INPUT;
	}
	return GITHUB_REQUEST_OK;
}

/* The object's members become those of another one. */
static bool
move_members(cJSON *object, cJSON *members)
{
	while (members != NULL && members->child != NULL)
	{
		cJSON *member = cJSON_DetachItemViaPointer(members, members->child);

		if (!cJSON_AddItemToObject(object, member->string, member))
		{
			cJSON_Delete(member);
			return false;
		}
	}
	return true;
}

static char *
print_fields(const Fields *fields)
{
	cJSON *object = cJSON_CreateObject();
	char *text = NULL;

	if (object != NULL && add_field(object, "title", &fields->title) &&
		add_field(object, "body", &fields->body) && add_field(object, "state", &fields->state) &&
		add_field(object, "state_reason", &fields->state_reason) &&
		move_members(object, fields->marks))
		text = cJSON_PrintUnformatted(object);
	cJSON_Delete(object);
	return text;
}

static GithubRequestError
build_body(const Endpoint *endpoint, const GithubRequestInput *input, char **result)
{
	Fields fields;
	GithubRequestError error;

	if (endpoint->title == UNUSED && endpoint->body == UNUSED && endpoint->state == UNUSED)
		return GITHUB_REQUEST_OK;

	fields = select_fields(endpoint, input);
	error = read_marks(endpoint->marks, input->marks, &fields.marks);
	if (error == GITHUB_REQUEST_OK)
		error = check_fields(endpoint, &fields);
	if (error == GITHUB_REQUEST_OK)
	{
		*result = print_fields(&fields);
		if (*result == NULL)
			error = GITHUB_REQUEST_OUT_OF_MEMORY;
	}
	cJSON_Delete(fields.marks);
	return error;
}

GithubRequestError
github_request_build(const GithubRequestInput *input, GithubRequest *request)
{
	const Endpoint *endpoint = &endpoints[input->operation];
	GithubRequestError error;

	memset(request, 0, sizeof(*request));
	error = build_url(endpoint, input, &request->url);
	if (error == GITHUB_REQUEST_OK)
		error = build_body(endpoint, input, &request->body);
	if (error != GITHUB_REQUEST_OK)
	{
		github_request_free(request);
		return error;
	}
	request->method = endpoint->method;
	return GITHUB_REQUEST_OK;
}

void
github_request_free(GithubRequest *request)
{
	free(request->url);
	cJSON_free(request->body); /* cJSON allocated it */
	memset(request, 0, sizeof(*request));
}

bool
github_operation_writes(GithubOperation operation)
{
	return endpoints[operation].writes;
}

bool
github_operation_creates(GithubOperation operation)
{
	return endpoints[operation].creates;
}

bool
github_operation_uses_jwt(GithubOperation operation)
{
	return endpoints[operation].uses_jwt;
}

bool
github_request_takes_etag(const char *etag)
{
	if (strlen(etag) > GITHUB_MAX_ETAG_LENGTH)
		return false;
	for (const char *c = etag; *c != '\0'; c++)
	{
		if (*c < ' ' || *c > '~')
			return false;
	}
	return true;
}

size_t
github_operation_max_answer(GithubOperation operation, int per_page)
{
	size_t of_list = GITHUB_MAX_LIST_ANSWER_PER_ITEM * (size_t) per_page;

	if (endpoints[operation].max_answer != 0)
		return endpoints[operation].max_answer;
	if (endpoints[operation].list_query == NULL || of_list < GITHUB_MAX_RESOURCE_ANSWER)
		return GITHUB_MAX_RESOURCE_ANSWER;
	return of_list;
}

/* ---- where GitHub sends a request on to ---- */

static bool
is_name(const char *pattern)
{
	return strncmp(pattern, "{owner}", 7) == 0 || strncmp(pattern, "{repository}", 12) == 0;
}

/* What is left of a path behind all of a pattern, in which {x} is one segment; NULL: it does not fit. */
static const char *
behind_pattern(const char *path, const char *pattern)
{
	while (*pattern != '\0')
	{
		size_t length;

		if (*pattern != '{')
		{
			if (*path++ != *pattern++)
				return NULL;
			continue;
		}
		length = is_name(pattern) ? strcspn(path, "/?") : strspn(path, "0123456789");
		if (length == 0)
			return NULL;
		path += length;
		pattern = strchr(pattern, '}') + 1;
	}
	return path;
}

static bool
ends_behind(const char *path, const char *pattern)
{
	const char *rest = path != NULL ? behind_pattern(path, pattern) : NULL;

	return rest != NULL && *rest == '\0';
}

bool
github_request_may_go_on_at(GithubOperation operation, const char *api_url, const char *url)
{
	const char *pattern = endpoints[operation].path;
	size_t length = strlen(api_url);

	if (!endpoints[operation].writes)
		return true;
	if (strncmp(url, api_url, length) != 0)
		return false;
	/* What writes is of a repository, which a redirect names by its id as well. */
	return ends_behind(url + length, pattern) ||
		ends_behind(behind_pattern(url + length, "/repositories/{id}"),
					pattern + strlen(REPOSITORY));
}
