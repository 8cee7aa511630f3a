/*
 * settings.h
 *		The settings of the library, as C variables.
 *
 * Their units are in their names.  All strings are never NULL; "" is unset.
 * README describes them to users; settings.c describes them to the server.
 */
#ifndef GITHUB_SYNC_SETTINGS_H
#define GITHUB_SYNC_SETTINGS_H

#include "postgres.h"

/*
 * Identity: who talks to which GitHub.  A superuser may set these for one
 * database; the workers concerned are started anew when they change.
 */
extern char *setting_api_url; /* no trailing slash; https, or http to a loopback host */
extern char *setting_app_id;
extern char *setting_private_key_file;    /* secret: show to superusers only */
extern char *setting_token_file;          /* secret */
extern char *setting_webhook_secret_file; /* secret */
extern char *setting_ca_file;
extern char *setting_proxy; /* secret: may carry a password */

/* Behaviour of the whole server, taken over at a reload. */
extern bool setting_enabled;
extern int setting_workers_per_database;
extern int setting_max_workers;         /* of the server; 0: half of max_worker_processes */
extern int setting_worker_idle_exit_ms; /* 0: never */
extern int setting_max_concurrent_requests;
extern int setting_write_interval_ms;
extern int setting_points_per_minute;    /* 0: no limit */
extern int setting_creations_per_minute; /* 0: no limit */
extern int setting_creations_per_hour;   /* 0: no limit */
extern int setting_request_timeout_ms;
extern int setting_connect_timeout_ms;
extern int setting_max_response_size_kb;
extern int setting_max_attempts;
extern int setting_retry_base_delay_ms;
extern int setting_retry_max_delay_ms;
extern int setting_give_up_after_s;
extern int setting_creation_recheck_ms;
extern int setting_reconcile_interval_s;    /* 0: never */
extern int setting_delivery_log_interval_s; /* 0: never */
extern int setting_retention_s;             /* 0: for ever */

/*
 * Private: the record that the worker is writing just now, so that the capture
 * triggers can tell its writes from the application's.  Anyone may set it in
 * their own session: believe it only in a worker (github_sync_in_worker).
 */
extern char *setting_applying;

/* Private: search_path as the configuration has it, which a worker's own pins hide. */
extern char *setting_server_search_path;

/* Whether a personal access token is asked with, and not an App; its repositories belong to an installation of no App. */
extern bool settings_name_a_token(void);

#define INSTALLATION_OF_TOKEN 0

#define GITHUB_SYNC_SETTINGS_PREFIX "github_sync"

#define WORKERS_PER_DATABASE_MAX 8
#define WORKERS_MAX 64

extern void settings_define(void);

/* Whether a name, as a command spells it, is that of an identity setting. */
extern bool settings_names_identity(const char *name);

/*
 * All identity settings in one palloc'd text that differs when they do.
 * It carries file names and the proxy: compare it, never show it.
 */
extern char *settings_identity(void);

#endif /* GITHUB_SYNC_SETTINGS_H */
