/*
 * queue_report.c
 *		What the worker tells the queue about its claims.
 */
#include "postgres.h"

#include "db/queue_report.h"
#include "db/statement.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* As add_answer() adds them. */
#define TYPES_OF_ANSWER                                                                     \
	INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID, INT8OID, INT8OID, INT4OID, BOOLOID, TEXTOID, \
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID,        \
		TIMESTAMPTZOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, INT8OID

#define ARRAYS_OF_ANSWER                                                                           \
	INT8ARRAYOID, INT4ARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, INT8ARRAYOID, INT8ARRAYOID,     \
		INT4ARRAYOID, BOOLARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,        \
		TEXTARRAYOID, TEXTARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, TIMESTAMPTZARRAYOID, \
		INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID

static void
add_claim(Parameters *parameters, const SyncClaim *claim)
{
	parameters_add_int64(parameters, claim->id);
	parameters_add_int32(parameters, claim->claim_no);
}

/* Or a claim would end here that the queue still holds. */
static TransactionState
known_state(const ResultSet *result, const char *name)
{
	TransactionState state;

	if (transaction_state_of(name, &state))
		return state;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s() says \"%s\", which is no state of a transaction", result->function,
					name)));
}

static void
log_report(const SyncClaim *claim, const ResultSet *result, const char *state)
{
	ereport(DEBUG1,
			(errmsg_internal("github_sync: %s transaction " INT64_FORMAT
							 ", claim %d: reported by %s(): %s",
							 record_type_name(claim->record_type), claim->id, claim->claim_no,
							 result->function, state)));
}

/* What SQL says, instead of a state, where another resource has the place of the claim's. */
#define MEETS_OTHER "moved"

/* Runs a statement whose one column, state, is what the queue says.  False: "stale". */
static bool
report(Statement *statement, SyncClaim *claim, const Parameters *parameters)
{
	ResultSet result = statement_run(statement, claim->record_type, parameters);
	const char *state = result_text(&result, 0, "state");

	claim->state = known_state(&result, state);
	log_report(claim, &result, state);
	return claim->state != TRANSACTION_STALE;
}

/* ---- answers ---- */

/* As the SQL type github_sync.answer has them. */
static const char *
kind_of_answer(const ResourceReport *answer)
{
	switch (answer->operation)
	{
		case GITHUB_GET_ISSUE:
		case GITHUB_GET_COMMENT:
			return answer->not_modified ? "not modified" : "fetched";
		case GITHUB_UPDATE_ISSUE:
		case GITHUB_UPDATE_COMMENT:
			return "written";
		case GITHUB_CREATE_ISSUE:
		case GITHUB_CREATE_COMMENT:
			return "created";
		case GITHUB_LIST_ISSUES:
		case GITHUB_LIST_ISSUE_COMMENTS:
			return "found";
		case GITHUB_SWEEP_ISSUES:
		case GITHUB_SWEEP_COMMENTS:
		case GITHUB_SWEEP_ISSUE_COMMENTS:
		case GITHUB_CENSUS_ISSUES:
			break; /* no claim asks for them */
		case GITHUB_DELETE_COMMENT:
		case GITHUB_GET_LABEL:
		case GITHUB_CHECK_ASSIGNEE:
		case GITHUB_GET_MILESTONE:
		case GITHUB_LIST_MILESTONES:
		case GITHUB_GET_REPOSITORY:
		case GITHUB_GET_REPOSITORY_BY_ID:
		case GITHUB_GET_REPOSITORY_INSTALLATION:
		case GITHUB_GET_APP:
		case GITHUB_GET_INSTALLATION:
		case GITHUB_LIST_DELIVERIES:
		case GITHUB_GET_DELIVERY:
		case GITHUB_GET_USER:
		case GITHUB_GET_ACCOUNT:
		case GITHUB_CREATE_INSTALLATION_TOKEN:
			break; /* their answers show no resource */
	}
	pg_unreachable();
}

static void
add_resource(Parameters *parameters, const GithubResource *resource)
{
	static const GithubResource nothing = {.created_at = GITHUB_NO_TIME,
										   .updated_at = GITHUB_NO_TIME,
										   .closed_at = GITHUB_NO_TIME};

	if (resource == NULL)
		resource = &nothing;
	parameters_add_int64_or_null(parameters, resource->id);
	parameters_add_int32_or_null(parameters, resource->number);
	parameters_add_bool(parameters, resource->is_pull_request);
	parameters_add_text(parameters, resource->title);
	parameters_add_text(parameters, resource->body);
	parameters_add_text(parameters, resource->state);
	parameters_add_text(parameters, resource->state_reason);
	parameters_add_text(parameters, resource->author_login);
	parameters_add_text(parameters, resource->html_url);
	parameters_add_seconds(parameters, resource->created_at);
	parameters_add_seconds(parameters, resource->updated_at);
	parameters_add_seconds(parameters, resource->closed_at);
	parameters_add_int64_or_null(parameters, resource->author_id);
}

/* A mark that is NULL: the record type has no such field. */
static bool
is_to_send(const ResultSet *result, uint64 row, const char *mark)
{
	return result_bool_or(result, row, mark, false);
}

/* NULL here would leave the field as it is on GitHub, and the queue believe that it was sent. */
static GithubField
field_to_send(const ResultSet *result, uint64 row, const char *mark, const char *column)
{
	GithubField field = {.present = is_to_send(result, row, mark)};

	if (field.present)
		field.value = result_text(result, row, column);
	return field;
}

/* An empty text may be NULL, here as on GitHub. */
static GithubField
body_to_send(const ResultSet *result, uint64 row)
{
	GithubField field = {.present = is_to_send(result, row, "send_body")};

	if (field.present)
		field.value = result_text_or_null(result, row, "body");
	return field;
}

static ReportResult
result_of_state(TransactionState state)
{
	switch (state)
	{
		case TRANSACTION_STALE:
			return REPORT_IS_STALE;
		case TRANSACTION_QUEUED:
			return REPORT_GIVES_BACK;
		case TRANSACTION_COMPLETED:
		case TRANSACTION_ERRORED:
		case TRANSACTION_CANCELED:
		case TRANSACTION_DROPPED:
		case TRANSACTION_DUPLICATE:
		case TRANSACTION_DISABLED:
			return REPORT_ENDS_CLAIM;
	}
	pg_unreachable();
}

static void
read_outcome(const ResultSet *result, uint64 row, SyncClaim *claim, ReportOutcome *outcome)
{
	const char *state = result_text(result, row, "result");

	log_report(claim, result, state);
	if (strcmp(state, MEETS_OTHER) == 0)
	{
		*outcome = (ReportOutcome){.result = REPORT_MEETS_OTHER};
		return;
	}
	if (strcmp(state, "send") != 0)
	{
		claim->state = known_state(result, state);
		*outcome = (ReportOutcome){.result = result_of_state(claim->state)};
		return;
	}
	outcome->result = REPORT_ASKS_UPDATE;
	outcome->issue_number = result_int32_or(result, row, "issue_number", claim->issue_number);
	outcome->github_id = result_int64_or(result, row, "github_id", claim->github_id);
	outcome->title = field_to_send(result, row, "send_title", "title");
	outcome->body = body_to_send(result, row);
	outcome->issue_state = field_to_send(result, row, "send_state", "issue_state");
	outcome->state_reason = field_to_send(result, row, "send_state_reason", "state_reason");
	outcome->marks = result_text_or_null(result, row, "marks");
}

static GithubField
copy_of_field(MemoryContext context, GithubField field)
{
	if (field.value != NULL)
		field.value = MemoryContextStrdup(context, field.value);
	return field;
}

void
queue_report_prepare_update(SyncClaim *claim, const ReportOutcome *outcome)
{
	claim->issue_number = outcome->issue_number;
	claim->github_id = outcome->github_id;
	claim->title = copy_of_field(claim->context, outcome->title);
	claim->body = copy_of_field(claim->context, outcome->body);
	claim->issue_state = copy_of_field(claim->context, outcome->issue_state);
	claim->state_reason = copy_of_field(claim->context, outcome->state_reason);
	claim->marks =
		outcome->marks != NULL ? MemoryContextStrdup(claim->context, outcome->marks) : NULL;
	claim->step = STEP_UPDATE;
}

#define COLUMNS_OF_OUTCOME                                                                    \
	"result, issue_number, github_id, send_title, title, send_body, body, send_state, issue_" \
	"state, send_state_reason, state_reason, marks"

static void
add_answer(Parameters *parameters, const SyncClaim *claim, const ResourceReport *answer)
{
	add_claim(parameters, claim);
	parameters_add_text(parameters, kind_of_answer(answer));
	parameters_add_seconds(parameters, answer->answered_at);
	parameters_add_int64_or_null(parameters, answer->own_id);
	add_resource(parameters, answer->resource);
	parameters_add_text(parameters, answer->etag);
	parameters_add_text(parameters, answer->etag_key);
	parameters_add_text(parameters, answer->json);
	parameters_add_int64(parameters, claim->github_repo_id);
}

void
queue_report_resource(SyncClaim *claim, const ResourceReport *answer, ReportOutcome *outcome)
{
	static Statement statement = STATEMENT(
		"SELECT " COLUMNS_OF_OUTCOME " FROM github_sync.%s_report_answer($1, $2, ROW($3, $4, $5,"
		" ROW($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, NULL)::github_sync.resource,"
		" $19, $20, $21, $22)::github_sync.answer)",
		TYPES_OF_ANSWER);
	Parameters parameters = {0};
	ResultSet result;

	add_answer(&parameters, claim, answer);
	result = statement_run(&statement, claim->record_type, &parameters);
	read_outcome(&result, 0, claim, outcome);
}

static ResultSet
run_set(RecordType record_type, const Parameters *rows, int count)
{
	static Statement statement = STATEMENT(
		"SELECT a.place, (a.follows).* FROM github_sync.%s_report_answers($1, $2,"
		" (SELECT array_agg(ROW(g.kind, g.answered_at, g.own_id, ROW(g.github_id, g.number,"
		" g.is_pull_request, g.title, g.body, g.state, g.state_reason, g.author_login, g.html_url,"
		" g.created_at, g.updated_at, g.closed_at, g.author_id, NULL)::github_sync.resource, g.etag,"
		" g.etag_key, g.json, g.asked_repo_id)::github_sync.answer) FROM unnest($3, $4, $5, $6,"
		" $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22)"
		" AS g (kind, answered_at, own_id,"
		" github_id, number, is_pull_request, title, body, state, state_reason, author_login,"
		" html_url, created_at, updated_at, closed_at, author_id, etag, etag_key, json,"
		" asked_repo_id))) AS a",
		ARRAYS_OF_ANSWER);
	static const Oid types[] = {TYPES_OF_ANSWER};
	Parameters parameters = {0};

	parameters_add_columns(&parameters, rows, count, types);
	return statement_run(&statement, record_type, &parameters);
}

void
queue_report_set(int count, SyncClaim *const *claims, const ResourceReport *answers,
				 ReportOutcome *outcomes)
{
	Parameters *rows = palloc0(sizeof(Parameters) * count);
	ResultSet result;

	for (int i = 0; i < count; i++)
		add_answer(&rows[i], claims[i], &answers[i]);
	result = run_set(claims[0]->record_type, rows, count);
	for (int i = 0; i < count; i++)
	{
		if (result_int32(&result, i, "place") != i + 1)
			ereport(ERROR,
					(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
					 errmsg("%s() returned its rows in another order", result.function)));
		if (strcmp(result_text(&result, i, "result"), "alone") == 0)
			outcomes[i] = (ReportOutcome){.result = REPORT_GOES_ALONE};
		else
			read_outcome(&result, i, claims[i], &outcomes[i]);
	}
}

static void
take_name(SyncClaim *claim, const ResultSet *result)
{
	MemoryContext caller = MemoryContextSwitchTo(claim->context);
	char *owner_login = result_text(result, 0, "owner_login");

	claim->repo_name = result_text(result, 0, "repo_name");
	claim->owner_login = owner_login;
	MemoryContextSwitchTo(caller);
}

void
queue_report_redirect(SyncClaim *claim, int64 reached_repo_id, const char *json)
{
	static Statement statement = STATEMENT(
		"SELECT owner_login, repo_name FROM github_sync.%s_report_redirect($1, $2, $3, $4)",
		INT8OID, INT4OID, INT8OID, TEXTOID);
	Parameters parameters = {0};
	ResultSet result;

	add_claim(&parameters, claim);
	parameters_add_int64_or_null(&parameters, reached_repo_id);
	parameters_add_text(&parameters, json);
	result = statement_run(&statement, claim->record_type, &parameters);
	if (result_text_or_null(&result, 0, "owner_login") != NULL)
		take_name(claim, &result);
}

void
queue_report_repository_name(const SyncClaim *claim, int64 answered_id, const char *owner_login,
							 const char *name)
{
	static Statement statement = STATEMENT("SELECT github_sync.report_repo_name($1, $2, $3, $4)",
										   INT8OID, INT8OID, TEXTOID, TEXTOID);
	Parameters parameters = {0};

	parameters_add_int64(&parameters, claim->github_repo_id);
	parameters_add_int64(&parameters, answered_id);
	parameters_add_words(&parameters, owner_login);
	parameters_add_words(&parameters, name);
	(void) statement_run_shared(&statement, &parameters);
}

/* ---- the end of a claim other than by an answer ---- */

static void
add_retry_time(Parameters *parameters, TimestampTz retry_at)
{
	if (retry_at == RETRY_AT_ONCE)
		parameters_add_null(parameters);
	else
		parameters_add_timestamp(parameters, retry_at);
}

/* What the state that SQL answers with does not tell. */
static void
log_end_of_claim(const SyncClaim *claim, const char *what, const char *reason, TimestampTz retry_at)
{
	ereport(DEBUG1,
			(errmsg_internal("github_sync: %s transaction " INT64_FORMAT ", claim %d: %s%s%s%s%s",
							 record_type_name(claim->record_type), claim->id, claim->claim_no, what,
							 retry_at == RETRY_AT_ONCE ? "" : " until ",
							 retry_at == RETRY_AT_ONCE ? "" : timestamptz_to_str(retry_at),
							 reason == NULL ? "" : ": ", reason == NULL ? "" : reason)));
}

bool
queue_report_give_back(SyncClaim *claim, const char *problem, TimestampTz retry_at)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_give_back($1, $2, $3, $4) AS state", INT8OID, INT4OID,
				  TEXTOID, TIMESTAMPTZOID);
	Parameters parameters = {0};

	log_end_of_claim(claim, "given back", problem, retry_at);
	add_claim(&parameters, claim);
	parameters_add_words(&parameters, problem);
	add_retry_time(&parameters, retry_at);
	return report(&statement, claim, &parameters);
}

bool
queue_report_try_again(SyncClaim *claim, const char *code, const char *reason, TimestampTz retry_at,
					   int max_attempts)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_try_again($1, $2, $3, $4, $5, $6) AS state", INT8OID,
				  INT4OID, TEXTOID, TEXTOID, TIMESTAMPTZOID, INT4OID);
	Parameters parameters = {0};

	log_end_of_claim(claim, "tried again", reason, retry_at);
	add_claim(&parameters, claim);
	parameters_add_text(&parameters, code);
	parameters_add_words(&parameters, reason);
	add_retry_time(&parameters, retry_at);
	parameters_add_int32(&parameters, max_attempts);
	return report(&statement, claim, &parameters);
}

bool
queue_report_contention(SyncClaim *claim, const char *reason, TimestampTz retry_at,
						int max_attempts)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_report_contention($1, $2, $3, $4, $5) AS state", INT8OID,
				  INT4OID, TEXTOID, TIMESTAMPTZOID, INT4OID);
	Parameters parameters = {0};

	log_end_of_claim(claim, "given back, as it is in use,", reason, retry_at);
	add_claim(&parameters, claim);
	parameters_add_words(&parameters, reason);
	add_retry_time(&parameters, retry_at);
	parameters_add_int32(&parameters, max_attempts);
	return report(&statement, claim, &parameters);
}

bool
queue_report_failure(SyncClaim *claim, const char *code, const char *reason)
{
	static Statement statement = STATEMENT("SELECT github_sync.%s_fail($1, $2, $3, $4) AS state",
										   INT8OID, INT4OID, TEXTOID, TEXTOID);
	Parameters parameters = {0};

	log_end_of_claim(claim, "errored", reason, RETRY_AT_ONCE);
	add_claim(&parameters, claim);
	parameters_add_text(&parameters, code);
	parameters_add_words(&parameters, reason);
	return report(&statement, claim, &parameters);
}

void
queue_report_unreachable(SyncClaim *claim, const char *problem, TimestampTz paused_until,
						 const UnreachableBackoff *backoff)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_report_unreachable($1, $2, $3, $4,"
				  " ROW($5 * interval '1 millisecond', $6 * interval '1 millisecond',"
				  " $7 * interval '1 second')::github_sync.backoff) AS state",
				  INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID, INT4OID, INT4OID, INT4OID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	parameters_add_words(&parameters, problem);
	parameters_add_timestamp(&parameters, paused_until);
	parameters_add_int32(&parameters, backoff->shortest_ms);
	parameters_add_int32(&parameters, backoff->longest_ms);
	parameters_add_int32(&parameters, backoff->give_up_after_s);
	(void) report(&statement, claim, &parameters);
}

/* ---- creations ---- */

static GithubField
present_field(char *value)
{
	return (GithubField){.present = true, .value = value};
}

static void
prepare_creation(SyncClaim *claim, const ResultSet *result)
{
	MemoryContext caller = MemoryContextSwitchTo(claim->context);

	claim->creation_key = result_text(result, 0, "creation_key");
	if (claim->record_type == RECORD_TASK)
		claim->title = present_field(result_text(result, 0, "title"));
	claim->body = present_field(result_text_or_null(result, 0, "body"));
	claim->marks = result_text_or_null(result, 0, "marks");
	MemoryContextSwitchTo(caller);
}

bool
queue_report_begin_creation(SyncClaim *claim, int64 own_id, int64 github_now)
{
	static Statement statement =
		STATEMENT("SELECT creation_key::text, title, body, marks"
				  " FROM github_sync.%s_begin_creation($1, $2, $3, $4, $5)",
				  INT8OID, INT4OID, INT8OID, TIMESTAMPTZOID, INT8OID);
	Parameters parameters = {0};
	ResultSet result;

	add_claim(&parameters, claim);
	parameters_add_int64_or_null(&parameters, own_id);
	parameters_add_seconds(&parameters, github_now);
	parameters_add_int64(&parameters, claim->github_repo_id);
	result = statement_run(&statement, claim->record_type, &parameters);
	if (result_text_or_null(&result, 0, "creation_key") == NULL)
		return false;
	prepare_creation(claim, &result);
	return true;
}

void
queue_report_rejected_creation(const SyncClaim *claim)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_report_rejected_creation($1)", INT8OID);
	Parameters parameters = {0};

	parameters_add_int64(&parameters, claim->id);
	(void) statement_run(&statement, claim->record_type, &parameters);
}

bool
queue_report_is_own_creation(const SyncClaim *claim, const GithubResource *shown, int64 own_id)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_is_own_creation($1, $2, $3, $4, $5) AS is_own", INT8OID,
				  INT8OID, INT8OID, INT8OID, TEXTOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64(&parameters, claim->id);
	parameters_add_int64(&parameters, shown->id);
	parameters_add_int64_or_null(&parameters, shown->author_id);
	parameters_add_int64_or_null(&parameters, own_id);
	parameters_add_text(&parameters, shown->body);
	result = statement_run(&statement, claim->record_type, &parameters);
	return result_bool(&result, 0, "is_own");
}

void
queue_report_missing_creation(SyncClaim *claim, int recheck_ms, int64 answered_at)
{
	static Statement statement = STATEMENT(
		"SELECT github_sync.%s_report_missing_creation($1, $2, $3 * interval '1 millisecond', $4)"
		" AS state",
		INT8OID, INT4OID, INT4OID, TIMESTAMPTZOID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	parameters_add_int32(&parameters, recheck_ms);
	parameters_add_seconds(&parameters, answered_at);
	(void) report(&statement, claim, &parameters);
}

/* ---- what is not there ---- */

static const char *
repository_state_name(RepositoryState state)
{
	switch (state)
	{
		case REPOSITORY_READABLE:
			return "readable";
		case REPOSITORY_ISSUES_DISABLED:
			return "issues disabled";
		case REPOSITORY_ARCHIVED:
			return "archived";
		case REPOSITORY_NOT_READABLE:
			return "not readable";
		case REPOSITORY_ISSUE_NOT_SHOWN:
			return "issue not shown";
	}
	pg_unreachable();
}

void
queue_report_missing(SyncClaim *claim, int64 answered_at, RepositoryState repository)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_report_missing($1, $2, $3, $4, $5) AS state", INT8OID,
				  INT4OID, TIMESTAMPTZOID, INT8OID, TEXTOID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	parameters_add_seconds(&parameters, answered_at);
	parameters_add_int64(&parameters, claim->github_repo_id);
	parameters_add_text(&parameters, repository_state_name(repository));
	(void) report(&statement, claim, &parameters);
}

bool
queue_report_is_other_issue(const SyncClaim *claim, int64 reached_repo_id, const char *json)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.comment_meets_other_issue($1, $2, $3) AS is_other", INT8OID,
				  INT8OID, TEXTOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64(&parameters, claim->id);
	parameters_add_int64_or_null(&parameters, reached_repo_id);
	parameters_add_text(&parameters, json);
	result = statement_run(&statement, claim->record_type, &parameters);
	return result_bool(&result, 0, "is_other");
}

bool
queue_report_issue(SyncClaim *claim, int64 answered_at, int64 reached_repo_id, const char *json)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.comment_report_issue($1, $2, $3, $4, $5, $6) AS state",
				  INT8OID, INT4OID, TIMESTAMPTZOID, INT8OID, INT8OID, TEXTOID);
	Parameters parameters = {0};
	ResultSet result;
	const char *state;

	add_claim(&parameters, claim);
	parameters_add_seconds(&parameters, answered_at);
	parameters_add_int64(&parameters, claim->github_repo_id);
	parameters_add_int64_or_null(&parameters, reached_repo_id);
	parameters_add_text(&parameters, json);
	result = statement_run(&statement, claim->record_type, &parameters);
	state = result_text(&result, 0, "state");
	log_report(claim, &result, state);
	if (strcmp(state, MEETS_OTHER) == 0)
		return false;
	claim->state = known_state(&result, state);
	return true;
}

void
queue_report_deleted(SyncClaim *claim, int64 answered_at)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_report_deleted($1, $2, $3) AS state", INT8OID, INT4OID,
				  TIMESTAMPTZOID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	parameters_add_seconds(&parameters, answered_at);
	(void) report(&statement, claim, &parameters);
}
