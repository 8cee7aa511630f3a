/*
 * span.c
 *		A part of a text, where it stands.
 */
#include "core/span.h"

#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"

Span
span_of(const char *text)
{
	return (Span){.start = text, .length = strlen(text)};
}

Span
span_take_until(const char **rest, const char *ends)
{
	Span span = {.start = *rest, .length = strcspn(*rest, ends)};

	*rest += span.length;
	return span;
}

bool
span_is(const Span *span, const char *text)
{
	return span->length == strlen(text) && memcmp(span->start, text, span->length) == 0;
}

bool
span_is_in_any_case(const Span *span, const char *text)
{
	Span other = span_of(text);

	return span_equals_in_any_case(span, &other);
}

bool
span_equals_in_any_case(const Span *one, const Span *other)
{
	if (one->length != other->length)
		return false;
	for (size_t i = 0; i < one->length; i++)
	{
		if (ascii_lower(one->start[i]) != ascii_lower(other->start[i]))
			return false;
	}
	return true;
}

bool
span_consists_of(const Span *span, const char *characters)
{
	for (size_t i = 0; i < span->length; i++)
	{
		if (span->start[i] == '\0' || strchr(characters, span->start[i]) == NULL)
			return false;
	}
	return true;
}

char *
span_copy(const Span *span)
{
	char *copy = malloc(span->length + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, span->start, span->length);
	copy[span->length] = '\0';
	return copy;
}
