/*
 * test_http_client.c
 *		A client without any request: it cannot be created, it is told when to be
 *		called, and signals come while curl's code runs.
 *
 * The linker gives the setter of curl's multi handles to this file; the clock is
 * ours.
 */
#include <curl/curl.h>
#include <pthread.h>
#include <signal.h>
#include <stdarg.h>
#include <unistd.h>

#include "http/http.h"
#include "http/http_clock.h"
#include "http/http_curl.h"
#include "unit.h"

#define NEVER (-1)
#define SETTINGS 6 /* of a multi handle */

static int64_t now_us = INT64_C(1000000000);

int64_t
http_clock_now_us(void)
{
	return now_us;
}

static int refused_in = NEVER; /* settings */
static int settings;
static int signal_meanwhile;
static bool blocked_meanwhile;
static curl_multi_timer_callback tell_time;
static void *context_of_time;
static long sharing;

extern CURLMcode __real_curl_multi_setopt(CURLM *multi, CURLMoption option, void *value);
extern CURLMcode __wrap_curl_multi_setopt(CURLM *multi, CURLMoption option, void *value);

CURLMcode
__wrap_curl_multi_setopt(CURLM *multi, CURLMoption option, void *value)
{
	sigset_t mask;

	if (settings++ == refused_in)
		return CURLM_OUT_OF_MEMORY;
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	blocked_meanwhile = sigismember(&mask, SIGTERM) && sigismember(&mask, SIGPIPE);
	if (signal_meanwhile != 0)
		raise(signal_meanwhile);
	if (option == CURLMOPT_PIPELINING)
		sharing = (long) value;
	if (option == CURLMOPT_TIMERFUNCTION)
		tell_time = (curl_multi_timer_callback) value;
	if (option == CURLMOPT_TIMERDATA)
		context_of_time = value;
	return __real_curl_multi_setopt(multi, option, value);
}

/* Abandoned ones leave their memory to the end of the process, which is no leak. */
static HttpClient *volatile clients[20];
static int client_count;

static HttpClient *
create(void)
{
	const HttpClientOptions options = {.user_agent = "unit-test/1", .ca_file = "ca.pem"};

	settings = 0;
	return clients[client_count++] = http_client_create(&options);
}

static int
next_descriptor(void)
{
	int next = dup(STDOUT_FILENO);

	close(next);
	return next;
}

static void
test_creation(void)
{
	int next;

	/* What curl opens for the whole process is open then. */
	http_client_abandon(create());
	next = next_descriptor();
	for (refused_in = 0; refused_in < SETTINGS; refused_in++)
	{
		ok(create() == NULL, "without memory, there is no client");
		is_int(next_descriptor(), next, "... and no descriptor is left open");
	}
	refused_in = NEVER;
	http_client_abandon(create());
	is_int(sharing, http_curl_shares_connections() ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING,
		   "exchanges share a connection where curl keeps them apart");
}

static void
test_time(void)
{
	HttpClient *client = create();

	is_int(http_client_timeout_ms(client), -1, "nothing is due");
	tell_time(NULL, 2000, context_of_time);
	is_int(http_client_timeout_ms(client), 2000, "curl wants to be called");
	now_us += 1;
	is_int(http_client_timeout_ms(client), 2000, "... not a moment earlier");
	now_us += 999;
	is_int(http_client_timeout_ms(client), 1999, "... nor later");
	now_us += 1998 * INT64_C(1000) + 999;
	is_int(http_client_timeout_ms(client), 1, "... in a microsecond");
	now_us += 1;
	is_int(http_client_timeout_ms(client), 0, "... now");
	now_us += 5000;
	is_int(http_client_timeout_ms(client), 0, "... or since a while");
	tell_time(NULL, -1, context_of_time);
	is_int(http_client_timeout_ms(client), -1, "... no more");
	tell_time(NULL, 0, context_of_time);
	is_int(http_client_timeout_ms(client), 0, "... at once");
	http_client_abandon(client);
}

/* ---- signals ---- */

static int signals_caught;

static void catch (int signal)
{
	(void) signal;
	signals_caught++;
}

static bool
is_pending(int signal)
{
	sigset_t pending;

	sigpending(&pending);
	return sigismember(&pending, signal) == 1;
}

static void
create_with(int signal)
{
	signals_caught = 0;
	signal_meanwhile = signal;
	http_client_abandon(create());
	signal_meanwhile = 0;
}

static void
test_signals(void)
{
	static const int others[] = {SIGUSR1, SIGUSR2, SIGTERM, SIGALRM, SIGHUP, SIGINT};
	sigset_t broken_pipe;
	sigset_t mask;

	signal(SIGPIPE, catch);
	create_with(SIGPIPE);
	ok(blocked_meanwhile, "while curl's code runs, signals are blocked");
	is_int(signals_caught, 0, "a pipe that broke then is nobody's business");
	ok(!is_pending(SIGPIPE), "... also later");
	for (size_t i = 0; i < sizeof(others) / sizeof(others[0]); i++)
	{
		signal(others[i], catch);
		create_with(others[i]);
		is_int(signals_caught, 1, "any other signal comes afterwards");
		signal(others[i], SIG_DFL);
	}
	sigemptyset(&broken_pipe);
	sigaddset(&broken_pipe, SIGPIPE);
	pthread_sigmask(SIG_BLOCK, &broken_pipe, NULL);
	create_with(SIGPIPE);
	ok(is_pending(SIGPIPE), "what the caller has blocked is the caller's");
	pthread_sigmask(SIG_BLOCK, NULL, &mask);
	ok(sigismember(&mask, SIGPIPE) == 1 && sigismember(&mask, SIGTERM) == 0,
	   "the caller's mask is as it was");
	pthread_sigmask(SIG_UNBLOCK, &broken_pipe, NULL);
	is_int(signals_caught, 1, "... and comes when it is let in");
}

int
main(void)
{
	test_creation();
	test_time();
	test_signals();
	return done_testing();
}
