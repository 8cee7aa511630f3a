/*
 * repo_sweeps.c
 *		Pages of repositories' lists that this worker reads: claimed, and reported.
 */
#include "postgres.h"

#include "core/github_time.h"
#include "db/epoch.h"
#include "db/repo_sweeps.h"
#include "db/statement.h"
#include "lib/stringinfo.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

/* Of the items that cannot be read so many are named. */
#define PROBLEMS_NAMED 3

static GithubOperation
operation_of(const ResultSet *result, uint64 row)
{
	const char *request = result_text(result, row, "request");

	if (strcmp(request, "issues") == 0)
		return GITHUB_SWEEP_ISSUES;
	if (strcmp(request, "comments") == 0)
		return GITHUB_SWEEP_COMMENTS;
	if (strcmp(request, "census") == 0)
		return GITHUB_CENSUS_ISSUES;
	if (strcmp(request, "comments of issue") == 0)
		return GITHUB_SWEEP_ISSUE_COMMENTS;
	if (strcmp(request, "installation") == 0)
		return GITHUB_GET_INSTALLATION;
	if (strcmp(request, "repository") == 0 || strcmp(request, "archived") == 0)
		return GITHUB_GET_REPOSITORY_BY_ID;
	if (strcmp(request, "name") == 0)
		return GITHUB_GET_REPOSITORY;
	if (strcmp(request, "access") == 0)
		return GITHUB_GET_REPOSITORY_INSTALLATION;
	if (strcmp(request, "deliveries") == 0)
		return GITHUB_LIST_DELIVERIES;
	if (strcmp(request, "delivery") == 0)
		return GITHUB_GET_DELIVERY;
	if (strcmp(request, "label") == 0)
		return GITHUB_GET_LABEL;
	if (strcmp(request, "assignee") == 0)
		return GITHUB_CHECK_ASSIGNEE;
	if (strcmp(request, "milestone") == 0)
		return GITHUB_GET_MILESTONE;
	if (strcmp(request, "milestones") == 0)
		return GITHUB_LIST_MILESTONES;
	ereport(ERROR,
			(errcode(ERRCODE_INVALID_PARAMETER_VALUE),
			 errmsg("%s() returned an unknown request: \"%s\"", result->function, request)));
}

static int64
since_of(const ResultSet *result, uint64 row)
{
	TimestampTz since = result_timestamp_or(result, row, "since", DT_NOBEGIN);

	return since == DT_NOBEGIN ? GITHUB_NO_TIME : EPOCH_SECONDS_OF_TIMESTAMP(since);
}

static RepoSweep *
read_sweep(const ResultSet *result, uint64 row, MemoryContext parent)
{
	MemoryContext context =
		AllocSetContextCreate(parent, "github_sync sweep", ALLOCSET_SMALL_SIZES);
	MemoryContext caller = MemoryContextSwitchTo(context);
	RepoSweep *sweep = palloc0(sizeof(RepoSweep));

	sweep->context = context;
	sweep->github_repo_id = result_int64(result, row, "github_repo_id");
	sweep->stream = result_text(result, row, "stream");
	sweep->claim_no = result_int32(result, row, "claim_no");
	sweep->installation_id = result_int64(result, row, "installation_id");
	sweep->operation = operation_of(result, row);
	sweep->issue_number = result_int32_or(result, row, "issue_number", 0);
	sweep->delivery_id = result_int64_or(result, row, "delivery_id", 0);
	sweep->page_size = result_int32(result, row, "page_size");
	sweep->since = since_of(result, row);
	sweep->page_link = result_text_or_null(result, row, "page_link");
	sweep->etag = result_text_or_null(result, row, "etag");
	sweep->etag_key = result_text_or_null(result, row, "etag_key");
	sweep->owner_login = result_text_or_null(result, row, "owner_login");
	sweep->repo_name = result_text_or_null(result, row, "repo_name");
	sweep->asked_name = result_text_or_null(result, row, "asked_name");
	MemoryContextSwitchTo(caller);
	return sweep;
}

static List *
append_sweep(List *sweeps, RepoSweep *sweep, MemoryContext parent)
{
	MemoryContext caller = MemoryContextSwitchTo(parent);

	sweeps = lappend(sweeps, sweep);
	MemoryContextSwitchTo(caller);
	return sweeps;
}

bool
repo_sweeps_apply_later(const TransactionIds *tasks_left_out,
						const TransactionIds *comments_left_out)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.apply_later($1, $2) AS tried", INT8ARRAYOID, INT8ARRAYOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64_array(&parameters, tasks_left_out->ids, tasks_left_out->count);
	parameters_add_int64_array(&parameters, comments_left_out->ids, comments_left_out->count);
	result = statement_run_shared(&statement, &parameters);
	return result_int32(&result, 0, "tried") > 0;
}

List *
repo_sweeps_claim(const int64 *busy_installations, int busy_count, MemoryContext parent)
{
	static Statement statement = STATEMENT(
		"SELECT github_repo_id, stream, claim_no, installation_id, request,"
		" issue_number, page_size, since, page_link, etag, etag_key, owner_login, repo_name,"
		" delivery_id, asked_name FROM github_sync.claim_lists($1)",
		INT8ARRAYOID);
	Parameters parameters = {0};
	ResultSet result;
	List *sweeps = NIL;

	parameters_add_int64_array(&parameters, busy_installations, busy_count);
	result = statement_run_shared(&statement, &parameters);
	for (uint64 row = 0; row < result.count; row++)
		sweeps = append_sweep(sweeps, read_sweep(&result, row, parent), parent);
	return sweeps;
}

TimestampTz
repo_sweeps_next_time(const int64 *busy_installations, int busy_count)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.next_list_at($1) AS next_at", INT8ARRAYOID);
	Parameters parameters = {0};
	ResultSet result;

	parameters_add_int64_array(&parameters, busy_installations, busy_count);
	result = statement_run_shared(&statement, &parameters);
	return result_timestamp_or(&result, 0, "next_at", DT_NOEND);
}

static void
add_sweep(Parameters *parameters, const RepoSweep *sweep)
{
	parameters_add_int64(parameters, sweep->github_repo_id);
	parameters_add_text(parameters, sweep->stream);
	parameters_add_int32(parameters, sweep->claim_no);
}

/* What is stale, another worker has by now, or somebody asked for anew: nothing is lost. */
static void
run_report(Statement *statement, const RepoSweep *sweep, const Parameters *parameters)
{
	ResultSet result = statement_run_shared(statement, parameters);

	ereport(DEBUG1,
			(errmsg_internal("github_sync: %s of repository " INT64_FORMAT
							 ", claim %d: reported by %s(): %s",
							 sweep->stream, sweep->github_repo_id, sweep->claim_no, result.function,
							 result_text(&result, 0, "result"))));
}

/* ---- a page, column by column ---- */

typedef const char *(*TextOfItem)(const GithubItem *item);
typedef int64 (*NumberOfItem)(const GithubItem *item);

static const char *
title_of(const GithubItem *item)
{
	return item->resource.title;
}

static const char *
body_of(const GithubItem *item)
{
	return item->resource.body;
}

static const char *
item_state_of(const GithubItem *item)
{
	return item->resource.state;
}

static const char *
state_reason_of(const GithubItem *item)
{
	return item->resource.state_reason;
}

static const char *
author_login_of(const GithubItem *item)
{
	return item->resource.author_login;
}

static const char *
html_url_of(const GithubItem *item)
{
	return item->resource.html_url;
}

static const char *
json_of(const GithubItem *item)
{
	return item->json;
}

static int64
id_of(const GithubItem *item)
{
	return item->resource.id;
}

static int64
number_of(const GithubItem *item)
{
	return item->resource.number;
}

static int64
pull_request_mark_of(const GithubItem *item)
{
	return item->resource.is_pull_request ? 1 : 0;
}

static int64
created_at_of(const GithubItem *item)
{
	return item->resource.created_at;
}

static int64
updated_at_of(const GithubItem *item)
{
	return item->resource.updated_at;
}

/* 0: it is not closed. */
static int64
closed_at_of(const GithubItem *item)
{
	return item->resource.closed_at != GITHUB_NO_TIME ? item->resource.closed_at : 0;
}

static int64
author_id_of(const GithubItem *item)
{
	return item->resource.author_id;
}

static int64
comment_count_of(const GithubItem *item)
{
	return item->resource.comment_count;
}

/* NULL: the database has no character for something in it, and it is fetched singly, to end with that error. */
static const char *
whole_json_of(const GithubItem *item)
{
	static const TextOfItem texts[] = {title_of,        author_login_of, body_of, item_state_of,
									   state_reason_of, html_url_of,     json_of};

	for (size_t i = 0; i < lengthof(texts); i++)
	{
		if (!parameters_can_hold(texts[i](item)))
			return NULL;
	}
	return item->json;
}

typedef bool (*ChoiceOfItems)(const GithubItem *item);

/* A comment that does not say of which issue it is could be of any. */
static bool
is_readable(const GithubItem *item)
{
	return item->result == GITHUB_PARSE_OK && item->resource.number > 0;
}

/* It becomes an error of its own, which needs to know what it is about. */
static bool
is_known_alone(const GithubItem *item)
{
	return !is_readable(item) && item->resource.id > 0 && item->resource.number > 0;
}

static const char *
problem_of(const GithubItem *item)
{
	return item->problem != NULL ? item->problem : "issue_url";
}

static void
add_chosen_texts(Parameters *parameters, const GithubItems *items, ChoiceOfItems is_chosen,
				 TextOfItem text_of)
{
	const char **texts = palloc(sizeof(char *) * Max(items->count, 1));
	int count = 0;

	for (size_t i = 0; i < items->count; i++)
	{
		const char *text;

		if (!is_chosen(&items->items[i]))
			continue;
		text = text_of(&items->items[i]);
		texts[count++] = parameters_can_hold(text) ? text : NULL;
	}
	parameters_add_text_array(parameters, texts, count);
}

static void
add_chosen_numbers(Parameters *parameters, const GithubItems *items, ChoiceOfItems is_chosen,
				   NumberOfItem number_of_item)
{
	int64 *numbers = palloc(sizeof(int64) * Max(items->count, 1));
	int count = 0;

	for (size_t i = 0; i < items->count; i++)
	{
		if (is_chosen(&items->items[i]))
			numbers[count++] = number_of_item(&items->items[i]);
	}
	parameters_add_int64_array(parameters, numbers, count);
}

static void
add_item_texts(Parameters *parameters, const GithubItems *items, TextOfItem text_of)
{
	add_chosen_texts(parameters, items, is_readable, text_of);
}

static void
add_item_numbers(Parameters *parameters, const GithubItems *items, NumberOfItem number_of_item)
{
	add_chosen_numbers(parameters, items, is_readable, number_of_item);
}

/* NULL: of all of them it is known at least which they are. */
static char *
problems_of(const GithubItems *items)
{
	StringInfoData words;
	int problems = 0;

	initStringInfo(&words);
	for (size_t i = 0; i < items->count; i++)
	{
		const GithubItem *item = &items->items[i];

		if (is_readable(item) || is_known_alone(item))
			continue;
		if (problems++ < PROBLEMS_NAMED)
			appendStringInfo(&words, "%sitem %zu of the page: %s", words.len > 0 ? "; " : "", i + 1,
							 problem_of(item));
	}
	if (problems > PROBLEMS_NAMED)
		appendStringInfo(&words, "; and %d more", problems - PROBLEMS_NAMED);
	return problems > 0 ? psprintf("cannot be read: %s", words.data) : NULL;
}

static void
add_page(Parameters *parameters, const SweptPage *page)
{
	parameters_add_seconds(parameters, page->answered_at);
	parameters_add_int64_or_null(parameters, page->own_id);
	parameters_add_text(parameters, page->next_link);
	parameters_add_text(parameters, page->etag);
	parameters_add_text(parameters, page->etag_key);
	parameters_add_words(parameters, problems_of(page->items));
	parameters_add_int32(parameters, page->last_page);
}

/* GITHUB_NO_TIME is before all that GitHub has. */
static int64
known_updated_at_of(const GithubItem *item)
{
	return item->resource.updated_at != GITHUB_NO_TIME ? item->resource.updated_at : 0;
}

static void
add_unreadable(Parameters *parameters, const GithubItems *items)
{
	add_chosen_numbers(parameters, items, is_known_alone, id_of);
	add_chosen_numbers(parameters, items, is_known_alone, number_of);
	add_chosen_numbers(parameters, items, is_known_alone, known_updated_at_of);
	add_chosen_texts(parameters, items, is_known_alone, problem_of);
}

static void
add_items(Parameters *parameters, const GithubItems *items)
{
	add_item_numbers(parameters, items, id_of);
	add_item_numbers(parameters, items, number_of);
	add_item_numbers(parameters, items, pull_request_mark_of);
	add_item_texts(parameters, items, title_of);
	add_item_texts(parameters, items, body_of);
	add_item_texts(parameters, items, item_state_of);
	add_item_texts(parameters, items, state_reason_of);
	add_item_texts(parameters, items, author_login_of);
	add_item_texts(parameters, items, html_url_of);
	add_item_numbers(parameters, items, created_at_of);
	add_item_numbers(parameters, items, updated_at_of);
	add_item_numbers(parameters, items, closed_at_of);
	add_item_numbers(parameters, items, author_id_of);
	add_item_texts(parameters, items, whole_json_of);
	add_item_numbers(parameters, items, comment_count_of);
}

void
repo_sweeps_report_page(const RepoSweep *sweep, const SweptPage *page)
{
	static Statement statement = STATEMENT(
		"SELECT github_sync.sweep_page(ROW($1, $2, $3, $4, $5, $6, $7, $8, $9, nullif($10, 0), NULL,"
		" NULL)::github_sync.swept_page,"
		" ARRAY(SELECT ROW(i.id, i.number::integer, i.is_pull = 1, i.title, i.body, i.state,"
		" i.reason, i.author, i.url, to_timestamp(i.created), to_timestamp(i.updated),"
		" to_timestamp(nullif(i.closed, 0)), nullif(i.author_id, 0), NULL)::github_sync.resource"
		" FROM unnest($11, $12, $13, $14, $15, $16, $17, $18, $19, $20, $21, $22, $23)"
		" WITH ORDINALITY AS i (id, number, is_pull, title, body, state, reason, author, url,"
		" created, updated, closed, author_id, place) ORDER BY i.place), $24,"
		" ARRAY(SELECT nullif(n.comments, -1)::integer FROM unnest($25) WITH ORDINALITY AS n (comments, place)"
		" ORDER BY n.place),"
		" ARRAY(SELECT ROW(u.id, u.number::integer, to_timestamp(nullif(u.updated, 0)),"
		" u.problem)::github_sync.unreadable_item"
		" FROM unnest($26, $27, $28, $29) AS u (id, number, updated, problem) ORDER BY u.number, u.id)) AS result",
		INT8OID, TEXTOID, INT4OID, TIMESTAMPTZOID, INT8OID, TEXTOID, TEXTOID, TEXTOID, TEXTOID,
		INT4OID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID,
		TEXTARRAYOID, TEXTARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
		INT8ARRAYOID, TEXTARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID, INT8ARRAYOID,
		TEXTARRAYOID);
	Parameters parameters = {0};

	add_sweep(&parameters, sweep);
	add_page(&parameters, page);
	add_items(&parameters, page->items);
	add_unreadable(&parameters, page->items);
	run_report(&statement, sweep, &parameters);
}

void
repo_sweeps_report_not_modified(const RepoSweep *sweep)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.sweep_not_modified($1, $2, $3) AS result", INT8OID, TEXTOID,
				  INT4OID);
	Parameters parameters = {0};

	add_sweep(&parameters, sweep);
	run_report(&statement, sweep, &parameters);
}

static const char *
name_of_way_out(SweepWayOut way_out)
{
	switch (way_out)
	{
		case SWEEP_AGAIN:
			return "none";
		case SWEEP_SMALLER_PAGES:
			return "smaller pages";
		case SWEEP_BY_ISSUE:
			return "by issue";
		case SWEEP_NEXT_ISSUE:
			return "next issue";
	}
	pg_unreachable();
}

void
repo_sweeps_report_failure(const RepoSweep *sweep, const char *reason, SweepWayOut way_out)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.sweep_failed($1, $2, $3, $4, $5) AS result", INT8OID, TEXTOID,
				  INT4OID, TEXTOID, TEXTOID);
	Parameters parameters = {0};

	add_sweep(&parameters, sweep);
	parameters_add_words(&parameters, reason);
	parameters_add_text(&parameters, name_of_way_out(way_out));
	run_report(&statement, sweep, &parameters);
}

bool
repo_sweeps_is_of_setup(const RepoSweep *sweep)
{
	return strcmp(sweep->stream, "setup") == 0;
}

void
repo_sweeps_report_setup(const RepoSweep *sweep, int status, const char *words, const char *json)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.report_setup_check($1, $2, $3, $4) AS result", INT4OID,
				  INT4OID, TEXTOID, TEXTOID);
	Parameters parameters = {0};

	parameters_add_int32(&parameters, sweep->claim_no);
	parameters_add_int32(&parameters, status);
	parameters_add_words(&parameters, words);
	parameters_add_text(&parameters, parameters_can_hold(json) ? json : NULL);
	run_report(&statement, sweep, &parameters);
}

bool
repo_sweeps_is_of_log(const RepoSweep *sweep)
{
	return strcmp(sweep->stream, "delivery log") == 0;
}

void
repo_sweeps_report_log(const RepoSweep *sweep, int status, const char *words, const char *json,
					   const char *next_link)
{
	static Statement statement = STATEMENT(
		"SELECT github_sync.report_delivery_log($1, nullif($2, 0), $3, $4, $5, $6) AS result",
		INT4OID, INT8OID, INT4OID, TEXTOID, TEXTOID, TEXTOID);
	Parameters parameters = {0};

	parameters_add_int32(&parameters, sweep->claim_no);
	parameters_add_int64(&parameters, sweep->delivery_id);
	parameters_add_int32(&parameters, status);
	parameters_add_words(&parameters, words);
	parameters_add_text(&parameters, parameters_can_hold(json) ? json : NULL);
	parameters_add_text(&parameters, next_link);
	run_report(&statement, sweep, &parameters);
}

bool
repo_sweeps_is_of_names(const RepoSweep *sweep)
{
	return strcmp(sweep->stream, "names") == 0;
}

void
repo_sweeps_report_name(const RepoSweep *sweep, int status, const char *words, const char *json,
						const char *next_link)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.task_report_name($1, $2, $3, $4, $5) AS result", INT4OID,
				  INT4OID, TEXTOID, TEXTOID, TEXTOID);
	Parameters parameters = {0};

	parameters_add_int32(&parameters, sweep->claim_no);
	parameters_add_int32(&parameters, status);
	parameters_add_words(&parameters, words);
	parameters_add_text(&parameters, parameters_can_hold(json) ? json : NULL);
	parameters_add_text(&parameters, next_link);
	run_report(&statement, sweep, &parameters);
}

void
repo_sweeps_let_go(const RepoSweep *sweep, const char *reason, TimestampTz retry_at)
{
	static Statement statement =
		STATEMENT("SELECT github_sync.sweep_let_go($1, $2, $3, $4, $5) AS result", INT8OID, TEXTOID,
				  INT4OID, TEXTOID, TIMESTAMPTZOID);
	Parameters parameters = {0};

	add_sweep(&parameters, sweep);
	parameters_add_words(&parameters, reason);
	if (retry_at == DT_NOBEGIN)
		parameters_add_null(&parameters);
	else
		parameters_add_timestamp(&parameters, retry_at);
	run_report(&statement, sweep, &parameters);
}

void
repo_sweeps_free(RepoSweep *sweep)
{
	MemoryContextDelete(sweep->context);
}
