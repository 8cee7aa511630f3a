/*
 * test_core_items.c
 *		A page of a list: whole, with items that cannot be read, and no list at all.
 */
#include "core/github_items.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define TIMES "\"created_at\":\"2024-05-06T07:08:09Z\",\"updated_at\":\"2024-05-06T07:08:10Z\""
#define ISSUE(id) "{\"id\":" #id ",\"number\":2,\"title\":\"t, [1]\",\"state\":\"open\"," TIMES "}"

static void
test_whole_page(void)
{
	GithubItems items;
	const char *problem = "untouched";

	is_int(github_items_parse(GITHUB_ISSUE, " [ " ISSUE(1) " ,\n" ISSUE(2) "] ", &items, &problem),
		   GITHUB_PARSE_OK, "a page of two issues");
	is_text(problem, NULL, "... has no problem");
	is_int((long) items.count, 2, "... has two items");
	is_int(items.items[0].resource.id, 1, "... the first of them");
	is_int(items.items[1].resource.id, 2, "... and the second");
	is_text(items.items[1].json, ISSUE(2), "... as it stands there");
	is_int(items.items[1].resource.comment_count, -1,
		   "... which does not say how many comments it has");
	github_items_free(&items);
	is_int(github_items_parse(GITHUB_ISSUE,
							  "[{\"comments\":7," TIMES
							  ",\"id\":1,\"number\":2,\"title\":\"\",\"state\":\"open\"}]",
							  &items, NULL),
		   GITHUB_PARSE_OK, "an issue with comments");
	is_int(items.items[0].resource.comment_count, 7, "... has so many");
	github_items_free(&items);
	is_int(github_items_parse(GITHUB_ISSUE,
							  "[{\"comments\":0," TIMES
							  ",\"id\":1,\"number\":2,\"title\":\"\",\"state\":\"open\"}]",
							  &items, NULL),
		   GITHUB_PARSE_OK, "one without any");
	is_int(items.items[0].resource.comment_count, 0, "... says so");
	github_items_free(&items);
	ok(items.items == NULL && items.count == 0, "a freed page is empty");
	is_int(github_items_parse(GITHUB_ISSUE, "[ ]", &items, NULL), GITHUB_PARSE_OK, "an empty page");
	is_int((long) items.count, 0, "... has no item");
}

/* 2024-05-06T07:08:10Z, which is when they changed */
#define UPDATED_S 1714979290
#define DAY_S (24 * 60 * 60)

static void
test_future(void)
{
	GithubItems items;

	is_int(github_items_parse(GITHUB_ISSUE, "[" ISSUE(1) ",{}," ISSUE(3) "]", &items, NULL),
		   GITHUB_PARSE_OK, "a page with an item that is none");
	github_items_refuse_future(&items, UPDATED_S - DAY_S);
	is_int(items.items[0].result, GITHUB_PARSE_OK, "what changed a day after it was shown is read");
	is_text(items.items[1].problem, "id", "... what could not be read before is what it was");
	github_items_refuse_future(&items, UPDATED_S - DAY_S - 1);
	is_int(items.items[0].result, GITHUB_PARSE_MISSING_FIELD,
		   "what changed later than that is not");
	is_text(items.items[2].problem, "updated_at", "... for that reason");
	ok(items.items[0].resource.title == NULL, "... and nothing of it is left");
	github_items_free(&items);
}

static void
test_bad_items(void)
{
	static const char *const bad[] = {
		"{}", "7", "null", "[[" ISSUE(8) "]]", "{\"id\":1,\"id\":2}", "{\"title\":\"\\\"]\"}", "01",
	};

	for (size_t i = 0; i < sizeof(bad) / sizeof(bad[0]); i++)
	{
		char page[1000];
		GithubItems items;

		snprintf(page, sizeof(page), "[" ISSUE(1) ",%s," ISSUE(3) "]", bad[i]);
		is_int(github_items_parse(GITHUB_ISSUE, page, &items, NULL), GITHUB_PARSE_OK, bad[i]);
		is_int((long) items.count, 3, "... is one item of three");
		ok(items.count == 3 && items.items[1].result != GITHUB_PARSE_OK &&
			   items.items[1].problem != NULL,
		   "... that cannot be read");
		ok(items.count == 3 && items.items[0].resource.id == 1 && items.items[2].resource.id == 3,
		   "... and the others can");
		github_items_free(&items);
	}
}

static void
test_who_cannot_be_read(void)
{
	static const char page[] =
		"[{\"id\":8,\"number\":9,\"updated_at\":\"1970-01-01T00:01:00Z\"},"
		"{\"id\":\"8\",\"number\":9,\"updated_at\":7},{\"id\":8,\"id\":9,\"number\":9}]";
	static const char comments[] =
		"[{\"id\":5,\"issue_url\":\"https://api.github.com/repos/o/n/issues/4\",\"user\":7}]";
	GithubItems items;

	is_int(github_items_parse(GITHUB_ISSUE, page, &items, NULL), GITHUB_PARSE_OK,
		   "issues that cannot be read");
	is_int((long) items.items[0].resource.id, 8, "... say which they are");
	is_int(items.items[0].resource.number, 9, "... by number, too");
	is_int((long) items.items[0].resource.updated_at, 60, "... and when they changed");
	is_int((long) items.items[1].resource.id, 0, "... as far as that can be read");
	is_int(items.items[1].resource.number, 9, "... each by itself");
	ok(items.items[1].resource.updated_at == GITHUB_NO_TIME, "... and nothing is made up");
	is_int((long) items.items[2].resource.id, 0, "... nor chosen of two");
	github_items_free(&items);
	is_int(github_items_parse(GITHUB_COMMENT, comments, &items, NULL), GITHUB_PARSE_OK,
		   "a comment that cannot be read");
	is_int((long) items.items[0].resource.id, 5, "... says which it is");
	is_int(items.items[0].resource.number, 4, "... and of which issue");
	github_items_free(&items);
}

static void
test_no_page(void)
{
	static const char *const none[] = {
		"",
		"{}",
		"[",
		"[" ISSUE(1),
		"[" ISSUE(1) ",",
		"[" ISSUE(1) ",]",
		"[,]",
		"[]x",
		"[1]]",
		"[1}",
		"[\"",
		"[\"\\",
		"null",
		"[1,2}",
		"[{\"a\":",
		"[[1]",
		"]",
		"\"[]\"",
	};

	for (size_t i = 0; i < sizeof(none) / sizeof(none[0]); i++)
	{
		GithubItems items;
		const char *problem = NULL;

		ok(github_items_parse(GITHUB_ISSUE, none[i], &items, &problem) != GITHUB_PARSE_OK, none[i]);
		ok(items.items == NULL && items.count == 0 && problem != NULL, "... is no page");
	}
}

static void
test_endless_page(void)
{
	size_t length = 2 * (size_t) (GITHUB_MAX_ITEMS + 1) + 1;
	char *page = malloc(length + 1);
	GithubItems items;

	memset(page, '0', length);
	for (size_t i = 0; i < length; i += 2)
		page[i] = ',';
	page[0] = '[';
	page[length - 1] = ']';
	page[length] = '\0';
	ok(github_items_parse(GITHUB_ISSUE, page, &items, NULL) != GITHUB_PARSE_OK,
	   "more items than a page can have are no page");
	free(page);
}

int
main(void)
{
	test_whole_page();
	test_future();
	test_bad_items();
	test_who_cannot_be_read();
	test_no_page();
	test_endless_page();
	return done_testing();
}
