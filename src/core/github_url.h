/*
 * github_url.h
 *		Where GitHub sends us next: the URLs in its Location and Link headers.
 *
 * Pure: no clock, no I/O, no name lookup.  Such a URL is what a stranger sent,
 * and our token goes wherever it leads: it is taken apart here and put together
 * again behind the address that the settings give.
 */
#ifndef GITHUB_URL_H
#define GITHUB_URL_H

#include <stdint.h>

/* Longer is no address that GitHub could send. */
#define GITHUB_MAX_REFERENCE_LENGTH 4096

/*
 * The URL that reference names, an absolute one or a path, if it lies within
 * the API of api_url: the same scheme, host and port, and below its path.
 * malloc'd, spelled with api_url's own scheme, host and port, without a
 * fragment.  NULL: it leads elsewhere, two parsers could read it differently
 * (users, white space, backslashes, dot segments), or memory is out.
 */
extern char *github_url_within(const char *api_url, const char *reference);

/*
 * Of a URL that github_url_within() returned: the id in
 * {api_url}/repositories/{id} and all below; 0: it is none of these.
 */
extern int64_t github_url_repository_id(const char *api_url, const char *url);

#endif
