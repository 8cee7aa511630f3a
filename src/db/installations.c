/*
 * installations.c
 *		What the worker tells the database about installations of the App.
 */
#include "postgres.h"

#include "db/installations.h"
#include "db/statement.h"

const char *
installations_pause_kind_name(PauseKind kind)
{
	switch (kind)
	{
		case PAUSE_RATE_LIMIT:
			return "rate limit";
		case PAUSE_BUDGET:
			return "budget";
		case PAUSE_UNREACHABLE:
			return "unreachable";
		case PAUSE_CREDENTIALS:
			return "credentials";
	}
	pg_unreachable();
}

static void
pause_by(Statement *statement, int64 installation_id, TimestampTz until, PauseKind kind,
		 const char *reason)
{
	Parameters parameters = {0};

	parameters_add_int64(&parameters, installation_id);
	parameters_add_timestamp(&parameters, until);
	parameters_add_text(&parameters, installations_pause_kind_name(kind));
	parameters_add_words(&parameters, reason);
	(void) statement_run_shared(statement, &parameters);
}

void
installations_pause(int64 installation_id, TimestampTz until, PauseKind kind, const char *reason)
{
	static Statement statement = STATEMENT("SELECT github_sync.pause_installation($1, $2, $3, $4)",
										   INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID);

	pause_by(&statement, installation_id, until, kind, reason);
}

void
installations_renew_pause(int64 installation_id, TimestampTz until, PauseKind kind,
						  const char *reason)
{
	static Statement statement = STATEMENT("SELECT github_sync.renew_pause($1, $2, $3, $4)",
										   INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID);

	pause_by(&statement, installation_id, until, kind, reason);
}

void
installations_resume(int64 installation_id, TimestampTz asked_at, bool *outage_ends,
					 bool *pause_stays)
{
	static Statement statement =
		STATEMENT("SELECT outage_ends, pause_stays FROM github_sync.resume_installation($1, $2)",
				  INT8OID, TIMESTAMPTZOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64(&parameters, installation_id);
	parameters_add_timestamp(&parameters, asked_at);
	result = statement_run_shared(&statement, &parameters);
	*outage_ends = result_bool(&result, 0, "outage_ends");
	*pause_stays = result_bool(&result, 0, "pause_stays");
}

void
installations_pause_creations(int64 installation_id, TimestampTz until)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.pause_creations($1, $2)", INT8OID, TIMESTAMPTZOID);
	Parameters parameters = {0};

	parameters_add_int64(&parameters, installation_id);
	parameters_add_timestamp(&parameters, until);
	(void) statement_run_shared(&statement, &parameters);
}

void
installations_end_pauses_of_settings(const TransactionIds *left_out)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.end_credential_pauses($1), github_sync.end_budget_pauses($1)",
				  INT8ARRAYOID);
	Parameters parameters = {0};

	parameters_add_int64_array(&parameters, left_out->ids, left_out->count);
	(void) statement_run_shared(&statement, &parameters);
}

bool
installations_begin_outage(int64 installation_id, const char *kind)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.begin_outage($1, $2) AS is_new", INT8OID, TEXTOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64(&parameters, installation_id);
	parameters_add_text(&parameters, kind);
	result = statement_run_shared(&statement, &parameters);
	return result_bool(&result, 0, "is_new");
}

bool
installations_any_outage(void)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.installations_in_outage() AS any_outage");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	return result_bool(&result, 0, "any_outage");
}

TimestampTz
installations_next_pause_end(void)
{
	static Statement statement = STATEMENT("SELECT github_sync.next_pause_end() AS pause_end");
	ResultSet result = statement_run_plain(&statement, RECORD_TASK);

	return result_timestamp_or(&result, 0, "pause_end", DT_NOEND);
}

void
installations_set_state(int64 installation_id, const char *state)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.set_installation_state($1, $2)", INT8OID, TEXTOID);
	Parameters parameters = {0};

	parameters_add_int64(&parameters, installation_id);
	parameters_add_text(&parameters, state);
	(void) statement_run_shared(&statement, &parameters);
}
