/* worker: worker may not include db/statement\.h, which is private to db */
#include "postgres.h"

#include "db/statement.h"

extern void intruder_delete(void);

void
intruder_delete(void)
{
	static Statement statement = STATEMENT("DELETE FROM github_sync.task_sync_transactions");

	(void) statement_run_plain(&statement, RECORD_TASK);
}
