/*
 * worker_process.c
 *		What a worker process is made of before it works: slot, session, settings.
 *
 * The worker connects as the owner of the queue, so that the session user is
 * never a superuser.  A trigger of the owner can therefore do in the worker what
 * the owner can do anywhere else, and nothing more.
 */
#include "postgres.h"

#include "db/transaction.h"
#include "miscadmin.h"
#include "pgstat.h"
#include "postmaster/bgworker.h"
#include "postmaster/interrupt.h"
#include "server/compat.h"
#include "server/settings.h"
#include "server/shared_state.h"
#include "server/worker_process.h"
#include "storage/ipc.h"
#include "tcop/tcopprot.h"
#include "utils/guc.h"
#include "utils/memutils.h"

typedef struct PinnedSetting
{
	const char *name;
	const char *value;
} PinnedSetting;

/*
 * ALTER DATABASE and ALTER ROLE cannot change these settings for a worker.  Its
 * time-outs for locks are shorter than the application's, so that of the two the
 * worker gives way: it can try again, and users must not wait for it.
 */
static const PinnedSetting pinned_settings[] = {
	{"application_name", WORKER_PROCESS_NAME},
	{"role", "none"},
	{"search_path", "pg_catalog, pg_temp"},
	{"deadlock_timeout", "100ms"},
	{"lock_timeout", "200ms"},
	{"statement_timeout", "0"},
	{"idle_in_transaction_session_timeout", "0"},
#if COMPAT_HAS_TRANSACTION_TIMEOUT
	{"transaction_timeout", "0"},
#endif
	{"synchronous_commit", "on"},
	{"default_transaction_isolation", "read committed"},
	{"default_transaction_read_only", "off"},
	{"default_transaction_deferrable", "off"},
	{"row_security", "on"},
	{"datestyle", "ISO"},
	{"intervalstyle", "postgres"},
	{"bytea_output", "hex"},
	{"extra_float_digits", "1"},
	{"standard_conforming_strings", "on"},
	{"transform_null_equals", "off"},
	{"session_replication_role", "origin"}, /* or no trigger of the queue would fire */
	{"array_nulls", "on"},
	{"backslash_quote", "safe_encoding"},
	{"quote_all_identifiers", "off"},
	{"xmloption", "content"},
	{"plan_cache_mode", "force_generic_plan"},
	{"plpgsql.variable_conflict", "error"},
	{"plpgsql.extra_errors", "none"},
	{"plpgsql.extra_warnings", "none"},
	{"check_function_bodies", "on"}, /* off tells a restore, whose rows are held */
	{"exit_on_error", "off"},        /* or an error of one row would end the worker */
	{"restrict_nonsystem_relation_kind",
	 ""},                      /* or views could not be read; since 15.8 and the like */
	{"enable_seqscan", "off"}, /* plans are kept from when the queue was empty */
	{"enable_bitmapscan",
	 "off"},        /* a plain scan marks what is dead in an index, and passes it but once */
	{"jit", "off"}, /* short statements: compiling costs more than it saves */
};

static emit_log_hook_type next_emit_log_hook = NULL;
static char *identity_at_start = NULL; /* NULL: not connected yet */
static bool settings_changed = false;

/*
 * Shows in sync_workers why a worker ended: the last error that it logged.  The
 * server calls this hook for what it writes to its log, so that an error that
 * the worker caught and did not log is not shown; nor is an order to stop, which
 * is no fault.
 */
static void
remember_error(ErrorData *error)
{
	bool fault = (error->elevel == ERROR || error->elevel == FATAL) &&
		error->sqlerrcode != ERRCODE_ADMIN_SHUTDOWN && error->message != NULL;

	if (fault && identity_at_start == NULL)
		shared_state_report_start_error(error->message);
	else if (fault)
		shared_state_report_error(db_error_words(error->sqlerrcode, error->message));
	if (next_emit_log_hook)
		next_emit_log_hook(error);
}

/* Code of the application runs with the path that it has in its own sessions. */
static void
remember_search_path(void)
{
	SetConfigOption("github_sync.server_search_path", GetConfigOption("search_path", false, false),
					PGC_SUSET, PGC_S_OVERRIDE);
}

/* Later minor versions of the server know more; and PL/pgSQL's are not there until it is loaded. */
static bool
is_known(const char *name)
{
	return strchr(name, '.') != NULL || GetConfigOption(name, true, false) != NULL;
}

static void
pin_settings(void)
{
	for (size_t i = 0; i < lengthof(pinned_settings); i++)
	{
		const PinnedSetting *setting = &pinned_settings[i];

		if (is_known(setting->name))
			SetConfigOption(setting->name, setting->value, PGC_SUSET, PGC_S_OVERRIDE);
	}
}

static void
remember_identity(void)
{
	MemoryContext caller = MemoryContextSwitchTo(TopMemoryContext);

	identity_at_start = settings_identity();
	MemoryContextSwitchTo(caller);
}

static bool
identity_changed(void)
{
	char *identity = settings_identity();
	bool changed = strcmp(identity, identity_at_start) != 0;

	pfree(identity);
	return changed;
}

static void
take_config_file(void)
{
	ConfigReloadPending = false;
	ProcessConfigFile(PGC_SIGHUP);
	/* Connections, tokens and budgets belong to the old identity: a new worker follows. */
	if (identity_changed())
		shared_state_ask_myself_to_leave();
}

void
worker_process_start(void)
{
	WorkerOrder order;

	memcpy(&order, MyBgworkerEntry->bgw_extra, sizeof(order));
	pqsignal(SIGHUP, SignalHandlerForConfigReload);
	pqsignal(SIGINT, StatementCancelHandler);
	pqsignal(SIGTERM, die);
	BackgroundWorkerUnblockSignals();

	if (!shared_state_claim_slot(&order))
		proc_exit(0);
	next_emit_log_hook = emit_log_hook;
	emit_log_hook = remember_error;

	shared_state_report_activity("connecting");
	remember_search_path();
	pin_settings();
	BackgroundWorkerInitializeConnectionByOid(order.database, order.owner,
											  COMPAT_CONNECT_WITHOUT_LOGIN);
	pgstat_report_appname(WORKER_PROCESS_NAME);
	remember_identity();
	shared_state_report_started();
	take_config_file(); /* a SIGHUP may have come before its handler */
}

bool
worker_process_may_continue(void)
{
	CHECK_FOR_INTERRUPTS();
	if (ConfigReloadPending)
	{
		take_config_file();
		settings_changed = true;
	}
	return !shared_state_asked_to_leave();
}

bool
worker_process_settings_changed(void)
{
	bool changed = settings_changed;

	settings_changed = false;
	return changed;
}

static bool
is_same(const WorkerReport *a, const WorkerReport *b)
{
	return a->activity == b->activity && a->requests_under_way == b->requests_under_way &&
		a->idle_since == b->idle_since && a->next_due == b->next_due &&
		a->wakes_seen == b->wakes_seen && a->failing == b->failing;
}

void
worker_process_report(const WorkerReport *report)
{
	static WorkerReport last_report; /* the lock is left to others while nothing changes */

	if (!is_same(report, &last_report))
		shared_state_report_worker(report);
	last_report = *report;
	pgstat_report_activity(STATE_IDLE, report->activity);
}
