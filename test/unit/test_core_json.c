/*
 * test_core_json.c
 *		Repair of text, bounded nesting, and what is well-formed UTF-8.
 */
#include "core/github_json.h"

#include <stdlib.h>
#include <string.h>

#include "core/utf8.h"
#include "unit.h"

#define FFFD "\xEF\xBF\xBD"

typedef struct SanitizeCase
{
	const char *text;
	size_t length; /* 0: strlen(text) */
	const char *expected;
	const char *name;
} SanitizeCase;

static const SanitizeCase sanitize_cases[] = {
	{"{\"body\":\"plain\\r\\n\"}", 0, "{\"body\":\"plain\\r\\n\"}", "plain JSON stays as it is"},
	{"", 0, "", "nothing stays nothing"},

	/* escapes */
	{"a\\u0000b", 0, "a\\ufffdb", "an escaped NUL"},
	{"\\u0000\\u0000", 0, "\\ufffd\\ufffd", "two escaped NULs"},
	{"\\\\u0000", 0, "\\\\u0000", "a backslash followed by u0000 is no escape"},
	{"\\\\\\u0000", 0, "\\\\\\ufffd", "an escaped backslash followed by an escaped NUL"},
	{"\\u0001\\u00e9\\uFFFF", 0, "\\u0001\\u00e9\\uFFFF", "other escapes stay"},
	{"\\uD83D\\uDE00", 0, "\\uD83D\\uDE00", "a surrogate pair stays"},
	{"\\ud83d\\ude00", 0, "\\ud83d\\ude00", "a surrogate pair in lower case stays"},
	{"\\uD83D", 0, "\\ufffd", "a high surrogate at the end"},
	{"\\uD83Dx", 0, "\\ufffdx", "a high surrogate before a letter"},
	{"\\uD83D\\n", 0, "\\ufffd\\n", "a high surrogate before another escape"},
	{"\\uD83D\\u0041", 0, "\\ufffd\\u0041", "a high surrogate before a letter's escape"},
	{"\\uD83D\\u0000", 0, "\\ufffd\\ufffd", "a high surrogate before an escaped NUL"},
	{"\\uD83D\\uD83D\\uDE00", 0, "\\ufffd\\uD83D\\uDE00", "a high surrogate before a pair"},
	{"\\uD83D\\\\uDE00", 0, "\\ufffd\\\\uDE00", "a high surrogate before a backslash and uDE00"},
	{"\\uDE00", 0, "\\ufffd", "a low surrogate alone"},
	{"\\uDE00\\uD83D", 0, "\\ufffd\\ufffd", "a pair the wrong way round"},
	{"\\uD83D\\uDE00\\uDE00", 0, "\\uD83D\\uDE00\\ufffd", "a low surrogate behind a pair"},
	{"\\ud7ff\\ue000", 0, "\\ud7ff\\ue000", "what stands beside the surrogates stays"},
	{"\\ud800\\udfff\\udbff\\udc00", 0, "\\ud800\\udfff\\udbff\\udc00",
	 "the first and last surrogates make pairs"},
	{"\\ud800", 0, "\\ufffd", "the first high surrogate alone"},
	{"\\udbff", 0, "\\ufffd", "the last high surrogate alone"},
	{"\\udc00", 0, "\\ufffd", "the first low surrogate alone"},
	{"\\udfff", 0, "\\ufffd", "the last low surrogate alone"},
	{"\\udc00\\udfff", 0, "\\ufffd\\ufffd", "two low surrogates"},
	{"\\uD83D\\udbff", 0, "\\ufffd\\ufffd", "two high surrogates"},
	{"\\uD83D\\ue000", 0, "\\ufffd\\ue000", "a high surrogate before what is none"},
	{"\\u00", 0, "\\u00", "an escape cut off stays, for the parser to refuse"},
	{"\\u000g", 0, "\\u000g", "an escape that is none stays"},
	{"\\", 0, "\\", "a backslash at the end stays"},
	{"\\\xFF", 0, "\\" FFFD, "a backslash before an invalid byte"},
	{"\\\0", 2, "\\" FFFD, "a backslash before a raw NUL"},

	/* raw bytes */
	{"a\0b", 3, "a" FFFD "b", "a raw NUL"},
	{"\0\0", 2, FFFD FFFD, "two raw NULs"},
	{"\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80", 0, "\xC3\xA9 \xE2\x82\xAC \xF0\x9F\x98\x80",
	 "characters of two, three and four bytes stay"},
	{"\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF", 0,
	 "\xC2\x80\xDF\xBF\xE0\xA0\x80\xED\x9F\xBF\xEE\x80\x80\xF0\x90\x80\x80\xF4\x8F\xBF\xBF",
	 "the first and last of each length stay"},
	{"\x80", 0, FFFD, "a continuation alone"},
	{"\xFE\xFF", 0, FFFD FFFD, "bytes that are never used"},
	{"\xC0\x80", 0, FFFD FFFD, "NUL as an overlong pair"},
	{"\xC1\xBF", 0, FFFD FFFD, "an overlong pair"},
	{"\xE0\x80\xAF", 0, FFFD FFFD FFFD, "an overlong triple"},
	{"\xF0\x80\x80\xAF", 0, FFFD FFFD FFFD FFFD, "an overlong quadruple"},
	{"\xED\xA0\x80", 0, FFFD FFFD FFFD, "an encoded high surrogate"},
	{"\xED\xBF\xBF", 0, FFFD FFFD FFFD, "an encoded low surrogate"},
	{"\xF4\x90\x80\x80", 0, FFFD FFFD FFFD FFFD, "past U+10FFFF"},
	{"\xF5\x80\x80\x80", 0, FFFD FFFD FFFD FFFD, "far past U+10FFFF"},
	{"\xE2\x82", 0, FFFD, "a triple cut off at the end is one"},
	{"\xF0\x9F\x98", 0, FFFD, "a quadruple cut off at the end is one"},
	{"\xF0\x9F\x98x", 0, FFFD "x", "a quadruple cut off before a letter is one"},
	{"\xC3", 0, FFFD, "a pair cut off"},
	{"ab\xE2\x82", 0, "ab" FFFD, "a triple cut off behind letters"},
	{"\xC3\xC0", 0, FFFD FFFD, "a pair cut off before what begins nothing"},
	{"\xE0\x9F\x80", 0, FFFD FFFD FFFD, "the last overlong triple"},
	{"\xF0\x8F\x80\x80", 0, FFFD FFFD FFFD FFFD, "the last overlong quadruple"},
	{"\xC3\x7F", 0, FFFD "\x7F", "a pair cut off before DEL"},
	{"\xE2\x82\x7F", 0, FFFD "\x7F", "a triple cut off before DEL"},
	{"\xE2\x82\xC0", 0, FFFD FFFD, "a triple cut off before what begins nothing"},
	{"\xC3\xC3\xA9", 0, FFFD "\xC3\xA9", "a lead byte before a whole character"},
	{"\xE2\x82\\u0000", 0, FFFD "\\ufffd", "a triple cut off before an escaped NUL"},
	{"\xE1\x80\xE2\xF0\x91\x92\xF1\xBF"
	 "A",
	 0, FFFD FFFD FFFD FFFD "A", "the Unicode Standard's example of maximal subparts"},
};

static void
test_sanitize(void)
{
	for (size_t i = 0; i < sizeof(sanitize_cases) / sizeof(sanitize_cases[0]); i++)
	{
		const SanitizeCase *given = &sanitize_cases[i];
		size_t length = given->length > 0 ? given->length : strlen(given->text);
		char *exact = malloc(length); /* checkers see a read behind it */
		size_t out_length = 0;
		char *text;

		memcpy(exact, given->text, length);
		text = github_json_sanitize(exact, length, &out_length);
		is_text(text, given->expected, given->name);
		is_int(out_length, strlen(given->expected), "... and its length");
		free(text);
		free(exact);
	}
}

/* A megabyte grows by two: as many bytes as may be repaired, and one more. */
static void
test_repair_bounds(void)
{
	size_t most = GITHUB_MAX_JSON_REPAIR / 2;
	char *text = malloc(most + 1);
	char *sanitized;
	size_t length;

	memset(text, 0xFF, most + 1);
	sanitized = github_json_sanitize(text, most, &length);
	is_int(length, 3 * most, "what is no text is repaired, up to a limit");
	free(sanitized);
	sanitized = github_json_sanitize(text, most + 1, &length);
	is_text(sanitized, FFFD, "... beyond it, one character stands for all");
	is_int(length, strlen(FFFD), "... of which the length is told");
	free(sanitized);
	free(text);
}

static void
test_sanitize_bounds(void)
{
	char *invalid = malloc(100000);
	size_t length;
	char *text;

	memset(invalid, 0xFF, 100000);
	text = github_json_sanitize(invalid, 100000, &length);
	is_int(length, 300000, "nothing but invalid bytes becomes three times as long");
	free(text);
	free(invalid);

	ok(github_json_sanitize("x", SIZE_MAX, NULL) == NULL, "a length that overflows is refused");
	ok(github_json_sanitize("x", SIZE_MAX / 3, NULL) == NULL,
	   "... also one that would, with the NUL");
	text = github_json_sanitize("x", 1, NULL);
	is_text(text, "x", "the length need not be asked for");
	free(text);
}

static void
check_shape(const char *text, int depth, size_t values, const char *name)
{
	GithubJsonShape shape = github_json_measure(text);

	is_int(shape.depth, depth, name);
	is_int(shape.values, values, "... and its number of values");
}

static void
test_shape(void)
{
	check_shape("", 0, 1, "nothing has no depth");
	check_shape("1", 0, 1, "a number has no depth");
	check_shape("[]", 1, 2, "an array has one");
	check_shape("[]{}", 1, 3, "... and none is left behind its end");
	check_shape("[[]]", 2, 3, "two arrays in each other have two");
	check_shape("[{\"a\":[]}]", 3, 4, "arrays and objects count together");
	check_shape("[[],[],{},{}]", 2, 9, "neighbours make it no deeper");
	check_shape("{\"a\":1,\"b\":\"c\",\"d\":null}", 1, 4, "members count as values");
	check_shape("]]}[", 1, 2, "what was never opened closes nothing");
	check_shape("\"[[,[{{,{{\"", 0, 1, "brackets and commas within a string do not count");
	check_shape("\"\\\"[[[[\"", 0, 1, "... nor behind an escaped quote");
	check_shape("\"\\\\\"[", 1, 2, "... but behind an escaped backslash and a quote");
	check_shape("\"\\", 0, 1, "a string may be cut off in an escape");
	check_shape("[\"a,", 1, 2, "... or without one");
}

static void
test_strictness(void)
{
	static const char *const strict[] = {
		"",
		"{}",
		"[0]",
		"[-0.5e+10,10,1E5,0.0]",
		"\t\r\n [ ] ",
		"\"\\n\\\"\\\\\\/\\b\\f\\r\\t\"",
		"\"\\u0001\\uaf09\\uAF09\"",
		"\"\\ud83d\\ude00 \\uD83D\\uDE00 \xF0\x9F\x98\x80\"",
		"[1e9999]",
		"\"01\"",
		"\"1e99999\"",
		"\"\x7F\"",
	};
	static const char *const not_strict[] = {
		"\"a\nb\"",
		"\"a\tb\"",
		"\"\x01\"",
		"\"\\\n\"",
		"[\x0B]",
		"01",
		"[-01]",
		"-",
		"[1.]",
		"[1.e5]",
		"[1e]",
		"[1e+]",
		"1e10000",
		"-1e-99999",
		"\"cut off",
		"\"cut off\\\"",

		/* escapes that are none: cJSON ends the text there */
		"\"\\uZZZZ\"",
		"\"\\u12\"",
		"\"\\u12",
		"\"\\u004G\"",
		"\"\\u004g\"",
		"\"\\u004`\"",
		"\"\\u004@\"",
		"\"\\u004/\"",
		"\"\\u004:\"",
		"\"\\u 041\"",
		"\"\\u-041\"",
		"\"\\u+041\"",
		"\"\\U0041\"",
		"\"\\x41\"",
		"\"\\0\"",
		"\"\\'\"",
		"\"\\",

		/* what sanitizing takes out */
		"\"\\u0000\"",
		"\"\\ud83d\"",
		"\"\\ude00\"",
		"\"\\ud83d\\ud83d\"",
		"\"\\ud83dx\\ude00\"",
		"\"\\ud83d\\uZZZZ\"",

		/* a byte order mark, and other bytes outside of strings */
		"\xEF\xBB\xBF{}",
		"{}\xC2\xA0",
	};
	char digits[1100] = "";

	for (size_t i = 0; i < sizeof(strict) / sizeof(strict[0]); i++)
		ok(github_json_is_strict(strict[i]), "strict");
	for (size_t i = 0; i < sizeof(not_strict) / sizeof(not_strict[0]); i++)
		ok(!github_json_is_strict(not_strict[i]), "not strict");
	memset(digits, '1', 1000);
	ok(github_json_is_strict(digits), "a number of a thousand digits");
	memset(digits, '1', 1001);
	ok(!github_json_is_strict(digits), "a number of more");
}

static void
test_code_points(void)
{
	is_int(utf8_code_points(""), 0, "no code point in nothing");
	is_int(utf8_code_points("aé€\xF0\x9F\x98\x80"), 4, "a code point has one to four bytes");
	is_int(utf8_code_points("e\xCC\x81"), 2, "a combining mark is one of its own");
	ok(utf8_span("\x7F", 1).well_formed, "DEL is a character");
}

int
main(void)
{
	test_sanitize();
	test_sanitize_bounds();
	test_repair_bounds();
	test_shape();
	test_strictness();
	test_code_points();
	return done_testing();
}
