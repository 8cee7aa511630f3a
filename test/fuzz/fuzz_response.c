/*
 * fuzz_response.c
 *		Verdicts on whole answers.
 *
 * An input is a line for each of operation and transport (a letter), status,
 * retry-after, x-ratelimit-remaining, x-ratelimit-reset, date, location,
 * content-type ("-": absent), and then the body.
 */
#include "core/github_message.h"
#include "core/github_response.h"
#include "fuzz.h"

#define NOW INT64_C(1700000000)

/* Cuts the next line off *rest; NULL where it is "-". */
static char *
take_line(char **rest)
{
	char *line = *rest;
	char *end = strchr(line, '\n');

	*rest = end != NULL ? end + 1 : line + strlen(line);
	if (end != NULL)
		*end = '\0';
	return strcmp(line, "-") == 0 ? NULL : line;
}

/* A letter as one of count choices. */
static int
choice(const char *line, int count)
{
	return line == NULL || line[0] == '\0' ? 0 : (unsigned char) line[0] % count;
}

static GithubResponse
response_of(char *rest)
{
	GithubResponse response = {0};
	const char *status;

	response.operation =
		(GithubOperation) choice(take_line(&rest), GITHUB_CREATE_INSTALLATION_TOKEN + 1);
	response.transport = (GithubTransport) choice(take_line(&rest), GITHUB_ANSWER_TOO_LARGE + 1);
	status = take_line(&rest);
	response.status = status != NULL ? (int) strtol(status, NULL, 10) : 0;
	response.retry_after = take_line(&rest);
	response.ratelimit_remaining = take_line(&rest);
	response.ratelimit_reset = take_line(&rest);
	response.date = take_line(&rest);
	response.location = take_line(&rest);
	response.content_type = take_line(&rest);
	response.conditional = response.content_type == NULL;
	response.body = rest;
	return response;
}

/* A write is settled by GitHub's clear word only, which no page is, or where nothing left us. */
static bool
settles_write(const GithubResponse *response, GithubVerdictKind kind)
{
	if (response->transport == GITHUB_NEVER_SENT)
		return true;
	if (response->transport != GITHUB_ANSWERED)
		return false;
	if (response->status / 100 == 4)
		return response->status != 408 && kind != GITHUB_UNAVAILABLE;
	return kind == GITHUB_OK || kind == GITHUB_REDIRECTED;
}

static void
check_verdict(const GithubResponse *response, const GithubVerdict *verdict)
{
	must(strcmp(github_verdict_name(verdict->kind), "unknown") != 0);
	must(verdict->kind != GITHUB_OK || response->status / 100 == 2);
	must(verdict->kind != GITHUB_NOT_MODIFIED || response->conditional);
	must(verdict->kind != GITHUB_REDIRECTED || response->location != NULL);
	must(verdict->outcome_unknown ==
		 (github_operation_writes(response->operation) && !settles_write(response, verdict->kind)));
	must(verdict->not_before == GITHUB_NO_WAIT || verdict->kind == GITHUB_RATE_LIMITED ||
		 verdict->kind == GITHUB_UNAVAILABLE);
	must(verdict->not_before == GITHUB_NO_WAIT || response->date != NULL ||
		 (verdict->not_before >= NOW && verdict->not_before <= NOW + GITHUB_MAX_WAIT_S));
	must(verdict->message == NULL ||
		 (verdict->kind != GITHUB_OK && verdict->kind != GITHUB_NOT_MODIFIED));
	must(github_verdict_wait_s(verdict) == GITHUB_NO_WAIT || github_verdict_wait_s(verdict) >= 0);
	must(verdict->clock_offset_s == GITHUB_NO_OFFSET || verdict->kind == GITHUB_UNAUTHORIZED);
}

int
LLVMFuzzerTestOneInput(const uint8_t *data, size_t size)
{
	char *text = sanitized(data, size);
	GithubResponse response = response_of(text);
	GithubVerdict verdict = github_response_verdict(&response, NOW);
	char *message = github_message_parse(response.body);

	check_verdict(&response, &verdict);
	must(message == NULL ||
		 (strlen(message) <= GITHUB_MESSAGE_MAX_LENGTH && message[0] != '\0' && is_utf8(message)));
	free(message);
	github_verdict_free(&verdict);
	free(text);
	return 0;
}
