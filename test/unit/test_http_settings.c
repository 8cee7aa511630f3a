/*
 * test_http_settings.c
 *		What curl is told, option by option: the linker gives its setter to this
 *		file.  And what is kept of a client's options when memory runs out.
 *
 * That curl acts on what it is told is for the tests with servers.
 */
#include "http/http_settings.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_clock.h"
#include "unit.h"

#define NEVER (-1)
#define MOST_OPTIONS 100
#define SECOND INT64_C(1000000)
#define DAY_S (24 * 60 * 60)

/* ---- what curl was told ---- */

typedef struct Told
{
	CURLoption option;
	int64_t number; /* or whether there is a pointer */
	const char *text;
} Told;

static Told told[MOST_OPTIONS];
static int told_count;
static int refused_in = NEVER; /* options */
static char handle;

extern CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);
extern curl_version_info_data *__wrap_curl_version_info(CURLversion version);

CURLcode
__wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	Told *one = &told[told_count++];
	va_list arguments;

	if (easy != &handle || told_count > MOST_OPTIONS || refused_in == 0)
		return CURLE_OUT_OF_MEMORY;
	refused_in -= refused_in > 0;
	one->option = option;
	va_start(arguments, option);
	if (option < CURLOPTTYPE_OBJECTPOINT)
		one->number = va_arg(arguments, long);
	else if (option >= CURLOPTTYPE_OFF_T)
		one->number = va_arg(arguments, curl_off_t);
	else
	{
		one->text = va_arg(arguments, const char *);
		one->number = one->text != NULL;
	}
	va_end(arguments);
	return CURLE_OK;
}

static bool system_has_one_file;
static unsigned int version_of_curl;

curl_version_info_data *
__wrap_curl_version_info(CURLversion version)
{
	static curl_version_info_data data;

	data.version_num = version_of_curl;
	data.cainfo = version == CURLVERSION_NOW && system_has_one_file ? "system.pem" : NULL;
	return &data;
}

static const Told *
what_was_told(CURLoption option)
{
	for (int i = told_count - 1; i >= 0; i--)
	{
		if (told[i].option == option)
			return &told[i];
	}
	return NULL;
}

static bool
was_told(CURLoption option)
{
	return what_was_told(option) != NULL;
}

static void
number_is(CURLoption option, int64_t expected, const char *name)
{
	if (ok(was_told(option), name))
		is_int(what_was_told(option)->number, expected, "... as a number");
}

static void
text_is(CURLoption option, const char *expected, const char *name)
{
	if (ok(was_told(option), name))
		is_text(what_was_told(option)->text, expected, "... as a text");
}

/* ---- the clock ---- */

static int64_t now_us = 1000 * SECOND;

int64_t
http_clock_now_us(void)
{
	return now_us;
}

/* ---- memory ---- */

extern char *__real_strdup(const char *text);
extern void __real_free(void *memory);
extern char *__wrap_strdup(const char *text);
extern void __wrap_free(void *memory);

static int copies; /* of texts */
static int fails_in = NEVER;

char *
__wrap_strdup(const char *text)
{
	if (fails_in == 0)
		return NULL;
	fails_in -= fails_in > 0;
	copies++;
	return __real_strdup(text);
}

void
__wrap_free(void *memory)
{
	copies -= memory != NULL;
	__real_free(memory);
}

static const HttpClientOptions all_options = {
	.user_agent = "unit-test/1",
	.ca_file = "ca.pem",
	.proxy = "http://proxy.invalid:1",
	.connect_timeout_ms = 3000,
	.request_timeout_ms = 9000,
};
static const HttpClientOptions no_options = {.connect_timeout_ms = 1000};
static const HttpRequest usual_request = {.method = "GET", .url = "https://api.invalid/a"};

static void
test_memory(void)
{
	HttpSettings settings;
	HttpSettings kept;

	for (int n = 0; n < 3; n++)
	{
		fails_in = n;
		ok(!http_settings_make(&settings, &all_options), "options that cannot be copied");
		is_int(copies, 0, "... leave nothing");
	}
	fails_in = NEVER;
	ok(http_settings_make(&settings, &all_options), "options that can");
	is_int(copies, 3, "... are copied");
	is_int(settings.set_us, now_us, "... now");
	ok(!settings.replaced_others, "... and are the first");
	kept = settings;
	fails_in = 2;
	ok(!http_settings_replace(&settings, &all_options), "others that cannot be copied");
	ok(memcmp(&kept, &settings, sizeof(kept)) == 0, "... leave those there were");
	is_int(copies, 3, "... and nothing else");
	fails_in = NEVER;
	now_us += SECOND;
	ok(http_settings_replace(&settings, &no_options), "others that can be");
	is_int(copies, 0, "... take their place");
	is_text(settings.options.user_agent, NULL, "... in each");
	is_int(settings.options.connect_timeout_ms, 1000, "... of them");
	is_int(settings.set_us, now_us, "... now");
	ok(settings.replaced_others, "... and it is known that there were others");
	ok(http_settings_replace(&settings, &all_options), "and back");
	http_settings_free(&settings);
	is_int(copies, 0, "what is freed is gone");
}

/* ---- what is told ---- */

/* After so many microseconds. */
static bool
apply(const HttpClientOptions *options, const HttpRequest *request, int64_t age_us, bool replaced)
{
	const HttpSettings settings = {.options = *options,
								   .set_us = now_us - age_us,
								   .replaced_others = replaced};

	memset(told, 0, sizeof(told));
	told_count = 0;
	return http_settings_apply(&settings, request, &handle);
}

static void
test_route(void)
{
	HttpClientOptions options = all_options;

	ok(apply(&options, &usual_request, 0, false), "curl is told of all options");
	text_is(CURLOPT_PROXY, "http://proxy.invalid:1", "the proxy");
	text_is(CURLOPT_NOPROXY, "", "... for every host");
	number_is(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1, "a proxy's own headers are no answer's");
	text_is(CURLOPT_PROTOCOLS_STR, "https", "https only");
	number_is(CURLOPT_FOLLOWLOCATION, 0, "no redirect is followed");
	number_is(CURLOPT_PATH_AS_IS, 1, "a path stays as it is");
	options.allow_plain_http = true;
	ok(apply(&options, &usual_request, 0, false), "where plain http is allowed");
	text_is(CURLOPT_PROTOCOLS_STR, "http,https", "... curl is told so");
	ok(apply(&no_options, &usual_request, 0, false), "without any option");
	text_is(CURLOPT_PROXY, "", "no proxy, whatever the environment says");
}

static void
test_connection(void)
{
	ok(apply(&all_options, &usual_request, 0, false), "of a connection");
	number_is(CURLOPT_NOSIGNAL, 1, "no signals");
	number_is(CURLOPT_QUICK_EXIT, 1, "no wait for a resolver");
	number_is(CURLOPT_TCP_KEEPALIVE, 1, "a connection that is dead is noticed");
	number_is(CURLOPT_HTTP_VERSION, CURL_HTTP_VERSION_2TLS, "HTTP/2 with TLS");
	number_is(CURLOPT_PIPEWAIT, 0, "... whose connections are not shared by an old curl");
	version_of_curl = 0x080500;
	ok(apply(&all_options, &usual_request, 0, false), "of a connection of a newer curl");
	number_is(CURLOPT_PIPEWAIT, 1, "... which is shared");
	version_of_curl = 0x0804ff;
	ok(apply(&all_options, &usual_request, 0, false), "of a connection of the last old curl");
	number_is(CURLOPT_PIPEWAIT, 0, "... which is not");
	number_is(CURLOPT_CONNECTTIMEOUT_MS, 4500, "half as much time again as is ours");
	number_is(CURLOPT_TIMEOUT_MS, 0, "the rest is ours alone");
}

static void
test_trust(void)
{
	system_has_one_file = false;
	ok(apply(&all_options, &usual_request, 0, false), "of trust");
	number_is(CURLOPT_SSL_VERIFYPEER, 1, "the certificate is verified");
	number_is(CURLOPT_SSL_VERIFYHOST, 2, "... and its name");
	number_is(CURLOPT_PROXY_SSL_VERIFYPEER, 1, "so is a proxy's");
	number_is(CURLOPT_PROXY_SSL_VERIFYHOST, 2, "... and its name");
	text_is(CURLOPT_CAINFO, "ca.pem", "by the CA file");
	text_is(CURLOPT_PROXY_CAINFO, "ca.pem", "... also a proxy's");
	text_is(CURLOPT_CAPATH, NULL, "... and by no directory");
	text_is(CURLOPT_PROXY_CAPATH, NULL, "... nor a proxy's");
	number_is(CURLOPT_SSL_SESSIONID_CACHE, 1, "TLS sessions are resumed");

	ok(apply(&no_options, &usual_request, 0, true), "by the system, which has a directory");
	ok(!was_told(CURLOPT_CAINFO) && !was_told(CURLOPT_PROXY_CAINFO), "... no file is named");
	ok(!was_told(CURLOPT_CAPATH) && !was_told(CURLOPT_PROXY_CAPATH), "... the directory stays");
	number_is(CURLOPT_SSL_SESSIONID_CACHE, 0, "no session of others' is resumed");

	system_has_one_file = true;
	ok(apply(&no_options, &usual_request, 0, false), "by the system, which has one file");
	ok(!was_told(CURLOPT_CAINFO), "... no other file is named");
	text_is(CURLOPT_CAPATH, NULL, "... and no directory");
	text_is(CURLOPT_PROXY_CAPATH, NULL, "... nor a proxy's");
}

static void
check_age(int64_t age_us, int64_t certificates_s, int64_t connections_s)
{
	ok(apply(&no_options, &usual_request, age_us, false), "of options of some age");
	number_is(CURLOPT_CA_CACHE_TIMEOUT, certificates_s, "certificates are not kept from before");
	number_is(CURLOPT_MAXLIFETIME_CONN, connections_s, "nor are connections");
}

static void
test_ages(void)
{
	check_age(0, 0, 1);
	check_age(SECOND - 1, 0, 1);
	check_age(SECOND, 1, 1);
	check_age(2 * SECOND - 1, 1, 1);
	check_age(2 * SECOND, 2, 2);
	check_age(DAY_S * SECOND - 1, DAY_S - 1, DAY_S - 1);
	check_age(DAY_S * SECOND, DAY_S, DAY_S);
	check_age((DAY_S + 1) * SECOND, DAY_S, DAY_S);
}

/* ---- requests ---- */

static bool
apply_method(const char *method, const char *body, size_t length, bool once)
{
	const HttpRequest request = {.method = method,
								 .url = "https://api.invalid/b",
								 .body = body,
								 .body_length = length,
								 .once = once};

	return apply(&all_options, &request, 0, false);
}

static void
test_request(void)
{
	ok(apply_method("GET", NULL, 7, true), "of a request");
	text_is(CURLOPT_URL, "https://api.invalid/b", "its URL");
	number_is(CURLOPT_FRESH_CONNECT, 1, "once: a connection of its own");
	text_is(CURLOPT_ACCEPT_ENCODING, "", "any encoding that curl knows");
	text_is(CURLOPT_USERAGENT, "unit-test/1", "who we are");
	number_is(CURLOPT_HTTPGET, 1, "GET is GET");
	ok(!was_told(CURLOPT_POST) && !was_told(CURLOPT_CUSTOMREQUEST), "... and nothing else");
	ok(apply_method("GET", NULL, 0, false), "of one that is not marked once");
	number_is(CURLOPT_FRESH_CONNECT, 0, "... that any connection does");
	ok(apply(&no_options, &usual_request, 0, false), "of a client without a name");
	ok(!was_told(CURLOPT_USERAGENT), "... no name");
}

static void
check_body(int64_t length, const char *body, const char *method)
{
	number_is(CURLOPT_POST, 1, "... with a body");
	number_is(CURLOPT_POSTFIELDSIZE_LARGE, length, "... its length");
	text_is(CURLOPT_COPYPOSTFIELDS, body, "... its text");
	if (method != NULL)
		text_is(CURLOPT_CUSTOMREQUEST, method, "... its method");
	else
		ok(!was_told(CURLOPT_CUSTOMREQUEST), "... and its own method");
	ok(!was_told(CURLOPT_HTTPGET), "... and no GET");
}

static void
test_methods(void)
{
	ok(apply_method("POST", "{}", 2, false), "POST");
	check_body(2, "{}", NULL);
	ok(apply_method("POST", NULL, 7, false), "POST without a body");
	check_body(0, "", NULL);
	ok(apply_method("PATCH", "{}", 2, false), "PATCH");
	check_body(2, "{}", "PATCH");
	ok(apply_method("DELETE", "{}", 2, false), "DELETE with a body");
	check_body(2, "{}", "DELETE");
	ok(apply_method("DELETE", NULL, 0, false), "DELETE without one");
	ok(!was_told(CURLOPT_POST), "... has none");
	text_is(CURLOPT_CUSTOMREQUEST, "DELETE", "... and its method");
	ok(!apply_method("GET", "{}", 2, false), "GET with a body is none");
	ok(!apply_method("PUT", "{}", 2, false), "nor is a method that nobody knows");
}

/* Each option that curl does not take is a failure. */
static void
test_each_option(const char *method, const char *body)
{
	int most;

	ok(apply_method(method, body, 2, false), method);
	most = told_count;
	for (int n = 0; n < most; n++)
	{
		refused_in = n;
		if (apply_method(method, body, 2, false))
			break;
		refused_in = NEVER;
	}
	is_int(refused_in, NEVER, "... fails with each option that is refused");
	refused_in = NEVER;
}

/* ---- what is not fit to be told ---- */

static HttpStart
check(const char *method, const char *url, const char *body, const char *const *headers)
{
	const HttpSettings settings = {.options = all_options};
	const HttpRequest request = {.method = method, .url = url, .body = body, .headers = headers};

	return http_settings_check(&settings, &request);
}

static void
test_check(void)
{
	static const char url[] = "https://api.invalid/";
	static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};
	static const char *const good[] = {"A: b", "C: d", NULL};
	static const char *const bad[][3] = {{"A: b\nC: d"}, {"A: b\r"}, {"A: b", "C: d\n"}};

	for (size_t i = 0; i < 4; i++)
	{
		is_int(check(methods[i], url, NULL, NULL), HTTP_STARTED, "a request is fit");
		is_int(check(methods[i], url, "{}", good), i == 0 ? HTTP_UNUSABLE : HTTP_STARTED,
			   "with a body, if it is no GET");
	}
	is_int(check("PUT", url, NULL, NULL), HTTP_UNUSABLE, "an unknown method is not");
	for (size_t i = 0; i < 3; i++)
		is_int(check("GET", url, NULL, bad[i]), HTTP_UNUSABLE, "nor is a header with a line end");
	is_int(check("GET", "http://api.invalid/", NULL, NULL), HTTP_UNUSABLE, "nor plain http");
	is_int(check("GET", "https://a:b@api.invalid/", NULL, NULL), HTTP_UNUSABLE, "nor a password");
	is_int(check("GET", "https://", NULL, NULL), HTTP_UNUSABLE, "nor no host");
}

int
main(void)
{
	test_memory();
	test_route();
	test_connection();
	test_trust();
	test_ages();
	test_request();
	test_methods();
	test_each_option("POST", "{}");
	test_each_option("PATCH", "{}");
	test_each_option("DELETE", "{}");
	test_each_option("GET", NULL);
	test_check();
	return done_testing();
}
