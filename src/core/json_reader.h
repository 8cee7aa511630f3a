/*
 * json_reader.h
 *		Typed members out of a JSON object, by cJSON.  Internal to core.
 *
 * A reader remembers its first failure and then reads nothing more: the caller
 * reads all the members it wants and asks once.
 *
 * Required: neither null nor absent.  Optional: may be both.  Either must be
 * of the right type where it is there.
 */
#ifndef JSON_READER_H
#define JSON_READER_H

#include <stdbool.h>
#include <stdint.h>

#include <cjson/cJSON.h>

#include "core/github_json.h"

typedef struct JsonReader
{
	const cJSON *object; /* NULL: the value is none */
	GithubParseResult result;
	const char *problem; /* static text */
} JsonReader;

/*
 * Parses sanitized text, all of it.  *document is freed with cJSON_Delete();
 * on failure it is NULL and *problem, if given, says what is wrong.  An object
 * with two members of one name is refused: parsers differ in which one counts.
 */
extern GithubParseResult
json_document_parse(const char *text, cJSON **document, const char **problem);

/* The same of a list, which may have as many values as a page of GitHub's. */
extern GithubParseResult json_list_parse(const char *text, cJSON **document, const char **problem);

/* Sets *problem, if given, and returns result: for failures outside a reader. */
extern GithubParseResult
json_report(GithubParseResult result, const char *text, const char **problem);

/* A value that is no object fails at once. */
extern JsonReader json_reader_open(const cJSON *value);

extern void json_reader_fail(JsonReader *reader, GithubParseResult result, const char *problem);

/* What all reads came to; *problem, if given, is NULL when they went well. */
extern GithubParseResult json_reader_finish(const JsonReader *reader, const char **problem);

/* The member, or NULL where it is null or absent, or after a failure. */
extern const cJSON *json_read_member(const JsonReader *reader, const char *name);

/* malloc'd; NULL only after a failure, or where an optional member is not there. */
extern char *json_read_text(JsonReader *reader, const char *name);
extern char *json_read_optional_text(JsonReader *reader, const char *name);

/*
 * The same of names, words and addresses, which are kept and shown as they are:
 * what has more bytes than this is none.  GitHub's are a tenth of it.
 */
#define JSON_NAME_MAX_LENGTH 4096
extern char *json_read_name(JsonReader *reader, const char *name);
extern char *json_read_optional_name(JsonReader *reader, const char *name);

/* An integer from 1 to max; 0 after a failure. */
extern int64_t json_read_number(JsonReader *reader, const char *name, int64_t max);

/* Seconds since 1970; GITHUB_NO_TIME after a failure or where not there. */
extern int64_t json_read_time(JsonReader *reader, const char *name);
extern int64_t json_read_optional_time(JsonReader *reader, const char *name);

#endif
