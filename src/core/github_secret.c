/*
 * github_secret.c
 *		What our tokens look like, and whether a text repeats one of them.
 *
 * Pure.  Each gram of the secret (a few characters in a row) is in a table.  Of
 * a text every STRIDE-th position is looked up there: a common piece has one of
 * them in it, with its gram.  So an answer of a megabyte costs a hundred
 * thousand looks into a table that stays in the processor's cache.
 */
#include "core/github_secret.h"

#include <stdint.h>
#include <string.h>

#include "core/github_json.h"

#define GRAM_LENGTH 8 /* what a 64-bit number holds */
#define STRIDE (GITHUB_SECRET_PIECE_LENGTH - GRAM_LENGTH + 1)

#define SECRET_MAX_LENGTH 1024
#define SLOT_BITS 12 /* four times as many as grams: three of four looks end at once */

/* As long, or shorter, words of a text may be the same. */
#define WORD_LENGTH 3

/* JSON is read by so much at a time; what a window ends with, the next one begins with. */
#define WINDOW_LENGTH 8192

typedef struct Search
{
	const char *secret;
	size_t length;
	bool by_pieces;                   /* else all of it */
	uint16_t first[1 << SLOT_BITS];   /* position of a gram plus 1; 0: there is none */
	uint16_t next[SECRET_MAX_LENGTH]; /* with the same slot */
} Search;

size_t
github_secret_prefix_length(const char *text)
{
	if (strncmp(text, "github_pat_", 11) == 0)
		return 11;
	if (text[0] == 'g' && text[1] == 'h' && text[2] != '\0' && text[3] == '_')
		return 4;
	return strncmp(text, "eyJ", 3) == 0 ? 3 : 0;
}

/* ---- what is looked for ---- */

static uint16_t *
slot_of(Search *search, const char *gram)
{
	uint64_t bits;

	memcpy(&bits, gram, GRAM_LENGTH);
	return &search->first[(bits * UINT64_C(0x9E3779B97F4A7C15)) >> (64 - SLOT_BITS)];
}

static bool
has_gram(const Search *search, uint16_t position, const char *gram)
{
	for (; position != 0; position = search->next[position - 1])
	{
		if (memcmp(search->secret + position - 1, gram, GRAM_LENGTH) == 0)
			return true;
	}
	return false;
}

/* False: a gram is there twice. */
static bool
add_grams(Search *search, const char *part, size_t length)
{
	for (const char *gram = part; gram + GRAM_LENGTH <= part + length; gram++)
	{
		uint16_t *slot = slot_of(search, gram);
		size_t position = (size_t) (gram - search->secret);

		if (has_gram(search, *slot, gram))
			return false;
		search->next[position] = *slot;
		*slot = (uint16_t) (position + 1);
	}
	return true;
}

/* {" in base64, as header and claims of a JSON Web Token begin, or behind the number of an App. */
static bool
is_json_of_jwt(const char *part, size_t length)
{
	for (size_t at = 0; at + 3 <= length; at++)
	{
		if ((at == 0 || part[at - 1] == '_') && strncmp(part + at, "eyJ", 3) == 0)
			return true;
	}
	return false;
}

/* Whether it has any, and no gram twice: what repeats itself is not made by chance. */
static bool
add_pieces(Search *search)
{
	const char *part = search->secret;
	bool any = false;

	for (;;)
	{
		size_t length = strcspn(part, ".");

		if (length >= GITHUB_SECRET_PIECE_LENGTH && !is_json_of_jwt(part, length))
		{
			if (!add_grams(search, part, length))
				return false;
			any = true;
		}
		if (part[length] == '\0')
			return any;
		part += length + 1;
	}
}

static void
look_for(Search *search, const char *secret)
{
	size_t prefix_length = github_secret_prefix_length(secret);
	size_t length = strlen(secret);

	memset(search->first, 0, sizeof(search->first));
	if (length > SECRET_MAX_LENGTH)
	{
		secret += length - SECRET_MAX_LENGTH;
		length = SECRET_MAX_LENGTH;
		prefix_length = 0;
	}
	/* That of a JSON Web Token is a part's beginning, which says that it is no secret. */
	if (strncmp(secret, "eyJ", 3) == 0)
		prefix_length = 0;
	search->secret = secret + prefix_length;
	search->length = length - prefix_length;
	search->by_pieces = add_pieces(search);
	if (!search->by_pieces)
	{
		search->secret = secret;
		search->length = length;
	}
}

/* ---- where it is looked for ---- */

/* Whether the gram that text and secret have in common at these positions is one of a piece. */
static bool
is_in_piece(const Search *search, const char *text, size_t at, size_t position)
{
	size_t before = 0;
	size_t behind = GRAM_LENGTH;

	while (before < at && before < position &&
		   text[at - before - 1] == search->secret[position - before - 1] &&
		   text[at - before - 1] != '.')
		before++;
	while (before + behind < GITHUB_SECRET_PIECE_LENGTH && position + behind < search->length &&
		   text[at + behind] == search->secret[position + behind] && text[at + behind] != '.')
		behind++;
	return before + behind >= GITHUB_SECRET_PIECE_LENGTH;
}

static bool
has_piece_at(Search *search, const char *text, size_t at)
{
	for (uint16_t next = *slot_of(search, text + at); next != 0; next = search->next[next - 1])
	{
		size_t position = (size_t) next - 1;

		if (memcmp(search->secret + position, text + at, GRAM_LENGTH) == 0 &&
			is_in_piece(search, text, at, position))
			return true;
	}
	return false;
}

/* text[length] is NUL. */
static bool
is_found(Search *search, const char *text, size_t length)
{
	if (!search->by_pieces)
		return search->length > WORD_LENGTH && strstr(text, search->secret) != NULL;
	for (size_t at = 0; at + GRAM_LENGTH <= length; at += STRIDE)
	{
		if (has_piece_at(search, text, at))
			return true;
	}
	return false;
}

bool
github_secret_is_in_text(const char *text, const char *secret)
{
	Search search;

	look_for(&search, secret);
	return is_found(&search, text, strlen(text));
}

/* What stands at the end of a window and may be the beginning of what is looked for. */
static size_t
length_kept(const Search *search, size_t length)
{
	size_t sought = search->by_pieces ? GITHUB_SECRET_PIECE_LENGTH : search->length;

	return length < sought ? length : sought - 1;
}

bool
github_secret_is_in_json(const char *json, const char *secret)
{
	Search search;
	char window[WINDOW_LENGTH + 1];
	size_t length = 0;
	const char *end = json + strlen(json);

	look_for(&search, secret);
	if (search.length == 0)
		return false;
	while (json < end)
	{
		length += github_json_unescape(&json, end, window + length, WINDOW_LENGTH - length);
		window[length] = '\0';
		if (is_found(&search, window, length))
			return true;
		memmove(window, window + length - length_kept(&search, length),
				length_kept(&search, length));
		length = length_kept(&search, length);
	}
	return false;
}
