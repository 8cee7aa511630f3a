/*
 * http_testing.h
 *		What the tests of the HTTP room share: clients, waits, the server.
 *
 * Everything happens on 127.0.0.1.  What cannot go on ends the program.
 */
#ifndef HTTP_TESTING_H
#define HTTP_TESTING_H

#include "http/http.h"
#include "http_peer.h"

#define PATIENCE_S 60 /* for what should take moments */

/* Each program starts one, and ends it. */
extern LoopbackServer *server;

extern double seconds_now(void);

extern HttpClientOptions usual_options(void);
extern HttpClient *create_client(const HttpClientOptions *options);
extern HttpClient *create_usual_client(void);

/* Valid until the next call. */
extern const char *server_url(const char *path);

/* One wait and one step, as the worker's loop takes them. */
extern void step(HttpClient *client, double deadline);
extern HttpExchange *wait_for_exchange(HttpClient *client);

/* From start to end; a request that does not start ends the program. */
extern HttpExchange *perform(HttpClient *client, const HttpRequest *request);
extern HttpExchange *get(HttpClient *client, const char *url);
extern HttpExchange *
send_text(HttpClient *client, const char *method, const char *path, const char *body);
extern const char *body_of(const HttpExchange *exchange);

/* A port that nobody listens on: it was free a moment ago. */
extern int refusing_port(void);

#endif
