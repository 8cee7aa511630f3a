/*
 * http_testing.c
 *		What the tests of the HTTP room share: clients, waits, the server.
 */
#include "http_testing.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <poll.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#define MAX_CLIENTS 32

LoopbackServer *server;

/*
 * Abandoned clients leave their memory to the end of the process: kept here,
 * it is no leak to the tools that look for leaks.
 */
static HttpClient *volatile clients[MAX_CLIENTS];
static int client_count;

double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

HttpClientOptions
usual_options(void)
{
	const HttpClientOptions options = {
		.user_agent = "unit-test/1",
		.allow_plain_http = true,
		.connect_timeout_ms = 10000,
		.request_timeout_ms = PATIENCE_S * 1000,
		.max_response_size = 32 * 1024,
	};

	return options;
}

HttpClient *
create_client(const HttpClientOptions *options)
{
	HttpClient *client = http_client_create(options);

	if (client == NULL || client_count == MAX_CLIENTS)
	{
		printf("Bail out! no client\n");
		exit(2);
	}
	clients[client_count++] = client;
	return client;
}

HttpClient *
create_usual_client(void)
{
	const HttpClientOptions options = usual_options();

	return create_client(&options);
}

const char *
server_url(const char *path)
{
	static char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", loopback_server_port(server), path);
	return url;
}

void
step(HttpClient *client, double deadline)
{
	struct pollfd descriptor = {.fd = http_client_descriptor(client), .events = POLLIN};
	long timeout_ms = http_client_timeout_ms(client);
	long left_ms = (long) ((deadline - seconds_now()) * 1000) + 1;

	if (timeout_ms < 0 || timeout_ms > left_ms)
		timeout_ms = left_ms;
	poll(&descriptor, 1, (int) timeout_ms);
	http_client_progress(client);
}

HttpExchange *
wait_for_exchange(HttpClient *client)
{
	double deadline = seconds_now() + PATIENCE_S;
	HttpExchange *exchange;

	while ((exchange = http_client_take_finished(client)) == NULL)
	{
		if (seconds_now() > deadline)
		{
			printf("Bail out! no exchange finished in %d s\n", PATIENCE_S);
			exit(2);
		}
		step(client, deadline);
	}
	return exchange;
}

HttpExchange *
perform(HttpClient *client, const HttpRequest *request)
{
	if (http_client_start(client, request) != HTTP_STARTED)
	{
		printf("Bail out! %s %s did not start\n", request->method, request->url);
		exit(2);
	}
	return wait_for_exchange(client);
}

HttpExchange *
get(HttpClient *client, const char *url)
{
	const HttpRequest request = {.method = "GET", .url = url};

	return perform(client, &request);
}

HttpExchange *
send_text(HttpClient *client, const char *method, const char *path, const char *body)
{
	const HttpRequest request = {
		.method = method,
		.url = server_url(path),
		.body = body,
		.body_length = body != NULL ? strlen(body) : 0,
	};

	return perform(client, &request);
}

const char *
body_of(const HttpExchange *exchange)
{
	return http_exchange_body(exchange, NULL);
}

int
refusing_port(void)
{
	struct sockaddr_in address = {.sin_family = AF_INET};
	socklen_t length = sizeof(address);
	int descriptor = socket(AF_INET, SOCK_STREAM, 0);

	address.sin_addr.s_addr = htonl(INADDR_LOOPBACK);
	if (bind(descriptor, (struct sockaddr *) &address, length) < 0 ||
		getsockname(descriptor, (struct sockaddr *) &address, &length) < 0)
	{
		printf("Bail out! no port\n");
		exit(2);
	}
	close(descriptor);
	return ntohs(address.sin_port);
}
