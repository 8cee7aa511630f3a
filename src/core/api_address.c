/*
 * api_address.c
 *		Which addresses are fit to be called: of GitHub's REST API, of a proxy.
 *
 * Pure: no name lookup.  Strict on purpose: tokens are sent to such an address,
 * so what two parsers might read differently (users, escapes, backslashes, dot
 * segments) is refused here.
 */
#include "core/api_address.h"

#include <arpa/inet.h>
#include <netinet/in.h>
#include <stdbool.h>
#include <string.h>
#include <strings.h>

#include "core/url.h"

#define HOST_MAX 253 /* longest name DNS can carry (RFC 1035, 2.3.4) */
#define PORT_MAX 65535

#define LETTERS_AND_DIGITS "abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789"
#define HOST_CHARACTERS LETTERS_AND_DIGITS "-._"
#define PATH_CHARACTERS LETTERS_AND_DIGITS "-._~/"

typedef struct Host
{
	char name[HOST_MAX + 1]; /* an IPv6 address without its brackets */
	bool is_ipv6;
} Host;

static bool
copy_host(const UrlSpan *span, Host *host)
{
	UrlSpan name = *span;
	struct in6_addr address;

	host->is_ipv6 = name.length > 2 && name.start[0] == '[';
	if (host->is_ipv6)
	{
		name.start++;
		name.length -= 2;
	}
	if (name.length == 0 || name.length > HOST_MAX)
		return false;
	memcpy(host->name, name.start, name.length);
	host->name[name.length] = '\0';
	if (host->is_ipv6)
		return inet_pton(AF_INET6, host->name, &address) == 1;
	return host->name[strspn(host->name, HOST_CHARACTERS)] == '\0';
}

static bool
is_port(const UrlSpan *span)
{
	long port = 0;

	if (span->length > 5)
		return false;
	for (size_t i = 0; i < span->length; i++)
	{
		if (span->start[i] < '0' || span->start[i] > '9')
			return false;
		port = port * 10 + (span->start[i] - '0');
	}
	return port >= 1 && port <= PORT_MAX;
}

/* The host, a port if any, and then nothing or a path. */
static bool
is_authority(const UrlParts *parts, Host *host)
{
	return copy_host(&parts->host, host) && (!parts->has_port || is_port(&parts->port)) &&
		(parts->path.length == 0 || parts->path.start[0] == '/');
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
is_loopback(const Host *host)
{
	struct in_addr address;
	struct in6_addr address6;

	if (host->is_ipv6)
		return inet_pton(AF_INET6, host->name, &address6) == 1 && IN6_IS_ADDR_LOOPBACK(&address6);
	if (inet_pton(AF_INET, host->name, &address) == 1)
		return ntohl(address.s_addr) >> 24 == 127;
	return strcasecmp(host->name, "localhost") == 0;
}

/* The rest behind a scheme that is written as we write it; NULL: it is none of these. */
static const char *
after_scheme(const char *url, bool *encrypted)
{
	static const char secure[] = "https://";
	static const char plain[] = "http://";

	*encrypted = strncmp(url, secure, strlen(secure)) == 0;
	if (*encrypted)
		return url + strlen(secure);
	return strncmp(url, plain, strlen(plain)) == 0 ? url + strlen(plain) : NULL;
}

const char *
api_address_fault(const char *url)
{
	UrlParts parts;
	Host host;
	bool encrypted;
	const char *rest = after_scheme(url, &encrypted);

	if (rest == NULL)
		return "The address must begin with https:// (or http:// for a loopback host).";
	if (strchr(rest, '@') != NULL)
		return "The address must not contain a user or password.";
	if (strpbrk(rest, "?#") != NULL)
		return "The address must not contain a query or fragment.";
	if (!url_split(url, &parts) || !is_authority(&parts, &host))
		return "The address must name a host, and a port from 1 to 65535 if any.";
	if (parts.path.length > 0 && url[strlen(url) - 1] == '/')
		return "The address must not end with a slash.";
	if (!is_plain_path(parts.path.start))
		return "The path may contain letters, digits, \"-\", \"_\", \"~\" and inner dots only.";
	if (!encrypted && !is_loopback(&host))
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
api_address_proxy_fault(const char *address)
{
	UrlParts parts;
	Host host;
	const char *rest = address;
	const char *user_end;

	if (!skip_proxy_scheme(&rest))
		return "The proxy's scheme must be http, https, socks4, socks4a, socks5 or socks5h.";
	/* An "@" in a password is written as %40. */
	user_end = strchr(rest, '@');
	if (user_end != NULL)
		rest = user_end + 1;
	if (!url_split_authority(rest, &parts) || !is_authority(&parts, &host) || parts.path.length > 0)
		return "The proxy must name a host, a port from 1 to 65535 if any, and nothing else.";
	return NULL;
}
