/*
 * url.c
 *		A URL taken apart into spans of its text: the one parser of URLs.
 */
#include "core/url.h"

#include <stdlib.h>
#include <string.h>

UrlSpan
url_span_of(const char *text)
{
	return (UrlSpan){.start = text, .length = strlen(text)};
}

UrlSpan
url_take_until(const char **rest, const char *ends)
{
	UrlSpan span = {.start = *rest, .length = strcspn(*rest, ends)};

	*rest += span.length;
	return span;
}

bool
url_span_is(const UrlSpan *span, const char *text)
{
	return span->length == strlen(text) && memcmp(span->start, text, span->length) == 0;
}

char
url_lower_case(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}

bool
url_is_same_in_any_case(const UrlSpan *one, const UrlSpan *other)
{
	if (one->length != other->length)
		return false;
	for (size_t i = 0; i < one->length; i++)
	{
		if (url_lower_case(one->start[i]) != url_lower_case(other->start[i]))
			return false;
	}
	return true;
}

char *
url_copy_span(const UrlSpan *span)
{
	char *copy = malloc(span->length + 1);

	if (copy == NULL)
		return NULL;
	memcpy(copy, span->start, span->length);
	copy[span->length] = '\0';
	return copy;
}

static bool
take_host(const char **rest, UrlSpan *host)
{
	if (**rest != '[')
	{
		*host = url_take_until(rest, ":/?#");
		return host->length > 0;
	}
	*host = url_take_until(rest, "]/?#");
	if (**rest != ']')
		return false;
	host->length++;
	(*rest)++;
	return true;
}

bool
url_split_authority(const char *authority, UrlParts *parts)
{
	const char *rest = authority;

	if (!take_host(&rest, &parts->host))
		return false;
	parts->has_port = *rest == ':';
	parts->port = (UrlSpan){.start = rest};
	if (parts->has_port)
	{
		rest++;
		parts->port = url_take_until(&rest, "/?#");
	}
	parts->path = url_span_of(rest);
	return true;
}

bool
url_split(const char *url, UrlParts *parts)
{
	const char *rest = url;

	parts->scheme = url_take_until(&rest, ":/?#");
	if (parts->scheme.length == 0 || strncmp(rest, "://", 3) != 0)
		return false;
	return url_split_authority(rest + 3, parts);
}

/* Its number as text, without leading zeros. */
static UrlSpan
port_of(const UrlParts *parts)
{
	static const UrlSpan https = {.start = "https", .length = 5};
	UrlSpan port = parts->port;

	if (port.length == 0)
		return url_span_of(url_is_same_in_any_case(&parts->scheme, &https) ? "443" : "80");
	while (port.length > 1 && port.start[0] == '0')
	{
		port.start++;
		port.length--;
	}
	return port;
}

bool
url_is_same_origin(const UrlParts *one, const UrlParts *other)
{
	UrlSpan one_port = port_of(one);
	UrlSpan other_port = port_of(other);

	return url_is_same_in_any_case(&one->scheme, &other->scheme) &&
		url_is_same_in_any_case(&one->host, &other->host) &&
		url_is_same_in_any_case(&one_port, &other_port);
}
