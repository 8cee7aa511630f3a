/*
 * api_address.h
 *		Which addresses are fit to be called: of GitHub's REST API, of a proxy.
 */
#ifndef API_ADDRESS_H
#define API_ADDRESS_H

/*
 * Why a base address is refused, or NULL when it is fit: a full sentence
 * without the address itself, since an address may carry a password.
 *
 * Fit are https://HOST[:PORT][/PATH], and plain http when HOST is a loopback
 * address or localhost; without user, query, fragment or trailing slash.
 */
extern const char *api_address_fault(const char *url);

/*
 * The same for a proxy: [SCHEME://][USER:PASSWORD@]HOST[:PORT], where SCHEME is
 * http (the default), https, socks4, socks4a, socks5 or socks5h.
 */
extern const char *api_address_proxy_fault(const char *address);

#endif /* API_ADDRESS_H */
