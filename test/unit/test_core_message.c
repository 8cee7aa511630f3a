/*
 * test_core_message.c
 *		The words of GitHub's error answers, without secrets.
 */
#include "core/github_message.h"

#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define MESSAGE(text) \
	"{\"message\":\"" text "\",\"documentation_url\":\"https://docs.example/rest\"}"
#define HTML "<html><body><h1>502 Bad Gateway</h1></body></html>"

static void
check_message(const char *json, const char *expected, const char *name)
{
	char *message = github_message_parse(json);

	is_text(message, expected, name);
	free(message);
}

static void
test_error_messages(void)
{
	check_message(MESSAGE("Not Found"), "Not Found", "a message");
	check_message("{\"message\":\"Validation Failed\",\"errors\":[{\"resource\":\"Issue\","
				  "\"code\":\"custom\",\"field\":\"title\",\"message\":\"title is too long\"},"
				  "{\"message\":\"the second\"}]}",
				  "Validation Failed: title is too long", "a message and the first error's");
	check_message("{\"message\":\"Validation Failed\",\"errors\":[{\"resource\":\"Issue\","
				  "\"code\":\"missing_field\",\"field\":\"title\"}]}",
				  "Validation Failed: title: missing_field", "an error without a message");
	check_message("{\"message\":\"Invalid request.\",\"errors\":[\"no subschema matched\"]}",
				  "Invalid request.: no subschema matched", "an error that is a text");
	check_message("{\"errors\":[\"alone\"]}", "alone", "an error alone");
	check_message("{\"message\":\"m\",\"errors\":[]}", "m", "no errors");
	check_message("{\"message\":\"m\",\"errors\":[{}]}", "m", "an error that says nothing");
	check_message("{\"message\":\"m\",\"errors\":[{\"field\":\"f\"}]}", "m", "... a field only");
	check_message("{\"message\":\"m\",\"errors\":[{\"code\":\"c\"}]}", "m", "... a code only");
	check_message("{\"message\":\"m\",\"errors\":[null]}", "m", "an error that is null");
	check_message("{\"message\":\"m\",\"errors\":\"e\"}", "m", "errors that are no array");
	check_message("{\"message\":7}", NULL, "a message of another type");
	check_message("{\"message\":\"\"}", NULL, "an empty message");
	check_message("{}", NULL, "no message");
	check_message("[]", NULL, "an array");
	check_message(HTML, NULL, "a page");
	check_message("", NULL, "an empty answer");
	check_message(NULL, NULL, "no answer");
}

static void
test_tokens_in_messages(void)
{
	check_message(MESSAGE("bad token ghs_16C7e42F292c6912E7710c838347Ae178B4a"),
				  "bad token ghs_***", "a token is cut");
	check_message(MESSAGE("Bearer ghs_1_eyJh.eyJp.c2ln-_x, go away"), "Bearer ghs_***, go away",
				  "one of the new form, too");
	check_message(MESSAGE("(github_pat_11ABCDEFG0_xyz)"), "(github_pat_***)", "a user's, too");
	check_message(MESSAGE("eyJhbGciOiJSUzI1NiJ9.eyJpc3MiOjF9.c2ln eyJhbGci"), "eyJ*** eyJ***",
				  "JSON Web Tokens, too");
	check_message(MESSAGE("ghs_16C7e42F\xef\xbf\xbdy2c6912 away"), "ghs_*** away",
				  "a damaged character does not end one");
	check_message(MESSAGE("ghs_abcd"), "ghs_***", "the shortest");
	check_message(MESSAGE("ghs_abc"), "ghs_", "what is shorter than its mark is left out");
	check_message(MESSAGE("ghs_a eyJ github_pat_ab"), "ghs_ eyJ github_pat_",
				  "... wherever it stands");
	check_message(MESSAGE("ghs_"), "ghs_", "... also where there is nothing");
	check_message(MESSAGE("github_patterns_of_eyes and eyelids"),
				  "github_patterns_of_eyes and eyelids", "what only begins like one stays");
	check_message(MESSAGE("a graph_of high_ghosts, though_"), "a graph_of high_ghosts, though_",
				  "words stay as they are");
	check_message("{\"message\":\"m\",\"errors\":[{\"field\":\"f\",\"code\":\"ghp_0123456789\"}]}",
				  "m: f: ghp_***", "in details as well");
}

/* Of each range of characters the first and last, and what stands beside them. */
static void
test_ends_of_tokens(void)
{
	static const char beside[] = "@[`{/:,^";

	check_message(MESSAGE("ghs_AZaz09_.-"), "ghs_***", "what tokens are made of");
	for (const char *c = beside; *c != '\0'; c++)
	{
		char json[100];
		char expected[100];

		snprintf(json, sizeof(json), "{\"message\":\"ghs_abcd%cx\"}", *c);
		snprintf(expected, sizeof(expected), "ghs_***%cx", *c);
		check_message(json, expected, "what ends them");
	}
}

static void
check_hidden(const char *text, const char *secret, const char *expected, const char *name)
{
	char *copy = strdup(text);

	github_message_hide_secret(copy, secret);
	is_text(copy, expected, name);
	free(copy);
}

static void
test_secrets_in_messages(void)
{
	check_hidden("Bearer 0f1e2d3c, go away", "0f1e2d3c", "Bearer ***, go away",
				 "a secret of any form is hidden");
	check_hidden("0f1e2d3c0f1e2d3c", "0f1e2d3c", "******", "each time");
	check_hidden("0f1e2d3d 0f1e2d", "0f1e2d3c", "0f1e2d3d ***",
				 "also what is left of it at the end, and nothing else");
	check_hidden("00f1e2d3c", "0f1e2d3c", "0***", "wherever it begins");
	check_hidden("a 16C7e42F2?2c6912E7710c?38347Ae178B4a",
				 "ghs_16C7e42F292c6912E7710c838347Ae178B4a", "a 16C7e42F2?***?***",
				 "pieces of twelve characters or more are hidden");
	check_hidden("234567890123 234567890124", "1234567890123", "*** 234567890124",
				 "... not one of eleven");
	check_hidden("abc", "abc", "abc", "three letters are a word");
	check_hidden("abcd", "abcd", "***", "four may be a secret");
	check_hidden("to be or not to be", "be", "to be or not to be", "a word is no secret");
	check_hidden("text", "", "text", "nothing is none either");
}

static void
check_long_message(const char *character, size_t offset, size_t expected_length, const char *name)
{
	char json[8000] = "{\"errors\":[\"e\"],\"message\":\"";
	char *message;

	for (size_t i = 0; i < offset; i++)
		strcat(json, "x");
	for (size_t i = 0; i < 1000; i++)
		strcat(json, character);
	strcat(json, "\"}");
	message = github_message_parse(json);
	is_int(strlen(message), expected_length, name);
	free(message);
}

/* Of a whole token the third letter counts: behind the text there is none. */
static void
test_token_at_the_end(void)
{
	char json[2000] = "{\"message\":\"";
	char *message;

	memset(json + strlen(json), 'x', 998);
	strcat(json, "gh\"}");
	message = github_message_parse(json);
	is_int(strlen(message), 1000, "a message may end like the beginning of a token");
	free(message);
}

static void
test_long_messages(void)
{
	check_long_message("x", 0, 1000, "a message of the largest length");
	check_long_message("x", 1, 1000, "a longer message is cut");
	check_long_message("\xF0\x9F\x98\x80", 0, 1000, "a cut between characters loses none");
	check_long_message("\xF0\x9F\x98\x80", 1, 997, "a cut within a character drops it, 3 of 4");
	check_long_message("\xF0\x9F\x98\x80", 2, 998, "a cut within a character drops it, 2 of 4");
	check_long_message("\xC3\xA9", 1, 999, "a cut within a character drops it, 1 of 2");
	check_long_message("\xF0\x9F\x98\x80", 3, 999, "a cut within a character drops it, 1 of 4");
}

/* The parser of GitHub's answers is given repaired text; this is none. */
static void
test_no_characters(void)
{
	char json[2000] = "{\"message\":\"";

	memset(json + strlen(json), 0x80, 1001);
	strcat(json, "\"}");
	check_message(json, NULL, "of bytes that begin no character, a cut leaves nothing");
}

int
main(void)
{
	test_error_messages();
	test_tokens_in_messages();
	test_ends_of_tokens();
	test_secrets_in_messages();
	test_token_at_the_end();
	test_long_messages();
	test_no_characters();
	return done_testing();
}
