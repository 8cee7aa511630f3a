/*
 * loopback_server.c
 *		A small HTTP server inside a test, with a thread for each connection.
 *
 * Just enough of HTTP/1.1 to read what curl sends: a request line, headers,
 * and a body of known length.
 */
#include "loopback_server.h"

#include <arpa/inet.h>
#include <ctype.h>
#include <netinet/in.h>
#include <pthread.h>
#include <signal.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CONNECTIONS 1024
#define MAX_REQUESTS 4096

struct LoopbackServer
{
	LoopbackHandler handler;
	int listener;
	int port;
	pthread_t acceptor;

	pthread_mutex_t lock; /* protects all below */
	pthread_cond_t connection_ended;
	bool stopping;
	int accepted;
	int open_count;
	int open_connections[MAX_CONNECTIONS];
	int request_count;
	char paths[MAX_REQUESTS][64];
	LoopbackRequest last_request;
};

typedef struct Connection
{
	LoopbackServer *server;
	int descriptor;
	char unread[2 * LOOPBACK_MAX_REQUEST]; /* of pipelined requests, too */
	size_t unread_length;
} Connection;

static void
give_up(const char *what)
{
	perror(what);
	exit(2);
}

bool
loopback_write(int connection, const void *bytes, size_t length)
{
	const char *position = bytes;

	while (length > 0)
	{
		ssize_t written = send(connection, position, length, MSG_NOSIGNAL);

		if (written <= 0)
			return false;
		position += written;
		length -= (size_t) written;
	}
	return true;
}

bool
loopback_write_text(int connection, const char *text)
{
	return loopback_write(connection, text, strlen(text));
}

/* ---- Reading a request ---- */

static bool
read_more(Connection *connection)
{
	size_t space = sizeof(connection->unread) - 1 - connection->unread_length;
	ssize_t count;

	if (space == 0)
		return false;
	count = recv(connection->descriptor, connection->unread + connection->unread_length, space, 0);
	if (count <= 0)
		return false;
	connection->unread_length += (size_t) count;
	connection->unread[connection->unread_length] = '\0';
	return true;
}

static void
drop_read(Connection *connection, size_t length)
{
	connection->unread_length -= length;
	memmove(connection->unread, connection->unread + length, connection->unread_length);
	connection->unread[connection->unread_length] = '\0';
}

static bool
read_head(Connection *connection, LoopbackRequest *request)
{
	const char *end;
	size_t length;

	while ((end = strstr(connection->unread, "\r\n\r\n")) == NULL)
	{
		/* A TLS handshake, say: it waits for an answer, not we for its end. */
		if (!read_more(connection) || !isupper((unsigned char) connection->unread[0]))
			return false;
	}
	length = (size_t) (end - connection->unread) + 4;
	if (length >= sizeof(request->text))
		return false;
	memcpy(request->text, connection->unread, length);
	request->text[length] = '\0';
	drop_read(connection, length);
	return sscanf(request->text, "%15s %255s", request->method, request->path) == 2;
}

static bool
read_body(Connection *connection, LoopbackRequest *request)
{
	const char *announced = strstr(request->text, "\r\nContent-Length:");
	size_t length = announced != NULL ? strtoul(announced + 17, NULL, 10) : 0;

	if (length >= sizeof(request->body))
		return false;
	while (connection->unread_length < length)
	{
		if (!read_more(connection))
			return false;
	}
	memcpy(request->body, connection->unread, length);
	request->body[length] = '\0';
	request->body_length = length;
	drop_read(connection, length);
	return true;
}

/* ---- Threads ---- */

static void
note_request(LoopbackServer *server, const LoopbackRequest *request)
{
	pthread_mutex_lock(&server->lock);
	if (server->request_count < MAX_REQUESTS)
		snprintf(server->paths[server->request_count++], sizeof(server->paths[0]), "%.63s",
				 request->path);
	server->last_request = *request;
	pthread_mutex_unlock(&server->lock);
}

static void
end_connection(Connection *connection)
{
	LoopbackServer *server = connection->server;
	int i;

	pthread_mutex_lock(&server->lock);
	for (i = 0; server->open_connections[i] != connection->descriptor; i++)
		;
	server->open_connections[i] = server->open_connections[--server->open_count];
	close(connection->descriptor);
	free(connection);
	pthread_cond_broadcast(&server->connection_ended);
	pthread_mutex_unlock(&server->lock);
}

static void *
serve_connection(void *argument)
{
	Connection *connection = argument;
	LoopbackRequest *request = calloc(1, sizeof(LoopbackRequest));

	while (request != NULL && read_head(connection, request) && read_body(connection, request))
	{
		request->number++;
		note_request(connection->server, request);
		if (!connection->server->handler(connection->descriptor, request))
			break;
	}
	free(request);
	end_connection(connection);
	return NULL;
}

static bool
admit(LoopbackServer *server, int descriptor)
{
	bool admitted;

	pthread_mutex_lock(&server->lock);
	admitted = !server->stopping && server->open_count < MAX_CONNECTIONS;
	if (admitted)
	{
		server->open_connections[server->open_count++] = descriptor;
		server->accepted++;
	}
	pthread_mutex_unlock(&server->lock);
	return admitted;
}

static void
start_connection(LoopbackServer *server, int descriptor)
{
	Connection *connection = calloc(1, sizeof(Connection));
	pthread_t thread;

	if (connection == NULL)
		give_up("calloc");
	connection->server = server;
	connection->descriptor = descriptor;
	if (pthread_create(&thread, NULL, serve_connection, connection) != 0)
		give_up("pthread_create");
	pthread_detach(thread);
}

static void *
accept_connections(void *argument)
{
	LoopbackServer *server = argument;
	int descriptor;

	while ((descriptor = accept(server->listener, NULL, NULL)) >= 0)
	{
		if (admit(server, descriptor))
			start_connection(server, descriptor);
		else
			close(descriptor);
	}
	return NULL;
}

/* ---- Start and stop ---- */

static void
listen_on_free_port(LoopbackServer *server)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	server->listener = socket(AF_INET, SOCK_STREAM, 0);
	if (server->listener < 0 || bind(server->listener, (struct sockaddr *) &address, length) < 0 ||
		listen(server->listener, 256) < 0 ||
		getsockname(server->listener, (struct sockaddr *) &address, &length) < 0)
		give_up("loopback server");
	server->port = ntohs(address.sin_port);
}

LoopbackServer *
loopback_server_start(LoopbackHandler handler)
{
	LoopbackServer *server = calloc(1, sizeof(LoopbackServer));
	sigset_t all;
	sigset_t before;

	if (server == NULL)
		give_up("calloc");
	server->handler = handler;
	pthread_mutex_init(&server->lock, NULL);
	pthread_cond_init(&server->connection_ended, NULL);
	listen_on_free_port(server);

	/* A signal the test sends to the process is meant for its main thread. */
	sigfillset(&all);
	pthread_sigmask(SIG_BLOCK, &all, &before);
	if (pthread_create(&server->acceptor, NULL, accept_connections, server) != 0)
		give_up("pthread_create");
	pthread_sigmask(SIG_SETMASK, &before, NULL);
	return server;
}

void
loopback_server_stop(LoopbackServer *server)
{
	int i;

	pthread_mutex_lock(&server->lock);
	server->stopping = true;
	for (i = 0; i < server->open_count; i++)
		shutdown(server->open_connections[i], SHUT_RDWR);
	while (server->open_count > 0)
		pthread_cond_wait(&server->connection_ended, &server->lock);
	pthread_mutex_unlock(&server->lock);

	shutdown(server->listener, SHUT_RDWR);
	pthread_join(server->acceptor, NULL);
	close(server->listener);
	pthread_cond_destroy(&server->connection_ended);
	pthread_mutex_destroy(&server->lock);
	free(server);
}

/* ---- What the test may ask ---- */

int
loopback_server_port(const LoopbackServer *server)
{
	return server->port;
}

int
loopback_server_requests(LoopbackServer *server, const char *path)
{
	int count = 0;
	int i;

	pthread_mutex_lock(&server->lock);
	for (i = 0; i < server->request_count; i++)
		count += strcmp(server->paths[i], path) == 0;
	pthread_mutex_unlock(&server->lock);
	return count;
}

int
loopback_server_connections(LoopbackServer *server)
{
	int count;

	pthread_mutex_lock(&server->lock);
	count = server->accepted;
	pthread_mutex_unlock(&server->lock);
	return count;
}

bool
loopback_server_wait_until_idle(LoopbackServer *server, int seconds)
{
	struct timespec deadline;
	bool idle;

	clock_gettime(CLOCK_REALTIME, &deadline);
	deadline.tv_sec += seconds;
	pthread_mutex_lock(&server->lock);
	while (server->open_count > 0 &&
		   pthread_cond_timedwait(&server->connection_ended, &server->lock, &deadline) == 0)
		;
	idle = server->open_count == 0;
	pthread_mutex_unlock(&server->lock);
	return idle;
}

void
loopback_server_last_request(LoopbackServer *server, LoopbackRequest *request)
{
	pthread_mutex_lock(&server->lock);
	*request = server->last_request;
	pthread_mutex_unlock(&server->lock);
}
