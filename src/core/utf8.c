/*
 * utf8.c
 *		Well-formed UTF-8, as table 3-7 of the Unicode Standard defines it.
 *
 * Pure: no locale, no allocation.
 */
#include "core/utf8.h"

/* Bytes in the character that starts with lead; 0: none starts so. */
static size_t
sequence_length(unsigned char lead)
{
	if (lead < 0x80)
		return 1;
	if (lead >= 0xC2 && lead <= 0xDF)
		return 2;
	if (lead >= 0xE0 && lead <= 0xEF)
		return 3;
	if (lead >= 0xF0 && lead <= 0xF4)
		return 4;
	return 0;
}

Utf8Span
utf8_span(const char *text, size_t length)
{
	const unsigned char *bytes = (const unsigned char *) text;
	size_t wanted = sequence_length(bytes[0]);
	unsigned char low = 0x80;
	unsigned char high = 0xBF;
	Utf8Span span = {.length = 1};

	/* Only the second byte is bounded further, by the first. */
	switch (bytes[0])
	{
		case 0xE0:
			low = 0xA0; /* below: overlong */
			break;
		case 0xED:
			high = 0x9F; /* above: surrogates */
			break;
		case 0xF0:
			low = 0x90; /* below: overlong */
			break;
		case 0xF4:
			high = 0x8F; /* above: past U+10FFFF */
			break;
	}

	while (span.length < wanted && span.length < length && bytes[span.length] >= low &&
		   bytes[span.length] <= high)
	{
		span.length++;
		low = 0x80;
		high = 0xBF;
	}
	span.well_formed = span.length == wanted;
	return span;
}

size_t
utf8_code_points(const char *text)
{
	size_t count = 0;

	for (; *text != '\0'; text++)
	{
		/* Every character has one byte that continues no other. */
		if (((unsigned char) *text & 0xC0) != 0x80)
			count++;
	}
	return count;
}
