/*
 * fuzz_list.c
 *		Lists of issues or comments: the first byte says which.
 */
#include "core/github_resource.h"
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GithubResourceList list;
	const char *problem;
	char *json;

	if (size == 0)
		return 0;
	json = sanitized(data + 1, size - 1);
	if (github_resource_list_parse(data[0] == 'c' ? GITHUB_COMMENT : GITHUB_ISSUE, json, &list,
								   &problem) == GITHUB_PARSE_OK)
	{
		must(list.count < size);
		for (size_t i = 0; i < list.count; i++)
			must(list.items[i].id >= 1);
		github_resource_list_free(&list);
	}
	else
		must(problem != NULL && list.items == NULL && list.count == 0);
	free(json);
	return 0;
}
