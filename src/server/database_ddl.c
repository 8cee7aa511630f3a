/*
 * database_ddl.c
 *		Commands that concern the workers.
 *
 * DROP DATABASE, RENAME, SET TABLESPACE and copying wait some seconds for other
 * sessions of the database and then fail: the server does not ask background
 * workers to leave.  So this hook ends the database's workers before such a
 * command and blocks the database until the transaction ends.  The end of the
 * command would be too early: a rename may be one of many commands in a
 * transaction that holds the lock on the database.
 *
 * Workers are ended only for a user who may complete the command; the server
 * refuses the command of any other.
 *
 * Other commands change which workers should run: when they commit, the launcher
 * makes a pass at once instead of at its next full one.  After REASSIGN OWNED the
 * queue's new owner is let into the schema.
 */
#include "postgres.h"

#include "access/xact.h"
#include "catalog/namespace.h"
#include "commands/dbcommands.h"
#include "commands/defrem.h"
#include "db/owner_commands.h"
#include "db/ownership.h"
#include "miscadmin.h"
#include "nodes/parsenodes.h"
#include "server/at_commit.h"
#include "server/compat.h"
#include "server/database_ddl.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "storage/latch.h"
#include "storage/procarray.h"
#include "tcop/utility.h"
#include "utils/timestamp.h"

#define LEAVE_MAY_TAKE_MS 5000
#define CHECK_EVERY_MS 5

static ProcessUtility_hook_type next_process_utility = NULL;
static bool blocking = false; /* this transaction keeps a database free */

/* ---- a database without our processes ---- */

static bool
has_left(pid_t pid)
{
	/* A process gives back its slot first, and leaves the server's list of sessions later. */
	return !shared_state_knows_process(pid) && BackendPidGetProc(pid) == NULL;
}

static void
wait_for_exit(const pid_t *pids, int count)
{
	TimestampTz give_up_at = TimestampTzPlusMilliseconds(GetCurrentTimestamp(), LEAVE_MAY_TAKE_MS);
	uint32 wait_event = compat_wait_event("GithubSyncWorkerExit");

	for (int i = 0; i < count; i++)
	{
		while (!has_left(pids[i]) && GetCurrentTimestamp() < give_up_at)
		{
			(void) WaitLatch(MyLatch, WL_LATCH_SET | WL_TIMEOUT | WL_EXIT_ON_PM_DEATH,
							 CHECK_EVERY_MS, wait_event);
			ResetLatch(MyLatch);
			CHECK_FOR_INTERRUPTS();
		}
	}
}

static void
end_workers_of(Oid database)
{
	pid_t pids[DATABASE_PROCESSES_MAX];
	int count;

	if (!OidIsValid(database) || !compat_owns_database(database, GetUserId()))
		return;
	blocking = true; /* first: the end of the transaction undoes it */
	if (!shared_state_block_database(database))
		ereport(LOG,
				(errcode(ERRCODE_INSUFFICIENT_RESOURCES),
				 errmsg("database %u is not kept free of workers: too many commands on databases "
						"run at the same time",
						database)));
	count = shared_state_terminate_processes(database, pids);
	wait_for_exit(pids, count);
}

static void
end_block(XactEvent event, void *arg pg_attribute_unused())
{
	if (!blocking)
		return;
	if (event != XACT_EVENT_COMMIT && event != XACT_EVENT_ABORT && event != XACT_EVENT_PREPARE)
		return;
	blocking = false;
	shared_state_unblock_databases();
}

static const DefElem *
find_option(List *options, const char *name)
{
	ListCell *cell;

	foreach (cell, options)
	{
		const DefElem *option = lfirst_node(DefElem, cell);

		if (strcmp(option->defname, name) == 0)
			return option;
	}
	return NULL;
}

static Oid
copied_database(const CreatedbStmt *stmt)
{
	const DefElem *template = find_option(stmt->options, "template");

	if (template == NULL || template->arg == NULL)
		return get_database_oid("template1", true);
	return get_database_oid(defGetString((DefElem *) template), true);
}

/* The database that the command needs for itself, InvalidOid for none. */
static Oid
database_to_vacate(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_DropdbStmt:
			return get_database_oid(castNode(DropdbStmt, stmt)->dbname, true);
		case T_RenameStmt:
			if (castNode(RenameStmt, stmt)->renameType != OBJECT_DATABASE)
				return InvalidOid;
			return get_database_oid(castNode(RenameStmt, stmt)->subname, true);
		case T_AlterDatabaseStmt:
			if (find_option(castNode(AlterDatabaseStmt, stmt)->options, "tablespace") == NULL)
				return InvalidOid;
			return get_database_oid(castNode(AlterDatabaseStmt, stmt)->dbname, true);
		case T_CreatedbStmt:
			return copied_database(castNode(CreatedbStmt, stmt));
		default:
			return InvalidOid;
	}
}

/* ---- what should run afterwards ---- */

/* Anybody may RESET ALL of his own: only a superuser's reaches settings that are a superuser's. */
static bool
changes_identity(const VariableSetStmt *stmt)
{
	if (stmt->kind == VAR_RESET_ALL)
		return superuser();
	return stmt->name != NULL && settings_names_identity(stmt->name);
}

static void
announce_changed_settings(const VariableSetStmt *setting, const char *database)
{
	Oid oid = InvalidOid; /* a role's setting holds in all databases */

	if (!changes_identity(setting))
		return;
	if (database != NULL)
	{
		oid = get_database_oid(database, true);
		if (!OidIsValid(oid))
			return;
	}
	at_commit(RESTART_WORKERS, oid);
}

/* The owner, or whether policies bind him: see db/ownership.c. */
static bool
changes_ownership(const AlterTableStmt *stmt)
{
	ListCell *cell;

	foreach (cell, stmt->cmds)
	{
		AlterTableType type = lfirst_node(AlterTableCmd, cell)->subtype;

		if (type == AT_ChangeOwner || type == AT_ForceRowSecurity ||
			type == AT_NoForceRowSecurity || type == AT_EnableRowSecurity ||
			type == AT_DisableRowSecurity)
			return true;
	}
	return false;
}

static bool
is_our_extension(const char *name)
{
	return strcmp(name, "task_sync_transaction") == 0 ||
		strcmp(name, "comment_sync_transaction") == 0;
}

/* Committed, it may have queued something; rolled back, it let go of records. */
static void
announce_prepared_transaction(const TransactionStmt *stmt)
{
	switch (stmt->kind)
	{
		case TRANS_STMT_PREPARE:
			at_commit_prepare(stmt->gid);
			break;
		case TRANS_STMT_COMMIT_PREPARED:
		case TRANS_STMT_ROLLBACK_PREPARED:
			at_commit(WAKE_WORKERS, MyDatabaseId);
			at_commit_prepared(stmt->gid);
			break;
		case TRANS_STMT_BEGIN:
		case TRANS_STMT_START:
		case TRANS_STMT_COMMIT:
		case TRANS_STMT_ROLLBACK:
		case TRANS_STMT_SAVEPOINT:
		case TRANS_STMT_RELEASE:
		case TRANS_STMT_ROLLBACK_TO:
			break;
	}
}

static bool
drops_queue(const DropStmt *stmt)
{
	return stmt->removeType == OBJECT_EXTENSION || stmt->removeType == OBJECT_SCHEMA;
}

/*
 * Called before the command, which may free its own parse tree; a command that
 * fails takes its announcement along.
 */
static void
announce_change(Node *stmt)
{
	switch (nodeTag(stmt))
	{
		case T_AlterDatabaseSetStmt:
			announce_changed_settings(castNode(AlterDatabaseSetStmt, stmt)->setstmt,
									  castNode(AlterDatabaseSetStmt, stmt)->dbname);
			break;
		case T_AlterRoleSetStmt:
			announce_changed_settings(castNode(AlterRoleSetStmt, stmt)->setstmt,
									  castNode(AlterRoleSetStmt, stmt)->database);
			break;
		case T_AlterDatabaseStmt:
			/* It may have become a template or closed, or ceased to be so. */
			at_commit(SCOUT_DATABASE,
					  get_database_oid(castNode(AlterDatabaseStmt, stmt)->dbname, true));
			break;
		case T_CreatedbStmt:
			at_commit(SCOUT_DATABASE, InvalidOid);
			break;
		case T_AlterExtensionStmt:
			/* What a worker has seen of versions may no longer be so. */
			if (is_our_extension(castNode(AlterExtensionStmt, stmt)->extname))
				at_commit(RESTART_WORKERS, MyDatabaseId);
			break;
		case T_DropStmt:
			if (drops_queue(castNode(DropStmt, stmt)))
				at_commit(SCOUT_DATABASE, MyDatabaseId);
			break;
		case T_AlterTableStmt:
			if (changes_ownership(castNode(AlterTableStmt, stmt)))
				at_commit(SCOUT_DATABASE, MyDatabaseId);
			break;
		case T_AlterOwnerStmt:
		case T_AlterRoleStmt:
		case T_GrantStmt:
			/* Restores have thousands of them: without a queue they are no matter. */
			if (ownership_matters())
				at_commit(SCOUT_DATABASE, MyDatabaseId);
			break;
		case T_TransactionStmt:
			announce_prepared_transaction(castNode(TransactionStmt, stmt));
			break;
		case T_DropOwnedStmt:
		case T_ReassignOwnedStmt:
			at_commit(SCOUT_DATABASE, MyDatabaseId);
			break;
		default:
			break;
	}
}

/* ---- the hook ---- */

static void
process_utility(PlannedStmt *pstmt, const char *query_string, bool read_only_tree,
				ProcessUtilityContext context, ParamListInfo params, QueryEnvironment *environment,
				DestReceiver *receiver, QueryCompletion *completion)
{
	Node *stmt = pstmt->utilityStmt;
	bool reassigns = IsA(stmt, ReassignOwnedStmt); /* the command may free it */

	end_workers_of(database_to_vacate(stmt));
	announce_change(stmt);

	if (next_process_utility)
		next_process_utility(pstmt, query_string, read_only_tree, context, params, environment,
							 receiver, completion);
	else
		standard_ProcessUtility(pstmt, query_string, read_only_tree, context, params, environment,
								receiver, completion);

	if (reassigns)
		owner_commands_let_owner_use();
}

void
database_ddl_install(void)
{
	next_process_utility = ProcessUtility_hook;
	ProcessUtility_hook = process_utility;
	RegisterXactCallback(end_block, NULL);
}
