/*
 * addresses.c
 *		Which addresses are fit to be called: of GitHub's REST API, of a proxy.
 *
 * Plain C on one string: no PostgreSQL, no name lookup.  Strict on purpose:
 * tokens are sent to such an address, so what two parsers might read differently
 * (users, escapes, backslashes, dot segments) is refused here.
 */
#include "core/addresses.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <stdlib.h>
#include <string.h>
#include <strings.h>

#define HOST_MAX 253 /* longest name DNS can carry (RFC 1035, 2.3.4) */

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define HOST_CHARACTERS LETTERS_AND_DIGITS "-._"
#define ADDRESS_CHARACTERS "0123456789abcdefABCDEF:."
#define PATH_CHARACTERS LETTERS_AND_DIGITS "-._~/"

typedef struct UrlParts
{
	bool encrypted;
	char host[HOST_MAX + 1]; /* an IPv6 address without its brackets */
	bool host_is_ipv6;
} UrlParts;

static bool
split_scheme(const char **rest, UrlParts *parts)
{
	static const char secure[] = "https://";
	static const char plain[] = "http://";

	parts->encrypted = strncmp(*rest, secure, strlen(secure)) == 0;
	if (!parts->encrypted && strncmp(*rest, plain, strlen(plain)) != 0)
		return false;
	*rest += strlen(parts->encrypted ? secure : plain);
	return true;
}

static bool
split_host(const char **rest, UrlParts *parts)
{
	size_t length;
	struct in6_addr address;

	parts->host_is_ipv6 = **rest == '[';
	if (parts->host_is_ipv6)
		(*rest)++;
	length = strspn(*rest, parts->host_is_ipv6 ? ADDRESS_CHARACTERS : HOST_CHARACTERS);
	if (length == 0 || length > HOST_MAX)
		return false;
	memcpy(parts->host, *rest, length);
	parts->host[length] = '\0';
	*rest += length;
	if (!parts->host_is_ipv6)
		return true;
	return *(*rest)++ == ']' && inet_pton(AF_INET6, parts->host, &address) == 1;
}

static bool
skip_port(const char **rest)
{
	size_t digits;
	long port;

	if (**rest != ':')
		return true;
	(*rest)++;
	digits = strspn(*rest, "0123456789");
	if (digits == 0 || digits > 5)
		return false;
	port = strtol(*rest, NULL, 10);
	*rest += digits;
	return port >= 1 && port <= 65535;
}

/* The host, a port if any, and then nothing or a path. */
static bool
split_authority(const char **rest, UrlParts *parts)
{
	return split_host(rest, parts) && skip_port(rest) && (**rest == '\0' || **rest == '/');
}

static bool
is_plain_path(const char *path)
{
	if (*path == '\0')
		return true;
	return *path == '/' && path[strspn(path, PATH_CHARACTERS)] == '\0' &&
		strstr(path, "//") == NULL && strstr(path, "/.") == NULL;
}

static bool
is_loopback(const UrlParts *parts)
{
	struct in_addr address;
	struct in6_addr address6;

	if (parts->host_is_ipv6)
		return inet_pton(AF_INET6, parts->host, &address6) == 1 && IN6_IS_ADDR_LOOPBACK(&address6);
	if (inet_pton(AF_INET, parts->host, &address) == 1)
		return ntohl(address.s_addr) >> 24 == 127;
	return strcasecmp(parts->host, "localhost") == 0;
}

const char *
api_url_fault(const char *url)
{
	UrlParts parts = {0};
	const char *rest = url;

	if (!split_scheme(&rest, &parts))
		return "The address must begin with https:// (or http:// for a loopback host).";
	if (strchr(rest, '@') != NULL)
		return "The address must not contain a user or password.";
	if (strpbrk(rest, "?#") != NULL)
		return "The address must not contain a query or fragment.";
	if (!split_authority(&rest, &parts))
		return "The address must name a host, and a port from 1 to 65535 if any.";
	if (*rest != '\0' && rest[strlen(rest) - 1] == '/')
		return "The address must not end with a slash.";
	if (!is_plain_path(rest))
		return "The path may contain letters, digits, \"-\", \"_\", \"~\" and inner dots only.";
	if (!parts.encrypted && !is_loopback(&parts))
		return "Plain http is accepted for a loopback host only.";
	return NULL;
}

/* Those that libcurl speaks to a proxy. */
static bool
skip_proxy_scheme(const char **rest)
{
	static const char *const schemes[] = {"http",    "https",  "socks4",
										  "socks4a", "socks5", "socks5h"};
	const char *end = strstr(*rest, "://");
	size_t length;

	if (end == NULL)
		return true;
	length = (size_t) (end - *rest);
	for (size_t i = 0; i < sizeof(schemes) / sizeof(schemes[0]); i++)
	{
		if (strlen(schemes[i]) == length && strncmp(*rest, schemes[i], length) == 0)
		{
			*rest = end + strlen("://");
			return true;
		}
	}
	return false;
}

const char *
proxy_fault(const char *address)
{
	UrlParts parts = {0};
	const char *rest = address;
	const char *user_end;

	if (!skip_proxy_scheme(&rest))
		return "The proxy's scheme must be http, https, socks4, socks4a, socks5 or socks5h.";
	/* An "@" in a password is written as %40. */
	user_end = strchr(rest, '@');
	if (user_end != NULL)
		rest = user_end + 1;
	if (!split_authority(&rest, &parts) || *rest != '\0')
		return "The proxy must name a host, a port from 1 to 65535 if any, and nothing else.";
	return NULL;
}
