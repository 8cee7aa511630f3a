/*
 * http_options.h
 *		How an HTTP client behaves, and what it lets strangers send.
 */
#ifndef HTTP_OPTIONS_H
#define HTTP_OPTIONS_H

#include <stdbool.h>
#include <stddef.h>

typedef struct HttpClientOptions
{
	const char *user_agent;
	const char *ca_file;   /* NULL: the system's */
	const char *proxy;     /* NULL: none, whatever the environment says */
	bool allow_plain_http; /* only for loopback hosts: the caller checks */
	long connect_timeout_ms;
	long request_timeout_ms;
	size_t max_response_size; /* body, bytes */
	size_t max_headers;       /* count; 0: the default of 200 */
	size_t max_header_bytes;  /* all of one answer, trailers too; 0: 256 kB */
} HttpClientOptions;

#endif
