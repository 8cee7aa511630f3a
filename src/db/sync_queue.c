/*
 * sync_queue.c
 *		The queue as the worker uses it: claim, report, give back.
 */
#include "postgres.h"

#include "catalog/namespace.h"
#include "catalog/pg_type.h"
#include "db/db_compat.h"
#include "db/statement.h"
#include "db/sync_queue.h"
#include "utils/lsyscache.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define NO_PARAMETERS ((Parameters){0})

bool
queue_is_attached(RecordType record_type)
{
	Oid schema = get_namespace_oid("github_sync", true);
	char function[NAMEDATALEN];

	/* The functions go with the extension, the tables stay. */
	snprintf(function, sizeof(function), "%s_claim", record_type_name(record_type));
	return OidIsValid(schema) &&
		db_functions_named(list_make2(makeString("github_sync"), makeString(pstrdup(function)))) !=
		NULL;
}

bool
queue_is_at_home(void)
{
	static Statement statement = STATEMENT("SELECT github_sync.database_is_adopted()");

	run_statement(&statement, RECORD_TASK, &NO_PARAMETERS);
	return row_bool(0, 1);
}

bool
queue_recover(RecordType record_type, const int64 *held, int held_count, int64 *recovered)
{
	static Statement statement =
		STATEMENT("SELECT recovered, busy FROM github_sync.%s_recover_orphans($1)", INT8ARRAYOID);
	Parameters parameters = {0};

	add_int64_array(&parameters, held, held_count);
	run_statement(&statement, record_type, &parameters);
	*recovered += row_int64(0, 1);
	return row_int64(0, 2) == 0;
}

TimestampTz
queue_promote_due(RecordType record_type)
{
	static Statement statement = STATEMENT("SELECT next_due_at FROM github_sync.%s_release_due()");

	run_statement(&statement, record_type, &NO_PARAMETERS);
	return row_timestamp(0, 1, DT_NOEND);
}

TimestampTz
queue_next_resume(void)
{
	static Statement statement = STATEMENT("SELECT github_sync.next_pause_end()");

	run_statement(&statement, RECORD_TASK, &NO_PARAMETERS);
	return row_timestamp(0, 1, DT_NOEND);
}

static ClaimStep
claim_step(const char *name)
{
	if (strcmp(name, "create") == 0)
		return STEP_CREATE;
	if (strcmp(name, "lookup") == 0)
		return STEP_LOOK;
	if (strcmp(name, "delete") == 0)
		return STEP_DELETE;
	return STEP_FETCH;
}

static GithubField
present_field(char *value)
{
	return (GithubField){.present = true, .value = value};
}

static SyncClaim *
claim_of_row(RecordType record_type, uint64 row, MemoryContext parent)
{
	MemoryContext context = AllocSetContextCreate(parent, "sync claim", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	SyncClaim *claim = palloc0(sizeof(SyncClaim));

	claim->context = context;
	claim->record_type = record_type;
	claim->id = row_int64(row, 1);
	claim->claim_no = row_int32(row, 2);
	claim->step = claim_step(row_text(row, 3));
	claim->installation_id = row_int64(row, 4);
	claim->owner_login = row_text(row, 5);
	claim->repo_name = row_text(row, 6);
	claim->issue_number = row_int32(row, 7);
	claim->github_id = row_int64(row, 8);
	claim->etag = row_text(row, 9);
	claim->etag_key = row_text(row, 10);
	claim->creation_key = row_text(row, 11);
	if (!row_is_null(row, 12))
		claim->look_since = seconds_of_timestamp(row_timestamp(row, 12, 0));
	claim->attempts = row_int32(row, 13);
	claim->github_repo_id = row_int64(row, 14);
	claim->is_outbound = strcmp(row_text(row, 15), "outbound") == 0;
	claim->priority = row_int32(row, 16);
	claim->after_pause = row_bool(row, 17);
	MemoryContextSwitchTo(caller);
	return claim;
}

static void
add_slots(Parameters *parameters, ClaimSlots slots)
{
	add_int32(parameters, slots.all);
	add_int32(parameters, slots.reads_per_installation);
	add_int32(parameters, slots.writes_per_installation);
}

List *
queue_claim(RecordType record_type, ClaimSlots slots, List *claims, MemoryContext parent)
{
	static Statement statement = STATEMENT(
		"SELECT id, claim_no, step, installation_id, owner_login, repo_name, issue_number, github_id,"
		" etag, etag_key, creation_key::text, lookup_since, attempts, github_repo_id, direction, priority::integer, is_probe"
		" FROM github_sync.%s_claim($1, $2, $3)",
		INT4OID, INT4OID, INT4OID);
	Parameters parameters = {0};

	add_slots(&parameters, slots);
	run_statement(&statement, record_type, &parameters);
	for (uint64 row = 0; row < SPI_processed; row++)
	{
		SyncClaim *claim = claim_of_row(record_type, row, parent);
		MemoryContext caller = MemoryContextSwitchTo(parent);

		claims = lappend(claims, claim);
		MemoryContextSwitchTo(caller);
	}
	return claims;
}

int64
queue_end_unclaimable(RecordType record_type, ClaimSlots slots)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_fail_unclaimable($1, $2, $3)", INT4OID, INT4OID, INT4OID);
	Parameters parameters = {0};

	add_slots(&parameters, slots);
	run_statement(&statement, record_type, &parameters);
	return row_int64(0, 1);
}

void
queue_free_claim(SyncClaim *claim)
{
	MemoryContextDelete(claim->context);
}

static const char *
answer_kind_name(AnswerKind kind)
{
	switch (kind)
	{
		case ANSWER_FETCHED:
			return "fetched";
		case ANSWER_NOT_MODIFIED:
			return "not modified";
		case ANSWER_WRITTEN:
			return "written";
		case ANSWER_CREATED:
			return "created";
		case ANSWER_FOUND:
			return "found";
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
	add_int64_or_null(parameters, resource->id);
	if (resource->number == 0)
		add_null(parameters);
	else
		add_int32(parameters, resource->number);
	add_bool(parameters, resource->is_pull_request);
	add_text(parameters, resource->title);
	add_text(parameters, resource->body);
	add_text(parameters, resource->state);
	add_text(parameters, resource->state_reason);
	add_text(parameters, resource->author_login);
	add_text(parameters, resource->html_url);
	add_seconds(parameters, resource->created_at);
	add_seconds(parameters, resource->updated_at);
	add_seconds(parameters, resource->closed_at);
}

static GithubField
field_to_send(int flag_column, int value_column)
{
	GithubField field = {.present = row_bool(0, flag_column)};

	if (field.present)
		field.value = row_text(0, value_column);
	return field;
}

static void
prepare_update(SyncClaim *claim)
{
	MemoryContext caller = MemoryContextSwitchTo(claim->context);

	claim->step = STEP_UPDATE;
	if (!row_is_null(0, 2))
		claim->issue_number = row_int32(0, 2);
	if (!row_is_null(0, 3))
		claim->github_id = row_int64(0, 3);
	claim->title = field_to_send(4, 5);
	claim->body = field_to_send(6, 7);
	claim->issue_state = field_to_send(8, 9);
	MemoryContextSwitchTo(caller);
}

AnswerResult
queue_record_answer(SyncClaim *claim, const SyncAnswer *answer)
{
	static Statement statement = STATEMENT(
		"SELECT result, issue_number, github_id, send_title, title, send_body, body, send_state, issue_state"
		" FROM github_sync.%s_report_answer($1, $2, ROW($3, $4, $5,"
		" ROW($6, $7, $8, $9, $10, $11, $12, $13, $14, $15, $16, $17)::github_sync.resource,"
		" $18, $19, $20)::github_sync.answer)",
		INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID, TEXTOID, INT8OID, INT4OID, BOOLOID, TEXTOID,
		TEXTOID, TEXTOID, TEXTOID, TEXTOID, TEXTOID, TIMESTAMPTZOID, TIMESTAMPTZOID, TIMESTAMPTZOID,
		TEXTOID, TEXTOID, TEXTOID);
	Parameters parameters = {0};
	const char *result;

	add_int64(&parameters, claim->id);
	add_int32(&parameters, claim->claim_no);
	add_text(&parameters, answer_kind_name(answer->kind));
	add_seconds(&parameters, answer->answered_at);
	add_text(&parameters, answer->own_login);
	add_resource(&parameters, answer->resource);
	add_text(&parameters, answer->etag);
	add_text(&parameters, answer->etag_key);
	add_text(&parameters, answer->json);
	run_statement(&statement, claim->record_type, &parameters);
	result = row_text(0, 1);
	if (strcmp(result, "send") == 0)
	{
		prepare_update(claim);
		return ANSWER_ASKS_UPDATE;
	}
	return strcmp(result, "queued") == 0 ? ANSWER_GIVES_BACK : ANSWER_ENDS_CLAIM;
}

static void
add_claim(Parameters *parameters, const SyncClaim *claim)
{
	add_int64(parameters, claim->id);
	add_int32(parameters, claim->claim_no);
}

void
queue_note_redirect(SyncClaim *claim, int64 reached_repo_id, const char *json)
{
	static Statement statement = STATEMENT(
		"SELECT owner_login, repo_name FROM github_sync.%s_report_redirect($1, $2, $3, $4)",
		INT8OID, INT4OID, INT8OID, TEXTOID);
	Parameters parameters = {0};
	MemoryContext caller;

	add_claim(&parameters, claim);
	add_int64_or_null(&parameters, reached_repo_id);
	add_text(&parameters, json);
	run_statement(&statement, claim->record_type, &parameters);
	if (row_is_null(0, 1))
		return;
	caller = MemoryContextSwitchTo(claim->context);
	claim->owner_login = row_text(0, 1);
	claim->repo_name = row_text(0, 2);
	MemoryContextSwitchTo(caller);
}

static void
add_retry_time(Parameters *parameters, TimestampTz retry_at)
{
	if (retry_at == RETRY_AT_ONCE)
		add_null(parameters);
	else
		add_timestamp(parameters, retry_at);
}

void
queue_give_back(const SyncClaim *claim, const char *problem, TimestampTz retry_at)
{
	static Statement statement = STATEMENT("SELECT github_sync.%s_give_back($1, $2, $3, $4)",
										   INT8OID, INT4OID, TEXTOID, TIMESTAMPTZOID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	add_words(&parameters, problem);
	add_retry_time(&parameters, retry_at);
	run_statement(&statement, claim->record_type, &parameters);
}

void
queue_try_again(const SyncClaim *claim, const char *code, const char *reason, TimestampTz retry_at,
				int max_attempts)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_try_again($1, $2, $3, $4, $5, $6)", INT8OID, INT4OID,
				  TEXTOID, TEXTOID, TIMESTAMPTZOID, INT4OID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	add_text(&parameters, code);
	add_words(&parameters, reason);
	add_retry_time(&parameters, retry_at);
	add_int32(&parameters, max_attempts);
	run_statement(&statement, claim->record_type, &parameters);
}

void
queue_fail(const SyncClaim *claim, const char *code, const char *reason)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_fail($1, $2, $3, $4)", INT8OID, INT4OID, TEXTOID, TEXTOID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	add_text(&parameters, code);
	add_words(&parameters, reason);
	run_statement(&statement, claim->record_type, &parameters);
}

bool
queue_begin_creation(SyncClaim *claim)
{
	static Statement statement = STATEMENT(
		"SELECT creation_key::text, title, body FROM github_sync.%s_begin_creation($1, $2)",
		INT8OID, INT4OID);
	Parameters parameters = {0};
	MemoryContext caller;

	add_claim(&parameters, claim);
	run_statement(&statement, claim->record_type, &parameters);
	if (row_is_null(0, 1))
		return false;
	caller = MemoryContextSwitchTo(claim->context);
	claim->creation_key = row_text(0, 1);
	if (claim->record_type == RECORD_TASK)
		claim->title = present_field(row_text(0, 2));
	claim->body = present_field(row_text(0, 3));
	MemoryContextSwitchTo(caller);
	return true;
}

void
queue_reject_creation(const SyncClaim *claim)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.%s_report_rejected_creation($1)", INT8OID);
	Parameters parameters = {0};

	add_int64(&parameters, claim->id);
	run_statement(&statement, claim->record_type, &parameters);
}

void
queue_creation_not_found(const SyncClaim *claim, int recheck_ms)
{
	static Statement statement = STATEMENT(
		"SELECT github_sync.%s_report_missing_creation($1, $2, $3 * interval '1 millisecond')",
		INT8OID, INT4OID, INT4OID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	add_int32(&parameters, recheck_ms);
	run_statement(&statement, claim->record_type, &parameters);
}

static const char *
repository_state_name(RepositoryState state)
{
	switch (state)
	{
		case REPOSITORY_READABLE:
			return "readable";
		case REPOSITORY_ISSUES_DISABLED:
			return "issues disabled";
		case REPOSITORY_NOT_READABLE:
			return "not readable";
	}
	pg_unreachable();
}

void
queue_report_missing(const SyncClaim *claim, int64 answered_at, RepositoryState repository)
{
	static Statement statement = STATEMENT("SELECT github_sync.%s_report_missing($1, $2, $3, $4)",
										   INT8OID, INT4OID, TIMESTAMPTZOID, TEXTOID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	add_seconds(&parameters, answered_at);
	add_text(&parameters, repository_state_name(repository));
	run_statement(&statement, claim->record_type, &parameters);
}

void
queue_report_deleted(const SyncClaim *claim, int64 answered_at)
{
	static Statement statement = STATEMENT("SELECT github_sync.%s_report_deleted($1, $2, $3)",
										   INT8OID, INT4OID, TIMESTAMPTZOID);
	Parameters parameters = {0};

	add_claim(&parameters, claim);
	add_seconds(&parameters, answered_at);
	run_statement(&statement, claim->record_type, &parameters);
}

static const char *
pause_kind_name(PauseKind kind)
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

	add_int64(&parameters, installation_id);
	add_timestamp(&parameters, until);
	add_text(&parameters, pause_kind_name(kind));
	add_words(&parameters, reason);
	run_statement(statement, RECORD_TASK, &parameters);
}

void
queue_pause_installation(int64 installation_id, TimestampTz until, PauseKind kind,
						 const char *reason)
{
	static Statement statement = STATEMENT("SELECT github_sync.pause_installation($1, $2, $3, $4)",
										   INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID);

	pause_by(&statement, installation_id, until, kind, reason);
}

void
queue_renew_pause(int64 installation_id, TimestampTz until, PauseKind kind, const char *reason)
{
	static Statement statement = STATEMENT("SELECT github_sync.renew_pause($1, $2, $3, $4)",
										   INT8OID, TIMESTAMPTZOID, TEXTOID, TEXTOID);

	pause_by(&statement, installation_id, until, kind, reason);
}

void
queue_forgive_credentials(void)
{
	static Statement statement = STATEMENT("SELECT github_sync.end_credential_pauses()");

	run_statement(&statement, RECORD_TASK, &NO_PARAMETERS);
}

void
queue_resume_installation(int64 installation_id)
{
	static Statement statement = STATEMENT("SELECT github_sync.resume_installation($1)", INT8OID);
	Parameters parameters = {0};

	add_int64(&parameters, installation_id);
	run_statement(&statement, RECORD_TASK, &parameters);
}

void
queue_set_installation_state(int64 installation_id, const char *state)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.set_installation_state($1, $2)", INT8OID, TEXTOID);
	Parameters parameters = {0};

	add_int64(&parameters, installation_id);
	add_text(&parameters, state);
	run_statement(&statement, RECORD_TASK, &parameters);
}
