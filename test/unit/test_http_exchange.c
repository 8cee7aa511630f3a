/*
 * test_http_exchange.c
 *		One exchange, without a server: what curl would hand over is handed over
 *		here, byte by byte, and memory runs out where it is told to.
 *
 * The linker gives curl's setter, getter and lists to this file, and the room's
 * calloc and realloc.
 */
#include "http/http_exchange.h"

#include <stdarg.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define NEVER (-1)
#define MEGABYTE ((size_t) 1024 * 1024)

/* ---- curl, as far as an exchange knows it ---- */

typedef size_t (*Receiver)(char *bytes, size_t one, size_t length, void *context);

static char handle;
static Receiver receive_header_line;
static Receiver receive_body_part;
static curl_prereq_callback send_again;
static void *context_of_headers;
static void *context_of_body;
static void *context_of_sending;
static void *private_pointer;
static char *error_buffer;
static struct curl_slist *headers_of_request;
static int options_told;
static int refused_in = NEVER; /* options, or lists */
static long status_told;

extern CURLcode __wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...);
extern CURLcode __wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...);

static void
note_option(CURLoption option, va_list *arguments)
{
	if (option == CURLOPT_HEADERFUNCTION)
		receive_header_line = va_arg(*arguments, Receiver);
	else if (option == CURLOPT_WRITEFUNCTION)
		receive_body_part = va_arg(*arguments, Receiver);
	else if (option == CURLOPT_PREREQFUNCTION)
		send_again = va_arg(*arguments, curl_prereq_callback);
	else if (option == CURLOPT_HEADERDATA)
		context_of_headers = va_arg(*arguments, void *);
	else if (option == CURLOPT_WRITEDATA)
		context_of_body = va_arg(*arguments, void *);
	else if (option == CURLOPT_PREREQDATA)
		context_of_sending = va_arg(*arguments, void *);
	else if (option == CURLOPT_PRIVATE)
		private_pointer = va_arg(*arguments, void *);
	else if (option == CURLOPT_ERRORBUFFER)
		error_buffer = va_arg(*arguments, char *);
	else if (option == CURLOPT_HTTPHEADER)
		headers_of_request = va_arg(*arguments, struct curl_slist *);
}

CURLcode
__wrap_curl_easy_setopt(CURL *easy, CURLoption option, ...)
{
	va_list arguments;

	if (easy != &handle || options_told++ == refused_in)
		return CURLE_OUT_OF_MEMORY;
	va_start(arguments, option);
	note_option(option, &arguments);
	va_end(arguments);
	return CURLE_OK;
}

CURLcode
__wrap_curl_easy_getinfo(CURL *easy, CURLINFO info, ...)
{
	va_list arguments;

	if (easy != &handle || info != CURLINFO_RESPONSE_CODE)
		return CURLE_BAD_FUNCTION_ARGUMENT;
	va_start(arguments, info);
	*va_arg(arguments, long *) = status_told;
	va_end(arguments);
	return CURLE_OK;
}

/* ---- memory ---- */

extern void *__real_calloc(size_t count, size_t size);
extern void *__real_realloc(void *memory, size_t size);
extern struct curl_slist *__real_curl_slist_append(struct curl_slist *list, const char *text);
extern void __real_curl_slist_free_all(struct curl_slist *list);
extern void *__wrap_calloc(size_t count, size_t size);
extern void *__wrap_realloc(void *memory, size_t size);
extern struct curl_slist *__wrap_curl_slist_append(struct curl_slist *list, const char *text);
extern void __wrap_curl_slist_free_all(struct curl_slist *list);

static int fails_in = NEVER;
static size_t last_size;
static int resizings;
static bool list_was_wiped;
static int lists_freed;

static bool
fails_now(void)
{
	return fails_in != NEVER && fails_in-- == 0;
}

void *
__wrap_calloc(size_t count, size_t size)
{
	return fails_now() ? NULL : __real_calloc(count, size);
}

void *
__wrap_realloc(void *memory, size_t size)
{
	resizings++;
	last_size = size;
	return fails_now() ? NULL : __real_realloc(memory, size);
}

struct curl_slist *
__wrap_curl_slist_append(struct curl_slist *list, const char *text)
{
	return fails_now() ? NULL : __real_curl_slist_append(list, text);
}

void
__wrap_curl_slist_free_all(struct curl_slist *list)
{
	lists_freed += list != NULL;
	for (struct curl_slist *one = list; one != NULL; one = one->next)
		list_was_wiped = list_was_wiped && one->data[0] == '\0' && one->data[1] == '\0';
	__real_curl_slist_free_all(list);
}

/* ---- an exchange ---- */

static HttpRoom room;
static HttpClientOptions options = {.max_response_size = 100};
static char tag;

static HttpExchange *
begin(const HttpRequest *request)
{
	HttpExchange *exchange = http_exchange_create(request, &options, &room);

	options_told = 0;
	status_told = 200;
	if (exchange == NULL || !http_exchange_attach(exchange, &handle))
	{
		printf("Bail out! no exchange\n");
		exit(2);
	}
	return exchange;
}

static HttpExchange *
begin_usual(void)
{
	const HttpRequest request = {.tag = &tag};
	HttpExchange *exchange = begin(&request);

	is_int(send_again(context_of_sending, NULL, NULL, 0, 0), CURL_PREREQFUNC_OK, "it is sent");
	return exchange;
}

/* Whether curl is to go on. */
static bool
take_header(const char *line)
{
	size_t length = strlen(line);
	char *copy = memcpy(malloc(length), line, length); /* and nothing behind it */
	size_t taken = receive_header_line(copy, 1, length, context_of_headers);

	free(copy);
	if (taken != length && taken != 0)
		ok(false, "all of a line is taken, or nothing");
	return taken == length;
}

static bool
take_body(size_t length)
{
	char *bytes = malloc(length + 1);
	size_t taken;

	memset(bytes, 'b', length);
	taken = receive_body_part(bytes, 1, length, context_of_body);
	free(bytes);
	if (taken != length && taken != 0)
		ok(false, "all of a part is taken, or nothing");
	return taken == length;
}

static void
end(HttpExchange *exchange, CURLcode result, HttpOutcome outcome, const char *error)
{
	http_exchange_finish(exchange, &handle, result);
	is_int(http_exchange_outcome(exchange), outcome, "how it ends");
	is_text(http_exchange_error(exchange), error, "... and why");
	http_exchange_free(exchange);
}

/* ---- the tests ---- */

static void
test_request(void)
{
	static const char *const headers[] = {"Authorization: Bearer not-a-secret", NULL};
	const HttpRequest request = {.tag = &tag, .headers = headers};
	HttpExchange *exchange;

	for (int n = 0; n < 4; n++)
	{
		fails_in = n;
		ok(http_exchange_create(&request, &options, &room) == NULL, "without memory, no exchange");
		fails_in = NEVER;
	}
	exchange = begin(&request);
	ok(private_pointer == exchange && context_of_headers == exchange &&
		   context_of_body == exchange && context_of_sending == exchange,
	   "curl is told of it");
	is_text(headers_of_request->data, "Expect:", "no wait");
	is_text(headers_of_request->next->data, "Content-Type:", "no form");
	is_text(headers_of_request->next->next->data, headers[0], "the caller's");
	ok(headers_of_request->next->next->next == NULL, "... and nothing else");
	for (int n = 0; n < 9; n++)
	{
		options_told = 0;
		refused_in = n;
		ok(!http_exchange_attach(exchange, &handle), "an option that is refused");
	}
	refused_in = NEVER;
	ok(http_exchange_tag(exchange) == &tag, "the tag is the caller's");
	list_was_wiped = true;
	lists_freed = 0;
	http_exchange_finish(exchange, &handle, CURLE_COULDNT_CONNECT);
	ok(list_was_wiped && lists_freed == 1, "headers are wiped and freed in the end");
	http_exchange_free(exchange);
	is_int(lists_freed, 1, "... once");
	exchange = begin(&request);
	http_exchange_free(exchange);
	ok(list_was_wiped && lists_freed == 2, "... also where it was never finished");
	http_exchange_free(NULL);
}

static void
check_header(const char *line, const char *name, const char *value)
{
	HttpExchange *exchange = begin_usual();

	ok(take_header("HTTP/1.1 200 OK\r\n"), "a status line");
	ok(take_header(line), "a header");
	ok(take_header("Last: one\r\n") && take_header("\r\n"), "... and the rest");
	is_text(http_exchange_header(exchange, name), value, "... has its value");
	is_text(http_exchange_header(exchange, "last"), "one", "... and so has the next");
	end(exchange, CURLE_OK, HTTP_ANSWERED, "");
}

static void
test_headers(void)
{
	check_header("A: b\r\n", "a", "b");
	check_header("A:b\n", "A", "b");
	check_header("A : \t b c \t\r\n", "A", "b c");
	check_header("A:\r\n", "A", "");
	check_header("A: ", "A", "");
	check_header("A:", "A", "");
	check_header("A", "A", NULL);
	check_header(" A: b\r\n", "A", NULL);
	check_header("\tA: b\r\n", "A", NULL);
	check_header(": b\r\n", "", "b");
	check_header("A: b: c\r\n", "A", "b: c");
	check_header("HTTP: b\r\n", "HTTP", "b");
	check_header("A: b\r\n", "b", NULL);
}

static void
test_nul_in_header(void)
{
	char line[] = "A: b\0c: d\r\n";
	HttpExchange *exchange = begin_usual();

	is_int(receive_header_line(line, 1, sizeof(line) - 1, context_of_headers), sizeof(line) - 1,
		   "a header with a NUL in it");
	ok(take_header("B: c\r\n"), "... and one behind it");
	is_text(http_exchange_header(exchange, "A"), "b", "... ends there");
	is_text(http_exchange_header(exchange, "B"), "c", "... and leaves the next alone");
	end(exchange, CURLE_OK, HTTP_ANSWERED, "");
}

static void
test_blocks_of_headers(void)
{
	HttpExchange *exchange = begin_usual();

	ok(take_header("HTTP/1.1 103 Early Hints\r\n") && take_header("A: b\r\n") && take_header("\n"),
	   "an interim answer");
	is_text(http_exchange_header(exchange, "A"), "b", "... has its headers");
	ok(take_header("HTTP/1.1 200 OK\r\n"), "a final one");
	is_text(http_exchange_header(exchange, "A"), NULL, "... drops them");
	ok(take_header("B: c\r\n") && take_header("\r\n") && take_body(3), "... has its own");
	ok(take_header("HTTP/1.1 500 trailer\r\n") && take_header("B: trailer\r\n"), "trailers");
	is_text(http_exchange_header(exchange, "B"), "c", "... change nothing");
	end(exchange, CURLE_OK, HTTP_ANSWERED, "");
}

static void
test_ends_of_headers(void)
{
	static const char *const ends[] = {"", "\n", "\r\n"};

	for (size_t i = 0; i < sizeof(ends) / sizeof(ends[0]); i++)
	{
		HttpExchange *exchange = begin_usual();

		ok(take_header("HTTP/1.1 200 OK\r\n") && take_header(ends[i]), "headers end");
		ok(take_header("B: trailer\r\n"), "... and what comes then");
		is_text(http_exchange_header(exchange, "B"), NULL, "... is none");
		end(exchange, CURLE_OK, HTTP_ANSWERED, "");
	}
}

static void
test_beginnings_of_headers(void)
{
	HttpExchange *exchange = begin_usual();

	ok(take_header("A: b\r\n") && take_header("HTTP"), "a line that is no status line");
	is_text(http_exchange_header(exchange, "A"), "b", "... changes nothing");
	ok(take_header("HTTP/"), "one that is");
	is_text(http_exchange_header(exchange, "A"), NULL, "... begins anew");
	end(exchange, CURLE_OK, HTTP_ANSWERED, "");
}

static void
test_limits_of_headers(void)
{
	HttpExchange *exchange;

	options.max_headers = 2;
	options.max_header_bytes = 20;
	exchange = begin_usual();
	ok(take_header("A: b\r\n") && take_header("B: c\r\n"), "as many headers as there may be");
	ok(!take_header("C: d\r\n"), "... and one more");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response headers are over the limit");
	exchange = begin_usual();
	ok(take_header("A: bbbbbbbbbbb\r\n") && take_header("xxx\n"), "as many bytes as there may be");
	ok(!take_header("\n"), "... and one more");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response headers are over the limit");
	/* Without a line end, a header takes a byte more than it came with. */
	options.max_header_bytes = 4;
	exchange = begin_usual();
	ok(take_header("A:b"), "a header that takes all of the bytes");
	end(exchange, CURLE_OK, HTTP_ANSWERED, "");
	exchange = begin_usual();
	ok(!take_header("A:bb"), "... and none for its end");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response headers are over the limit");
	options.max_header_bytes = 1;
	exchange = begin_usual();
	ok(take_header("\n") && !take_header("\n"), "a single byte");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response headers are over the limit");
	options.max_header_bytes = 0;
	options.max_headers = 1;
	exchange = begin_usual();
	ok(take_header("A: b\r\n") && !take_header("A: b\r\n"), "a single header");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response headers are over the limit");
	options.max_headers = 0;
	exchange = begin_usual();
	for (int i = 0; i < 200; i++)
	{
		if (!take_header("A: b\r\n"))
			ok(false, "200 headers, where nobody says how many");
	}
	ok(!take_header("A: b\r\n"), "... and one more");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response headers are over the limit");
	exchange = begin_usual();
	for (int i = 0; i < 256 * 1024 / 4; i++)
	{
		if (!take_header("xxx\n"))
			ok(false, "256 kB, where nobody says how many");
	}
	ok(!take_header("x"), "... and a byte more");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response headers are over the limit");
}

static void
test_bodies(void)
{
	HttpExchange *exchange = begin_usual();
	size_t length = 7;

	is_text(http_exchange_body(exchange, &length), "", "before it comes, a body is empty");
	is_int(length, 0, "... without length");
	ok(take_body(60) && take_body(40), "a body of as much as there may be");
	is_int(strlen(http_exchange_body(exchange, NULL)), 100, "... ends with a NUL");
	http_exchange_drop_body(exchange);
	is_text(http_exchange_body(exchange, &length), "", "dropped, it is empty");
	is_int(length, 0, "... without length");
	ok(take_body(100), "... and there may be another");
	end(exchange, CURLE_OK, HTTP_ANSWERED, "");
	exchange = begin_usual();
	ok(take_body(60) && !take_body(41), "a byte more is too much");
	http_exchange_finish(exchange, &handle, CURLE_WRITE_ERROR);
	is_text(http_exchange_body(exchange, NULL), "", "... and leaves no part of it");
	end(exchange, CURLE_WRITE_ERROR, HTTP_TOO_LARGE, "response body is over the limit");
}

static void
check_limit(size_t of_request, size_t limit)
{
	const HttpRequest request = {.max_response_size = of_request};
	HttpExchange *exchange = begin(&request);

	ok(take_body(limit), "a body within its limit");
	ok(!take_body(1), "... and beyond");
	http_exchange_free(exchange);
}

static void
test_growth(void)
{
	HttpExchange *exchange;

	options.max_response_size = 8192;
	resizings = 0;
	exchange = begin_usual();
	ok(take_body(1023), "what fits into the smallest buffer");
	is_int(last_size, 1024, "... takes that");
	ok(take_body(1), "a byte more");
	is_int(last_size, 2048, "... takes twice as much");
	ok(take_body(1023), "... which can be filled");
	is_int(resizings, 2, "... as it is");
	ok(take_body(3000), "much more");
	is_int(last_size, 8192, "... is doubled as often as it takes");
	fails_in = 0;
	ok(!take_body(3145), "memory that runs out");
	fails_in = NEVER;
	end(exchange, CURLE_WRITE_ERROR, HTTP_CUT_OFF, "out of memory while receiving the response");
	exchange = begin_usual();
	fails_in = 0;
	ok(!take_header("A: b\r\n"), "... while headers come");
	fails_in = NEVER;
	end(exchange, CURLE_WRITE_ERROR, HTTP_CUT_OFF, "out of memory while receiving the response");
	options.max_response_size = 100;
}

/* ---- room ---- */

static void
test_room(void)
{
	HttpExchange *small;
	HttpExchange *large;
	HttpExchange *other;

	options.max_response_size = 8 * MEGABYTE;
	options.max_large_bytes = 3 * MEGABYTE;
	small = begin_usual();
	is_int(room.most, 3 * MEGABYTE, "the room is the option's");
	ok(take_body(MEGABYTE), "a small body");
	is_int(room.taken, 0, "... takes no room");
	large = begin_usual();
	ok(take_body(MEGABYTE + 1), "a large one");
	is_int(room.taken, MEGABYTE + 1, "... takes its own");
	ok(take_body(MEGABYTE), "... and what comes behind");
	is_int(room.taken, 2 * MEGABYTE + 1, "... takes only that");
	other = begin_usual();
	ok(!take_body(MEGABYTE + 1), "another has none");
	end(other, CURLE_WRITE_ERROR, HTTP_CUT_OFF, "too many large responses at a time");
	is_int(room.taken, 2 * MEGABYTE + 1, "... and leaves what others have");
	http_exchange_finish(large, &handle, CURLE_RECV_ERROR);
	is_int(room.taken, 0, "a body that is cut off leaves it");
	http_exchange_free(large);
	large = begin_usual();
	ok(take_body(3 * MEGABYTE), "all of the room can be taken");
	ok(take_body(0), "... by one that takes no more");
	end(large, CURLE_RECV_ERROR, HTTP_CUT_OFF, curl_easy_strerror(CURLE_RECV_ERROR));
	large = begin_usual();
	ok(take_body(3 * MEGABYTE), "... again");
	options.max_large_bytes = 2 * MEGABYTE;
	other = begin_usual();
	ok(!take_body(MEGABYTE + 1), "there is none in a room that became smaller");
	http_exchange_free(other);
	http_exchange_finish(large, &handle, CURLE_OK);
	is_int(room.taken, 3 * MEGABYTE, "an answer keeps it");
	http_exchange_free(large);
	is_int(room.taken, 0, "... until it is freed");
	http_exchange_free(small);
	options.max_large_bytes = 1;
	http_exchange_free(begin_usual());
	is_int(room.most, 1, "the room may be a single byte");
	options.max_large_bytes = 0;
	http_exchange_free(begin_usual());
	is_int(room.most, 64 * MEGABYTE, "64 MB, where nobody says how much");
	options.max_response_size = 100;
}

/* ---- the verdict ---- */

static void
check_end(bool sent, long status, CURLcode result, HttpOutcome outcome, const char *error)
{
	const HttpRequest request = {.once = false};
	HttpExchange *exchange = sent ? begin_usual() : begin(&request);

	status_told = status;
	http_exchange_finish(exchange, &handle, result);
	is_int(http_exchange_status(exchange), status, "a status");
	end(exchange, result, outcome, error);
}

static void
check_error(const char *text, const char *expected)
{
	HttpExchange *exchange = begin_usual();

	snprintf(error_buffer, CURL_ERROR_SIZE, "%s", text);
	end(exchange, CURLE_RECV_ERROR, HTTP_CUT_OFF, expected);
}

static void
test_verdicts(void)
{
	static const char interim[] = "response ended before its final status";
	const char *received = curl_easy_strerror(CURLE_RECV_ERROR);
	HttpExchange *exchange;

	check_end(true, 200, CURLE_OK, HTTP_ANSWERED, "");
	check_end(true, 199, CURLE_OK, HTTP_CUT_OFF, interim);
	check_end(false, 0, CURLE_COULDNT_CONNECT, HTTP_NEVER_SENT,
			  curl_easy_strerror(CURLE_COULDNT_CONNECT));
	check_end(true, 200, CURLE_RECV_ERROR, HTTP_CUT_OFF, received);
	check_end(true, 200, 100, HTTP_TOO_LARGE, "response headers are over the limit");
	check_end(false, 0, 100, HTTP_NEVER_SENT, curl_easy_strerror(100));
	check_end(true, 0, CURLE_OUT_OF_MEMORY, HTTP_TOO_LARGE, "response headers are over the limit");
	check_end(false, 0, CURLE_OUT_OF_MEMORY, HTTP_NEVER_SENT,
			  curl_easy_strerror(CURLE_OUT_OF_MEMORY));
	exchange = begin_usual();
	ok(take_header("HTTP/1.1 200 OK\r\n") && take_header("\r\n"), "behind the headers");
	end(exchange, CURLE_OUT_OF_MEMORY, HTTP_CUT_OFF, curl_easy_strerror(CURLE_OUT_OF_MEMORY));
	exchange = begin_usual();
	http_exchange_expire(exchange);
	end(exchange, CURLE_OUT_OF_MEMORY, HTTP_CUT_OFF, "time-out");

	exchange = begin_usual();
	snprintf(error_buffer, CURL_ERROR_SIZE, "of the first attempt");
	end(exchange, CURLE_OK, HTTP_ANSWERED, "");
	check_error("plain words", "plain words");
	check_error("x", "x");
	check_error("", received);
	check_error("to user:hidden@proxy", received);
	check_error("to http://proxy", received);
	check_error(" ~\x1F\x7F\xC3\n", " ~????");
}

static void
test_sendings(void)
{
	const HttpRequest once = {.once = true};
	HttpExchange *exchange = begin(&once);

	is_int(send_again(context_of_sending, NULL, NULL, 0, 0), CURL_PREREQFUNC_OK, "once");
	is_int(send_again(context_of_sending, NULL, NULL, 0, 0), CURL_PREREQFUNC_ABORT,
		   "... not twice");
	end(exchange, CURLE_ABORTED_BY_CALLBACK, HTTP_CUT_OFF, "connection ended without a response");
	exchange = begin_usual();
	is_int(send_again(context_of_sending, NULL, NULL, 0, 0), CURL_PREREQFUNC_OK,
		   "any other, twice");
	http_exchange_free(exchange);
}

static void
test_deadlines(void)
{
	const HttpRequest request = {.tag = &tag};
	HttpExchange *exchange = begin(&request);

	http_exchange_set_deadlines(exchange, 10, 20);
	is_int(http_exchange_deadline(exchange), 10, "to be sent by");
	http_exchange_set_deadlines(exchange, 30, 20);
	is_int(http_exchange_deadline(exchange), 20, "... or to end by, if that is before");
	http_exchange_set_deadlines(exchange, 10, 20);
	(void) send_again(context_of_sending, NULL, NULL, 0, 0);
	is_int(http_exchange_deadline(exchange), 20, "once sent, to end by");
	http_exchange_free(exchange);
}

/* ---- lists ---- */

static void
test_lists(void)
{
	HttpExchangeList list = {NULL};
	HttpExchangeQueue queue = {NULL, NULL};
	HttpExchange *one = begin_usual();
	HttpExchange *two = begin_usual();
	HttpExchange *three = begin_usual();

	http_exchange_list_add(&list, one, &handle);
	http_exchange_list_add(&list, two, &handle);
	http_exchange_list_add(&list, three, &handle);
	ok(http_exchange_handle(two) == &handle, "under way, an exchange has its handle");
	http_exchange_list_remove(&list, two);
	ok(http_exchange_handle(two) == NULL, "... and later none");
	ok(list.first == three && http_exchange_list_next(three) == one &&
		   http_exchange_list_next(one) == NULL,
	   "the middle one is out");
	http_exchange_list_remove(&list, one);
	ok(list.first == three && http_exchange_list_next(three) == NULL, "the last one is");
	http_exchange_list_add(&list, one, &handle);
	http_exchange_list_remove(&list, one);
	ok(list.first == three, "the first one is");
	http_exchange_list_remove(&list, three);
	ok(list.first == NULL, "all are");

	ok(http_exchange_pop(&queue) == NULL, "a queue without anything");
	for (int i = 0; i < 2; i++)
	{
		http_exchange_push(&queue, one);
		http_exchange_push(&queue, two);
		http_exchange_push(&queue, three);
		ok(http_exchange_pop(&queue) == one, "first in, first out");
		ok(http_exchange_list_next(one) == NULL, "... by itself");
		ok(http_exchange_pop(&queue) == two && http_exchange_pop(&queue) == three, "all of them");
		ok(http_exchange_pop(&queue) == NULL, "... once");
	}
	http_exchange_free(one);
	http_exchange_free(two);
	http_exchange_free(three);
}

int
main(void)
{
	test_request();
	test_headers();
	test_nul_in_header();
	test_blocks_of_headers();
	test_ends_of_headers();
	test_beginnings_of_headers();
	test_limits_of_headers();
	test_bodies();
	check_limit(0, 100);
	check_limit(50, 50);
	check_limit(100, 100);
	check_limit(101, 100);
	test_growth();
	test_room();
	test_verdicts();
	test_sendings();
	test_deadlines();
	test_lists();
	return done_testing();
}
