/*
 * http.h
 *		Many HTTP requests at once behind one descriptor: all that other rooms see of
 *		this one.
 *
 * Knows libcurl and epoll; knows neither GitHub nor PostgreSQL.
 *
 * Words: an exchange is one request and its response.  The caller waits for
 * the descriptor to become readable, or for the time-out, then calls
 * http_client_progress() and takes what is done.  Nothing here throws, logs,
 * waits or reads a signal; all signals are blocked while curl runs, so that
 * its resolver threads are born with them blocked.
 */
#ifndef HTTP_H
#define HTTP_H

#include <stdbool.h>
#include <stddef.h>

typedef struct HttpClient HttpClient;
typedef struct HttpExchange HttpExchange;

/* Smaller ones are bounded by the number of exchanges. */
#define HTTP_SMALL_BODY ((size_t) 1024 * 1024)

typedef struct HttpClientOptions
{
	const char *user_agent;
	const char *ca_file;   /* NULL: the system's */
	const char *proxy;     /* NULL: none, whatever the environment says */
	bool allow_plain_http; /* only for loopback hosts: the caller checks */
	long connect_timeout_ms;
	long request_timeout_ms;
	size_t max_response_size; /* body, bytes */
	size_t max_large_bytes;   /* of all bodies over HTTP_SMALL_BODY together; 0: 64 MB */
	size_t max_headers;       /* count; 0: the default of 200 */
	size_t max_header_bytes;  /* all of one answer, trailers too; 0: 256 kB */
} HttpClientOptions;

typedef struct HttpRequest
{
	const char *method; /* GET, POST, PATCH, DELETE */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated; copied */
	const char *body;           /* NULL: none; copied */
	size_t body_length;
	size_t max_response_size; /* body, bytes, if less than the client's; 0: the client's */

	/*
	 * The server must see it at most once, even when the connection dies
	 * under it.  Costs a connection of its own.
	 */
	bool once;
	void *tag; /* the caller's */
} HttpRequest;

typedef enum HttpOutcome
{
	HTTP_ANSWERED,   /* status line, headers and whole body */
	HTTP_NEVER_SENT, /* resolve, connect or TLS failed */
	HTTP_CUT_OFF,    /* time-out, reset or half an answer after sending began */
	HTTP_TOO_LARGE   /* body or headers over our limits */
} HttpOutcome;

/*
 * NULL: out of memory or of descriptors.  curl_global_init() is done here.
 * The options are copied.
 */
extern HttpClient *http_client_create(const HttpClientOptions *options);

/* New values, and the CA file's present content, for exchanges that start from now on. */
extern bool http_client_reconfigure(HttpClient *client, const HttpClientOptions *options);

/* Becomes readable when http_client_progress() has something to do. */
extern int http_client_descriptor(const HttpClient *client);

/*
 * Milliseconds until progress must be called anyway; -1: no such time.  To be
 * asked before each wait: the time since the last progress was the caller's
 * own, in which no exchange could run, and does not count for time-outs.
 */
extern long http_client_timeout_ms(HttpClient *client);

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

extern void *http_exchange_tag(const HttpExchange *exchange);
extern HttpOutcome http_exchange_outcome(const HttpExchange *exchange);

/* 0 when no status line came. */
extern int http_exchange_status(const HttpExchange *exchange);

/*
 * Of the final response; name in any case.  The last one of a header that
 * repeats; NULL: absent.
 */
extern const char *http_exchange_header(const HttpExchange *exchange, const char *name);

/* NUL-terminated besides its length; "" when there was none, or not all of it. */
extern const char *http_exchange_body(const HttpExchange *exchange, size_t *length);

/*
 * The body is needed no more, but what was made of it still is: its bytes count
 * as in hand until the exchange is freed.
 */
extern void http_exchange_drop_body(HttpExchange *exchange);

/*
 * What went wrong, in words and printable ASCII: the host may be named, never
 * the URL, a header or a credential.  "" when nothing.
 */
extern const char *http_exchange_error(const HttpExchange *exchange);
extern void http_exchange_free(HttpExchange *exchange);

#endif
