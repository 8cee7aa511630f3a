/*
 * routes.c
 *		GitHub's endpoints, and the control of the stub below /_control/:
 *
 *		GET counts						how many requests of each kind
 *		POST reset?base=SECONDS			no content, no faults, counts and journal empty
 *		POST edit?from=ID&to=ID			see content_edit_all()
 *		POST journal?on=1|0				empties the journal, and says whether to keep one
 *		GET journal						a line for each request: microseconds since 1970, method,
 *										repository, number, installation, title
 *		POST slow?repository=ID&number=N&ms=MS		that issue's answers are held back; number=0: all
 *		POST limit?installation=ID&seconds=S		that installation is refused; 0: no more
 *		POST large?repository=ID&bytes=N			texts of that length; 0: no more
 *		POST list?from=ID&to=ID&issues=N&comments=M		see content_list()
 */
#include "routes.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define JOURNAL_ROOM (1 << 20)
#define TITLE_ROOM 48

typedef struct JournalLine
{
	int64_t at_us;
	int64_t repository;
	int64_t installation;
	int32_t number;
	char method;
	char title[TITLE_ROOM];
} JournalLine;

static JournalLine *journal;
static size_t journal_lines;
static bool keeps_journal;

static struct
{
	uint64_t gets, unchanged, patches, issues, comments, deletions, tokens, repositories, lists,
		others, refused;
} counts;

static struct
{
	int64_t slow_repository, slow_number, slow_ms;
	int64_t limited_installation, limited_seconds;
	int64_t large_repository, large_bytes;
} faults;

/* What is left of a path to be read. */
typedef struct Path
{
	const char *at;
	const char *end;
} Path;

static bool
skip(Path *path, const char *text)
{
	size_t length = strlen(text);

	if ((size_t) (path->end - path->at) < length || memcmp(path->at, text, length) != 0)
		return false;
	path->at += length;
	return true;
}

static bool
read_number(Path *path, int64_t *number)
{
	const char *start = path->at;

	*number = 0;
	while (path->at < path->end && *path->at >= '0' && *path->at <= '9' && path->at - start < 18)
		*number = *number * 10 + (*path->at++ - '0');
	return path->at > start;
}

static bool
is_over(const Path *path)
{
	return path->at == path->end || *path->at == '?';
}

/* 0: it is not there. */
static int64_t
parameter(const Request *request, const char *name)
{
	Path path = {request->path, request->path + request->path_length};
	int64_t value = 0;

	while (path.at < path.end && *path.at != '?')
		path.at++;
	while (path.at < path.end)
	{
		path.at++; /* ? or & */
		if (skip(&path, name) && skip(&path, "="))
			return read_number(&path, &value) ? value : 0;
		while (path.at < path.end && *path.at != '&')
			path.at++;
	}
	return 0;
}

/* Past a JSON value; strings know escapes, all else is skipped by depth. */
static const char *
skip_value(const char *at, const char *end)
{
	int depth = 0;
	bool is_quoted = false;

	for (; at < end; at++)
	{
		if (is_quoted)
		{
			if (*at == '\\')
				at++;
			else if (*at == '"')
				is_quoted = false;
		}
		else if (*at == '"')
			is_quoted = true;
		else if (*at == '{' || *at == '[')
			depth++;
		else if (depth == 0 && (*at == ',' || *at == '}' || *at == ']'))
			break;
		else if (*at == '}' || *at == ']')
			depth--;
	}
	return at;
}

static void
set_member(Change *change, Path name, const char *value, int length)
{
	if (skip(&name, "\"title\""))
	{
		change->title = value;
		change->title_length = length;
	}
	else if (skip(&name, "\"body\""))
	{
		change->body = value;
		change->body_length = length;
	}
	else if (skip(&name, "\"state\""))
	{
		change->state = value;
		change->state_length = length;
	}
}

static const char *
skip_space(const char *at, const char *end)
{
	while (at < end && (*at == ' ' || *at == '\t' || *at == '\n' || *at == '\r'))
		at++;
	return at;
}

/* The members of the object that a body is; names hold no escapes. */
static Change
read_change(const Request *request)
{
	const char *end = request->body + request->body_length;
	const char *at = memchr(request->body, '{', (size_t) request->body_length);
	Change change = {0};

	if (at == NULL)
		return change;
	while (at + 1 < end && *at != '}')
	{
		const char *name = skip_space(at + 1, end);
		const char *colon = memchr(name, ':', (size_t) (end - name));
		const char *value;

		if (colon == NULL)
			break;
		value = skip_space(colon + 1, end);
		at = skip_value(value, end);
		set_member(&change, (Path){name, colon}, value, (int) (at - value));
	}
	return change;
}

static int64_t
now_us(void)
{
	struct timespec now;

	clock_gettime(CLOCK_REALTIME, &now);
	return (int64_t) now.tv_sec * 1000000 + now.tv_nsec / 1000;
}

static void
note(const Request *request, int64_t repository, int64_t number, const Change *change)
{
	JournalLine *line;

	if (!keeps_journal || journal_lines == JOURNAL_ROOM)
		return;
	line = &journal[journal_lines++];
	*line = (JournalLine){
		.at_us = now_us(),
		.repository = repository,
		.number = (int32_t) number,
		.installation = request->installation,
		.method = request->method,
	};
	if (change != NULL && change->title != NULL)
		snprintf(line->title, TITLE_ROOM, "%.*s", change->title_length, change->title);
}

/* ---- GitHub's endpoints ---- */

static void
get_item(const Request *request, const Item *item, Output *output)
{
	counts.gets++;
	if (item->repository == faults.large_repository && faults.large_bytes > 0)
		answer_large(output, item, (size_t) faults.large_bytes);
	else if (!answer_item(output, "200 OK", item, request->etag, (size_t) request->etag_length))
		counts.unchanged++;
}

static void
update_item(const Change *change, const Item *before, Output *output)
{
	Item after;

	counts.patches++;
	content_update(before, change, &after);
	answer_item(output, "200 OK", &after, NULL, 0);
}

static void
work_on_item(const Request *request, const Item *item, Output *output)
{
	Change change;

	switch (request->method)
	{
		case 'G':
			note(request, item->repository, item->number, NULL);
			get_item(request, item, output);
			break;
		case 'D':
			note(request, item->repository, item->number, NULL);
			counts.deletions++;
			content_delete(item);
			answer_text(output, "204 No Content", "", "", 0);
			break;
		default:
			change = read_change(request);
			note(request, item->repository, item->number, &change);
			update_item(&change, item, output);
	}
}

static void
create_issue(const Request *request, int64_t repository, Output *output)
{
	Change change = read_change(request);
	Item item;

	if (!content_create_issue(repository, &change, &item))
	{
		answer_problem(output, "404 Not Found", "Not Found");
		return;
	}
	counts.issues++;
	note(request, repository, item.number, &change);
	answer_item(output, "201 Created", &item, NULL, 0);
}

static void
create_comment(const Request *request, const Item *issue, Output *output)
{
	Change change = read_change(request);
	Item item;

	content_create_comment(issue, &change, &item);
	counts.comments++;
	note(request, issue->repository, issue->number, &change);
	answer_item(output, "201 Created", &item, NULL, 0);
}

/* ---- lists ---- */

/* Nothing of it ends with NUL; a colon may be encoded. */
static time_t
since_of(const Request *request)
{
	char text[512];
	const char *at;
	struct tm parts = {0};

	snprintf(text, sizeof(text), "%.*s", request->path_length, request->path);
	at = strstr(text, "since=");
	if (at == NULL ||
		(sscanf(at, "since=%d-%d-%dT%d%%3A%d%%3A%dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
				&parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6 &&
		 sscanf(at, "since=%d-%d-%dT%d:%d:%dZ", &parts.tm_year, &parts.tm_mon, &parts.tm_mday,
				&parts.tm_hour, &parts.tm_min, &parts.tm_sec) != 6))
		return 0;
	parts.tm_year -= 1900;
	parts.tm_mon -= 1;
	return timegm(&parts);
}

/* Up to the number of the page, which is the last parameter of our own links. */
static int
length_without_page(const Request *request)
{
	static const char page[] = "&page=";
	int length = request->path_length;

	for (int i = 0; i + (int) strlen(page) <= length; i++)
	{
		if (memcmp(request->path + i, page, strlen(page)) == 0)
			return i;
	}
	return length;
}

typedef bool (*ListedItem)(int64_t of, int64_t place, Item *item);

static bool
listed_issue(int64_t repository, int64_t place, Item *item)
{
	return content_issue(repository, place + 1, item);
}

static bool
listed_comment_of_issue(int64_t issue, int64_t place, Item *item)
{
	return content_comment(issue * CONTENT_COMMENTS_PER_ISSUE + place, item);
}

/* The first place of those changed since: a figure writes all of a repository, or nothing. */
static int64_t
first_place(ListedItem listed, int64_t of, int64_t total, time_t since)
{
	int64_t low = 0;
	int64_t high = total;

	while (low < high)
	{
		int64_t middle = (low + high) / 2;
		Item item;

		if (listed(of, middle, &item) && item.updated_at < since)
			low = middle + 1;
		else
			high = middle;
	}
	return low;
}

static void
answer_list(const Request *request, ListedItem listed, int64_t of, int64_t total, Output *output)
{
	int64_t page = parameter(request, "page") > 1 ? parameter(request, "page") : 1;
	int64_t size = parameter(request, "per_page") > 0 ? parameter(request, "per_page") : 30;
	int64_t first = first_place(listed, of, total, since_of(request));
	size_t start = answer_begin_list(output, request->path, length_without_page(request),
									 first + page * size < total ? page + 1 : 0);

	counts.lists++;
	for (int64_t place = first + (page - 1) * size; place < first + page * size && place < total;
		 place++)
	{
		Item item;

		if (listed(of, place, &item))
			answer_list_item(output, start, &item);
	}
	answer_end_list(output, start);
}

/* ---- a repository ---- */

static bool
route_comment(const Request *request, Path *path, Output *output)
{
	int64_t id;
	Item item;

	if (!read_number(path, &id) || !is_over(path) || !content_comment(id, &item))
		return false;
	work_on_item(request, &item, output);
	return true;
}

static bool
route_issue(const Request *request, Path *path, int64_t repository, Output *output)
{
	int64_t number;
	Item item;

	if (!read_number(path, &number) || !content_issue(repository, number, &item))
		return false;
	if (is_over(path))
		work_on_item(request, &item, output);
	else if (skip(path, "/comments") && is_over(path) && request->method == 'P')
		create_comment(request, &item, output);
	else
		answer_list(request, listed_comment_of_issue, item.id, item.comments, output);
	return true;
}

static bool
route_issues(const Request *request, Path *path, int64_t repository, Output *output)
{
	if (skip(path, "/comments/"))
		return route_comment(request, path, output);
	if (skip(path, "/comments"))
	{
		answer_list(request, content_listed_comment, repository,
					content_listed_comments(repository), output);
		return true;
	}
	if (skip(path, "/"))
		return route_issue(request, path, repository, output);
	if (!is_over(path))
		return false;
	if (request->method == 'P')
		create_issue(request, repository, output);
	else
		answer_list(request, listed_issue, repository, content_listed_issues(repository), output);
	return true;
}

static bool
route_repository(const Request *request, Path *path, Output *output)
{
	int64_t repository;

	if (!read_number(path, &repository))
		return false;
	if (is_over(path))
	{
		counts.repositories++;
		answer_repository(output, repository);
		return true;
	}
	return skip(path, "/issues") && route_issues(request, path, repository, output);
}

static bool
route_installation(Path *path, Output *output)
{
	int64_t installation;

	if (!read_number(path, &installation) || !skip(path, "/access_tokens"))
		return false;
	counts.tokens++;
	answer_token(output, installation);
	return true;
}

static bool
route_github(const Request *request, Path *path, Output *output)
{
	if (skip(path, "/repos/acme/repo-") || skip(path, "/repositories/"))
		return route_repository(request, path, output);
	if (skip(path, "/app/installations/"))
		return route_installation(path, output);
	if (skip(path, "/app") || skip(path, "/user"))
	{
		counts.others++;
		answer_app(output);
		return true;
	}
	return false;
}

/* ---- control ---- */

static void
print_counts(Output *output)
{
	char text[512];
	int length = snprintf(
		text, sizeof(text),
		"{\"gets\":%llu,\"unchanged\":%llu,\"patches\":%llu,\"issues\":%llu,\"comments\":%llu,\"deletions\":%llu,"
		"\"tokens\":%llu,\"repositories\":%llu,\"lists\":%llu,\"others\":%llu,\"refused\":%llu,\"base\":%lld}",
		(unsigned long long) counts.gets, (unsigned long long) counts.unchanged,
		(unsigned long long) counts.patches, (unsigned long long) counts.issues,
		(unsigned long long) counts.comments, (unsigned long long) counts.deletions,
		(unsigned long long) counts.tokens, (unsigned long long) counts.repositories,
		(unsigned long long) counts.lists, (unsigned long long) counts.others,
		(unsigned long long) counts.refused, (long long) content_base());

	answer_text(output, "200 OK", "", text, (size_t) length);
}

static void
print_journal(Output *output)
{
	Output lines = {0};

	for (size_t i = 0; i < journal_lines; i++)
	{
		const JournalLine *line = &journal[i];

		output_print(&lines, "%lld %c %lld %d %lld %s\n", (long long) line->at_us, line->method,
					 (long long) line->repository, line->number, (long long) line->installation,
					 line->title);
	}
	answer_text(output, "200 OK", "", lines.bytes != NULL ? lines.bytes : "", lines.length);
	free(lines.bytes);
}

static void
keep_journal(bool keeps)
{
	if (journal == NULL)
		journal = calloc(JOURNAL_ROOM, sizeof(JournalLine));
	if (journal == NULL)
		abort();
	journal_lines = 0;
	keeps_journal = keeps;
}

static void
start_over(int64_t base)
{
	content_reset((time_t) base);
	memset(&counts, 0, sizeof(counts));
	memset(&faults, 0, sizeof(faults));
	keep_journal(false);
}

static bool
control(const Request *request, Path *path)
{
	if (skip(path, "reset"))
		start_over(parameter(request, "base"));
	else if (skip(path, "edit"))
		content_edit_all(parameter(request, "from"), parameter(request, "to"));
	else if (skip(path, "journal"))
		keep_journal(parameter(request, "on") != 0);
	else if (skip(path, "list"))
		content_list(parameter(request, "from"), parameter(request, "to"),
					 (int32_t) parameter(request, "issues"),
					 (int32_t) parameter(request, "comments"));
	else if (skip(path, "slow"))
	{
		faults.slow_repository = parameter(request, "repository");
		faults.slow_number = parameter(request, "number");
		faults.slow_ms = parameter(request, "ms");
	}
	else if (skip(path, "limit"))
	{
		faults.limited_installation = parameter(request, "installation");
		faults.limited_seconds = parameter(request, "seconds");
	}
	else if (skip(path, "large"))
	{
		faults.large_repository = parameter(request, "repository");
		faults.large_bytes = parameter(request, "bytes");
	}
	else
		return false;
	return true;
}

static bool
route_control(const Request *request, Path *path, Output *output)
{
	if (request->method == 'G' && skip(path, "counts"))
		print_counts(output);
	else if (request->method == 'G' && skip(path, "journal"))
		print_journal(output);
	else if (request->method == 'P' && control(request, path))
		answer_text(output, "200 OK", "", "{}", 2);
	else
		return false;
	return true;
}

/* ---- all of it ---- */

static int64_t
hold_ms(const Request *request)
{
	Path path = {request->path, request->path + request->path_length};
	int64_t repository;
	int64_t number;

	if (faults.slow_ms == 0 || !skip(&path, "/repos/acme/repo-") ||
		!read_number(&path, &repository) || repository != faults.slow_repository ||
		!skip(&path, "/issues/") || !read_number(&path, &number))
		return 0;
	return faults.slow_number == 0 || faults.slow_number == number ? faults.slow_ms : 0;
}

static bool
is_refused(const Request *request)
{
	return faults.limited_seconds > 0 && request->installation != 0 &&
		request->installation == faults.limited_installation;
}

int64_t
routes_answer(const Request *request, Output *output)
{
	Path path = {request->path, request->path + request->path_length};
	int64_t held_ms = hold_ms(request);

	if (skip(&path, "/_control/"))
	{
		if (!route_control(request, &path, output))
			answer_problem(output, "404 Not Found", "No such control");
	}
	else if (is_refused(request))
	{
		counts.refused++;
		answer_limited(output, (int) faults.limited_seconds);
	}
	else if (!route_github(request, &path, output))
		answer_problem(output, "404 Not Found", "Not Found");
	return held_ms;
}
