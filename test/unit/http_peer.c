/*
 * http_peer.c
 *		A server that behaves, and one that does not: what it is asked for says
 *		how it answers.
 */
#include "http_peer.h"

#include <poll.h>
#include <stdio.h>
#include <string.h>
#include <sys/socket.h>

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

/* It continues a header before it, and there is none. */
static bool
answer_with_a_folded_first_header(int connection, const LoopbackRequest *request)
{
	(void) request;
	return loopback_write_text(connection,
							   "HTTP/1.1 200 OK\r\n folded: header\r\n"
							   "content-length: 2\r\n\r\n{}");
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

static bool
answer_with_trailers_without_end(int connection, const LoopbackRequest *request)
{
	(void) request;
	loopback_write_text(connection,
						"HTTP/1.1 200 OK\r\nTransfer-Encoding: chunked\r\n\r\n5\r\nhello\r\n0\r\n");
	while (loopback_write_text(connection, "X-A: bbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbbb\r\n"))
		;
	return false;
}

static bool
answer_interim_without_end(int connection, const LoopbackRequest *request)
{
	(void) request;
	while (loopback_write_text(connection, "HTTP/1.1 103 Early Hints\r\nX-A: b\r\n\r\n"))
		;
	return false;
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
	{"/folded", answer_with_a_folded_first_header},
	{"/half-a-chunk", answer_by_half_a_chunk},
	{"/large", answer_at_length},
	{"/limit", answer_exactly_the_limit},
	{"/bomb", answer_with_gzip_bomb},
	{"/many-headers", answer_with_many_headers},
	{"/long-headers", answer_with_long_headers},
	{"/long-header", answer_with_a_long_header},
	{"/endless-trailers", answer_with_trailers_without_end},
	{"/endless-interim", answer_interim_without_end},
};

bool
http_peer_behave(int connection, const LoopbackRequest *request)
{
	size_t i;

	for (i = 0; i < sizeof(behaviours) / sizeof(behaviours[0]); i++)
	{
		if (strcmp(request->path, behaviours[i].path) == 0)
			return behaviours[i].answer(connection, request);
	}
	return loopback_write_text(connection, "HTTP/1.1 404 Not Found\r\nContent-Length: 0\r\n\r\n");
}
