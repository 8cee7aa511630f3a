/*
 * fuzz.h
 *		What the fuzz targets share.
 *
 * A target is a program for libFuzzer: it hands made-up bytes to one entrance
 * of the core and checks what holds of every answer.  The sanitizers watch the
 * rest.
 */
#ifndef FUZZ_H
#define FUZZ_H

#include <stdbool.h>
#include <stddef.h>
#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/github_json.h"
#include "core/utf8.h"

extern int LLVMFuzzerTestOneInput(const uint8_t *data, size_t size);

/* Ends the program, so that libFuzzer keeps the input. */
#define must(condition) \
	((condition) ? (void) 0 : (fprintf(stderr, "must: %s\n", #condition), abort()))

/* NUL-terminated, cut at the first NUL within; free() it. */
static inline char *
text_of(const uint8_t *data, size_t size)
{
	char *text = malloc(size + 1);

	must(text != NULL);
	memcpy(text, data, size);
	text[size] = '\0';
	return text;
}

/* As the worker hands on a body. */
static inline char *
sanitized(const uint8_t *data, size_t size)
{
	char *text = github_json_sanitize((const char *) data, size, NULL);

	must(text != NULL);
	return text;
}

/* PostgreSQL would store it. */
static inline bool
is_utf8(const char *text)
{
	size_t length = strlen(text);

	while (length > 0)
	{
		Utf8Span span = utf8_span(text, length);

		if (!span.well_formed)
			return false;
		text += span.length;
		length -= span.length;
	}
	return true;
}

static inline bool
is_utf8_or_null(const char *text)
{
	return text == NULL || is_utf8(text);
}

#endif
