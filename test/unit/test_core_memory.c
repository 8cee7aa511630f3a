/*
 * test_core_memory.c
 *		Memory that runs out anywhere in the core: each allocation of its own fails
 *		once.  What was asked for is then not there, and nothing else is left.
 *
 * The linker gives the core's malloc, calloc and strdup to this file; cJSON's go
 * by its hooks.
 */
#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "core/github_event.h"
#include "core/github_json.h"
#include "core/github_message.h"
#include "core/github_repository.h"
#include "core/github_request.h"
#include "core/github_resource.h"
#include "core/github_response.h"
#include "core/github_token.h"
#include "core/link_header.h"
#include "core/url.h"
#include "unit.h"

#define NEVER (-1)
#define MOST_ALLOCATIONS 2000

extern void *__real_malloc(size_t size);
extern void *__real_calloc(size_t count, size_t size);
extern char *__real_strdup(const char *text);
extern void *__wrap_malloc(size_t size);
extern void *__wrap_calloc(size_t count, size_t size);
extern char *__wrap_strdup(const char *text);

static int fails_in = NEVER;
static bool has_failed;

static bool
fails_now(void)
{
	if (fails_in == NEVER || fails_in-- > 0)
		return false;
	fails_in = NEVER;
	has_failed = true;
	errno = ENOMEM;
	return true;
}

void *
__wrap_malloc(size_t size)
{
	return fails_now() ? NULL : __real_malloc(size);
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

char *
__wrap_strdup(const char *text)
{
	return fails_now() ? NULL : __real_strdup(text);
}

/* ---- what is tried: each says whether it went well, and frees what it got ---- */

#define USER "\"user\":{\"login\":\"alice\",\"id\":7}"
#define TIMES "\"created_at\":\"2024-01-01T00:00:00Z\",\"updated_at\":\"2024-01-01T00:00:00Z\""
#define ISSUE                                                                                    \
	"{\"id\":9007199254740993,\"number\":1,\"title\":\"t\",\"body\":\"b\",\"state\":\"closed\"," \
	"\"state_reason\":\"completed\",\"html_url\":\"h\"," USER "," TIMES "}"
#define COMMENT \
	"{\"id\":2,\"body\":\"b\",\"html_url\":\"h\",\"issue_url\":\"/issues/1\"," USER "," TIMES "}"

static bool
parses(GithubParseResult result, const char *const *problem)
{
	if (result != GITHUB_PARSE_OK)
	{
		is_int(result, GITHUB_PARSE_OUT_OF_MEMORY, "without memory, that is the result");
		is_text(*problem, "memory", "... and named so");
	}
	return result == GITHUB_PARSE_OK;
}

static bool
parse_issue(void)
{
	GithubResource resource;
	const char *problem = NULL;
	bool went_well =
		parses(github_resource_parse(GITHUB_ISSUE, ISSUE, &resource, &problem), &problem);

	github_resource_free(&resource);
	return went_well;
}

static bool
parse_comments(void)
{
	GithubResourceList list;
	const char *problem = NULL;
	bool went_well = parses(github_resource_list_parse(GITHUB_COMMENT, "[" COMMENT "," COMMENT "]",
													   &list, &problem),
							&problem);

	github_resource_list_free(&list);
	return went_well;
}

static bool
parse_event(void)
{
	GithubEvent event;
	const char *problem = NULL;
	bool went_well = parses(
		github_event_parse("installation",
						   "{\"action\":\"created\",\"repositories\":[{\"id\":1}],"
						   "\"installation\":{\"id\":1,\"account\":{\"id\":7,\"login\":\"o\","
						   "\"type\":\"User\"}}}",
						   &event, &problem),
		&problem);

	github_event_free(&event);
	return went_well;
}

static bool
parse_many_names(void)
{
	GithubRepository repository;
	char json[4096] = "{\"id\":1,\"name\":\"n\",\"owner\":{\"login\":\"o\"},\"has_issues\":true";
	const char *problem = NULL;
	bool went_well;

	for (int i = 0; i < 100; i++)
		snprintf(json + strlen(json), sizeof(json) - strlen(json), ",\"name %d\":%d", i, i);
	strcat(json, "}");
	went_well = parses(github_repository_parse(json, &repository, &problem), &problem);
	github_repository_free(&repository);
	return went_well;
}

static bool
parse_token(void)
{
	GithubToken token;
	const char *problem = NULL;
	bool went_well =
		parses(github_token_parse("{\"token\":\"ghs_x\",\"expires_at\":\"2024-01-01T00:00:00Z\"}",
								  &token, &problem),
			   &problem);

	github_token_free(&token);
	return went_well;
}

static bool
is_there(char *text)
{
	bool there = text != NULL;

	free(text);
	return there;
}

static bool
parse_login(void)
{
	return is_there(github_own_login_parse("{\"login\":\"alice\"}"));
}

static bool
parse_slug(void)
{
	return is_there(github_own_login_parse("{\"slug\":\"app\"}"));
}

static bool
parse_message(void)
{
	return is_there(github_message_parse("{\"message\":\"m\",\"errors\":[\"e\"]}"));
}

static bool
judge_answer(void)
{
	GithubResponse response = {.operation = GITHUB_GET_ISSUE,
							   .status = 404,
							   .body = "{\"message\":\"Not Found\"}"};
	GithubVerdict verdict = github_response_verdict(&response, 1700000000);
	bool has_words = verdict.message != NULL;

	is_int(verdict.kind, GITHUB_NOT_FOUND, "a verdict is what it is without memory, too");
	github_verdict_free(&verdict);
	return has_words;
}

static bool
build_request(void)
{
	GithubRequestInput input = {.operation = GITHUB_CREATE_ISSUE,
								.api_url = "https://api.github.com",
								.owner = "o",
								.repository = "r",
								.title = {true, "title"},
								.body = {true, "body"}};
	GithubRequest request;
	GithubRequestError error = github_request_build(&input, &request);

	if (error != GITHUB_REQUEST_OK)
		is_int(error, GITHUB_REQUEST_OUT_OF_MEMORY, "without memory, that is the error");
	github_request_free(&request);
	return error == GITHUB_REQUEST_OK;
}

static bool
sanitize(void)
{
	return is_there(github_json_sanitize("a\0b", 3, NULL));
}

static bool
keep_integers(void)
{
	return is_there((char *) github_json_keep_integers("[9007199254740993]"));
}

static bool
read_link(void)
{
	return is_there(link_header_next("<https://api.github.com/a?page=2>; rel=\"next\""));
}

static bool
find_url(void)
{
	return is_there(url_within("https://api.github.com", "/repositories/7/issues"));
}

typedef struct Trial
{
	bool (*action)(void);
	const char *name;
} Trial;

static const Trial trials[] = {
	{parse_issue, "an issue"},
	{parse_comments, "a list of comments"},
	{parse_many_names, "a repository of many members"},
	{parse_event, "a webhook"},
	{parse_token, "a token"},
	{parse_login, "a login"},
	{parse_slug, "an App's slug"},
	{parse_message, "a message"},
	{judge_answer, "a verdict with words"},
	{build_request, "a request"},
	{sanitize, "text that is repaired"},
	{keep_integers, "long integers"},
	{read_link, "a link"},
	{find_url, "a URL"},
};

static void
try_without_memory(const Trial *trial)
{
	int failures = 0;
	int successes_in_spite = 0;

	for (int at = 0; at < MOST_ALLOCATIONS; at++)
	{
		bool went_well;

		fails_in = at;
		has_failed = false;
		went_well = trial->action();
		fails_in = NEVER;
		if (!has_failed)
			break;
		failures++;
		successes_in_spite += went_well;
	}
	ok(failures > 0, trial->name);
	is_int(successes_in_spite, 0, "... is not there when any of its memory is not");
	ok(trial->action(), "... and is when it is");
	printf("# %d allocations\n", failures);
}

int
main(void)
{
	cJSON_Hooks hooks = {.malloc_fn = __wrap_malloc, .free_fn = free};

	cJSON_InitHooks(&hooks);
	for (size_t i = 0; i < sizeof(trials) / sizeof(trials[0]); i++)
		try_without_memory(&trials[i]);
	cJSON_InitHooks(NULL);
	return done_testing();
}
