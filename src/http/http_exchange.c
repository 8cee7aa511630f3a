/*
 * http_exchange.c
 *		One request and what comes back for it.
 *
 * The callbacks here are called by curl, deep inside http_client_progress().
 * They report and never throw: a stranger's bytes are counted before they are
 * stored, and memory that runs out ends the exchange, not the process.
 *
 * Words: a sending is one attempt of curl to put the request on a connection.
 * When a connection it used before dies without a single byte of answer, curl
 * sends again by itself, a POST like any other request, although the server
 * may have acted on the first.  A connection of its own does not prevent it:
 * over HTTP/2 another exchange can join that connection, which then counts as
 * used before.  Counting the sendings is what keeps the promise of "once", and
 * what tells "never sent" from "cut off".
 */
#include "http/http_exchange.h"

#include <stdint.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define DEFAULT_MAX_HEADERS 200
#define DEFAULT_MAX_HEADER_BYTES ((size_t) 256 * 1024)
#define DEFAULT_MAX_LARGE_BYTES ((size_t) 64 * 1024 * 1024)
#define SMALLEST_BUFFER ((size_t) 1024)

/* Bytes that grow up to a limit; the data is NUL-terminated, or NULL. */
typedef struct Buffer
{
	char *data;
	size_t length;
	size_t capacity;
	size_t limit;
} Buffer;

/* Why one of our callbacks told curl to stop. */
typedef enum StopReason
{
	NOT_STOPPED,
	STOPPED_BODY_TOO_LARGE,
	STOPPED_HEADERS_TOO_LARGE,
	STOPPED_OUT_OF_MEMORY,
	STOPPED_NO_ROOM,
	STOPPED_TIME_IS_UP,
	STOPPED_SECOND_SENDING
} StopReason;

struct HttpExchange
{
	HttpExchange *next;     /* in its queue, or among those under way */
	HttpExchange *previous; /* among those under way */
	CURL *easy;             /* while it is under way */
	int64_t send_by;
	int64_t end_by;
	void *tag;
	struct curl_slist *request_headers;
	bool once;
	int sendings;
	StopReason stop_reason;

	int status;
	Buffer headers; /* "name\0value\0" for each */
	size_t header_count;
	size_t max_headers;
	size_t header_bytes; /* as they came, with interim answers' and trailers */
	size_t max_header_bytes;
	bool headers_complete;
	Buffer body;
	HttpRoom *room;
	size_t room_taken; /* nothing, or all of the body */

	HttpOutcome outcome;
	char error[CURL_ERROR_SIZE];
};

/* ---- Bounded memory ---- */

/* What is there and what is added lie in memory already: their sum is in range, and twice of it. */
static bool
buffer_reserve(Buffer *buffer, size_t needed)
{
	size_t capacity = buffer->capacity < SMALLEST_BUFFER ? SMALLEST_BUFFER : buffer->capacity;
	char *data;

	if (needed <= buffer->capacity)
		return true;
	while (capacity < needed)
		capacity *= 2;

	data = realloc(buffer->data, capacity);
	if (data == NULL)
		return false;
	buffer->data = data;
	buffer->capacity = capacity;
	return true;
}

static StopReason
buffer_append(Buffer *buffer, const char *bytes, size_t length, StopReason when_over)
{
	if (length > buffer->limit - buffer->length)
		return when_over;
	if (!buffer_reserve(buffer, buffer->length + length + 1))
		return STOPPED_OUT_OF_MEMORY;

	memcpy(buffer->data + buffer->length, bytes, length);
	buffer->length += length;
	buffer->data[buffer->length] = '\0';
	return NOT_STOPPED;
}

/* ---- Response headers ---- */

static void
begin_header_block(HttpExchange *exchange)
{
	exchange->headers.length = 0;
	exchange->header_count = 0;
	exchange->headers_complete = false;
}

static bool
is_space(char c)
{
	return c == ' ' || c == '\t' || c == '\r' || c == '\n';
}

/* Cuts white space from both ends of [*text, *text + *length). */
static void
trim(const char **text, size_t *length)
{
	while (*length > 0 && is_space(**text))
	{
		(*text)++;
		(*length)--;
	}
	while (*length > 0 && is_space((*text)[*length - 1]))
		(*length)--;
}

/* A NUL within would shift every name and value stored behind it. */
static StopReason
store_header_part(HttpExchange *exchange, const char *text, size_t length)
{
	StopReason reason;

	trim(&text, &length);
	reason =
		buffer_append(&exchange->headers, text, strnlen(text, length), STOPPED_HEADERS_TOO_LARGE);
	if (reason != NOT_STOPPED)
		return reason;
	return buffer_append(&exchange->headers, "", 1, STOPPED_HEADERS_TOO_LARGE);
}

static StopReason
store_header(HttpExchange *exchange, const char *line, size_t length)
{
	const char *colon = memchr(line, ':', length);
	size_t name_length;
	StopReason reason;

	/* Neither a header nor a continued one: nothing we could be asked for. */
	if (colon == NULL || is_space(line[0]))
		return NOT_STOPPED;
	if (exchange->header_count >= exchange->max_headers)
		return STOPPED_HEADERS_TOO_LARGE;

	name_length = (size_t) (colon - line);
	reason = store_header_part(exchange, line, name_length);
	if (reason == NOT_STOPPED)
		reason = store_header_part(exchange, colon + 1, length - name_length - 1);
	if (reason == NOT_STOPPED)
		exchange->header_count++;
	return reason;
}

/* curl keeps a copy of every line, whatever we make of it, and trailers without an end. */
static StopReason
count_header_line(HttpExchange *exchange, size_t size)
{
	if (size > exchange->max_header_bytes - exchange->header_bytes)
		return STOPPED_HEADERS_TOO_LARGE;
	exchange->header_bytes += size;
	return NOT_STOPPED;
}

/*
 * CURLOPT_HEADERFUNCTION: status lines, headers, the empty line behind them,
 * and trailers, one call each.  A new status line replaces what interim
 * answers (1xx) said; trailers are dropped, as they may contradict headers.
 */
static size_t
receive_header(char *line, size_t one, size_t length, void *context)
{
	HttpExchange *exchange = context;
	size_t size = one * length;
	bool empty = size == 0 || line[0] == '\r' || line[0] == '\n';

	exchange->stop_reason = count_header_line(exchange, size);
	if (exchange->stop_reason != NOT_STOPPED)
		return 0;
	if (exchange->body.length == 0 && size >= 5 && memcmp(line, "HTTP/", 5) == 0)
		begin_header_block(exchange);
	else if (empty)
		exchange->headers_complete = true;
	else if (!exchange->headers_complete)
		exchange->stop_reason = store_header(exchange, line, size);

	/* Any other number than all of them tells curl to abort. */
	return exchange->stop_reason == NOT_STOPPED ? size : 0;
}

/* ---- Room for large bodies ---- */

static bool
take_room(HttpExchange *exchange, size_t length)
{
	HttpRoom *room = exchange->room;
	size_t more = length - exchange->room_taken;

	if (length <= HTTP_SMALL_BODY)
		return true;
	if (room->taken > room->most || more > room->most - room->taken)
		return false;
	room->taken += more;
	exchange->room_taken = length;
	return true;
}

static void
leave_room(HttpExchange *exchange)
{
	exchange->room->taken -= exchange->room_taken;
	exchange->room_taken = 0;
}

/*
 * CURLOPT_WRITEFUNCTION.  The bytes come decompressed, so the limit holds
 * against a small answer that unpacks to a large one.
 */
static size_t
receive_body(char *bytes, size_t one, size_t length, void *context)
{
	HttpExchange *exchange = context;
	size_t size = one * length;

	exchange->stop_reason = buffer_append(&exchange->body, bytes, size, STOPPED_BODY_TOO_LARGE);
	if (exchange->stop_reason == NOT_STOPPED && !take_room(exchange, exchange->body.length))
		exchange->stop_reason = STOPPED_NO_ROOM;
	return exchange->stop_reason == NOT_STOPPED ? size : 0;
}

/*
 * CURLOPT_PREREQFUNCTION: a connection is there, and the next thing curl does
 * is to send the request on it.
 */
static int
count_sending(void *context, char *remote_ip, char *local_ip, int remote_port, int local_port)
{
	HttpExchange *exchange = context;

	(void) remote_ip;
	(void) local_ip;
	(void) remote_port;
	(void) local_port;

	if (exchange->once && exchange->sendings > 0)
	{
		exchange->stop_reason = STOPPED_SECOND_SENDING;
		return CURL_PREREQFUNC_ABORT;
	}
	exchange->sendings++;
	return CURL_PREREQFUNC_OK;
}

/* ---- Creation and end ---- */

static bool
add_request_header(HttpExchange *exchange, const char *header)
{
	struct curl_slist *longer = curl_slist_append(exchange->request_headers, header);

	if (longer == NULL)
		return false;
	exchange->request_headers = longer;
	return true;
}

/*
 * An empty "Name:" stops curl from adding one of its own: a wait for "100
 * Continue" before each larger body, and a form's Content-Type on JSON.
 */
static bool
copy_request_headers(HttpExchange *exchange, const char *const *headers)
{
	if (!add_request_header(exchange, "Expect:") || !add_request_header(exchange, "Content-Type:"))
		return false;
	for (; headers != NULL && *headers != NULL; headers++)
	{
		if (!add_request_header(exchange, *headers))
			return false;
	}
	return true;
}

/* They hold tokens: nothing of them stays in freed memory. */
static void
wipe_request_headers(HttpExchange *exchange)
{
	struct curl_slist *header;

	for (header = exchange->request_headers; header != NULL; header = header->next)
		explicit_bzero(header->data, strlen(header->data));
	curl_slist_free_all(exchange->request_headers);
	exchange->request_headers = NULL;
}

/* Of two limits the lower one; a request may have none of its own. */
static size_t
limit_of_body(const HttpRequest *request, const HttpClientOptions *options)
{
	if (request->max_response_size == 0 || request->max_response_size > options->max_response_size)
		return options->max_response_size;
	return request->max_response_size;
}

HttpExchange *
http_exchange_create(const HttpRequest *request, const HttpClientOptions *options, HttpRoom *room)
{
	HttpExchange *exchange = calloc(1, sizeof(HttpExchange));

	if (exchange == NULL)
		return NULL;
	exchange->tag = request->tag;
	exchange->once = request->once;
	exchange->room = room;
	room->most = options->max_large_bytes > 0 ? options->max_large_bytes : DEFAULT_MAX_LARGE_BYTES;
	exchange->body.limit = limit_of_body(request, options);
	exchange->max_headers = options->max_headers > 0 ? options->max_headers : DEFAULT_MAX_HEADERS;
	exchange->max_header_bytes =
		options->max_header_bytes > 0 ? options->max_header_bytes : DEFAULT_MAX_HEADER_BYTES;
	exchange->headers.limit = exchange->max_header_bytes;

	if (!copy_request_headers(exchange, request->headers))
	{
		http_exchange_free(exchange);
		return NULL;
	}
	return exchange;
}

bool
http_exchange_attach(HttpExchange *exchange, CURL *easy)
{
	return curl_easy_setopt(easy, CURLOPT_PRIVATE, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HTTPHEADER, exchange->request_headers) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_ERRORBUFFER, exchange->error) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HEADERFUNCTION, receive_header) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_HEADERDATA, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEFUNCTION, receive_body) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_WRITEDATA, exchange) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PREREQFUNCTION, count_sending) == CURLE_OK &&
		curl_easy_setopt(easy, CURLOPT_PREREQDATA, exchange) == CURLE_OK;
}

void
http_exchange_free(HttpExchange *exchange)
{
	if (exchange == NULL)
		return;
	wipe_request_headers(exchange);
	leave_room(exchange);
	free(exchange->headers.data);
	free(exchange->body.data);
	free(exchange);
}

/* ---- The verdict ---- */

static HttpOutcome
outcome_of(const HttpExchange *exchange, CURLcode result)
{
	/* Interim answers alone are no answer. */
	if (result == CURLE_OK && exchange->status >= 200)
		return HTTP_ANSWERED;

	switch (exchange->stop_reason)
	{
		case STOPPED_BODY_TOO_LARGE:
		case STOPPED_HEADERS_TOO_LARGE:
			return HTTP_TOO_LARGE;
		case NOT_STOPPED:
		case STOPPED_OUT_OF_MEMORY:
		case STOPPED_NO_ROOM:
		case STOPPED_TIME_IS_UP:
		case STOPPED_SECOND_SENDING:
			break;
	}
	return exchange->sendings == 0 ? HTTP_NEVER_SENT : HTTP_CUT_OFF;
}

/* NULL when the stop was not ours. */
static const char *
stop_reason_text(StopReason reason)
{
	switch (reason)
	{
		case STOPPED_BODY_TOO_LARGE:
			return "response body is over the limit";
		case STOPPED_HEADERS_TOO_LARGE:
			return "response headers are over the limit";
		case STOPPED_OUT_OF_MEMORY:
			return "out of memory while receiving the response";
		case STOPPED_NO_ROOM:
			return "too many large responses at a time";
		case STOPPED_TIME_IS_UP:
			return "time-out";
		case STOPPED_SECOND_SENDING:
			return "connection ended without a response";
		case NOT_STOPPED:
			break;
	}
	return NULL;
}

/* curl quotes a proxy's address, password and all, when it cannot parse it. */
static bool
may_quote_address(const char *text)
{
	return strchr(text, '@') != NULL || strstr(text, "://") != NULL;
}

/* A server's certificate can put any byte into curl's message. */
static void
keep_printable_ascii(char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text < ' ' || *text > '~')
			*text = '?';
	}
}

static void
set_error(HttpExchange *exchange, const char *text)
{
	exchange->error[0] = '\0';
	strncat(exchange->error, text, sizeof(exchange->error) - 1);
}

static void
explain(HttpExchange *exchange, CURLcode result)
{
	const char *our_text = stop_reason_text(exchange->stop_reason);

	if (exchange->outcome == HTTP_ANSWERED)
		set_error(exchange, "");
	else if (our_text != NULL)
		set_error(exchange, our_text);
	else if (result == CURLE_OK)
		set_error(exchange, "response ended before its final status");
	else if (exchange->error[0] == '\0' || may_quote_address(exchange->error))
		set_error(exchange, curl_easy_strerror(result));
	keep_printable_ascii(exchange->error);
}

void
http_exchange_drop_body(HttpExchange *exchange)
{
	free(exchange->body.data);
	exchange->body.data = NULL;
	exchange->body.length = 0;
	exchange->body.capacity = 0;
}

/* Nobody is to take a part for the whole; and it may be as large as the limit. */
static void
drop_partial_body(HttpExchange *exchange)
{
	if (exchange->outcome == HTTP_ANSWERED)
		return;
	http_exchange_drop_body(exchange);
	leave_room(exchange);
}

/* Known from curl 8.6 on. */
#if LIBCURL_VERSION_NUM < 0x080600
#define CURLE_TOO_LARGE 100
#endif

/*
 * curl has limits of its own for headers: 100 kB for one of them and, in newer
 * versions, 5000 for their number, with trailers and those of interim answers.
 * Until 8.5 it reports the first one as memory that ran out: where it does so
 * among the headers of an answer, that is why.  From 8.6 on it says what it is;
 * before the request is sent that would be the request, which is ours.
 */
static bool
met_limit_of_curl(const HttpExchange *exchange, CURLcode result)
{
	if (exchange->stop_reason != NOT_STOPPED || exchange->sendings == 0)
		return false;
	return (int) result == CURLE_TOO_LARGE ||
		(result == CURLE_OUT_OF_MEMORY && !exchange->headers_complete);
}

void
http_exchange_finish(HttpExchange *exchange, CURL *easy, CURLcode result)
{
	long status = 0;

	(void) curl_easy_getinfo(easy, CURLINFO_RESPONSE_CODE, &status);
	exchange->status = (int) status;
	if (met_limit_of_curl(exchange, result))
		exchange->stop_reason = STOPPED_HEADERS_TOO_LARGE;
	exchange->outcome = outcome_of(exchange, result);
	explain(exchange, result);
	drop_partial_body(exchange);
	wipe_request_headers(exchange);
}

/* ---- Time ---- */

void
http_exchange_set_deadlines(HttpExchange *exchange, int64_t send_by, int64_t end_by)
{
	exchange->send_by = send_by;
	exchange->end_by = end_by;
}

int64_t
http_exchange_deadline(const HttpExchange *exchange)
{
	if (exchange->sendings == 0 && exchange->send_by < exchange->end_by)
		return exchange->send_by;
	return exchange->end_by;
}

void
http_exchange_expire(HttpExchange *exchange)
{
	exchange->stop_reason = STOPPED_TIME_IS_UP;
}

/* ---- Those under way ---- */

void
http_exchange_list_add(HttpExchangeList *list, HttpExchange *exchange, CURL *easy)
{
	exchange->easy = easy;
	exchange->previous = NULL;
	exchange->next = list->first;
	if (list->first != NULL)
		list->first->previous = exchange;
	list->first = exchange;
}

void
http_exchange_list_remove(HttpExchangeList *list, HttpExchange *exchange)
{
	if (exchange->previous != NULL)
		exchange->previous->next = exchange->next;
	else
		list->first = exchange->next;
	if (exchange->next != NULL)
		exchange->next->previous = exchange->previous;
	exchange->next = exchange->previous = NULL;
	exchange->easy = NULL;
}

HttpExchange *
http_exchange_list_next(const HttpExchange *exchange)
{
	return exchange->next;
}

CURL *
http_exchange_handle(const HttpExchange *exchange)
{
	return exchange->easy;
}

/* ---- Queue ---- */

void
http_exchange_push(HttpExchangeQueue *queue, HttpExchange *exchange)
{
	exchange->next = NULL;
	if (queue->last == NULL)
		queue->first = exchange;
	else
		queue->last->next = exchange;
	queue->last = exchange;
}

HttpExchange *
http_exchange_pop(HttpExchangeQueue *queue)
{
	HttpExchange *exchange = queue->first;

	if (exchange == NULL)
		return NULL;
	queue->first = exchange->next;
	if (queue->first == NULL)
		queue->last = NULL;
	exchange->next = NULL;
	return exchange;
}

/* ---- What the caller may ask ---- */

void *
http_exchange_tag(const HttpExchange *exchange)
{
	return exchange->tag;
}

HttpOutcome
http_exchange_outcome(const HttpExchange *exchange)
{
	return exchange->outcome;
}

int
http_exchange_status(const HttpExchange *exchange)
{
	return exchange->status;
}

const char *
http_exchange_header(const HttpExchange *exchange, const char *name)
{
	const char *position = exchange->headers.data;
	const char *found = NULL;
	size_t i;

	for (i = 0; i < exchange->header_count; i++)
	{
		const char *value = position + strlen(position) + 1;

		if (curl_strequal(position, name))
			found = value;
		position = value + strlen(value) + 1;
	}
	return found;
}

const char *
http_exchange_body(const HttpExchange *exchange, size_t *length)
{
	if (length != NULL)
		*length = exchange->body.length;
	return exchange->body.data != NULL ? exchange->body.data : "";
}

const char *
http_exchange_error(const HttpExchange *exchange)
{
	return exchange->error;
}
