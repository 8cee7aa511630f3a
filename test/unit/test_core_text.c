/*
 * test_core_text.c
 *		Characters and parts of texts: what the core's parsers are made of.
 */
#include "core/ascii.h"
#include "core/span.h"

#include <stdlib.h>

#include "unit.h"

static void
test_ascii(void)
{
	is_int(ascii_lower('@'), '@', "what stands before the capitals stays");
	is_int(ascii_lower('A'), 'a', "the first capital");
	is_int(ascii_lower('Z'), 'z', "the last capital");
	is_int(ascii_lower('['), '[', "what stands behind the capitals stays");
	ok(!ascii_is_digit('/'), "what stands before the digits is none");
	ok(ascii_is_digit('0'), "the first digit");
	ok(ascii_is_digit('9'), "the last digit");
	ok(!ascii_is_digit(':'), "what stands behind the digits is none");
}

static void
test_comparisons(void)
{
	Span one = span_of("Accept");
	Span other = span_of("bccept");
	Span longer = span_of("accepted");

	ok(span_is_in_any_case(&one, "aCCEPT"), "capitals make no difference");
	ok(!span_equals_in_any_case(&one, &other), "the first character does");
	ok(!span_equals_in_any_case(&one, &longer), "... and so does the length");
	ok(span_is(&one, "Accept"), "a span is its text");
	ok(!span_is(&one, "accept"), "... in that case only");
	ok(!span_is(&longer, "accept"), "... and all of it");
}

static void
test_characters_of_a_span(void)
{
	const Span with_nul = {.start = "a\0b", .length = 3};
	Span span = span_of("/ab");

	ok(!span_consists_of(&span, "ab"), "the first character counts");
	ok(span_consists_of(&span, "ab/"), "... as each does");
	ok(!span_consists_of(&with_nul, "ab"), "NUL is none of any characters");
	span.length = 0;
	ok(span_consists_of(&span, "ab"), "nothing consists of anything");
}

static void
test_copy(void)
{
	const char *rest = "name; value";
	Span span = span_take_until(&rest, ";,");
	char *copy = span_copy(&span);

	is_text(copy, "name", "a copy ends where its span does");
	is_text(rest, "; value", "... and the rest begins there");
	free(copy);
}

int
main(void)
{
	test_ascii();
	test_comparisons();
	test_characters_of_a_span();
	test_copy();
	return done_testing();
}
