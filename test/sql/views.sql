--
-- Views: their columns, and what they tell
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- the columns are a contract
SELECT c.relname, string_agg(a.attname || ' ' || format_type(a.atttypid, a.atttypmod), ', ' ORDER BY a.attnum)
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
	AND c.relname IN ('sync_status', 'sync_queue', 'sync_errors', 'sync_history', 'sync_workers', 'sync_rate_limits', 'sync_waiting')
GROUP BY c.relname ORDER BY c.relname;
-- so are those of the tables: none of these is missing
CREATE TEMP TABLE promised (table_name text, columns text);
INSERT INTO promised VALUES
('github_app_installations', 'id, account_login, account_type, state'),
('github_repos', 'id, github_app_installation_id, owner_login, name, sync_enabled, sync_direction, conflict_policy, on_remote_delete,
	on_local_delete, task_defaults, comment_defaults'),
('github_issues', 'id, github_id, github_repo_id, number, is_pull_request, github_pull_request_external_id, task_id, title, body, state,
	state_reason, author_login, html_url, github_created_at, github_updated_at, seen_at, closed_at, deleted_at, local_deleted_at'),
('github_comments', 'id, github_id, github_issue_id, comment_id, body, author_login, html_url, github_created_at, github_updated_at,
	seen_at, deleted_at, local_deleted_at'),
('task_sync_transactions', 'task_id, github_issue_id, github_issue_external_id, github_issue_number'),
('comment_sync_transactions', 'comment_id, github_comment_id, github_comment_external_id, github_issue_id, github_issue_number');
UPDATE promised SET columns = columns || ', id, direction, action, state, github_app_installation_id, github_repo_id, github_updated_at,
	record_modified_at, canceled_by, duplicate_of, dropped_for, disabled_reason, error_code, error_reason, last_error, last_error_at,
	priority, attempts, claim_no, next_attempt_at, inserted_at, queued_at, processing_at, finished_at'
WHERE table_name LIKE '%_sync_transactions';
SELECT p.table_name, c.name FROM promised AS p, regexp_split_to_table(p.columns, ',\s*') AS c (name)
WHERE NOT EXISTS (SELECT FROM pg_attribute AS a
	WHERE a.attrelid = ('github_sync.' || p.table_name)::regclass AND a.attname = c.name);
-- each says what it is
SELECT c.relname FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind IN ('v', 'r') AND obj_description(c.oid, 'pg_class') IS NULL;
-- and so does each column of each view
SELECT c.relname, a.attname FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' AND col_description(c.oid, a.attnum) IS NULL;
SELECT a.attname, col_description(a.attrelid, a.attnum) FROM pg_attribute AS a
WHERE a.attrelid = 'github_sync.sync_errors'::regclass AND a.attnum > 0 ORDER BY a.attnum;
-- still when comments are detached, and attached again
CREATE TEMP VIEW comments_of_views AS SELECT c.relname, a.attname, col_description(c.oid, a.attnum) AS of_column, obj_description(c.oid, 'pg_class') AS of_view
FROM pg_class AS c JOIN pg_attribute AS a ON a.attrelid = c.oid AND a.attnum > 0
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v';
CREATE TEMP TABLE comments_before AS SELECT * FROM comments_of_views;
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments() \g /dev/null
SELECT count(*) FROM (SELECT * FROM comments_of_views EXCEPT SELECT * FROM comments_before) AS changed;
SELECT count(*) = (SELECT count(*) FROM comments_before) AS all_there FROM comments_of_views;
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SELECT count(*) FROM (SELECT * FROM comments_of_views EXCEPT SELECT * FROM comments_before) AS changed;
SELECT count(*) = (SELECT count(*) FROM comments_before) AS all_there FROM comments_of_views;
SET SESSION AUTHORIZATION regress_owner;

-- an empty queue
SELECT count(*) FROM github_sync.sync_status;
SELECT count(*) FROM github_sync.sync_queue;
SELECT count(*) FROM github_sync.sync_errors;
SELECT count(*) FROM github_sync.sync_history;

-- something of everything
CALL github_has(5, 'Crash');
SELECT webhook(5), webhook(4), webhook(5);
SELECT carry_out(5);
SELECT webhook(7, 2), webhook(8, 2);
SELECT * FROM claim();
SELECT github_sync.task_fail(5, 1, 'forbidden', 'GitHub said no');
INSERT INTO app.tasks (title, modified_at) VALUES ('Another', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (2, 'Me too', at(1));
SELECT outbound(1, 'comment');
INSERT INTO github_sync.task_sync_transactions (direction, state, disabled_reason, github_repo_id, github_issue_id, github_issue_number, github_updated_at)
SELECT direction, 'disabled', 'repo', github_repo_id, github_issue_id, github_issue_number, at(9) FROM github_sync.task_sync_transactions WHERE id = 5;

SELECT record_type, direction, state, transactions, oldest <= newest AS in_order FROM github_sync.sync_status ORDER BY 1 DESC, 2, 3;
SELECT record_type, id, direction, action, state, record_id, repository, github_issue_number, priority, waits_for, attempts, last_error
FROM github_sync.sync_queue WHERE record_type = 'task';
SELECT record_type, id, direction, action, record_id, github_repo_id, github_issue_number, error_code, error_reason, attempts, retry
FROM github_sync.sync_errors ORDER BY 1 DESC, 2;
SELECT record_type, id, direction, state, record_id, second_of(github_updated_at), because, superseded_by
FROM github_sync.sync_history ORDER BY 1 DESC, 2;

-- what a transaction waits for
CREATE VIEW waiting AS SELECT record_type, id, regexp_replace(waits_for, '(retry at|rate limit until) .*', '\1 ...') AS waits_for
FROM github_sync.sync_queue ORDER BY 1 DESC, 2;
-- sync_waiting counts what sync_queue tells of each row: a row here, where it does not
CREATE VIEW miscounted AS
WITH told AS (
	SELECT q.record_type, q.direction, coalesce(t.github_app_installation_id, c.github_app_installation_id) AS installation,
		regexp_replace(q.waits_for, '^retry at .*', 'retry') AS waits_for, count(*) AS transactions, min(q.queued_at) AS oldest
	FROM github_sync.sync_queue AS q
	LEFT JOIN github_sync.task_sync_transactions AS t ON q.record_type = 'task' AND t.id = q.id
	LEFT JOIN github_sync.comment_sync_transactions AS c ON q.record_type = 'comment' AND c.id = q.id
	GROUP BY 1, 2, 3, 4),
counted AS (SELECT record_type, direction, github_app_installation_id, waits_for, transactions, oldest FROM github_sync.sync_waiting)
SELECT 'missing' AS what, m.* FROM (SELECT * FROM told EXCEPT SELECT * FROM counted) AS m
UNION ALL SELECT 'invented', i.* FROM (SELECT * FROM counted EXCEPT SELECT * FROM told) AS i;
CALL start_afresh();
SELECT count(*) FROM github_sync.sync_waiting;
SELECT webhook(5);
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT * FROM claim();
SELECT webhook(7);
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT github_sync.task_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT * FROM claim();
SELECT github_sync.task_give_back(2, 1, 'GitHub is down', clock_timestamp() + interval '1 hour');
SELECT * FROM waiting;
SELECT * FROM miscounted;
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued';
SELECT github_sync.pause_installation(10, now() + interval '1 hour', 'rate limit', 'rate limit') \g /dev/null
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT * FROM claim();
SELECT github_sync.next_pause_end() > now() + interval '59 minutes' AS resumes_then;
-- after a pause, one request finds out
SELECT webhook(1, 2), webhook(1, 3);
SELECT github_sync.pause_installation(10, now() - interval '1 second', 'rate limit', 'rate limit') \g /dev/null
SELECT * FROM claim(10);
SELECT * FROM claim(10);
SELECT github_sync.resume_installation(10, clock_timestamp()) \g /dev/null
SELECT * FROM claim(10);
-- a creation without an answer
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT outbound(1), outbound(1, 'comment');
SELECT * FROM claim();
SELECT github_sync.task_give_back(1, 1, 'connection reset', NULL);
SELECT * FROM claim();
SELECT github_sync.task_report_missing_creation(1, 2, '15 minutes');
SELECT * FROM claim(of_type => 'comment');
SELECT * FROM waiting;
SELECT * FROM miscounted;
-- what became of the issue says the transaction that failed, not one that it covers and that came later
CALL start_afresh();
CALL github_has(5, 'Another', issue => 2);
CALL github_has(5, new_body => 'Me too', issue => 2, comment => 5000000001);
SELECT webhook(5, 2), webhook(5, 2, 5000000001), webhook(5, 2);
SELECT * FROM claim();
SELECT github_sync.task_fail(1, 1, 'invalid_response', 'no JSON');
SELECT * FROM waiting;
SELECT * FROM miscounted;
-- the parent is all that is waited for, and known before anybody claims; then what became of it
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
SELECT outbound(1, 'comment');
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT * FROM claim();
SELECT github_sync.task_report_rejected_creation(1) \g /dev/null
SELECT github_sync.task_fail(1, 1, 'validation_failed', 'GitHub said no');
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT github_sync.retry_task_sync_transaction(1);
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT carry_out(2);
SELECT * FROM waiting;
SELECT * FROM miscounted;
-- neither has an inbound one a row to belong to before its issue has a task
CALL github_has(5, 'Another', issue => 2);
CALL github_has(5, new_body => 'Me too', issue => 2, comment => 5000000001);
SELECT webhook(5, 2, 5000000001);
SELECT * FROM waiting;
SELECT * FROM miscounted;
SELECT webhook(5, 2);
SELECT carry_out(5);
SELECT * FROM waiting;
SELECT * FROM miscounted;
-- GitHub cannot be reached, or refuses the key: each with what it is
SELECT github_sync.pause_installation(10, now() + interval '1 hour', 'unreachable', 'GitHub unreachable: Connection refused') \g /dev/null
SELECT id, waits_for, pause_reason FROM github_sync.sync_queue ORDER BY record_type DESC, id;
SELECT * FROM miscounted;
SELECT github_sync.pause_installation(10, now() + interval '1 hour', 'credentials', 'private_key_file "/key" cannot be read') \g /dev/null
SELECT id, waits_for, pause_reason FROM github_sync.sync_queue ORDER BY record_type DESC, id;
SELECT * FROM miscounted;
SELECT github_sync.resume_installation(10, clock_timestamp()) \g /dev/null

-- of more than a thousand in line, the rest counts to the reason that most of the first have; so do those that wait for a time
CALL start_afresh();
INSERT INTO github_sync.github_issues (github_id, github_repo_id, number) SELECT n, 1, n FROM generate_series(1001, 2200) AS n;
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_id, github_issue_number, queued_at)
SELECT 'inbound', 'queued', 10, 1, c.id, c.number, at(c.number) FROM github_sync.github_issues AS c WHERE c.number > 1000 ORDER BY c.number;
SELECT count(*) FROM claim();
SELECT record_type, direction, github_app_installation_id, waits_for, transactions, oldest = at(CASE waits_for WHEN 'processing' THEN 1001 ELSE 1002 END) AS since FROM github_sync.sync_waiting ORDER BY waits_for;
UPDATE github_sync.task_sync_transactions SET next_attempt_at = clock_timestamp() + interval '1 hour' WHERE state = 'queued' AND github_issue_number <= 2150;
SELECT record_type, waits_for, transactions FROM github_sync.sync_waiting ORDER BY waits_for;
SELECT * FROM miscounted;
-- each installation has its own, however much another one has
INSERT INTO github_sync.github_app_installations (id) VALUES (20);
SELECT github_sync.pause_installation(20, clock_timestamp() + interval '1 hour', 'unreachable', 'GitHub unreachable: timeout') \g /dev/null
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL, github_app_installation_id = CASE WHEN github_issue_number < 2200 THEN 20 ELSE 10 END WHERE state = 'queued';
SELECT github_app_installation_id, waits_for, transactions FROM github_sync.sync_waiting ORDER BY 1, 2;
DELETE FROM github_sync.task_sync_transactions WHERE github_app_installation_id = 20;
DELETE FROM github_sync.github_app_installations WHERE id = 20;

-- why nothing came of a transaction
CREATE VIEW because AS SELECT record_type, id, direction, state, because, superseded_by
FROM github_sync.sync_history ORDER BY 1 DESC, 2;
-- the row was deleted
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT carry_out(5);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(6);
SELECT outbound(1);
DELETE FROM app.tasks;
SELECT webhook(7);
SELECT * FROM because;
-- unlinked
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT carry_out(5);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(6);
SELECT outbound(1);
SELECT github_sync.unlink_task(1) \g /dev/null
SELECT * FROM because;
-- deleted at GitHub; only the cached record knows a newer time; nothing could protect a later change; both sides agree
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('one', at(1)), ('two', at(9)), ('three', at(1));
INSERT INTO github_sync.github_issues (github_repo_id, github_id, number, task_id, title, state, github_updated_at, seen_at, deleted_at, local_base, remote_base)
VALUES (1, 3000000001, 1, NULL, 'gone', 'open', at(5), at(5), at(9), NULL, NULL), (1, 3000000002, 2, 2, NULL, NULL, NULL, NULL, NULL, NULL, NULL),
	(1, 3000000003, 3, 3, 'three', 'open', at(8), at(8), NULL, '{three,NULL,open}', '{three,NULL,open}');
SELECT webhook(5, 1), webhook(5, 2), webhook(5, 3), outbound(3);
SELECT * FROM because;
-- what superseded it was pruned
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(4), webhook(5), webhook(5), webhook(3);
SELECT carry_out(5);
DELETE FROM github_sync.task_sync_transactions WHERE id = 2;
SELECT * FROM because;

-- an installation that is suspended: what waits becomes disabled
CALL start_afresh();
SELECT webhook(5, 2), webhook(5, 3, 5000000001);
SELECT github_sync.set_installation_state(10, 'suspended') \g /dev/null
SELECT record_type, id, state, because FROM github_sync.sync_history ORDER BY 1 DESC, 2;

-- the statement that retries does so
CALL start_afresh();
SELECT webhook(5), webhook(5, 2);
SELECT * FROM claim();
SELECT github_sync.task_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT retry FROM github_sync.sync_errors \gexec
SELECT * FROM queue;
