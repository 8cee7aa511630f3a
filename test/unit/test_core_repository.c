/*
 * test_core_repository.c
 *		What GitHub says of a repository.
 */
#include "core/github_repository.h"

#include "unit.h"

#define OWNER "\"owner\":{\"login\":\"octocat\",\"id\":1}"

static void
test_repository(void)
{
	GithubRepository repository;
	const char *problem = "untouched";

	is_int(github_repository_parse("{\"id\":1296269,\"name\":\"Hello-World\"," OWNER
								   ",\"has_issues\":true,\"private\":false}",
								   &repository, &problem),
		   GITHUB_PARSE_OK, "a repository");
	is_text(problem, NULL, "... has no problem");
	is_int(repository.id, 1296269, "... its id");
	is_text(repository.owner_login, "octocat", "... its owner");
	is_text(repository.name, "Hello-World", "... its name");
	ok(repository.has_issues, "... and that it has issues");
	github_repository_free(&repository);
	ok(repository.name == NULL && repository.owner_login == NULL, "a freed repository is empty");
	github_repository_free(&repository);
}

static void
test_issues(void)
{
	static const struct
	{
		const char *member;
		bool has_issues;
		const char *name;
	} cases[] = {
		{",\"has_issues\":false", false, "issues that are switched off"},
		{",\"has_issues\":null", true, "null does not switch them off"},
		{"", true, "nor does a member that is not there"},
		{",\"has_issues\":0", true, "nor one of another type"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char json[200];
		GithubRepository repository;

		snprintf(json, sizeof(json), "{\"id\":9007199254740991,\"name\":\"r\"," OWNER "%s}",
				 cases[i].member);
		is_int(github_repository_parse(json, &repository, NULL), GITHUB_PARSE_OK, cases[i].name);
		ok(repository.has_issues == cases[i].has_issues, "... as it says");
		github_repository_free(&repository);
	}
}

static void
test_archived(void)
{
	static const struct
	{
		const char *member;
		bool is_archived;
		const char *name;
	} cases[] = {
		{",\"archived\":true", true, "an archived repository"},
		{",\"archived\":false", false, "one that is not"},
		{",\"archived\":1", false, "a number archives nothing"},
		{"", false, "nor does a member that is not there"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		char json[200];
		GithubRepository repository;

		snprintf(json, sizeof(json), "{\"id\":1,\"name\":\"r\"," OWNER "%s}", cases[i].member);
		is_int(github_repository_parse(json, &repository, NULL), GITHUB_PARSE_OK, cases[i].name);
		ok(repository.is_archived == cases[i].is_archived, "... as it says");
		github_repository_free(&repository);
	}
}

static void
test_broken_repositories(void)
{
	static const struct
	{
		const char *json;
		GithubParseResult result;
		const char *problem;
	} cases[] = {
		{NULL, GITHUB_PARSE_NOT_JSON, "JSON"},
		{"[]", GITHUB_PARSE_MISSING_FIELD, "object"},
		{"{\"name\":\"r\"," OWNER "}", GITHUB_PARSE_MISSING_FIELD, "id"},
		{"{\"id\":-1,\"name\":\"r\"," OWNER "}", GITHUB_PARSE_MISSING_FIELD, "id"},
		{"{\"id\":1," OWNER "}", GITHUB_PARSE_MISSING_FIELD, "name"},
		{"{\"id\":1,\"name\":\"r\"}", GITHUB_PARSE_MISSING_FIELD, "owner.login"},
		{"{\"id\":1,\"name\":\"r\",\"owner\":\"octocat\"}", GITHUB_PARSE_MISSING_FIELD,
		 "owner.login"},
		{"{\"id\":1,\"name\":\"r\",\"owner\":{\"login\":null}}", GITHUB_PARSE_MISSING_FIELD,
		 "owner.login"},
	};

	for (size_t i = 0; i < sizeof(cases) / sizeof(cases[0]); i++)
	{
		GithubRepository repository;
		const char *problem = NULL;

		is_int(github_repository_parse(cases[i].json, &repository, &problem), cases[i].result,
			   "a repository that cannot be read");
		is_text(problem, cases[i].problem, "... and why");
		ok(repository.name == NULL && repository.owner_login == NULL, "... is empty");
	}
}

int
main(void)
{
	test_repository();
	test_issues();
	test_archived();
	test_broken_repositories();
	return done_testing();
}
