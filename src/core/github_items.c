/*
 * github_items.c
 *		From a page of a list to its items, each read by itself.
 *
 * The text is cut at the commas of the outermost array; what stands between
 * them is then parsed, with all the checks that a single answer undergoes.
 */
#include "core/github_items.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_reader.h"
#include "core/span.h"

#define WHITE_SPACE " \t\r\n"

/* Behind the string whose opening quote is at text; NULL: it does not end. */
static const char *
behind_string(const char *text)
{
	for (text++; *text != '\0'; text++)
	{
		if (*text == '"')
			return text + 1;
		if (*text == '\\' && *++text == '\0')
			return NULL;
	}
	return NULL;
}

/* The comma or bracket that ends the item at text; NULL: there is none. */
static const char *
end_of_item(const char *text)
{
	int depth = 0;

	while (text != NULL && *text != '\0')
	{
		switch (*text)
		{
			case '"':
				text = behind_string(text);
				continue;
			case '[':
			case '{':
				depth++;
				break;
			case ']':
			case '}':
				if (depth-- == 0)
					return *text == ']' ? text : NULL;
				break;
			case ',':
				if (depth == 0)
					return text;
				break;
		}
		text++;
	}
	return NULL;
}

static const char *
skip_space(const char *text)
{
	return text + strspn(text, WHITE_SPACE);
}

/* Where the items begin; NULL: it is no array. */
static const char *
inside_of_array(const char *json)
{
	const char *text = skip_space(json);

	return *text == '[' ? skip_space(text + 1) : NULL;
}

static bool
is_last(const char *end)
{
	return *end == ']';
}

/* The number of items, or -1: not an array of this size, and nothing else. */
static int
count_items(const char *json)
{
	const char *text = inside_of_array(json);
	int count = 0;

	if (text != NULL && *text == ']')
		return *skip_space(text + 1) == '\0' ? 0 : -1;
	while (text != NULL && count < GITHUB_MAX_ITEMS)
	{
		const char *end = end_of_item(text);

		if (end == NULL || end == text)
			return -1;
		count++;
		if (is_last(end))
			return *skip_space(end + 1) == '\0' ? count : -1;
		text = skip_space(end + 1);
	}
	return -1;
}

static GithubParseResult
read_item(GithubResourceKind kind, const Span *text, GithubItem *item)
{
	item->json = span_copy(text);
	if (item->json == NULL)
		return GITHUB_PARSE_OUT_OF_MEMORY;
	item->result = github_resource_parse(kind, item->json, &item->resource, &item->problem);
	if (item->result == GITHUB_PARSE_OK || item->result == GITHUB_PARSE_OUT_OF_MEMORY)
		return item->result;
	if (github_resource_identify(kind, item->json, &item->resource) == GITHUB_PARSE_OUT_OF_MEMORY)
		return GITHUB_PARSE_OUT_OF_MEMORY;
	return item->result;
}

/* False: out of memory; what is wrong with an item stays with it. */
static bool
read_items(GithubResourceKind kind, const char *json, int count, GithubItems *items)
{
	const char *text = inside_of_array(json);

	for (int i = 0; i < count; i++)
	{
		const char *end = end_of_item(text);
		Span span = {text, (size_t) (end - text)};

		items->count++;
		if (read_item(kind, &span, &items->items[i]) == GITHUB_PARSE_OUT_OF_MEMORY)
			return false;
		text = skip_space(end + 1);
	}
	return true;
}

GithubParseResult
github_items_parse(GithubResourceKind kind, const char *json, GithubItems *items,
				   const char **problem)
{
	int count = count_items(json);

	memset(items, 0, sizeof(*items));
	if (count < 0)
		return json_report(GITHUB_PARSE_MISSING_FIELD, "array", problem);
	if (problem != NULL)
		*problem = NULL;
	if (count == 0)
		return GITHUB_PARSE_OK;
	items->items = calloc((size_t) count, sizeof(*items->items));
	if (items->items != NULL && read_items(kind, json, count, items))
		return GITHUB_PARSE_OK;
	github_items_free(items);
	return json_report(GITHUB_PARSE_OUT_OF_MEMORY, "memory", problem);
}

/* Which one it is, and nothing that it says of itself. */
static void
keep_identity(GithubResource *resource)
{
	int64_t id = resource->id;
	int32_t number = resource->number;

	github_resource_free(resource);
	resource->id = id;
	resource->number = number;
	resource->updated_at = GITHUB_NO_TIME;
}

void
github_items_refuse_future(GithubItems *items, int64_t answered_at)
{
	for (size_t i = 0; i < items->count; i++)
	{
		GithubItem *item = &items->items[i];

		if (item->result != GITHUB_PARSE_OK ||
			!github_resource_is_of_the_future(&item->resource, answered_at))
			continue;
		item->result = json_report(GITHUB_PARSE_MISSING_FIELD, "updated_at", &item->problem);
		keep_identity(&item->resource);
	}
}

void
github_items_free(GithubItems *items)
{
	for (size_t i = 0; i < items->count; i++)
	{
		free(items->items[i].json);
		github_resource_free(&items->items[i].resource);
	}
	free(items->items);
	memset(items, 0, sizeof(*items));
}
