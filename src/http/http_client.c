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

#include "http/http_exchange.h"

#if LIBCURL_VERSION_NUM < 0x075700
#error "libcurl 7.87.0 or newer is needed (CURLOPT_QUICK_EXIT)"
#endif

#define MAX_IDLE_HANDLES 64
#define MAX_IDLE_CONNECTIONS 64L
#define RECEIVE_BUFFER_SIZE (256 * 1024L)
#define EVENTS_PER_PROGRESS 128
#define NO_DEADLINE INT64_MIN
#define RETRY_AFTER_FAILURE_MS 100
#define CERTIFICATES_KEPT_MAX_S (24 * 60 * 60L)
#define CONNECTIONS_KEPT_MAX_S (24 * 60 * 60L)

/* The sockets that are open, so that they can be closed behind curl's back. */
typedef struct SocketList
{
	int *sockets;
	size_t count;
	size_t capacity;
} SocketList;

struct HttpClient
{
	HttpClientOptions options; /* its strings are ours */
	int64_t options_set_us;
	unsigned generation; /* of the options */
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

static int64_t
now_us(void)
{
	struct timespec now;

	(void) clock_gettime(CLOCK_MONOTONIC, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static int
remember_deadline(CURLM *multi, long timeout_ms, void *context)
{
	HttpClient *client = context;

	(void) multi;
	client->deadline_us = timeout_ms < 0 ? NO_DEADLINE : now_us() + (int64_t) timeout_ms * 1000;
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

/* ---- Options ---- */

static bool
copy_text(const char **copy, const char *text)
{
	*copy = text != NULL ? strdup(text) : NULL;
	return text == NULL || *copy != NULL;
}

static void
free_options(HttpClientOptions *options)
{
	free((char *) options->user_agent);
	free((char *) options->ca_file);
	free((char *) options->proxy);
}

/* On failure nothing is left to free. */
static bool
copy_options(HttpClientOptions *copy, const HttpClientOptions *options)
{
	*copy = *options;
	copy->user_agent = copy->ca_file = copy->proxy = NULL;
	if (copy_text(&copy->user_agent, options->user_agent) &&
		copy_text(&copy->ca_file, options->ca_file) && copy_text(&copy->proxy, options->proxy))
		return true;
	free_options(copy);
	return false;
}

/* With them go their TLS sessions: a session that is resumed shows no certificate, whom to trust now or not. */
static void
drop_idle_handles(HttpClient *client)
{
	sigset_t caller_mask;

	block_signals(&caller_mask);
	while (client->idle_handle_count > 0)
		curl_easy_cleanup(client->idle_handles[--client->idle_handle_count]);
	restore_signals(&caller_mask);
}

bool
http_client_reconfigure(HttpClient *client, const HttpClientOptions *options)
{
	HttpClientOptions copy;

	if (!copy_options(&copy, options))
		return false;
	free_options(&client->options);
	client->options = copy;
	client->options_set_us = now_us();
	client->generation++;
	drop_idle_handles(client);
	return true;
}

/* ---- Creation and end ---- */

static bool
set_up_multi(HttpClient *client)
{
	client->multi = curl_multi_init();
	return client->multi != NULL &&
		curl_multi_setopt(client->multi, CURLMOPT_SOCKETFUNCTION, watch_socket) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_SOCKETDATA, client) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_TIMERFUNCTION, remember_deadline) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_TIMERDATA, client) == CURLM_OK &&
		curl_multi_setopt(client->multi, CURLMOPT_MAXCONNECTS, MAX_IDLE_CONNECTIONS) == CURLM_OK;
}

static bool
set_up_client(HttpClient *client, const HttpClientOptions *options)
{
	if (!copy_options(&client->options, options))
		return false;
	client->options_set_us = now_us();
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
	free_options(&client->options);
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

/* True when the option was accepted. */
#define SET(option, value) (curl_easy_setopt(easy, (option), (value)) == CURLE_OK)

/* Everything said here holds whatever the process's environment says. */
static bool
set_route(CURL *easy, const HttpClientOptions *options)
{
	return SET(CURLOPT_PROXY, options->proxy != NULL ? options->proxy : "") &&
		SET(CURLOPT_NOPROXY, "") && SET(CURLOPT_SUPPRESS_CONNECT_HEADERS, 1L) &&
		SET(CURLOPT_PROTOCOLS_STR, options->allow_plain_http ? "http,https" : "https") &&
		SET(CURLOPT_FOLLOWLOCATION, 0L) && SET(CURLOPT_PATH_AS_IS, 1L);
}

/*
 * A file may have other content since the options were set, though its name is
 * the same: no copy that curl has parsed before that is used.  0, in the first
 * second, is no copy at all.
 */
static long
age_of_certificates_kept_s(const HttpClient *client)
{
	int64_t seconds = (now_us() - client->options_set_us) / 1000000;

	return seconds < CERTIFICATES_KEPT_MAX_S ? (long) seconds : CERTIFICATES_KEPT_MAX_S;
}

/*
 * Nor is a connection that is older than the options: it was made to whom was
 * trusted then.  0 would be no limit.
 */
static long
age_of_connections_s(const HttpClient *client)
{
	int64_t seconds = (now_us() - client->options_set_us) / 1000000;

	if (seconds < 1)
		return 1;
	return seconds < CONNECTIONS_KEPT_MAX_S ? (long) seconds : CONNECTIONS_KEPT_MAX_S;
}

/*
 * A session that is resumed shows no certificate, whom to trust now or not.  From
 * libcurl 8.12 on sessions are kept beside the handles, and nothing drops them.
 */
static bool
may_resume_sessions(const HttpClient *client)
{
	return client->generation == 0;
}

/*
 * A CA file replaces the system's certificates instead of adding to them, for
 * GitHub and for a proxy: who names one means to trust no other.  A system that
 * has its certificates in one file has the same in a directory, which is left
 * out: with a directory curl keeps no parsed copy, and every new connection
 * costs 25 ms of parsing.
 */
static bool
set_security(CURL *easy, const HttpClient *client)
{
	const HttpClientOptions *options = &client->options;
	bool one_file = options->ca_file != NULL || curl_version_info(CURLVERSION_NOW)->cainfo != NULL;

	return SET(CURLOPT_SSL_VERIFYPEER, 1L) && SET(CURLOPT_SSL_VERIFYHOST, 2L) &&
		SET(CURLOPT_PROXY_SSL_VERIFYPEER, 1L) && SET(CURLOPT_PROXY_SSL_VERIFYHOST, 2L) &&
		(options->ca_file == NULL ||
		 (SET(CURLOPT_CAINFO, options->ca_file) && SET(CURLOPT_PROXY_CAINFO, options->ca_file))) &&
		(!one_file || (SET(CURLOPT_CAPATH, NULL) && SET(CURLOPT_PROXY_CAPATH, NULL))) &&
		SET(CURLOPT_CA_CACHE_TIMEOUT, age_of_certificates_kept_s(client)) &&
		SET(CURLOPT_SSL_SESSIONID_CACHE, may_resume_sessions(client) ? 1L : 0L) &&
		SET(CURLOPT_MAXLIFETIME_CONN, age_of_connections_s(client));
}

/*
 * curl gives a host's first address half of its time before it tries the next:
 * so much more than ours that ours ends first, and so little that the next
 * address has its turn before.
 */
static long
connect_timeout_of_curl_ms(const HttpClientOptions *options)
{
	return options->connect_timeout_ms + options->connect_timeout_ms / 2;
}

static bool
set_connection(CURL *easy, HttpClient *client)
{
	return SET(CURLOPT_NOSIGNAL, 1L) && SET(CURLOPT_QUICK_EXIT, 1L) &&
		SET(CURLOPT_OPENSOCKETFUNCTION, open_socket) && SET(CURLOPT_OPENSOCKETDATA, client) &&
		SET(CURLOPT_CLOSESOCKETFUNCTION, close_socket) && SET(CURLOPT_CLOSESOCKETDATA, client) &&
		SET(CURLOPT_TCP_KEEPALIVE, 1L) &&
		SET(CURLOPT_HTTP_VERSION, (long) CURL_HTTP_VERSION_2TLS) && SET(CURLOPT_PIPEWAIT, 1L) &&
		SET(CURLOPT_CONNECTTIMEOUT_MS, connect_timeout_of_curl_ms(&client->options)) &&
		SET(CURLOPT_TIMEOUT_MS, 0L);
}

/* Its length first: a body may hold NUL bytes. */
static bool
set_body(CURL *easy, const HttpRequest *request)
{
	size_t length = request->body != NULL ? request->body_length : 0;

	return SET(CURLOPT_POST, 1L) && SET(CURLOPT_POSTFIELDSIZE_LARGE, (curl_off_t) length) &&
		SET(CURLOPT_COPYPOSTFIELDS, request->body != NULL ? request->body : "");
}

static bool
set_method(CURL *easy, const HttpRequest *request)
{
	const char *method = request->method;

	if (strcmp(method, "GET") == 0)
		return request->body == NULL && SET(CURLOPT_HTTPGET, 1L);
	if (strcmp(method, "POST") == 0)
		return set_body(easy, request);
	if (strcmp(method, "PATCH") == 0)
		return set_body(easy, request) && SET(CURLOPT_CUSTOMREQUEST, method);
	if (strcmp(method, "DELETE") == 0)
		return (request->body == NULL || set_body(easy, request)) &&
			SET(CURLOPT_CUSTOMREQUEST, method);
	return false;
}

/*
 * A connection of its own has no silent end behind it, so that "at most once"
 * seldom has to mean "perhaps not at all".  It may serve others afterwards.
 */
static bool
set_request(CURL *easy, const HttpClient *client, const HttpRequest *request)
{
	return SET(CURLOPT_URL, request->url) && SET(CURLOPT_FRESH_CONNECT, request->once ? 1L : 0L) &&
		SET(CURLOPT_ACCEPT_ENCODING, "") &&
		(client->options.user_agent == NULL ||
		 SET(CURLOPT_USERAGENT, client->options.user_agent)) &&
		set_method(easy, request);
}

#undef SET

static bool
scheme_is_allowed(const char *scheme, bool allow_plain_http)
{
	return strcmp(scheme, "https") == 0 || (allow_plain_http && strcmp(scheme, "http") == 0);
}

/* Credentials belong into headers: a URL shows up in curl's messages. */
static HttpStart
check_url(const char *url, bool allow_plain_http)
{
	CURLU *parsed = curl_url();
	char *scheme = NULL;
	CURLUcode result = CURLUE_OUT_OF_MEMORY;
	bool usable;

	if (parsed != NULL)
		result = curl_url_set(parsed, CURLUPART_URL, url, CURLU_DISALLOW_USER);
	if (result == CURLUE_OK)
		result = curl_url_get(parsed, CURLUPART_SCHEME, &scheme, 0);
	usable = result == CURLUE_OK && scheme_is_allowed(scheme, allow_plain_http);
	curl_free(scheme);
	curl_url_cleanup(parsed);
	if (result == CURLUE_OUT_OF_MEMORY)
		return HTTP_NO_MEMORY;
	return usable ? HTTP_STARTED : HTTP_UNUSABLE;
}

static bool
method_is_known(const HttpRequest *request)
{
	static const char *const methods[] = {"GET", "POST", "PATCH", "DELETE"};

	for (size_t i = 0; i < sizeof(methods) / sizeof(methods[0]); i++)
	{
		if (strcmp(request->method, methods[i]) == 0)
			return i > 0 || request->body == NULL;
	}
	return false;
}

/* A line break would smuggle in another header. */
static bool
headers_are_usable(const char *const *headers)
{
	for (; headers != NULL && *headers != NULL; headers++)
	{
		if (strpbrk(*headers, "\r\n") != NULL)
			return false;
	}
	return true;
}

/* HTTP_STARTED: nothing is wrong with it, so that whatever fails then is no fault of its. */
static HttpStart
check_request(const HttpClient *client, const HttpRequest *request)
{
	if (!method_is_known(request) || !headers_are_usable(request->headers))
		return HTTP_UNUSABLE;
	return check_url(request->url, client->options.allow_plain_http);
}

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

/* Handles are kept: their TLS sessions make the next one cheap. */
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
	if (client->idle_handle_count == MAX_IDLE_HANDLES || !set_receive_buffer(easy))
		curl_easy_cleanup(easy);
	else
		client->idle_handles[client->idle_handle_count++] = easy;
}

static bool
hand_to_curl(HttpClient *client, const HttpRequest *request, HttpExchange *exchange, CURL *easy)
{
	return set_route(easy, &client->options) && set_security(easy, client) &&
		set_connection(easy, client) && set_request(easy, client, request) &&
		http_exchange_attach(exchange, easy) &&
		curl_multi_add_handle(client->multi, easy) == CURLM_OK;
}

/* The clock of the exchanges. */
static int64_t
exchanges_now_us(const HttpClient *client)
{
	return now_us() - client->lost_us;
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

	http_exchange_set_deadlines(exchange, now + (int64_t) client->options.connect_timeout_ms * 1000,
								now + (int64_t) client->options.request_timeout_ms * 1000);
	http_exchange_set_generation(exchange, client->generation);
	http_exchange_list_add(&client->exchanges, exchange, easy);
	consider_expiry(client, exchange);
	client->under_way++;
}

static HttpStart
start_request(HttpClient *client, const HttpRequest *request)
{
	HttpStart start = check_request(client, request);
	HttpExchange *exchange;
	CURL *easy;

	if (start != HTTP_STARTED)
		return start;
	exchange = http_exchange_create(request, &client->options, &client->room);
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
	if (client->deadline_us == NO_DEADLINE || now_us() < client->deadline_us)
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
	if (http_exchange_generation(exchange) == client->generation)
		give_back_handle(client, easy);
	else
		curl_easy_cleanup(easy);
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
		client->lost_us += now_us() - client->busy_since_us;
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
	client->busy_since_us = now_us();
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
	left_us = deadline_us - now_us();
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
