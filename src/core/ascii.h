/*
 * ascii.h
 *		ASCII characters, whatever the locale.
 */
#ifndef ASCII_H
#define ASCII_H

#include <stdbool.h>

extern bool ascii_is_digit(char c);

/* 'A' to 'Z' in lower case, all else as it is. */
extern char ascii_lower(char c);

#endif
