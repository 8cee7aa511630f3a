/*
 * github_repository.c
 *		From GitHub's JSON to what a repository is.
 *
 * Pure.
 */
#include "core/github_repository.h"

#include <stdlib.h>
#include <string.h>

#include "core/json_reader.h"

static char *
read_owner_login(JsonReader *reader)
{
	const cJSON *owner = json_read_member(reader, "owner");
	JsonReader owner_reader = json_reader_open(owner);
	char *login = json_read_name(&owner_reader, "login");

	if (owner_reader.result == GITHUB_PARSE_OUT_OF_MEMORY)
		json_reader_fail(reader, owner_reader.result, owner_reader.problem);
	else if (owner_reader.result != GITHUB_PARSE_OK)
		json_reader_fail(reader, owner_reader.result, "owner.login");
	return login;
}

static GithubParseResult
read_repository(const cJSON *value, GithubRepository *repository, const char **problem)
{
	JsonReader reader = json_reader_open(value);

	repository->id = json_read_number(&reader, "id", INT64_MAX);
	repository->name = json_read_name(&reader, "name");
	repository->owner_login = read_owner_login(&reader);
	/* Only a plain false, or true, says so: nothing is to stop because a member is not there. */
	repository->has_issues = !cJSON_IsFalse(json_read_member(&reader, "has_issues"));
	repository->is_archived = cJSON_IsTrue(json_read_member(&reader, "archived"));
	return json_reader_finish(&reader, problem);
}

GithubParseResult
github_repository_parse(const char *json, GithubRepository *repository, const char **problem)
{
	cJSON *document;
	GithubParseResult result = json_document_parse(json, &document, problem);

	memset(repository, 0, sizeof(*repository));
	if (result == GITHUB_PARSE_OK)
		result = read_repository(document, repository, problem);
	if (result != GITHUB_PARSE_OK)
		github_repository_free(repository);
	cJSON_Delete(document);
	return result;
}

void
github_repository_free(GithubRepository *repository)
{
	free(repository->owner_login);
	free(repository->name);
	memset(repository, 0, sizeof(*repository));
}
