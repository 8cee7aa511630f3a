/*
 * github_message.c
 *		The words of GitHub's error answers, fit to be shown.
 *
 * Pure.
 */
#include "core/github_message.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#include "core/github_secret.h"
#include "core/json_reader.h"
#include "core/utf8.h"

static const char *
text_member(const cJSON *object, const char *name)
{
	return cJSON_GetStringValue(cJSON_GetObjectItemCaseSensitive(object, name));
}

/* Drops the last character of text, which is not empty, if only a part of it is there. */
static void
drop_partial_character(char *text)
{
	size_t length = strlen(text);
	size_t start = length - 1;

	while (start > 0 && ((unsigned char) text[start] & 0xC0) == 0x80)
		start--;
	if (!utf8_span(text + start, length - start).well_formed)
		text[start] = '\0';
}

/*
 * One of "errors" is a text, or an object with a message of its own or at
 * least a field and a code.
 */
static void
print_error_detail(char *text, size_t size, const char *separator, const cJSON *error)
{
	const char *words = cJSON_IsString(error) ? error->valuestring : text_member(error, "message");
	const char *field = text_member(error, "field");
	const char *code = text_member(error, "code");

	if (words != NULL)
		snprintf(text, size, "%s%s", separator, words);
	else if (field != NULL && code != NULL)
		snprintf(text, size, "%s%s: %s", separator, field, code);
}

static void
print_error_message(char *text, size_t size, const cJSON *answer)
{
	const char *message = text_member(answer, "message");
	const cJSON *errors = cJSON_GetObjectItemCaseSensitive(answer, "errors");
	size_t length;

	text[0] = '\0';
	if (message != NULL)
		snprintf(text, size, "%s", message);
	length = strlen(text);
	print_error_detail(text + length, size - length, length > 0 ? ": " : "",
					   cJSON_GetArrayItem(errors, 0));
	/* snprintf counts bytes, not characters. */
	if (strlen(text) == size - 1)
		drop_partial_character(text);
}

/* What GitHub's tokens and JSON Web Tokens are made of; what is not ASCII may be a damaged byte of one. */
static bool
is_token_character(char c)
{
	return (c >= 'a' && c <= 'z') || (c >= 'A' && c <= 'Z') || (c >= '0' && c <= '9') ||
		(c != '\0' && strchr("_.-", c) != NULL) || (unsigned char) c >= 0x80;
}

static const char hidden[] = "***";

/* What has so many characters in common with a secret is a piece of it, not a word. */
#define PIECE_MIN_LENGTH 12

/* In place: what is left of a token is shorter than the shortest that there is. */
static void
hide_tokens(char *text)
{
	char *end = text;

	while (*text != '\0')
	{
		size_t prefix_length = github_secret_prefix_length(text);
		size_t length = prefix_length;

		if (prefix_length == 0)
		{
			*end++ = *text++;
			continue;
		}
		while (is_token_character(text[length]))
			length++;
		memmove(end, text, prefix_length);
		end += prefix_length;
		if (length - prefix_length > strlen(hidden))
		{
			memcpy(end, hidden, strlen(hidden));
			end += strlen(hidden);
		}
		text += length;
	}
	*end = '\0';
}

static size_t
common_length(const char *one, const char *other)
{
	size_t length = 0;

	while (one[length] != '\0' && one[length] == other[length])
		length++;
	return length;
}

static size_t
longest_piece(const char *text, const char *secret)
{
	size_t longest = 0;

	for (; *secret != '\0'; secret++)
	{
		size_t length = common_length(text, secret);

		if (length > longest)
			longest = length;
	}
	return longest;
}

/* How much of the secret stands at text; 0: nothing that is to be hidden. */
static size_t
secret_length_at(const char *text, const char *secret)
{
	size_t length = common_length(text, secret);
	size_t piece_length;

	/* Shorter ones are words like others, and would grow. */
	if (length > strlen(hidden) && (secret[length] == '\0' || text[length] == '\0'))
		return length;
	piece_length = longest_piece(text, secret);
	return piece_length >= PIECE_MIN_LENGTH ? piece_length : 0;
}

void
github_message_hide_secret(char *text, const char *secret)
{
	char *end = text;

	while (*text != '\0')
	{
		size_t length = secret_length_at(text, secret);

		if (length == 0)
		{
			*end++ = *text++;
			continue;
		}
		memcpy(end, hidden, strlen(hidden));
		end += strlen(hidden);
		text += length;
	}
	*end = '\0';
}

char *
github_message_parse(const char *json)
{
	char text[GITHUB_MESSAGE_MAX_LENGTH + 1];
	cJSON *document;

	if (json_document_parse(json, &document, NULL) != GITHUB_PARSE_OK)
		return NULL;
	print_error_message(text, sizeof(text), document);
	hide_tokens(text);
	cJSON_Delete(document);
	return text[0] != '\0' ? strdup(text) : NULL;
}
