/*
 * http_curl.h
 *		What a curl of some age cannot be trusted with: a rule says here which
 *		versions it is about, and why.
 */
#ifndef GITHUB_SYNC_HTTP_CURL_H
#define GITHUB_SYNC_HTTP_CURL_H

#include <stdbool.h>

/* Whether a handle may serve one exchange after another. */
extern bool http_curl_keeps_handles(void);

/* Whether several exchanges may be under way on one connection of HTTP/2. */
extern bool http_curl_shares_connections(void);

#endif /* GITHUB_SYNC_HTTP_CURL_H */
