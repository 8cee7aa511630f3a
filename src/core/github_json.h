/*
 * github_json.h
 *		JSON from GitHub, before anything is known about its content.
 *
 * Pure: no clock, no I/O, no PostgreSQL.  Input is what a stranger sent: it is
 * made safe to handle as C text and its nesting is bounded.
 */
#ifndef GITHUB_JSON_H
#define GITHUB_JSON_H

#include <stdbool.h>
#include <stddef.h>

/* Deeper answers are refused before they are parsed. */
#define GITHUB_MAX_JSON_DEPTH 64

/*
 * So are answers of more values: a parsed value takes some 80 bytes, so that
 * the smallest make a large answer forty times as large.  An issue has some
 * hundred, a thousand with all the labels and assignees that it may have; a
 * page of a hundred issues has some ten thousand.
 */
#define GITHUB_MAX_JSON_VALUES 20000
#define GITHUB_MAX_JSON_LIST_VALUES 500000

typedef enum GithubParseResult
{
	GITHUB_PARSE_OK,
	GITHUB_PARSE_NOT_JSON,
	GITHUB_PARSE_TOO_DEEP,
	GITHUB_PARSE_TOO_MANY_VALUES,
	GITHUB_PARSE_MISSING_FIELD, /* or a field of another type */
	GITHUB_PARSE_OUT_OF_MEMORY
} GithubParseResult;

/*
 * Copies length bytes of JSON text into a new, NUL-terminated string in which
 * U+0000 (raw or escaped), lone surrogate escapes and invalid UTF-8 are
 * U+FFFD, so that neither cJSON nor PostgreSQL truncates or refuses it.  Where
 * so much is none that it would grow by more than GITHUB_MAX_JSON_REPAIR, a
 * single U+FFFD stands for all of it, which is no JSON.  NULL: out of memory.
 * *out_length, if given, excludes the NUL.
 */
#define GITHUB_MAX_JSON_REPAIR ((size_t) 1024 * 1024)
extern char *github_json_sanitize(const char *text, size_t length, size_t *out_length);

typedef struct GithubJsonShape
{
	int depth;     /* arrays and objects in each other */
	size_t values; /* of any kind, at most */
} GithubJsonShape;

/*
 * How deep and how many, before anything is parsed.  Looks only at brackets,
 * commas and strings: text need not be JSON.
 */
extern GithubJsonShape github_json_measure(const char *text);

/*
 * Of sanitized text.  False: it has what JSON forbids and cJSON takes all the
 * same: raw control characters, numbers such as 01, escapes such as \uZZZZ,
 * at which cJSON ends the text, a byte order mark; or a number so large that
 * PostgreSQL has none like it.  Who parses it once more must not come to
 * another result.
 */
extern bool github_json_is_strict(const char *text);

/*
 * cJSON keeps numbers as doubles, which have fewer digits than GitHub's 64-bit
 * ids.  Of strict text: a malloc'd copy in which integers of so many digits are
 * objects with their digits, {GITHUB_JSON_INTEGER:"9007199254740993"}; text
 * itself where there is none; NULL: out of memory.  The name is not UTF-8, so
 * that no member of sanitized text has it.
 */
#define GITHUB_JSON_INTEGER \
	"\xFF"                  \
	"integer"
extern const char *github_json_keep_integers(const char *text);

/*
 * Copies sanitized text, from *text to end, with its escapes as what they stand
 * for, or as one byte that is no character's where that is not ASCII.  Stops
 * where room is used up; *text is then what follows.  Returns how many bytes it
 * has written.
 */
extern size_t github_json_unescape(const char **text, const char *end, char *plain, size_t room);

#endif
