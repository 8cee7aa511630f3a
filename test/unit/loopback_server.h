/*
 * loopback_server.h
 *		A small HTTP server inside a test, with a thread for each connection.
 *
 * It reads requests and counts them; what it answers, and how badly, the test
 * says in a handler.
 */
#ifndef LOOPBACK_SERVER_H
#define LOOPBACK_SERVER_H

#include <stdbool.h>
#include <stddef.h>

#define LOOPBACK_MAX_REQUEST 8192

typedef struct LoopbackServer LoopbackServer;

typedef struct LoopbackRequest
{
	char text[LOOPBACK_MAX_REQUEST]; /* request line, headers, empty line */
	char method[16];
	char path[256];
	char body[LOOPBACK_MAX_REQUEST];
	size_t body_length;
	int number; /* on its connection, from 1 */
} LoopbackRequest;

/* Runs in the connection's thread.  False: close the connection. */
typedef bool (*LoopbackHandler)(int connection, const LoopbackRequest *request);

/* Listens on a free port of 127.0.0.1; ends the program when it cannot. */
extern LoopbackServer *loopback_server_start(LoopbackHandler handler);
extern int loopback_server_port(const LoopbackServer *server);

/* Requests read in full, of this path. */
extern int loopback_server_requests(LoopbackServer *server, const char *path);

/* Connections accepted so far. */
extern int loopback_server_connections(LoopbackServer *server);

/* Waits until no connection is open; false: the time was up first. */
extern bool loopback_server_wait_until_idle(LoopbackServer *server, int seconds);

/* The latest request read. */
extern void loopback_server_last_request(LoopbackServer *server, LoopbackRequest *request);

/* Closes every connection and waits for the threads. */
extern void loopback_server_stop(LoopbackServer *server);

/* For handlers: writes all of it, unless the client is gone. */
extern bool loopback_write(int connection, const void *bytes, size_t length);
extern bool loopback_write_text(int connection, const char *text);

#endif
