/*
 * backfill_wait.c
 *		Waiting for an import, in a session of somebody's.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "db/backfill_wait.h"
#include "db/owner_commands.h"
#include "executor/spi.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "storage/latch.h"
#include "utils/lsyscache.h"
#include "utils/snapmgr.h"

/* What a person sees as at once. */
#define LOOKS_APART_MS 500

/* Begins with + where the import is over, else with -; how far it is follows. */
static char *
read_status(Oid attached_tables, const int64 *github_repo_id)
{
	char *key = github_repo_id != NULL ? psprintf(INT64_FORMAT, *github_repo_id) : "NULL";
	char *query =
		psprintf("SELECT pg_catalog.concat(CASE WHEN s.is_over THEN '+' ELSE '-' END, s.progress)"
				 " FROM github_sync.backfill_status(%s::bigint) AS s",
				 key);
	char *status;

	/* After a commit there is none. */
	PushActiveSnapshot(GetTransactionSnapshot());
	status = owner_commands_read(attached_tables, query);
	PopActiveSnapshot();
	if (status == NULL || (status[0] != '+' && status[0] != '-'))
		ereport(ERROR,
				(errcode(ERRCODE_DATA_EXCEPTION),
				 errmsg("github_sync.backfill_status() does not say how far the import is")));
	return status;
}

static void
notice_progress(const char *progress, char **told)
{
	if (*told != NULL && strcmp(progress, *told) == 0)
		return;
	if (*told != NULL)
		pfree(*told);
	*told = pstrdup(progress);
	ereport(NOTICE, (errmsg("%s", progress)));
}

static void
pause_for_a_moment(void)
{
	(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH, LOOKS_APART_MS,
					 PG_WAIT_EXTENSION);
	ResetLatch(MyLatch);
	CHECK_FOR_INTERRUPTS();
}

static Oid
require_queue(void)
{
	Oid schema = get_namespace_oid("github_sync", false);
	Oid attached_tables = get_relname_relid("attached_tables", schema);

	if (!OidIsValid(attached_tables))
		ereport(ERROR,
				(errcode(ERRCODE_OBJECT_NOT_IN_PREREQUISITE_STATE),
				 errmsg("no tasks table is attached"),
				 errhint("SELECT github_sync.attach_tasks(...) first.")));
	return attached_tables;
}

void
backfill_wait(const int64 *github_repo_id)
{
	char *told = NULL;
	bool is_over = false;

	SPI_connect_ext(SPI_OPT_NONATOMIC);
	while (!is_over)
	{
		char *status = read_status(require_queue(), github_repo_id);

		is_over = status[0] == '+';
		notice_progress(status + 1, &told);
		pfree(status);
		SPI_commit();
		if (!is_over)
			pause_for_a_moment();
	}
	SPI_finish();
}
