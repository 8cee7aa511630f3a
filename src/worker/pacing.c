/*
 * pacing.c
 *		When the next request of an installation may be sent.
 */
#include "postgres.h"

#include "common/hashfn.h"
#include "worker/pacing.h"

static RateKind
kind_of(GithubOperation operation)
{
	if (github_operation_creates(operation))
		return RATE_CREATION;
	return github_operation_writes(operation) ? RATE_WRITE : RATE_READ;
}

void
pacing_begin(Installation *installation)
{
	memset(installation->obstacles, 0, sizeof(installation->obstacles)); /* RATE_NONE */
}

static bool
is_held_up(const Installation *installation, RateKind kind)
{
	return installation->obstacles[kind].obstacle != RATE_NONE;
}

bool
pacing_is_blocked(Installation *installation)
{
	RatePermission block = budget_block(installation->id);

	for (int kind = 0; kind < RATE_KINDS; kind++)
		installation->obstacles[kind] = block;
	return block.obstacle != RATE_NONE;
}

bool
pacing_permits(Conversation *conversation)
{
	Installation *installation = conversation->installation;
	RateKind kind = kind_of(conversation->operation);

	/* Those of a kind keep their order: behind one that has to wait, the next one need not ask. */
	if (is_held_up(installation, kind))
		return false;
	installation->obstacles[kind] =
		budget_take(installation->id, kind, RATE_FOR_PEOPLE, &conversation->ticket);
	return !is_held_up(installation, kind);
}

bool
pacing_permits_sweep(Conversation *conversation)
{
	Installation *installation = conversation->installation;

	installation->sweep_obstacle = installation->obstacles[RATE_READ];
	if (!is_held_up(installation, RATE_READ))
		installation->sweep_obstacle =
			budget_take(installation->id, RATE_READ, RATE_FOR_BACKFILL, &conversation->ticket);
	return installation->sweep_obstacle.obstacle == RATE_NONE;
}

/* ---- what a request was about ---- */

/* Its bytes are hashed: members of one size leave no room between them. */
typedef struct Resource
{
	int64 github_repo_id;
	int64 id; /* GitHub's; below 0: our transaction's, of what is not there yet */
	int64 issue_number;
	int64 operation;
	int64 record_type; /* below 0: a list of a sweep */
	int64 name;        /* a hash: of a label or login that is asked for */
} Resource;

/* 0 would be none. */
static uint64
hash_of_subject(const void *key, size_t length)
{
	return Max(hash_bytes_extended(key, (int) length, 0), UINT64CONST(1));
}

static Resource
resource_of_claim(const SyncClaim *claim, GithubOperation operation)
{
	return (Resource){.github_repo_id = claim->github_repo_id,
					  .id = claim->github_id != 0 ? claim->github_id : -claim->id,
					  .issue_number = claim->issue_number,
					  .operation = operation,
					  .record_type = claim->record_type};
}

static Resource
resource_of_sweep(const RepoSweep *sweep, GithubOperation operation)
{
	const char *name = sweep->asked_name != NULL ? sweep->asked_name : "";

	return (Resource){.github_repo_id = sweep->github_repo_id,
					  .id = sweep->delivery_id,
					  .issue_number = sweep->issue_number,
					  .operation = operation,
					  .record_type = -1,
					  .name = (int64) hash_of_subject(name, strlen(name))};
}

/* One list that GitHub cannot make says nothing of what else it can: what is asked next tells. */
static bool
fails_alone(const Conversation *conversation)
{
	return conversation->purpose == ABOUT_SWEEP && !conversation->list_failed &&
		verdict_may_be_page_size(conversation->answer);
}

static RateSubject
what_it_is_about(const Conversation *conversation)
{
	Resource resource;

	if (conversation->claim == NULL && conversation->sweep == NULL)
		return (RateSubject){0};
	resource = conversation->claim != NULL
		? resource_of_claim(conversation->claim, conversation->operation)
		: resource_of_sweep(conversation->sweep, conversation->operation);
	return (RateSubject){.resource = hash_of_subject(&resource, sizeof(resource)),
						 .place = hash_of_subject(&resource.github_repo_id, sizeof(int64)),
						 .fails_alone = fails_alone(conversation)};
}

/* ---- times ---- */

TimestampTz
pacing_next_time(const Installation *installation)
{
	int64 next_ms = RATE_NEVER;

	for (RateKind kind = RATE_READ; kind < RATE_KINDS; kind++)
	{
		if (is_held_up(installation, kind))
			next_ms = Min(next_ms, installation->obstacles[kind].not_before_ms);
	}
	return budget_time(next_ms);
}

TimestampTz
pacing_next_time_of_sweep(const Installation *installation)
{
	const RatePermission *in_the_way = installation->obstacles[RATE_READ].obstacle != RATE_NONE
		? &installation->obstacles[RATE_READ]
		: &installation->sweep_obstacle;

	return budget_time(in_the_way->obstacle == RATE_NONE ? RATE_NEVER : in_the_way->not_before_ms);
}

void
pacing_settle(Conversation *conversation)
{
	const GithubVerdict *verdict = &conversation->answer->verdict;
	RateSubject about = what_it_is_about(conversation);

	conversation->is_own_trouble = false;
	if (conversation->ticket.held)
		conversation->is_own_trouble = budget_settle(&conversation->ticket, &about, verdict);
	else
		budget_note_verdict(conversation->installation->id, verdict);
}

void
pacing_give_back(Conversation *conversation)
{
	if (conversation->ticket.held)
		budget_give_back(&conversation->ticket);
}
