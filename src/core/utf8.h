/*
 * utf8.h
 *		Well-formed UTF-8, as table 3-7 of the Unicode Standard defines it.
 */
#ifndef UTF8_H
#define UTF8_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Utf8Span
{
	size_t length; /* bytes, at least 1 */
	bool well_formed;
} Utf8Span;

/*
 * The character that text starts with, or the longest ill-formed start of
 * one: what Unicode recommends to replace by a single U+FFFD.  length is at
 * least 1.
 */
extern Utf8Span utf8_span(const char *text, size_t length);

/* Number of code points in well-formed text. */
extern size_t utf8_code_points(const char *text);

#endif
