/*
 * test_core_secret.c
 *		Whether an answer repeats one of our secrets, or a piece of it.
 */
#include "core/github_secret.h"

#include <stdint.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "unit.h"

#define CLASSIC "ghs_16C7e42F292c6912E7710c838347Ae178B4a"
#define HEADER "eyJhbGciOiJSUzI1NiIsInR5cCI6IkpXVCJ9"
#define CLAIMS "eyJpYXQiOjE3NjQ0MDAwMDAsImV4cCI6MTc2NDQwMDYwMCwiaXNzIjoiMTIzNDUifQ"
#define SIGNATURE "q7Zt0pXw-3LsVb9Kd_Ee1Rf5Yh2Uj8Nm6Oc4GaIiTxQzWvHlPkJ"
#define JWT HEADER "." CLAIMS "." SIGNATURE

static void
check_text(const char *text, const char *secret, bool expected, const char *name)
{
	ok(github_secret_is_in_text(text, secret) == expected, name);
}

static void
check_json(const char *json, const char *secret, bool expected, const char *name)
{
	ok(github_secret_is_in_json(json, secret) == expected, name);
}

static void
test_pieces(void)
{
	check_text("Bearer " CLASSIC ", go away", CLASSIC, true, "a token");
	check_text("16C7e42F292c6912", CLASSIC, true, "sixteen characters of it");
	check_text("16C7e42F292c691", CLASSIC, false, "... not fifteen");
	check_text("838347Ae178B4a", CLASSIC, false, "... nor fourteen, at its end");
	check_text("10c838347Ae178B4a", CLASSIC, true, "its end");
	check_text("ghs_16C7e42F292c", CLASSIC, false, "the prefix is no part of it");
	check_text("ghs_16C7e42F292c691", CLASSIC, false, "... with which fifteen would be sixteen");
	check_text("github_pat_11ABCDEFG0x", "github_pat_11ABCDEFG0yPq4R7s8T", false,
			   "nor that of a user's, whose tokens begin alike");
	check_text("github_pat_11ABCDEFG0yPq4R7", "github_pat_11ABCDEFG0yPq4R7s8T", true,
			   "... more of which is a piece");
	check_text("", CLASSIC, false, "no text");
	check_text("text", "", false, "no secret");
	check_json("{}", "", false, "... in JSON");
	check_json("{}", CLASSIC, false, "JSON that is shorter than a piece");
	check_json("{\"a\":\"16C7e42F\"}", CLASSIC, false, "... and as long");
}

/* A byte changed, wherever; a piece of each length, from each position, behind texts of each length. */
static void
test_each_position(void)
{
	char text[200];
	size_t length = strlen(CLASSIC);
	int missed = 0;
	int refused = 0;

	for (size_t i = 0; i < length; i++)
	{
		snprintf(text, sizeof(text), "{\"html_url\":\"%s\"}", CLASSIC);
		text[13 + i] = '?';
		missed += !github_secret_is_in_json(text, CLASSIC);
	}
	ok(missed == 0, "a token with a byte changed, wherever");
	missed = 0;
	for (int before = 0; before < 40; before++)
	{
		for (size_t start = 4; start + 16 <= length; start++)
		{
			snprintf(text, sizeof(text), "%.*s%.16s", before,
					 "----------------------------------------", CLASSIC + start);
			missed += !github_secret_is_in_text(text, CLASSIC);
			snprintf(text, sizeof(text), "%.*s%.15s-", before,
					 "----------------------------------------", CLASSIC + start);
			refused += github_secret_is_in_text(text, CLASSIC);
		}
	}
	ok(missed == 0, "each piece of sixteen characters, wherever it stands");
	ok(refused == 0, "... and none of fifteen");
}

static void
test_json_web_tokens(void)
{
	check_text("Bearer " JWT, JWT, true, "a JSON Web Token");
	check_text(HEADER "." CLAIMS ".", JWT, false, "everybody's has such a header and such claims");
	check_text("Kd_Ee1Rf5Yh2Uj8N", JWT, true, "its signature is the secret");
	check_text("ghs_12345_" JWT, "ghs_12345_" JWT, true, "a token that is one");
	check_text("ghs_12345_" HEADER "." CLAIMS ".x", "ghs_12345_" JWT, false,
			   "... of which another one of the App has the same beginning");
	check_text("Kd_Ee1Rf5Yh2Uj8N", "ghs_12345_" JWT, true, "... by its signature");
	check_text("e42F292c6912E7710c", "16C7e42F292c6912E7710c.0123456789abcdefghijkl", true,
			   "a part that is no JSON");
	check_text("456789abcdefghijkl", "16C7e42F292c6912E7710c.0123456789abcdefghijkl", true,
			   "... and another one");
	check_text("16C7e42F.01234567", "6C7e42F292c16C7e42F.01234567890abcdefgh", false,
			   "a piece lies within a part");
	check_text("-------F.01234567890abcd?", "6C7e42F292c16C7e42F.01234567890abcdefgh", false,
			   "... and what stands before it belongs to another one");
	check_text("16C7e42F292c6912", "16C7e42F292c6912.0123456789abcdefghijkl", true,
			   "a part of sixteen characters is one piece");
	check_text("16C7e42F292c6912", "16C7e42F292c6912_eyJ", false, "JSON that only begins");
	check_text("K7e42F292c6912E7", "eyK7e42F292c6912E7710c", true, "what begins nearly like JSON");
}

static void
test_other_secrets(void)
{
	check_json("{\"title\":\"Bearer 0f1e2d3c\"}", "0f1e2d3c", true, "a short one");
	check_text("0f1e2d3 0f1e2d3d", "0f1e2d3c", false, "... has to be there as a whole");
	check_text("ghs_0f1e", "ghs_0f1e", true, "... with its prefix");
	check_text("0f1e0f1e", "ghs_0f1e", false, "... not without it");
	check_text("ghs_0f1", "ghs_0f1", true, "... which makes more than a word of three letters");
	check_text("to be or not to be", "be", false, "a word is none");
	check_text("the cat", "cat", false, "nor are three letters");
	check_text("the cats", "cats", true, "four may be one");
	check_text("ffffffffffffffffffffffff", "secret-ffffffffffffffffffffffff", false,
			   "of what repeats itself no piece is one");
	check_text("a secret-ffffffffffffffffffffffff", "secret-ffffffffffffffffffffffff", true,
			   "... but all of it");
}

static void
fill_with_chance(char *text, size_t length)
{
	static const char characters[] =
		"ABCDEFGHIJKLMNOPQRSTUVWXYZabcdefghijklmnopqrstuvwxyz0123456789-_";
	static uint64_t state = 4711;

	for (size_t i = 0; i < length; i++)
	{
		state = state * UINT64_C(6364136223846793005) + 1;
		text[i] = characters[state >> 58];
	}
	text[length] = '\0';
}

static void
test_long_secrets(void)
{
	char secret[3001];
	char piece[17];

	fill_with_chance(secret, 3000);
	ok(github_secret_is_in_text(secret, secret), "one of three kilobytes");
	snprintf(piece, sizeof(piece), "%s", secret + 3000 - 16);
	ok(github_secret_is_in_text(piece, secret), "... a piece of its end");
	snprintf(piece, sizeof(piece), "%.16s", secret + 3000 - 1024);
	ok(github_secret_is_in_text(piece, secret), "... a kilobyte from there");
	snprintf(piece, sizeof(piece), "%.16s", secret + 3000 - 1025);
	ok(!github_secret_is_in_text(piece, secret), "... and none before");
	ok(!github_secret_is_in_text(secret + 3000 - 15, secret), "... nor fifteen at its end");
	memcpy(secret, "ghs_", 4);
	snprintf(piece, sizeof(piece), "%.16s", secret + 3000 - 1024);
	ok(github_secret_is_in_text(piece, secret), "... its prefix is not of what counts");
	memcpy(secret + 3000 - 1024, "ghs_", 4);
	snprintf(piece, sizeof(piece), "%.16s", secret + 3000 - 1024);
	ok(!github_secret_is_in_text(piece, secret + 3000 - 1024), "that of one of a kilobyte is");
	memset(secret, 'x', 2999);
	ok(github_secret_is_in_text(secret, secret), "one that repeats itself");
}

/* Grams share the places of the table: whichever stand between, the first one is seen again. */
static void
test_repetitions(void)
{
	char secret[1001];
	char piece[17];
	int found = 0;

	for (int i = 0; i < 100; i++)
	{
		fill_with_chance(secret, 1000);
		memcpy(secret + 992, secret, 8);
		snprintf(piece, sizeof(piece), "%.16s", secret + 500);
		found += github_secret_is_in_text(piece, secret);
	}
	ok(found == 0, "one that ends as it began is not made by chance");
}

static void
test_escapes(void)
{
	check_json("{\"a\":\"\\u0067hs_16C7e42F\\u0032\\u0039\\u0032c6912E7710c838347\"}", CLASSIC,
			   true, "characters that are escaped");
	check_json("{\"a\":\"\\u0031\\u0036\\u0043\\u0037\\u0065\\u0034\\u0032\\u0046\\u0032\\u0039"
			   "\\u0032\\u0063\\u0036\\u0039\\u0031\\u0032\"}",
			   CLASSIC, true, "all of them");
	check_json("{\"a\":\"16C7e42F\\u00e992c6912E7710\"}", CLASSIC, false,
			   "what is not ASCII ends a piece");
	check_json("{\"a\":\"\\\\u00437e42F292c6912E7\"}", CLASSIC, false,
			   "an escaped backslash begins no escape");
	check_json("{\"\\u0031\\u0036C7e42F292c6912\":1}", CLASSIC, true, "a member's name");
	check_json("{\"a\":\"x/\\\"y\\\\z\"}", "x/\"y\\z", true, "quotes and backslashes");
	check_json("{\"a\":\"x\\/yz\"}", "x/yz", true, "a slash");
	check_json("{\"a\":\"x\\b\\f\\n\\r\\ty\"}", "x\b\f\n\r\ty", true, "controls");
	check_json("\"abcd\\", "abcd\\", true, "a backslash at the end");
}

/* It is read by the window: wherever one ends, what lies across is found. */
static void
check_each_end(const char *piece, const char *secret, const char *name)
{
	size_t length = 20000;
	char *text = malloc(length + 1);
	int missed = 0;

	for (size_t at = 8100; at < 16500; at += at == 8300 ? 7900 : 1)
	{
		memset(text, '.', length);
		text[length] = '\0';
		memcpy(text + at, piece, strlen(piece));
		missed += !github_secret_is_in_json(text, secret);
	}
	free(text);
	ok(missed == 0, name);
}

static void
test_windows(void)
{
	check_each_end("16C7e42F292c6912", CLASSIC, "a piece across windows");
	check_each_end("0f1e2d3c", "0f1e2d3c", "a short secret across windows");
	check_each_end("\\u00316C7e42F292c691\\u0032", CLASSIC, "escapes across windows");
}

/* So that what is called next finds them where it has not written yet; "": zeros. */
static void
leave_on_stack(const char *words)
{
	volatile char below[64 * 1024];

	for (size_t i = 0; i < sizeof(below); i++)
		below[i] = words[0] != '\0' ? words[i % strlen(words)] : '\0';
}

static void
test_memory(void)
{
	leave_on_stack("");
	check_json("{\"a\":\"0f1e2d3c\"}", "0f1e2d3c", true, "a text begins where it was put");
	leave_on_stack("0f1e2d3c");
	check_json("{\"a\":1}", "0f1e2d3c", false, "... and ends where it ends");
}

/* A megabyte of answers that are innocent. */
static void
test_innocent_text(void)
{
	size_t length = 1024 * 1024;
	char *text = malloc(length + 1);
	char secret[400];

	fill_with_chance(text, length);
	fill_with_chance(secret, 390);
	ok(!github_secret_is_in_json(text, secret), "a megabyte of chance repeats nothing");
	memcpy(text + length - 20, secret + 200, 16);
	ok(github_secret_is_in_json(text, secret), "... until it does");
	free(text);
}

int
main(void)
{
	test_pieces();
	test_each_position();
	test_json_web_tokens();
	test_other_secrets();
	test_long_secrets();
	test_escapes();
	test_windows();
	test_memory();
	test_innocent_text();
	test_repetitions();
	return done_testing();
}
