/*
 * http_client.h
 *		Many HTTP requests at once behind one descriptor.
 *
 * Knows libcurl and epoll; knows neither GitHub nor PostgreSQL.
 *
 * Words: an exchange is one request and its response.  The caller waits for
 * the descriptor to become readable, or for the time-out, then calls
 * http_client_progress() and takes what is done.  Nothing here throws, logs,
 * waits or reads a signal; all signals are blocked while curl runs, so that
 * its resolver threads are born with them blocked.
 */
#ifndef HTTP_CLIENT_H
#define HTTP_CLIENT_H

#include <stdbool.h>

#include "http/http_exchange.h"
#include "http/http_options.h"

typedef struct HttpClient HttpClient;

/*
 * NULL: out of memory or of descriptors.  curl_global_init() is done here.
 * The options are copied.
 */
extern HttpClient *http_client_create(const HttpClientOptions *options);

/* New values, and the CA file's present content, for exchanges that start from now on. */
extern bool http_client_reconfigure(HttpClient *client, const HttpClientOptions *options);

/* Becomes readable when http_client_progress() has something to do. */
extern int http_client_descriptor(const HttpClient *client);

/* Milliseconds until progress must be called anyway; -1: no such time. */
extern long http_client_timeout_ms(const HttpClient *client);

typedef enum HttpStart
{
	HTTP_STARTED,
	HTTP_UNUSABLE, /* this request can never be sent */
	HTTP_NO_MEMORY /* or another resource of this machine is lacking: later, it may be sent */
} HttpStart;

/*
 * Starts an exchange.  Unusable is a URL that is malformed, of a scheme not
 * allowed or with credentials in it, another method, a body with GET, and a
 * line break in a header.
 */
extern HttpStart http_client_start(HttpClient *client, const HttpRequest *request);

/* Lets curl work, without waiting. */
extern void http_client_progress(HttpClient *client);

/* The next finished exchange, or NULL.  Freed by http_exchange_free(). */
extern HttpExchange *http_client_take_finished(HttpClient *client);

/* Started and not yet finished. */
extern int http_client_exchanges_under_way(const HttpClient *client);

/*
 * Ends at once: closes sockets, leaves resolver threads and memory to the
 * exit of the process (joining them took 8 s with a dead resolver).
 */
extern void http_client_abandon(HttpClient *client);

#endif
