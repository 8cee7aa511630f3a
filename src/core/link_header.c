/*
 * link_header.c
 *		The next page of a list, and how many there are, out of the Link header of
 *		an answer.
 */
#include "core/link_header.h"

#include <stdbool.h>
#include <stdlib.h>
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
names_relation(Span value, const char *relation)
{
	const char *end = value.start + value.length;

	while (value.start < end)
	{
		Span word = value;

		word.length = strcspn(word.start, " \t\"");
		if (word.start + word.length > end)
			word.length = (size_t) (end - word.start);
		if (span_is(&word, relation))
			return true;
		value.start += word.length + 1;
	}
	return false;
}

/* ; name=value; ...; false: it cannot be read. */
static bool
take_parameters(const char **rest, const char *relation, bool *is_related)
{
	*is_related = false;
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
		if (span_is_in_any_case(&name, "rel") && names_relation(value, relation))
			*is_related = true;
	}
	return true;
}

/* The target of a relation; false: there is none, or it cannot be read. */
static bool
find_target(const char *header, const char *relation, Span *target)
{
	const char *rest = header;

	if (header == NULL)
		return false;
	for (;;)
	{
		bool is_related;

		rest += strspn(rest, " \t,");
		if (*rest != '<')
			return false;
		rest++;
		*target = span_take_until(&rest, ">");
		if (*rest != '>')
			return false;
		rest++;
		if (!take_parameters(&rest, relation, &is_related))
			return false;
		if (is_related)
			return true;
		if (*rest != ',')
			return false;
	}
}

char *
link_header_next(const char *header)
{
	Span target;

	return find_target(header, "next", &target) ? span_copy(&target) : NULL;
}

/* Where a parameter of a URL's query begins; NULL: it has none of the name, which ends with "=". */
static const char *
value_in_query(const char *url, const char *name)
{
	const char *part = strchr(url, '?');

	while (part != NULL)
	{
		part++;
		if (strncmp(part, name, strlen(name)) == 0)
			return part + strlen(name);
		part = strchr(part, '&');
	}
	return NULL;
}

int
link_header_last_page(const char *header)
{
	Span target;
	char *url = find_target(header, "last", &target) ? span_copy(&target) : NULL;
	const char *value = url != NULL ? value_in_query(url, "page=") : NULL;
	char *end = NULL;
	long page = value != NULL ? strtol(value, &end, 10) : 0;
	bool is_number = end != NULL && end != value && (*end == '\0' || *end == '&');

	free(url);
	return is_number && page > 0 && page <= LINK_HEADER_LAST_PAGE_MAX ? (int) page : 0;
}
