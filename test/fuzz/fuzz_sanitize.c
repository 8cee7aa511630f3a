/*
 * fuzz_sanitize.c
 *		Any bytes become text that C and PostgreSQL can hold.
 */
#include "fuzz.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	size_t length;
	size_t again_length;
	char *text = github_json_sanitize((const char *) data, size, &length);
	char *again;

	must(text != NULL);
	must(strlen(text) == length); /* no NUL within */
	must(length <= 3 * size);
	must(is_utf8(text));

	again = github_json_sanitize(text, length, &again_length);
	must(again != NULL && again_length == length && memcmp(again, text, length) == 0);

	must(github_json_measure(text).values <= length + 1);
	free(again);
	free(text);
	return 0;
}
