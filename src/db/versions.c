/*
 * versions.c
 *		Whether the library, the extensions and what attach made belong together.
 *
 * An upgrade has steps that somebody takes one after the other: the package is
 * installed, the server restarted, either extension updated.  A worker between
 * two of them would call functions that answer in another way than it expects.
 */
#include "postgres.h"

#include "db/statement.h"
#include "db/versions.h"

static void
check_extension(const char *extension, const char *version)
{
	if (strcmp(version, GITHUB_SYNC_VERSION) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("extension %s is version %s, the library is %s: ALTER EXTENSION %s UPDATE,"
						" or restart the server where the library is the older one",
						extension, version, GITHUB_SYNC_VERSION, extension)));
}

static void
check_attached(const char *record_type, const char *made_by)
{
	if (made_by == NULL || strcmp(made_by, GITHUB_SYNC_VERSION) != 0)
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("what is attached for %ss was made by version %s, the library is %s:"
						" SELECT github_sync.refresh_attached()",
						record_type, made_by == NULL ? "(unknown)" : made_by,
						GITHUB_SYNC_VERSION)));
}

/* Of tables as they were in any version: a column that is not there is NULL. */
void
versions_check(void)
{
	static Statement statement = STATEMENT(
		"SELECT a.record_type, pg_catalog.to_jsonb(a) OPERATOR(pg_catalog.->>) 'made_by' AS made_by,"
		" e.extname::pg_catalog.text AS extension, e.extversion AS version"
		" FROM github_sync.attached_tables AS a JOIN pg_catalog.pg_extension AS e"
		" ON e.extname OPERATOR(pg_catalog.=) (a.record_type OPERATOR(pg_catalog.||) "
		"'_sync_transaction')"
		" ORDER BY a.record_type DESC");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	/* First the extensions: with the last of them, what is attached is brought along. */
	for (uint64 row = 0; row < result.count; row++)
		check_extension(result_text(&result, row, "extension"),
						result_text(&result, row, "version"));
	for (uint64 row = 0; row < result.count; row++)
		check_attached(result_text(&result, row, "record_type"),
					   result_text_or_null(&result, row, "made_by"));
}
