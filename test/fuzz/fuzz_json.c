/*
 * fuzz_json.c
 *		Any JSON: what the core accepts, PostgreSQL's own parser accepts, and makes
 *		the same of it.  The first byte says whether it is a list's.
 */
#include "fuzz.h"
#include "json_events.h"

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *json;
	char *core;

	if (size == 0)
		return 0;
	json = sanitized(data + 1, size - 1);
	core = json_events_of_core(json, data[0] == 'l');
	if (core != NULL)
	{
		char *postgres = json_events_of_postgres(json);

		must(postgres != NULL && strcmp(core, postgres) == 0);
		free(postgres);
	}
	free(core);
	free(json);
	return 0;
}
