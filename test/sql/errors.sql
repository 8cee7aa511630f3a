--
-- What callers may get wrong: errcode, message, detail, hint
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

\set SHOW_CONTEXT never
-- inbound
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number) VALUES ('inbound', 1, 1);
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, github_updated_at) VALUES ('inbound', at(1));
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_updated_at) VALUES ('inbound', 1, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_number, github_updated_at) VALUES ('inbound', 1, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, github_issue_external_id, github_updated_at) VALUES ('inbound', 3000000001, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at) VALUES ('inbound', 2, 1, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at) VALUES ('inbound', 1, 1, '2999-01-01T00:00:00Z');
\echo :SQLSTATE
-- less than a day ahead is a clock that is wrong, no more
INSERT INTO github_sync.task_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at)
VALUES ('inbound', 1, 1, now() + interval '23 hours') RETURNING state;

-- outbound
INSERT INTO github_sync.task_sync_transactions (direction) VALUES ('outbound');
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 42);
\echo :SQLSTATE
INSERT INTO app.tasks (id, repo_id) VALUES (1, NULL), (2, 2), (3, 1);
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 1);
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('outbound', 2);
\echo :SQLSTATE
INSERT INTO github_sync.task_sync_transactions (direction, task_id, github_repo_id) VALUES ('outbound', 1, 3);
\echo :SQLSTATE

-- words that there are not
\set VERBOSITY terse
INSERT INTO github_sync.task_sync_transactions (direction, task_id) VALUES ('sideways', 3);
INSERT INTO github_sync.task_sync_transactions (direction, task_id, action) VALUES ('outbound', 3, 'merge');
INSERT INTO github_sync.task_sync_transactions (task_id) VALUES (3);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, sync_direction) VALUES (2, 10, 'octo', 'site', 'up');
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, conflict_policy) VALUES (2, 10, 'octo', 'site', 'dice');
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, on_remote_delete) VALUES (2, 10, 'octo', 'site', 'maybe');
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, on_local_delete) VALUES (2, 10, 'octo', 'site', 'maybe');
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, task_defaults) VALUES (2, 10, 'octo', 'site', '[]');
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name, comment_defaults) VALUES (2, 10, 'octo', 'site', '1');
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 99, 'octo', 'site');
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (0, 10, 'octo', 'site');
INSERT INTO github_sync.github_app_installations (id, state) VALUES (11, 'asleep');
INSERT INTO github_sync.github_app_installations (id) VALUES (-1);
\set VERBOSITY default

-- comments
INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_issue_number, github_comment_external_id) VALUES ('inbound', 1, 1, 5000000001);
\echo :SQLSTATE
INSERT INTO github_sync.comment_sync_transactions (direction, github_comment_external_id, github_updated_at) VALUES ('inbound', 5000000001, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_issue_number, github_updated_at) VALUES ('inbound', 1, 1, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.comment_sync_transactions (direction, github_repo_id, github_issue_number, github_comment_external_id, github_updated_at) VALUES ('inbound', 2, 1, 5000000001, at(1));
\echo :SQLSTATE
INSERT INTO github_sync.comment_sync_transactions (direction) VALUES ('outbound');
\echo :SQLSTATE
INSERT INTO github_sync.comment_sync_transactions (direction, comment_id) VALUES ('outbound', 42);
\echo :SQLSTATE

-- nothing of all this left anything behind
SELECT count(*) FROM github_sync.task_sync_transactions;
SELECT count(*) FROM github_sync.github_issues;
SELECT count(*) FROM github_sync.comment_sync_transactions;
SELECT count(*) FROM github_sync.github_comments;

-- a message of any length is kept with its begin and its end, and no longer than people read
SELECT github_sync.shortened(NULL), github_sync.shortened(''), github_sync.shortened(repeat('é', 2000)) = repeat('é', 2000);
SELECT regexp_replace(m, 'é+', ' many ', 'g'), length(m) FROM github_sync.shortened('begin' || repeat('é', 400000) || 'end') AS m;
