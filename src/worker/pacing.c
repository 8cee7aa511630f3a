/*
 * pacing.c
 *		When the next request of an installation may be sent.
 */
#include "postgres.h"

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

/* One list that GitHub cannot make says nothing of what else it can: the list alone waits. */
static GithubVerdict
verdict_for_budget(const Conversation *conversation)
{
	GithubVerdict verdict = conversation->answer->verdict;

	if (conversation->purpose == ABOUT_SWEEP && verdict.kind == GITHUB_UNAVAILABLE &&
		verdict_may_be_page_size(conversation->answer))
		verdict.kind = GITHUB_REJECTED;
	return verdict;
}

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
	GithubVerdict verdict = verdict_for_budget(conversation);

	if (conversation->ticket.held)
		budget_settle(&conversation->ticket, &verdict);
	else
		budget_note_verdict(conversation->installation->id, &verdict);
}

void
pacing_give_back(Conversation *conversation)
{
	if (conversation->ticket.held)
		budget_give_back(&conversation->ticket);
}
