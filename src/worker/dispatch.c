/*
 * dispatch.c
 *		Whose turn it is: from the lines of all installations to GitHub.
 *
 * A conversation has its turn when there is room for another request, its
 * token may be used, what it reads is not too early and its budget permits it.
 * Where there is no room for all installations, those that found none begin
 * the next time.
 */
#include "postgres.h"

#include "server/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"
#include "worker/arrivals.h"
#include "worker/dispatch.h"
#include "worker/exchanges.h"
#include "worker/freshness.h"
#include "worker/identity.h"
#include "worker/line.h"
#include "worker/pacing.h"
#include "worker/repositories.h"
#include "worker/sending.h"

static struct
{
	List *unprepared;        /* of Conversation: creations whose turn it is */
	bool another_pass;       /* something began to wait meanwhile */
	TimestampTz passed_at;   /* when the lines were last gone through */
	int requests_sent;       /* for claims, and not answered yet */
	Installation *next_turn; /* found no room for any of its requests: is next */
} dispatch;

/* One pass through the lines, from the installation whose turn it is. */
typedef struct Rotation
{
	Installation *turn; /* NULL: any may begin */
	bool turn_has_come;
	Installation *next_turn;
} Rotation;

/* Its turn has been taken; it is given back when nothing was sent. */
static void
send_in_turn(Conversation *conversation)
{
	if (sending_start(conversation))
		dispatch.requests_sent++;
	else
		pacing_give_back(conversation);
}

/* Gives its turn back for a fetch. */
static void
refresh(Conversation *conversation)
{
	pacing_give_back(conversation);
	freshness_begin_refresh(conversation);
	line_join(conversation);
	dispatch.another_pass = true;
}

/* Gives its turn back for a look at its repository. */
static void
confirm_repository(Conversation *conversation)
{
	pacing_give_back(conversation);
	repositories_begin_confirmation(conversation);
	line_join(conversation);
	dispatch.another_pass = true;
}

static void
await_preparation(Conversation *conversation)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	dispatch.unprepared = lappend(dispatch.unprepared, conversation);
	MemoryContextSwitchTo(caller);
}

/* After a refusal (401), the token may be another account's: what that creates is to be known as its own. */
static bool
is_prepared(const Conversation *conversation)
{
	return conversation->prepared && conversation->prepared_as == identity_own_id();
}

static void
take_turn(Conversation *conversation)
{
	if (freshness_is_lost(conversation, dispatch.passed_at))
	{
		refresh(conversation);
		return;
	}
	if (repositories_need_confirmation(conversation, dispatch.passed_at))
	{
		confirm_repository(conversation);
		return;
	}
	freshness_note_turn(conversation, dispatch.passed_at);
	/* What was deferred for it may be read now, though it stands before it. */
	dispatch.another_pass |= github_operation_writes(conversation->operation);
	if (github_operation_creates(conversation->operation) && !is_prepared(conversation))
		await_preparation(conversation);
	else
		send_in_turn(conversation);
}

static bool
is_room(void)
{
	return dispatch.requests_sent < setting_max_concurrent_requests;
}

static bool
may_take_turn(Conversation *conversation)
{
	return is_room() && !freshness_waits_for_refresh(conversation) &&
		!repositories_wait_for_confirmation(conversation) && identity_is_new_enough(conversation) &&
		!freshness_defers(conversation, dispatch.passed_at) &&
		!installation_spares_token(conversation->installation, dispatch.passed_at) &&
		pacing_permits(conversation);
}

static bool
has_to_send(const Installation *installation)
{
	return installation->waiting != NIL || installation->sweep != NULL;
}

static bool
asks_as_app(const Installation *installation)
{
	return installation->sweep != NULL && github_operation_uses_jwt(installation->sweep->operation);
}

static void
go_through_line(Installation *installation)
{
	ListCell *cell;

	foreach (cell, installation->waiting)
	{
		Conversation *conversation = lfirst(cell);

		if (may_take_turn(conversation))
		{
			installation->waiting = foreach_delete_current(installation->waiting, cell);
			take_turn(conversation);
		}
	}
}

static void
send_sweep(Installation *installation)
{
	Conversation *conversation = installation->sweep;

	if (conversation == NULL || !is_room() ||
		installation_spares_token(installation, dispatch.passed_at) ||
		!pacing_permits_sweep(conversation))
		return;
	installation->sweep = NULL;
	if (!sending_start(conversation))
		pacing_give_back(conversation);
}

/*
 * A page of a list goes behind all that waits.  But of rows with which GitHub
 * fails one is due at the end of each pause, and would be what finds out whether
 * GitHub can be reached: no page would be sent.  One that fails waits by itself.
 */
static bool
page_goes_first(const Installation *installation)
{
	return installation_pauses(installation, PAUSE_UNREACHABLE) > 0;
}

static void
send_what_may_be_sent(Installation *installation, Rotation *rotation)
{
	int sent_before = dispatch.requests_sent;

	pacing_begin(installation);
	if (!has_to_send(installation) || pacing_is_blocked(installation))
		return;
	/* That needs no token: one that is deleted gets none, and may ask for what was made in its place. */
	if (asks_as_app(installation))
		send_sweep(installation);
	if (!has_to_send(installation) || !identity_is_prepared(installation))
		return;
	if (page_goes_first(installation))
		send_sweep(installation);
	go_through_line(installation);
	send_sweep(installation);
	if (rotation->next_turn == NULL && !is_room() && installation->waiting != NIL &&
		dispatch.requests_sent == sent_before)
		rotation->next_turn = installation;
}

/* InstallationVisitor */
static void
send_from_turn_on(Installation *installation, void *argument)
{
	Rotation *rotation = argument;

	rotation->turn_has_come |= installation == rotation->turn;
	if (rotation->turn_has_come)
		send_what_may_be_sent(installation, rotation);
}

/* InstallationVisitor */
static void
send_before_turn(Installation *installation, void *argument)
{
	Rotation *rotation = argument;

	rotation->turn_has_come |= installation == rotation->turn;
	if (!rotation->turn_has_come)
		send_what_may_be_sent(installation, rotation);
}

static void
send_in_rotation(void)
{
	Rotation rotation = {.turn = dispatch.next_turn};

	rotation.turn_has_come = rotation.turn == NULL;
	installation_visit_all(send_from_turn_on, &rotation);
	rotation.turn_has_come = rotation.turn == NULL;
	installation_visit_all(send_before_turn, &rotation);
	dispatch.next_turn = rotation.next_turn;
}

/* The others' requests wait while an answer is read: more than this is read in the next turn of the loop. */
#define BYTES_PER_TURN (2 * 1024 * 1024)

static void
take_answered(void)
{
	Conversation *conversation;
	size_t bytes = 0;

	exchanges_progress();
	while (bytes < BYTES_PER_TURN && (conversation = sending_take_answered()) != NULL)
	{
		bytes += verdict_length(conversation->answer);
		freshness_note_answer(conversation, GetCurrentTimestamp());
		pacing_settle(conversation);
		if (conversation->purpose == ABOUT_CLAIM)
			dispatch.requests_sent--;
		arrivals_add(conversation);
	}
}

void
dispatch_progress(void)
{
	take_answered();
	dispatch.passed_at = GetCurrentTimestamp();
	/* GitHub works on the next ones while these are reported. */
	do
	{
		dispatch.another_pass = false;
		send_in_rotation();
	} while (dispatch.another_pass);
	take_answered();
}

Conversation *
dispatch_take_unprepared(void)
{
	Conversation *conversation;

	if (dispatch.unprepared == NIL)
		return NULL;
	conversation = linitial(dispatch.unprepared);
	dispatch.unprepared = list_delete_first(dispatch.unprepared);
	return conversation;
}

void
dispatch_send_prepared(Conversation *conversation)
{
	conversation->prepared = true;
	conversation->prepared_as = identity_own_id();
	budget_note_sent(&conversation->ticket);
	send_in_turn(conversation);
}

void
dispatch_yield_turn(Conversation *conversation)
{
	pacing_give_back(conversation);
	line_end(conversation);
}

/* What was due in the last pass waits for something else than a time. */
static void
consider_time(TimestampTz *next, TimestampTz time)
{
	if (time > dispatch.passed_at)
		*next = Min(*next, time);
}

/* InstallationVisitor */
static void
consider_installation(Installation *installation, void *argument)
{
	TimestampTz *next = argument;

	if (installation->sweep != NULL)
	{
		consider_time(next, installation->token_rests_until);
		*next = Min(*next, pacing_next_time_of_sweep(installation));
	}
	if (installation->waiting == NIL)
		return;
	consider_time(next, installation->token_rests_until);
	consider_time(next, freshness_next_time(installation));
	*next = Min(*next, pacing_next_time(installation));
}

TimestampTz
dispatch_next_time(TimestampTz now)
{
	TimestampTz next = exchanges_next_time(now);

	installation_visit_all(consider_installation, &next);
	return next;
}
