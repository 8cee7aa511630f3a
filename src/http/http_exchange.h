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
#include <stdint.h>

#include "http/http.h"

/* What all large bodies together take, and may take: one for each client. */
typedef struct HttpRoom
{
	size_t taken;
	size_t most;
} HttpRoom;

/*
 * NULL: out of memory.  The client has seen to it that no header smuggles in
 * another line.  room lives at least as long as the exchange.
 */
extern HttpExchange *
http_exchange_create(const HttpRequest *request, const HttpClientOptions *options, HttpRoom *room);

/* Points the handle's callbacks and request headers at the exchange. */
extern bool http_exchange_attach(HttpExchange *exchange, CURL *easy);

/* Takes the verdict from the handle, which the exchange then needs no more. */
extern void http_exchange_finish(HttpExchange *exchange, CURL *easy, CURLcode result);

/* Its time is up: how it ends, once it is finished, with the words for it. */
extern void http_exchange_expire(HttpExchange *exchange);

/*
 * When its time is up: by when the request has to be on its way, and by when
 * the answer has to be there, on the clock of the client.
 */
extern void http_exchange_set_deadlines(HttpExchange *exchange, int64_t send_by, int64_t end_by);
extern int64_t http_exchange_deadline(const HttpExchange *exchange);

/* The exchanges under way, in no order: they are linked by themselves. */
typedef struct HttpExchangeList
{
	HttpExchange *first;
} HttpExchangeList;

extern void http_exchange_list_add(HttpExchangeList *list, HttpExchange *exchange, CURL *easy);
extern void http_exchange_list_remove(HttpExchangeList *list, HttpExchange *exchange);
extern HttpExchange *http_exchange_list_next(const HttpExchange *exchange);
extern CURL *http_exchange_handle(const HttpExchange *exchange);

/* A queue of exchanges, first in, first out. */
typedef struct HttpExchangeQueue
{
	HttpExchange *first;
	HttpExchange *last;
} HttpExchangeQueue;

extern void http_exchange_push(HttpExchangeQueue *queue, HttpExchange *exchange);
extern HttpExchange *http_exchange_pop(HttpExchangeQueue *queue);

#endif
