/*
 * roster.c
 *		What the launcher knows of the server's databases, and the scouts that it
 *		learns it from.
 *
 * pg_database is read every few minutes, and whenever somebody tells of a change.
 * One scout at a time goes where something may have changed; where nothing was
 * told of, it comes by seldom enough that hundreds of databases cost nothing.
 *
 * Any role may have its database told of as often as it likes, by GRANT on a table
 * of its own: a database that is told of all the time is scouted now and then, after
 * all others, and its workers start by what the last scout has found.
 *
 * At DEBUG1 each scout is logged that is ordered or ends without an answer.
 */
#include "postgres.h"

#include "db/catalog.h"
#include "server/process_start.h"
#include "server/roster.h"
#include "server/shared_state.h"
#include "server/statistics.h"
#include "server/suspects.h"
#include "utils/hsearch.h"
#include "utils/timestamp.h"

#define SCOUT_NAME PROCESS_START_LIBRARY " scout"

#define SECOND_MS 1000
#define LIST_EVERY_MS (5 * 60 * SECOND_MS)
#define SCOUT_MAY_TAKE_MS (30 * SECOND_MS)
#define SCOUT_DELAY_MAX_MS LIST_EVERY_MS

/* Where nothing is told of: a scout costs about 10 ms, and one in so long is no load. */
#define UNASKED_SCOUT_EVERY_MS (3 * SECOND_MS)

/* Where changes are told of without an end: so many at once, then one in so long. */
#define SCOUTS_IN_A_ROW 10
#define SCOUT_REST_MS SECOND_MS

typedef struct Scout
{
	BackgroundWorkerHandle *handle; /* NULL: none is under way */
	ScoutOrder order;
	TimestampTz answer_by;
} Scout;

static HTAB *databases;
static Scout scout;
static TimestampTz list_at;
static TimestampTz refresh_at; /* when all of them may be scouted again, unasked */

void
roster_create(void)
{
	HASHCTL control = {.keysize = sizeof(Oid), .entrysize = sizeof(Database)};

	databases = hash_create("github_sync databases", 64, &control, HASH_ELEM | HASH_BLOBS);
}

Database *
roster_find(Oid oid)
{
	return hash_search(databases, &oid, HASH_FIND, NULL);
}

void
roster_visit_all(RosterVisitor visitor, void *argument)
{
	HASH_SEQ_STATUS all;
	Database *database;

	hash_seq_init(&all, databases);
	while ((database = hash_seq_search(&all)) != NULL)
		visitor(database, argument);
}

/* RosterVisitor */
static void
see_whether_known(Database *database, void *argument)
{
	bool *all_known = argument;

	*all_known &= database->known;
}

bool
roster_is_known(void)
{
	bool all_known = true;

	roster_visit_all(see_whether_known, &all_known);
	return all_known;
}

/* ---- the list ---- */

/* DatabaseVisitor */
static void
remember_database(Oid oid)
{
	bool found;
	Database *database = hash_search(databases, &oid, HASH_ENTER, &found);

	if (!found)
	{
		DatabaseStatus status = shared_state_database_status(oid, GetCurrentTimestamp());

		memset(database, 0, sizeof(*database));
		database->oid = oid;
		database->outdated = true;
		database->unsure = true;
		/* A launcher before this one knew it. */
		database->hastened = status.running || status.is_told;
	}
	database->listed = true;
}

static void
forget_databases_not_listed(void)
{
	HASH_SEQ_STATUS all;
	Database *database;

	hash_seq_init(&all, databases);
	while ((database = hash_seq_search(&all)) != NULL)
	{
		if (!database->listed)
			hash_search(databases, &database->oid, HASH_REMOVE, NULL);
		else
			database->listed = false;
	}
}

static bool
is_on_list(Oid oid)
{
	return roster_find(oid) != NULL;
}

static void
list_databases(TimestampTz now)
{
	catalog_visit_databases(remember_database);
	forget_databases_not_listed();
	shared_state_forget_databases_but(is_on_list);
	suspects_forget_databases_but(is_on_list);
	statistics_forget_databases_but(is_on_list);
	list_at = TimestampTzPlusMilliseconds(now, LIST_EVERY_MS);
}

/* ---- what sessions tell ---- */

static bool
had_no_rest(const Database *database, TimestampTz now)
{
	return now < TimestampTzPlusMilliseconds(database->scouted_at, 2 * SCOUT_REST_MS);
}

/* Its changes come faster than scouts. */
static bool
is_restless(const Database *database, TimestampTz now)
{
	return database->scouted_in_a_row >= SCOUTS_IN_A_ROW && had_no_rest(database, now);
}

/* RosterVisitor */
static void
mark_changed(Database *database, void *argument)
{
	const TimestampTz *now = argument;

	database->outdated = true;
	/* Else no worker would start for as long as somebody goes on: one of a former owner ends by itself. */
	if (!is_restless(database, *now))
		database->unsure = true;
	database->changed = true;
	database->scout_failures = 0;
	database->scout_not_before = 0;
}

/* RosterVisitor */
static void
mark_woken(Database *database, void *argument pg_attribute_unused())
{
	if (!database->known)
		database->hastened = true;
}

static void
mark_set(const DatabaseSet *set, RosterVisitor mark, TimestampTz now)
{
	if (set->all)
		roster_visit_all(mark, &now);
	for (int i = 0; i < set->count; i++)
	{
		Database *database = roster_find(set->databases[i]);

		if (database != NULL)
			mark(database, &now);
	}
}

void
roster_doubt(Oid oid)
{
	Database *database = roster_find(oid);

	if (database == NULL)
		return;
	database->outdated = true;
	database->unsure = true;
	database->hastened = true;
}

/* RosterVisitor */
static void
mark_outdated(Database *database, void *argument pg_attribute_unused())
{
	database->outdated = true;
}

/* A change that nobody told of is found in the end. */
static void
refresh_all(TimestampTz now)
{
	int64 interval_ms = Max((int64) LIST_EVERY_MS,
							(int64) hash_get_num_entries(databases) * UNASKED_SCOUT_EVERY_MS);

	roster_visit_all(mark_outdated, NULL);
	refresh_at = TimestampTzPlusMilliseconds(now, interval_ms);
}

static void
take_messages(TimestampTz now)
{
	ScoutRequests requests;

	shared_state_forget_dead_blocks();
	shared_state_take_scout_requests(&requests);
	if (requests.list_databases || now >= list_at)
		list_databases(now);
	if (now >= refresh_at)
		refresh_all(now);
	mark_set(&requests.changed, mark_changed, now);
	mark_set(&requests.woken, mark_woken, now);
}

/* ---- scouts ---- */

static void
take_over_answer(Database *database, Oid owner, TimestampTz now)
{
	elog(DEBUG1, "the queue of database %u belongs to role %u (0: there is no queue)",
		 database->oid, owner);
	database->known = true;
	database->owner = owner;
	database->scout_failures = 0;
	/* What was told of since the scout set out is for the next one to see. */
	if (database->outdated && !is_restless(database, now))
		return;
	database->unsure = false;
	if (database->changed)
		shared_state_release_database(database->oid);
	database->changed = false;
}

static void
read_scout_answer(Database *database, TimestampTz now)
{
	Oid owner;

	database->scouted_at = now;
	if (shared_state_scout_answer(scout.order.generation, &owner))
	{
		take_over_answer(database, owner, now);
		return;
	}
	database->outdated = true;
	database->scout_not_before =
		process_start_retry_at(now, ++database->scout_failures, SCOUT_DELAY_MAX_MS);
	elog(DEBUG1, "the scout of database %u ended without an answer, %d in a row", database->oid,
		 database->scout_failures);
}

static void
hurry_scout(TimestampTz now, TimestampTz *next_pass)
{
	if (now >= scout.answer_by)
	{
		elog(DEBUG1, "terminating the scout of database %u, which took too long",
			 scout.order.database);
		shared_state_cancel_scout();
		scout.answer_by = TimestampTzPlusMilliseconds(now, SCOUT_MAY_TAKE_MS);
	}
	*next_pass = Min(*next_pass, scout.answer_by);
}

static void
receive_scout(TimestampTz now, TimestampTz *next_pass)
{
	Database *database;

	if (scout.handle == NULL)
		return;
	if (!process_start_has_stopped(scout.handle))
	{
		hurry_scout(now, next_pass);
		return;
	}
	database = roster_find(scout.order.database);
	if (database != NULL)
		read_scout_answer(database, now);
	pfree(scout.handle);
	scout.handle = NULL;
	process_start_note_end();
}

/* Those whose workers wait for it first, then those that nobody knows yet. */
static int
urgency(const Database *database, TimestampTz now)
{
	if (is_restless(database, now))
		return -1;
	if (database->hastened || (database->unsure && OidIsValid(database->owner)))
		return 3;
	if (database->changed)
		return 2;
	return database->known ? 0 : 1;
}

typedef struct ScoutChoice
{
	TimestampTz now;
	TimestampTz *next_pass;
	Database *chosen;
} ScoutChoice;

static TimestampTz
next_scout_at(const Database *database, TimestampTz now)
{
	if (!is_restless(database, now))
		return database->scout_not_before;
	return Max(database->scout_not_before,
			   TimestampTzPlusMilliseconds(database->scouted_at, SCOUT_REST_MS));
}

/* Of those that are as urgent, the one that has waited longest. */
static bool
is_scouted_before(const Database *database, const Database *other, TimestampTz now)
{
	int by_urgency = urgency(database, now) - urgency(other, now);

	return by_urgency > 0 || (by_urgency == 0 && database->scouted_at < other->scouted_at);
}

/* RosterVisitor */
static void
consider_for_scout(Database *database, void *argument)
{
	ScoutChoice *choice = argument;
	TimestampTz scout_at = next_scout_at(database, choice->now);

	/* When a block ends, the launcher is woken. */
	if (!database->outdated || shared_state_database_is_blocked(database->oid))
		return;
	if (scout_at > choice->now)
		*choice->next_pass = Min(*choice->next_pass, scout_at);
	else if (choice->chosen == NULL || is_scouted_before(database, choice->chosen, choice->now))
		choice->chosen = database;
}

static void
order_scout(Database *database, TimestampTz now)
{
	ProcessOrder order = {.type = SCOUT_NAME,
						  .function = "github_sync_scout_main",
						  .database = database->oid,
						  .order = &scout.order,
						  .order_size = sizeof(scout.order)};

	scout.order.database = database->oid;
	scout.order.generation = shared_state_order_scout(database->oid);
	scout.handle = process_start(&order, now);
	scout.answer_by = TimestampTzPlusMilliseconds(now, SCOUT_MAY_TAKE_MS);
	shared_state_explain_missing_scout(process_start_problem());
	if (scout.handle == NULL)
		return;
	/* A change that the scout does not see any more sends a message of its own. */
	database->outdated = false;
	database->hastened = false;
	database->scouted_in_a_row = had_no_rest(database, now) ? database->scouted_in_a_row + 1 : 1;
	database->scouted_at = now;
	elog(DEBUG1, "ordered a scout for database %u", database->oid);
}

static void
send_scout(TimestampTz now, TimestampTz *next_pass)
{
	ScoutChoice choice = {now, next_pass, NULL};

	if (scout.handle != NULL)
		return;
	roster_visit_all(consider_for_scout, &choice);
	if (choice.chosen == NULL)
		return;
	if (process_start_not_before() <= now)
		order_scout(choice.chosen, now);
	*next_pass =
		Min(*next_pass, scout.handle != NULL ? scout.answer_by : process_start_not_before());
}

void
roster_update(TimestampTz now, TimestampTz *next_pass)
{
	receive_scout(now, next_pass);
	take_messages(now);
	send_scout(now, next_pass);
	*next_pass = Min(*next_pass, Min(list_at, refresh_at));
}
