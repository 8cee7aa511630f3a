/*
 * fuzz_time.c
 *		Times in both of GitHub's spellings.
 */
#include "core/github_time.h"
#include "fuzz.h"

/* What was read is written, and read again as the same. */
static void
check_round_trip(int64_t seconds)
{
	char text[GITHUB_TIME_LENGTH + 1];
	int64_t again;

	github_time_format(seconds, text);
	must(strlen(text) == GITHUB_TIME_LENGTH);
	must(github_time_parse(text, &again));
	must(seconds < 0 || seconds > INT64_C(253402300799) ? again != seconds : again == seconds);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = text_of(data, size);
	int64_t seconds;

	if (github_time_parse(text, &seconds))
		check_round_trip(seconds);
	if (github_http_date_parse(text, &seconds))
		check_round_trip(seconds);
	free(text);
	return 0;
}
