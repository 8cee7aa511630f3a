/*
 * test_http_memory.c
 *		A request that cannot be started for want of memory is not the request's
 *		fault: each allocation of curl's fails once.
 */
#include <curl/curl.h>
#include <stdlib.h>
#include <string.h>

#include "http_testing.h"
#include "unit.h"

#define NEVER (-1)

static int fails_in = NEVER; /* allocations */

static bool
fails_now(void)
{
	return fails_in != NEVER && fails_in-- == 0;
}

static void *
allocate(size_t size)
{
	return fails_now() ? NULL : malloc(size);
}

static void *
allocate_zeroed(size_t count, size_t size)
{
	return fails_now() ? NULL : calloc(count, size);
}

static void *
allocate_again(void *memory, size_t size)
{
	return fails_now() ? NULL : realloc(memory, size);
}

static char *
copy_text(const char *text)
{
	return fails_now() ? NULL : strdup(text);
}

static void
test_each_allocation(void)
{
	static const char *const headers[] = {"Authorization: Bearer not-a-secret", NULL};
	const HttpRequest request = {.method = "PATCH",
								 .url = server_url("/normal"),
								 .headers = headers,
								 .body = "{}",
								 .body_length = 2};
	HttpClient *client = create_usual_client();
	HttpStart start = HTTP_NO_MEMORY;
	int failed = 0;

	for (int n = 0; start == HTTP_NO_MEMORY && n < 10000; n++)
	{
		fails_in = n;
		start = http_client_start(client, &request);
		/* One that is not reached any more: all of them have failed once. */
		fails_in = NEVER;
		failed += start == HTTP_NO_MEMORY;
	}
	is_int(start, HTTP_STARTED, "with all the memory that it needs, the request starts");
	ok(failed > 3, "with less, it is said that memory is lacking, and never that it is unusable");
	is_int(http_client_exchanges_under_way(client), 1, "what was not started is not under way");
	http_exchange_free(wait_for_exchange(client));
	http_client_abandon(client);
}

int
main(void)
{
	curl_global_init_mem(CURL_GLOBAL_DEFAULT, allocate, free, allocate_again, copy_text,
						 allocate_zeroed);
	server = loopback_server_start(http_peer_behave);
	test_each_allocation();
	loopback_server_stop(server);
	return done_testing();
}
