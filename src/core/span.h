/*
 * span.h
 *		A part of a text, where it stands: nothing is copied or decoded.
 *
 * Pure: no clock, no I/O.  ASCII only is ever compared in any case, whatever
 * the locale.
 */
#ifndef SPAN_H
#define SPAN_H

#include <stdbool.h>
#include <stddef.h>

typedef struct Span
{
	const char *start; /* not NUL-terminated */
	size_t length;
} Span;

/* All of a text. */
extern Span span_of(const char *text);

/* What stands before the first of the characters in ends, or all; *rest moves behind it. */
extern Span span_take_until(const char **rest, const char *ends);

extern bool span_is(const Span *span, const char *text);
extern bool span_is_in_any_case(const Span *span, const char *text);
extern bool span_equals_in_any_case(const Span *one, const Span *other);

/* Whether it has no character but these. */
extern bool span_consists_of(const Span *span, const char *characters);

/* malloc'd and NUL-terminated; NULL: memory is out. */
extern char *span_copy(const Span *span);

#endif
