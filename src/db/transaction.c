/*
 * transaction.c
 *		Begin, commit and "try this alone": the worker's database transactions.
 */
#include "postgres.h"

#include "access/xact.h"
#include "db/ownership.h"
#include "db/transaction.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "pgstat.h"
#include "utils/errcodes.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"

void
db_begin(const char *activity)
{
	MemoryContext caller_context = CurrentMemoryContext;

	SetCurrentStatementStartTimestamp();
	StartTransactionCommand();
	ownership_require_session();
	SPI_connect();
	PushActiveSnapshot(GetTransactionSnapshot());
	pgstat_report_activity(STATE_RUNNING, activity);
	MemoryContextSwitchTo(caller_context);
}

void
db_commit(void)
{
	MemoryContext caller_context = CurrentMemoryContext;

	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
	MemoryContextSwitchTo(caller_context);
	/* Without it autovacuum would never hear of the queue. */
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
}

/*
 * What the owner's triggers SET is undone at the end, as if it had been SET
 * LOCAL: a role, a time-out, read only must not last in the worker's session.
 */
static void
run_to_its_end(DbAction action, void *argument)
{
	int nest_level = NewGUCNestLevel();

	action(argument);
	/* A deferred constraint must fail here, with its row, not at the commit of all. */
	SPI_execute("SET CONSTRAINTS ALL IMMEDIATE", false, 0);
	AtEOXact_GUC(false, nest_level);
}

/* A trigger may raise megabytes: what is kept of a message begins and ends like it. */
#define MESSAGE_MAX_BYTES 2000
#define MESSAGE_PART_BYTES 950

static char *
shortened(const char *message)
{
	int length = (int) strlen(message);
	int head;
	int tail;

	if (length <= MESSAGE_MAX_BYTES)
		return pstrdup(message);
	/* Whole characters: the server's encoding may have longer ones. */
	head = pg_mbcliplen(message, length, MESSAGE_PART_BYTES);
	tail = pg_mbcliplen(message, length, length - MESSAGE_PART_BYTES);
	return psprintf("%.*s ... (%d bytes left out) ... %s", head, message, tail - head,
					message + tail);
}

/* SQL_ASCII does not say what its bytes are: they stay as they are. */
static char *
in_utf8(const char *message)
{
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return pstrdup(message);
	return pstrdup(pg_server_to_any(message, (int) strlen(message), PG_UTF8));
}

typedef struct Attempt
{
	DbAction action;
	void *argument;
} Attempt;

/* DbAction */
static void
run_attempt(void *argument)
{
	const Attempt *attempt = argument;

	run_to_its_end(attempt->action, attempt->argument);
}

bool
db_try(DbAction action, void *argument, DbError *error)
{
	Attempt attempt = {action, argument};

	return db_try_reading(run_attempt, &attempt, error);
}

bool
db_try_reading(DbAction action, void *argument, DbError *error)
{
	MemoryContext caller_context = CurrentMemoryContext;
	ResourceOwner caller_owner = CurrentResourceOwner;
	volatile bool succeeded = false;

	BeginInternalSubTransaction(NULL);
	MemoryContextSwitchTo(caller_context);
	PG_TRY();
	{
		action(argument);
		ReleaseCurrentSubTransaction();
		succeeded = true;
	}
	PG_CATCH();
	{
		ErrorData *caught;

		MemoryContextSwitchTo(caller_context);
		caught = CopyErrorData();
		FlushErrorState();
		RollbackAndReleaseCurrentSubTransaction();
		error->sqlstate = caught->sqlerrcode;
		error->message = in_utf8(shortened(caught->message ? caught->message : "unknown error"));
		FreeErrorData(caught);
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller_context);
	CurrentResourceOwner = caller_owner;
	return succeeded;
}

bool
db_error_is_contention(const DbError *error)
{
	return error->sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlstate == ERRCODE_T_R_SERIALIZATION_FAILURE ||
		error->sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED;
}

/* The application's triggers may call other servers: class 08 is a connection of theirs. */
bool
db_error_is_passing(const DbError *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlstate);

	return category == ERRCODE_TO_CATEGORY(ERRCODE_CONNECTION_EXCEPTION) ||
		category == ERRCODE_INSUFFICIENT_RESOURCES || category == ERRCODE_OPERATOR_INTERVENTION ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_T_R_DEADLOCK_DETECTED);
}
