/*
 * github_json.c
 *		JSON from GitHub, before anything is known about its content.
 *
 * Pure: one pass over the text each, no recursion, no locale.
 *
 * A unit is one UTF-16 code unit, as an escape \uXXXX spells it.
 */
#include "core/github_json.h"

#include <limits.h>
#include <stdint.h>
#include <stdlib.h>
#include <string.h>

#include "core/ascii.h"
#include "core/utf8.h"

#define ESCAPE_LENGTH 6 /* \uXXXX */
#define NOT_A_UNIT (-1)

/* PostgreSQL's numeric has 131072 digits before the point: these are far from that. */
#define MAX_NUMBER_LENGTH 1000
#define MAX_EXPONENT_DIGITS 4

/* Every integer of fewer digits is a double of its own. */
#define LONG_INTEGER_DIGITS 16

static const char not_ascii = (char) 0xFF; /* UTF-8 has no such byte */

static const char replacement_character[] = "\xEF\xBF\xBD";
static const char replacement_escape[] = "\\ufffd";

/* Where sanitized text goes; with text NULL it is only measured. */
typedef struct Output
{
	char *text;
	size_t length;
} Output;

static void
emit(Output *output, const char *text, size_t length)
{
	if (output->text != NULL)
		memcpy(output->text + output->length, text, length);
	output->length += length;
}

/* ASCII that stands for itself: neither NUL nor the start of an escape. */
static bool
is_plain(char c)
{
	return c != '\0' && c != '\\' && (unsigned char) c < 0x80;
}

static size_t
copy_plain_run(Output *output, const char *text, size_t length)
{
	size_t run = 0;

	while (run < length && is_plain(text[run]))
		run++;
	emit(output, text, run);
	return run;
}

static int
hex_digit(char c)
{
	if (c >= '0' && c <= '9')
		return c - '0';
	if (c >= 'a' && c <= 'f')
		return c - 'a' + 10;
	if (c >= 'A' && c <= 'F')
		return c - 'A' + 10;
	return -1;
}

/* The unit that text starts with, or NOT_A_UNIT. */
static int
escaped_unit(const char *text, size_t length)
{
	int unit = 0;

	if (length < ESCAPE_LENGTH || text[0] != '\\' || text[1] != 'u')
		return NOT_A_UNIT;
	for (int i = 2; i < ESCAPE_LENGTH; i++)
	{
		int digit = hex_digit(text[i]);

		if (digit < 0)
			return NOT_A_UNIT;
		unit = unit * 16 + digit;
	}
	return unit;
}

static bool
is_high_surrogate(int unit)
{
	return unit >= 0xD800 && unit <= 0xDBFF;
}

static bool
is_low_surrogate(int unit)
{
	return unit >= 0xDC00 && unit <= 0xDFFF;
}

/* Copies the escape that text starts with; returns how much of text it took. */
static size_t
copy_escape(Output *output, const char *text, size_t length)
{
	int unit = escaped_unit(text, length);

	if (unit == NOT_A_UNIT)
	{
		/* An escaped backslash goes along: in \\u0000 it begins no escape. */
		size_t taken = length > 1 && text[1] == '\\' ? 2 : 1;

		emit(output, text, taken);
		return taken;
	}
	if (is_high_surrogate(unit) &&
		is_low_surrogate(escaped_unit(text + ESCAPE_LENGTH, length - ESCAPE_LENGTH)))
	{
		emit(output, text, 2 * ESCAPE_LENGTH);
		return 2 * ESCAPE_LENGTH;
	}
	if (unit == 0 || is_high_surrogate(unit) || is_low_surrogate(unit))
		emit(output, replacement_escape, ESCAPE_LENGTH);
	else
		emit(output, text, ESCAPE_LENGTH);
	return ESCAPE_LENGTH;
}

static size_t
copy_character(Output *output, const char *text, size_t length)
{
	Utf8Span span = utf8_span(text, length);

	if (span.well_formed && text[0] != '\0')
		emit(output, text, span.length);
	else
		emit(output, replacement_character, strlen(replacement_character));
	return span.length;
}

static void
copy_sanitized(Output *output, const char *text, size_t length)
{
	size_t at = 0;

	while (at < length)
	{
		if (is_plain(text[at]))
			at += copy_plain_run(output, text + at, length - at);
		else if (text[at] == '\\')
			at += copy_escape(output, text + at, length - at);
		else
			at += copy_character(output, text + at, length - at);
	}
}

char *
github_json_sanitize(const char *text, size_t length, size_t *out_length)
{
	Output output = {.text = NULL};

	/* A byte becomes three at worst: then the lengths below cannot overflow. */
	if (length > (SIZE_MAX - 1) / strlen(replacement_character))
		return NULL;

	/* Measured first: a listing is megabytes, and rarely in need of repair. */
	copy_sanitized(&output, text, length);
	if (output.length > length && output.length - length > GITHUB_MAX_JSON_REPAIR)
	{
		text = replacement_character;
		length = output.length = strlen(replacement_character);
	}
	output.text = malloc(output.length + 1);
	if (output.text == NULL)
		return NULL;

	output.length = 0;
	copy_sanitized(&output, text, length);
	output.text[output.length] = '\0';
	if (out_length != NULL)
		*out_length = output.length;
	return output.text;
}

/* A string's end, from behind its first quote; of one that is cut off, text's end. */
static const char *
end_of_string(const char *text)
{
	for (; *text != '\0' && *text != '"'; text++)
	{
		if (*text == '\\' && text[1] != '\0')
			text++;
	}
	return text;
}

/* Each value but the outermost is its container's first, or behind a comma. */
GithubJsonShape
github_json_measure(const char *text)
{
	GithubJsonShape shape = {.depth = 0, .values = 1};
	int depth = 0;

	for (; *text != '\0'; text++)
	{
		if (*text == '"')
		{
			text = end_of_string(text + 1);
			if (*text == '\0')
				break;
		}
		else if (*text == '[' || *text == '{')
		{
			shape.values++;
			if (depth < INT_MAX && ++depth > shape.depth)
				shape.depth = depth;
		}
		else if (*text == ']' || *text == '}')
			depth -= depth > 0;
		else if (*text == ',')
			shape.values++;
	}
	return shape;
}

static bool
is_control(char c)
{
	return (unsigned char) c < ' ';
}

/*
 * From a backslash to behind its escape; NULL: it is none of RFC 8259, section
 * 7, or one of U+0000 or half a surrogate pair, which sanitized text has not.
 */
static const char *
end_of_strict_escape(const char *text)
{
	size_t length = strnlen(text, 2 * ESCAPE_LENGTH);
	int unit = escaped_unit(text, length);

	if (unit == NOT_A_UNIT)
		return text[1] != '\0' && strchr("\"\\/bfnrt", text[1]) != NULL ? text + 2 : NULL;
	if (unit == 0 || is_low_surrogate(unit))
		return NULL;
	if (!is_high_surrogate(unit))
		return text + ESCAPE_LENGTH;
	if (!is_low_surrogate(escaped_unit(text + ESCAPE_LENGTH, length - ESCAPE_LENGTH)))
		return NULL;
	return text + 2 * ESCAPE_LENGTH;
}

/* A string's end, from behind its first quote; NULL: it is none that JSON has. */
static const char *
end_of_strict_string(const char *text)
{
	while (text != NULL && *text != '"')
	{
		if (is_control(*text)) /* NUL as well: it is cut off */
			return NULL;
		text = *text == '\\' ? end_of_strict_escape(text) : text + 1;
	}
	return text;
}

static size_t
count_digits(const char *text)
{
	size_t count = 0;

	while (ascii_is_digit(text[count]))
		count++;
	return count;
}

/* From a minus or a digit on; NULL: no number of RFC 8259, section 6, or one that is too large. */
static const char *
end_of_strict_number(const char *text)
{
	const char *start = text;
	size_t digits;

	text += *text == '-';
	digits = count_digits(text);
	if (digits == 0 || (digits > 1 && *text == '0'))
		return NULL;
	text += digits;
	if (*text == '.')
	{
		digits = count_digits(++text);
		if (digits == 0)
			return NULL;
		text += digits;
	}
	if (*text == 'e' || *text == 'E')
	{
		text++;
		text += *text == '-' || *text == '+';
		digits = count_digits(text);
		if (digits == 0 || digits > MAX_EXPONENT_DIGITS)
			return NULL;
		text += digits;
	}
	return text - start <= MAX_NUMBER_LENGTH ? text : NULL;
}

/* ASCII alone: a byte order mark is none of JSON's white space. */
static bool
is_outside_of_strings(char c)
{
	return is_control(c) ? c != '\0' && strchr("\t\n\r", c) != NULL : (unsigned char) c < 0x80;
}

bool
github_json_is_strict(const char *text)
{
	while (text != NULL && *text != '\0')
	{
		if (*text == '"')
		{
			text = end_of_strict_string(text + 1);
			if (text != NULL)
				text++;
		}
		else if (*text == '-' || ascii_is_digit(*text))
			text = end_of_strict_number(text);
		else if (is_outside_of_strings(*text))
			text++;
		else
			return false;
	}
	return text != NULL;
}

/* Whether what is between the two is an integer, and a long one. */
static bool
is_long_integer(const char *text, const char *end)
{
	size_t digits;

	text += *text == '-';
	digits = count_digits(text);
	return digits >= LONG_INTEGER_DIGITS && text + digits == end;
}

/* Copies the number that text starts with; returns its end. */
static const char *
copy_number(Output *output, const char *text)
{
	static const char opening[] = "{\"" GITHUB_JSON_INTEGER "\":\"";
	const char *end = end_of_strict_number(text);
	bool is_long = is_long_integer(text, end);

	if (is_long)
		emit(output, opening, strlen(opening));
	emit(output, text, (size_t) (end - text));
	if (is_long)
		emit(output, "\"}", 2);
	return end;
}

static void
copy_with_integers(Output *output, const char *text)
{
	while (*text != '\0')
	{
		const char *start = text;

		if (*text == '-' || ascii_is_digit(*text))
		{
			text = copy_number(output, text);
			continue;
		}
		text = *text == '"' ? end_of_string(text + 1) + 1 : text + 1;
		emit(output, start, (size_t) (text - start));
	}
}

const char *
github_json_keep_integers(const char *text)
{
	Output output = {.text = NULL};

	copy_with_integers(&output, text);
	if (output.length == strlen(text))
		return text;
	output.text = malloc(output.length + 1);
	if (output.text == NULL)
		return NULL;
	output.length = 0;
	copy_with_integers(&output, text);
	output.text[output.length] = '\0';
	return output.text;
}

/* What the escape that text starts with stands for, if that is ASCII. */
static char
escaped_character(const char *text, size_t length, size_t *taken)
{
	static const char letters[] = "bfnrt";
	static const char controls[] = "\b\f\n\r\t";
	int unit = escaped_unit(text, length);
	const char *letter;

	if (unit != NOT_A_UNIT)
	{
		*taken = ESCAPE_LENGTH;
		return unit < 0x80 ? (char) unit : not_ascii;
	}
	*taken = length > 1 ? 2 : 1;
	if (length == 1)
		return text[0];
	letter = strchr(letters, text[1]);
	return letter != NULL ? controls[letter - letters] : text[1];
}

size_t
github_json_unescape(const char **text, const char *end, char *plain, size_t room)
{
	const char *at = *text;
	size_t length = 0;

	while (at < end && length < room)
	{
		size_t left = (size_t) (end - at);
		size_t most = left < room - length ? left : room - length;
		const char *escape = memchr(at, '\\', most);
		size_t run = escape != NULL ? (size_t) (escape - at) : most;

		memcpy(plain + length, at, run);
		at += run;
		length += run;
		if (escape != NULL)
		{
			plain[length++] = escaped_character(at, left - run, &run);
			at += run;
		}
	}
	*text = at;
	return length;
}
