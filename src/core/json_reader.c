/*
 * json_reader.c
 *		Typed members out of a JSON object, by cJSON.
 *
 * cJSON's valueint saturates at 2^31 - 1, which GitHub's ids exceed: numbers
 * are read from valuedouble, and from their digits where that may have rounded
 * them.
 */
#include "core/json_reader.h"

#include <errno.h>
#include <stddef.h>
#include <stdlib.h>
#include <string.h>

#include "core/github_time.h"

/* The largest that a double cannot have rounded another one to. */
#define MAX_EXACT_INTEGER ((INT64_C(1) << 53) - 1)

GithubParseResult
json_report(GithubParseResult result, const char *text, const char **problem)
{
	if (problem != NULL)
		*problem = text;
	return result;
}

static GithubParseResult
parse(const char *text, cJSON **document, const char **problem)
{
	const char *kept = github_json_keep_integers(text);

	if (kept == NULL)
		return json_report(GITHUB_PARSE_OUT_OF_MEMORY, "memory", problem);
	errno = 0;
	*document = cJSON_ParseWithOpts(kept, NULL, true);
	if (kept != text)
		free((char *) kept);
	if (*document != NULL)
		return json_report(GITHUB_PARSE_OK, NULL, problem);
	/* cJSON does not tell the two apart, malloc does. */
	if (errno == ENOMEM)
		return json_report(GITHUB_PARSE_OUT_OF_MEMORY, "memory", problem);
	return json_report(GITHUB_PARSE_NOT_JSON, "JSON", problem);
}

/* ---- names that an object has twice ---- */

/* An issue's has some forty. */
#define MEMBERS_ON_STACK 64

static int
compare_names(const void *one, const void *other)
{
	return strcmp(*(const char *const *) one, *(const char *const *) other);
}

static bool
has_equal_neighbours(const char *const *names, size_t count)
{
	for (size_t i = 1; i < count; i++)
	{
		if (strcmp(names[i - 1], names[i]) == 0)
			return true;
	}
	return false;
}

/* names: room for count of them. */
static bool
repeats_among(const cJSON *object, const char **names, size_t count)
{
	const cJSON *member;
	size_t i = 0;

	cJSON_ArrayForEach(member, object) names[i++] = member->string;
	qsort(names, count, sizeof(*names), compare_names);
	return has_equal_neighbours(names, count);
}

static GithubParseResult
check_names_of(const cJSON *object)
{
	const char *on_stack[MEMBERS_ON_STACK];
	const char **names = on_stack;
	size_t count = (size_t) cJSON_GetArraySize(object);
	bool repeats;

	if (count > MEMBERS_ON_STACK)
		names = malloc(count * sizeof(*names));
	if (names == NULL)
		return GITHUB_PARSE_OUT_OF_MEMORY;
	repeats = repeats_among(object, names, count);
	if (names != on_stack)
		free(names);
	return repeats ? GITHUB_PARSE_NOT_JSON : GITHUB_PARSE_OK;
}

/* Recurses: its depth is bounded. */
static GithubParseResult
check_names(const cJSON *value)
{
	GithubParseResult result = cJSON_IsObject(value) ? check_names_of(value) : GITHUB_PARSE_OK;
	const cJSON *child;

	if (!cJSON_IsObject(value) && !cJSON_IsArray(value))
		return GITHUB_PARSE_OK;
	cJSON_ArrayForEach(child, value)
	{
		if (result != GITHUB_PARSE_OK)
			break;
		result = check_names(child);
	}
	return result;
}

/* Of members of one name cJSON finds the first, PostgreSQL keeps the last. */
static GithubParseResult
refuse_repeated_names(cJSON **document, const char **problem)
{
	GithubParseResult result = check_names(*document);

	if (result == GITHUB_PARSE_OK)
		return GITHUB_PARSE_OK;
	cJSON_Delete(*document);
	*document = NULL;
	return json_report(result,
					   result == GITHUB_PARSE_OUT_OF_MEMORY ? "memory" : "members of the same name",
					   problem);
}

/* ---- documents ---- */

static GithubParseResult
parse_document(const char *text, size_t max_values, cJSON **document, const char **problem)
{
	GithubJsonShape shape;
	GithubParseResult result;

	*document = NULL;
	if (text == NULL)
		return json_report(GITHUB_PARSE_NOT_JSON, "JSON", problem);
	/* cJSON recurses up to a depth of its own, which is not ours to choose. */
	shape = github_json_measure(text);
	if (shape.depth > GITHUB_MAX_JSON_DEPTH)
		return json_report(GITHUB_PARSE_TOO_DEEP, "nesting", problem);
	if (shape.values > max_values)
		return json_report(GITHUB_PARSE_TOO_MANY_VALUES, "number of values", problem);

	if (!github_json_is_strict(text))
		return json_report(GITHUB_PARSE_NOT_JSON, "JSON", problem);

	result = parse(text, document, problem);
	return result == GITHUB_PARSE_OK ? refuse_repeated_names(document, problem) : result;
}

GithubParseResult
json_document_parse(const char *text, cJSON **document, const char **problem)
{
	return parse_document(text, GITHUB_MAX_JSON_VALUES, document, problem);
}

GithubParseResult
json_list_parse(const char *text, cJSON **document, const char **problem)
{
	return parse_document(text, GITHUB_MAX_JSON_LIST_VALUES, document, problem);
}

JsonReader
json_reader_open(const cJSON *value)
{
	bool is_object = cJSON_IsObject(value);
	/* What a list holds has no names to be compared. */
	JsonReader reader = {.object = is_object ? value : NULL, .result = GITHUB_PARSE_OK};

	if (!is_object)
		json_reader_fail(&reader, GITHUB_PARSE_MISSING_FIELD, "object");
	return reader;
}

void
json_reader_fail(JsonReader *reader, GithubParseResult result, const char *problem)
{
	if (reader->result != GITHUB_PARSE_OK)
		return;
	reader->result = result;
	reader->problem = problem;
}

GithubParseResult
json_reader_finish(const JsonReader *reader, const char **problem)
{
	return json_report(reader->result, reader->problem, problem);
}

const cJSON *
json_read_member(const JsonReader *reader, const char *name)
{
	const cJSON *member;

	if (reader->result != GITHUB_PARSE_OK)
		return NULL;
	member = cJSON_GetObjectItemCaseSensitive(reader->object, name);
	return cJSON_IsNull(member) ? NULL : member;
}

char *
json_read_optional_text(JsonReader *reader, const char *name)
{
	const cJSON *member = json_read_member(reader, name);
	char *text;

	if (member == NULL)
		return NULL;
	if (!cJSON_IsString(member))
	{
		json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, name);
		return NULL;
	}
	text = strdup(member->valuestring);
	if (text == NULL)
		json_reader_fail(reader, GITHUB_PARSE_OUT_OF_MEMORY, "memory");
	return text;
}

char *
json_read_text(JsonReader *reader, const char *name)
{
	char *text = json_read_optional_text(reader, name);

	if (text == NULL)
		json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, name);
	return text;
}

static char *
refuse_long_name(JsonReader *reader, const char *name, char *text)
{
	if (text == NULL || strlen(text) <= JSON_NAME_MAX_LENGTH)
		return text;
	free(text);
	json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, name);
	return NULL;
}

char *
json_read_name(JsonReader *reader, const char *name)
{
	return refuse_long_name(reader, name, json_read_text(reader, name));
}

char *
json_read_optional_name(JsonReader *reader, const char *name)
{
	return refuse_long_name(reader, name, json_read_optional_text(reader, name));
}

static int64_t
integer_of_digits(const char *digits)
{
	int64_t integer;

	errno = 0;
	integer = strtoll(digits, NULL, 10);
	return errno == 0 ? integer : 0;
}

/* 0: it is no number, or none that is exact. */
static int64_t
exact_integer(const cJSON *member)
{
	const cJSON *digits = cJSON_GetObjectItemCaseSensitive(member, GITHUB_JSON_INTEGER);
	double value = cJSON_IsNumber(member) ? member->valuedouble : 0.0;

	if (cJSON_IsString(digits))
		return integer_of_digits(digits->valuestring);
	/* The range comes first: beyond it the cast would be undefined. */
	if (value >= 1.0 && value <= (double) MAX_EXACT_INTEGER && value == (double) (int64_t) value)
		return (int64_t) value;
	return 0;
}

int64_t
json_read_number(JsonReader *reader, const char *name, int64_t max)
{
	int64_t number = exact_integer(json_read_member(reader, name));

	if (number >= 1 && number <= max)
		return number;
	json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, name);
	return 0;
}

int64_t
json_read_optional_time(JsonReader *reader, const char *name)
{
	const cJSON *member = json_read_member(reader, name);
	int64_t seconds;

	if (member == NULL)
		return GITHUB_NO_TIME;
	if (cJSON_IsString(member) && github_time_parse(member->valuestring, &seconds))
		return seconds;
	json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, name);
	return GITHUB_NO_TIME; /* which nobody looks at */
}

int64_t
json_read_time(JsonReader *reader, const char *name)
{
	int64_t seconds = json_read_optional_time(reader, name);

	if (seconds == GITHUB_NO_TIME)
		json_reader_fail(reader, GITHUB_PARSE_MISSING_FIELD, name);
	return seconds;
}
