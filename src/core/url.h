/*
 * url.h
 *		Which URLs are fit to be called: of GitHub's REST API, of a proxy, and
 *		those where GitHub sends us next.
 *
 * Pure: no clock, no I/O, no name lookup.  What GitHub sends is a stranger's,
 * and our token goes wherever it leads: such a URL is taken apart here and put
 * together again behind the address that the settings give.
 */
#ifndef URL_H
#define URL_H

#include <stdint.h>

/*
 * Why a base address is refused, or NULL when it is fit: a full sentence
 * without the address itself, since an address may carry a password.
 *
 * Fit are https://HOST[:PORT][/PATH], and plain http when HOST is a loopback
 * address or localhost; without user, query, fragment or trailing slash.
 */
extern const char *url_api_fault(const char *url);

/*
 * The same for a proxy: [SCHEME://][USER:PASSWORD@]HOST[:PORT], where SCHEME is
 * http (the default), https, socks4, socks4a, socks5 or socks5h.
 */
extern const char *url_proxy_fault(const char *address);

/* Longer is no address that GitHub could send. */
#define URL_MAX_REFERENCE_LENGTH 4096

/*
 * The URL that reference names, an absolute one or a path, if it lies within
 * the API of api_url: the same scheme, host and port, and below its path.
 * malloc'd, spelled with api_url's own scheme, host and port, without a
 * fragment.  NULL: it leads elsewhere, two parsers could read it differently
 * (users, white space, backslashes, dot segments), or memory is out.
 */
extern char *url_within(const char *api_url, const char *reference);

/*
 * Of a URL that url_within() returned: the id in
 * {api_url}/repositories/{id} and all below; 0: it is none of these.
 */
extern int64_t url_repository_id(const char *api_url, const char *url);

#endif
