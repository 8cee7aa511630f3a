/*
 * http_client.c
 *		Many HTTP requests at once behind one descriptor.
 *
 * Knows libcurl and epoll; knows neither GitHub nor PostgreSQL.
 *
 * curl tells us which sockets it wants watched and when it wants to be called
 * again; we keep the sockets in an epoll set of our own and remember the time.
 * The caller waits for that one descriptor, together with whatever else it
 * waits for.
 *
 * Time-outs are ours, not curl's, on a clock that stands still while the caller
 * does something else: curl would end what could have gone on, had the caller
 * come in time, before it looks at the socket.
 *
 * Every entrance that can run curl's code blocks all signals first: threads
 * that curl starts to resolve names inherit the mask, so that the process's
 * handlers run in its own thread only.
 */
#include "http/http.h"

#include <curl/curl.h>
#include <errno.h>
#include <signal.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <sys/epoll.h>
#include <sys/socket.h>
#include <time.h>
#include <unistd.h>

#include "http/http_clock.h"
#include "http/http_curl.h"
#include "http/http_exchange.h"
#include "http/http_settings.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87.0 or newer is needed (CURLOPT_QUICK_EXIT)"
#endif

#define MAX_IDLE_HANDLES 64
#define MAX_IDLE_CONNECTIONS 64L
#define RECEIVE_BUFFER_SIZE (256 * 1024L)
#define EVENTS_PER_PROGRESS 128
#define NO_DEADLINE INT64_MIN
#define RETRY_AFTER_FAILURE_MS 100

/* The sockets that are open, so that they can be closed behind curl's back. */
typedef struct SocketList
{
	int *sockets;
	size_t count;
	size_t capacity;
} SocketList;

struct HttpClient
{
	HttpSettings settings;
	CURLM *multi;
	int epoll_descriptor;
	int64_t deadline_us;   /* when curl wants to be called; or NO_DEADLINE */
	int64_t expiry_us;     /* no exchange's time is up before, on the exchanges' clock */
	int64_t lost_us;       /* by which that clock is behind: the caller was busy, and nothing ran */
	int64_t busy_since_us; /* since then the caller is; NO_DEADLINE: it waits */
	HttpExchangeList exchanges; /* under way */
	HttpRoom room;
	SocketList open_sockets;
	CURL *idle_handles[MAX_IDLE_HANDLES];
	int idle_handle_count;
	int under_way;
	HttpExchangeQueue finished;
};

/* ---- Signals ---- */

static void
block_signals(sigset_t *caller_mask)
{
	sigset_t all;

	sigfillset(&all);
	(void) pthread_sigmask(SIG_BLOCK, &all, caller_mask);
}

/*
 * OpenSSL writes to sockets the other side may have closed.  The SIGPIPE this
 * leaves pending is ours to take, unless the caller had it blocked anyway.
 */
static void
restore_signals(const sigset_t *caller_mask)
{
	if (!sigismember(caller_mask, SIGPIPE))
	{
		const struct timespec at_once = {0, 0};
		sigset_t broken_pipe;

		sigemptyset(&broken_pipe);
		sigaddset(&broken_pipe, SIGPIPE);
		(void) sigtimedwait(&broken_pipe, NULL, &at_once);
	}
	(void) pthread_sigmask(SIG_SETMASK, caller_mask, NULL);
}

/* ---- Time ---- */

static int
remember_deadline(CURLM *multi, long timeout_ms, void *context)
{
	HttpClient *client = context;

	(void) multi;
	client->deadline_us =
		timeout_ms < 0 ? NO_DEADLINE : http_clock_now_us() + (int64_t) timeout_ms * 1000;
	return 0;
}

/* ---- Sockets ---- */

static bool
remember_socket(SocketList *list, int descriptor)
{
	if (list->count == list->capacity)
	{
		size_t capacity = list->capacity == 0 ? 64 : list->capacity * 2;
		int *sockets = realloc(list->sockets, capacity * sizeof(int));

		if (sockets == NULL)
			return false;
		list->sockets = sockets;
		list->capacity = capacity;
	}
	list->sockets[list->count++] = descriptor;
	return true;
}

static void
forget_socket(SocketList *list, int descriptor)
{
	size_t i;

	for (i = 0; i < list->count; i++)
	{
		if (list->sockets[i] == descriptor)
		{
			list->sockets[i] = list->sockets[--list->count];
			return;
		}
	}
}

/* Close-on-exec: a program started meanwhile must not inherit the connection. */
static curl_socket_t
open_socket(void *context, curlsocktype purpose, struct curl_sockaddr *address)
{
	HttpClient *client = context;
	int descriptor;

	(void) purpose;
	descriptor = socket(address->family, address->socktype | SOCK_CLOEXEC, address->protocol);
	if (descriptor < 0)
		return CURL_SOCKET_BAD;
	if (!remember_socket(&client->open_sockets, descriptor))
	{
		close(descriptor);
		return CURL_SOCKET_BAD;
	}
	return descriptor;
}

static int
close_socket(void *context, curl_socket_t descriptor)
{
	HttpClient *client = context;

	forget_socket(&client->open_sockets, descriptor);
	return close(descriptor);
}

static uint32_t
events_wanted(int what)
{
	switch (what)
	{
		case CURL_POLL_IN:
			return EPOLLIN;
		case CURL_POLL_OUT:
			return EPOLLOUT;
		default:
			return EPOLLIN | EPOLLOUT;
	}
}

/*
 * CURLMOPT_SOCKETFUNCTION.  Always 0: any other answer makes curl fail every
 * exchange from now on, while a socket the kernel would not watch for lack of
 * memory costs only its own exchange, which runs into its time-out.
 */
static int
watch_socket(CURL *easy, curl_socket_t descriptor, int what, void *context, void *per_socket)
{
	HttpClient *client = context;
	struct epoll_event event = {0};

	(void) easy;
	(void) per_socket;
	if (what == CURL_POLL_REMOVE)
	{
		(void) epoll_ctl(client->epoll_descriptor, EPOLL_CTL_DEL, descriptor, NULL);
		return 0;
	}

	event.events = events_wanted(what);
	event.data.fd = descriptor;
	if (epoll_ctl(client->epoll_descriptor, EPOLL_CTL_MOD, descriptor, &event) < 0 &&
		errno == ENOENT)
		(void) epoll_ctl(client->epoll_descriptor, EPOLL_CTL_ADD, descriptor, &event);
	return 0;
}

/* ---- Creation and end ---- */

static long
exchanges_on_a_connection(void)
{
	return http_curl_shares_connections() ? CURLPIPE_MULTIPLEX : CURLPIPE_NOTHING;
}

static bool
set_up_multi(HttpClient *client)
{
	client->multi = curl_multi_init();
	return client->multi != NULL &&
		curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, remember_deadline) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_PIPELINING, exchanges_on_a_connection()) ==
		CURLM_OK;
}

static bool
set_up_client(HttpClient *client, const HttpClientOptions *options)
{
	if (!http_settings_make(&client->settings, options))
		return false;
	client->epoll_descriptor = epoll_create1(EPOLL_CLOEXEC);
	return client->epoll_descriptor >= 0 && set_up_multi(client);
}

static HttpClient *
create_client(const HttpClientOptions *options)
{
	HttpClient *client;

	if (curl_global_init(CURL_GLOBAL_DEFAULT) != CURLE_OK)
		return NULL;
	client = calloc(1, sizeof(HttpClient));
	if (client == NULL)
		return NULL;

	client->epoll_descriptor = -1;
	client->deadline_us = NO_DEADLINE;
	client->expiry_us = NO_DEADLINE;
	client->busy_since_us = NO_DEADLINE;
	if (set_up_client(client, options))
		return client;

	curl_multi_cleanup(client->multi);
	if (client->epoll_descriptor >= 0)
		close(client->epoll_descriptor);
	http_settings_free(&client->settings);
	free(client);
	return NULL;
}

HttpClient *
http_client_create(const HttpClientOptions *options)
{
	HttpClient *client;
	sigset_t caller_mask;

	block_signals(&caller_mask);
	client = create_client(options);
	restore_signals(&caller_mask);
	return client;
}

bool
http_client_reconfigure(HttpClient *client, const HttpClientOptions *options)
{
	return http_settings_replace(&client->settings, options);
}

/*
 * curl is not told: its own clean-up would wait for threads that resolve
 * names.  Such a thread touches only memory of its own and a socket pair that
 * we did not open and so do not close.
 */
void
http_client_abandon(HttpClient *client)
{
	size_t i;

	for (i = 0; i < client->open_sockets.count; i++)
		close(client->open_sockets.sockets[i]);
	client->open_sockets.count = 0;
	close(client->epoll_descriptor);
	client->epoll_descriptor = -1;
}

/* ---- Starting an exchange ---- */

/*
 * Over HTTP/2, curl 7.88 overlooks the end of an answer that fills its receive
 * buffer of 16 kB to the brim, headers and body together, and waits for it until
 * the time-out.  What it takes from a connection at a time, and the headers it
 * may have kept from before, fit into this one.  False: the handle still has a
 * buffer, as others used its connection when it was done.
 */
static bool
set_receive_buffer(CURL *easy)
{
	return curl_easy_setopt(easy, CURLOPT_BUFFERSIZE, RECEIVE_BUFFER_SIZE) == CURLE_OK;
}

/* Handles are kept where they can be: their TLS sessions make the next one cheap. */
static CURL *
take_handle(HttpClient *client)
{
	CURL *easy;

	if (client->idle_handle_count > 0)
		return client->idle_handles[--client->idle_handle_count];
	easy = curl_easy_init();
	if (easy != NULL && set_receive_buffer(easy))
		return easy;
	curl_easy_cleanup(easy);
	return NULL;
}

/* Resetting makes curl forget the request, its body included. */
static void
give_back_handle(HttpClient *client, CURL *easy)
{
	if (easy == NULL)
		return;
	curl_easy_reset(easy);
	if (!http_curl_keeps_handles() || client->idle_handle_count == MAX_IDLE_HANDLES ||
		!set_receive_buffer(easy))
		curl_easy_cleanup(easy);
	else
		client->idle_handles[client->idle_handle_count++] = easy;
}

/* True when the option was accepted. */
#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

static bool
set_sockets(CURL *easy, HttpClient *client)
{
	return SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, client) &&
		SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket) && SET(CURLOPT_CLOSESOCKETDATA, client);
}

#undef SET

static bool
hand_to_curl(HttpClient *client, const HttpRequest *request, HttpExchange *exchange, CURL *easy)
{
	return http_settings_apply(&client->settings, request, easy) && set_sockets(easy, client) &&
		http_exchange_attach(exchange, easy) &&
		curl_multi_add_handle(client->multi, easy) == CURLM_OK;
}

/* The clock of the exchanges. */
static int64_t
exchanges_now_us(const HttpClient *client)
{
	return http_clock_now_us() - client->lost_us;
}

static void
consider_expiry(HttpClient *client, const HttpExchange *exchange)
{
	int64_t deadline_us = http_exchange_deadline(exchange);

	if (client->expiry_us == NO_DEADLINE || deadline_us < client->expiry_us)
		client->expiry_us = deadline_us;
}

static void
note_exchange_start(HttpClient *client, HttpExchange *exchange, CURL *easy)
{
	int64_t now = exchanges_now_us(client);

	http_exchange_set_deadlines(exchange,
								now + (int64_t) client->settings.options.connect_timeout_ms * 1000,
								now + (int64_t) client->settings.options.request_timeout_ms * 1000);
	http_exchange_list_add(&client->exchanges, exchange, easy);
	consider_expiry(client, exchange);
	client->under_way++;
}

static HttpStart
start_request(HttpClient *client, const HttpRequest *request)
{
	HttpStart start = http_settings_check(&client->settings, request);
	HttpExchange *exchange;
	CURL *easy;

	if (start != HTTP_STARTED)
		return start;
	exchange = http_exchange_create(request, &client->settings.options, &client->room);
	if (exchange == NULL)
		return HTTP_NO_MEMORY;

	easy = take_handle(client);
	if (easy == NULL || !hand_to_curl(client, request, exchange, easy))
	{
		give_back_handle(client, easy);
		http_exchange_free(exchange);
		return HTTP_NO_MEMORY;
	}
	note_exchange_start(client, exchange, easy);
	return HTTP_STARTED;
}

HttpStart
http_client_start(HttpClient *client, const HttpRequest *request)
{
	HttpStart start;
	sigset_t caller_mask;

	block_signals(&caller_mask);
	start = start_request(client, request);
	restore_signals(&caller_mask);
	return start;
}

/* ---- Progress ---- */

static int
readiness(uint32_t events)
{
	return (events & (EPOLLIN | EPOLLRDHUP) ? CURL_CSELECT_IN : 0) |
		(events & EPOLLOUT ? CURL_CSELECT_OUT : 0) |
		(events & (EPOLLERR | EPOLLHUP) ? CURL_CSELECT_ERR : 0);
}

/*
 * When curl runs out of memory it returns before it says when to call again,
 * which would leave its exchanges without their time-outs.
 */
static void
run_curl(HttpClient *client, curl_socket_t descriptor, int ready)
{
	int running;

	if (curl_multi_socket_action(client->multi, descriptor, ready, &running) != CURLM_OK)
		remember_deadline(client->multi, RETRY_AFTER_FAILURE_MS, client);
}

/* curl ignores a socket it has closed while serving an earlier event. */
static void
serve_ready_sockets(HttpClient *client)
{
	struct epoll_event events[EVENTS_PER_PROGRESS];
	int count;
	int i;

	count = epoll_wait(client->epoll_descriptor, events, EVENTS_PER_PROGRESS, 0);
	for (i = 0; i < count; i++)
		run_curl(client, events[i].data.fd, readiness(events[i].events));
}

/* Forgotten first, as curl says within the call when it wants the next. */
static void
serve_deadline(HttpClient *client)
{
	if (client->deadline_us == NO_DEADLINE || http_clock_now_us() < client->deadline_us)
		return;
	client->deadline_us = NO_DEADLINE;
	run_curl(client, CURL_SOCKET_TIMEOUT, 0);
}

static void
finish_exchange(HttpClient *client, HttpExchange *exchange, CURLcode result)
{
	CURL *easy = http_exchange_handle(exchange);

	(void) curl_multi_remove_handle(client->multi, easy);
	http_exchange_list_remove(&client->exchanges, exchange);
	http_exchange_finish(exchange, easy, result);
	give_back_handle(client, easy);
	http_exchange_push(&client->finished, exchange);
	client->under_way--;
}

static HttpExchange *
exchange_of(CURL *easy)
{
	char *exchange = NULL;

	(void) curl_easy_getinfo(easy, CURLINFO_PRIVATE, &exchange);
	return (HttpExchange *) exchange;
}

static void
collect_finished(HttpClient *client)
{
	CURLMsg *message;
	int remaining;

	while ((message = curl_multi_info_read(client->multi, &remaining)) != NULL)
	{
		if (message->msg == CURLMSG_DONE)
			finish_exchange(client, exchange_of(message->easy_handle), message->data.result);
	}
}

/* After what has come was taken: an answer that is there is in time. */
static void
expire_exchanges(HttpClient *client)
{
	int64_t now = exchanges_now_us(client);
	HttpExchange *next;

	if (client->expiry_us == NO_DEADLINE || now < client->expiry_us)
		return;
	client->expiry_us = NO_DEADLINE;
	for (HttpExchange *exchange = client->exchanges.first; exchange != NULL; exchange = next)
	{
		next = http_exchange_list_next(exchange);
		if (http_exchange_deadline(exchange) > now)
		{
			consider_expiry(client, exchange);
			continue;
		}
		http_exchange_expire(exchange);
		finish_exchange(client, exchange, CURLE_OPERATION_TIMEDOUT);
	}
}

/* What the caller did since it was here last kept the exchanges waiting. */
static void
note_lost_time(HttpClient *client)
{
	if (client->busy_since_us != NO_DEADLINE)
		client->lost_us += http_clock_now_us() - client->busy_since_us;
	client->busy_since_us = NO_DEADLINE;
}

void
http_client_progress(HttpClient *client)
{
	sigset_t caller_mask;

	block_signals(&caller_mask);
	note_lost_time(client);
	serve_ready_sockets(client);
	serve_deadline(client);
	collect_finished(client);
	expire_exchanges(client);
	client->busy_since_us = http_clock_now_us();
	restore_signals(&caller_mask);
}

/* ---- What the caller may ask ---- */

int
http_client_descriptor(const HttpClient *client)
{
	return client->epoll_descriptor;
}

static int64_t
earlier(int64_t one_us, int64_t other_us)
{
	if (one_us == NO_DEADLINE || other_us == NO_DEADLINE)
		return one_us == NO_DEADLINE ? other_us : one_us;
	return one_us < other_us ? one_us : other_us;
}

/* Rounded up: waking a moment early would only spin until the deadline. */
long
http_client_timeout_ms(HttpClient *client)
{
	int64_t expiry_us;
	int64_t deadline_us;
	int64_t left_us;

	note_lost_time(client);
	if (client->finished.first != NULL)
		return 0;
	expiry_us = client->under_way > 0 && client->expiry_us != NO_DEADLINE
		? client->expiry_us + client->lost_us
		: NO_DEADLINE;
	deadline_us = earlier(client->deadline_us, expiry_us);
	if (deadline_us == NO_DEADLINE)
		return -1;
	left_us = deadline_us - http_clock_now_us();
	return left_us <= 0 ? 0 : (long) ((left_us + 999) / 1000);
}

HttpExchange *
http_client_take_finished(HttpClient *client)
{
	return http_exchange_pop(&client->finished);
}

int
http_client_exchanges_under_way(const HttpClient *client)
{
	return client->under_way;
}
