/*
 * test_core_resource.c
 *		Issues and comments out of JSON: whole, partly null, broken, hostile.
 */
#include "core/github_resource.h"

#include <errno.h>
#include <stdlib.h>
#include <string.h>

#include <cjson/cJSON.h>

#include "unit.h"

/* The members that an issue, and a comment, cannot do without. */
#define TIMES "\"created_at\":\"2024-05-06T07:08:09Z\",\"updated_at\":\"2024-05-06T07:08:10Z\""
#define ISSUE_WITH(more) "{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"open\"," TIMES more "}"
#define COMMENT_WITH(more) "{\"id\":1," TIMES more "}"

static void
test_whole_issue(void)
{
	const char *json = "{\"id\":3123456789,\"node_id\":\"I_x\",\"number\":1073741824,"
					   "\"title\":\"Caf\xC3\xA9 \xF0\x9F\x98\x80\",\"body\":\"one\\r\\ntwo\","
					   "\"state\":\"closed\",\"state_reason\":\"not_planned\","
					   "\"user\":{\"id\":9,\"login\":\"mona\",\"type\":\"User\"},"
					   "\"labels\":[\"bug\",{\"id\":5,\"name\":\"later\",\"color\":null}],"
					   "\"html_url\":\"https://github.example/o/r/issues/1073741824\","
					   "\"created_at\":\"2011-04-14T16:00:49Z\","
					   "\"updated_at\":\"2023-11-14T22:13:20Z\","
					   "\"closed_at\":\"2038-01-19T03:14:08Z\",\"a_new_member\":[[[]]]}";
	const char *problem = "untouched";
	GithubResource issue;

	is_int(github_resource_parse(GITHUB_ISSUE, json, &issue, &problem), GITHUB_PARSE_OK,
		   "an issue with all members");
	is_text(problem, NULL, "... has no problem");
	is_int(issue.id, INT64_C(3123456789), "... its id may exceed 2^31");
	is_int(issue.number, 1073741824, "... its number");
	is_text(issue.title, "Caf\xC3\xA9 \xF0\x9F\x98\x80", "... its title");
	is_text(issue.body, "one\r\ntwo", "... its body, with CRLF kept");
	is_text(issue.state, "closed", "... its state");
	is_text(issue.state_reason, "not_planned", "... its state_reason");
	is_text(issue.author_login, "mona", "... its author");
	is_int(issue.author_id, 9, "... and their id");
	is_text(issue.html_url, "https://github.example/o/r/issues/1073741824", "... its html_url");
	is_int(issue.created_at, 1302796849, "... when it was created");
	is_int(issue.updated_at, 1700000000, "... when it was updated");
	is_int(issue.closed_at, INT64_C(2147483648), "... when it was closed");
	ok(!issue.is_pull_request, "... and it is no pull request");

	github_resource_free(&issue);
	ok(issue.title == NULL && issue.id == 0, "a freed issue is empty");
	github_resource_free(&issue);
}

static void
test_sparse_issue(void)
{
	static const char *const sparse[] = {
		ISSUE_WITH(""),
		ISSUE_WITH(",\"body\":null,\"user\":null,\"state_reason\":null,\"html_url\":null,"
				   "\"closed_at\":null,\"pull_request\":null"),
	};

	for (size_t i = 0; i < sizeof(sparse) / sizeof(sparse[0]); i++)
	{
		GithubResource issue;

		is_int(github_resource_parse(GITHUB_ISSUE, sparse[i], &issue, NULL), GITHUB_PARSE_OK,
			   i == 0 ? "an issue without optional members" : "an issue with null members");
		ok(issue.body == NULL, "... has no body");
		ok(issue.author_login == NULL && issue.author_id == 0,
		   "... has no author: a deleted account");
		ok(issue.state_reason == NULL, "... has no state_reason");
		ok(issue.html_url == NULL, "... has no html_url");
		is_int(issue.closed_at, GITHUB_NO_TIME, "... was not closed");
		ok(!issue.is_pull_request, "... is no pull request");
		github_resource_free(&issue);
	}
}

static void
test_text_as_it_is(void)
{
	GithubResource issue;

	github_resource_parse(GITHUB_ISSUE, ISSUE_WITH(",\"body\":\"\""), &issue, NULL);
	is_text(issue.body, "", "an empty body is not null");
	github_resource_free(&issue);

	github_resource_parse(GITHUB_ISSUE,
						  ISSUE_WITH(",\"body\":\"\\uD83D\\uDE00 \\u00e9 \\ufffd \\/ \\\"\""),
						  &issue, NULL);
	is_text(issue.body, "\xF0\x9F\x98\x80 \xC3\xA9 \xEF\xBF\xBD / \"", "escapes are decoded");
	github_resource_free(&issue);

	github_resource_parse(GITHUB_ISSUE,
						  "{\"id\":1,\"number\":2,\"title\":\"\",\"state\":\"draft\"," TIMES "}",
						  &issue, NULL);
	is_text(issue.state, "draft", "a state that GitHub adds is taken as it is");
	is_text(issue.title, "", "so is an empty title");
	github_resource_free(&issue);
}

static void
test_sanitized_text_is_not_cut(void)
{
	const char raw[] = ISSUE_WITH(",\"body\":\"a\\u0000b\\ud800c\xFF"
								  "d\"");
	char *json = github_json_sanitize(raw, sizeof(raw) - 1, NULL);
	GithubResource issue;

	is_int(github_resource_parse(GITHUB_ISSUE, json, &issue, NULL), GITHUB_PARSE_OK,
		   "an issue with U+0000, a lone surrogate and an invalid byte");
	is_text(issue.body,
			"a\xEF\xBF\xBD"
			"b\xEF\xBF\xBD"
			"c\xEF\xBF\xBD"
			"d",
			"... keeps the text behind them");
	github_resource_free(&issue);
	free(json);
}

static bool
parses_as_pull_request(const char *json)
{
	GithubResource issue;
	bool answer;

	github_resource_parse(GITHUB_ISSUE, json, &issue, NULL);
	answer = issue.is_pull_request;
	github_resource_free(&issue);
	return answer;
}

static void
test_pull_requests(void)
{
	ok(parses_as_pull_request(ISSUE_WITH(",\"pull_request\":{\"url\":\"https://x/pulls/2\"}")),
	   "a pull_request with a url makes a pull request");
	ok(!parses_as_pull_request(ISSUE_WITH(",\"pull_request\":{\"url\":null}")),
	   "a pull_request whose url is null makes none");
	ok(!parses_as_pull_request(ISSUE_WITH(",\"pull_request\":{}")), "... nor does an empty one");
	ok(!parses_as_pull_request(ISSUE_WITH(",\"pull_request\":true")),
	   "... nor one of another type");
	ok(!parses_as_pull_request(ISSUE_WITH(",\"pull_request\":[1]")), "... nor an array");
}

static void
test_long_ids(void)
{
	static const int64_t ids[] = {INT64_C(999999999999999), INT64_C(9007199254740991),
								  INT64_C(9007199254740992), INT64_C(9007199254740993), INT64_MAX};

	for (size_t i = 0; i < sizeof(ids) / sizeof(ids[0]); i++)
	{
		char json[400];
		GithubResource comment;

		snprintf(json, sizeof(json),
				 "{\"performed_via_github_app\":{\"id\":[-9223372036854775809,1e18]},\"id\": %lld ,"
				 "\"body\":\"9007199254740993, \\\"id\\\":9007199254740993\"," TIMES "}",
				 (long long) ids[i]);
		is_int(github_resource_parse(GITHUB_COMMENT, json, &comment, NULL), GITHUB_PARSE_OK,
			   "a comment with a long id");
		is_int(comment.id, ids[i], "... to its last digit");
		is_text(comment.body, "9007199254740993, \"id\":9007199254740993",
				"... and a text of digits stays one");
		github_resource_free(&comment);
	}
}

static void
test_whole_comment(void)
{
	const char *json =
		"{\"id\":9007199254740991,\"body\":\"Me too\",\"user\":{\"login\":\"a[bot]\",\"id\":5},"
		"\"html_url\":\"https://github.example/o/r/issues/7#issuecomment-1\","
		"\"issue_url\":\"https://api.github.example/repos/o/r/issues/7\","
		"\"title\":\"not a comment's\",\"closed_at\":\"2024-01-01T00:00:00Z\"," TIMES "}";
	GithubResource comment;

	is_int(github_resource_parse(GITHUB_COMMENT, json, &comment, NULL), GITHUB_PARSE_OK,
		   "a comment");
	is_int(comment.id, INT64_C(9007199254740991), "... its id may be 2^53 - 1");
	is_int(comment.number, 7, "... its issue's number");
	is_text(comment.body, "Me too", "... its body");
	is_text(comment.author_login, "a[bot]", "... its author");
	is_int(comment.author_id, 5, "... and its id");
	is_int(comment.created_at, 1714979289, "... when it was created");
	is_int(comment.updated_at, 1714979290, "... when it was updated");
	is_int(comment.closed_at, GITHUB_NO_TIME, "... is never closed");
	ok(comment.title == NULL && comment.state == NULL, "... has neither title nor state");
	github_resource_free(&comment);
}

static void
test_parent_numbers(void)
{
	static const struct
	{
		const char *json;
		int32_t number;
		const char *name;
	} cases[] = {
		{COMMENT_WITH(""), 0, "without issue_url the parent is unknown"},
		{COMMENT_WITH(",\"issue_url\":null"), 0, "... with null, too"},
		{COMMENT_WITH(",\"issue_url\":5"), 0, "... with a number, too"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/\""), 0, "... with an empty end, too"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/7a\""), 0, "... with other text, too"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/-7\""), 0, "... with a sign, too"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/2147483648\""), 0,
		 "... with a number too large, too"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/99999999999999999999999\""), 0,
		 "... with one far too large, too"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/2147483647\""), 2147483647,
		 "the largest number is one"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/1090\""), 1090, "... of any digits"},
		{COMMENT_WITH(",\"issue_url\":\"https://x/issues/7:\""), 0, "... and digits only"},
		{COMMENT_WITH(",\"issue_url\":\"12\""), 12, "a number alone is one"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		GithubResource comment;

		github_resource_parse(GITHUB_COMMENT, cases[i].json, &comment, NULL);
		is_int(comment.number, cases[i].number, cases[i].name);
		github_resource_free(&comment);
	}
}

typedef struct BrokenCase
{
	const char *json;
	const char *problem;
} BrokenCase;

static const BrokenCase broken_issues[] = {
	{"{}", "id"},
	{"[]", "object"},
	{"null", "object"},
	{"\"text\"", "object"},
	{"{\"ID\":1}", "id"},
	{"{\"id\":null}", "id"},
	{"{\"id\":\"1\"}", "id"},
	{"{\"id\":0," TIMES "}", "id"},
	{"{\"id\":-5," TIMES "}", "id"},
	{"{\"id\":1.5," TIMES "}", "id"},
	{"{\"id\":1e300," TIMES "}", "id"},
	{"{\"id\":1e999," TIMES "}", "id"},
	{"{\"id\":-9007199254740993," TIMES "}", "id"},
	{"{\"id\":9223372036854775808," TIMES "}", "id"},
	{"{\"id\":1000000000000000000000000," TIMES "}", "id"},
	{"{\"id\":9007199254740993.0," TIMES "}", "id"},
	{"{\"id\":9007199254740993e0," TIMES "}", "id"},
	{"{\"id\":\"9007199254740993\"," TIMES "}", "id"},
	{"{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"open\","
	 "\"created_at\":\"2024-05-06T07:08:09Z\"}",
	 "updated_at"},
	{"{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"open\","
	 "\"updated_at\":\"2024-05-06T07:08:09Z\"}",
	 "created_at"},
	{"{\"id\":1,\"created_at\":\"yesterday\"}", "created_at"},
	{"{\"id\":1,\"created_at\":1714979289}", "created_at"},
	{"{\"id\":1," TIMES "}", "number"},
	{"{\"id\":1,\"number\":2147483648," TIMES "}", "number"},
	{"{\"id\":1,\"number\":2," TIMES "}", "title"},
	{"{\"id\":1,\"number\":2,\"title\":null," TIMES "}", "title"},
	{"{\"id\":1,\"number\":2,\"title\":\"t\"," TIMES "}", "state"},
	{"{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":1," TIMES "}", "state"},
	{ISSUE_WITH(",\"body\":5"), "body"},
	{ISSUE_WITH(",\"body\":[\"a\"]"), "body"},
	{ISSUE_WITH(",\"user\":\"mona\""), "user.login"},
	{ISSUE_WITH(",\"user\":{}"), "user.login"},
	{ISSUE_WITH(",\"user\":{\"login\":7}"), "user.login"},
	{ISSUE_WITH(",\"user\":{\"login\":\"mona\"}"), "user.id"},
	{ISSUE_WITH(",\"user\":{\"login\":\"mona\",\"id\":\"9\"}"), "user.id"},
	{ISSUE_WITH(",\"html_url\":{}"), "html_url"},
	{ISSUE_WITH(",\"state_reason\":0"), "state_reason"},
	{ISSUE_WITH(",\"closed_at\":\"\""), "closed_at"},
};

static bool
is_empty(const GithubResource *resource)
{
	static const GithubResource empty;

	return memcmp(resource, &empty, sizeof(empty)) == 0;
}

static void
test_broken_issues(void)
{
	for (size_t i = 0; i < sizeof(broken_issues) / sizeof(broken_issues[0]); i++)
	{
		const char *problem = NULL;
		GithubResource issue;

		is_int(github_resource_parse(GITHUB_ISSUE, broken_issues[i].json, &issue, &problem),
			   GITHUB_PARSE_MISSING_FIELD, broken_issues[i].json);
		is_text(problem, broken_issues[i].problem, "... the problem is named");
		ok(is_empty(&issue), "... and the issue is empty");
	}
}

/* before, a name of so many letters, after; malloc'd. */
static char *
with_name(const char *before, size_t length, const char *after)
{
	size_t before_length = strlen(before);
	char *json = malloc(before_length + length + strlen(after) + 1);

	memcpy(json, before, before_length);
	memset(json + before_length, 'n', length);
	strcpy(json + before_length + length, after);
	return json;
}

/* They are kept and shown as they are, beside texts that have a bound of their own. */
static void
test_long_names(void)
{
	static const struct
	{
		const char *before;
		const char *after;
		const char *problem;
	} names[] = {
		{"{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"open\",\"user\":{\"id\":7,\"login\":\"",
		 "\"}," TIMES "}", "user.login"},
		{"{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"", "\"," TIMES "}", "state"},
		{"{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"open\",\"state_reason\":\"",
		 "\"," TIMES "}", "state_reason"},
		{"{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"open\",\"html_url\":\"",
		 "\"," TIMES "}", "html_url"},
	};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		char *fits = with_name(names[i].before, 4096, names[i].after);
		char *too_long = with_name(names[i].before, 4097, names[i].after);
		const char *problem = NULL;
		GithubResource issue;

		is_int(github_resource_parse(GITHUB_ISSUE, fits, &issue, &problem), GITHUB_PARSE_OK,
			   "a name of 4096 bytes");
		github_resource_free(&issue);
		is_int(github_resource_parse(GITHUB_ISSUE, too_long, &issue, &problem),
			   GITHUB_PARSE_MISSING_FIELD, "one byte more is no name");
		is_text(problem, names[i].problem, "... the problem is named");
		ok(is_empty(&issue), "... and the issue is empty");
		free(fits);
		free(too_long);
	}
}

static void
test_not_json(void)
{
	static const char *const texts[] = {
		NULL,
		"",
		"   ",
		"<!DOCTYPE html><html><body>502 Bad Gateway</body></html>",
		"{\"id\":1",
		"{\"id\":1,}",
		ISSUE_WITH("") "x",
		ISSUE_WITH("") ISSUE_WITH(""),
		"{\"body\":\"\\u12\"}",
		"{'id':1}",
	};

	for (size_t i = 0; i < sizeof(texts) / sizeof(texts[0]); i++)
	{
		const char *problem = NULL;
		GithubResource issue;

		is_int(github_resource_parse(GITHUB_ISSUE, texts[i], &issue, &problem),
			   GITHUB_PARSE_NOT_JSON, "what is no JSON is refused");
		is_text(problem, "JSON", "... and named so");
		ok(is_empty(&issue), "... and the issue is empty");
	}
}

static void
check_result(const char *json, GithubParseResult expected, const char *expected_problem,
			 const char *name)
{
	const char *problem = NULL;
	GithubResource issue;

	is_int(github_resource_parse(GITHUB_ISSUE, json, &issue, &problem), expected, name);
	is_text(problem, expected_problem, "... and named so");
	github_resource_free(&issue);
}

static void
test_repeated_names(void)
{
	check_result(ISSUE_WITH(",\"a\":1,\"b\":2,\"a\":3"), GITHUB_PARSE_NOT_JSON,
				 "members of the same name", "a name that is there twice is refused");
	check_result(ISSUE_WITH(",\"labels\":[{\"a\":1,\"b\":2,\"c\":3,\"b\":2}]"),
				 GITHUB_PARSE_NOT_JSON, "members of the same name", "... also far within");
	check_result(ISSUE_WITH(",\"a\":{\"b\":1},\"c\":{\"b\":1}"), GITHUB_PARSE_OK, NULL,
				 "... but may be in two objects");
}

/* What a call before has left in errno is no result of ours. */
static void
test_errno_of_others(void)
{
	errno = ENOMEM;
	check_result("{\"id\":[1 2]}", GITHUB_PARSE_NOT_JSON, "JSON", "what is no JSON is none");
	errno = ERANGE;
	check_result("{\"id\":9007199254740993,\"number\":2,\"title\":\"t\",\"state\":\"open\"," TIMES
				 "}",
				 GITHUB_PARSE_OK, NULL, "a long id is what its digits say");
}

static void
test_largest_exact_number(void)
{
	check_result("{\"id\":9007199254740991.0,\"number\":2,\"title\":\"t\",\"state\":\"open\"," TIMES
				 "}",
				 GITHUB_PARSE_OK, NULL, "2^53 - 1 is exact, however spelled");
}

/* depth arrays in each other; malloc'd. */
static char *
nest(size_t depth, const char *before, const char *after)
{
	size_t before_length = strlen(before);
	char *json = malloc(before_length + 2 * depth + strlen(after) + 1);

	memcpy(json, before, before_length);
	memset(json + before_length, '[', depth);
	memset(json + before_length + depth, ']', depth);
	strcpy(json + before_length + 2 * depth, after);
	return json;
}

static void
test_nesting(void)
{
	static const char before[] = "{\"id\":1,\"number\":2,\"title\":\"t\",\"state\":\"open\","
								 "\"unknown\":";
	GithubResource issue;
	GithubResourceList list;
	const char *problem;
	char *json;

	json = nest(GITHUB_MAX_JSON_DEPTH - 1, before, "," TIMES "}");
	is_int(github_resource_parse(GITHUB_ISSUE, json, &issue, &problem), GITHUB_PARSE_OK,
		   "an issue nested up to the limit is read");
	github_resource_free(&issue);
	free(json);

	json = nest(GITHUB_MAX_JSON_DEPTH, before, "," TIMES "}");
	is_int(github_resource_parse(GITHUB_ISSUE, json, &issue, &problem), GITHUB_PARSE_TOO_DEEP,
		   "one level more is refused");
	is_text(problem, "nesting", "... and named so");
	free(json);

	json = nest(100000, "", "");
	is_int(github_resource_list_parse(GITHUB_ISSUE, json, &list, &problem), GITHUB_PARSE_TOO_DEEP,
		   "100,000 levels are refused");
	ok(list.items == NULL && list.count == 0, "... and the list is empty");
	free(json);
}

/* An array of so many zeros. */
static char *
zeros(size_t count)
{
	char *json = malloc(2 * count + 2);

	for (size_t i = 0; i < count; i++)
		memcpy(json + 2 * i, i == 0 ? "[0" : ",0", 2);
	strcpy(json + 2 * count, "]");
	return json;
}

static void
test_number_of_values(void)
{
	GithubResourceList list;
	GithubResource resource;
	const char *problem;
	char *json;

	json = zeros(GITHUB_MAX_JSON_LIST_VALUES - 1);
	is_int(github_resource_list_parse(GITHUB_ISSUE, json, &list, &problem),
		   GITHUB_PARSE_MISSING_FIELD, "as many values as allowed are looked at");
	free(json);

	json = zeros(GITHUB_MAX_JSON_LIST_VALUES);
	is_int(github_resource_list_parse(GITHUB_ISSUE, json, &list, &problem),
		   GITHUB_PARSE_TOO_MANY_VALUES, "one more is not");
	is_text(problem, "number of values", "... and named so");
	free(json);

	json = zeros(GITHUB_MAX_JSON_VALUES);
	is_int(github_resource_parse(GITHUB_ISSUE, json, &resource, &problem),
		   GITHUB_PARSE_TOO_MANY_VALUES, "a single resource has fewer");
	free(json);
}

static void
test_lists(void)
{
	const char *problem = NULL;
	GithubResourceList list;

	is_int(github_resource_list_parse(GITHUB_ISSUE,
									  " [" ISSUE_WITH(",\"body\":\"a\"") "," ISSUE_WITH(
										  ",\"pull_request\":{\"url\":\"u\"}") "]\n",
									  &list, &problem),
		   GITHUB_PARSE_OK, "a list of two issues");
	is_int(list.count, 2, "... has two");
	is_text(list.items[0].body, "a", "... the first of them in front");
	ok(list.items[1].is_pull_request, "... the pull request behind it");
	github_resource_list_free(&list);
	ok(list.items == NULL && list.count == 0, "a freed list is empty");

	is_int(github_resource_list_parse(GITHUB_COMMENT, "[" COMMENT_WITH("") "]", &list, NULL),
		   GITHUB_PARSE_OK, "a list of a comment");
	is_int(list.count, 1, "... has one");
	github_resource_list_free(&list);

	is_int(github_resource_list_parse(GITHUB_ISSUE, "[]", &list, &problem), GITHUB_PARSE_OK,
		   "an empty list");
	is_int(list.count, 0, "... has none");
	github_resource_list_free(&list);
}

static void
test_broken_lists(void)
{
	static const BrokenCase cases[] = {
		{"{}", "array"},      {"{\"message\":\"Not Found\"}", "array"},
		{"null", "array"},    {"[1]", "object"},
		{"[null]", "object"}, {"[" ISSUE_WITH("") ",{\"id\":1}]", "created_at"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		const char *problem = NULL;
		GithubResourceList list;

		is_int(github_resource_list_parse(GITHUB_ISSUE, cases[i].json, &list, &problem),
			   GITHUB_PARSE_MISSING_FIELD, cases[i].json);
		is_text(problem, cases[i].problem, "... the problem is named");
		ok(list.items == NULL && list.count == 0, "... and the list is empty");
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
	GithubParseResult result = GITHUB_PARSE_OUT_OF_MEMORY;
	GithubResource issue;
	bool reported = true;
	int allowed;

	cJSON_InitHooks(&hooks);
	for (allowed = 0; result != GITHUB_PARSE_OK && allowed < 100; allowed++)
	{
		allocations_left = allowed;
		result = github_resource_parse(GITHUB_ISSUE, ISSUE_WITH(""), &issue, NULL);
		if (result != GITHUB_PARSE_OK)
			reported = reported && result == GITHUB_PARSE_OUT_OF_MEMORY && is_empty(&issue);
	}
	github_resource_free(&issue);
	cJSON_InitHooks(NULL);
	ok(allowed > 10, "memory that runs out at any point of the parsing ...");
	ok(reported, "... is told apart from bad JSON");
	is_int(result, GITHUB_PARSE_OK, "... until there is enough");
}

int
main(void)
{
	test_whole_issue();
	test_sparse_issue();
	test_text_as_it_is();
	test_sanitized_text_is_not_cut();
	test_pull_requests();
	test_whole_comment();
	test_long_ids();
	test_parent_numbers();
	test_broken_issues();
	test_long_names();
	test_not_json();
	test_repeated_names();
	test_errno_of_others();
	test_largest_exact_number();
	test_nesting();
	test_number_of_values();
	test_lists();
	test_broken_lists();
	test_out_of_memory();
	return done_testing();
}
