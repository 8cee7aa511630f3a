/*
 * test_http_failures.c
 *		The HTTP room where something goes wrong: on the way there, on the way
 *		back, and at the end.
 *
 * Names are resolved by a getaddrinfo() of our own: it knows no name, notes
 * the signal mask it was called with, and for one name never returns, as with
 * a resolver that is down.
 */
#include <netdb.h>
#include <poll.h>
#include <pthread.h>
#include <signal.h>
#include <stdatomic.h>
#include <stdlib.h>

#include "http_testing.h"
#include "unit.h"

#define PROMPT_S 5 /* what must not wait for anybody */

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

/* ---- Helpers ---- */

/* Starts a GET and lets it get as far as the server's handler. */
static void
bring_request_to_server(HttpClient *client, const char *path)
{
	const HttpRequest request = {.method = "GET", .url = server_url(path)};
	double deadline = seconds_now() + PATIENCE_S;
	int before = loopback_server_requests(server, path);

	is_int(http_client_start(client, &request), HTTP_STARTED, "request starts");
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

/*
 * curl 7.88 continued the last header of the answer before, which it had freed:
 * the address sanitizer ends this program if it still can.
 */
static void
test_folded_first_header(void)
{
	HttpClient *client = create_usual_client();

	for (int round = 0; round < 3; round++)
	{
		HttpExchange *exchange = get(client, server_url("/normal"));

		is_int(http_exchange_outcome(exchange), HTTP_ANSWERED, "after an answer like others");
		http_exchange_free(exchange);
		exchange = get(client, server_url("/folded"));
		ok(http_exchange_header(exchange, "content-length") == NULL ||
			   http_exchange_outcome(exchange) == HTTP_ANSWERED,
		   "... one that begins with the continuation of a header does no harm");
		http_exchange_free(exchange);
	}
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
	expect_failure(client, server_url("/endless-trailers"), HTTP_TOO_LARGE,
				   "trailers without an end are given up");
	expect_failure(client, server_url("/endless-interim"), HTTP_TOO_LARGE,
				   "interim answers without an end are given up");

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
	server = loopback_server_start(http_peer_behave);

	test_never_sent();
	test_resolver_down();
	test_signals();
	test_proxy();
	test_errors_keep_secrets();
	test_cut_off();
	test_folded_first_header();
	test_too_large();
	test_at_most_once();
	test_abandon();

	loopback_server_stop(server);
	return done_testing();
}
