/*
 * ascii.c
 *		ASCII characters, whatever the locale.
 */
#include "core/ascii.h"

bool
ascii_is_digit(char c)
{
	return c >= '0' && c <= '9';
}

char
ascii_lower(char c)
{
	return c >= 'A' && c <= 'Z' ? (char) (c - 'A' + 'a') : c;
}
