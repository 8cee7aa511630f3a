/*
 * http_curl.c
 *		What a curl of some age cannot be trusted with.
 *
 * The curl that is asked is the one that is loaded, which need not be the one
 * that this was compiled with.
 */
#include <curl/curl.h>

#include "http/http_curl.h"

/*
 * Before 8.1 a handle remembers the last header of the answer before, which curl
 * has freed by then: an answer that begins with the continuation of a header is
 * added to it (curl's issue 11101).
 */
#define KEEPS_HANDLES_FROM 0x080101

/*
 * Before 8.5 a connection of HTTP/1.1 whose answer is awaited is given to other
 * exchanges as well, where another connection to the same host is one of HTTP/2
 * (curl's pull request 12373): each is told what another one had asked for.
 */
#define SHARES_CONNECTIONS_FROM 0x080500

static bool
is_at_least(unsigned int version)
{
	return curl_version_info(CURLVERSION_NOW)->version_num >= version;
}

bool
http_curl_keeps_handles(void)
{
	return is_at_least(KEEPS_HANDLES_FROM);
}

bool
http_curl_shares_connections(void)
{
	return is_at_least(SHARES_CONNECTIONS_FROM);
}
