/*
 * test_core_event.c
 *		From the payload of a webhook to what it tells.
 */
#include "core/github_event.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define OWNER "\"owner\":{\"login\":\"octo-org\",\"id\":7,\"type\":\"Organization\"}"
#define REPOSITORY                                                       \
	"\"repository\":{\"id\":186853002,\"name\":\"Hello.World_1\"," OWNER \
	",\"updated_at\":\"2019-05-15T15:19:27Z\"}"
#define ISSUE_OBJECT \
	"{\"id\":9007199254740993,\"number\":1347,\"updated_at\":\"2019-05-15T15:20:18Z\"}"
#define ISSUE "\"issue\":" ISSUE_OBJECT
#define COMMENT "\"comment\":{\"id\":4234567890,\"updated_at\":\"2019-05-15T15:20:21Z\"}"
#define INSTALLATION                                                                                            \
	"\"installation\":{\"id\":957387,\"account\":{\"login\":\"Codertocat\",\"id\":21031067,\"type\":\"User\"}," \
	"\"updated_at\":1557933591}"
#define OTHER_PLACE(which)                                                                       \
	"\"changes\":{\"" which                                                                      \
	"_issue\":{\"id\":444500041,\"number\":12,\"updated_at\":\"2019-05-15T15:20:19Z\"},\"" which \
	"_repository\":{\"id\":17273051,\"name\":\"other\"," OWNER "}}"

static GithubEvent event;
static const char *problem;

static GithubParseResult
parse(const char *event_name, const char *json)
{
	github_event_free(&event);
	problem = "untouched";
	return github_event_parse(event_name, json, &event, &problem);
}

static void
refused(const char *event_name, const char *json, GithubParseResult result, const char *reason,
		const char *name)
{
	is_int(parse(event_name, json), result, name);
	is_text(problem, reason, "... and says what is wrong");
	ok(event.action == NULL && event.repository.name == NULL &&
		   event.repositories_added.ids == NULL,
	   "... and leaves nothing");
}

static void
test_issues(void)
{
	is_int(parse("issues",
				 "{\"action\":\"edited\"," ISSUE "," REPOSITORY
				 ",\"installation\":{\"id\":12,\"node_id\":\"x\"}}"),
		   GITHUB_PARSE_OK, "an issue");
	is_text(problem, NULL, "... has no problem");
	is_text(event.action, "edited", "... its action");
	is_int(event.issue.id, INT64_C(9007199254740993), "... its id, which no double has");
	is_int(event.issue.number, 1347, "... its number");
	is_int(event.issue.updated_at, 1557933618, "... its time");
	ok(!event.issue.is_pull_request, "... and that it is none but an issue");
	is_int(event.repository.id, 186853002, "... its repository's id");
	is_text(event.repository.owner_login, "octo-org", "... owner");
	is_text(event.repository.name, "Hello.World_1", "... name");
	is_int(event.repository.updated_at, 1557933567, "... and time");
	is_int(event.installation.id, 12, "... the installation");
	is_int(event.installation.updated_at, GITHUB_NO_TIME, "... whose time is not told");
	is_text(event.installation.account_login, NULL, "... nor its account");
	is_int(event.comment.id, 0, "... no comment");
	is_int(event.comment.updated_at, GITHUB_NO_TIME, "... at no time");
	is_int(event.transfer, GITHUB_NOT_TRANSFERRED, "... no transfer");
	is_int(event.other_issue.updated_at, GITHUB_NO_TIME, "... at no time");
	is_int(event.other_repository.updated_at, GITHUB_NO_TIME, "... to no repository");
	ok(!event.is_another_events, "... and it is that event");
	is_int(
		parse(
			"issues",
			"{\"action\":\"milestoned\",\"issue\":{\"id\":1,\"number\":2,\"updated_at\":\"2019-05-15T15:20:18Z\","
			"\"pull_request\":{\"url\":\"x\"}}," REPOSITORY "}"),
		GITHUB_PARSE_OK, "a pull request");
	ok(event.issue.is_pull_request, "... is one");
	is_int(event.installation.id, 0, "... of a hook of the repository");
	is_int(event.installation.updated_at, GITHUB_NO_TIME, "... at no time");
	is_int(parse("issues", "{\"action\":\"deleted\"," ISSUE "," COMMENT "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "an issue with a comment");
	ok(event.is_another_events, "... is of event issue_comment");
	refused("issues", "{\"action\":\"edited\"," REPOSITORY "}", GITHUB_PARSE_MISSING_FIELD, "issue",
			"no issue");
	refused("issues", "{\"action\":\"edited\"," ISSUE "}", GITHUB_PARSE_MISSING_FIELD, "repository",
			"no repository");
	refused("issues", "{\"action\":\"edited\",\"issue\":{\"id\":1,\"number\":1}," REPOSITORY "}",
			GITHUB_PARSE_MISSING_FIELD, "issue", "an issue without a time");
	refused(
		"issues",
		"{\"action\":\"edited\",\"issue\":{\"id\":0,\"number\":1,\"updated_at\":\"2019-05-15T15:20:18Z\"}," REPOSITORY
		"}",
		GITHUB_PARSE_MISSING_FIELD, "issue", "an issue without an id");
	refused("issues", "{\"action\":\"edited\"," ISSUE ",\"repository\":{\"id\":1,\"name\":\"x\"}}",
			GITHUB_PARSE_MISSING_FIELD, "repository", "a repository without an owner");
	refused("issues", "{\"action\":\"edited\"," ISSUE "," REPOSITORY ",\"installation\":{}}",
			GITHUB_PARSE_MISSING_FIELD, "installation", "an installation without an id");
}

static void
test_transfers(void)
{
	is_int(parse("issues",
				 "{\"action\":\"transferred\"," ISSUE "," REPOSITORY "," OTHER_PLACE("new") "}"),
		   GITHUB_PARSE_OK, "an issue that goes");
	is_int(event.transfer, GITHUB_ISSUE_LEFT, "... left");
	is_int(event.other_issue.id, 444500041, "... for another id");
	is_int(event.other_issue.number, 12, "... another number");
	is_int(event.other_issue.updated_at, 1557933619, "... at a time");
	is_int(event.other_repository.id, 17273051, "... in another repository");
	is_int(parse("issues",
				 "{\"action\":\"opened\"," ISSUE "," REPOSITORY "," OTHER_PLACE("old") "}"),
		   GITHUB_PARSE_OK, "an issue that comes");
	is_int(event.transfer, GITHUB_ISSUE_ARRIVED, "... arrived");
	is_int(event.other_repository.id, 17273051, "... from another repository");
	is_int(parse("issues",
				 "{\"action\":\"opened\"," ISSUE "," REPOSITORY
				 ",\"changes\":{\"old_issue\":null,\"old_repository\":{}}}"),
		   GITHUB_PARSE_OK, "a new issue of which nothing is old");
	is_int(event.transfer, GITHUB_NOT_TRANSFERRED, "... came from nowhere");
	is_int(parse("issues", "{" ISSUE "," REPOSITORY "," OTHER_PLACE("old") "}"), GITHUB_PARSE_OK,
		   "no action");
	is_int(event.transfer, GITHUB_NOT_TRANSFERRED, "... is no transfer");
	is_text(event.action, NULL, "... and none");
	refused("issues",
			"{\"action\":\"transferred\"," ISSUE "," REPOSITORY "," OTHER_PLACE("old") "}",
			GITHUB_PARSE_MISSING_FIELD, "changes", "an issue that goes nowhere");
	is_int(parse("issues", "{\"action\":\"transferred\"," ISSUE "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "no changes at all");
	is_int(event.transfer, GITHUB_NOT_TRANSFERRED, "... are no transfer");
}

static void
test_comments(void)
{
	is_int(parse("issue_comment",
				 "{\"action\":\"created\"," ISSUE "," COMMENT "," REPOSITORY "," INSTALLATION "}"),
		   GITHUB_PARSE_OK, "a comment");
	is_int(event.comment.id, INT64_C(4234567890), "... its id");
	is_int(event.comment.updated_at, 1557933621, "... its time");
	is_int(event.issue.number, 1347, "... its issue");
	is_int(event.installation.id, 957387, "... its installation");
	is_int(event.repository.id, 186853002, "... its repository");
	ok(!event.is_another_events, "... and it is that event");
	refused("issue_comment", "{\"action\":\"created\"," ISSUE "," REPOSITORY "}",
			GITHUB_PARSE_MISSING_FIELD, "comment", "no comment");
	refused("issue_comment",
			"{\"action\":\"created\"," ISSUE "," REPOSITORY ",\"comment\":{\"id\":1}}",
			GITHUB_PARSE_MISSING_FIELD, "comment", "a comment without a time");
}

static void
test_edits(void)
{
	is_int(
		parse(
			"issues",
			"{\"action\":\"edited\",\"changes\":{\"title\":{\"from\":\"old\"},\"body\":{\"from\":\"\"}},"
			"\"issue\":{\"id\":1,\"number\":2,\"updated_at\":\"2019-05-15T15:20:18Z\",\"title\":\"new\",\"body\":null}," REPOSITORY
			"}"),
		GITHUB_PARSE_OK, "an edit");
	is_text(event.title.from, "old", "... of a title that was");
	is_text(event.title.to, "new", "... and is");
	is_text(event.body.from, "", "... and of a body that was empty");
	is_text(event.body.to, NULL, "... and is none");
	is_int(parse("issues", "{\"action\":\"edited\",\"changes\":{}," ISSUE "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "an edit of neither");
	ok(event.title.from == NULL && event.body.from == NULL, "... replaced none");
	is_int(parse("issues",
				 "{\"action\":\"labeled\",\"changes\":{\"title\":{\"from\":\"old\"}}," ISSUE
				 "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "what is no edit");
	is_text(event.title.from, NULL, "... replaced none");
	is_int(
		parse("issue_comment",
			  "{\"action\":\"edited\",\"changes\":{\"body\":{\"from\":\"old\"}}," ISSUE
			  "," REPOSITORY ","
			  "\"comment\":{\"id\":1,\"updated_at\":\"2019-05-15T15:20:18Z\",\"body\":\"new\"}}"),
		GITHUB_PARSE_OK, "an edit of a comment");
	is_text(event.body.from, "old", "... that was");
	is_text(event.body.to, "new", "... and is");
	refused("issues",
			"{\"action\":\"edited\",\"changes\":{\"title\":{\"from\":7}}," ISSUE "," REPOSITORY "}",
			GITHUB_PARSE_MISSING_FIELD, "changes", "a text that is a number");
	refused(
		"issues",
		"{\"action\":\"edited\",\"changes\":{\"title\":{\"from\":\"x\"}},\"issue\":{\"id\":1,\"number\":2,"
		"\"updated_at\":\"2019-05-15T15:20:18Z\",\"title\":7}," REPOSITORY "}",
		GITHUB_PARSE_MISSING_FIELD, "issue", "a title that is a number");
}

static void
test_marks(void)
{
	is_int(
		parse(
			"issues",
			"{\"action\":\"unlabeled\",\"label\":{\"name\":\"Help wanted\"},\"sender\":{\"id\":7}," ISSUE
			"," REPOSITORY "}"),
		GITHUB_PARSE_OK, "a label that was taken off");
	is_text(event.mark.field, "labels", "... is one");
	is_text(event.mark.name, "Help wanted", "... with its name");
	ok(!event.mark.is_added && event.mark.account_id == 7, "... and whose doing it was");
	is_int(parse("issues",
				 "{\"action\":\"labeled\",\"label\":{\"name\":\"bug\"},\"sender\":{\"id\":7}," ISSUE
				 "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "a label that was added");
	ok(event.mark.is_added, "... was added");
	is_int(
		parse(
			"issues",
			"{\"action\":\"assigned\",\"assignee\":{\"login\":\"ann\"},\"label\":{\"name\":\"bug\"},"
			"\"sender\":{\"id\":8}," ISSUE "," REPOSITORY "}"),
		GITHUB_PARSE_OK, "an assignee");
	is_text(event.mark.field, "assignees", "... is one");
	is_text(event.mark.name, "ann", "... by the login");
	is_int(
		parse(
			"issues",
			"{\"action\":\"unassigned\",\"assignee\":{\"login\":\"ann\"},\"sender\":{\"id\":8}," ISSUE
			"," REPOSITORY "}"),
		GITHUB_PARSE_OK, "an assignee that went");
	ok(!event.mark.is_added, "... was taken off");
	is_int(parse("issues",
				 "{\"action\":\"unlabeled\",\"sender\":{\"id\":7}," ISSUE "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "a label that is gone altogether");
	ok(event.mark.field == NULL, "... is not told of");
	is_int(parse("issues",
				 "{\"action\":\"edited\",\"label\":{\"name\":\"bug\"},\"sender\":{\"id\":7}," ISSUE
				 "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "another action");
	ok(event.mark.field == NULL, "... tells of none");
	refused("issues",
			"{\"action\":\"labeled\",\"label\":{\"name\":7},\"sender\":{\"id\":7}," ISSUE
			"," REPOSITORY "}",
			GITHUB_PARSE_MISSING_FIELD, "label", "a name that is a number");
	refused("issues",
			"{\"action\":\"labeled\",\"label\":{\"name\":\"bug\"},\"sender\":{}," ISSUE
			"," REPOSITORY "}",
			GITHUB_PARSE_MISSING_FIELD, "sender", "a sender without an id");
}

static void
test_repositories(void)
{
	is_int(
		parse(
			"repository",
			"{\"action\":\"renamed\",\"changes\":{},\"sender\":{},\"organization\":{},\"enterprise\":{}," REPOSITORY
			"," INSTALLATION "}"),
		GITHUB_PARSE_OK, "a repository");
	is_text(event.repository.name, "Hello.World_1", "... its name");
	is_int(event.installation.id, 957387, "... its installation");
	ok(!event.is_another_events, "... and it is that event");
	is_int(parse("repository", "{\"action\":\"deleted\",\"starred_at\":null," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "a star");
	ok(event.is_another_events, "... is another event's");
	is_int(
		parse(
			"repository",
			"{\"action\":\"renamed\",\"repository\":{\"id\":1,\"name\":\"a b\",\"owner\":{\"login\":\"../x\"}}}"),
		GITHUB_PARSE_OK, "a repository of an impossible name");
	is_text(event.repository.name, NULL, "... has none");
	is_text(event.repository.owner_login, NULL, "... and no owner");
	is_int(parse("repository",
				 "{\"action\":\"renamed\",\"repository\":{\"id\":1,\"name\":\"\",\"owner\":{}}}"),
		   GITHUB_PARSE_OK, "a repository of no name");
	is_text(event.repository.name, NULL, "... has none");
	refused("repository", "{\"action\":\"renamed\"}", GITHUB_PARSE_MISSING_FIELD, "repository",
			"no repository");
	refused("repository",
			"{\"action\":\"renamed\",\"repository\":{\"id\":1,\"name\":7,\"owner\":{}}}",
			GITHUB_PARSE_MISSING_FIELD, "repository", "a name that is a number");
}

static void
test_long_names(void)
{
	char json[1000];
	char name[257];

	for (int length = 255; length <= 256; length++)
	{
		memset(name, 'n', (size_t) length);
		name[length] = '\0';
		snprintf(json, sizeof(json), "{\"repository\":{\"id\":1,\"name\":\"%s\",\"owner\":{}}}",
				 name);
		is_int(parse("repository", json), GITHUB_PARSE_OK, "a long name");
		is_text(event.repository.name, length == 255 ? name : NULL,
				"... counts up to 255 characters");
	}
	for (int length = 100; length <= 101; length++)
	{
		memset(name, 'n', (size_t) length);
		name[length] = '\0';
		snprintf(json, sizeof(json), "{\"action\":\"%s\"}", name);
		is_int(parse("ping", json), GITHUB_PARSE_OK, "a long action");
		is_text(event.action, length == 100 ? name : NULL, "... counts up to 100");
	}
}

static void
test_installations(void)
{
	is_int(
		parse(
			"installation",
			"{\"action\":\"created\"," INSTALLATION
			",\"repositories\":[{\"id\":5,\"name\":\"x\"},{\"id\":6}],\"requester\":null,\"sender\":{}}"),
		GITHUB_PARSE_OK, "an installation");
	is_int(event.installation.account_id, 21031067, "... its account's id");
	is_text(event.installation.account_login, "Codertocat", "... and login");
	is_text(event.installation.account_type, "User", "... and type");
	is_int(event.installation.updated_at, 1557933591, "... its time, as a number");
	is_int(event.repositories_added.count, 2, "... its repositories");
	ok(event.repositories_added.ids != NULL && event.repositories_added.ids[0] == 5 &&
		   event.repositories_added.ids[1] == 6,
	   "... in their order");
	ok(!event.is_another_events, "... and it is that event");
	is_int(
		parse(
			"installation",
			"{\"action\":\"suspend\",\"installation\":{\"id\":1,\"account\":null,\"updated_at\":\"2021-04-28T22:32:21.000-04:00\"},"
			"\"repositories\":[{\"id\":5}]}"),
		GITHUB_PARSE_OK, "an installation without an account");
	is_int(event.installation.updated_at, 1619663541, "... its time, as text");
	is_int(event.installation.account_id, 0, "... has none");
	is_int(event.repositories_added.count, 0, "... and its repositories are no news");
	is_int(parse("installation", "{\"action\":\"created\"," INSTALLATION ",\"repositories\":[]}"),
		   GITHUB_PARSE_OK, "an installation without repositories");
	ok(event.repositories_added.ids == NULL, "... has none");
	is_int(parse("installation", "{\"action\":\"deleted\"," INSTALLATION "," REPOSITORY "}"),
		   GITHUB_PARSE_OK, "with a repository");
	ok(event.is_another_events, "... it is another event's");
	refused("installation", "{\"action\":\"created\"}", GITHUB_PARSE_MISSING_FIELD, "installation",
			"no installation");
	refused("installation", "{\"action\":\"created\"," INSTALLATION ",\"repositories\":{}}",
			GITHUB_PARSE_MISSING_FIELD, "repositories", "repositories that are no list");
	refused("installation",
			"{\"action\":\"created\"," INSTALLATION ",\"repositories\":[{\"id\":1},{}]}",
			GITHUB_PARSE_MISSING_FIELD, "repositories", "a repository without an id");
	refused("installation",
			"{\"action\":\"created\",\"installation\":{\"id\":1,\"account\":{\"login\":\"x\"}}}",
			GITHUB_PARSE_MISSING_FIELD, "installation", "an account without an id");
	refused("installation", "{\"action\":\"created\",\"installation\":{\"id\":1}}",
			GITHUB_PARSE_MISSING_FIELD, "account of the installation", "no account");
	refused("installation_repositories", "{\"action\":\"added\",\"installation\":{\"id\":1}}",
			GITHUB_PARSE_MISSING_FIELD, "account of the installation", "no account, either");
	refused(
		"installation",
		"{\"action\":\"created\",\"installation\":{\"id\":1,\"account\":null,\"updated_at\":-1}}",
		GITHUB_PARSE_MISSING_FIELD, "installation", "a time before all times");
	refused(
		"installation",
		"{\"action\":\"created\",\"installation\":{\"id\":1,\"account\":null,\"updated_at\":1e18}}",
		GITHUB_PARSE_MISSING_FIELD, "installation", "a time after all times");
	is_int(
		parse("installation_repositories",
			  "{\"action\":\"added\"," INSTALLATION
			  ",\"repository_selection\":\"all\",\"repositories_added\":[{\"id\":8}],"
			  "\"repositories_removed\":[{\"id\":9},{\"id\":10}],\"requester\":{},\"sender\":{}}"),
		GITHUB_PARSE_OK, "repositories of an installation");
	ok(event.repositories_added.count == 1 && event.repositories_added.ids[0] == 8,
	   "... some are given");
	ok(event.repositories_removed.count == 2 && event.repositories_removed.ids[1] == 10,
	   "... some are taken");
	ok(!event.is_another_events, "... and it is that event");
	is_int(parse("installation_repositories", "{\"action\":\"added\"," INSTALLATION ",\"x\":1}"),
		   GITHUB_PARSE_OK, "with something else");
	ok(event.is_another_events, "... it is another event's");
}

static void
test_lists(void)
{
	static const char *const names[] = {"issues", "issue_comment", "repository", "installation",
										"installation_repositories"};

	for (size_t i = 0; i < sizeof(names) / sizeof(names[0]); i++)
	{
		refused(names[i], "[]", GITHUB_PARSE_MISSING_FIELD, "object", names[i]);
		refused(names[i], "[\"a\",{}]", GITHUB_PARSE_MISSING_FIELD, "object",
				"a list of what has no names");
		refused(names[i], "1", GITHUB_PARSE_MISSING_FIELD, "object", "a number");
	}
}

static void
test_others(void)
{
	is_int(parse("ping", "{\"zen\":\"x\"," REPOSITORY ",\"action\":7}"), GITHUB_PARSE_OK,
		   "an event without a meaning");
	is_text(event.action, NULL, "... and without an action");
	is_int(event.repository.id, 0, "... tells nothing");
	is_int(parse("star", "{\"action\":\"deleted now\"}"), GITHUB_PARSE_OK,
		   "an action that is none");
	is_text(event.action, NULL, "... is none");
	is_int(parse("label", "{\"action\":\"created\",\"installation\":7}"), GITHUB_PARSE_OK,
		   "whatever it holds");
	is_text(event.action, "created", "... but for its action");
	refused("ping", "[]", GITHUB_PARSE_MISSING_FIELD, "object", "no object");
	refused("ping", "{", GITHUB_PARSE_NOT_JSON, "JSON", "no JSON");
	refused("issues", NULL, GITHUB_PARSE_NOT_JSON, "JSON", "nothing");
	refused("ping", "{\"action\":\"a\",\"action\":\"b\"}", GITHUB_PARSE_NOT_JSON,
			"members of the same name", "an action that others read otherwise");
}

int
main(void)
{
	test_issues();
	test_transfers();
	test_comments();
	test_edits();
	test_marks();
	test_repositories();
	test_long_names();
	test_installations();
	test_lists();
	test_others();
	github_event_free(&event);
	return done_testing();
}
