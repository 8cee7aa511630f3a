/*
 * github_url.c
 *		Where GitHub sends us next: the URLs in its Location and Link headers.
 *
 * Pure.  Spans of the text that came are compared and copied; nothing is
 * decoded, so that no encoding can change what was compared.
 *
 * Sources: RFC 3986 (URIs), RFC 8288 section 3 (Link); GitHub's "Best practices
 * for using the REST API" (redirects) and "Using pagination".
 */
#include "core/github_url.h"

#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

/* A part of a text: not NUL-terminated. */
typedef struct Span
{
	const char *start;
	size_t length;
} Span;

typedef struct UrlParts
{
	Span scheme;
	Span host; /* an IPv6 address with its brackets */
	Span port; /* digits; empty: the scheme's own */
	Span path; /* with query and fragment */
} UrlParts;

static Span
take_until(const char **rest, const char *ends)
{
	Span span = {.start = *rest, .length = strcspn(*rest, ends)};

	*rest += span.length;
	return span;
}

static bool
is_text(const Span *span, const char *text)
{
	return span->length == strlen(text) && memcmp(span->start, text, span->length) == 0;
}

/* Lower-cases ASCII, whatever the locale. */
static char
fold(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

static bool
is_same_in_any_case(const Span *one, const Span *other)
{
	if (one->length != other->length)
		return false;
	for (size_t i = 0; i < one->length; i++)
	{
		if (fold(one->start[i]) != fold(other->start[i]))
			return false;
	}
	return true;
}

static Span
span_of(const char *text)
{
	return (Span){.start = text, .length = strlen(text)};
}

/* host[:port]; a user before them counts as a part of the host, and is no host of ours. */
static bool
split_authority(const char **rest, UrlParts *parts)
{
	if (**rest == '[')
	{
		parts->host = take_until(rest, "]/?#");
		if (**rest != ']')
			return false;
		parts->host.length++;
		(*rest)++;
	}
	else
		parts->host = take_until(rest, ":/?#");
	parts->port = (Span){.start = *rest};
	if (**rest == ':')
	{
		(*rest)++;
		parts->port = take_until(rest, "/?#");
	}
	parts->path = span_of(*rest);
	return parts->host.length > 0;
}

/* scheme://host[:port][/path] */
static bool
split_url(const char *url, UrlParts *parts)
{
	const char *rest = url;

	parts->scheme = take_until(&rest, ":/?#");
	if (parts->scheme.length == 0 || strncmp(rest, "://", 3) != 0)
		return false;
	rest += 3;
	return split_authority(&rest, parts);
}

/* A path, or the //host/path of an unnamed scheme, is read against the base. */
static bool
split_reference(const char *reference, const UrlParts *base, UrlParts *parts)
{
	const char *rest = reference;

	if (*rest != '/')
		return split_url(reference, parts);
	*parts = *base;
	if (rest[1] != '/')
	{
		parts->path = span_of(rest);
		return true;
	}
	rest += 2;
	return split_authority(&rest, parts);
}

/* Its number as text, without leading zeros; an absent port is the scheme's. */
static Span
port_of(const UrlParts *parts)
{
	static const Span https = {.start = "https", .length = 5};
	Span port = parts->port;

	if (port.length == 0)
		return span_of(is_same_in_any_case(&parts->scheme, &https) ? "443" : "80");
	while (port.length > 1 && port.start[0] == '0')
	{
		port.start++;
		port.length--;
	}
	return port;
}

static bool
is_same_origin(const UrlParts *one, const UrlParts *other)
{
	Span one_port = port_of(one);
	Span other_port = port_of(other);

	return is_same_in_any_case(&one->scheme, &other->scheme) &&
		is_same_in_any_case(&one->host, &other->host) &&
		is_same_in_any_case(&one_port, &other_port);
}

/* Visible ASCII without what programs are known to read in different ways. */
static bool
is_unambiguous(const char *text)
{
	for (; *text != '\0'; text++)
	{
		if (*text <= ' ' || *text > '~' || strchr("\\\"<>^`{|}", *text) != NULL)
			return false;
	}
	return true;
}

/* The length of a dot as it may be spelled, plain or encoded; 0: text starts with none. */
static size_t
dot_length(const char *text)
{
	if (text[0] == '.')
		return 1;
	return text[0] == '%' && text[1] == '2' && fold(text[2]) == 'e' ? 3 : 0;
}

/* A segment that is nothing but dots, however spelled: it may climb out. */
static bool
has_dot_segment(const Span *path)
{
	const char *end = path->start + strcspn(path->start, "?#");

	for (const char *slash = path->start; slash < end; slash++)
	{
		const char *text = slash + 1;
		size_t length;

		if (*slash != '/' || dot_length(text) == 0)
			continue;
		while ((length = dot_length(text)) > 0)
			text += length;
		if (text >= end || *text == '/')
			return true;
	}
	return false;
}

static bool
lies_below(const Span *path, const Span *base_path)
{
	return path->length > base_path->length &&
		memcmp(path->start, base_path->start, base_path->length) == 0 &&
		path->start[base_path->length] == '/';
}

/* The base's origin and path's path and query. */
static char *
join(const char *api_url, const UrlParts *base, const Span *path)
{
	size_t origin_length = (size_t) (base->path.start - api_url);
	size_t path_length = strcspn(path->start, "#");
	char *url = malloc(origin_length + path_length + 1);

	if (url == NULL)
		return NULL;
	memcpy(url, api_url, origin_length);
	memcpy(url + origin_length, path->start, path_length);
	url[origin_length + path_length] = '\0';
	return url;
}

char *
github_url_within(const char *api_url, const char *reference)
{
	UrlParts base;
	UrlParts parts;

	if (reference == NULL || strlen(reference) > GITHUB_MAX_REFERENCE_LENGTH ||
		!is_unambiguous(reference))
		return NULL;
	if (!split_url(api_url, &base) || !split_reference(reference, &base, &parts))
		return NULL;
	if (!is_same_origin(&parts, &base) || !lies_below(&parts.path, &base.path) ||
		has_dot_segment(&parts.path))
		return NULL;
	return join(api_url, &base, &parts.path);
}

int64_t
github_url_repository_id(const char *api_url, const char *url)
{
	static const char below[] = "/repositories/";
	size_t length = strlen(api_url);
	int64_t id = 0;

	if (strncmp(url, api_url, length) != 0 || strncmp(url + length, below, strlen(below)) != 0)
		return 0;
	url += length + strlen(below);
	for (; *url >= '0' && *url <= '9'; url++)
	{
		if (id > (INT64_MAX - 9) / 10)
			return 0;
		id = id * 10 + (*url - '0');
	}
	return *url == '\0' || *url == '/' || *url == '?' ? id : 0;
}

/* ---- Link ---- */

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
		*value = take_until(rest, ";, \t");
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
		if (is_text(&word, "next"))
			return true;
		value.start += word.length + 1;
	}
	return false;
}

/* ; name=value; ...; false: it cannot be read. */
static bool
take_parameters(const char **rest, bool *is_next)
{
	static const Span rel = {.start = "rel", .length = 3};

	*is_next = false;
	for (skip_white_space(rest); **rest == ';'; skip_white_space(rest))
	{
		Span name;
		Span value = {.start = "", .length = 0};

		(*rest)++;
		skip_white_space(rest);
		name = take_until(rest, "=;, \t");
		skip_white_space(rest);
		if (**rest == '=')
		{
			(*rest)++;
			skip_white_space(rest);
			if (!take_value(rest, &value))
				return false;
		}
		if (is_same_in_any_case(&name, &rel) && names_next(value))
			*is_next = true;
	}
	return true;
}

static char *
copy_span(const Span *span)
{
	char *copy = malloc(span->length + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, span->start, span->length);
	copy[span->length] = '\0';
	return copy;
}

char *
github_link_next(const char *link)
{
	if (link == NULL)
		return NULL;
	for (;;)
	{
		Span target;
		bool is_next;

		link += strspn(link, " \t,");
		if (*link != '<')
			return NULL;
		link++;
		target = take_until(&link, ">");
		if (*link != '>')
			return NULL;
		link++;
		if (!take_parameters(&link, &is_next))
			return NULL;
		if (is_next)
			return copy_span(&target);
		if (*link != ',')
			return NULL;
	}
}
