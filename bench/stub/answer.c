/*
 * answer.c
 *		The stub's answers.
 */
#include "answer.h"

#include <stdarg.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>
#include <time.h>

#define SLUG "bench-app"

static void
reserve(Output *output, size_t more)
{
	if (output->length + more <= output->room)
		return;
	output->room = (output->length + more) * 2;
	output->bytes = realloc(output->bytes, output->room);
	if (output->bytes == NULL)
		abort();
}

void
output_append(Output *output, const char *bytes, size_t length)
{
	reserve(output, length);
	memcpy(output->bytes + output->length, bytes, length);
	output->length += length;
}

void
output_print(Output *output, const char *format, ...)
{
	va_list arguments;
	int length;

	reserve(output, 8192);
	va_start(arguments, format);
	length =
		vsnprintf(output->bytes + output->length, output->room - output->length, format, arguments);
	va_end(arguments);
	if (length < 0 || (size_t) length >= output->room - output->length)
		abort(); /* texts of any length are appended, not printed */
	output->length += (size_t) length;
}

/* The texts of the last two times stay good: a statement prints as many. */
static const char *
iso(time_t time)
{
	static char texts[4][sizeof("2026-01-01T00:00:00Z")];
	static time_t times[4];
	static int next;
	static int last;
	struct tm parts;

	for (int i = 0; i < 4; i++)
	{
		if (times[i] == time)
			return texts[last = i];
	}
	next = (next + 1) % 4;
	if (next == last)
		next = (next + 1) % 4;
	last = next;
	times[next] = time;
	strftime(texts[next], sizeof(texts[next]), "%Y-%m-%dT%H:%M:%SZ", gmtime_r(&time, &parts));
	return texts[next];
}

/* What is the same within a second. */
static const char *
common_headers(void)
{
	static char text[1024];
	static time_t made;
	time_t now = time(NULL);
	struct tm parts;
	char date[64];

	if (now == made)
		return text;
	made = now;
	strftime(date, sizeof(date), "%a, %d %b %Y %H:%M:%S GMT", gmtime_r(&now, &parts));
	snprintf(
		text, sizeof(text),
		"Server: github.com\r\nDate: %s\r\nContent-Type: application/json; charset=utf-8\r\n"
		"Cache-Control: private, max-age=60, s-maxage=60\r\n"
		"Vary: Accept, Authorization, Cookie, X-GitHub-OTP,Accept-Encoding, Accept, X-Requested-With\r\n"
		"X-GitHub-Media-Type: github.v3; format=json\r\nx-github-api-version-selected: 2022-11-28\r\n"
		"X-RateLimit-Limit: 100000000\r\nX-RateLimit-Remaining: 99999999\r\nX-RateLimit-Reset: %lld\r\n"
		"X-RateLimit-Used: 1\r\nX-RateLimit-Resource: core\r\n"
		"Strict-Transport-Security: max-age=31536000; includeSubdomains; preload\r\n"
		"X-Frame-Options: deny\r\nX-Content-Type-Options: nosniff\r\nX-XSS-Protection: 0\r\n"
		"Referrer-Policy: origin-when-cross-origin, strict-origin-when-cross-origin\r\n"
		"Content-Security-Policy: default-src 'none'\r\nX-GitHub-Request-Id: 0400:1B2C3:4D5E6F:A1B2C3:69000000\r\n",
		date, (long long) now + 3600);
	return text;
}

/* Returns where the length stands, to be written by end_answer(). */
static size_t
begin_answer(Output *output, const char *status, const char *headers)
{
	output_print(output, "HTTP/1.1 %s\r\n%s%sContent-Length: ", status, common_headers(), headers);
	output_append(output, "          \r\n\r\n", 14);
	return output->length;
}

static void
end_answer(Output *output, size_t body)
{
	char digits[16];
	int length = snprintf(digits, sizeof(digits), "%10zu", output->length - body);

	memcpy(output->bytes + body - 14, digits, (size_t) length);
}

void
answer_text(Output *output, const char *status, const char *headers, const char *body,
			size_t length)
{
	size_t start = begin_answer(output, status, headers);

	output_append(output, body, length);
	end_answer(output, start);
}

void
answer_problem(Output *output, const char *status, const char *message)
{
	size_t start = begin_answer(output, status, "");

	output_print(
		output,
		"{\"message\":\"%s\",\"documentation_url\":\"https://docs.github.com/rest\",\"status\":\"%.3s\"}",
		message, status);
	end_answer(output, start);
}

void
answer_limited(Output *output, int seconds)
{
	char headers[64];
	size_t start;

	snprintf(headers, sizeof(headers), "Retry-After: %d\r\n", seconds);
	start = begin_answer(output, "403 Forbidden", headers);
	output_print(
		output,
		"{\"message\":\"You have exceeded a secondary rate limit. Please wait a few minutes before you try again.\"}");
	end_answer(output, start);
}

static void
print_user(Output *output, const char *login, int id, const char *type)
{
	output_print(
		output,
		"{\"login\":\"%s\",\"id\":%d,\"node_id\":\"MDQ6VXNlcjE=\",\"avatar_url\":\"https://avatars.githubusercontent.com/u/%d?v=4\","
		"\"gravatar_id\":\"\",\"url\":\"https://api.github.com/users/%s\",\"html_url\":\"https://github.com/%s\","
		"\"followers_url\":\"https://api.github.com/users/%s/followers\","
		"\"following_url\":\"https://api.github.com/users/%s/following{/other_user}\","
		"\"gists_url\":\"https://api.github.com/users/%s/gists{/gist_id}\","
		"\"starred_url\":\"https://api.github.com/users/%s/starred{/owner}{/repo}\","
		"\"subscriptions_url\":\"https://api.github.com/users/%s/subscriptions\","
		"\"organizations_url\":\"https://api.github.com/users/%s/orgs\",\"repos_url\":\"https://api.github.com/users/%s/repos\","
		"\"events_url\":\"https://api.github.com/users/%s/events{/privacy}\","
		"\"received_events_url\":\"https://api.github.com/users/%s/received_events\","
		"\"type\":\"%s\",\"user_view_type\":\"public\",\"site_admin\":false}",
		login, id, id, login, login, login, login, login, login, login, login, login, login, login,
		type);
}

static void
print_author(Output *output, const Item *item)
{
	if (item->is_ours)
		print_user(output, SLUG "[bot]", 424242, "Bot");
	else
		print_user(output, "octocat", 1, "User");
}

static void
print_reactions(Output *output, const char *url)
{
	output_print(
		output,
		"\"reactions\":{\"url\":\"%s/reactions\",\"total_count\":0,\"+1\":0,\"-1\":0,\"laugh\":0,\"hooray\":0,\"confused\":0,"
		"\"heart\":0,\"rocket\":0,\"eyes\":0}",
		url);
}

static void
print_issue(Output *output, const Item *item)
{
	long long repository = item->repository;
	char url[128];

	snprintf(url, sizeof(url), "https://api.github.com/repos/acme/repo-%lld/issues/%d", repository,
			 item->number);
	output_print(
		output,
		"{\"url\":\"%s\",\"repository_url\":\"https://api.github.com/repos/acme/repo-%lld\",\"labels_url\":\"%s/labels{/name}\","
		"\"comments_url\":\"%s/comments\",\"events_url\":\"%s/events\",\"html_url\":\"https://github.com/acme/repo-%lld/issues/%d\","
		"\"id\":%lld,\"node_id\":\"I_kwDOABCDEF5abcde\",\"number\":%d,\"title\":",
		url, repository, url, url, url, repository, item->number, (long long) item->id,
		item->number);
	output_append(output, item->title, strlen(item->title));
	output_print(output, ",\"user\":");
	print_author(output, item);
	output_print(
		output,
		",\"labels\":[],\"state\":\"%s\",\"locked\":false,\"assignee\":null,\"assignees\":[],\"milestone\":null,\"comments\":%d,"
		"\"created_at\":\"%s\",\"updated_at\":\"%s\",\"closed_at\":",
		item->is_closed ? "closed" : "open", item->comments, iso(item->created_at),
		iso(item->updated_at));
	if (item->is_closed)
		output_print(output, "\"%s\"", iso(item->updated_at));
	else
		output_print(output, "null");
	output_print(
		output,
		",\"author_association\":\"MEMBER\",\"type\":null,\"active_lock_reason\":null,"
		"\"sub_issues_summary\":{\"total\":0,\"completed\":0,\"percent_completed\":0},\"body\":");
	output_append(output, item->body, strlen(item->body));
	output_print(output, ",\"closed_by\":null,");
	print_reactions(output, url);
	output_print(
		output,
		",\"timeline_url\":\"%s/timeline\",\"performed_via_github_app\":null,\"state_reason\":%s}",
		url, item->is_closed ? "\"completed\"" : "null");
}

static void
print_comment(Output *output, const Item *item)
{
	long long repository = item->repository;
	long long id = item->id;
	char url[128];

	snprintf(url, sizeof(url), "https://api.github.com/repos/acme/repo-%lld/issues/comments/%lld",
			 repository, id);
	output_print(
		output,
		"{\"url\":\"%s\",\"html_url\":\"https://github.com/acme/repo-%lld/issues/%d#issuecomment-%lld\","
		"\"issue_url\":\"https://api.github.com/repos/acme/repo-%lld/issues/%d\",\"id\":%lld,\"node_id\":\"IC_kwDOABCDEF5abcde\",\"user\":",
		url, repository, item->number, id, repository, item->number, id);
	print_author(output, item);
	output_print(
		output,
		",\"created_at\":\"%s\",\"updated_at\":\"%s\",\"author_association\":\"MEMBER\",\"body\":",
		iso(item->created_at), iso(item->updated_at));
	output_append(output, item->body, strlen(item->body));
	output_print(output, ",");
	print_reactions(output, url);
	output_print(output, ",\"performed_via_github_app\":null}");
}

bool
answer_item(Output *output, const char *status, const Item *item, const char *etag,
			size_t etag_length)
{
	char own[64];
	char headers[96];
	int length = snprintf(own, sizeof(own), "W/\"%llx-%llx-%x\"", (unsigned long long) item->id,
						  (unsigned long long) item->updated_at, item->revision);
	size_t start;

	snprintf(headers, sizeof(headers), "ETag: %s\r\n", own);
	if (etag_length == (size_t) length && memcmp(etag, own, etag_length) == 0)
	{
		output_print(output, "HTTP/1.1 304 Not Modified\r\n%s%s\r\n", common_headers(), headers);
		return false;
	}
	start = begin_answer(output, status, headers);
	if (item->is_comment)
		print_comment(output, item);
	else
		print_issue(output, item);
	end_answer(output, start);
	return true;
}

size_t
answer_begin_list(Output *output, const char *path, int path_length, int64_t next)
{
	char headers[512] = "";
	size_t start;

	if (next > 0)
		snprintf(headers, sizeof(headers), "Link: <%.*s&page=%lld>; rel=\"next\"\r\n", path_length,
				 path, (long long) next);
	start = begin_answer(output, "200 OK", headers);
	output_print(output, "[");
	return start;
}

void
answer_list_item(Output *output, size_t start, const Item *item)
{
	if (output->length > start + 1)
		output_print(output, ",");
	if (item->is_comment)
		print_comment(output, item);
	else
		print_issue(output, item);
}

void
answer_end_list(Output *output, size_t start)
{
	output_print(output, "]");
	end_answer(output, start);
}

void
answer_large(Output *output, const Item *item, size_t bytes)
{
	Item large = *item;
	char *body = malloc(bytes + 3);
	size_t start = begin_answer(output, "200 OK", "");

	if (body == NULL)
		abort();
	memset(body, 'x', bytes + 2);
	body[0] = body[bytes + 1] = '"';
	body[bytes + 2] = '\0';
	large.body = body;
	print_issue(output, &large);
	free(body);
	end_answer(output, start);
}

void
answer_repository(Output *output, int64_t repository)
{
	long long id = repository;
	size_t start = begin_answer(output, "200 OK", "");

	output_print(
		output,
		"{\"id\":%lld,\"node_id\":\"R_kgDOABCDEF\",\"name\":\"repo-%lld\",\"full_name\":\"acme/repo-%lld\",\"private\":false,\"owner\":",
		id, id, id);
	print_user(output, "acme", 2, "Organization");
	output_print(
		output,
		",\"html_url\":\"https://github.com/acme/repo-%lld\",\"description\":null,\"fork\":false,"
		"\"url\":\"https://api.github.com/repos/acme/repo-%lld\",\"has_issues\":true,\"archived\":false,\"disabled\":false,"
		"\"open_issues_count\":0,\"default_branch\":\"main\",\"permissions\":{\"admin\":false,\"push\":true,\"pull\":true}}",
		id, id);
	end_answer(output, start);
}

void
answer_token(Output *output, int64_t installation)
{
	size_t start = begin_answer(output, "201 Created", "");

	output_print(
		output,
		"{\"token\":\"ghs_%lld_benchbenchbenchbenchbenchbench\",\"expires_at\":\"%s\","
		"\"permissions\":{\"issues\":\"write\",\"metadata\":\"read\"},\"repository_selection\":\"all\"}",
		(long long) installation, iso(time(NULL) + 3600));
	end_answer(output, start);
}

void
answer_app(Output *output)
{
	size_t start = begin_answer(output, "200 OK", "");

	output_print(output,
				 "{\"id\":424242,\"slug\":\"" SLUG "\",\"login\":\"" SLUG
				 "[bot]\",\"name\":\"Bench\",\"events\":[\"issues\",\"issue_comment\"]}");
	end_answer(output, start);
}
