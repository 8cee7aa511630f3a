/*
 * http_settings.h
 *		What a client was told, and what curl is told of it for each request:
 *		private to the HTTP room.
 */
#ifndef HTTP_SETTINGS_H
#define HTTP_SETTINGS_H

#include <curl/curl.h>
#include <stdint.h>

#include "http/http.h"

typedef struct HttpSettings
{
	HttpClientOptions options; /* its strings are ours */
	int64_t set_us;            /* when, by http_clock_now_us() */

	/*
	 * There were others before, under which TLS sessions may have begun: one that
	 * is resumed shows no certificate, whom to trust now or not.  So none is.
	 */
	bool replaced_others;
} HttpSettings;

/* Copies the options.  False: out of memory; nothing is left to free, and what there was stays. */
extern bool http_settings_make(HttpSettings *settings, const HttpClientOptions *options);
extern bool http_settings_replace(HttpSettings *settings, const HttpClientOptions *options);
extern void http_settings_free(HttpSettings *settings);

/* HTTP_STARTED: nothing is wrong with the request, so that whatever fails then is no fault of its. */
extern HttpStart http_settings_check(const HttpSettings *settings, const HttpRequest *request);

/* All but headers, callbacks and sockets.  False: out of memory. */
extern bool
http_settings_apply(const HttpSettings *settings, const HttpRequest *request, CURL *easy);

#endif /* HTTP_SETTINGS_H */
