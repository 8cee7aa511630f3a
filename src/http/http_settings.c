/*
 * http_settings.c
 *		What a client was told, and what curl is told of it for each request.
 */
#include "http/http_settings.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "http/http_clock.h"
#include "http/http_curl.h"

#define CERTIFICATES_KEPT_MAX_S (24 * 60 * 60L)
#define CONNECTIONS_KEPT_MAX_S (24 * 60 * 60L)

/* ---- What the client was told ---- */

static bool
copy_text(const char **copy, const char *text)
{
	*copy = text != NULL ? strdup(text) : NULL;
	return text == NULL || *copy != NULL;
}

static void
free_options(HttpClientOptions *options)
{
	free((char *) options->user_agent);
	free((char *) options->ca_file);
	free((char *) options->proxy);
}

/* On failure nothing is left to free. */
static bool
copy_options(HttpClientOptions *copy, const HttpClientOptions *options)
{
	*copy = *options;
	copy->user_agent = copy->ca_file = copy->proxy = NULL;
	if (copy_text(&copy->user_agent, options->user_agent) &&
		copy_text(&copy->ca_file, options->ca_file) && copy_text(&copy->proxy, options->proxy))
		return true;
	free_options(copy);
	return false;
}

bool
http_settings_make(HttpSettings *settings, const HttpClientOptions *options)
{
	*settings = (HttpSettings){.set_us = http_clock_now_us()};
	return copy_options(&settings->options, options);
}

bool
http_settings_replace(HttpSettings *settings, const HttpClientOptions *options)
{
	HttpSettings new_ones;

	if (!http_settings_make(&new_ones, options))
		return false;
	new_ones.replaced_others = true;
	http_settings_free(settings);
	*settings = new_ones;
	return true;
}

void
http_settings_free(HttpSettings *settings)
{
	free_options(&settings->options);
}

/* ---- What curl is told ---- */

/* True when the option was accepted. */
#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

/* Everything said here holds whatever the process's environment says. */
static bool
set_route(CURL *easy, const HttpClientOptions *options)
{
	return SET(CURLOPT_PROXY, options->proxy != NULL ? options->proxy : "") &&
		SET(CURLOPT_NOPROXY, "") && SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
		SET(CURLOPT_PROTOCOLS_STR, options->allow_plain_http ? "http,https" : "https") &&
		SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PATH_AS_IS, 1L);
}

static int64_t
age_s(const HttpSettings *settings)
{
	return (http_clock_now_us() - settings->set_us) / 1000000;
}

/*
 * A file may have other content since the options were set, though its name is
 * the same: no copy that curl has parsed before that is used.  0, in the first
 * second, is no copy at all.
 */
static long
age_of_certificates_kept_s(const HttpSettings *settings)
{
	int64_t seconds = age_s(settings);

	return seconds < CERTIFICATES_KEPT_MAX_S ? (long) seconds : CERTIFICATES_KEPT_MAX_S;
}

/*
 * Nor is a connection that is older than the options: it was made to whom was
 * trusted then.  0 would be no limit.
 */
static long
age_of_connections_s(const HttpSettings *settings)
{
	int64_t seconds = age_s(settings);

	if (seconds < 1)
		return 1;
	return seconds < CONNECTIONS_KEPT_MAX_S ? (long) seconds : CONNECTIONS_KEPT_MAX_S;
}

/*
 * A CA file replaces the system's certificates instead of adding to them, for
 * GitHub and for a proxy: who names one means to trust no other.  A system that
 * has its certificates in one file has the same in a directory, which is left
 * out: with a directory curl keeps no parsed copy, and every new connection
 * costs 25 ms of parsing.
 */
static bool
set_security(CURL *easy, const HttpSettings *settings)
{
	const HttpClientOptions *options = &settings->options;
	bool one_file = options->ca_file != NULL || curl_version_info(CURLVERSION_NOW)->cainfo != NULL;

	return SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
		SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L) && SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L) &&
		(options->ca_file == NULL ||
		 (SET(CURLOPT_CAINFO, options->ca_file) && SET(CURLOPT_PROXY_CAINFO, options->ca_file))) &&
		(!one_file || (SET(CURLOPT_CAPATH, NULL) && SET(CURLOPT_PROXY_CAPATH, NULL))) &&
		SET(CURLOPT_CA_CACHE_TIMEOUT, age_of_certificates_kept_s(settings)) &&
		SET(CURLOPT_SSL_SESSIONID_CACHE, settings->replaced_others ? 0L : 1L) &&
		SET(CURLOPT_MAXLIFETIME_CONN, age_of_connections_s(settings));
}

/*
 * curl gives a host's first address half of its time before it tries the next:
 * so much more than ours that ours ends first, and so little that the next
 * address has its turn before.
 */
static long
connect_timeout_of_curl_ms(const HttpClientOptions *options)
{
	return options->connect_timeout_ms + options->connect_timeout_ms / 2;
}

static bool
set_connection(CURL *easy, const HttpClientOptions *options)
{
	return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_QUICK_EXIT, 1L) &&
		SET(CURLOPT_TCP_KEEPALIVE, 1L) &&
		SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS) &&
		SET(CURLOPT_PIPEWAIT, http_curl_shares_connections() ? 1L : 0L) &&
		SET(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_of_curl_ms(options)) &&
		SET(CURLOPT_TIMEOUT_MS, 0L);
}

/* Its length first: a body may hold NUL bytes. */
static bool
set_body(CURL *easy, const HttpRequest *request)
{
	size_t length = request->body != NULL ? request->body_length : 0;

	return SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) length) &&
		SET(CURLOPT_COPYPOSTFIELDS, request->body != NULL ? request->body : "");
}

static bool
set_method(CURL *easy, const HttpRequest *request)
{
	const char *method = request->method;

	if (strcmp(method, "GET") == 0)
		return request->body == NULL && SET(CURLOPT_HTTPGET, 1L);
	if (strcmp(method, "POST") == 0)
		return set_body(easy, request);
	if (strcmp(method, "PATCH") == 0)
		return set_body(easy, request) && SET(CURLOPT_CUSTOMREQUEST, method);
	if (strcmp(method, "DELETE") == 0)
		return (request->body == NULL || set_body(easy, request)) &&
			SET(CURLOPT_CUSTOMREQUEST, method);
	return false;
}

/*
 * A connection of its own has no silent end behind it, so that "at most once"
 * seldom has to mean "perhaps not at all".  It may serve others afterwards.
 */
static bool
set_request(CURL *easy, const HttpClientOptions *options, const HttpRequest *request)
{
	return SET(CURLOPT_URL, request->url) && SET(CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L) &&
		SET(CURLOPT_ACCEPT_ENCODING, "") &&
		(options->user_agent == NULL || SET(CURLOPT_USERAGENT, options->user_agent)) &&
		set_method(easy, request);
}

#undef SET

bool
http_settings_apply(const HttpSettings *settings, const HttpRequest *request, CURL *easy)
{
	return set_route(easy, &settings->options) && set_security(easy, settings) &&
		set_connection(easy, &settings->options) && set_request(easy, &settings->options, request);
}

/* ---- What is not fit to be told ---- */

static bool
scheme_is_allowed(const char *scheme, bool allow_plain_http)
{
	return strcmp(scheme, "https") == 0 || (allow_plain_http && strcmp(scheme, "http") == 0);
}

/* Credentials belong into headers: a URL shows up in curl's messages. */
static HttpStart
check_url(const char *url, bool allow_plain_http)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL;
	CURLUcode result = CURLUE_OUT_OF_MEMORY;
	bool usable;

	if (parsed != NULL)
		result = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	if (result == CURLUE_OK)
		result = curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
	usable = result == CURLUE_OK && scheme_is_allowed(scheme, allow_plain_http);
	curl_free(scheme);
	curl_url_cleanup(parsed);
	if (result == CURLUE_OUT_OF_MEMORY)
		return HTTP_NO_MEMORY;
	return usable ? HTTP_STARTED : HTTP_UNUSABLE;
}

static bool
method_is_known(const HttpRequest *request)
{
	static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
	{
		if (strcmp(request->method, methods[i]) == 0)
			return i > 0 || request->body == NULL;
	}
	return false;
}

/* A line break would smuggle in another header. */
static bool
headers_are_usable(const char *const *headers)
{
	for (; headers != NULL && *headers != NULL; headers++)
	{
		if (strpbrk(*headers, "\r\n") != NULL)
			return false;
	}
	return true;
}

HttpStart
http_settings_check(const HttpSettings *settings, const HttpRequest *request)
{
	if (!method_is_known(request) || !headers_are_usable(request->headers))
		return HTTP_UNUSABLE;
	return check_url(request->url, settings->options.allow_plain_http);
}
