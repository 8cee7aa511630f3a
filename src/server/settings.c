/*
 * settings.c
 *		Defines the settings: names, units, bounds, who may set and see them.
 *
 * Refuses at SET time what could never work, so that a worker need not.
 * Files are not opened here: a check runs in sessions and at every reload.
 */
#include "postgres.h"

#include <limits.h>

#include "core/url.h"
#include "crypto/crypto.h"
#include "lib/stringinfo.h"
#include "server/settings.h"
#include "utils/guc.h"

char *setting_api_url;
char *setting_app_id;
char *setting_private_key_file;
char *setting_token_file;
char *setting_webhook_secret_file;
char *setting_ca_file;
char *setting_proxy;

bool setting_enabled = true;
int setting_workers_per_database = 1;
int setting_max_workers = 0;
int setting_worker_idle_exit_ms = 5 * 60 * 1000;
int setting_max_concurrent_requests = 64;
int setting_write_interval_ms = 1000;
int setting_points_per_minute = 900;
int setting_creations_per_minute = 80;
int setting_creations_per_hour = 500;
int setting_request_timeout_ms = 30 * 1000;
int setting_connect_timeout_ms = 5 * 1000;
int setting_max_response_size_kb = 32 * 1024;
int setting_max_attempts = 10;
int setting_retry_base_delay_ms = 1000;
int setting_retry_max_delay_ms = 60 * 60 * 1000;
int setting_give_up_after_s = 3 * 24 * 60 * 60;
int setting_creation_recheck_ms = 15 * 60 * 1000;
int setting_reconcile_interval_s = 10 * 60;
int setting_delivery_log_interval_s = 5 * 60;
int setting_retention_s = 30 * 24 * 60 * 60;

char *setting_applying;
char *setting_server_search_path;

#define MINUTE_MS (60 * 1000)
#define HOUR_MS (60 * MINUTE_MS)
#define DAY_MS (24 * HOUR_MS)

/* Shown to superusers and pg_read_all_settings only. */
#define CONFIDENTIAL GUC_SUPERUSER_ONLY

/* Set by our own code for one transaction: no user has business with it. */
#define PRIVATE (GUC_NO_SHOW_ALL | GUC_NO_RESET_ALL | GUC_NOT_IN_SAMPLE | GUC_DISALLOW_IN_FILE)

typedef struct StringSetting
{
	const char *name;
	const char *summary;
	const char *detail;
	char **variable;
	const char *initial;
	GucContext context;
	int flags;
	GucStringCheckHook check;
} StringSetting;

typedef struct IntSetting
{
	const char *name;
	const char *summary;
	const char *detail;
	int *variable; /* its initial value is the default */
	int least;
	int most;
	int unit; /* GUC_UNIT_*, 0: a plain number */
} IntSetting;

static bool check_api_url(char **value, void **extra, GucSource source);
static bool check_app_id(char **value, void **extra, GucSource source);
static bool check_file(char **value, void **extra, GucSource source);
static bool check_proxy(char **value, void **extra, GucSource source);

static const StringSetting string_settings[] = {
	{"github_sync.api_url", "Base address of GitHub's REST API.",
	 "GitHub Enterprise Server: https://HOST/api/v3. Plain http is accepted for a loopback host only.",
	 &setting_api_url, "https://api.github.com", PGC_SUSET, 0, check_api_url},
	{"github_sync.app_id", "Client id or App id of the GitHub App.", NULL, &setting_app_id, "",
	 PGC_SUSET, 0, check_app_id},
	{"github_sync.private_key_file", "File with the GitHub App's private key in PEM form.",
	 "Read by the server, never stored or shown.", &setting_private_key_file, "", PGC_SUSET,
	 CONFIDENTIAL, check_file},
	{"github_sync.token_file", "File with a personal access token, used instead of a GitHub App.",
	 "Read by the server, never stored or shown.", &setting_token_file, "", PGC_SUSET, CONFIDENTIAL,
	 check_file},
	{"github_sync.webhook_secret_file", "File with the webhook secrets, one in a line.",
	 "A delivery signed with any of them is accepted, so that a secret can be replaced without a gap.",
	 &setting_webhook_secret_file, "", PGC_SUSET, CONFIDENTIAL, check_file},
	{"github_sync.ca_file",
	 "File with the certificate authorities trusted instead of the system's.", NULL,
	 &setting_ca_file, "", PGC_SUSET, CONFIDENTIAL, check_file},
	{"github_sync.proxy", "Proxy through which GitHub is called.",
	 "Empty for none; the server's environment is not consulted.", &setting_proxy, "", PGC_SUSET,
	 CONFIDENTIAL, check_proxy},
	{"github_sync.applying", "Record that the worker is writing just now.", NULL, &setting_applying,
	 "", PGC_USERSET, PRIVATE, NULL},
	{"github_sync.server_search_path",
	 "search_path of the server's configuration, for code of the application.", NULL,
	 &setting_server_search_path, "", PGC_SUSET, PRIVATE, NULL},
};

static const IntSetting int_settings[] = {
	{"github_sync.workers_per_database", "Number of workers for each database with a queue.", NULL,
	 &setting_workers_per_database, 1, WORKERS_PER_DATABASE_MAX, 0},
	{"github_sync.max_workers", "Most workers of all databases of the server together.",
	 "Databases take turns. 0: half of max_worker_processes.", &setting_max_workers, 0, WORKERS_MAX,
	 0},
	{"github_sync.worker_idle_exit", "Time after which a worker that has nothing to do leaves.",
	 "A commit or the next due time brings it back. 0: it stays.", &setting_worker_idle_exit_ms, 0,
	 INT_MAX, GUC_UNIT_MS},
	{"github_sync.max_concurrent_requests", "Most requests one worker has under way at a time.",
	 NULL, &setting_max_concurrent_requests, 1, 1024, 0},
	{"github_sync.write_interval", "Least time between two writes of one installation.", NULL,
	 &setting_write_interval_ms, 0, HOUR_MS, GUC_UNIT_MS},
	{"github_sync.points_per_minute", "Most points one installation spends in a minute.",
	 "A read is a point, a write is five. 0: no limit.", &setting_points_per_minute, 0, INT_MAX, 0},
	{"github_sync.creations_per_minute",
	 "Most issues and comments one installation creates in a minute.", "0: no limit.",
	 &setting_creations_per_minute, 0, INT_MAX, 0},
	{"github_sync.creations_per_hour",
	 "Most issues and comments one installation creates in an hour.", "0: no limit.",
	 &setting_creations_per_hour, 0, INT_MAX, 0},
	{"github_sync.request_timeout",
	 "Time after which a request without a complete answer has failed.", NULL,
	 &setting_request_timeout_ms, 100, HOUR_MS, GUC_UNIT_MS},
	{"github_sync.connect_timeout", "Time after which an attempt to connect has failed.", NULL,
	 &setting_connect_timeout_ms, 100, HOUR_MS, GUC_UNIT_MS},
	{"github_sync.max_response_size", "Largest answer that is read.",
	 "A larger one fails its request.", &setting_max_response_size_kb, 64, 1024 * 1024,
	 GUC_UNIT_KB},
	{"github_sync.max_attempts", "Failed attempts after which a transaction is errored.",
	 "Failures on the way to GitHub do not count.", &setting_max_attempts, 1, 1000, 0},
	{"github_sync.retry_base_delay",
	 "Wait before the first retry; it doubles with every further one.", NULL,
	 &setting_retry_base_delay_ms, 1, HOUR_MS, GUC_UNIT_MS},
	{"github_sync.retry_max_delay", "Longest wait between two retries.", NULL,
	 &setting_retry_max_delay_ms, 1, DAY_MS, GUC_UNIT_MS},
	{"github_sync.give_up_after", "Age at which a transaction that still fails is errored.", NULL,
	 &setting_give_up_after_s, 1, INT_MAX, GUC_UNIT_S},
	{"github_sync.creation_recheck",
	 "Wait before the last look for a creation whose answer was lost.",
	 "When that look finds nothing, the creation is sent again.", &setting_creation_recheck_ms, 1,
	 DAY_MS, GUC_UNIT_MS},
	{"github_sync.reconcile_interval", "Time between two comparisons of a repository with GitHub.",
	 "0 turns them off.", &setting_reconcile_interval_s, 0, INT_MAX, GUC_UNIT_S},
	{"github_sync.delivery_log_interval",
	 "Time between two readings of the App's log of webhook deliveries.", "0 turns them off.",
	 &setting_delivery_log_interval_s, 0, INT_MAX, GUC_UNIT_S},
	{"github_sync.retention", "Age at which the worker deletes finished transactions.",
	 "Those with an error or a conflict stay. 0 keeps all.", &setting_retention_s, 0, INT_MAX,
	 GUC_UNIT_S},
};

static bool
check_api_url(char **value, void **extra pg_attribute_unused(),
			  GucSource source pg_attribute_unused())
{
	const char *fault = url_api_fault(*value);

	if (fault == NULL)
		return true;
	/* The usual message would repeat the value, and with it a password. */
	if (strchr(*value, '@') != NULL)
		GUC_check_errmsg("invalid value for parameter \"github_sync.api_url\"");
	GUC_check_errdetail("%s", fault);
	GUC_check_errhint(
		"For GitHub.com: https://api.github.com; for an Enterprise Server: https://HOST/api/v3.");
	return false;
}

/* It becomes a claim of the App's JWT. */
static bool
check_app_id(char **value, void **extra pg_attribute_unused(),
			 GucSource source pg_attribute_unused())
{
	static const char characters[] =
		"abcdefghijklmnopqrstuvwxyzABCDEFGHIJKLMNOPQRSTUVWXYZ0123456789._-";
	size_t length = strlen(*value);

	if (length <= CRYPTO_MAX_ISSUER_LENGTH && strspn(*value, characters) == length)
		return true;
	GUC_check_errdetail("The App is named by letters, digits, dots, dashes and underscores.");
	GUC_check_errhint("Take the client id or the App id from the App's page at GitHub.");
	return false;
}

static bool
check_file(char **value, void **extra pg_attribute_unused(), GucSource source pg_attribute_unused())
{
	if (**value == '\0' || is_absolute_path(*value))
		return true;
	GUC_check_errdetail("The file must be given by an absolute path.");
	GUC_check_errhint(
		"The server reads the file; it must belong to the server's user, with permissions 0600.");
	return false;
}

/* pg_db_role_setting is open to all. */
static void
warn_of_readers(const char *proxy)
{
	if (strchr(proxy, '@') != NULL)
		ereport(WARNING,
				(errmsg("every user of the server can read the proxy's password"),
				 errdetail("What is set for a database or a role is no secret."),
				 errhint("Set github_sync.proxy in postgresql.conf instead.")));
}

static bool
check_proxy(char **value, void **extra pg_attribute_unused(), GucSource source)
{
	const char *fault = **value != '\0' ? url_proxy_fault(*value) : NULL;

	if (fault == NULL)
	{
		if (source == PGC_S_TEST)
			warn_of_readers(*value);
		return true;
	}
	/* As above: any proxy may come with a password. */
	GUC_check_errmsg("invalid value for parameter \"github_sync.proxy\"");
	GUC_check_errdetail("%s", fault);
	GUC_check_errhint("For example: http://proxy.example.org:3128.");
	return false;
}

void
settings_define(void)
{
	for (size_t i = 0; i < lengthof(string_settings); i++)
	{
		const StringSetting *s = &string_settings[i];

		DefineCustomStringVariable(s->name, s->summary, s->detail, s->variable, s->initial,
								   s->context, s->flags, s->check, NULL, NULL);
	}
	for (size_t i = 0; i < lengthof(int_settings); i++)
	{
		const IntSetting *s = &int_settings[i];

		DefineCustomIntVariable(s->name, s->summary, s->detail, s->variable, *s->variable, s->least,
								s->most, PGC_SIGHUP, s->unit, NULL, NULL, NULL);
	}
	DefineCustomBoolVariable("github_sync.enabled", "Whether queued transactions are carried out.",
							 "Off: everything is queued, nothing is sent.", &setting_enabled, true,
							 PGC_SIGHUP, 0, NULL, NULL, NULL);

	MarkGUCPrefixReserved(GITHUB_SYNC_SETTINGS_PREFIX);
}

/* Those that a superuser may set for a database or a role. */
bool
settings_names_identity(const char *name)
{
	for (size_t i = 0; i < lengthof(string_settings); i++)
	{
		if (string_settings[i].context == PGC_SUSET &&
			pg_strcasecmp(string_settings[i].name, name) == 0)
			return true;
	}
	return false;
}

bool
settings_name_a_token(void)
{
	return setting_token_file[0] != '\0';
}

char *
settings_identity(void)
{
	const char *const identity[] = {
		setting_api_url,
		setting_app_id,
		setting_private_key_file,
		setting_token_file,
		setting_webhook_secret_file,
		setting_ca_file,
		setting_proxy,
	};
	StringInfoData text;

	initStringInfo(&text);
	for (size_t i = 0; i < lengthof(identity); i++)
		appendStringInfo(&text, "%zu:%s\n", strlen(identity[i]), identity[i]);
	return text.data;
}
