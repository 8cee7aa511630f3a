/*
 * json_events_postgres.c
 *		What PostgreSQL makes of JSON, by the parser that it shares with its clients.
 */
#include "postgres_fe.h"

#include "common/jsonapi.h"
#include "json_events.h"
#include "mb/pg_wchar.h"

/* What its actions return, since PostgreSQL 16. */
#if PG_VERSION_NUM >= 160000
#define ACTION JsonParseErrorType
#define DONE return JSON_SUCCESS
#else
#define ACTION void
#define DONE return
#endif

typedef struct State
{
	FILE *events;
} State;

static ACTION
begin_object(void *state)
{
	fputs("{\n", ((State *) state)->events);
	DONE;
}

static ACTION
end_object(void *state)
{
	fputs("}\n", ((State *) state)->events);
	DONE;
}

static ACTION
begin_array(void *state)
{
	fputs("[\n", ((State *) state)->events);
	DONE;
}

static ACTION
end_array(void *state)
{
	fputs("]\n", ((State *) state)->events);
	DONE;
}

static ACTION
begin_member(void *state, char *name, bool is_null)
{
	(void) is_null;
	json_events_add_text(((State *) state)->events, 'm', name);
	DONE;
}

/* The name is kept until here: the parser hands it over twice. */
static ACTION
end_member(void *state, char *name, bool is_null)
{
	(void) state;
	(void) is_null;
	free(name);
	DONE;
}

static ACTION
add_scalar(void *state, char *token, JsonTokenType type)
{
	FILE *events = ((State *) state)->events;

	if (type == JSON_TOKEN_STRING)
		json_events_add_text(events, 's', token);
	else if (type == JSON_TOKEN_NUMBER)
		json_events_add_number(events, token);
	else
		fprintf(events, "%s\n", token);
	free(token);
	DONE;
}

static JsonLexContext *
begin_lexer(char *text)
{
#if PG_VERSION_NUM >= 170000
	return makeJsonLexContextCstringLen(NULL, text, strlen(text), PG_UTF8, true);
#else
	return makeJsonLexContextCstringLen(text, (int) strlen(text), PG_UTF8, true);
#endif
}

static void
end_lexer(JsonLexContext *lexer)
{
#if PG_VERSION_NUM >= 160000
	freeJsonLexContext(lexer);
#else
	free(lexer->strval->data);
	free(lexer->strval);
	free(lexer);
#endif
}

char *
json_events_of_postgres(const char *text)
{
	char *input = strdup(text);
	char *written = NULL;
	size_t size;
	State state = {.events = open_memstream(&written, &size)};
	JsonSemAction actions = {.semstate = &state,
							 .object_start = begin_object,
							 .object_end = end_object,
							 .array_start = begin_array,
							 .array_end = end_array,
							 .object_field_start = begin_member,
							 .object_field_end = end_member,
							 .scalar = add_scalar};
	JsonLexContext *lexer = begin_lexer(input);
	JsonParseErrorType result = pg_parse_json(lexer, &actions);

	end_lexer(lexer);
	fclose(state.events);
	free(input);
	if (result == JSON_SUCCESS)
		return written;
	free(written);
	return NULL;
}
