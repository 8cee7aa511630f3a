/*
 * conversation.c
 *		What is under way with GitHub.
 */
#include "postgres.h"

#include <time.h>

#include "worker/conversation.h"
#include "worker/credentials.h"
#include "worker/freshness.h"
#include "worker/pacing.h"
#include "worker/sending.h"
#include "server/settings.h"
#include "utils/memutils.h"
#include "utils/timestamp.h"

#define USER_AGENT "github_sync/" GITHUB_SYNC_VERSION " (PostgreSQL extension)"

static HttpClient *client = NULL;
static List *answers = NIL;                       /* of Conversation, to be recorded */
static List *unprepared = NIL;                    /* of Conversation: creations whose turn it is */
static dlist_head held = DLIST_STATIC_INIT(held); /* of Conversation: all that have a claim */
static int held_count = 0;
static bool lost_some = false;
static bool look_again = false;   /* something began to wait meanwhile */
static TimestampTz looked_at = 0; /* when what waits was last looked through */
static int requests_sent = 0;     /* for claims, and not answered yet */
static char *login = NULL;
static char login_key[TOKEN_KEY_LENGTH + 1];      /* token mode: the token that told it */
static char token_file_key[TOKEN_KEY_LENGTH + 1]; /* token mode: the token that was read last */
static bool identity_asked = false;
static Installation *turn = NULL;      /* found no room for any of its requests: is next */
static Installation *next_turn = NULL; /* the same, while they are looked through */
static bool turn_has_come;

static int64
now_in_seconds(void)
{
	return (int64) time(NULL);
}

static HttpClientOptions
options_of_settings(void)
{
	HttpClientOptions options = {.user_agent = USER_AGENT,
								 .ca_file = setting_ca_file[0] ? setting_ca_file : NULL,
								 .proxy = setting_proxy[0] ? setting_proxy : NULL,
								 /* The setting's check allows plain http to loopback hosts only. */
								 .allow_plain_http = strncmp(setting_api_url, "http://", 7) == 0,
								 .connect_timeout_ms = setting_connect_timeout_ms,
								 .request_timeout_ms = setting_request_timeout_ms,
								 .max_response_size = (size_t) setting_max_response_size_kb * 1024};

	return options;
}

void
conversations_open(void)
{
	HttpClientOptions options = options_of_settings();

	client = http_client_create(&options);
	if (client == NULL)
		ereport(ERROR, (errcode(ERRCODE_OUT_OF_MEMORY), errmsg("could not start the HTTP client")));
}

void
conversations_reconfigure(void)
{
	HttpClientOptions options = options_of_settings();

	(void) http_client_reconfigure(client, &options);
}

int
conversations_descriptor(void)
{
	return http_client_descriptor(client);
}

int
conversations_under_way(void)
{
	return held_count;
}

int64 *
conversations_held(RecordType record_type, int *count)
{
	int64 *ids = palloc(sizeof(int64) * Max(held_count, 1));
	dlist_iter iter;

	*count = 0;
	dlist_foreach (iter, &held)
	{
		const SyncClaim *claim = dlist_container(Conversation, held, iter.cur)->claim;

		if (claim->record_type == record_type)
			ids[(*count)++] = claim->id;
	}
	return ids;
}

void
conversations_note_lost(void)
{
	lost_some = true;
}

bool
conversations_take_lost(void)
{
	bool lost = lost_some;

	lost_some = false;
	return lost;
}

const char *
own_login(void)
{
	return login;
}

void
set_own_login(const Conversation *conversation, char *new_login)
{
	free(login);
	login = new_login;
	strlcpy(login_key, conversation->token_key, sizeof(login_key));
}

/* Another token in the file may be another user's; until that is known, the login stays. */
static bool
login_is_known(void)
{
	return login != NULL && (!credentials_are_a_token() || strcmp(login_key, token_file_key) == 0);
}

static bool
may_ask_for_login(const Installation *installation)
{
	return !credentials_are_a_token() ||
		(installation->token != NULL && strcmp(installation->token_key, token_file_key) == 0);
}

/* A list of conversations outlives the transaction it is touched in. */
static List *
append_conversation(List *list, Conversation *conversation)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	list = lappend(list, conversation);
	MemoryContextSwitchTo(caller);
	return list;
}

/* False: it could not be sent, and its refusal is among the answers. */
static bool
send_request(Conversation *conversation)
{
	if (sending_start(conversation, client))
		return true;
	answers = append_conversation(answers, conversation);
	return false;
}

static void
ask_for(ConversationPurpose purpose, GithubOperation operation, Installation *installation)
{
	Conversation *conversation = MemoryContextAllocZero(TopMemoryContext, sizeof(Conversation));

	conversation->purpose = purpose;
	conversation->operation = operation;
	conversation->installation = installation;
	(void) send_request(conversation);
}

static bool
read_token_file(Installation *installation)
{
	const char *problem = NULL;
	char *token = credentials_read_token(&problem);
	Conversation *first;

	if (token != NULL)
	{
		installation_set_token(installation, token, PG_INT64_MAX, DT_NOBEGIN);
		strlcpy(token_file_key, installation->token_key, sizeof(token_file_key));
		return true;
	}
	/* Told by way of the first that waits: the rest is given back with it. */
	first = linitial(installation->waiting);
	installation->waiting = list_delete_first(installation->waiting);
	sending_refuse(first, "credentials", problem);
	answers = append_conversation(answers, first);
	return false;
}

/* Whether requests of an installation can be authorised; starts what is missing. */
static bool
is_prepared(Installation *installation)
{
	if (!installation_has_token(installation, now_in_seconds()))
	{
		if (credentials_are_a_token())
		{
			if (!read_token_file(installation))
				return false;
		}
		else if (!installation->minting)
		{
			installation->minting = true;
			ask_for(ABOUT_TOKEN, GITHUB_CREATE_INSTALLATION_TOKEN, installation);
		}
	}
	if (!login_is_known() && !identity_asked && may_ask_for_login(installation))
	{
		identity_asked = true;
		ask_for(ABOUT_IDENTITY, credentials_are_a_token() ? GITHUB_GET_USER : GITHUB_GET_APP,
				installation);
	}
	return login_is_known() && installation_has_token(installation, now_in_seconds());
}

/* Its turn has been taken; it is given back when nothing was sent. */
static void
send_in_turn(Conversation *conversation)
{
	if (send_request(conversation))
		requests_sent++;
	else
		pacing_give_up(conversation);
}

/* Gives its turn back for a fetch. */
static void
refresh(Conversation *conversation)
{
	pacing_give_up(conversation);
	freshness_begin_refresh(conversation);
	conversation_continue(conversation);
	look_again = true;
}

static void
take_turn(Conversation *conversation)
{
	if (freshness_is_lost(conversation, looked_at))
	{
		refresh(conversation);
		return;
	}
	freshness_note_turn(conversation, looked_at);
	/* What was deferred for it may be read now, though it stands before it. */
	look_again |= github_operation_writes(conversation->operation);
	if (github_operation_creates(conversation->operation) && !conversation->prepared)
		unprepared = append_conversation(unprepared, conversation);
	else
		send_in_turn(conversation);
}

static bool
is_room(void)
{
	return requests_sent < setting_max_concurrent_requests;
}

/* Those of a kind keep their order: behind one that has to wait, the next one need not ask. */
static bool
may_take_turn(Conversation *conversation)
{
	return is_room() && !freshness_waits_for_refresh(conversation) &&
		!freshness_defers(conversation, looked_at) &&
		!installation_spares_token(conversation->installation, looked_at) &&
		!pacing_is_held_up(conversation->installation, rate_kind(conversation->operation)) &&
		pacing_permits(conversation);
}

static void
send_what_may_be_sent(Installation *installation)
{
	int sent_before = requests_sent;
	ListCell *cell;

	pacing_look_again(installation);
	if (installation->waiting == NIL || pacing_is_blocked(installation) ||
		!is_prepared(installation))
		return;
	foreach (cell, installation->waiting)
	{
		Conversation *conversation = lfirst(cell);

		if (may_take_turn(conversation))
		{
			installation->waiting = foreach_delete_current(installation->waiting, cell);
			take_turn(conversation);
		}
	}
	if (next_turn == NULL && !is_room() && installation->waiting != NIL &&
		requests_sent == sent_before)
		next_turn = installation;
}

static void
send_from_turn_on(Installation *installation)
{
	turn_has_come |= installation == turn;
	if (turn_has_come)
		send_what_may_be_sent(installation);
}

static void
send_before_turn(Installation *installation)
{
	turn_has_come |= installation == turn;
	if (!turn_has_come)
		send_what_may_be_sent(installation);
}

/* Where there is no room for all, those that found none begin the next time. */
static void
send_in_rotation(void)
{
	next_turn = NULL;
	turn_has_come = turn == NULL;
	installation_visit_all(send_from_turn_on);
	turn_has_come = turn == NULL;
	installation_visit_all(send_before_turn);
	turn = next_turn;
}

Conversation *
conversations_take_unprepared(void)
{
	Conversation *conversation;

	if (unprepared == NIL)
		return NULL;
	conversation = linitial(unprepared);
	unprepared = list_delete_first(unprepared);
	return conversation;
}

void
conversation_send_prepared(Conversation *conversation)
{
	conversation->prepared = true;
	budget_note_sent(&conversation->ticket);
	send_in_turn(conversation);
}

void
conversation_yield_turn(Conversation *conversation)
{
	pacing_give_up(conversation);
	conversation_end(conversation);
}

void
conversation_begin(SyncClaim *claim)
{
	Conversation *conversation = MemoryContextAllocZero(claim->context, sizeof(Conversation));

	conversation->purpose = ABOUT_CLAIM;
	conversation->claim = claim;
	conversation->installation = installation_get(claim->installation_id);
	conversation->page = 1;
	if (claim->is_probe)
	{
		conversation->installation->may_be_paused = true;
		budget_note_past_pause(claim->installation_id);
	}
	dlist_push_tail(&held, &conversation->held);
	held_count++;
	conversation_continue(conversation);
}

/* It is recorded. */
static void
forget_answer(Conversation *conversation)
{
	if (conversation->exchange == NULL)
		return;
	http_exchange_free(conversation->exchange);
	conversation->exchange = NULL;
	conversation->installation->requests_unsettled--;
}

static bool
goes_before(const Conversation *conversation, const Conversation *other)
{
	return conversation->claim->priority < other->claim->priority;
}

/* Behind those that are as urgent. */
static void
stand_in_line(Conversation *conversation)
{
	Installation *installation = conversation->installation;
	int place = list_length(installation->waiting);
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	while (place > 0 && goes_before(conversation, list_nth(installation->waiting, place - 1)))
		place--;
	installation->waiting = list_insert_nth(installation->waiting, place, conversation);
	MemoryContextSwitchTo(caller);
}

void
conversation_continue(Conversation *conversation)
{
	forget_answer(conversation);
	conversation->operation = sending_operation(conversation->claim);
	stand_in_line(conversation);
}

void
conversation_end(Conversation *conversation)
{
	forget_answer(conversation);
	freshness_end(conversation);
	dlist_delete(&conversation->held);
	held_count--;
	queue_claim_free(conversation->claim);
}

void
conversation_end_preparation(Conversation *conversation)
{
	if (conversation->exchange != NULL)
		http_exchange_free(conversation->exchange);
	if (conversation->unsendable_reason != NULL)
		pfree(conversation->unsendable_reason);
	if (conversation->purpose == ABOUT_TOKEN)
		conversation->installation->minting = false;
	else
		identity_asked = false;
	pfree(conversation);
}

void
conversation_go_to(Conversation *conversation, char *url)
{
	conversation->next_url = MemoryContextStrdup(conversation->claim->context, url);
	free(url);
}

void
conversation_arrived(Conversation *conversation)
{
	conversation->next_url = NULL;
	conversation->redirects = 0;
	conversation->redirected_repo_id = 0;
	conversation->retried_unauthorized = false;
}

void
conversation_postpone(Conversation *conversation, int delay_ms)
{
	freshness_end(conversation);
	conversation->postponed++;
	conversation->not_before = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), delay_ms);
	answers = append_conversation(answers, conversation);
}

static void
take_finished(void)
{
	HttpExchange *exchange;

	http_client_progress(client);
	while ((exchange = http_client_take_finished(client)) != NULL)
	{
		Conversation *conversation = http_exchange_tag(exchange);

		conversation->exchange = exchange;
		freshness_note_answer(conversation, GetCurrentTimestamp());
		conversation->postponed = 0;
		conversation->not_before = 0;
		pacing_settle(conversation);
		if (conversation->purpose == ABOUT_CLAIM)
			requests_sent--;
		answers = append_conversation(answers, conversation);
	}
}

void
conversations_progress(void)
{
	take_finished();
	looked_at = GetCurrentTimestamp();
	/* GitHub works on the next ones while these are recorded. */
	do
	{
		look_again = false;
		send_in_rotation();
	} while (look_again);
	take_finished();
}

Conversation *
conversations_take_answer(void)
{
	TimestampTz now = GetCurrentTimestamp();
	ListCell *cell;

	foreach (cell, answers)
	{
		Conversation *conversation = lfirst(cell);

		if (conversation->not_before <= now)
		{
			answers = foreach_delete_current(answers, cell);
			return conversation;
		}
	}
	return NULL;
}

List *
conversations_take_waiting(Installation *installation)
{
	List *waiting = installation->waiting;

	installation->waiting = NIL;
	return waiting;
}

List *
conversations_take_waiting_creations(Installation *installation)
{
	List *creations = NIL;
	ListCell *cell;

	foreach (cell, installation->waiting)
	{
		if (rate_kind(((Conversation *) lfirst(cell))->operation) == RATE_CREATION)
		{
			creations = append_conversation(creations, lfirst(cell));
			installation->waiting = foreach_delete_current(installation->waiting, cell);
		}
	}
	return creations;
}

static int waiting_in_all;

static void
count_waiting(Installation *installation)
{
	waiting_in_all += list_length(installation->waiting);
}

int
conversations_waiting(void)
{
	waiting_in_all = 0;
	installation_visit_all(count_waiting);
	return waiting_in_all;
}

static TimestampTz next_deadline;

/* What was due when we last looked waits for something else than a time. */
static void
consider_time(TimestampTz time)
{
	if (time > looked_at)
		next_deadline = Min(next_deadline, time);
}

static void
consider_installation(Installation *installation)
{
	if (installation->waiting == NIL)
		return;
	consider_time(installation->token_rests_until);
	consider_time(freshness_next_time(installation));
	next_deadline = Min(next_deadline, pacing_next_time(installation));
}

TimestampTz
conversations_next_deadline(TimestampTz now)
{
	long timeout_ms = http_client_timeout_ms(client);
	ListCell *cell;

	next_deadline = DT_NOEND;
	if (timeout_ms >= 0)
		next_deadline = TimestampTzPlusMilliseconds(now, timeout_ms);
	foreach (cell, answers)
		next_deadline = Min(next_deadline, ((Conversation *) lfirst(cell))->not_before);
	installation_visit_all(consider_installation);
	return next_deadline;
}
