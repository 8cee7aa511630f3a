/*
 * What SQL needs of the library: waking the workers, knowing which database
 * this is, making objects that outlive the extension.
 */

/* Who owns a schema may plant anything in it: it has to be ours before we are in it. */
DO $$
BEGIN
	IF NOT (SELECT r.rolsuper
		FROM pg_catalog.pg_namespace AS n JOIN pg_catalog.pg_roles AS r ON r.oid OPERATOR(pg_catalog.=) n.nspowner
		WHERE n.nspname OPERATOR(pg_catalog.=) 'github_sync') THEN
		RAISE insufficient_privilege USING
			MESSAGE = 'schema github_sync exists already and does not belong to a superuser',
			HINT = 'ALTER SCHEMA github_sync OWNER TO CURRENT_USER, after a look at what is in it.';
	END IF;
END
$$;

CREATE FUNCTION github_sync.wake_on_commit() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'github_sync_wake_on_commit';
COMMENT ON FUNCTION github_sync.wake_on_commit() IS
'private: statement trigger that wakes this database''s workers when the transaction commits';

CREATE FUNCTION github_sync.wake() RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'github_sync_wake';
COMMENT ON FUNCTION github_sync.wake() IS
'public: wakes this database''s workers when the transaction commits (INSERT does so by itself)';

CREATE FUNCTION github_sync.wake_now() RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'github_sync_wake_now';
COMMENT ON FUNCTION github_sync.wake_now() IS
'private: wakes this database''s workers at once';

CREATE FUNCTION github_sync.poke_launcher() RETURNS void
LANGUAGE c VOLATILE AS 'MODULE_PATHNAME', 'github_sync_poke_launcher';
COMMENT ON FUNCTION github_sync.poke_launcher() IS
'private: has the launcher look at this database again when the transaction commits';

CREATE FUNCTION github_sync.library_preloaded() RETURNS boolean
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_library_preloaded';
COMMENT ON FUNCTION github_sync.library_preloaded() IS
'private: whether shared_preload_libraries names github_sync; without it nothing is sent';

CREATE FUNCTION github_sync.library_version() RETURNS text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_library_version';
COMMENT ON FUNCTION github_sync.library_version() IS
'private: the version of the library that this server has loaded, which may be older than the installed file';

CREATE FUNCTION github_sync.database_identity() RETURNS text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_database_identity';
COMMENT ON FUNCTION github_sync.database_identity() IS
'private: "<system identifier>/<database oid>": a copy of a database has another one';

CREATE FUNCTION github_sync.registered_identity() RETURNS text
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_registered_identity';
COMMENT ON FUNCTION github_sync.registered_identity() IS
'private: "<system identifier>/<database oid>/<oid of attached_tables>": also a database into which its own dump was '
'restored has another one';

CREATE FUNCTION github_sync.server_fingerprint() RETURNS jsonb
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_server_fingerprint';
COMMENT ON FUNCTION github_sync.server_fingerprint() IS
'private: what tells this server from a copy of its files: of its control file inode, birth and device, path of the '
'data directory, host, boot of the host, the backup that it was restored from, timeline (null on a standby); each a '
'hash, null where it is not known';

CREATE FUNCTION github_sync.is_registered_here(identity text, server jsonb) RETURNS boolean
LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'github_sync_is_registered_here';
COMMENT ON FUNCTION github_sync.is_registered_here(text, jsonb) IS
'private: whether these are registered_identity() and server_fingerprint(), by one call: capture asks with each row';

CREATE FUNCTION github_sync.promotion_fingerprint() RETURNS jsonb
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_promotion_fingerprint';
COMMENT ON FUNCTION github_sync.promotion_fingerprint() IS
'private: server_fingerprint() when this data directory was last promoted from a standby; NULL: not since the library '
'is preloaded';

CREATE FUNCTION github_sync.in_worker() RETURNS boolean
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_in_worker';
COMMENT ON FUNCTION github_sync.in_worker() IS
'private: whether this process is a github_sync worker';

CREATE FUNCTION github_sync.capture_change() RETURNS trigger
LANGUAGE c AS 'MODULE_PATHNAME', 'github_sync_capture_change';
COMMENT ON FUNCTION github_sync.capture_change() IS
'private: trigger of an attached table, for each row (arguments: record type, key column, captured columns) and at the '
'end of a statement, when it calls task_capture(), task_capture_edits() or those of comments for what changed; never '
'fails the write';

CREATE FUNCTION github_sync.table_has_columns(in_schema name, table_name name, columns name[]) RETURNS boolean
LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'github_sync_table_has_columns';
COMMENT ON FUNCTION github_sync.table_has_columns(name, name, name[]) IS
'private: whether the current role can read a table, and it has these columns; no error where it is not there';

CREATE FUNCTION github_sync.replace_function_body(attached_function regprocedure, body text) RETURNS void
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_replace_function_body';
COMMENT ON FUNCTION github_sync.replace_function_body(regprocedure, text) IS
'private: what CREATE OR REPLACE does with the body of a function that attach made, for its owner, who may not create '
'in this schema';

CREATE FUNCTION github_sync.worker_slots(
	OUT pid integer, OUT started_at timestamptz, OUT activity text,
	OUT requests_under_way integer, OUT last_error text, OUT last_error_at timestamptz,
	OUT next_start_at timestamptz)
RETURNS SETOF record
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_worker_slots';
COMMENT ON FUNCTION github_sync.worker_slots() IS
'private: the workers of this database, and a row without pid where none runs, for view sync_workers';

CREATE FUNCTION github_sync.installation_budget(
	installation_id bigint,
	OUT request_limit bigint, OUT remaining bigint, OUT reset_at timestamptz,
	OUT requests_last_hour bigint, OUT points_last_minute bigint,
	OUT creations_last_minute bigint, OUT creations_last_hour bigint,
	OUT requests_under_way integer)
RETURNS record
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_installation_budget';
COMMENT ON FUNCTION github_sync.installation_budget(bigint) IS
'private: what GitHub allows an installation and what this server used of it, for view sync_rate_limits';

CREATE FUNCTION github_sync.counted_answers(
	OUT record_type text, OUT direction text, OUT outcome text, OUT answers bigint, OUT bytes bigint)
RETURNS SETOF record
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_counted_answers';
COMMENT ON FUNCTION github_sync.counted_answers() IS
'private: the answers that workers of this database got since the server started, for view sync_stats';

CREATE FUNCTION github_sync.counted_ends(
	OUT record_type text, OUT direction text, OUT outcome text, OUT transactions bigint)
RETURNS SETOF record
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_counted_ends';
COMMENT ON FUNCTION github_sync.counted_ends() IS
'private: what became of the claims of this database''s workers since the server started, for view sync_stats';

CREATE FUNCTION github_sync.counted_times(
	OUT record_type text, OUT direction text, OUT stage text,
	OUT total_ms double precision, OUT limits_ms integer[], OUT counts bigint[])
RETURNS SETOF record
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_counted_times';
COMMENT ON FUNCTION github_sync.counted_times() IS
'private: how long each stage took since the server started, for view sync_latency';

CREATE FUNCTION github_sync.counted_minutes(
	OUT minute timestamptz,
	OUT answers_2xx bigint, OUT answers_304 bigint, OUT answers_3xx bigint, OUT answers_4xx bigint,
	OUT answers_5xx bigint, OUT no_answer bigint, OUT bytes bigint,
	OUT completed_inbound bigint, OUT completed_outbound bigint, OUT errored bigint,
	OUT ended_otherwise bigint, OUT tried_again bigint, OUT answered_ms double precision)
RETURNS SETOF record
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_counted_minutes';
COMMENT ON FUNCTION github_sync.counted_minutes() IS
'private: the last 24 hours by their minutes, for view sync_minutes';

CREATE FUNCTION github_sync.counted_since() RETURNS timestamptz
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_counted_since';
COMMENT ON FUNCTION github_sync.counted_since() IS
'private: since when workers of this database were counted; NULL: none has counted anything yet';

CREATE FUNCTION github_sync.forget_counts() RETURNS void
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_forget_counts';
COMMENT ON FUNCTION github_sync.forget_counts() IS
'private: what workers of this database have counted is forgotten, for sync_stats_reset()';

CREATE FUNCTION github_sync.owner_problem(OUT problem text, OUT remedy text)
RETURNS record
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_owner_problem';
COMMENT ON FUNCTION github_sync.owner_problem() IS
'private: why nothing may run: the queue, its functions and the application''s tables have not one owner, or he does '
'not see all rows; both NULL: nothing is wrong. Reads catalogs alone, so that everybody may ask';

CREATE FUNCTION github_sync.queue_has_one_owner() RETURNS boolean
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_queue_has_one_owner';
COMMENT ON FUNCTION github_sync.queue_has_one_owner() IS
'private: whether our own tables and functions have one owner, whoever owns the application''s';

/* In C: the application's triggers call it with the rights of their role, attached or not. */
CREATE FUNCTION github_sync.is_sync() RETURNS boolean
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_is_sync';
COMMENT ON FUNCTION github_sync.is_sync() IS
'public: whether what happens now is a write of the worker''s, which applies what GitHub has: for triggers of the '
'application. Whoever was given grant_application() may call it';

CREATE FUNCTION github_sync.require_one_owner() RETURNS void
LANGUAGE c STABLE AS 'MODULE_PATHNAME', 'github_sync_require_one_owner';
COMMENT ON FUNCTION github_sync.require_one_owner() IS
'private: raises object_not_in_prerequisite_state where owner_problem() has one, with the remedy as its hint';

CREATE FUNCTION github_sync.execute_unowned(commands text) RETURNS void
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_execute_unowned';
COMMENT ON FUNCTION github_sync.execute_unowned(text) IS
'private: runs commands as the caller; what they create is no member of an extension, '
'also from within CREATE EXTENSION, and so is dumped as an ordinary object';

CREATE FUNCTION github_sync.execute_as_owner(owned regclass, commands text) RETURNS void
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_execute_as_owner';
COMMENT ON FUNCTION github_sync.execute_as_owner(regclass, text) IS
'private: runs commands as the owner of a table in a security-restricted operation, for its owner or a superuser: '
'nothing of the owner''s ever runs as the superuser';

CREATE FUNCTION github_sync.read_as_owner(owned regclass, query text) RETURNS text
LANGUAGE c STRICT VOLATILE AS 'MODULE_PATHNAME', 'github_sync_read_as_owner';
COMMENT ON FUNCTION github_sync.read_as_owner(regclass, text) IS
'private: the first value of a query that is run in the same way as by execute_as_owner(); '
'whatever the owner made of the table, nothing of it runs as the superuser';

CREATE FUNCTION github_sync.describe_expression(
	owned regclass, expression text, the_row text, OUT type regtype, OUT is_volatile boolean, OUT columns integer[])
RETURNS record
LANGUAGE c STRICT STABLE AS 'MODULE_PATHNAME', 'github_sync_describe_expression';
COMMENT ON FUNCTION github_sync.describe_expression(regclass, text, text) IS
'private: what an SQL expression is that is about the row of a query: its type, and which of the query''s columns it '
'names. It is read as the owner of a table, as by read_as_owner(), and not run; raises what is wrong with it, and '
'where it is more than an expression';

CREATE PROCEDURE github_sync.wait_for_backfill(github_repo_id bigint)
LANGUAGE c AS 'MODULE_PATHNAME', 'github_sync_wait_for_backfill';
COMMENT ON PROCEDURE github_sync.wait_for_backfill(bigint) IS
'public: waits until a repository (GitHub''s id) is imported, with a NOTICE whenever it is further on; commits in '
'between, and holds no snapshot while it waits, so that it cannot be called within a transaction (2D000). Raises 23503 '
'for a repository that is not connected, 22004 for NULL, 55000 where the import will not go on: the repository is '
'disabled, not shown by GitHub or outbound, reconcile_interval is 0 and nobody called backfill_repo(), GitHub takes '
'no credentials, or a list could not be read three times in a row. In the end it says how many failed. For the owner '
'of the queue';
