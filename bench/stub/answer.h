/*
 * answer.h
 *		The stub's answers, with the headers and members that GitHub's have.
 */
#ifndef ANSWER_H
#define ANSWER_H

#include <stddef.h>

#include "content.h"

/* Bytes that wait to be sent; grows. */
typedef struct Output
{
	char *bytes;
	size_t length;
	size_t sent;
	size_t room;
} Output;

extern void output_append(Output *output, const char *bytes, size_t length);
extern void
output_print(Output *output, const char *format, ...) __attribute__((format(printf, 2, 3)));

/* body: JSON, or text for people. */
extern void answer_text(Output *output, const char *status, const char *headers, const char *body,
						size_t length);

/* etag: what the request has of it; 304 where nothing changed, else 200 or status. */
extern bool answer_item(Output *output, const char *status, const Item *item, const char *etag,
						size_t etag_length);

/* A list, item by item; next: where it goes on; 0: nowhere.  begin returns what end is to be given. */
extern size_t answer_begin_list(Output *output, const char *path, int path_length, int64_t next);
extern void answer_list_item(Output *output, size_t start, const Item *item);
extern void answer_end_list(Output *output, size_t start);

extern void answer_repository(Output *output, int64_t repository);
extern void answer_token(Output *output, int64_t installation);
extern void answer_app(Output *output);
extern void answer_problem(Output *output, const char *status, const char *message);

/* A refusal for so many seconds, as GitHub's secondary limits are told. */
extern void answer_limited(Output *output, int seconds);

/* An issue whose text has so many bytes. */
extern void answer_large(Output *output, const Item *item, size_t bytes);

#endif
