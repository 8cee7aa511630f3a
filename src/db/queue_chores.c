/*
 * queue_chores.c
 *		Chores: what is done in the queue for many rows at a time, one by one.
 */
#include "postgres.h"

#include "db/queue_chores.h"
#include "db/statement.h"

const char *
queue_chores_name(ChoreKind kind)
{
	switch (kind)
	{
		case CHORE_FIND:
			return "find";
		case CHORE_RELEASE:
			return "release";
		case CHORE_SETTLE:
			return "settle";
		case CHORE_APPLY:
			return "apply";
		case CHORE_RESUME:
			return "resume";
		case CHORE_KINDS:
			break;
	}
	pg_unreachable();
}

int64
queue_chores_next(ChoreKind kind, RecordType record_type, int64 behind,
				  const TransactionIds *left_out)
{
	static Statement statement = STATEMENT("SELECT github_sync.%s_next_chore($1, $2, $3) AS about",
										   TEXTOID, INT8OID, INT8ARRAYOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_text(&parameters, queue_chores_name(kind));
	parameters_add_int64(&parameters, behind);
	parameters_add_int64_array(&parameters, left_out->ids, left_out->count);
	result = statement_run(&statement, record_type, &parameters);
	return result_int64_or(&result, 0, "about", 0);
}

void
queue_chores_do(ChoreKind kind, RecordType record_type, int64 about)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_do_chore($1, $2)", TEXTOID, INT8OID);
	Parameters parameters = {0};

	parameters_add_text(&parameters, queue_chores_name(kind));
	parameters_add_int64(&parameters, about);
	(void) statement_run(&statement, record_type, &parameters);
}
