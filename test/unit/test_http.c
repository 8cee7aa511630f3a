/*
 * test_http.c
 *		The HTTP room against a server that behaves, and one that does not.
 *
 * Everything happens on 127.0.0.1.  Names are resolved by a getaddrinfo() of
 * our own: it knows no name, notes the signal mask it was called with, and for
 * one name never returns, as with a resolver that is down.
 */
#include <arpa/inet.h>
#include <netdb.h>
#include <netinet/in.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http_client.h"
#include "loopback_server.h"
#include "unit.h"

#define PATIENCE_S 60 /* for what should take moments */
#define PROMPT_S 5    /* what must not wait for anybody */
#define MAX_CLIENTS 32

static LoopbackServer *server;

/*
 * Abandoned clients leave their memory to the end of the process: kept here,
 * it is no leak to the tools that look for leaks.
 */
static HttpClient *volatile clients[MAX_CLIENTS];
static int client_count;

/* ---- A resolver that knows nobody ---- */

static atomic_int lookups;
static atomic_int lookups_open_to_signals;

extern int
getaddrinfo(const char *restrict name, const char *restrict service,
			const struct addrinfo *restrict hints, struct addrinfo **restrict result)
{
	sigset_t mask;

	(void) service;
	(void) hints;
	(void) result;

	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	lookups++;
	if (!sigismember(&mask, SIGTERM) || !sigismember(&mask, SIGUSR1))
		lookups_open_to_signals++;
	while (strcmp(name, "resolver-is-down.invalid") == 0)
		poll(NULL, 0, -1);
	return EAI_NONAME;
}

/* ---- How the server behaves ---- */

static bool
answer_normally(int connection, const LoopbackRequest *request)
{
	(void) request;
	return loopback_write_text(connection,
							   "HTTP/1.1 200 OK\r\n"
							   "Content-Length: 5\r\n"
							   "ETag: \"first\"\r\n"
							   "X-Padded: \t some words \t\r\n"
							   "X-Empty:\r\n"
							   "X-Repeated: one\r\n"
							   "x-repeated: two\r\n"
							   "\r\n"
							   "hello");
}

static bool
answer_in_chunks(int connection, const LoopbackRequest *request)
{
	(void) request;
	return loopback_write_text(connection,
							   "HTTP/1.1 201 Created\r\n"
							   "Transfer-Encoding: chunked\r\n"
							   "X-Kept: header\r\n"
							   "\r\n"
							   "5\r\nhello\r\n7\r\n, world\r\n0\r\n"
							   "X-Kept: trailer\r\n"
							   "\r\n");
}

static bool
answer_after_interim(int connection, const LoopbackRequest *request)
{
	(void) request;
	return loopback_write_text(connection,
							   "HTTP/1.1 103 Early Hints\r\n"
							   "X-Interim: yes\r\n"
							   "\r\n"
							   "HTTP/1.1 200 OK\r\n"
							   "Content-Length: 0\r\n"
							   "X-Final: yes\r\n"
							   "\r\n");
}

static bool
answer_interim_only(int connection, const LoopbackRequest *request)
{
	(void) request;
	loopback_write_text(connection, "HTTP/1.1 103 Early Hints\r\n\r\n");
	return false;
}

/* The body that came, back again. */
static bool
answer_with_body_received(int connection, const LoopbackRequest *request)
{
	char head[128];

	snprintf(head, sizeof(head), "HTTP/1.1 200 OK\r\nContent-Length: %zu\r\n\r\n",
			 request->body_length);
	return loopback_write_text(connection, head) &&
		loopback_write(connection, request->body, request->body_length);
}

static bool
redirect(int connection, const LoopbackRequest *request)
{
	(void) request;
	return loopback_write_text(connection,
							   "HTTP/1.1 301 Moved Permanently\r\n"
							   "Location: /normal\r\n"
							   "Content-Length: 0\r\n"
							   "\r\n");
}

/* True when the client went away before the time was up. */
static bool
client_is_gone(int connection, int timeout_ms)
{
	struct pollfd client = {.fd = connection, .events = POLLIN};

	return poll(&client, 1, timeout_ms) != 0;
}

static bool
answer_a_byte_a_second(int connection, const LoopbackRequest *request)
{
	(void) request;
	loopback_write_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 1000\r\n\r\n");
	while (loopback_write_text(connection, "x") && !client_is_gone(connection, 1000))
		;
	return false;
}

static bool
never_answer(int connection, const LoopbackRequest *request)
{
	(void) request;
	client_is_gone(connection, -1);
	return false;
}

static bool
close_without_answer(int connection, const LoopbackRequest *request)
{
	(void) connection;
	(void) request;
	return false;
}

static bool
reset_connection(int connection, const LoopbackRequest *request)
{
	const struct linger at_once = {.l_onoff = 1, .l_linger = 0};

	(void) request;
	setsockopt(connection, SOL_SOCKET, SO_LINGER, &at_once, sizeof(at_once));
	return false;
}

static bool
answer_by_half(int connection, const LoopbackRequest *request)
{
	(void) request;
	loopback_write_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 100\r\n\r\nonly this");
	return false;
}

static bool
answer_by_half_a_chunk(int connection, const LoopbackRequest *request)
{
	(void) request;
	loopback_write_text(connection,
						"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n");
	return false;
}

static bool
answer_at_length(int connection, const LoopbackRequest *request)
{
	static const char zeros[64 * 1024];
	int i;

	(void) request;
	if (!loopback_write_text(connection, "HTTP/1.1 200 OK\r\nConnection: close\r\n\r\n"))
		return false;
	for (i = 0; i < 64 && loopback_write(connection, zeros, sizeof(zeros)); i++)
		;
	return false;
}

static bool
answer_exactly_the_limit(int connection, const LoopbackRequest *request)
{
	static const char zeros[32 * 1024];

	(void) request;
	return loopback_write_text(connection, "HTTP/1.1 200 OK\r\nContent-Length: 32768\r\n\r\n") &&
		loopback_write(connection, zeros, sizeof(zeros));
}

static void
append_bits(unsigned char *bytes, size_t *position, unsigned int bits, int count)
{
	while (count-- > 0)
	{
		if (bits >> count & 1)
			bytes[*position / 8] |= (unsigned char) (1 << *position % 8);
		(*position)++;
	}
}

/*
 * A gzip member (RFC 1952) of one deflate block with fixed codes (RFC 1951):
 * a NUL byte, then over and over "258 more of the byte before", 13 bits each.
 * 8 kB unpack to more than 1 MB.
 */
static bool
answer_with_gzip_bomb(int connection, const LoopbackRequest *request)
{
	unsigned char bomb[8192] = {0x1f, 0x8b, 8, 0, 0, 0, 0, 0, 0, 3};
	size_t position = 10 * 8;

	(void) request;
	append_bits(bomb, &position, 0x6, 3);  /* last block, fixed codes */
	append_bits(bomb, &position, 0x30, 8); /* literal 0 */
	while (position + 13 <= sizeof(bomb) * 8)
		append_bits(bomb, &position, 0xc5 << 5, 13); /* length 258, distance 1 */

	return loopback_write_text(connection,
							   "HTTP/1.1 200 OK\r\n"
							   "Content-Encoding: gzip\r\n"
							   "Content-Length: 8192\r\n"
							   "\r\n") &&
		loopback_write(connection, bomb, sizeof(bomb));
}

static bool
answer_with_many_headers(int connection, const LoopbackRequest *request)
{
	int i;

	(void) request;
	loopback_write_text(connection, "HTTP/1.1 200 OK\r\n");
	for (i = 0; i < 10000; i++)
	{
		if (!loopback_write_text(connection, "X-A: b\r\n"))
			return false;
	}
	return loopback_write_text(connection, "Content-Length: 0\r\n\r\n");
}

static bool
answer_with_long_headers(int connection, const LoopbackRequest *request)
{
	char header[8192];
	int i;

	(void) request;
	memset(header, 'a', sizeof(header));
	memcpy(header, "X-A: ", 5);
	memcpy(header + sizeof(header) - 3, "\r\n", 3);
	loopback_write_text(connection, "HTTP/1.1 200 OK\r\n");
	for (i = 0; i < 100; i++)
	{
		if (!loopback_write_text(connection, header))
			return false;
	}
	return loopback_write_text(connection, "Content-Length: 0\r\n\r\n");
}

static bool
answer_with_a_long_header(int connection, const LoopbackRequest *request)
{
	static char header[300 * 1024];

	(void) request;
	memset(header, 'a', sizeof(header));
	memcpy(header, "X-A: ", 5);
	return loopback_write_text(connection, "HTTP/1.1 200 OK\r\n") &&
		loopback_write(connection, header, sizeof(header)) &&
		loopback_write_text(connection, "\r\nContent-Length: 0\r\n\r\n");
}

static const struct
{
	const char *path;
	LoopbackHandler answer;
} behaviours[] = {
	{"/normal", answer_normally},
	{"/chunked", answer_in_chunks},
	{"/interim", answer_after_interim},
	{"/interim-only", answer_interim_only},
	{"/echo", answer_with_body_received},
	{"/redirect", redirect},
	{"/slow", answer_a_byte_a_second},
	{"/never", never_answer},
	{"/close", close_without_answer},
	{"/close-once", close_without_answer},
	{"/reset", reset_connection},
	{"/half", answer_by_half},
	{"/half-a-chunk", answer_by_half_a_chunk},
	{"/large", answer_at_length},
	{"/limit", answer_exactly_the_limit},
	{"/bomb", answer_with_gzip_bomb},
	{"/many-headers", answer_with_many_headers},
	{"/long-headers", answer_with_long_headers},
	{"/long-header", answer_with_a_long_header},
};

static bool
behave(int connection, const LoopbackRequest *request)
{
	size_t i;

	for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
	{
		if (strcmp(request->path, behaviours[i].path) == 0)
			return behaviours[i].answer(connection, request);
	}
	return loopback_write_text(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}

/* ---- Helpers of the tests ---- */

static double
seconds_now(void)
{
	struct timespec now;

	clock_gettime(CLOCK_MONOTONIC, &now);
	return (double) now.tv_sec + (double) now.tv_nsec / 1e9;
}

static HttpClientOptions
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

static HttpClient *
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

static HttpClient *
create_usual_client(void)
{
	const HttpClientOptions options = usual_options();

	return create_client(&options);
}

/* Valid until the next call. */
static const char *
server_url(const char *path)
{
	static char url[256];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d%s", loopback_server_port(server), path);
	return url;
}

/* One wait and one step, as the worker's loop takes them. */
static void
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

static HttpExchange *
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

static HttpExchange *
perform(HttpClient *client, const HttpRequest *request)
{
	if (!http_client_start(client, request))
	{
		printf("Bail out! %s %s did not start\n", request->method, request->url);
		exit(2);
	}
	return wait_for_exchange(client);
}

static HttpExchange *
get(HttpClient *client, const char *url)
{
	const HttpRequest request = {.method = "GET", .url = url};

	return perform(client, &request);
}

static HttpExchange *
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

static const char *
body_of(const HttpExchange *exchange)
{
	return http_exchange_body(exchange, NULL);
}

/* A port that nobody listens on: it was free a moment ago. */
static int
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

/* Starts a GET and lets it get as far as the server's handler. */
static void
bring_request_to_server(HttpClient *client, const char *path)
{
	const HttpRequest request = {.method = "GET", .url = server_url(path)};
	double deadline = seconds_now() + PATIENCE_S;
	int before = loopback_server_requests(server, path);

	ok(http_client_start(client, &request), "request starts");
	while (loopback_server_requests(server, path) == before && seconds_now() < deadline)
		step(client, seconds_now() + 0.01);
}

/* Runs a GET that must fail, and says how. */
static void
expect_failure(HttpClient *client, const char *url, HttpOutcome outcome, const char *name)
{
	HttpExchange *exchange = get(client, url);

	if (!is_int(http_exchange_outcome(exchange), outcome, name))
		printf("#   error: %s\n", http_exchange_error(exchange));
	ok(http_exchange_error(exchange)[0] != '\0', "... and says why");
	is_text(body_of(exchange), "", "... and hands over no part of a body");
	http_exchange_free(exchange);
}

/* ---- Answers ---- */

static void
test_normal_answer(void)
{
	HttpClient *client = create_usual_client();
	int tag;
	const HttpRequest request = {.method = "GET", .url = server_url("/normal"), .tag = &tag};
	HttpExchange *exchange = perform(client, &request);
	size_t length;

	is_int(http_exchange_outcome(exchange), HTTP_ANSWERED, "a whole answer counts as answered");
	is_int(http_exchange_status(exchange), 200, "status is handed over");
	is_text(http_exchange_body(exchange, &length), "hello", "body is handed over");
	is_int(length, 5, "body has its length");
	ok(http_exchange_tag(exchange) == &tag, "tag is the caller's");
	is_text(http_exchange_error(exchange), "", "an answer has no error");
	ok(http_exchange_seconds(exchange) > 0 && http_exchange_seconds(exchange) < PATIENCE_S,
	   "an answer has its duration");

	is_text(http_exchange_header(exchange, "etag"), "\"first\"", "header names match in any case");
	is_text(http_exchange_header(exchange, "X-Padded"), "some words", "header values are trimmed");
	is_text(http_exchange_header(exchange, "X-Empty"), "", "an empty header is present");
	is_text(http_exchange_header(exchange, "X-Repeated"), "two",
			"of a repeated header the last counts");
	is_text(http_exchange_header(exchange, "X-Absent"), NULL, "an absent header is NULL");
	http_exchange_free(exchange);

	ok(http_client_take_finished(client) == NULL, "an exchange is taken once");
	is_int(http_client_exchanges_under_way(client), 0, "nothing is under way afterwards");
	http_client_abandon(client);
}

static void
test_forms_of_answers(void)
{
	HttpClient *client = create_usual_client();
	HttpExchange *exchange;
	int before = loopback_server_requests(server, "/normal");

	exchange = get(client, server_url("/chunked"));
	is_int(http_exchange_status(exchange), 201, "chunked answer has its status");
	is_text(body_of(exchange), "hello, world", "chunks are joined");
	is_text(http_exchange_header(exchange, "X-Kept"), "header",
			"a trailer does not replace a header");
	http_exchange_free(exchange);

	exchange = get(client, server_url("/interim"));
	is_int(http_exchange_status(exchange), 200, "final status counts, not the interim one");
	is_text(http_exchange_header(exchange, "X-Interim"), NULL, "interim headers are dropped");
	is_text(http_exchange_header(exchange, "X-Final"), "yes", "final headers are kept");
	is_text(body_of(exchange), "", "no body reads as the empty text");
	http_exchange_free(exchange);

	exchange = get(client, server_url("/redirect"));
	is_int(http_exchange_status(exchange), 301, "a redirect is handed over, not followed");
	is_text(http_exchange_header(exchange, "Location"), "/normal", "... with its Location");
	http_exchange_free(exchange);

	is_int(loopback_server_requests(server, "/normal"), before, "... and its target was not asked");
	http_client_abandon(client);
}

static void
test_connection_reuse(void)
{
	HttpClient *client = create_usual_client();
	int before = loopback_server_connections(server);
	int i;

	for (i = 0; i < 5; i++)
		http_exchange_free(get(client, server_url("/normal")));
	is_int(loopback_server_connections(server) - before, 1,
		   "5 requests in a row share one connection");
	http_client_abandon(client);
}

static void
test_hundred_at_once(void)
{
	HttpClient *client = create_usual_client();
	bool seen[100] = {false};
	int answered = 0;
	int different = 0;
	int i;

	for (i = 0; i < 100; i++)
	{
		const HttpRequest request = {.method = "GET",
									 .url = server_url("/normal"),
									 .tag = &seen[i]};

		http_client_start(client, &request);
	}
	is_int(http_client_exchanges_under_way(client), 100, "100 requests are under way at once");

	for (i = 0; i < 100; i++)
	{
		HttpExchange *exchange = wait_for_exchange(client);
		bool *mark = http_exchange_tag(exchange);

		answered += http_exchange_outcome(exchange) == HTTP_ANSWERED &&
			strcmp(body_of(exchange), "hello") == 0;
		different += !*mark;
		*mark = true;
		http_exchange_free(exchange);
	}
	is_int(answered, 100, "all 100 are answered");
	is_int(different, 100, "each comes back once");
	is_int(http_client_exchanges_under_way(client), 0, "then none is under way");
	http_client_abandon(client);
}

/* ---- Requests ---- */

static void
test_request_as_sent(void)
{
	static const char *const headers[] = {"Authorization: Bearer not-a-secret",
										  "Content-Type: application/json", NULL};
	HttpClient *client = create_usual_client();
	const HttpRequest request = {
		.method = "PATCH",
		.url = server_url("/echo"),
		.headers = headers,
		.body = "{\"a\":\0\"b\"}",
		.body_length = 10,
	};
	HttpExchange *exchange = perform(client, &request);
	LoopbackRequest seen;
	size_t length;
	const char *body = http_exchange_body(exchange, &length);

	loopback_server_last_request(server, &seen);
	is_text(seen.method, "PATCH", "PATCH stays PATCH");
	ok(length == 10 && memcmp(body, request.body, 10) == 0,
	   "a body arrives whole, NUL bytes included");
	ok(strstr(seen.text, "\r\nAuthorization: Bearer not-a-secret\r\n") != NULL, "headers are sent");
	ok(strstr(seen.text, "\r\nContent-Type: application/json\r\n") != NULL,
	   "Content-Type is the caller's");
	ok(strstr(seen.text, "\r\nUser-Agent: unit-test/1\r\n") != NULL, "User-Agent is the option's");
	ok(strstr(seen.text, "\r\nExpect:") == NULL, "no Expect header is sent");
	http_exchange_free(exchange);
	http_client_abandon(client);
}

static void
test_methods(void)
{
	HttpClient *client = create_usual_client();
	LoopbackRequest seen;

	http_exchange_free(send_text(client, "POST", "/echo", NULL));
	loopback_server_last_request(server, &seen);
	is_text(seen.method, "POST", "POST without a body stays POST");
	ok(strstr(seen.text, "\r\nContent-Length: 0\r\n") != NULL, "... and says Content-Length: 0");
	ok(strstr(seen.text, "\r\nContent-Type:") == NULL, "... and claims no Content-Type");

	http_exchange_free(send_text(client, "DELETE", "/echo", NULL));
	loopback_server_last_request(server, &seen);
	is_text(seen.method, "DELETE", "DELETE stays DELETE");
	ok(strstr(seen.text, "\r\nContent-Length:") == NULL, "... and has no body");

	http_exchange_free(get(client, server_url("/normal")));
	loopback_server_last_request(server, &seen);
	is_text(seen.method, "GET", "a handle used for DELETE serves GET");

	http_exchange_free(get(client, server_url("/a/../b")));
	loopback_server_last_request(server, &seen);
	is_text(seen.path, "/a/../b", "the path is sent as the caller wrote it");
	http_client_abandon(client);
}

static void
refuse(HttpClient *client, const char *method, const char *url, const char *header,
	   const char *name)
{
	const char *const headers[] = {header, NULL};
	const HttpRequest request = {.method = method, .url = url, .headers = headers};

	ok(!http_client_start(client, &request), name);
}

static void
test_unusable_requests(void)
{
	HttpClient *client = create_usual_client();
	HttpClientOptions options = usual_options();

	refuse(client, "GET", "ftp://127.0.0.1/", NULL, "a URL of another scheme is refused");
	refuse(client, "GET", "127.0.0.1/normal", NULL, "a URL without a scheme is refused");
	refuse(client, "GET", "http://", NULL, "a URL without a host is refused");
	refuse(client, "GET", "http://a:b@127.0.0.1/", NULL, "a URL with credentials is refused");
	refuse(client, "GET", "http://127.0.0.1/\r\nX: y", NULL, "a URL with a line break is refused");
	refuse(client, "PUT", server_url("/echo"), NULL, "an unknown method is refused");
	refuse(client, "GET", server_url("/echo"), "A: b\r\nC: d",
		   "a header with a line break is refused");

	options.allow_plain_http = false;
	ok(http_client_reconfigure(client, &options), "options can be replaced");
	refuse(client, "GET", server_url("/normal"), NULL,
		   "plain http is refused when it is not allowed");
	is_int(http_client_exchanges_under_way(client), 0, "what was refused is not under way");
	http_client_abandon(client);
}

/* ---- What goes wrong before sending ---- */

static void
test_never_sent(void)
{
	HttpClient *client = create_usual_client();
	char url[64];

	snprintf(url, sizeof(url), "http://127.0.0.1:%d/", refusing_port());
	expect_failure(client, url, HTTP_NEVER_SENT, "a refused connection means never sent");
	expect_failure(client, "http://nobody.invalid/", HTTP_NEVER_SENT,
				   "an unknown host means never sent");

	snprintf(url, sizeof(url), "https://127.0.0.1:%d/", loopback_server_port(server));
	expect_failure(client, url, HTTP_NEVER_SENT, "a failed TLS handshake means never sent");
	http_client_abandon(client);
}

static void
test_resolver_down(void)
{
	HttpClientOptions options = usual_options();
	HttpClient *client;
	const HttpRequest request = {.method = "GET", .url = "http://resolver-is-down.invalid/"};
	double begun = seconds_now();
	int before;

	options.connect_timeout_ms = 300;
	client = create_client(&options);
	expect_failure(client, request.url, HTTP_NEVER_SENT,
				   "time-out while resolving means never sent");
	ok(seconds_now() - begun < PROMPT_S, "... and does not wait for the resolver");

	before = lookups;
	http_client_start(client, &request);
	while (lookups == before)
		step(client, seconds_now() + 0.01);
	begun = seconds_now();
	http_client_abandon(client);
	ok(seconds_now() - begun < PROMPT_S, "abandon does not wait for the resolver");
}

static void
test_signals(void)
{
	HttpClient *client = create_usual_client();
	sigset_t mask;

	http_exchange_free(get(client, "http://nobody.invalid/"));
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	ok(!sigismember(&mask, SIGTERM) && !sigismember(&mask, SIGUSR1),
	   "the caller's signal mask is restored");
	ok(lookups > 0, "threads have resolved names");
	is_int(lookups_open_to_signals, 0, "... all of them with signals blocked");
	http_client_abandon(client);
}

static void
test_proxy(void)
{
	HttpClientOptions options = usual_options();
	HttpClient *client;
	HttpExchange *exchange;
	LoopbackRequest seen;
	char proxy[128];

	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", refusing_port());
	setenv("http_proxy", proxy, 1);
	setenv("all_proxy", proxy, 1);
	client = create_client(&options);
	exchange = get(client, server_url("/normal"));
	is_int(http_exchange_outcome(exchange), HTTP_ANSWERED, "a proxy in the environment is ignored");
	http_exchange_free(exchange);

	setenv("no_proxy", "*", 1);
	snprintf(proxy, sizeof(proxy), "http://127.0.0.1:%d", loopback_server_port(server));
	options.proxy = proxy;
	http_client_reconfigure(client, &options);
	http_exchange_free(get(client, "http://tasks.invalid/path"));
	loopback_server_last_request(server, &seen);
	is_text(seen.path, "http://tasks.invalid/path",
			"the proxy of the options is used whatever no_proxy says");

	unsetenv("http_proxy");
	unsetenv("all_proxy");
	unsetenv("no_proxy");
	http_client_abandon(client);
}

static void
test_errors_keep_secrets(void)
{
	static const char *const proxies[] = {
		"http://user:hidden@proxy.invalid:1",
		"strange://user:hidden@proxy.invalid:1",
		"http://user:hidden@proxy.invalid:port",
		"user:hidden@proxy.invalid",
	};
	HttpClientOptions options = usual_options();
	HttpClient *client = create_client(&options);
	size_t i;

	for (i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
	{
		HttpExchange *exchange;

		options.proxy = proxies[i];
		http_client_reconfigure(client, &options);
		exchange = get(client, "http://tasks.invalid/");
		is_int(http_exchange_outcome(exchange), HTTP_NEVER_SENT,
			   "an unusable proxy means never sent");
		ok(http_exchange_error(exchange)[0] != '\0' &&
			   strstr(http_exchange_error(exchange), "hidden") == NULL,
		   "... and its password stays out of the error");
		http_exchange_free(exchange);
	}
	http_client_abandon(client);
}

/* ---- What goes wrong after sending ---- */

static void
test_cut_off(void)
{
	HttpClientOptions options = usual_options();
	HttpClient *client = create_client(&options);
	double begun;

	expect_failure(client, server_url("/reset"), HTTP_CUT_OFF,
				   "a reset after the request means cut off");
	expect_failure(client, server_url("/close"), HTTP_CUT_OFF,
				   "a close without an answer means cut off");
	expect_failure(client, server_url("/half"), HTTP_CUT_OFF, "half a body means cut off");
	expect_failure(client, server_url("/half-a-chunk"), HTTP_CUT_OFF,
				   "a missing last chunk means cut off");
	expect_failure(client, server_url("/interim-only"), HTTP_CUT_OFF,
				   "an interim answer alone means cut off");

	options.request_timeout_ms = 300;
	http_client_reconfigure(client, &options);
	begun = seconds_now();
	expect_failure(client, server_url("/slow"), HTTP_CUT_OFF,
				   "an answer of a byte a second runs into the time-out");
	expect_failure(client, server_url("/never"), HTTP_CUT_OFF, "no answer runs into the time-out");
	ok(seconds_now() - begun < PROMPT_S, "... which is kept");
	http_client_abandon(client);
}

static void
test_too_large(void)
{
	HttpClient *client = create_usual_client();
	HttpExchange *exchange;
	size_t length;

	expect_failure(client, server_url("/large"), HTTP_TOO_LARGE,
				   "a body over the limit is given up");
	expect_failure(client, server_url("/bomb"), HTTP_TOO_LARGE, "the limit counts unpacked bytes");
	expect_failure(client, server_url("/many-headers"), HTTP_TOO_LARGE,
				   "10,000 headers are given up");
	expect_failure(client, server_url("/long-headers"), HTTP_TOO_LARGE,
				   "800 kB of headers are given up");
	expect_failure(client, server_url("/long-header"), HTTP_TOO_LARGE,
				   "a header of 300 kB is given up");

	exchange = get(client, server_url("/limit"));
	is_int(http_exchange_outcome(exchange), HTTP_ANSWERED, "a body of exactly the limit is taken");
	http_exchange_body(exchange, &length);
	is_int(length, 32 * 1024, "... in full");
	http_exchange_free(exchange);
	http_client_abandon(client);
}

/*
 * The first half shows the danger, without which the second would prove
 * nothing: on a connection used before, curl repeats even a POST by itself.
 */
static void
test_at_most_once(void)
{
	HttpClient *client = create_usual_client();
	HttpRequest request = {.method = "POST", .body = "{}", .body_length = 2};
	HttpExchange *exchange;
	int before = loopback_server_requests(server, "/close");

	http_exchange_free(get(client, server_url("/normal")));
	request.url = server_url("/close");
	http_exchange_free(perform(client, &request));
	is_int(loopback_server_requests(server, "/close") - before, 2,
		   "a POST on a connection that dies is repeated by curl");

	http_exchange_free(get(client, server_url("/normal")));
	request.url = server_url("/close-once");
	request.once = true;
	exchange = perform(client, &request);
	is_int(http_exchange_outcome(exchange), HTTP_CUT_OFF, "a POST marked once is cut off instead");
	is_int(loopback_server_requests(server, "/close-once"), 1, "... and reached the server once");
	http_exchange_free(exchange);

	request.url = server_url("/echo");
	exchange = perform(client, &request);
	is_text(body_of(exchange), "{}", "a POST marked once is answered like any other");
	http_exchange_free(exchange);
	http_client_abandon(client);
}

static void
test_reconfigured_limits(void)
{
	HttpClientOptions options = usual_options();
	HttpClient *client = create_client(&options);
	const HttpRequest request = {.method = "GET", .url = server_url("/normal")};
	HttpExchange *exchange;

	http_client_start(client, &request);
	options.max_response_size = 4;
	http_client_reconfigure(client, &options);
	exchange = wait_for_exchange(client);
	is_int(http_exchange_outcome(exchange), HTTP_ANSWERED,
		   "new limits leave alone what is under way");
	http_exchange_free(exchange);
	expect_failure(client, server_url("/normal"), HTTP_TOO_LARGE,
				   "... and hold for what starts later");

	options = usual_options();
	options.max_headers = 6;
	http_client_reconfigure(client, &options);
	exchange = get(client, server_url("/normal"));
	is_int(http_exchange_outcome(exchange), HTTP_ANSWERED, "as many headers as allowed are taken");
	http_exchange_free(exchange);

	options.max_headers = 5;
	http_client_reconfigure(client, &options);
	expect_failure(client, server_url("/normal"), HTTP_TOO_LARGE, "... and not one more");

	options.max_headers = 0;
	options.max_header_bytes = 20;
	http_client_reconfigure(client, &options);
	expect_failure(client, server_url("/normal"), HTTP_TOO_LARGE,
				   "headers have a limit in bytes, too");
	http_client_abandon(client);
}

/* ---- The end ---- */

static void
test_abandon(void)
{
	HttpClient *client = create_usual_client();
	double begun;

	http_exchange_free(get(client, server_url("/normal")));
	bring_request_to_server(client, "/never");
	begun = seconds_now();
	http_client_abandon(client);
	ok(seconds_now() - begun < PROMPT_S, "abandon returns at once with a request under way");
	ok(loopback_server_wait_until_idle(server, PATIENCE_S), "... and closes every connection");
}

int
main(void)
{
	server = loopback_server_start(behave);

	test_normal_answer();
	test_forms_of_answers();
	test_connection_reuse();
	test_hundred_at_once();
	test_request_as_sent();
	test_methods();
	test_unusable_requests();
	test_never_sent();
	test_resolver_down();
	test_signals();
	test_proxy();
	test_errors_keep_secrets();
	test_cut_off();
	test_too_large();
	test_at_most_once();
	test_reconfigured_limits();
	test_abandon();

	loopback_server_stop(server);
	return done_testing();
}
