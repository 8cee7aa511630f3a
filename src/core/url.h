/*
 * url.h
 *		A URL taken apart into spans of its text: the one parser of URLs.
 *
 * Pure.  Nothing is decoded or copied, so that no encoding can change what is
 * compared; whether the parts are fit for anything, the callers decide.
 *
 * Source: RFC 3986.
 */
#ifndef URL_H
#define URL_H

#include <stdbool.h>
#include <stddef.h>

/* A part of a text: not NUL-terminated. */
typedef struct UrlSpan
{
	const char *start;
	size_t length;
} UrlSpan;

typedef struct UrlParts
{
	UrlSpan scheme;
	UrlSpan host;  /* an IPv6 address with its brackets; a user before it counts as a part of it */
	bool has_port; /* there is a colon, whatever follows it */
	UrlSpan port;  /* empty: the scheme's own */
	UrlSpan path;  /* all that follows, with query and fragment */
} UrlParts;

extern UrlSpan url_span_of(const char *text);

/* Up to the first of the characters in ends, or the end; *rest is moved there. */
extern UrlSpan url_take_until(const char **rest, const char *ends);
extern bool url_span_is(const UrlSpan *span, const char *text);

/* ASCII letters alone have two cases, whatever the locale. */
extern bool url_is_same_in_any_case(const UrlSpan *one, const UrlSpan *other);
extern char url_lower_case(char c);

/* malloc'd and NUL-terminated; NULL: out of memory. */
extern char *url_copy_span(const UrlSpan *span);

/* scheme://host[:port][/path]; false: it has no scheme, or no host. */
extern bool url_split(const char *url, UrlParts *parts);

/* host[:port][/path]; the scheme is left as it is. */
extern bool url_split_authority(const char *authority, UrlParts *parts);

/* The same scheme, host and port; an absent port is the scheme's. */
extern bool url_is_same_origin(const UrlParts *one, const UrlParts *other);

#endif
