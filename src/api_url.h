/*
 * api_url.h
 *		Which base addresses of GitHub's REST API are fit to be called.
 */
#ifndef GITHUB_SYNC_API_URL_H
#define GITHUB_SYNC_API_URL_H

/*
 * Why a base address is refused, or NULL when it is fit: a full sentence
 * without the address itself, since an address may carry a password.
 *
 * Fit are https://HOST[:PORT][/PATH], and plain http when HOST is a loopback
 * address or localhost; without user, query, fragment or trailing slash.
 */
extern const char *api_url_fault(const char *url);

#endif /* GITHUB_SYNC_API_URL_H */
