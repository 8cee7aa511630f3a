/*
 * test_core_request.c
 *		Every operation's request; the limits; what must be refused.
 */
#include "core/github_request.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "unit.h"

#define API "https://api.github.example"

/* Valid for every operation. */
static GithubRequestInput
usual_input(GithubOperation operation)
{
	GithubRequestInput input = {
		.operation = operation,
		.api_url = API,
		.owner = "octo-org",
		.repository = "tasks.db",
		.repository_id = 1296269,
		.installation_id = INT64_C(9007199254740993),
		.issue_number = 1347,
		.comment_id = INT64_MAX,
		.delivery_id = INT64_C(9007199254740995),
		.title = {.present = true, .value = "A title"},
		.body = {.present = true, .value = "A body"},
		.state = {.present = true, .value = "closed"},
		.login = "octo-app[bot]",
		.label = "help wanted/cr\xC3\xA8me",
		.milestone = 7,
		.page = 2,
		.per_page = 100,
	};

	return input;
}

typedef struct OperationCase
{
	GithubOperation operation;
	const char *name;
	const char *method;
	const char *path;
	const char *body;
	bool writes;
	bool creates;
	bool uses_jwt;
} OperationCase;

#define REPO "/repos/octo-org/tasks.db"
#define BY_ID "/repositories/1296269"

static const OperationCase operation_cases[] = {
	{GITHUB_GET_ISSUE, "get issue", "GET", REPO "/issues/1347", NULL, false, false, false},
	{GITHUB_CREATE_ISSUE, "create issue", "POST", REPO "/issues",
	 "{\"title\":\"A title\",\"body\":\"A body\"}", true, true, false},
	{GITHUB_UPDATE_ISSUE, "update issue", "PATCH", REPO "/issues/1347",
	 "{\"title\":\"A title\",\"body\":\"A body\",\"state\":\"closed\"}", true, false, false},
	{GITHUB_LIST_ISSUES, "list issues", "GET",
	 REPO "/issues?state=all&sort=created&direction=desc&per_page=100&page=2", NULL, false, false,
	 false},
	{GITHUB_GET_COMMENT, "get comment", "GET", REPO "/issues/comments/9223372036854775807", NULL,
	 false, false, false},
	{GITHUB_CREATE_COMMENT, "create comment", "POST", REPO "/issues/1347/comments",
	 "{\"body\":\"A body\"}", true, true, false},
	{GITHUB_UPDATE_COMMENT, "update comment", "PATCH", REPO "/issues/comments/9223372036854775807",
	 "{\"body\":\"A body\"}", true, false, false},
	{GITHUB_DELETE_COMMENT, "delete comment", "DELETE", REPO "/issues/comments/9223372036854775807",
	 NULL, true, false, false},
	{GITHUB_LIST_ISSUE_COMMENTS, "list comments", "GET",
	 REPO "/issues/1347/comments?per_page=100&page=2", NULL, false, false, false},
	{GITHUB_SWEEP_ISSUES, "sweep issues", "GET",
	 BY_ID "/issues?state=all&sort=updated&direction=asc&per_page=100&page=2", NULL, false, false,
	 false},
	{GITHUB_SWEEP_COMMENTS, "sweep comments", "GET",
	 BY_ID "/issues/comments?sort=updated&direction=asc&per_page=100&page=2", NULL, false, false,
	 false},
	{GITHUB_SWEEP_ISSUE_COMMENTS, "sweep comments of an issue", "GET",
	 BY_ID "/issues/1347/comments?per_page=100&page=2", NULL, false, false, false},
	{GITHUB_CENSUS_ISSUES, "census of issues", "GET",
	 BY_ID "/issues?state=all&sort=created&direction=asc&per_page=100&page=2", NULL, false, false,
	 false},
	{GITHUB_GET_LABEL, "get label", "GET", BY_ID "/labels/help%20wanted%2Fcr%C3%A8me", NULL, false,
	 false, false},
	{GITHUB_CHECK_ASSIGNEE, "check assignee", "GET", BY_ID "/assignees/octo-app%5Bbot%5D", NULL,
	 false, false, false},
	{GITHUB_GET_MILESTONE, "get milestone", "GET", BY_ID "/milestones/7", NULL, false, false,
	 false},
	{GITHUB_LIST_MILESTONES, "list milestones", "GET",
	 BY_ID "/milestones?state=all&per_page=100&page=2", NULL, false, false, false},
	{GITHUB_GET_REPOSITORY, "get repository", "GET", REPO, NULL, false, false, false},
	{GITHUB_GET_REPOSITORY_BY_ID, "get repository by id", "GET", BY_ID, NULL, false, false, false},
	{GITHUB_GET_REPOSITORY_INSTALLATION, "get the installation of a repository", "GET",
	 REPO "/installation", NULL, false, false, true},
	{GITHUB_GET_APP, "get app", "GET", "/app", NULL, false, false, true},
	{GITHUB_GET_INSTALLATION, "get installation", "GET", "/app/installations/9007199254740993",
	 NULL, false, false, true},
	{GITHUB_LIST_DELIVERIES, "list deliveries", "GET", "/app/hook/deliveries?per_page=100", NULL,
	 false, false, true},
	{GITHUB_GET_DELIVERY, "get delivery", "GET", "/app/hook/deliveries/9007199254740995", NULL,
	 false, false, true},
	{GITHUB_GET_USER, "get user", "GET", "/user", NULL, false, false, false},
	{GITHUB_GET_ACCOUNT, "get account", "GET", "/users/octo-app%5Bbot%5D", NULL, false, false,
	 false},
	{GITHUB_CREATE_INSTALLATION_TOKEN, "create installation token", "POST",
	 "/app/installations/9007199254740993/access_tokens", NULL, false, false, true},
};

#define OPERATION_COUNT (sizeof(operation_cases) / sizeof(operation_cases[0]))

static void
test_operations(void)
{
	for (size_t i = 0; i < OPERATION_COUNT; i++)
	{
		const OperationCase *expected = &operation_cases[i];
		GithubRequestInput input = usual_input(expected->operation);
		GithubRequest request;
		char url[300];

		snprintf(url, sizeof(url), API "%s", expected->path);
		is_int(github_request_build(&input, &request), GITHUB_REQUEST_OK, expected->name);
		is_text(request.method, expected->method, "... its method");
		is_text(request.url, url, "... its URL");
		is_text(request.body, expected->body, "... its body");
		is_int(github_operation_writes(expected->operation), expected->writes,
			   "... whether it writes");
		is_int(github_operation_creates(expected->operation), expected->creates,
			   "... whether it creates");
		is_int(github_operation_uses_jwt(expected->operation), expected->uses_jwt,
			   "... whether it is the App's");
		github_request_free(&request);
	}
}

static void
check_url(const GithubRequestInput *input, const char *expected, const char *name)
{
	GithubRequest request;

	github_request_build(input, &request);
	is_text(request.url, expected, name);
	github_request_free(&request);
}

static void
check_body(const GithubRequestInput *input, const char *expected, const char *name)
{
	GithubRequest request;

	is_int(github_request_build(input, &request), GITHUB_REQUEST_OK, name);
	is_text(request.body, expected, "... its body");
	github_request_free(&request);
}

static void
check_error(const GithubRequestInput *input, GithubRequestError expected, const char *name)
{
	GithubRequest request;

	is_int(github_request_build(input, &request), expected, name);
	ok(request.method == NULL && request.url == NULL && request.body == NULL,
	   "... and the request is empty");
}

static void
test_encoding(void)
{
	GithubRequestInput input = usual_input(GITHUB_GET_REPOSITORY);

	input.owner = "a/../b";
	input.repository = "c?d#e%2e&\r\n f";
	check_url(&input, API "/repos/a%2F..%2Fb/c%3Fd%23e%252e%26%0D%0A%20f",
			  "what has a meaning in URLs is encoded");

	input.owner = "-._~azAZ09";
	input.repository = "...";
	check_url(&input, API "/repos/-._~azAZ09/...", "unreserved characters stay");

	input.repository = "@[`{/:";
	check_url(&input, API "/repos/-._~azAZ09/%40%5B%60%7B%2F%3A",
			  "what stands beside letters and digits is encoded");

	input.repository = "\xC3\xA9\xF0\x9F\x98\x80";
	check_url(&input, API "/repos/-._~azAZ09/%C3%A9%F0%9F%98%80",
			  "what is not ASCII is encoded byte by byte");

	input = usual_input(GITHUB_LIST_ISSUES);
	input.since = "2024-05-06T07:08:09+02:00";
	check_url(&input,
			  API REPO "/issues?state=all&sort=created&direction=desc&per_page=100&page=2"
					   "&since=2024-05-06T07%3A08%3A09%2B02%3A00",
			  "the since of an issue list is encoded");

	input = usual_input(GITHUB_LIST_ISSUE_COMMENTS);
	input.since = "2024-05-06T07:08:09Z&page=9";
	check_url(&input,
			  API REPO "/issues/1347/comments?per_page=100&page=2"
					   "&since=2024-05-06T07%3A08%3A09Z%26page%3D9",
			  "since cannot add a parameter");
}

static void
test_enterprise_base(void)
{
	GithubRequestInput input = usual_input(GITHUB_GET_USER);

	input.api_url = "https://github.example.com/api/v3";
	check_url(&input, "https://github.example.com/api/v3/user",
			  "a path in the API's address is kept");
}

static void
test_refused_names(void)
{
	static const char *const refused[] = {NULL, "", ".", ".."};
	char long_name[5000];

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		GithubRequestInput input = usual_input(GITHUB_GET_ISSUE);

		input.owner = refused[i];
		check_error(&input, GITHUB_REQUEST_BAD_INPUT, "an owner that is no name is refused");
		input = usual_input(GITHUB_GET_ISSUE);
		input.repository = refused[i];
		check_error(&input, GITHUB_REQUEST_BAD_INPUT, "a repository that is no name is refused");
	}

	memset(long_name, 'x', sizeof(long_name) - 1);
	long_name[sizeof(long_name) - 1] = '\0';
	{
		GithubRequestInput input = usual_input(GITHUB_CREATE_ISSUE);

		input.owner = long_name;
		check_error(&input, GITHUB_REQUEST_BAD_INPUT, "an endless owner is refused");
	}
}

static void
test_refused_base(void)
{
	static const char *const refused[] = {NULL, "", API "/"};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
	{
		GithubRequestInput input = usual_input(GITHUB_GET_USER);

		input.api_url = refused[i];
		check_error(&input, GITHUB_REQUEST_BAD_INPUT,
					"an API address that is missing or ends in a slash is refused");
	}
}

static void
test_refused_numbers(void)
{
	GithubRequestInput input = usual_input(GITHUB_GET_ISSUE);

	input.issue_number = 0;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "issue number 0 is refused");
	input.issue_number = -1;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "a negative issue number is refused");

	input = usual_input(GITHUB_DELETE_COMMENT);
	input.comment_id = 0;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "comment id 0 is refused");

	input = usual_input(GITHUB_CREATE_INSTALLATION_TOKEN);
	input.installation_id = 0;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "installation id 0 is refused");

	input = usual_input(GITHUB_LIST_ISSUES);
	input.page = 0;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "page 0 is refused");
	input = usual_input(GITHUB_LIST_ISSUES);
	input.per_page = 0;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "no items a page are refused");
	input.per_page = 101;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "101 items a page are refused");
	input.per_page = 100;
	input.since = "";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "an empty since is refused");
}

static void
test_unused_members(void)
{
	GithubRequestInput input = {.operation = GITHUB_GET_USER, .api_url = API};

	check_url(&input, API "/user", "members that the operation does not use may be empty");
}

static void
test_fields(void)
{
	GithubRequestInput input = usual_input(GITHUB_CREATE_ISSUE);
	const GithubField absent = {.present = false};
	const GithubField null = {.present = true, .value = NULL};
	const GithubField empty = {.present = true, .value = ""};

	input.body = null;
	check_body(&input, "{\"title\":\"A title\"}", "a creation leaves out a null body");
	input.body = absent;
	check_body(&input, "{\"title\":\"A title\"}", "a creation may have no body");
	input.body = empty;
	check_body(&input, "{\"title\":\"A title\",\"body\":\"\"}", "an empty body is sent as such");

	input = usual_input(GITHUB_UPDATE_ISSUE);
	input.title = absent;
	input.state = absent;
	input.body = null;
	check_body(&input, "{\"body\":null}", "an update clears the body with null");
	input.body = absent;
	input.state.present = true;
	input.state.value = "open";
	check_body(&input, "{\"state\":\"open\"}", "an update sends only what is present");
	input.state.value = "closed";
	input.state_reason = (GithubField){.present = true, .value = "not_planned"};
	check_body(&input, "{\"state\":\"closed\",\"state_reason\":\"not_planned\"}",
			   "a reason goes with its state");
	input.state = absent;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "a reason without a state is refused");
	input.state_reason = absent;

	input.marks = "{\"labels\":[\"bug\",\"help wanted\"],\"assignees\":[],\"milestone\":3}";
	check_body(&input, input.marks, "marks are a change by themselves");
	input.title = (GithubField){.present = true, .value = "A title"};
	input.marks = "{\"milestone\":null}";
	check_body(&input, "{\"title\":\"A title\",\"milestone\":null}", "marks go with other fields");
	input.marks = "{}";
	check_body(&input, "{\"title\":\"A title\"}", "no mark is sent where there is none");
	input.title = absent;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "an update without anything is refused");
	input.operation = GITHUB_CREATE_ISSUE;
	input.title = (GithubField){.present = true, .value = "A title"};
	input.marks = "{\"labels\":[\"bug\"]}";
	check_body(&input, "{\"title\":\"A title\",\"labels\":[\"bug\"]}",
			   "an issue is born with marks");
	input.marks = "{\"labels\":[1]}";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "labels are texts");
	input.marks = "{\"assignees\":\"ann\"}";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "assignees are an array");
	input.marks = "{\"milestone\":\"v1\"}";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "a milestone is a number");
	input.marks = "{\"state\":\"closed\"}";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "nothing else is a mark");
	input.marks = "[]";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "marks are an object");
	input.marks = "{";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "and JSON");
	input = usual_input(GITHUB_CREATE_COMMENT);
	input.marks = "{\"labels\":[\"bug\"]}";
	check_body(&input, "{\"body\":\"A body\"}", "a comment has none");
	input = usual_input(GITHUB_UPDATE_ISSUE);
	input.title = absent;

	input.body.present = true;
	input.state = absent;
	input.body.value = "a\r\nb\t\"c\" \\ \x01 \xC3\xA9 \xF0\x9F\x98\x80 </b>";
	check_body(&input,
			   "{\"body\":\"a\\r\\nb\\t\\\"c\\\" \\\\ \\u0001 \xC3\xA9 \xF0\x9F\x98\x80 </b>\"}",
			   "text arrives as it is, CRLF and all");
}

static void
test_refused_fields(void)
{
	static const char *const no_titles[] = {NULL, "", " \t\r\n"};
	const GithubField absent = {.present = false};
	GithubRequestInput input = usual_input(GITHUB_CREATE_ISSUE);

	for (size_t i = 0; i < sizeof(no_titles) / sizeof(no_titles[0]); i++)
	{
		input.title.value = no_titles[i];
		check_error(&input, GITHUB_REQUEST_NO_TITLE, "a creation without a title is refused");
	}
	input.title = absent;
	check_error(&input, GITHUB_REQUEST_NO_TITLE, "a creation whose title is absent is refused");

	input = usual_input(GITHUB_CREATE_COMMENT);
	input.body.value = NULL;
	check_error(&input, GITHUB_REQUEST_NO_BODY, "a comment with a null body is refused");
	input.body.value = " \r\n\t";
	check_error(&input, GITHUB_REQUEST_NO_BODY, "a blank comment is refused");
	input = usual_input(GITHUB_UPDATE_COMMENT);
	input.body.present = false;
	check_error(&input, GITHUB_REQUEST_NO_BODY, "a body that is not to be sent is none");
	input.body = (GithubField){.present = true, .value = NULL};
	check_error(&input, GITHUB_REQUEST_NO_BODY, "... nor is a null one");
	input.body = absent;
	check_error(&input, GITHUB_REQUEST_NO_BODY, "a comment's update without a body is refused");

	input = usual_input(GITHUB_UPDATE_ISSUE);
	input.state.value = "merged";
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "a state that GitHub does not know is refused");
	input.state.value = NULL;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "a null state is refused");
	input.title = input.body = input.state = absent;
	check_error(&input, GITHUB_REQUEST_BAD_INPUT, "an update of nothing is refused");
}

/* count copies of character; malloc'd. */
static char *
repeat(const char *character, size_t count)
{
	size_t width = strlen(character);
	char *text = malloc(width * count + 1);

	for (size_t i = 0; i < count; i++)
		memcpy(text + i * width, character, width);
	text[width * count] = '\0';
	return text;
}

static void
check_length(GithubOperation operation, const char *character, size_t title_length,
			 size_t body_length, GithubRequestError expected, const char *name)
{
	GithubRequestInput input = usual_input(operation);
	char *title = repeat(character, title_length);
	char *body = repeat(character, body_length);
	GithubRequest request;

	input.title.value = title;
	input.body.value = body;
	is_int(github_request_build(&input, &request), expected, name);
	github_request_free(&request);
	free(title);
	free(body);
}

static void
test_limits(void)
{
	static const char *const characters[] = {"x", "\xC3\xA9", "\xE2\x82\xAC", "\xF0\x9F\x98\x80"};

	for (size_t i = 0; i < sizeof(characters) / sizeof(characters[0]); i++)
	{
		const char *character = characters[i];

		check_length(GITHUB_CREATE_ISSUE, character, 256, 1, GITHUB_REQUEST_OK,
					 "a title of 256 code points fits, however many bytes");
		check_length(GITHUB_CREATE_ISSUE, character, 257, 1, GITHUB_REQUEST_TOO_LARGE,
					 "a title of 257 code points is too large");
		check_length(GITHUB_UPDATE_ISSUE, character, 257, 1, GITHUB_REQUEST_TOO_LARGE,
					 "... in an update, too");
		check_length(GITHUB_CREATE_ISSUE, character, 1, 65536, GITHUB_REQUEST_OK,
					 "a body of 65536 code points fits, however many bytes");
		check_length(GITHUB_CREATE_ISSUE, character, 1, 65537, GITHUB_REQUEST_TOO_LARGE,
					 "a body of 65537 code points is too large");
		check_length(GITHUB_UPDATE_COMMENT, character, 1, 65537, GITHUB_REQUEST_TOO_LARGE,
					 "... of a comment, too");
		check_length(GITHUB_CREATE_COMMENT, character, 257, 65536, GITHUB_REQUEST_OK,
					 "a title that is not sent is not measured");
	}
}

static int allocations_left;

static void *
failing_malloc(size_t size)
{
	if (allocations_left-- > 0)
		return malloc(size);
	errno = ENOMEM;
	return NULL;
}

static void
test_out_of_memory(void)
{
	cJSON_Hooks hooks = {.malloc_fn = failing_malloc, .free_fn = free};
	GithubRequestInput input = usual_input(GITHUB_UPDATE_ISSUE);
	GithubRequestError error = GITHUB_REQUEST_OUT_OF_MEMORY;
	GithubRequest request;
	bool reported = true;
	int allowed;

	cJSON_InitHooks(&hooks);
	for (allowed = 0; error != GITHUB_REQUEST_OK && allowed < 100; allowed++)
	{
		allocations_left = allowed;
		error = github_request_build(&input, &request);
		if (error != GITHUB_REQUEST_OK)
			reported = reported && error == GITHUB_REQUEST_OUT_OF_MEMORY && request.url == NULL;
	}
	github_request_free(&request);
	cJSON_InitHooks(NULL);
	ok(allowed > 5, "memory that runs out at any point of the body ...");
	ok(reported, "... is reported, and the request is empty");
	is_int(error, GITHUB_REQUEST_OK, "... until there is enough");
}

static void
test_etags(void)
{
	char longest[GITHUB_MAX_ETAG_LENGTH + 2];

	memset(longest, 'x', sizeof(longest) - 1);
	longest[sizeof(longest) - 1] = '\0';
	ok(!github_request_takes_etag(longest), "an ETag that is too long is not kept");
	longest[sizeof(longest) - 2] = '\0';
	ok(github_request_takes_etag(longest), "one of the greatest length is");
	ok(github_request_takes_etag("W/\"a b~\""), "printable ASCII is");
	ok(!github_request_takes_etag("a\r\nHost: b"), "the end of a header is not");
	ok(!github_request_takes_etag("\xc3\xa9") && !github_request_takes_etag("\x7f"),
	   "nor is what is no ASCII, or not printable");
}

static bool
goes_on(GithubOperation operation, const char *path)
{
	char url[200];

	snprintf(url, sizeof(url), "https://api.github.com%s", path);
	return github_request_may_go_on_at(operation, "https://api.github.com", url);
}

static void
test_redirects(void)
{
	static const char *const elsewhere[] = {
		"/user",
		"/repos/o/r",
		"/repositories/7",
		"/repositories/x/issues",
		"/repos/o/issues",
		"/repos/o/r/issues?page=2",
		"/repos/o/r/issues/",
		"/repos/o/r/pulls",
		"/repos/o/r/issues/5/labels",
		"/repos/o/r/x/issues",
		"/repositories/7/issues/5/lock",
		"/repositories//issues",
		"",
		"/",
	};

	ok(goes_on(GITHUB_CREATE_ISSUE, "/repositories/7/issues"),
	   "an issue is made in a repository by its id");
	ok(goes_on(GITHUB_CREATE_ISSUE, "/repos/o/r/issues"), "... or by its new name");
	ok(goes_on(GITHUB_CREATE_COMMENT, "/repositories/7/issues/5/comments"),
	   "a comment at an issue");
	ok(goes_on(GITHUB_UPDATE_ISSUE, "/repos/o.x/r-y/issues/5"),
	   "an issue is edited where it is now");
	ok(goes_on(GITHUB_DELETE_COMMENT, "/repositories/7/issues/comments/9"),
	   "a comment deleted there");
	ok(!goes_on(GITHUB_UPDATE_ISSUE, "/repos/o/r/issues/comments"), "an issue has a number");
	ok(!goes_on(GITHUB_DELETE_COMMENT, "/repositories/7/issues/5"),
	   "nothing but a comment is deleted");
	for (size_t i = 0; i < sizeof(elsewhere) / sizeof(elsewhere[0]); i++)
	{
		for (GithubOperation operation = 0; operation <= GITHUB_CREATE_INSTALLATION_TOKEN;
			 operation++)
			ok(goes_on(operation, elsewhere[i]) != github_operation_writes(operation),
			   "a write goes nowhere else, a read anywhere");
	}
	ok(!github_request_may_go_on_at(GITHUB_CREATE_ISSUE, "https://api.github.com",
									"https://evil/repos/o/r/issues"),
	   "a write does not leave the API");
}

static void
test_first_numbers(void)
{
	GithubRequestInput input = usual_input(GITHUB_GET_ISSUE);

	input.issue_number = 1;
	check_url(&input, API REPO "/issues/1", "issues count from 1");
	input = usual_input(GITHUB_LIST_ISSUE_COMMENTS);
	input.page = 1;
	input.per_page = 1;
	check_url(&input, API REPO "/issues/1347/comments?per_page=1&page=1", "... and so do pages");
}

static void
test_largest_answers(void)
{
	is_int(github_operation_max_answer(GITHUB_GET_ISSUE, 100), 1024 * 1024,
		   "an issue may take a megabyte");
	is_int(github_operation_max_answer(GITHUB_LIST_ISSUES, 100), 100 * 320 * 1024,
		   "a list, 320 kB for each that may be in it");
	is_int(github_operation_max_answer(GITHUB_LIST_ISSUES, 4), 4 * 320 * 1024,
		   "... also a short one");
	is_int(github_operation_max_answer(GITHUB_LIST_ISSUES, 3), 1024 * 1024,
		   "... and a megabyte at least");
	is_int(github_operation_max_answer(GITHUB_GET_DELIVERY, 100), 26 * 1024 * 1024,
		   "a delivery, the 25 MB that a payload may have, and more");
}

int
main(void)
{
	test_first_numbers();
	test_largest_answers();
	test_redirects();
	test_operations();
	test_encoding();
	test_enterprise_base();
	test_refused_names();
	test_refused_base();
	test_refused_numbers();
	test_unused_members();
	test_fields();
	test_refused_fields();
	test_limits();
	test_etags();
	test_out_of_memory();
	return done_testing();
}
