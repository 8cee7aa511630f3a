/*
 * test_http_exchanges.c
 *		The HTTP room where nothing goes wrong: what is sent, what comes back.
 */
#include <pthread.h>
#include <stdlib.h>

#include "http_testing.h"
#include "unit.h"

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

	is_int(http_client_start(client, &request), HTTP_UNUSABLE, name);
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
	is_int(http_client_start(client,
							 &(HttpRequest){.method = "GET",
											.url = server_url("/echo"),
											.body = "{}",
											.body_length = 2}),
		   HTTP_UNUSABLE, "GET with a body is refused");
	refuse(client, "GET", server_url("/echo"), "A: b\r\nC: d",
		   "a header with a line break is refused");

	options.allow_plain_http = false;
	ok(http_client_reconfigure(client, &options), "options can be replaced");
	refuse(client, "GET", server_url("/normal"), NULL,
		   "plain http is refused when it is not allowed");
	is_int(http_client_exchanges_under_way(client), 0, "what was refused is not under way");
	http_client_abandon(client);
}

/* ---- Options that change ---- */

static HttpOutcome
outcome_of_get(HttpClient *client)
{
	HttpExchange *exchange = get(client, server_url("/normal"));
	HttpOutcome outcome = http_exchange_outcome(exchange);

	http_exchange_free(exchange);
	return outcome;
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
	is_int(outcome_of_get(client), HTTP_TOO_LARGE, "... and hold for what starts later");

	options = usual_options();
	options.max_headers = 6;
	http_client_reconfigure(client, &options);
	exchange = get(client, server_url("/normal"));
	is_int(http_exchange_outcome(exchange), HTTP_ANSWERED, "as many headers as allowed are taken");
	http_exchange_free(exchange);

	options.max_headers = 5;
	http_client_reconfigure(client, &options);
	is_int(outcome_of_get(client), HTTP_TOO_LARGE, "... and not one more");

	options.max_headers = 0;
	options.max_header_bytes = 20;
	http_client_reconfigure(client, &options);
	is_int(outcome_of_get(client), HTTP_TOO_LARGE, "headers have a limit in bytes, too");
	http_client_abandon(client);
}

int
main(void)
{
	server = loopback_server_start(http_peer_behave);

	test_normal_answer();
	test_forms_of_answers();
	test_connection_reuse();
	test_hundred_at_once();
	test_request_as_sent();
	test_methods();
	test_unusable_requests();
	test_reconfigured_limits();

	loopback_server_stop(server);
	return done_testing();
}
