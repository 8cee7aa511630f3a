/*
 * capture_set.c
 *		Which captured changes are put into the queue together.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "db/capture_set.h"
#include "utils/hsearch.h"

/* What a set takes in memory, and what a row that fails takes along, is bounded. */
#define SET_MAX 500

/* Fewer cost less one by one: a row that is edited again and again, or a few in turn. */
#define SET_MIN 8

static uint32
hash_of_key(const void *key, Size size pg_attribute_unused())
{
	const char *text = *(const char *const *) key;

	return hash_bytes((const unsigned char *) text, strlen(text));
}

/* 0: the same. */
static int
compare_keys(const void *one, const void *other, Size size pg_attribute_unused())
{
	return strcmp(*(const char *const *) one, *(const char *const *) other);
}

static HTAB *
make_table_of_keys(void)
{
	HASHCTL control = {.keysize = sizeof(char *),
					   .entrysize = sizeof(char *),
					   .hash = hash_of_key,
					   .match = compare_keys,
					   .hcxt = CurrentMemoryContext};

	return hash_create("github_sync changed rows", SET_MAX, &control,
					   HASH_ELEM | HASH_FUNCTION | HASH_COMPARE | HASH_CONTEXT);
}

int
capture_set_length(CapturedChange *const *changes, int count)
{
	HTAB *keys;
	int length = 0;

	if (count < SET_MIN || !changes[0]->is_update || !changes[1]->is_update ||
		strcmp(changes[0]->key, changes[1]->key) == 0)
		return Min(count, 1);
	keys = make_table_of_keys();
	while (length < Min(count, SET_MAX) && changes[length]->is_update &&
		   changes[length]->record_type == changes[0]->record_type)
	{
		bool is_there;

		(void) hash_search(keys, &changes[length]->key, HASH_ENTER, &is_there);
		if (is_there)
			break;
		length++;
	}
	hash_destroy(keys);
	return length < SET_MIN ? 1 : length;
}
