/*
 * webhook_functions.c
 *		The C functions that SQL scripts declare for webhook deliveries.
 *
 * What core allocates is not PostgreSQL's: it is freed whatever is raised
 * meanwhile.
 */
#include "postgres.h"

#include "core/github_event.h"
#include "fmgr.h"
#include "lib/stringinfo.h"
#include "server/compat.h"
#include "server/webhook_secrets.h"
#include "utils/builtins.h"
#include "utils/fmgrprotos.h"
#include "utils/json.h"

PG_FUNCTION_INFO_V1(github_sync_webhook_is_signed);
PG_FUNCTION_INFO_V1(github_sync_webhook_facts);

/* webhook_is_signed(signature text, body bytea) RETURNS boolean: see webhook_secrets.h. */
Datum
github_sync_webhook_is_signed(PG_FUNCTION_ARGS)
{
	char *signature = text_to_cstring(PG_GETARG_TEXT_PP(0));
	bytea *body = PG_GETARG_BYTEA_PP(1);

	PG_RETURN_BOOL(webhook_secrets_signed(signature, VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body)));
}

/* ---- facts: the members of a JSON object, which are left out where nothing is known ---- */

static void
add_name(StringInfo facts, const char *name)
{
	appendStringInfo(facts, "%s\"%s\": ", facts->len > 1 ? ", " : "", name);
}

static void
add_number(StringInfo facts, const char *name, int64 number)
{
	if (number == 0)
		return;
	add_name(facts, name);
	appendStringInfo(facts, INT64_FORMAT, number);
}

static void
add_time(StringInfo facts, const char *name, int64 seconds)
{
	char text[GITHUB_TIME_LENGTH + 1];

	if (seconds == GITHUB_NO_TIME)
		return;
	github_time_format(seconds, text);
	add_name(facts, name);
	escape_json(facts, text);
}

static void
add_text(StringInfo facts, const char *name, const char *text)
{
	if (text == NULL)
		return;
	add_name(facts, name);
	escape_json(facts, text);
}

static void
add_flag(StringInfo facts, const char *name, bool is_set)
{
	if (!is_set)
		return;
	add_name(facts, name);
	appendStringInfoString(facts, "true");
}

static void
add_ids(StringInfo facts, const char *name, const GithubEventIds *ids)
{
	if (ids->count == 0)
		return;
	add_name(facts, name);
	for (size_t i = 0; i < ids->count; i++)
		appendStringInfo(facts, "%c" INT64_FORMAT, i == 0 ? '[' : ',', ids->ids[i]);
	appendStringInfoChar(facts, ']');
}

static void
add_installation(StringInfo facts, const GithubEventInstallation *installation)
{
	add_number(facts, "installation_id", installation->id);
	add_number(facts, "account_id", installation->account_id);
	add_text(facts, "account_login", installation->account_login);
	add_text(facts, "account_type", installation->account_type);
	add_time(facts, "installation_updated_at", installation->updated_at);
}

static const char *
transfer_name(GithubTransfer transfer)
{
	switch (transfer)
	{
		case GITHUB_NOT_TRANSFERRED:
			return NULL;
		case GITHUB_ISSUE_LEFT:
			return "left";
		case GITHUB_ISSUE_ARRIVED:
			return "arrived";
	}
	pg_unreachable();
}

static void
add_edit(StringInfo texts, const char *name, const GithubEventEdit *edit)
{
	if (edit->from == NULL)
		return;
	add_name(texts, name);
	appendStringInfoString(texts, "{\"from\": ");
	escape_json(texts, edit->from);
	if (edit->to != NULL)
	{
		appendStringInfoString(texts, ", \"to\": ");
		escape_json(texts, edit->to);
	}
	appendStringInfoChar(texts, '}');
}

static void
add_texts(StringInfo facts, const GithubEvent *event)
{
	StringInfoData texts;

	if (event->title.from == NULL && event->body.from == NULL)
		return;
	initStringInfo(&texts);
	appendStringInfoChar(&texts, '{');
	add_edit(&texts, "title", &event->title);
	add_edit(&texts, "body", &event->body);
	add_name(facts, "texts");
	appendStringInfo(facts, "%s}", texts.data);
}

static void
add_mark(StringInfo facts, const GithubEventMark *mark)
{
	if (mark->field == NULL)
		return;
	add_name(facts, "mark");
	appendStringInfo(facts, "{\"field\": \"%s\", \"name\": ", mark->field);
	escape_json(facts, mark->name);
	appendStringInfo(facts, ", \"is_added\": %s, \"account_id\": " INT64_FORMAT "}",
					 mark->is_added ? "true" : "false", mark->account_id);
}

static void
add_event(StringInfo facts, const GithubEvent *event)
{
	appendStringInfoChar(facts, '{');
	add_text(facts, "action", event->action);
	add_flag(facts, "is_another_events", event->is_another_events);
	add_installation(facts, &event->installation);
	add_number(facts, "repo_id", event->repository.id);
	add_text(facts, "repo_owner", event->repository.owner_login);
	add_text(facts, "repo_name", event->repository.name);
	add_time(facts, "repo_updated_at", event->repository.updated_at);
	add_number(facts, "issue_id", event->issue.id);
	add_number(facts, "issue_number", event->issue.number);
	add_time(facts, "issue_updated_at", event->issue.updated_at);
	add_flag(facts, "is_pull_request", event->issue.is_pull_request);
	add_number(facts, "comment_id", event->comment.id);
	add_time(facts, "comment_updated_at", event->comment.updated_at);
	add_text(facts, "transfer", transfer_name(event->transfer));
	add_number(facts, "other_issue_id", event->other_issue.id);
	add_number(facts, "other_issue_number", event->other_issue.number);
	add_time(facts, "other_issue_updated_at", event->other_issue.updated_at);
	add_number(facts, "other_repo_id", event->other_repository.id);
	add_texts(facts, event);
	add_mark(facts, &event->mark);
	add_ids(facts, "repositories_added", &event->repositories_added);
	add_ids(facts, "repositories_removed", &event->repositories_removed);
	appendStringInfoChar(facts, '}');
}

/* ---- payloads ---- */

static void
free_event(void *event)
{
	github_event_free(event);
}

/* An empty one; what it will hold is freed with the memory of the call, whatever is raised before. */
static GithubEvent *
make_event(void)
{
	GithubEvent *event = palloc0(sizeof(*event));
	MemoryContextCallback *at_end = palloc0(sizeof(*at_end));

	at_end->func = free_event;
	at_end->arg = event;
	MemoryContextRegisterResetCallback(CurrentMemoryContext, at_end);
	return event;
}

static void
refuse_size(Size length)
{
	if (length > GITHUB_EVENT_MAX_LENGTH)
		ereport(ERROR,
				(errcode(ERRCODE_PROGRAM_LIMIT_EXCEEDED),
				 errmsg("the payload of a webhook has %zu bytes", length),
				 errdetail("GitHub sends none of more than %zu.", GITHUB_EVENT_MAX_LENGTH)));
}

static void
raise_unreadable(GithubParseResult result, const char *event_name, const char *problem)
{
	switch (result)
	{
		case GITHUB_PARSE_OK:
			return;
		case GITHUB_PARSE_OUT_OF_MEMORY:
			ereport(ERROR,
					(errcode(ERRCODE_OUT_OF_MEMORY), errmsg("out of memory"),
					 errdetail("The payload of a webhook could not be parsed.")));
			return;
		case GITHUB_PARSE_NOT_JSON:
		case GITHUB_PARSE_TOO_DEEP:
		case GITHUB_PARSE_TOO_MANY_VALUES:
		case GITHUB_PARSE_MISSING_FIELD:
			break;
	}
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("the payload of a webhook is not that of event \"%s\"", event_name),
			 errdetail("What is missing, or is not as GitHub sends it: %s.", problem),
			 errhint("The content type of the webhook must be application/json, and the event be "
					 "that of the header X-GitHub-Event.")));
}

static void
parse_payload(const char *event_name, const bytea *body, GithubEvent *event)
{
	GithubParseResult result = GITHUB_PARSE_OUT_OF_MEMORY;
	const char *problem = NULL;
	char *json;

	refuse_size(VARSIZE_ANY_EXHDR(body));
	json = github_json_sanitize(VARDATA_ANY(body), VARSIZE_ANY_EXHDR(body), NULL);
	if (json != NULL)
		result = github_event_parse(event_name, json, event, &problem);
	free(json);
	raise_unreadable(result, event_name, problem);
}

/*
 * webhook_facts(event text, body bytea) RETURNS jsonb: what a delivery tells,
 * see github_event.h.  Its texts are names of repositories and accounts; and "texts", what an
 * edit replaced, and "mark", a label or an assignee, which are not for keeping.
 */
Datum
github_sync_webhook_facts(PG_FUNCTION_ARGS)
{
	char *event_name = text_to_cstring(PG_GETARG_TEXT_PP(0));
	GithubEvent *event = make_event();
	StringInfoData facts;

	parse_payload(event_name, PG_GETARG_BYTEA_PP(1), event);
	initStringInfo(&facts);
	add_event(&facts, event);
	github_event_free(event);
	return DirectFunctionCall1(jsonb_in, CStringGetDatum(facts.data));
}
