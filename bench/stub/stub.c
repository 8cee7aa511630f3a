/*
 * stub.c PORT_FILE
 *		A GitHub that costs as little as possible: one thread, epoll, on a free
 *		port of the loopback interface, which PORT_FILE names once it listens.
 *		Runs until it is told to end by a signal.
 *
 * It does what figures need and no more: it believes every token, and checks
 * nothing that the tests' stand-in (test/github) checks.
 */
#include <arpa/inet.h>
#include <errno.h>
#include <netinet/in.h>
#include <netinet/tcp.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "routes.h"

#define READ_ROOM 65536
#define EVENTS_AT_ONCE 128

typedef struct Connection
{
	int socket;
	char *input;
	size_t input_length;
	size_t input_room;
	Output output;
	int64_t held_until_ms; /* 0: not held back */
	bool waits_to_write;
	struct Connection *next; /* of those that were closed, until nobody may mention them any more */
} Connection;

static int poller;
static Connection *held[1024];
static int held_count;
static Connection *closed;

static int64_t
now_ms(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000 + now.tv_nsec / 1000000;
}

static void
die(const char *what)
{
	perror(what);
	exit(1);
}

static void
forget_held(const Connection *connection)
{
	for (int i = 0; i < held_count; i++)
	{
		if (held[i] == connection)
			held[i--] = held[--held_count];
	}
}

/* Freed at the end of the round: an event of this one may still name it. */
static void
close_connection(Connection *connection)
{
	if (connection->socket < 0)
		return;
	forget_held(connection);
	close(connection->socket);
	connection->socket = -1;
	connection->next = closed;
	closed = connection;
}

static void
free_closed(void)
{
	while (closed != NULL)
	{
		Connection *connection = closed;

		closed = connection->next;
		free(connection->input);
		free(connection->output.bytes);
		free(connection);
	}
}

static void
watch_for(Connection *connection, bool to_write)
{
	struct epoll_event event = {.events = EPOLLIN | (to_write ? EPOLLOUT : 0),
								.data.ptr = connection};

	if (connection->waits_to_write == to_write)
		return;
	connection->waits_to_write = to_write;
	if (epoll_ctl(poller, EPOLL_CTL_MOD, connection->socket, &event) < 0)
		die("epoll_ctl");
}

static void
send_output(Connection *connection)
{
	Output *output = &connection->output;

	if (connection->held_until_ms > 0)
		return;
	while (output->sent < output->length)
	{
		ssize_t sent = send(connection->socket, output->bytes + output->sent,
							output->length - output->sent, MSG_NOSIGNAL);

		if (sent < 0 && (errno == EAGAIN || errno == EINTR))
		{
			watch_for(connection, true);
			return;
		}
		if (sent < 0)
		{
			close_connection(connection);
			return;
		}
		output->sent += (size_t) sent;
	}
	output->sent = output->length = 0;
	watch_for(connection, false);
}

static bool
is_header(const char *line, const char *name, size_t length)
{
	return strncasecmp(line, name, length) == 0;
}

static int64_t
installation_of(const char *value, const char *end)
{
	static const char prefix[] = "ghs_";
	const char *token = memmem(value, (size_t) (end - value), prefix, sizeof(prefix) - 1);

	return token != NULL ? strtoll(token + sizeof(prefix) - 1, NULL, 10) : 0;
}

static void
read_header(const char *line, const char *end, Request *request)
{
	const char *value = memchr(line, ':', (size_t) (end - line));

	if (value == NULL)
		return;
	for (value++; value < end && *value == ' '; value++)
		continue;
	if (is_header(line, "content-length:", 15))
		request->body_length = atoi(value);
	else if (is_header(line, "authorization:", 14))
		request->installation = installation_of(value, end);
	else if (is_header(line, "if-none-match:", 14))
	{
		request->etag = value;
		request->etag_length = (int) (end - value);
	}
}

static char
letter_of(const char *method)
{
	return method[0] == 'P' && method[1] == 'A' ? 'A' : method[0];
}

/* head: up to and with the empty line.  false: it is no request. */
static bool
read_head(const char *head, const char *end, Request *request)
{
	const char *line_end = memchr(head, '\r', (size_t) (end - head));
	const char *path = memchr(head, ' ', (size_t) (line_end - head));
	const char *path_end =
		path != NULL ? memchr(path + 1, ' ', (size_t) (line_end - path - 1)) : NULL;

	if (path_end == NULL)
		return false;
	*request = (Request){
		.method = letter_of(head),
		.path = path + 1,
		.path_length = (int) (path_end - path - 1),
	};
	for (const char *line = line_end + 2; line < end - 2; line = line_end + 2)
	{
		line_end = memchr(line, '\r', (size_t) (end - line));
		read_header(line, line_end, request);
	}
	return true;
}

static void
hold(Connection *connection, int64_t ms)
{
	if (held_count == (int) (sizeof(held) / sizeof(held[0])))
		return;
	connection->held_until_ms = now_ms() + ms;
	held[held_count++] = connection;
}

/* Returns how many bytes of input the first request has; 0: more are to come, -1: it is no request. */
static ssize_t
answer_first(Connection *connection, const char *input, size_t length)
{
	const char *end = memmem(input, length, "\r\n\r\n", 4);
	Request request;
	int64_t ms;

	if (end == NULL)
		return 0;
	end += 4;
	if (!read_head(input, end, &request) || request.body_length < 0)
		return -1;
	if ((size_t) (input + length - end) < (size_t) request.body_length)
		return 0;
	request.body = end;
	ms = routes_answer(&request, &connection->output);
	if (ms > 0)
		hold(connection, ms);
	return end - input + request.body_length;
}

static void
answer_all(Connection *connection)
{
	size_t done = 0;

	while (done < connection->input_length && connection->held_until_ms == 0)
	{
		ssize_t taken =
			answer_first(connection, connection->input + done, connection->input_length - done);

		if (taken < 0)
		{
			close_connection(connection);
			return;
		}
		if (taken == 0)
			break;
		done += (size_t) taken;
	}
	connection->input_length -= done;
	memmove(connection->input, connection->input + done, connection->input_length);
	send_output(connection);
}

static void
make_room(Connection *connection)
{
	if (connection->input_room - connection->input_length >= READ_ROOM / 2)
		return;
	connection->input_room = connection->input_room * 2 + READ_ROOM;
	connection->input = realloc(connection->input, connection->input_room);
	if (connection->input == NULL)
		abort();
}

static void
receive(Connection *connection)
{
	ssize_t received;

	make_room(connection);
	received = recv(connection->socket, connection->input + connection->input_length,
					connection->input_room - connection->input_length, 0);
	if (received < 0 && (errno == EAGAIN || errno == EINTR))
		return;
	if (received <= 0)
	{
		close_connection(connection);
		return;
	}
	connection->input_length += (size_t) received;
	answer_all(connection);
}

static void
accept_connections(int listener)
{
	int socket;

	while ((socket = accept4(listener, NULL, NULL, SOCK_NONBLOCK | SOCK_CLOEXEC)) >= 0)
	{
		Connection *connection = calloc(1, sizeof(Connection));
		struct epoll_event event = {.events = EPOLLIN, .data.ptr = connection};
		int on = 1;

		if (connection == NULL)
			abort();
		connection->socket = socket;
		setsockopt(socket, IPPROTO_TCP, TCP_NODELAY, &on, sizeof(on));
		if (epoll_ctl(poller, EPOLL_CTL_ADD, socket, &event) < 0)
			die("epoll_ctl");
	}
}

/* Sets free what was held back for long enough; returns how long the next one still waits, -1: there is none. */
static int
release_held(void)
{
	int64_t now = now_ms();
	int64_t next = -1;

	for (int i = 0; i < held_count; i++)
	{
		Connection *connection = held[i];
		int64_t wait = connection->held_until_ms - now;

		if (wait > 0)
			next = next < 0 || wait < next ? wait : next;
		else
		{
			held[i--] = held[--held_count];
			connection->held_until_ms = 0;
			answer_all(connection);
		}
	}
	return (int) next;
}

static void
serve(int listener)
{
	struct epoll_event events[EVENTS_AT_ONCE];

	for (;;)
	{
		int wait_ms = held_count > 0 ? release_held() : -1;
		int count = epoll_wait(poller, events, EVENTS_AT_ONCE, wait_ms);

		for (int i = 0; i < count; i++)
		{
			Connection *connection = events[i].data.ptr;

			if (connection == NULL)
				accept_connections(listener);
			else if (connection->socket >= 0 && (events[i].events & EPOLLOUT))
				send_output(connection);
			else if (connection->socket >= 0)
				receive(connection);
		}
		free_closed();
	}
}

static int
listen_on_loopback(int *port)
{
	int listener = socket(AF_INET, SOCK_STREAM | SOCK_NONBLOCK | SOCK_CLOEXEC, 0);
	struct sockaddr_in address = {.sin_family = AF_INET, .sin_addr.s_addr = htonl(INADDR_LOOPBACK)};
	socklen_t length = sizeof(address);

	if (listener < 0 || bind(listener, (struct sockaddr *) &address, sizeof(address)) < 0 ||
		listen(listener, 1024) < 0 ||
		getsockname(listener, (struct sockaddr *) &address, &length) < 0)
		die("socket");
	*port = ntohs(address.sin_port);
	return listener;
}

/* Whole, or not there: whoever waits for it reads it at once. */
static void
tell_port(const char *path, int port)
{
	char draft[4096];
	FILE *file;

	snprintf(draft, sizeof(draft), "%s.new", path);
	file = fopen(draft, "w");
	if (file == NULL || fprintf(file, "%d\n", port) < 0 || fclose(file) != 0 ||
		rename(draft, path) != 0)
		die(path);
}

int
main(int argc, char **argv)
{
	struct epoll_event event = {.events = EPOLLIN, .data.ptr = NULL};
	int listener;
	int port;

	if (argc != 2)
	{
		fprintf(stderr, "usage: %s PORT_FILE\n", argv[0]);
		return 2;
	}
	content_reset(time(NULL) - 24 * 60 * 60);
	listener = listen_on_loopback(&port);
	poller = epoll_create1(EPOLL_CLOEXEC);
	if (poller < 0 || epoll_ctl(poller, EPOLL_CTL_ADD, listener, &event) < 0)
		die("epoll");
	tell_port(argv[1], port);
	serve(listener);
}
