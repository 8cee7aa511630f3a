/*
 * fuzz_resource.c
 *		Answers about an issue or a comment: the first byte says which.
 */
#include "core/github_resource.h"
#include "fuzz.h"

static void
check_resource(const GithubResource *resource)
{
	must(resource->id >= 1);
	must(resource->number >= 0);
	must(is_utf8_or_null(resource->title) && is_utf8_or_null(resource->body));
	must(is_utf8_or_null(resource->state) && is_utf8_or_null(resource->state_reason));
	must(is_utf8_or_null(resource->author_login) && is_utf8_or_null(resource->html_url));
	must(resource->created_at != GITHUB_NO_TIME && resource->updated_at != GITHUB_NO_TIME);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	GithubResource resource;
	GithubResourceKind kind;
	const char *problem;
	char *json;

	if (size == 0)
		return 0;
	kind = data[0] == 'c' ? GITHUB_COMMENT : GITHUB_ISSUE;
	json = sanitized(data + 1, size - 1);
	if (github_resource_parse(kind, json, &resource, &problem) == GITHUB_PARSE_OK)
	{
		check_resource(&resource);
		must(kind == GITHUB_COMMENT || (resource.title != NULL && resource.state != NULL));
		github_resource_free(&resource);
	}
	else
		must(problem != NULL && problem[0] != '\0' && resource.id == 0 && resource.body == NULL);
	free(json);
	return 0;
}
