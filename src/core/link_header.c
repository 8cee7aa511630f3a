/*
 * link_header.c
 *		The next page of a list, out of the Link header of an answer.
 */
#include "core/link_header.h"

#include <stdbool.h>
#include <string.h>

#include "core/span.h"

static void
skip_white_space(const char **rest)
{
	*rest += strspn(*rest, " \t");
}

/* "..." with its quotes taken off, or a token. */
static bool
take_value(const char **rest, Span *value)
{
	if (**rest != '"')
	{
		*value = span_take_until(rest, ";, \t");
		return true;
	}
	(*rest)++;
	value->start = *rest;
	while (**rest != '"' && **rest != '\0')
		*rest += **rest == '\\' && (*rest)[1] != '\0' ? 2 : 1;
	value->length = (size_t) (*rest - value->start);
	if (**rest != '"')
		return false;
	(*rest)++;
	return true;
}

/* rel may name several relations. */
static bool
names_next(Span value)
{
	const char *end = value.start + value.length;

	while (value.start < end)
	{
		Span word = value;

		word.length = strcspn(word.start, " \t\"");
		if (word.start + word.length > end)
			word.length = (size_t) (end - word.start);
		if (span_is(&word, "next"))
			return true;
		value.start += word.length + 1;
	}
	return false;
}

/* ; name=value; ...; false: it cannot be read. */
static bool
take_parameters(const char **rest, bool *is_next)
{
	*is_next = false;
	for (skip_white_space(rest); **rest == ';'; skip_white_space(rest))
	{
		Span name;
		Span value = {.start = "", .length = 0};

		(*rest)++;
		skip_white_space(rest);
		name = span_take_until(rest, "=;, \t");
		skip_white_space(rest);
		if (**rest == '=')
		{
			(*rest)++;
			skip_white_space(rest);
			if (!take_value(rest, &value))
				return false;
		}
		if (span_is_in_any_case(&name, "rel") && names_next(value))
			*is_next = true;
	}
	return true;
}

char *
link_header_next(const char *header)
{
	const char *rest = header;

	if (header == NULL)
		return NULL;
	for (;;)
	{
		Span target;
		bool is_next;

		rest += strspn(rest, " \t,");
		if (*rest != '<')
			return NULL;
		rest++;
		target = span_take_until(&rest, ">");
		if (*rest != '>')
			return NULL;
		rest++;
		if (!take_parameters(&rest, &is_next))
			return NULL;
		if (is_next)
			return span_copy(&target);
		if (*rest != ',')
			return NULL;
	}
}
