--
-- Who may do what
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

\set SHOW_CONTEXT never
\set VERBOSITY terse
-- PUBLIC may use nothing of it
RESET SESSION AUTHORIZATION;
SELECT has_schema_privilege('regress_app', 'github_sync', 'USAGE');
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('r', 'v', 'S') AND c.relname <> 'state_transitions'
	AND EXISTS (SELECT FROM aclexplode(c.relacl) AS a WHERE a.grantee = 0);
INSERT INTO app.tasks (title) VALUES ('Crash'), ('Another');

-- the application: by the columns that are the caller's
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.grant_application('regress_app') \g /dev/null
GRANT USAGE ON SCHEMA world TO regress_app;
SET SESSION AUTHORIZATION regress_app;
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1) RETURNING id, state;
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_external_id, github_issue_number, github_updated_at, priority)
VALUES ('inbound', 1, 3000000001, 1, at(5), 50) RETURNING id, state;
INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_comment_external_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 5000000001, 1, at(5)) RETURNING id, state;
SELECT count(*) FROM github_sync.task_sync_transactions;
-- not the state, not the place in line, not a claim
INSERT INTO github_sync.task_sync_transactions (direction, task_id, state) VALUES ('outbound', 1, 'completed');
INSERT INTO github_sync.task_sync_transactions (direction, task_id, queued_at) VALUES ('outbound', 1, at(0));
INSERT INTO github_sync.task_sync_transactions (direction, task_id, claim_no) VALUES ('outbound', 1, 7);
INSERT INTO github_sync.task_sync_transactions (direction, task_id, supersedes) VALUES ('outbound', 2, '{1}');
INSERT INTO github_sync.task_sync_transactions (direction, task_id, event) VALUES ('outbound', 2, 'claimed');
UPDATE github_sync.task_sync_transactions SET state = 'completed';
UPDATE github_sync.task_sync_transactions SET event = 'claimed';
DELETE FROM github_sync.task_sync_transactions;
TRUNCATE github_sync.task_sync_transactions;
-- not where requests go
UPDATE github_sync.github_repos SET owner_login = 'mallory';
INSERT INTO github_sync.github_app_installations (id) VALUES (11);
SELECT * FROM github_sync.github_issues;
-- not what the worker does, nor what the owner does
SELECT * FROM github_sync.task_claim(1, 1);
SELECT github_sync.task_fail(1, 1, 'x', 'x');
SELECT github_sync.retry_task_sync_transaction(1);
SELECT github_sync.retry_errored();
SELECT github_sync.set_repo_sync(1, false);
SELECT github_sync.unlink_task(1);
SELECT github_sync.adopt_database();
SELECT github_sync.capture_task_changes(true);
SELECT github_sync.execute_as_owner('github_sync.github_repos', 'DELETE FROM github_sync.github_repos');
-- what it inserted stands as the rules decided
SELECT id, direction, state FROM github_sync.task_sync_transactions ORDER BY id;

-- a dashboard reads the views, and only those
SET SESSION AUTHORIZATION regress_owner;
REVOKE ALL ON github_sync.task_sync_transactions, github_sync.comment_sync_transactions FROM regress_app;
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) > 0 FROM github_sync.sync_status;
SELECT count(*) > 0 FROM github_sync.sync_queue;
SELECT count(*) >= 0 FROM github_sync.sync_errors;
SELECT count(*) > 0 FROM github_sync.sync_history;
SELECT count(*) >= 0 FROM github_sync.sync_workers;
SELECT count(*) FROM github_sync.task_sync_transactions;
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1);

-- a settings change is the superuser's
SET SESSION AUTHORIZATION regress_owner;
SET github_sync.api_url = 'https://example.org';
SET github_sync.enabled = on;
ALTER ROLE regress_owner SET github_sync.token_file = '/etc/passwd';
RESET SESSION AUTHORIZATION;
REVOKE ALL ON ALL TABLES IN SCHEMA github_sync FROM regress_app;
REVOKE USAGE ON SCHEMA github_sync FROM regress_app;
