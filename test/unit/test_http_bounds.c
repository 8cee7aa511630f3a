/*
 * test_http_bounds.c
 *		Time and memory of the HTTP room: how long an exchange may take, by whose
 *		clock, and what large bodies take together.
 */
#include <poll.h>
#include <stdlib.h>

#include "http_testing.h"
#include "unit.h"

#define MEGABYTE ((size_t) 1024 * 1024)

/* ---- time ---- */

static HttpClient *
create_client_with_timeout(long request_timeout_ms)
{
	HttpClientOptions options = usual_options();

	options.request_timeout_ms = request_timeout_ms;
	return create_client(&options);
}

static void
start(HttpClient *client, const char *path)
{
	const HttpRequest request = {.method = "GET", .url = server_url(path)};

	is_int(http_client_start(client, &request), HTTP_STARTED, "a request starts");
}

/* As far as the server's handler. */
static void
start_and_arrive(HttpClient *client, const char *path)
{
	double deadline = seconds_now() + PATIENCE_S;
	int before = loopback_server_requests(server, path);

	start(client, path);
	while (loopback_server_requests(server, path) == before && seconds_now() < deadline)
		step(client, seconds_now() + 0.01);
}

/* The caller does something else, and waits for nothing. */
static void
be_busy(int milliseconds)
{
	poll(NULL, 0, milliseconds);
}

static void
finish_as(HttpClient *client, HttpOutcome outcome, const char *name)
{
	HttpExchange *exchange = wait_for_exchange(client);

	if (!is_int(http_exchange_outcome(exchange), outcome, name))
		printf("#   error: %s\n", http_exchange_error(exchange));
	http_exchange_free(exchange);
}

static void
test_waiting(void)
{
	HttpClientOptions options = usual_options();
	HttpClient *client;
	HttpExchange *exchange;
	double begun;
	int steps = 0;

	/* The time for the way there is over first, and means nothing once it was gone. */
	options.connect_timeout_ms = 100;
	options.request_timeout_ms = 1000;
	client = create_client(&options);

	is_int(http_client_timeout_ms(client), -1, "with nothing under way, nothing is due");
	start_and_arrive(client, "/never");
	begun = seconds_now();
	ok(http_client_timeout_ms(client) > 0 && http_client_timeout_ms(client) <= 1000,
	   "the time-out is what is due next");
	for (; (exchange = http_client_take_finished(client)) == NULL; steps++)
		step(client, seconds_now() + PATIENCE_S);
	ok(seconds_now() - begun > 0.8, "an exchange is not ended before its time");
	ok(seconds_now() - begun < 10, "... nor much later");
	/* A loaded machine adds some; ten a second would be as many again. */
	ok(steps <= 9, "... and nobody is woken in vain");
	printf("# %d steps\n", steps);
	is_text(http_exchange_error(exchange), "time-out", "what ends it is the time");
	is_int(http_exchange_outcome(exchange), HTTP_CUT_OFF, "... of an answer, as it was sent");
	http_exchange_free(exchange);
	is_int(http_client_exchanges_under_way(client), 0, "... and it is over");
	is_int(http_client_timeout_ms(client), -1, "then nothing is due");
	http_client_abandon(client);
}

static void
test_late_caller(void)
{
	HttpClient *client = create_client_with_timeout(500);

	start_and_arrive(client, "/normal");
	be_busy(800);
	finish_as(client, HTTP_ANSWERED, "an answer that waits for a late caller is in time");

	start(client, "/normal");
	be_busy(800);
	finish_as(client, HTTP_ANSWERED, "... also where all is to be done yet");

	start_and_arrive(client, "/never");
	http_client_progress(client);
	be_busy(450);
	ok(http_client_timeout_ms(client) > 250,
	   "what the caller does takes nothing from the time-out");
	finish_as(client, HTTP_CUT_OFF, "... which comes in the end");
	http_client_abandon(client);
}

static void
test_finished_waits(void)
{
	HttpClient *client = create_client_with_timeout(10000);

	start_and_arrive(client, "/close");
	while (http_client_exchanges_under_way(client) > 0)
		step(client, seconds_now() + PATIENCE_S);
	is_int(http_client_timeout_ms(client), 0, "who has not taken what is finished need not wait");
	finish_as(client, HTTP_CUT_OFF, "... and takes it later");
	http_client_abandon(client);
}

/* ---- memory ---- */

static HttpExchange *
get_large(HttpClient *client, size_t limit)
{
	const HttpRequest request = {.method = "GET",
								 .url = server_url("/large"),
								 .max_response_size = limit};

	return perform(client, &request);
}

static void
test_limit_of_request(void)
{
	HttpClientOptions options = usual_options();
	HttpClient *client;
	HttpExchange *exchange;

	options.max_response_size = 8 * MEGABYTE;
	client = create_client(&options);
	exchange = get_large(client, 4 * MEGABYTE);
	is_int(http_exchange_outcome(exchange), HTTP_ANSWERED, "a body of as much as a request allows");
	http_exchange_free(exchange);
	exchange = get_large(client, 4 * MEGABYTE - 1);
	is_int(http_exchange_outcome(exchange), HTTP_TOO_LARGE, "... and not a byte more");
	http_exchange_free(exchange);
	options.max_response_size = 2 * MEGABYTE;
	http_client_reconfigure(client, &options);
	exchange = get_large(client, 4 * MEGABYTE);
	is_int(http_exchange_outcome(exchange), HTTP_TOO_LARGE, "nor more than all may have");
	http_exchange_free(exchange);
	http_client_abandon(client);
}

static void
expect_no_room(HttpClient *client, const char *name)
{
	HttpExchange *exchange = get_large(client, 0);

	is_int(http_exchange_outcome(exchange), HTTP_CUT_OFF, name);
	is_text(http_exchange_error(exchange), "too many large responses at a time", "... and says so");
	http_exchange_free(exchange);
}

static void
test_room(void)
{
	HttpClientOptions options = usual_options();
	HttpClient *client;
	HttpExchange *held;
	HttpExchange *small;

	options.max_response_size = 8 * MEGABYTE;
	options.max_large_bytes = 6 * MEGABYTE;
	client = create_client(&options);
	held = get_large(client, 0);
	is_int(http_exchange_outcome(held), HTTP_ANSWERED, "a large body has room");
	expect_no_room(client, "a second one beside it has none");
	http_exchange_drop_body(held);
	expect_no_room(client, "... nor while what was made of the first is in use");
	small = get(client, server_url("/normal"));
	is_int(http_exchange_outcome(small), HTTP_ANSWERED, "a small one always has");
	http_exchange_free(small);
	http_exchange_free(held);
	for (int i = 0; i < 3; i++)
	{
		held = get_large(client, 0);
		is_int(http_exchange_outcome(held), HTTP_ANSWERED, "once it is free, there is room again");
		http_exchange_free(held);
	}
	http_client_abandon(client);
}

int
main(void)
{
	server = loopback_server_start(http_peer_behave);

	test_waiting();
	test_late_caller();
	test_finished_waits();
	test_limit_of_request();
	test_room();

	loopback_server_stop(server);
	return done_testing();
}
