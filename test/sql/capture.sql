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

-- nothing of this makes the application fail
RESET SESSION AUTHORIZATION;
SET SESSION AUTHORIZATION regress_owner;
CALL start_afresh();
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true) \g /dev/null
INSERT INTO app.tasks (title, modified_at) VALUES ('one', at(1)), ('two', at(1)), ('three', at(1));
SELECT carry_out(2);
-- COPY; ON CONFLICT, either way; several changes in one statement; a subtransaction that is rolled back
COPY app.tasks (title, modified_at) FROM stdin;
copied	2024-05-01 10:00:03+00
\.
INSERT INTO app.tasks (id, title, modified_at) VALUES (1, 'one!', at(3)), (9, 'nine', at(3))
ON CONFLICT (id) DO UPDATE SET title = excluded.title, modified_at = excluded.modified_at;
WITH first AS (INSERT INTO app.tasks (title, modified_at) VALUES ('in a CTE', at(3)) RETURNING id)
UPDATE app.tasks SET title = 'two!' FROM first WHERE tasks.id = 2;
BEGIN;
SAVEPOINT before;
UPDATE app.tasks SET title = 'never';
ROLLBACK TO before;
UPDATE app.tasks SET title = 'three!' WHERE id = 3;
COMMIT;
SELECT transaction, t.title FROM queue JOIN github_sync.task_sync_transactions AS q ON q.id = split_part(transaction, ' ', 1)::bigint
JOIN app.tasks AS t ON t.id = q.task_id WHERE q.state = 'queued' ORDER BY q.id;
SELECT carry_out(4);
-- a trigger of the application changes a mapped column: before, after, and at commit
CREATE FUNCTION app.shout() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN NEW.title := upper(NEW.note); RETURN NEW; END $$;
CREATE TRIGGER shout BEFORE UPDATE OF note ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.shout();
UPDATE app.tasks SET note = 'louder' WHERE id = 1;
CREATE FUNCTION app.touch() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	UPDATE app.tasks SET body = 'checked at commit' WHERE id = NEW.id AND body IS DISTINCT FROM 'checked at commit';
	RETURN NULL;
END $$;
CREATE CONSTRAINT TRIGGER touch AFTER UPDATE ON app.tasks DEFERRABLE INITIALLY DEFERRED FOR EACH ROW EXECUTE FUNCTION app.touch();
UPDATE app.tasks SET state = 'closed' WHERE id = 2;
DROP TRIGGER touch ON app.tasks;
DROP TRIGGER shout ON app.tasks;
SELECT t.id, t.title, t.body, t.state FROM app.tasks AS t JOIN github_sync.task_sync_transactions AS q ON q.task_id = t.id AND q.state = 'queued' ORDER BY q.id;
SELECT carry_out(5);
-- or deletes the row before capture comes to see it
CREATE FUNCTION app.regret() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN EXECUTE format('DELETE FROM app.%I WHERE id = $1', TG_TABLE_NAME) USING NEW.id; RETURN NULL; END $$;
CREATE TRIGGER a_regret AFTER INSERT OR UPDATE ON app.comments FOR EACH ROW EXECUTE FUNCTION app.regret();
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Or rather not', at(6));
DROP TRIGGER a_regret ON app.comments;
CREATE TRIGGER a_regret AFTER INSERT OR UPDATE ON app.tasks FOR EACH ROW EXECUTE FUNCTION app.regret();
INSERT INTO app.tasks (title, modified_at) VALUES ('Or rather not', at(6));
UPDATE app.tasks SET title = 'Or rather not' WHERE id = 9;
DROP TRIGGER a_regret ON app.tasks;
SELECT count(*) FROM app.tasks WHERE title = 'Or rather not';
-- comments of no task, of one without a repository, of one whose repository is not connected, moved to another task
INSERT INTO app.tasks (id, repo_id, title, modified_at) VALUES (20, NULL, 'private', at(6)), (21, 99, 'elsewhere', at(6));
INSERT INTO app.comments (task_id, body, modified_at) VALUES (NULL, 'about nothing', at(6)), (20, 'in private', at(6)), (21, 'elsewhere', at(6)), (1, 'here', at(6));
UPDATE app.comments SET body = body || '!';
SELECT * FROM comment_queue;
UPDATE app.comments SET task_id = 20, body = 'moved' WHERE body = 'here!';
UPDATE app.comments SET task_id = NULL, body = 'moved on' WHERE body = 'moved';
SELECT transaction FROM comment_queue;
-- its repository does not sync, or its installation is suspended
UPDATE github_sync.github_repos SET sync_enabled = false;
UPDATE app.tasks SET title = 'while disabled' WHERE id = 1;
INSERT INTO app.tasks (title, modified_at) VALUES ('while disabled', at(7));
SELECT transaction FROM queue WHERE transaction LIKE '%disabled%';
UPDATE github_sync.github_repos SET sync_enabled = true;
-- a repository that has records cannot be removed; one without can, and its tasks are then left alone
DELETE FROM github_sync.github_repos WHERE id = 1;
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'old');
INSERT INTO app.tasks (id, repo_id, title, modified_at) VALUES (30, NULL, 'old', at(7));
DELETE FROM github_sync.github_repos WHERE id = 2;
UPDATE app.tasks SET repo_id = 2, title = 'older' WHERE id = 30;
SELECT count(*) FROM github_sync.task_sync_transactions WHERE task_id = 30;
-- the key of a linked row stays; of others it may change
\set VERBOSITY terse
UPDATE app.tasks SET id = 101 WHERE id = 1;
\set VERBOSITY default
UPDATE app.tasks SET id = 130, title = 'oldest' WHERE id = 30;
-- replicas: what an apply worker or a restore writes is no news
RESET SESSION AUTHORIZATION;
SELECT max(id) AS before FROM github_sync.task_sync_transactions \gset
SET session_replication_role = replica;
UPDATE app.tasks SET title = 'replicated' WHERE id = 1;
RESET session_replication_role;
SELECT max(id) - :before AS captured FROM github_sync.task_sync_transactions;
-- TRUNCATE is refused by the foreign keys; with CASCADE it empties records and queues as well, and nothing reaches GitHub
TRUNCATE app.tasks;
SET client_min_messages = warning;
TRUNCATE app.tasks CASCADE;
RESET client_min_messages;
SELECT (SELECT count(*) FROM github_sync.task_sync_transactions) AS queued, (SELECT count(*) FROM github_sync.github_issues) AS records;
SET SESSION AUTHORIZATION regress_owner;
INSERT INTO app.tasks (title, modified_at) VALUES ('afresh', at(8));
SELECT state FROM github_sync.task_sync_transactions;
SELECT github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false) \g /dev/null
DROP FUNCTION app.shout, app.touch, app.regret;
