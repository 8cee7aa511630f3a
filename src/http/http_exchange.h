/*
 * http_exchange.h
 *		One request and what comes back for it.
 *
 * The client makes exchanges and hands them out when they are finished; their
 * reader frees them.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <stdbool.h>
#include <stddef.h>

typedef struct HttpExchange HttpExchange;

typedef struct HttpRequest
{
	const char *method; /* GET, POST, PATCH, DELETE */
	const char *url;
	const char *const *headers; /* "Name: value", NULL-terminated; copied */
	const char *body;           /* NULL: none; copied */
	size_t body_length;

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
 * What went wrong, in words and printable ASCII: the host may be named, never
 * the URL, a header or a credential.  "" when nothing.
 */
extern const char *http_exchange_error(const HttpExchange *exchange);
extern double http_exchange_seconds(const HttpExchange *exchange);
extern void http_exchange_free(HttpExchange *exchange);

#endif
