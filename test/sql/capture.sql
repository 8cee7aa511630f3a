--
-- Capture: changes of the application become outbound transactions
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- off at first
INSERT INTO app.tasks (title) VALUES ('before');
SELECT * FROM queue;
SELECT github_sync.capture_task_changes(true) \g /dev/null
-- an insert, and a change of each mapped column
INSERT INTO app.tasks (title, body, modified_at) VALUES ('Crash', 'It crashes.', at(1));
SELECT * FROM queue;
SELECT carry_out(2);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(3) WHERE id = 2;
SELECT carry_out(4);
UPDATE app.tasks SET body = 'It crashes often.', modified_at = at(5) WHERE id = 2;
SELECT carry_out(6);
UPDATE app.tasks SET state = 'closed', modified_at = at(7) WHERE id = 2;
SELECT carry_out(8);
SELECT * FROM queue;
SELECT * FROM both_sides WHERE task = 2;
-- not of others
UPDATE app.tasks SET note = 'for Friday', modified_at = at(9) WHERE id = 2;
SELECT max(id) FROM github_sync.task_sync_transactions;
-- a row without a repository, or with one that is not connected, is left alone
INSERT INTO app.tasks (repo_id, title) VALUES (NULL, 'private'), (99, 'elsewhere');
UPDATE app.tasks SET title = title || '!' WHERE repo_id IS DISTINCT FROM 1;
SELECT max(id) FROM github_sync.task_sync_transactions;
-- until it gets one
UPDATE app.tasks SET repo_id = 1 WHERE title = 'private!';
SELECT t.state FROM github_sync.task_sync_transactions AS t ORDER BY t.id DESC LIMIT 1;
-- several changes of one row: the last one goes; place in line inherited
CALL start_afresh();
INSERT INTO app.tasks (title, modified_at) VALUES ('one', at(1)), ('two', at(1));
UPDATE app.tasks SET title = title || '!', modified_at = at(2);
UPDATE app.tasks SET title = title || '?', modified_at = at(3) WHERE id = 1;
SELECT * FROM queue;
SELECT carry_out(4);
SELECT task, github_title FROM both_sides;
-- a change that is rolled back is none
BEGIN;
UPDATE app.tasks SET title = 'never';
ROLLBACK;
SELECT count(*) FROM github_sync.task_sync_transactions WHERE state = 'queued';
-- the application needs no rights on the queue
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA app TO regress_app;
GRANT SELECT, INSERT, UPDATE ON app.tasks, app.comments TO regress_app;
SET SESSION AUTHORIZATION regress_app;
UPDATE app.tasks SET title = 'by the application' WHERE id = 2;
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM queue WHERE transaction LIKE '%queued%';
-- twice on is on; off again
SELECT github_sync.capture_task_changes(true) \g /dev/null
SELECT github_sync.capture_task_changes(false) \g /dev/null
UPDATE app.tasks SET title = 'unnoticed';
SELECT count(*) FROM github_sync.task_sync_transactions WHERE state = 'queued';
SELECT tgname FROM pg_trigger WHERE tgrelid = 'app.tasks'::regclass AND NOT tgisinternal;
-- comments
CALL start_afresh();
SELECT github_sync.capture_comment_changes(true) \g /dev/null
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1)), ('private', at(1));
UPDATE app.tasks SET repo_id = NULL WHERE id = 2;
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1)), (2, 'Me neither', at(1));
SELECT * FROM queue;
SELECT * FROM comment_queue;
UPDATE app.comments SET modified_at = at(2);
SELECT * FROM comment_queue;
UPDATE app.comments SET body = 'And me', modified_at = at(3) WHERE id = 1;
SELECT * FROM comment_queue;
SELECT github_sync.capture_comment_changes(false) \g /dev/null
\set SHOW_CONTEXT never
-- not for others than the owner
RESET SESSION AUTHORIZATION;
GRANT USAGE ON SCHEMA github_sync TO regress_app;
SET SESSION AUTHORIZATION regress_app;
SELECT github_sync.capture_task_changes(true);
