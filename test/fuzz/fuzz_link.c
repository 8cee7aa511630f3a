/*
 * fuzz_link.c
 *		Where GitHub sends us: a Link or a Location header leads into its API or
 *		nowhere.
 */
#include "core/link_header.h"
#include "core/url.h"
#include "fuzz.h"

static const char *const apis[] = {"https://api.github.com", "https://ghes.example:8443/api/v3",
								   "http://127.0.0.1:8080"};

static void
check_reference(const char *reference)
{
	for (size_t i = 0; i < sizeof(apis) / sizeof(apis[0]); i++)
	{
		char *url = url_within(apis[i], reference);
		char *again;

		if (url == NULL)
			continue;
		must(strncmp(url, apis[i], strlen(apis[i])) == 0 && url[strlen(apis[i])] == '/');
		must(strpbrk(url, " \t\r\n#\\") == NULL);
		must(url_repository_id(apis[i], url) >= 0);

		again = url_within(apis[i], url);
		must(again != NULL && strcmp(again, url) == 0);
		free(again);
		free(url);
	}
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	char *next = link_header_next(text);

	check_reference(text);
	if (next != NULL)
		check_reference(next);
	free(next);
	must(link_header_last_page(text) >= 0 &&
		 link_header_last_page(text) <= LINK_HEADER_LAST_PAGE_MAX);
	free(text);
	return 0;
}
