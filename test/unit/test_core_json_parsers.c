/*
 * test_core_json_parsers.c
 *		What the core takes for JSON, PostgreSQL takes for the same JSON.
 *
 * The core parses with cJSON, which is lenient; what it has parsed goes to
 * PostgreSQL as text and is parsed there once more.  Here is PostgreSQL's own
 * parser: of every text that the core accepts, both must make the same.
 */
#include <stdlib.h>
#include <string.h>

#include "core/github_json.h"
#include "json_events.h"
#include "unit.h"

#define MUTATIONS 60000
#define MAX_LENGTH 512

static const char *const seeds[] = {
	"{\"id\":9007199254740993,\"body\":\"a\\u00e9\\ud83d\\ude00\\n\\\"\\\\\",\"user\":{\"login\":null}}",
	"[{\"a\":1},{\"a\":-0.5e+10,\"b\":[true,false,null,[],{}]},\"\\/\\b\\f\\r\\t\"]",
	"{\"title\":\"\xC3\xA9\xF0\x9F\x98\x80\",\"number\":12345678901234567890,\"x\":1E400}",
	"\t\r\n { \"a\" : [ 1 , 2 ] , \"b\" : \"\\uaf09\\uAF09\\u0001\" } ",
};

/* What a mutation puts in: whatever JSON is made of, and what it is not. */
static const char *const pieces[] = {
	"\\",
	"\"",
	"\\u",
	"\\uZZZZ",
	"\\u00",
	"\\u0000",
	"\\ud83d",
	"\\ude00",
	"\\x41",
	"{",
	"}",
	"[",
	"]",
	",",
	":",
	"0",
	"-",
	"+",
	".",
	"e",
	"1",
	"true",
	"null",
	"NaN",
	"\n",
	"\t",
	"\x01",
	"\x7F",
	"\xEF\xBB\xBF",
	"\xC2\xA0",
	"\xFF",
	"\xF0\x9F\x98\x80",
	"'",
	"/*x*/",
	"\"a\":1,",
	"\"\":\"\",",
	"\\/",
	"\x0B",
	"\x0C",
	" ",
	"1e999",
	"01",
	"9999999999999999",
};

/* The same numbers in every run. */
static uint32_t
next_random(void)
{
	static uint32_t state = 2463534242u;

	state ^= state << 13;
	state ^= state >> 17;
	state ^= state << 5;
	return state;
}

static size_t
random_below(size_t count)
{
	return next_random() % count;
}

/* Puts a piece in place of some of text's bytes. */
static void
mutate(char *text)
{
	char mutated[MAX_LENGTH + 64];
	size_t length = strlen(text);
	size_t at = random_below(length + 1);
	size_t dropped = random_below(4);
	const char *piece =
		random_below(4) == 0 ? "" : pieces[random_below(sizeof(pieces) / sizeof(*pieces))];

	if (dropped > length - at)
		dropped = length - at;
	snprintf(mutated, sizeof(mutated), "%.*s%s%s", (int) at, text, piece, text + at + dropped);
	if (strlen(mutated) < MAX_LENGTH)
		strcpy(text, mutated);
}

/* False: the two differ. */
static bool
agree_on(const char *text, bool *accepted)
{
	char *sanitized = github_json_sanitize(text, strlen(text), NULL);
	char *core = json_events_of_core(sanitized, false);
	char *postgres = core != NULL ? json_events_of_postgres(sanitized) : NULL;
	bool same = core == NULL || (postgres != NULL && strcmp(core, postgres) == 0);

	if (!same)
		printf("# %s\n# the core: %s\n# PostgreSQL: %s\n", sanitized, core,
			   postgres != NULL ? postgres : "refused");
	*accepted = core != NULL;
	free(sanitized);
	free(core);
	free(postgres);
	return same;
}

static void
test_seeds(void)
{
	for (size_t i = 0; i < sizeof(seeds) / sizeof(seeds[0]); i++)
	{
		bool accepted;

		ok(agree_on(seeds[i], &accepted) && accepted, "JSON of every kind is the same to both");
	}
}

static void
test_mutations(void)
{
	int accepted_count = 0;
	int differences = 0;

	for (int i = 0; i < MUTATIONS; i++)
	{
		char text[MAX_LENGTH + 64];
		bool accepted;

		strcpy(text, seeds[random_below(sizeof(seeds) / sizeof(seeds[0]))]);
		for (size_t left = 1 + random_below(3); left > 0; left--)
			mutate(text);
		differences += !agree_on(text, &accepted);
		accepted_count += accepted;
	}
	is_int(differences, 0,
		   "of what is changed at random, whatever the core accepts is the same to both");
	ok(accepted_count > MUTATIONS / 100, "and much of it is accepted");
	printf("# %d of %d accepted\n", accepted_count, MUTATIONS);
}

static void
test_refused(void)
{
	static const char *const refused[] = {
		"{\"title\":\"cut\\uZZZZ off\"}",
		"{\"title\":\"one\",\"title\":\"two\"}",
		"{\"title\":\"one\",\"titl\\u0065\":\"two\"}",
		"[{\"a\":{\"b\":1,\"c\":2,\"b\":1}}]",
		"\xEF\xBB\xBF{}",
	};

	for (size_t i = 0; i < sizeof(refused) / sizeof(refused[0]); i++)
		ok(json_events_of_core(refused[i], false) == NULL, "what parsers differ in is refused");
}

int
main(void)
{
	test_seeds();
	test_refused();
	test_mutations();
	return done_testing();
}
