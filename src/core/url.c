/*
 * url.c
 *		What URLs are made of, which of them may be called, and where GitHub may
 *		send us.
 *
 * One parser, which is tolerant: it finds the parts of a URL where they stand
 * and decodes nothing, so that no encoding can change what was compared.  Each
 * use then refuses what two parsers might read differently (users, escapes,
 * backslashes, dot segments): tokens are sent to such a URL.
 *
 * Sources: RFC 3986 (URIs); GitHub's "Best practices for using the REST API"
 * (redirects).
 */
#include "core/url.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "core/span.h"

#define HOST_MAX 253 /* longest name DNS can carry (RFC 1035, 2.3.4) */
#define PORT_DIGITS_MAX 5

#define DIGITS "0123456789"
#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ" DIGITS
#define HOST_CHARACTERS LETTERS_AND_DIGITS "-._"
#define PATH_CHARACTERS LETTERS_AND_DIGITS "-._~/"

typedef struct UrlParts
{
	Span scheme;
	Span host; /* an IPv6 address with its brackets */
	bool has_port;
	Span port; /* may be empty, with and without has_port: the scheme's own */
	Span path; /* with query and fragment */
} UrlParts;

/* ---- the parser ---- */

/* host[:port]; a user before them counts as a part of the host, and is no host of ours. */
static bool
split_authority(const char **rest, UrlParts *parts)
{
	if (**rest == '[')
	{
		parts->host = span_take_until(rest, "]/?#");
		if (**rest != ']')
			return false;
		parts->host.length++;
		(*rest)++;
	}
	else
		parts->host = span_take_until(rest, ":/?#");
	parts->has_port = **rest == ':';
	parts->port = (Span){.start = *rest};
	if (parts->has_port)
	{
		(*rest)++;
		parts->port = span_take_until(rest, "/?#");
	}
	parts->path = span_of(*rest);
	return parts->host.length > 0;
}

/* scheme:// */
static bool
split_scheme(const char **rest, UrlParts *parts)
{
	parts->scheme = span_take_until(rest, ":/?#");
	if (parts->scheme.length == 0 || strncmp(*rest, "://", 3) != 0)
		return false;
	*rest += 3;
	return true;
}

/* scheme://host[:port][/path] */
static bool
split_url(const char *url, UrlParts *parts)
{
	const char *rest = url;

	return split_scheme(&rest, parts) && split_authority(&rest, parts);
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

/* ---- what the settings may name ---- */

static bool
is_ipv6(const Span *host)
{
	return host->start[0] == '[';
}

/* NUL-terminated, an IPv6 address without its brackets.  False: it is too long for a host. */
static bool
copy_host(const Span *host, char copy[HOST_MAX + 1])
{
	Span name = *host;

	if (is_ipv6(host))
		name = (Span){.start = host->start + 1, .length = host->length - 2};
	if (name.length > HOST_MAX)
		return false;
	memcpy(copy, name.start, name.length);
	copy[name.length] = '\0';
	return true;
}

static bool
is_plain_host(const Span *host)
{
	char name[HOST_MAX + 1];
	struct in6_addr address;

	if (!copy_host(host, name))
		return false;
	return is_ipv6(host) ? inet_pton(AF_INET6, name, &address) == 1
						 : span_consists_of(host, HOST_CHARACTERS);
}

static bool
is_plain_port(const Span *port)
{
	long number;

	if (port->length == 0 || port->length > PORT_DIGITS_MAX || !span_consists_of(port, DIGITS))
		return false;
	number = strtol(port->start, NULL, 10);
	return number >= 1 && number <= 65535;
}

/* A host, a port if any, and then nothing or a path. */
static bool
has_plain_authority(const UrlParts *parts)
{
	char next = parts->path.start[0];

	return is_plain_host(&parts->host) && (!parts->has_port || is_plain_port(&parts->port)) &&
		(next == '\0' || next == '/');
}

static bool
is_plain_path(const Span *path)
{
	return span_consists_of(path, PATH_CHARACTERS) && strstr(path->start, "//") == NULL &&
		strstr(path->start, "/.") == NULL;
}

static bool
is_loopback(const Span *host)
{
	char name[HOST_MAX + 1];
	struct in_addr address;
	struct in6_addr address6;

	if (!copy_host(host, name))
		return false;
	if (is_ipv6(host))
		return inet_pton(AF_INET6, name, &address6) == 1 && IN6_IS_ADDR_LOOPBACK(&address6);
	if (inet_pton(AF_INET, name, &address) == 1)
		return ntohl(address.s_addr) >> 24 == 127;
	return span_is_in_any_case(host, "localhost");
}

const char *
url_api_fault(const char *url)
{
	UrlParts parts;
	const char *rest = url;

	if (!split_scheme(&rest, &parts) ||
		!(span_is(&parts.scheme, "https") || span_is(&parts.scheme, "http")))
		return "The address must begin with https:// (or http:// for a loopback host).";
	if (strchr(rest, '@') != NULL)
		return "The address must not contain a user or password.";
	if (strpbrk(rest, "?#") != NULL)
		return "The address must not contain a query or fragment.";
	if (!split_authority(&rest, &parts) || !has_plain_authority(&parts))
		return "The address must name a host, and a port from 1 to 65535 if any.";
	if (parts.path.length > 0 && parts.path.start[parts.path.length - 1] == '/')
		return "The address must not end with a slash.";
	if (!is_plain_path(&parts.path))
		return "The path may contain letters, digits, \"-\", \"_\", \"~\" and inner dots only.";
	if (span_is(&parts.scheme, "http") && !is_loopback(&parts.host))
		return "Plain http is accepted for a loopback host only.";
	return NULL;
}

/* Those that libcurl speaks to a proxy. */
static bool
is_proxy_scheme(const Span *scheme)
{
	static const char *const schemes[] = {"http",    "https",  "socks4",
										  "socks4a", "socks5", "socks5h"};

	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
	{
		if (span_is(scheme, schemes[i]))
			return true;
	}
	return false;
}

/* A proxy's scheme may be left out. */
static bool
skip_proxy_scheme(const char **rest)
{
	const char *end = strstr(*rest, "://");
	Span scheme = {.start = *rest};

	if (end == NULL)
		return true;
	scheme.length = (size_t) (end - *rest);
	*rest = end + strlen("://");
	return is_proxy_scheme(&scheme);
}

const char *
url_proxy_fault(const char *address)
{
	UrlParts parts;
	const char *rest = address;
	const char *user_end;

	if (!skip_proxy_scheme(&rest))
		return "The proxy's scheme must be http, https, socks4, socks4a, socks5 or socks5h.";
	/* An "@" in a password is written as %40. */
	user_end = strchr(rest, '@');
	if (user_end != NULL)
		rest = user_end + 1;
	if (!split_authority(&rest, &parts) || !has_plain_authority(&parts) || parts.path.length > 0)
		return "The proxy must name a host, a port from 1 to 65535 if any, and nothing else.";
	return NULL;
}

/* ---- where GitHub may send us ---- */

/* Its number as text, without leading zeros; an absent port is the scheme's. */
static Span
port_of(const UrlParts *parts)
{
	Span port = parts->port;

	if (port.length == 0)
		return span_of(span_is_in_any_case(&parts->scheme, "https") ? "443" : "80");
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

	return span_equals_in_any_case(&one->scheme, &other->scheme) &&
		span_equals_in_any_case(&one->host, &other->host) &&
		span_equals_in_any_case(&one_port, &other_port);
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
	return text[0] == '%' && text[1] == '2' && ascii_lower(text[2]) == 'e' ? 3 : 0;
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
url_within(const char *api_url, const char *reference)
{
	UrlParts base;
	UrlParts parts;

	if (reference == NULL || strlen(reference) > URL_MAX_REFERENCE_LENGTH ||
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
url_repository_id(const char *api_url, const char *url)
{
	static const char below[] = "/repositories/";
	size_t length = strlen(api_url);
	int64_t id = 0;

	if (strncmp(url, api_url, length) != 0 || strncmp(url + length, below, strlen(below)) != 0)
		return 0;
	url += length + strlen(below);
	for (; ascii_is_digit(*url); url++)
	{
		if (id > (INT64_MAX - 9) / 10)
			return 0;
		id = id * 10 + (*url - '0');
	}
	return *url == '\0' || *url == '/' || *url == '?' ? id : 0;
}
