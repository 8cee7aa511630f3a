/*
 * github_link.c
 *		The Link header, by which GitHub's lists name their next page.
 */
#include "core/github_link.h"

#include <stdbool.h>
#include <string.h>

#include "core/url.h"

static void
skip_white_space(const char **rest)
{
	*rest += strspn(*rest, " \t");
}

/* "..." with its quotes taken off, or a token. */
static bool
take_value(const char **rest, UrlSpan *value)
{
	if (**rest != '"')
	{
		*value = url_take_until(rest, ";, \t");
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
names_next(UrlSpan value)
{
	const char *end = value.start + value.length;

	while (value.start < end)
	{
		UrlSpan word = value;

		word.length = strcspn(word.start, " \t\"");
		if (word.start + word.length > end)
			word.length = (size_t) (end - word.start);
		if (url_span_is(&word, "next"))
			return true;
		value.start += word.length + 1;
	}
	return false;
}

/* ; name=value; ...; false: it cannot be read. */
static bool
take_parameters(const char **rest, bool *is_next)
{
	static const UrlSpan rel = {.start = "rel", .length = 3};

	*is_next = false;
	for (skip_white_space(rest); **rest == ';'; skip_white_space(rest))
	{
		UrlSpan name;
		UrlSpan value = {.start = "", .length = 0};

		(*rest)++;
		skip_white_space(rest);
		name = url_take_until(rest, "=;, \t");
		skip_white_space(rest);
		if (**rest == '=')
		{
			(*rest)++;
			skip_white_space(rest);
			if (!take_value(rest, &value))
				return false;
		}
		if (url_is_same_in_any_case(&name, &rel) && names_next(value))
			*is_next = true;
	}
	return true;
}

char *
github_link_next(const char *link)
{
	if (link == NULL)
		return NULL;
	for (;;)
	{
		UrlSpan target;
		bool is_next;

		link += strspn(link, " \t,");
		if (*link != '<')
			return NULL;
		link++;
		target = url_take_until(&link, ">");
		if (*link != '>')
			return NULL;
		link++;
		if (!take_parameters(&link, &is_next))
			return NULL;
		if (is_next)
			return url_copy_span(&target);
		if (*link != ',')
			return NULL;
	}
}
