/* http: http may not call getaddrinfo: */
#include <netdb.h>
#include <stddef.h>

extern int intruder(struct addrinfo **found);

int
intruder(struct addrinfo **found)
{
	return getaddrinfo("localhost", NULL, NULL, found);
}
