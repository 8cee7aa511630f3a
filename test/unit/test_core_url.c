/*
 * test_core_url.c
 *		Which addresses may be set, which redirects and links lead to GitHub's API,
 *		and which elsewhere.
 */
#include "core/link_header.h"
#include "core/url.h"

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
	{API, API "/!a~b", API "/!a~b"},
	{GHES, "https://git.example.org:8443/api/v3/repositories/1", GHES "/repositories/1"},
	{GHES, "/api/v3/repositories/1", GHES "/repositories/1"},
	{LOCAL, "http://[::1]:8080/a", LOCAL "/a"},
	{"http://localhost", "http://localhost:80/a", "http://localhost/a"},
	{"https://ghes:8", "https://ghes:08/a", "https://ghes:8/a"},

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
	{API, API "/a\x7F", NULL},
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
	{"://api.github.com", "://api.github.com/a", NULL},
};

static void
test_references(void)
{
	for (size_t i = 0; i < COUNT(references); i++)
	{
		char *url = url_within(references[i].api_url, references[i].reference);

		is_text(url, references[i].url,
				references[i].reference != NULL ? references[i].reference : "nothing");
		free(url);
	}
}

static void
test_long_reference(void)
{
	static char reference[URL_MAX_REFERENCE_LENGTH + 2];
	char *url;

	memset(reference, 'a', URL_MAX_REFERENCE_LENGTH);
	reference[0] = '/';
	url = url_within(API, reference);
	ok(url != NULL, "a reference of the largest length is taken");
	free(url);

	reference[URL_MAX_REFERENCE_LENGTH] = 'a';
	ok(url_within(API, reference) == NULL, "a longer one is not");
}

static void
test_repository_ids(void)
{
	is_int(url_repository_id(API, API "/repositories/1296269/issues/2"), 1296269,
		   "the id of a repository");
	is_int(url_repository_id(API, API "/repositories/3123456789"), INT64_C(3123456789),
		   "an id beyond 32 bits");
	is_int(url_repository_id(API, API "/repositories/7?a=b"), 7, "an id before a query");
	is_int(url_repository_id(GHES, GHES "/repositories/7/issues"), 7,
		   "an id below the path of an Enterprise Server");
	is_int(url_repository_id(API, API "/repos/acme/widgets/issues/2"), 0, "a name is no id");
	is_int(url_repository_id(API, API "/repositories/7x/issues"), 0, "nor is 7x");
	is_int(url_repository_id(API, API "/repositories/"), 0, "nor is nothing");
	is_int(url_repository_id(API, API "/repositories/99999999999999999999"), 0,
		   "nor is what overflows");
	is_int(url_repository_id(API, API "/repositories/9223372036854775799"),
		   INT64_C(9223372036854775799), "... which these do not");
	is_int(url_repository_id(API, API "/repositories/9223372036854775800"), 0,
		   "... and ten more might");
	is_int(url_repository_id(API, "https://api.gitlab.com/repositories/7"), 0,
		   "nor is that of somebody else's repository");
}

typedef struct FaultCase
{
	const char *address;
	const char *fault; /* how it begins; NULL: it is fit */
} FaultCase;

#define A61 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"
#define A63 "aaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaaa"

#define NO_SCHEME "The address must begin with https://"
#define HAS_USER "The address must not contain a user"
#define HAS_QUERY "The address must not contain a query"
#define NO_HOST "The address must name a host"
#define HAS_SLASH "The address must not end with a slash"
#define ODD_PATH "The path may contain"
#define NOT_ENCRYPTED "Plain http is accepted"

static const FaultCase api_faults[] = {
	{"https://api.github.com", NULL},
	{"https://git.example.org:8443/api/v3", NULL},
	{"https://git.example.org:1/a.b/c~d_e-f", NULL},
	{"https://git.example.org:65535", NULL},
	{"https://[2001:db8::1]/api/v3", NULL},
	{"https://[::ffff:10.0.0.1]:8443", NULL},
	{"https://" A63 "." A63 "." A63 "." A63, "The address must name a host"},
	{"https://" A63 "." A63 "." A63 ".a", NULL},
	{"https://" A63 "." A63 "." A63 "." A61, NULL},
	{"https://" A63 "." A63 "." A63 "." A61 "a", "The address must name a host"},
	{"https://a/b", NULL},
	{"http://localhost", NULL},
	{"http://LocalHost:8080/api", NULL},
	{"http://127.0.0.1:8080", NULL},
	{"http://127.255.255.254", NULL},
	{"http://[::1]:8080/api", NULL},
	{"", NO_SCHEME},
	{"api.github.com", NO_SCHEME},
	{"https:/api.github.com", NO_SCHEME},
	{"HTTPS://api.github.com", NO_SCHEME},
	{"ftp://api.github.com", NO_SCHEME},
	{"file:///etc/passwd", NO_SCHEME},
	{"://api.github.com", NO_SCHEME},
	{" https://api.github.com", NO_SCHEME},
	{"https://user:password@api.github.com", HAS_USER},
	{"https://api.github.com@evil.example", HAS_USER},
	{"https://api.github.com/a@b", HAS_USER},
	{"https://api.github.com?a=b", HAS_QUERY},
	{"https://api.github.com/a#b", HAS_QUERY},
	{"https://?", HAS_QUERY},
	{"https://", NO_HOST},
	{"https:///api", NO_HOST},
	{"https://:443", NO_HOST},
	{"https://api.github.com:", NO_HOST},
	{"https://api.github.com:/api", NO_HOST},
	{"https://api.github.com:0", NO_HOST},
	{"https://api.github.com:65536", NO_HOST},
	{"https://api.github.com:000443", NO_HOST},
	{"https://api.github.com:44x", NO_HOST},
	{"https://api.github.com:443:443", NO_HOST},
	{"https://api%2egithub.com", NO_HOST},
	{"https://api.github.com\\evil", NO_HOST},
	{"https://api github.com", NO_HOST},
	{"https://b\303\274cher.example", NO_HOST},
	{"https://[::1", NO_HOST},
	{"https://[]", NO_HOST},
	{"https://[::1]x", NO_HOST},
	{"https://[1.2.3.4]", NO_HOST},
	{"https://[fe80::1%25eth0]", NO_HOST},
	{"https://api.github.com/", HAS_SLASH},
	{"https://git.example.org/api/v3/", HAS_SLASH},
	{"https://git.example.org//api", ODD_PATH},
	{"https://git.example.org/./api", ODD_PATH},
	{"https://git.example.org/../api", ODD_PATH},
	{"https://git.example.org/.api", ODD_PATH},
	{"https://git.example.org/a%2fb", ODD_PATH},
	{"https://git.example.org/a b", ODD_PATH},
	{"https://git.example.org/a\\b", ODD_PATH},
	{"http://api.github.com", NOT_ENCRYPTED},
	{"http://128.0.0.1", NOT_ENCRYPTED},
	{"http://127.0.0.1.example.org", NOT_ENCRYPTED},
	{"http://localhost.example.org", NOT_ENCRYPTED},
	{"http://[::2]", NOT_ENCRYPTED},
	{"http://127.1", NOT_ENCRYPTED},
};

#define ODD_SCHEME "The proxy's scheme must be"
#define NOT_A_PROXY "The proxy must name a host"

static const FaultCase proxy_faults[] = {
	{"proxy.example.org", NULL},
	{"proxy.example.org:3128", NULL},
	{"http://proxy.example.org:3128", NULL},
	{"https://proxy.example.org", NULL},
	{"socks4://10.0.0.1:1080", NULL},
	{"socks4a://proxy.example.org:1080", NULL},
	{"socks5://[::1]:1080", NULL},
	{"socks5h://user:pass%40word@proxy.example.org:1080", NULL},
	{"user:password@proxy.example.org", NULL},
	{"[2001:db8::1]:3128", NULL},
	{"ftp://proxy.example.org", ODD_SCHEME},
	{"HTTP://proxy.example.org", ODD_SCHEME},
	{"://proxy.example.org", ODD_SCHEME},
	{"user:a://b@proxy.example.org", ODD_SCHEME},
	{"", NOT_A_PROXY},
	{"http://", NOT_A_PROXY},
	{"user@", NOT_A_PROXY},
	{"a@b@proxy.example.org", NOT_A_PROXY},
	{"proxy.example.org:", NOT_A_PROXY},
	{"proxy.example.org:99999", NOT_A_PROXY},
	{"proxy.example.org/", NOT_A_PROXY},
	{"http://proxy.example.org:3128/path", NOT_A_PROXY},
	{"proxy.example.org?a", NOT_A_PROXY},
	{"proxy.example.org#a", NOT_A_PROXY},
	{"proxy example.org", NOT_A_PROXY},
	{"[::1", NOT_A_PROXY},
};

static void
check_faults(const char *kind, const char *(*fault_of)(const char *), const FaultCase *cases,
			 size_t count)
{
	for (size_t i = 0; i < count; i++)
	{
		const char *fault = fault_of(cases[i].address);
		const char *expected = cases[i].fault;
		char name[400];

		snprintf(name, sizeof(name), "%s %s: %s", kind, cases[i].address,
				 expected != NULL ? expected : "is fit");
		if (!ok(fault == NULL || expected == NULL ? fault == expected
												  : strncmp(fault, expected, strlen(expected)) == 0,
				name))
			printf("#   got \"%s\"\n", fault != NULL ? fault : "(null)");
	}
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
	{"<a>; rel=next;title=x", "a", "a rel without quotes before another parameter"},
	{"<a>; rel=next, <b>; rel=last", "a", "... and before another target"},
	{"<a>; rel=nexta;title=x", NULL, "... and one that only begins so"},
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
	{"<a>; rel=\"next\"; title=\"x", NULL, "a value without its end behind the relation"},
	{"<a>; rel=\"next\"; title=\"x\\", NULL, "... or cut off in an escape"},
	{"<a>; rel=\"next\" title=\"x\"", "a", "what follows the relation is no parameter"},
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
		char *next = link_header_next(links[i].link);

		is_text(next, links[i].next, links[i].name);
		free(next);
	}
}

static const struct
{
	const char *link;
	int page;
	const char *name;
} last_pages[] = {
	{"<https://api.github.com/a?per_page=100&page=2>; rel=\"next\", "
	 "<https://api.github.com/a?per_page=100&page=31>; rel=\"last\"",
	 31, "the last page has a number"},
	{"<a?page=7&per_page=100>; rel=\"last\"", 7, "wherever it stands"},
	{"<a?per_page=100&after=x>; rel=\"last\"", 0, "none, where a list goes on at a cursor"},
	{"<a?page=2>; rel=\"next\"", 0, "no last page"},
	{"<a?page=>; rel=\"last\"", 0, "no number"},
	{"<a?page=1x>; rel=\"last\"", 0, "a number and more"},
	{"<a?page=-1>; rel=\"last\"", 0, "a negative number"},
	{"<a?page=10000000>; rel=\"last\"", 10000000, "the largest number"},
	{"<a?page=10000001>; rel=\"last\"", 0, "a larger one"},
	{"<a?page=99999999999999999999>; rel=\"last\"", 0, "one that no type holds"},
	{"<page=3>; rel=\"last\"", 0, "no query"},
	{NULL, 0, "no header, no last page"},
};

static void
test_last_pages(void)
{
	for (size_t i = 0; i < COUNT(last_pages); i++)
		is_int(link_header_last_page(last_pages[i].link), last_pages[i].page, last_pages[i].name);
}

int
main(void)
{
	test_references();
	test_long_reference();
	test_repository_ids();
	check_faults("API", url_api_fault, api_faults, COUNT(api_faults));
	check_faults("proxy", url_proxy_fault, proxy_faults, COUNT(proxy_faults));
	test_links();
	test_last_pages();
	return done_testing();
}
