/*
 * test_core_url.c
 *		Which redirects and links lead to GitHub's API, and which elsewhere.
 */
#include "core/github_link.h"
#include "core/github_url.h"

#include <stdlib.h>

#include "unit.h"

#define COUNT(array) (sizeof(array) / sizeof((array)[0]))

#define API "https://api.github.com"
#define GHES "https://Git.Example.org:8443/api/v3"
#define LOCAL "http://[::1]:8080"

typedef struct ReferenceCase
{
	const char *api_url;
	const char *reference;
	const char *url; /* NULL: it leads elsewhere */
} ReferenceCase;

static const ReferenceCase references[] = {
	/* the same place, however it is spelled */
	{API, API "/repositories/1/issues/2", API "/repositories/1/issues/2"},
	{API, API "/repositories/1/issues?page=2&after=Y3%3D",
	 API "/repositories/1/issues?page=2&after=Y3%3D"},
	{API, "HTTPS://API.GitHub.com/a", API "/a"},
	{API, API ":443/a", API "/a"},
	{API, API ":0443/a", API "/a"},
	{API, API ":/a", API "/a"},
	{API, "/a?b=/../c", API "/a?b=/../c"},
	{API, "//api.github.com/a", API "/a"},
	{API, API "/a#fragment", API "/a"},
	{API, API "/.github/a..b/c...", API "/.github/a..b/c..."},
	{API, API "/", API "/"},
	{GHES, "https://git.example.org:8443/api/v3/repositories/1", GHES "/repositories/1"},
	{GHES, "/api/v3/repositories/1", GHES "/repositories/1"},
	{LOCAL, "http://[::1]:8080/a", LOCAL "/a"},
	{"http://localhost", "http://localhost:80/a", "http://localhost/a"},

	/* another scheme, host or port */
	{API, "http://api.github.com/a", NULL},
	{API, "http://api.github.com:443/a", NULL},
	{API, "https://github.com/a", NULL},
	{API, "https://api.github.com.evil.example/a", NULL},
	{API, "https://api.github.comevil/a", NULL},
	{API, "https://api.github.co/a", NULL},
	{API, API ":4430/a", NULL},
	{API, API ":444/a", NULL},
	{API, API ":00/a", NULL},
	{API, "//evil.example/a", NULL},
	{API, "///evil.example/a", NULL},
	{GHES, "https://git.example.org/api/v3/a", NULL},
	{LOCAL, "http://[::2]:8080/a", NULL},
	{LOCAL, "http://[::1:8080/a", NULL},
	{LOCAL, "http://[::1]x:8080/a", NULL},
	{LOCAL, "http://127.0.0.1:8080/a", NULL},

	/* what could be read in two ways */
	{API, "https://api.github.com@evil.example/a", NULL},
	{API, "https://api.github.com:443@evil.example/a", NULL},
	{API, "https://user@api.github.com/a", NULL},
	{API, "https://api.github.com\\@evil.example/a", NULL},
	{API, "https://api.github.com/a\\..\\b", NULL},
	{API, "/\\evil.example/a", NULL},
	{API, API "/a b", NULL},
	{API, API "/a\tb", NULL},
	{API, API "/a\r\nX: y", NULL},
	{API, API "/caf\xC3\xA9", NULL},
	{API, API "/../a", NULL},
	{API, API "/a/..", NULL},
	{API, API "/a/./b", NULL},
	{API, API "/a/..?b", NULL},
	{API, API "/%2e%2E/a", NULL},
	{API, API "/.%2e", NULL},

	/* beside the API, or nowhere */
	{API, API, NULL},
	{API, API "?a", NULL},
	{GHES, "https://git.example.org:8443/api/v3", NULL},
	{GHES, "https://git.example.org:8443/api/v30/a", NULL},
	{GHES, "https://git.example.org:8443/login", NULL},
	{GHES, "/login", NULL},
	{API, "issues/2", NULL},
	{API, "https:/a", NULL},
	{API, "https:///a", NULL},
	{API, "://api.github.com/a", NULL},
	{API, "javascript:alert(1)", NULL},
	{API, "?page=2", NULL},
	{API, "", NULL},
	{API, NULL, NULL},
	{"api.github.com", "api.github.com/a", NULL},
};

static void
test_references(void)
{
	for (size_t i = 0; i < COUNT(references); i++)
	{
		char *url = github_url_within(references[i].api_url, references[i].reference);

		is_text(url, references[i].url,
				references[i].reference != NULL ? references[i].reference : "nothing");
		free(url);
	}
}

static void
test_long_reference(void)
{
	static char reference[GITHUB_MAX_REFERENCE_LENGTH + 2];
	char *url;

	memset(reference, 'a', GITHUB_MAX_REFERENCE_LENGTH);
	reference[0] = '/';
	url = github_url_within(API, reference);
	ok(url != NULL, "a reference of the largest length is taken");
	free(url);

	reference[GITHUB_MAX_REFERENCE_LENGTH] = 'a';
	ok(github_url_within(API, reference) == NULL, "a longer one is not");
}

static void
test_repository_ids(void)
{
	is_int(github_url_repository_id(API, API "/repositories/1296269/issues/2"), 1296269,
		   "the id of a repository");
	is_int(github_url_repository_id(API, API "/repositories/3123456789"), INT64_C(3123456789),
		   "an id beyond 32 bits");
	is_int(github_url_repository_id(API, API "/repositories/7?a=b"), 7, "an id before a query");
	is_int(github_url_repository_id(GHES, GHES "/repositories/7/issues"), 7,
		   "an id below the path of an Enterprise Server");
	is_int(github_url_repository_id(API, API "/repos/acme/widgets/issues/2"), 0, "a name is no id");
	is_int(github_url_repository_id(API, API "/repositories/7x/issues"), 0, "nor is 7x");
	is_int(github_url_repository_id(API, API "/repositories/"), 0, "nor is nothing");
	is_int(github_url_repository_id(API, API "/repositories/99999999999999999999"), 0,
		   "nor is what overflows");
}

typedef struct LinkCase
{
	const char *link;
	const char *next;
	const char *name;
} LinkCase;

static const LinkCase links[] = {
	{"<" API "/repositories/1/issues?page=2>; rel=\"next\", <" API
	 "/repositories/1/issues?page=9>; rel=\"last\"",
	 API "/repositories/1/issues?page=2", "a first page as GitHub sends it"},
	{"<" API "/a?page=1>; rel=\"prev\", <" API "/a?page=3>; rel=\"next\"", API "/a?page=3",
	 "a page in the middle"},
	{"<" API "/a?page=1>; rel=\"first\", <" API "/a?page=8>; rel=\"prev\"", NULL, "the last page"},
	{"<a,b;c>; rel=next", "a,b;c", "separators within the target, a rel without quotes"},
	{"<a>;rel=\"last next\"", "a", "several relations"},
	{"<a>; rel=\"nextish\"", NULL, "a relation that only begins so"},
	{"<a>; rel=\"\"", NULL, "no relation"},
	{"<a>; REL=\"next\"", "a", "parameters in capitals"},
	{"<a>; title=\"x, rel=next\"; rel=\"prev\", <b>; rel=\"next\"", "b",
	 "separators within a value"},
	{"<a>; title=\"\\\"\"; rel=\"next\"", "a", "an escaped quote"},
	{"<a>; anchor; rel=\"next\"", "a", "a parameter without a value"},
	{" , ,<a> ; rel = \"next\" ,", "a", "white space and empty elements"},
	{"<>; rel=\"next\"", "", "an empty target"},
	{"<a>", NULL, "no parameters"},
	{"<a; rel=\"next\"", NULL, "a target without its end"},
	{"<a>; rel=\"next", NULL, "a value without its end"},
	{"<a> rel=\"next\"", NULL, "a parameter without a semicolon"},
	{"a; rel=\"next\"", NULL, "a target without brackets"},
	{"rel=\"next\"", NULL, "no target"},
	{"", NULL, "an empty header"},
	{NULL, NULL, "no header"},
};

static void
test_links(void)
{
	for (size_t i = 0; i < COUNT(links); i++)
	{
		char *next = github_link_next(links[i].link);

		is_text(next, links[i].next, links[i].name);
		free(next);
	}
}

int
main(void)
{
	test_references();
	test_long_reference();
	test_repository_ids();
	test_links();
	return done_testing();
}
