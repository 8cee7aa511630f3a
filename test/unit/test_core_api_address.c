/*
 * test_core_api_address.c
 *		Which addresses the settings api_url and proxy take.
 */
#include "core/api_address.h"

#include <string.h>

#include "unit.h"

typedef struct Address
{
	const char *text;
	const char *fault; /* a part of the sentence; NULL: it is fit */
} Address;

static const Address api_addresses[] = {
	{"https://api.github.com", NULL},
	{"https://github.example:8443/api/v3", NULL},
	{"https://[2001:db8::1]/api/v3", NULL},
	{"https://host:00080", NULL},
	{"http://localhost:3000", NULL},
	{"http://LOCALHOST", NULL},
	{"http://127.9.8.7/x", NULL},
	{"http://[::1]:1", NULL},
	{"", "must begin with"},
	{"HTTPS://api.github.com", "must begin with"},
	{"ftp://api.github.com", "must begin with"},
	{"https:/api.github.com", "must begin with"},
	{"https://user:secret@api.github.com", "user or password"},
	{"https://api.github.com/@", "user or password"},
	{"https://api.github.com?a=b", "query or fragment"},
	{"https://api.github.com/#top", "query or fragment"},
	{"https://", "must name a host"},
	{"https:///path", "must name a host"},
	{"https://:443", "must name a host"},
	{"https://host:", "must name a host"},
	{"https://host:0", "must name a host"},
	{"https://host:65536", "must name a host"},
	{"https://host:123456", "must name a host"},
	{"https://host:8x", "must name a host"},
	{"https://ho st", "must name a host"},
	{"https://host\\path", "must name a host"},
	{"https://h\xc3\xb6st", "must name a host"},
	{"https://[::1", "must name a host"},
	{"https://[]", "must name a host"},
	{"https://[host]", "must name a host"},
	{"https://[::1]x", "must name a host"},
	{"https://host/", "end with a slash"},
	{"https://host/api/", "end with a slash"},
	{"https://host/a//b", "path may contain"},
	{"https://host/../b", "path may contain"},
	{"https://host/.hidden", "path may contain"},
	{"https://host/a%2e", "path may contain"},
	{"http://api.github.com", "loopback host only"},
	{"http://128.0.0.1", "loopback host only"},
	{"http://[::2]", "loopback host only"},
	{"http://localhost.example", "loopback host only"},
};

static const Address proxies[] = {
	{"proxy", NULL},
	{"proxy:3128", NULL},
	{"http://proxy:3128", NULL},
	{"https://[::1]:3128", NULL},
	{"socks5h://user:pass%40word@proxy", NULL},
	{"ftp://proxy", "proxy's scheme"},
	{"://proxy", "proxy's scheme"},
	{"", "must name a host"},
	{"user@", "must name a host"},
	{"proxy/", "must name a host"},
	{"proxy:", "must name a host"},
	{"proxy?x", "must name a host"},
	{"proxy:70000", "must name a host"},
	{"a@b@proxy", "must name a host"},
};

static void
check(const Address *address, const char *fault)
{
	char name[200];

	snprintf(name, sizeof(name), "\"%s\" is %s", address->text,
			 address->fault == NULL ? "fit" : address->fault);
	if (address->fault == NULL)
		ok(fault == NULL, name);
	else
		ok(fault != NULL && strstr(fault, address->fault) != NULL, name);
}

int
main(void)
{
	char long_name[300] = "https://";

	for (size_t i = 0; i < sizeof(api_addresses) / sizeof(api_addresses[0]); i++)
		check(&api_addresses[i], api_address_fault(api_addresses[i].text));
	for (size_t i = 0; i < sizeof(proxies) / sizeof(proxies[0]); i++)
		check(&proxies[i], api_address_proxy_fault(proxies[i].text));

	memset(long_name + 8, 'a', 253);
	long_name[8 + 253] = '\0';
	ok(api_address_fault(long_name) == NULL, "a name of 253 characters is fit");
	long_name[8 + 253] = 'a';
	long_name[8 + 254] = '\0';
	ok(api_address_fault(long_name) != NULL, "one of 254 is none that DNS could carry");
	return done_testing();
}
