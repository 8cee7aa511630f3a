/*
 * sync_limits.c
 *		What the queue knows of limits.
 */
#include "postgres.h"

#include "catalog/pg_type.h"
#include "db/statement.h"
#include "db/sync_limits.h"

void
limits_pause_creations(int64 installation_id, TimestampTz until)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.pause_creations($1, $2)", INT8OID, TIMESTAMPTZOID);
	Parameters parameters = {0};

	add_int64(&parameters, installation_id);
	add_timestamp(&parameters, until);
	run_statement(&statement, RECORD_TASK, &parameters);
}

void
limits_forgive_budgets(void)
{
	static Statement statement = STATEMENT("SELECT github_sync.end_budget_pauses()");
	Parameters parameters = {0};

	run_statement(&statement, RECORD_TASK, &parameters);
}

void
limits_fail_on_the_way(const SyncClaim *claim, const char *problem, TimestampTz paused_until,
					   const TroublePolicy *policy)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_report_unreachable($1, $2, $3, $4,"
				  " ROW($5 * interval '1 millisecond', $6 * interval '1 millisecond',"
				  " $7 * interval '1 second')::github_sync.backoff)",
				  INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID);
	Parameters parameters = {0};

	add_int64(&parameters, claim->id);
	add_int32(&parameters, claim->claim_no);
	add_text(&parameters, problem);
	add_timestamp(&parameters, paused_until);
	add_int32(&parameters, policy->retry_base_ms);
	add_int32(&parameters, policy->retry_max_ms);
	add_int32(&parameters, policy->give_up_after_s);
	run_statement(&statement, claim->record_type, &parameters);
}

void
limits_visit_past_creations(RecordType record_type, PastCreationsVisitor visitor)
{
	static Statement statement =
		STATEMENT("SELECT installation_id, creations, age_ms FROM github_sync.%s_past_creations()");
	Parameters parameters = {0};

	run_statement(&statement, record_type, &parameters);
	for (uint64 row = 0; row < SPI_processed; row++)
		visitor(row_int64(row, 1), row_int32(row, 2), row_int64(row, 3));
}
