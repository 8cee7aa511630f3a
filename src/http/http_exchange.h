/*
 * http_exchange.h
 *		One request and what comes back for it: private to the HTTP room.
 *
 * http_client.c moves exchanges through curl; this half keeps what curl hands
 * over within bounds and says in the end how the exchange went.
 */
#ifndef HTTP_EXCHANGE_H
#define HTTP_EXCHANGE_H

#include <curl/curl.h>

#include "http/http.h"

/* NULL: out of memory.  The client has seen to it that no header smuggles in another line. */
extern HttpExchange *
http_exchange_create(const HttpRequest *request, const HttpClientOptions *options);

/* Points the handle's callbacks and request headers at the exchange. */
extern bool http_exchange_attach(HttpExchange *exchange, CURL *easy);

/* Takes the verdict from the handle, which the exchange then needs no more. */
extern void http_exchange_finish(HttpExchange *exchange, CURL *easy, CURLcode result);

/* A queue of exchanges, first in, first out. */
typedef struct HttpExchangeQueue
{
	HttpExchange *first;
	HttpExchange *last;
} HttpExchangeQueue;

extern void http_exchange_push(HttpExchangeQueue *queue, HttpExchange *exchange);
extern HttpExchange *http_exchange_pop(HttpExchangeQueue *queue);

#endif
