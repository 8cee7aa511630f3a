/*
 * queue.c
 *		The queue as a whole: whether there is one, orphans, times.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "db/db_compat.h"
#include "db/queue.h"
#include "db/statement.h"
#include "utils/timestamp.h"

bool
queue_is_attached(RecordType record_type)
{
	Oid schema = get_namespace_oid("github_sync", true);
	char *function = psprintf("%s_claim", record_type_name(record_type));

	/* The functions go with the extension, the tables stay. */
	return OidIsValid(schema) &&
		db_functions_named(list_make2(makeString("github_sync"), makeString(function))) != NULL;
}

char *
queue_why_copied(void)
{
	static Statement statement = STATEMENT("SELECT CASE WHEN NOT github_sync.database_is_adopted()"
										   " THEN github_sync.hold_copy() END AS because");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	return result_text_or_null(&result, 0, "because");
}

bool
queue_table_is_locked(void)
{
	static Statement statement = STATEMENT("SELECT github_sync.table_is_locked() AS is_locked");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	return result_bool(&result, 0, "is_locked");
}

bool
queue_recover_orphans(RecordType record_type, const int64 *held, int held_count, int64 *recovered)
{
	static Statement statement =
		STATEMENT("SELECT recovered, busy FROM github_sync.%s_recover_orphans($1)", INT8ARRAYOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64_array(&parameters, held, held_count);
	result = statement_run(&statement, record_type, &parameters);
	*recovered += result_int64(&result, 0, "recovered");
	return result_int64(&result, 0, "busy") == 0;
}

int64
queue_next_orphan(RecordType record_type, const int64 *held, int held_count)
{
	static Statement statement =
		STATEMENT("SELECT min(id) AS id FROM github_sync.%s_orphans($1)", INT8ARRAYOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64_array(&parameters, held, held_count);
	result = statement_run(&statement, record_type, &parameters);
	return result_int64_or(&result, 0, "id", 0);
}

TimestampTz
queue_release_due(RecordType record_type, const TransactionIds *left_out,
				  const TransactionIds *records_left_out)
{
	static Statement statement =
		STATEMENT("SELECT next_due_at FROM github_sync.%s_release_due($1, $2)", INT8ARRAYOID,
				  INT8ARRAYOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64_array(&parameters, left_out->ids, left_out->count);
	parameters_add_int64_array(&parameters, records_left_out->ids, records_left_out->count);
	result = statement_run(&statement, record_type, &parameters);
	return result_timestamp_or(&result, 0, "next_due_at", DT_NOEND);
}

bool
queue_has_pending_deliveries(void)
{
	static Statement statement =
		STATEMENT("SELECT EXISTS (SELECT FROM github_sync.webhook_deliveries AS d"
				  " WHERE d.outcome = 'pending') AS some");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	return result_bool(&result, 0, "some");
}

TimestampTz
queue_end_pending_deliveries(void)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.end_pending_deliveries() AS next_at");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	return result_timestamp_or(&result, 0, "next_at", DT_NOEND);
}

bool
queue_forget_deliveries(void)
{
	static Statement statement = STATEMENT("SELECT github_sync.forget_deliveries() AS more");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	return result_bool(&result, 0, "more");
}

bool
queue_count_blocks(RecordType record_type, int32 most)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_count_blocks($1) AS more", INT4OID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int32(&parameters, most);
	result = statement_run(&statement, record_type, &parameters);
	return result_bool(&result, 0, "more");
}

bool
queue_prune_some(RecordType record_type, int64 age_s, int32 most, PruneCursor *cursor,
				 TimestampTz *next_due)
{
	static Statement statement =
		STATEMENT("SELECT after_at, after_id, more, next_due_at"
				  " FROM github_sync.%s_prune_some(make_interval(secs => $1), $2, $3, $4)",
				  INT8OID, INT4OID, TIMESTAMPTZOID, INT8OID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64(&parameters, age_s);
	parameters_add_int32(&parameters, most);
	parameters_add_timestamp(&parameters, cursor->after_at);
	parameters_add_int64(&parameters, cursor->after_id);
	result = statement_run(&statement, record_type, &parameters);
	cursor->after_at = result_timestamp_or(&result, 0, "after_at", DT_NOBEGIN);
	cursor->after_id = result_int64(&result, 0, "after_id");
	*next_due = result_timestamp_or(&result, 0, "next_due_at", DT_NOEND);
	return result_bool(&result, 0, "more");
}

void
queue_visit_past_creations(RecordType record_type, QueueCreationsVisitor visitor)
{
	static Statement statement =
		STATEMENT("SELECT installation_id, creations, age_ms FROM github_sync.%s_past_creations()");
	ResultSet result = statement_run_plain(&statement, record_type);

	for (uint64 row = 0; row < result.count; row++)
		visitor(result_int64(&result, row, "installation_id"),
				result_int32(&result, row, "creations"), result_int64(&result, row, "age_ms"));
}
