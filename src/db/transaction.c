/*
 * transaction.c
 *		Begin, commit and "try this alone": the worker's database transactions.
 */
#include "postgres.h"

#include <signal.h>

#include "access/xact.h"
#include "db/ownership.h"
#include "db/session.h"
#include "db/transaction.h"
#include "executor/spi.h"
#include "mb/pg_wchar.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "utils/errcodes.h"
#include "utils/guc.h"
#include "utils/memutils.h"
#include "utils/resowner.h"
#include "utils/snapmgr.h"
#include "utils/timeout.h"

/*
 * The worker does one thing at a time: a row whose trigger never ends would stop
 * all others. It is canceled after a time; should it not care, the process ends.
 */
#define ACTION_MAX_MS (10 * 1000)
#define CANCEL_MAX_MS (5 * 1000)

static TimeoutId end_of_patience;
static bool patience_is_known = false;

/* A signal handler. */
static void
end_this_process(void)
{
	kill(MyProcPid, SIGTERM);
}

static void
limit_time(void)
{
	if (!patience_is_known)
		end_of_patience = RegisterTimeout(USER_TIMEOUT, end_this_process);
	patience_is_known = true;
	enable_timeout_after(STATEMENT_TIMEOUT, ACTION_MAX_MS);
	enable_timeout_after(end_of_patience, ACTION_MAX_MS + CANCEL_MAX_MS);
}

static void
unlimit_time(void)
{
	disable_timeout(end_of_patience, false);
	disable_timeout(STATEMENT_TIMEOUT, false);
}

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

/* SQL_ASCII does not say what its bytes are: they stay as they are. */
static char *
in_utf8(const char *message)
{
	if (GetDatabaseEncoding() == PG_SQL_ASCII)
		return pstrdup(message);
	return pstrdup(pg_server_to_any(message, (int) strlen(message), PG_UTF8));
}

/* Nobody but our own functions writes them, and what those write has room: another session was quicker. */
static bool
is_key_of_ours(const ErrorData *raised)
{
	return (raised->sqlerrcode == ERRCODE_UNIQUE_VIOLATION ||
			raised->sqlerrcode == ERRCODE_FOREIGN_KEY_VIOLATION) &&
		raised->schema_name != NULL && strcmp(raised->schema_name, "github_sync") == 0;
}

/* In an error's handler: what was raised, in the caller's memory. */
static void
take_error(MemoryContext caller_context, DbError *error)
{
	ErrorData *caught;

	MemoryContextSwitchTo(caller_context);
	caught = CopyErrorData();
	FlushErrorState();
	error->sqlstate = caught->sqlerrcode;
	error->message = pstrdup(caught->message ? caught->message : "unknown error");
	error->is_lost_race = is_key_of_ours(caught);
	FreeErrorData(caught);
}

/* DbAction: the end of a transaction, in which the owner's deferred triggers run. */
static void
commit_transaction(void *argument pg_attribute_unused())
{
	SPI_finish();
	PopActiveSnapshot();
	CommitTransactionCommand();
}

/* Where no transaction is open, nothing can be converted: ASCII is valid in all encodings. */
static void
make_ascii(char *message)
{
	for (; *message != '\0'; message++)
	{
		if (*message < ' ' || *message > '~')
			*message = '?';
	}
}

/* False: the transaction is rolled back. */
static bool
try_outside(DbAction action, DbError *error)
{
	MemoryContext caller_context = CurrentMemoryContext;
	volatile bool succeeded = false;

	limit_time();
	PG_TRY();
	{
		action(NULL);
		succeeded = true;
	}
	PG_CATCH();
	{
		take_error(caller_context, error);
		make_ascii(error->message);
		AbortCurrentTransaction();
	}
	PG_END_TRY();
	unlimit_time();
	MemoryContextSwitchTo(caller_context);
	return succeeded;
}

/* DbAction: in a transaction of its own. */
static void
clean_session(void *argument pg_attribute_unused())
{
	StartTransactionCommand();
	session_clean();
	CommitTransactionCommand();
}

static void
leave_nothing_behind(void)
{
	DbError error;

	if (!try_outside(clean_session, &error))
		ereport(LOG,
				(errcode(error.sqlstate),
				 errmsg("github_sync: the worker's session could not be cleaned: %s",
						error.message)));
}

void
db_let_commit_be_lost(void)
{
	/* LOCAL: the next transaction waits again. */
	(void) set_config_option("synchronous_commit", "off", PGC_USERSET, PGC_S_SESSION,
							 GUC_ACTION_LOCAL, true, 0, false);
}

bool
db_try_commit(DbError *error)
{
	bool committed = try_outside(commit_transaction, error);

	leave_nothing_behind();
	/* Without it autovacuum would never hear of the queue. */
	pgstat_report_stat(false);
	pgstat_report_activity(STATE_IDLE, NULL);
	return committed;
}

void
db_commit(void)
{
	DbError error;

	if (!db_try_commit(&error))
		ereport(ERROR, (errcode(error.sqlstate), errmsg("%s", error.message)));
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

static bool
try_inside(DbAction action, void *argument, DbError *error)
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
		take_error(caller_context, error);
		RollbackAndReleaseCurrentSubTransaction();
		/* Which left us in the transaction's memory: what is said of it may be read after its end. */
		MemoryContextSwitchTo(caller_context);
		error->message = in_utf8(shortened(error->message));
	}
	PG_END_TRY();
	MemoryContextSwitchTo(caller_context);
	CurrentResourceOwner = caller_owner;
	return succeeded;
}

bool
db_try(DbAction action, void *argument, DbError *error)
{
	Attempt attempt = {action, argument};
	bool succeeded;

	limit_time();
	succeeded = try_inside(run_attempt, &attempt, error);
	unlimit_time();
	return succeeded;
}

bool
db_try_reading(DbAction action, void *argument, DbError *error)
{
	return try_inside(action, argument, error);
}

char *
db_error_words(int sqlstate, const char *message)
{
	return psprintf("%s: %s", unpack_sql_state(sqlstate), message);
}

bool
db_error_is_contention(const DbError *error)
{
	return error->sqlstate == ERRCODE_LOCK_NOT_AVAILABLE ||
		error->sqlstate == ERRCODE_T_R_SERIALIZATION_FAILURE ||
		error->sqlstate == ERRCODE_T_R_DEADLOCK_DETECTED;
}

bool
db_error_is_timeout(const DbError *error)
{
	return error->sqlstate == ERRCODE_QUERY_CANCELED;
}

bool
db_error_is_held_lock(const DbError *error)
{
	return error->sqlstate == ERRCODE_LOCK_NOT_AVAILABLE;
}

/* The application's triggers may call other servers: class 08 is a connection of theirs. */
bool
db_error_is_passing(const DbError *error)
{
	int category = ERRCODE_TO_CATEGORY(error->sqlstate);

	return error->is_lost_race || category == ERRCODE_TO_CATEGORY(ERRCODE_CONNECTION_EXCEPTION) ||
		category == ERRCODE_INSUFFICIENT_RESOURCES || category == ERRCODE_OPERATOR_INTERVENTION ||
		category == ERRCODE_TO_CATEGORY(ERRCODE_T_R_DEADLOCK_DETECTED);
}
