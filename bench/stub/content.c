/*
 * content.c
 *		What the stub's GitHub holds.
 */
#include "content.h"

#include <stdio.h>
#include <stdlib.h>
#include <string.h>

#define BUCKETS (1 << 18)

typedef struct Entry
{
	struct Entry *next;
	Item item;
	char *title;
	char *body;
	bool is_deleted;
} Entry;

static Entry *buckets[BUCKETS];
static time_t base;
static uint32_t versions[CONTENT_MAX_REPOSITORY + 1];
static int32_t created[CONTENT_MAX_REPOSITORY + 1];
static int64_t comments_created;
static int32_t listed_issues[CONTENT_MAX_REPOSITORY + 1];
static int32_t listed_comments[CONTENT_MAX_REPOSITORY + 1]; /* of each of these issues */

static const char no_text[] = "null";

void
content_reset(time_t new_base)
{
	for (int i = 0; i < BUCKETS; i++)
	{
		while (buckets[i] != NULL)
		{
			Entry *entry = buckets[i];

			buckets[i] = entry->next;
			free(entry->title);
			free(entry->body);
			free(entry);
		}
	}
	memset(versions, 0, sizeof(versions));
	memset(created, 0, sizeof(created));
	memset(listed_issues, 0, sizeof(listed_issues));
	memset(listed_comments, 0, sizeof(listed_comments));
	comments_created = 0;
	base = new_base;
}

time_t
content_base(void)
{
	return base;
}

void
content_edit_all(int64_t from, int64_t to)
{
	for (int64_t i = from < 0 ? 0 : from; i <= to && i <= CONTENT_MAX_REPOSITORY; i++)
		versions[i]++;
}

void
content_list(int64_t from, int64_t to, int32_t issues, int32_t comments)
{
	for (int64_t i = from < 0 ? 0 : from; i <= to && i <= CONTENT_MAX_REPOSITORY; i++)
	{
		listed_issues[i] = issues;
		listed_comments[i] = comments;
	}
}

int32_t
content_listed_issues(int64_t repository)
{
	return repository >= 0 && repository <= CONTENT_MAX_REPOSITORY ? listed_issues[repository] : 0;
}

int64_t
content_listed_comments(int64_t repository)
{
	return repository >= 0 && repository <= CONTENT_MAX_REPOSITORY
		? (int64_t) listed_issues[repository] * listed_comments[repository]
		: 0;
}

/* Ids of issues and comments have no value in common: a comment's is a hundred times larger. */
static Entry **
bucket_of(int64_t id)
{
	return &buckets[((uint64_t) id * UINT64_C(0x9E3779B97F4A7C15)) >> 46];
}

static Entry *
find(int64_t id, bool is_comment)
{
	Entry *entry = *bucket_of(id);

	while (entry != NULL && (entry->item.id != id || entry->item.is_comment != is_comment))
		entry = entry->next;
	return entry;
}

/* What lists show was last changed long ago, each issue in a second of its own, as people are. */
static time_t
updated_at(const Item *item, uint32_t version)
{
	bool is_listed = item->number <= content_listed_issues(item->repository);

	return is_listed && version == 0 ? base - CONTENT_LAST_GIVEN + item->number : base + version;
}

static void
describe(Item *item, uint32_t version)
{
	static char title[128];
	static char body[1024];

	snprintf(title, sizeof(title), "\"Issue %d of repository %lld, as of edit %u\"", item->number,
			 (long long) item->repository, version);
	snprintf(
		body, sizeof(body),
		"\"The importer stops at row %d of the file.\\r\\n\\r\\nSteps to reproduce:\\r\\n\\r\\n"
		"1. Take the file of repository %lld.\\r\\n2. Import it twice.\\r\\n3. Look at the log.\\r\\n\\r\\n"
		"Expected: every row is there once. Seen: `duplicate key value violates unique constraint`, "
		"and the rows after it are missing. This text was edited %u times.\"",
		item->number, (long long) item->repository, version);
	item->title = title;
	item->body = body;
	item->created_at = base - CONTENT_LAST_GIVEN + item->number;
	item->updated_at = updated_at(item, version);
	item->revision = version;
}

static bool
is_given(int64_t repository, int64_t number)
{
	return repository > 0 && repository <= CONTENT_MAX_REPOSITORY && number > 0 &&
		number <= CONTENT_LAST_GIVEN;
}

static bool
look_up(Item *item)
{
	const Entry *entry = find(item->id, item->is_comment);

	if (entry != NULL)
	{
		*item = entry->item;
		return !entry->is_deleted;
	}
	if (!is_given(item->repository, item->number))
		return false;
	describe(item, versions[item->repository]);
	return true;
}

bool
content_issue(int64_t repository, int64_t number, Item *item)
{
	*item = (Item){
		.id = repository * CONTENT_NUMBERS_PER_REPOSITORY + number,
		.repository = repository,
		.number = (int32_t) number,
		.comments = number <= content_listed_issues(repository) ? listed_comments[repository] : 0,
	};
	return number > 0 && number < CONTENT_NUMBERS_PER_REPOSITORY && look_up(item);
}

bool
content_comment(int64_t id, Item *item)
{
	int64_t issue = id / CONTENT_COMMENTS_PER_ISSUE;

	*item = (Item){
		.id = id,
		.repository = issue / CONTENT_NUMBERS_PER_REPOSITORY,
		.number = (int32_t) (issue % CONTENT_NUMBERS_PER_REPOSITORY),
		.is_comment = true,
	};
	return look_up(item);
}

bool
content_listed_comment(int64_t repository, int64_t place, Item *item)
{
	int64_t number = place / listed_comments[repository] + 1;
	int64_t issue = repository * CONTENT_NUMBERS_PER_REPOSITORY + number;

	return content_comment(issue * CONTENT_COMMENTS_PER_ISSUE + place % listed_comments[repository],
						   item);
}

/* What is there of it, or a copy of what was made up. */
static Entry *
keep(const Item *item)
{
	Entry *entry = find(item->id, item->is_comment);
	Entry **bucket = bucket_of(item->id);

	if (entry != NULL)
		return entry;
	entry = calloc(1, sizeof(Entry));
	if (entry == NULL)
		abort();
	entry->item = *item;
	entry->title = strdup(item->title);
	entry->body = strdup(item->body);
	entry->next = *bucket;
	*bucket = entry;
	return entry;
}

static void
replace(char **text, const char *value, int length)
{
	if (value == NULL)
		return;
	free(*text);
	*text = strndup(value, (size_t) length);
	if (*text == NULL)
		abort();
}

static void
apply(Entry *entry, const Change *change)
{
	Item *item = &entry->item;

	replace(&entry->title, change->title, change->title_length);
	replace(&entry->body, change->body, change->body_length);
	if (change->state != NULL)
		item->is_closed = strncmp(change->state, "\"closed\"", (size_t) change->state_length) == 0;
	item->title = entry->title;
	item->body = entry->body;
	item->updated_at = time(NULL);
	item->revision++;
}

bool
content_update(const Item *before, const Change *change, Item *after)
{
	Entry *entry = keep(before);

	apply(entry, change);
	*after = entry->item;
	return true;
}

static bool
create(Item *item, const Change *change)
{
	Entry *entry;

	item->is_ours = true;
	item->title = no_text;
	item->body = no_text;
	item->created_at = time(NULL);
	entry = keep(item);
	apply(entry, change);
	*item = entry->item;
	return true;
}

bool
content_create_issue(int64_t repository, const Change *change, Item *item)
{
	if (repository <= 0 || repository > CONTENT_MAX_REPOSITORY)
		return false;
	*item = (Item){
		.repository = repository,
		.number = CONTENT_LAST_GIVEN + ++created[repository],
	};
	item->id = repository * CONTENT_NUMBERS_PER_REPOSITORY + item->number;
	return create(item, change);
}

/* Among those of an issue that nobody gives; a hundred of an issue are all there can be. */
bool
content_create_comment(const Item *issue, const Change *change, Item *item)
{
	*item = (Item){
		.id = issue->id * CONTENT_COMMENTS_PER_ISSUE +
			++comments_created % CONTENT_COMMENTS_PER_ISSUE,
		.repository = issue->repository,
		.number = issue->number,
		.is_comment = true,
	};
	return create(item, change);
}

bool
content_delete(const Item *item)
{
	keep(item)->is_deleted = true;
	return true;
}
