/*
 * json_events.c
 *		What the core makes of JSON, by cJSON.
 */
#include "json_events.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_reader.h"

void
json_events_add_text(FILE *events, char mark, const char *text)
{
	fprintf(events, "%c%zu:%s\n", mark, strlen(text), text);
}

/* Sixteen digits and more are kept as they are; all else is a double. */
void
json_events_add_number(FILE *events, const char *spelled)
{
	const char *digits = spelled + (*spelled == '-');

	if (strlen(digits) >= 16 && digits[strspn(digits, "0123456789")] == '\0')
		json_events_add_text(events, 'i', spelled);
	else
		fprintf(events, "n%.17g\n", strtod(spelled, NULL));
}

static void add_value(FILE *events, const cJSON *value);

static void
add_members(FILE *events, const cJSON *container)
{
	const cJSON *member;

	cJSON_ArrayForEach(member, container)
	{
		if (cJSON_IsObject(container))
			json_events_add_text(events, 'm', member->string);
		add_value(events, member);
	}
}

static void
add_object(FILE *events, const cJSON *object)
{
	const cJSON *digits = cJSON_GetObjectItemCaseSensitive(object, GITHUB_JSON_INTEGER);

	if (digits != NULL)
	{
		json_events_add_text(events, 'i', digits->valuestring);
		return;
	}
	fputs("{\n", events);
	add_members(events, object);
	fputs("}\n", events);
}

static void
add_value(FILE *events, const cJSON *value)
{
	if (cJSON_IsObject(value))
		add_object(events, value);
	else if (cJSON_IsArray(value))
	{
		fputs("[\n", events);
		add_members(events, value);
		fputs("]\n", events);
	}
	else if (cJSON_IsString(value))
		json_events_add_text(events, 's', value->valuestring);
	else if (cJSON_IsNumber(value))
		fprintf(events, "n%.17g\n", value->valuedouble);
	else
		fprintf(events, "%s\n",
				cJSON_IsNull(value)       ? "null"
					: cJSON_IsTrue(value) ? "true"
										  : "false");
}

char *
json_events_of_core(const char *text, bool is_list)
{
	cJSON *document;
	GithubParseResult result = is_list ? json_list_parse(text, &document, NULL)
									   : json_document_parse(text, &document, NULL);
	char *written = NULL;
	size_t size;
	FILE *events;

	if (result != GITHUB_PARSE_OK)
		return NULL;
	events = open_memstream(&written, &size);
	if (events == NULL)
		abort();
	add_value(events, document);
	fclose(events);
	cJSON_Delete(document);
	return written;
}
