--
-- Rows that are not to be synced: sync_when, deleted_when, and a repository by expression
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
ALTER TABLE app.tasks ADD draft boolean NOT NULL DEFAULT false, ADD removed_at timestamptz, ADD "Key" text, ADD key text, ADD here text;
ALTER TABLE app.comments ADD kind text NOT NULL DEFAULT 'note', ADD private boolean DEFAULT false, ADD uncaptured_since timestamptz;
CREATE TABLE app.projects (id bigint PRIMARY KEY, repo_id bigint);
RESET SESSION AUTHORIZATION;
GRANT CREATE ON SCHEMA github_sync TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
\set ECHO all

-- what cannot be used is said when the table is attached
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'NOT darft');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'title');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'NOT draft, true');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'NOT draft) FROM app.tasks --');
SELECT github_sync.attach_tasks('app.tasks', sync_when => '');
-- nor what is one only between our parentheses
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'NOT draft) OR (true');
SELECT github_sync.attach_tasks('app.tasks', deleted_when => 'false) OR (removed_at IS NOT NULL', github_repo => '1) + (repo_id');
SELECT github_sync.attach_comments('app.comments', sync_when => 'true) OR (private', deleted_when => 'private) IS NOT FALSE AND (true');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'NOT draft AS wanted'), github_sync.attach_tasks('app.tasks', sync_when => 'NOT draft AND');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'count(*) > 0');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'random() < 0.5');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'tasks.draft');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'given_row IS NOT NULL');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'app.no_such_function');
\echo :SQLSTATE
-- several functions of a name, or one of something else than the key: which is meant, and what it is called with
CREATE FUNCTION app.amb(bigint) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog RETURN true;
CREATE FUNCTION app.amb(text) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog RETURN true;
CREATE FUNCTION app.of_row(app.tasks) RETURNS boolean LANGUAGE sql STABLE SET search_path = pg_catalog RETURN true;
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'app.amb');
SELECT github_sync.attach_tasks('app.tasks', sync_when => ' app.AMB(uuid)');
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'app.of_row');
SELECT github_sync.attach_tasks('app.tasks', deleted_when => 'app.amb', github_repo => 'app.of_row(app.tasks)', title_column => 'nowhere');
\echo :SQLSTATE
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'app.amb(bigint)');
SELECT mapping ->> 'sync_when' FROM github_sync.attached_tables WHERE record_type = 'task';
DROP FUNCTION app.of_row(app.tasks);
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'true') \g /dev/null
DROP FUNCTION app.amb(bigint), app.amb(text);
-- in a subquery a column of its own table is meant, where that has one of the same name
SELECT github_sync.attach_tasks('app.tasks', github_repo => '(SELECT p.repo_id FROM app.projects AS p WHERE p.id = id)');
SELECT github_sync.attach_tasks('app.tasks', github_repo => '(SELECT p.repo_id FROM app.projects AS p WHERE p.id = given_row.id)');
SELECT mapping ->> 'github_repo_is', mapping -> 'names' -> 'github_repo_is:id' FROM github_sync.attached_tables WHERE record_type = 'task';
SELECT github_sync.attach_tasks('app.tasks', deleted_when => 'removed_at', github_repo => 'title');
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', github_repo => 'repo_id');
SELECT github_sync.attach_comments('app.comments', sync_when => 'private IS NUL');
-- and so is one that fails for a row, or a function that would not find what it names
INSERT INTO app.tasks (repo_id, title) VALUES (NULL, 'x');
SELECT github_sync.attach_tasks('app.tasks', sync_when => '1 / length(body) > length(title) / 0');
CREATE FUNCTION app.is_public(bigint) RETURNS boolean LANGUAGE plpgsql STABLE AS $$ BEGIN RETURN NOT (SELECT draft FROM tasks WHERE id = $1); END $$;
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'app.is_public');
ALTER FUNCTION app.is_public(bigint) SET search_path = app, pg_temp;
SELECT github_sync.attach_tasks('app.tasks', sync_when => 'app.is_public(bigint)');
SELECT mapping ->> 'sync_when', mapping -> 'names' -> 'sync_when:key', mapping -> 'captured_columns' FROM github_sync.attached_tables WHERE record_type = 'task';
-- names that are ours inside are the columns here
SELECT github_sync.attach_tasks('app.tasks', sync_when => $$coalesce("Key", key, here, '') <> 'no' -- a comment$$, github_repo_column => 'repo_id');
INSERT INTO app.tasks (title, "Key", key, here) VALUES ('x', NULL, 'no', 'yes'), ('x', NULL, NULL, 'no'), ('x', 'yes', 'no', 'no');
SELECT t.id, (github_sync.task_local_row(t.id)).is_wanted FROM app.tasks AS t ORDER BY t.id;
SELECT github_sync.attach_comments('app.comments', sync_when => $$kind = 'note' AND uncaptured_since IS NULL AND NOT private$$);
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
SELECT github_sync.task_catch_up(), github_sync.comment_catch_up();
-- what fails for a row that is not the first, where all of them are looked at since changes are captured: it says for which
SELECT github_sync.attach_tasks('app.tasks', sync_when => '10 / (id - 3) < 100', github_repo_column => 'repo_id');

-- the world: drafts are not synced, removed tasks count as deleted; nor are comments that are private, or no notes
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', sync_when => 'NOT draft', deleted_when => 'removed_at IS NOT NULL');
SELECT github_sync.attach_comments('app.comments', sync_when => $$kind = 'note' AND NOT private$$);
SELECT mapping -> 'captured_columns' FROM github_sync.attached_tables ORDER BY record_type DESC;

-- a draft and its comments: nothing is said of them, whatever is edited; then all of them go
CALL start_afresh();
INSERT INTO app.tasks (title, draft, modified_at) VALUES ('Crash', true, at(1));
INSERT INTO app.comments (task_id, body, private, modified_at) VALUES (1, 'First', false, at(1)), (1, 'Secret', true, at(2)), (1, 'Unknown', NULL, at(2));
UPDATE app.tasks SET title = 'Crash!', modified_at = at(2);
UPDATE app.comments SET body = body || '.';
SELECT * FROM queue UNION ALL SELECT * FROM comment_queue;
-- nor where the application enqueues them by itself, whichever it is that it enqueues first
BEGIN;
RESET SESSION AUTHORIZATION;
SELECT github_sync.capture_comment_changes(false);
SET SESSION AUTHORIZATION regress_owner;
SELECT outbound(1, of_type => 'comment');
SELECT outbound(2, of_type => 'comment');
SELECT * FROM comment_queue;
UPDATE app.tasks SET draft = false;
SELECT carry_out(4);
SELECT carry_out(5, of_type => 'comment');
SELECT * FROM comment_queue;
ROLLBACK;
SELECT outbound(1);
SELECT outbound(1, of_type => 'comment');
SELECT outbound(2, of_type => 'comment');
SELECT carry_out(3);
SELECT carry_out(3, of_type => 'comment');
UPDATE app.tasks SET draft = false;
SELECT carry_out(4);
SELECT carry_out(5, of_type => 'comment');
SELECT * FROM queue;
SELECT * FROM comment_queue;
SELECT github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;
-- nothing else of the row changes: nothing is enqueued
UPDATE app.tasks SET note = 'seen', removed_at = NULL;
SELECT count(*) FROM queue;

-- a synced task becomes a draft: nothing goes either way, of its comments either
CREATE PROCEDURE synced() LANGUAGE plpgsql AS $$
BEGIN
	CALL start_afresh();
	INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
	INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Me too', at(1));
	PERFORM carry_out(2);
	PERFORM carry_out(3, of_type => 'comment');
END
$$;
CALL synced();
UPDATE app.tasks SET draft = true;
SELECT * FROM queue;
UPDATE app.tasks SET title = 'Private', modified_at = at(5);
UPDATE app.tasks SET body = 'Private', modified_at = at(6);
UPDATE app.comments SET body = 'Private', modified_at = at(6);
INSERT INTO app.comments (task_id, body, modified_at) VALUES (1, 'Private as well', at(5));
CALL github_has(65, 'Crash', 'From GitHub');
SELECT webhook(65);
CALL github_has(66, new_body => 'Said at GitHub', comment => 5000000100);
SELECT webhook(66, comment => 5000000100);
SELECT carry_out(67);
SELECT carry_out(67, of_type => 'comment');
SELECT * FROM queue;
SELECT * FROM comment_queue;
SELECT because FROM github_sync.sync_history WHERE state = 'disabled' ORDER BY record_type, id;
-- neither by retrying, linking, or switching the repository
UPDATE github_sync.github_repos SET sync_enabled = false WHERE id = 1;
SELECT * FROM queue;
UPDATE github_sync.github_repos SET sync_enabled = true WHERE id = 1;
SELECT * FROM queue;
SELECT carry_out(68);
SELECT carry_out(68, of_type => 'comment');
SELECT title, body, github_title, github_body FROM both_sides;
-- it is public again: what both sides hold is merged, and its comments come along
UPDATE app.tasks SET draft = false, modified_at = at(70);
SELECT carry_out(71);
SELECT carry_out(72, of_type => 'comment');
SELECT title, body, github_title, github_body FROM both_sides;
SELECT * FROM queue;
SELECT * FROM comment_queue;
SELECT body FROM app.comments ORDER BY id;
SELECT github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;

-- only GitHub has changed it meanwhile: that arrives when it fits again
CALL synced();
UPDATE app.tasks SET draft = true;
CALL github_has(65, 'Crash at start');
SELECT webhook(65);
UPDATE app.tasks SET draft = false;
SELECT * FROM queue;
SELECT carry_out(66);
SELECT title FROM app.tasks;

-- it becomes a draft while GitHub is asked, and before a creation is sent
CALL synced();
UPDATE app.tasks SET title = 'Secret', modified_at = at(5);
SELECT * FROM claim();
ALTER TABLE app.tasks DISABLE TRIGGER github_sync_capture_task;
UPDATE app.tasks SET draft = true;
ALTER TABLE app.tasks ENABLE TRIGGER github_sync_capture_task;
SELECT fetched(2, 70);
SELECT * FROM queue;
INSERT INTO app.tasks (title, modified_at) VALUES ('Soon secret', at(6));
SELECT id, step FROM github_sync.task_claim(1, 8);
ALTER TABLE app.tasks DISABLE TRIGGER github_sync_capture_task;
UPDATE app.tasks SET draft = true;
ALTER TABLE app.tasks ENABLE TRIGGER github_sync_capture_task;
SELECT creation_key IS NULL AS nothing FROM github_sync.task_begin_creation(3, 1);
SELECT github_sync.task_give_back(3, 1, NULL, NULL);
SELECT * FROM queue;
SELECT title FROM resources;

-- a private comment that is linked stays here
CALL synced();
INSERT INTO app.comments (task_id, body, private, modified_at) VALUES (1, 'Secret', true, at(4));
CALL github_has(5, new_body => 'Public', comment => 5000000100);
SELECT github_sync.link_comment(2, 1, 5000000100, 'app') IS NOT NULL AS linked;
SELECT carry_out(6, of_type => 'comment');
SELECT github_sync.unlink_comment(2);
SELECT github_sync.link_comment(2, 1, 5000000100, 'github') IS NOT NULL AS linked;
SELECT carry_out(7, of_type => 'comment');
SELECT * FROM comment_queue;
SELECT body FROM app.comments WHERE id = 2;
SELECT github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;

-- deleted_when: without propagation the row is kept back; with it that is a deletion
CALL synced();
UPDATE app.tasks SET removed_at = at(5);
SELECT * FROM queue;
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.tasks SET title = 'Secret', modified_at = at(4);
UPDATE app.tasks SET removed_at = at(5);
UPDATE app.tasks SET title = 'More secret', modified_at = at(6);
SELECT carry_out(7);
SELECT * FROM queue;
SELECT action FROM github_sync.task_sync_transactions ORDER BY id;
SELECT title, state FROM resources WHERE type = 'task';
SELECT local_deleted_at IS NOT NULL FROM github_sync.github_issues;
CALL github_has(65, 'Said at GitHub');
SELECT webhook(65);
-- it is back: its issue is opened again
UPDATE app.tasks SET removed_at = NULL, modified_at = at(66);
SELECT carry_out(67);
SELECT title, state, github_title, github_state FROM both_sides;
-- back before the deletion was carried out
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.tasks SET removed_at = at(5);
UPDATE app.tasks SET removed_at = NULL, title = 'Back', modified_at = at(6);
SELECT * FROM queue;
SELECT carry_out(7);
SELECT title, state, github_title, github_state FROM both_sides;
-- back while the deletion is carried out: opened again when that is known, with what was edited
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.tasks SET removed_at = at(5);
SELECT * FROM claim();
SELECT fetched(2);
UPDATE app.tasks SET removed_at = NULL, title = 'Back again', modified_at = at(6);
SELECT id, action, state, because FROM github_sync.sync_history WHERE record_type = 'task' ORDER BY id;
SELECT written(2, 7);
SELECT * FROM queue;
SELECT carry_out(9);
SELECT title, state, github_title, github_state FROM both_sides;
-- ... though its answer is lost
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.tasks SET removed_at = at(5);
SELECT * FROM claim();
SELECT fetched(2);
CALL patched(2, 7);
SELECT github_sync.task_give_back(2, 1, 'timeout', NULL);
UPDATE app.tasks SET removed_at = NULL, modified_at = at(8);
SELECT * FROM queue;
SELECT carry_out(9);
SELECT carry_out(9);
SELECT title, state, github_title, github_state FROM both_sides;
-- back while its deletion is disabled, or after it was errored: nothing of it is left to enable or to retry
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
SELECT github_sync.set_repo_sync(1, false);
UPDATE app.tasks SET removed_at = at(5);
UPDATE app.tasks SET removed_at = NULL, title = 'Back again', modified_at = at(6);
SELECT * FROM queue;
SELECT github_sync.set_repo_sync(1, true);
SELECT * FROM queue;
SELECT carry_out(7);
SELECT title, state, github_title, github_state FROM both_sides;
UPDATE app.tasks SET removed_at = at(8);
SELECT * FROM claim();
SELECT github_sync.task_fail(max(id), 1, 'forbidden', 'no') FROM github_sync.task_sync_transactions \g /dev/null
UPDATE app.tasks SET removed_at = NULL, title = 'And again', modified_at = at(9);
SELECT github_sync.retry_errored();
SELECT carry_out(10);
SELECT action, state FROM github_sync.task_sync_transactions ORDER BY id;
SELECT title, state, github_title, github_state FROM both_sides;
-- ... one that may have been sent goes on, and the row is sent anew after it
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.tasks SET removed_at = at(5);
SELECT * FROM claim();
SELECT fetched(2);
CALL patched(2, 7);
SELECT github_sync.set_repo_sync(1, false);
SELECT github_sync.task_give_back(2, 1, 'timeout', NULL);
UPDATE app.tasks SET removed_at = NULL, modified_at = at(8);
SELECT id, action, state, because FROM github_sync.sync_history WHERE record_type = 'task' ORDER BY id;
SELECT github_sync.set_repo_sync(1, true);
SELECT carry_out(9);
SELECT carry_out(9);
SELECT title, state, github_title, github_state FROM both_sides;
-- ... and one whose row cannot be sent is not sent either
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.tasks SET removed_at = at(5);
UPDATE app.tasks SET removed_at = NULL, body = repeat('x', 300000), modified_at = at(6);
SELECT action, state, error_code FROM github_sync.task_sync_transactions ORDER BY id;
-- a comment that was deleted at GitHub is made anew
SELECT github_sync.attach_comments('app.comments', sync_when => 'true', deleted_when => $$kind = 'deleted'$$);
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.comments SET kind = 'deleted';
SELECT * FROM claim(of_type => 'comment');
SELECT deleted(2, 8);
SELECT * FROM comment_queue;
UPDATE app.comments SET kind = 'note';
SELECT carry_out(9, of_type => 'comment');
SELECT * FROM comment_queue;
SELECT id, github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;
-- ... though it is back before that is known
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.comments SET kind = 'deleted';
SELECT * FROM claim(of_type => 'comment');
UPDATE app.comments SET kind = 'note', body = 'Edited';
SELECT * FROM comment_queue;
SELECT deleted(2, 8);
SELECT * FROM comment_queue;
SELECT carry_out(9, of_type => 'comment');
SELECT * FROM comment_queue;
SELECT id, github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;
-- ... and one whose deletion is disabled is not deleted when it is enabled
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
SELECT github_sync.set_repo_sync(1, false);
UPDATE app.comments SET kind = 'deleted';
UPDATE app.comments SET kind = 'note', body = 'Still here';
SELECT * FROM comment_queue;
SELECT github_sync.set_repo_sync(1, true);
SELECT * FROM comment_queue;
SELECT carry_out(9, of_type => 'comment');
SELECT id, github_sync.without_creation_key(body) AS body FROM resources WHERE type = 'comment' ORDER BY id;

-- a row that was synced, is kept back and deleted: nothing of it is edited, but it is a deletion where those are propagated
CALL synced();
UPDATE github_sync.github_repos SET on_local_delete = 'propagate';
UPDATE app.tasks SET draft = true, title = 'Secret', modified_at = at(5);
UPDATE app.comments SET body = 'Secret', modified_at = at(5);
SELECT carry_out(6), carry_out(6, of_type => 'comment');
DELETE FROM app.comments;
DELETE FROM app.tasks;
SELECT * FROM claim(of_type => 'comment');
SELECT deleted(3, 7);
SELECT carry_out(7);
SELECT title, state FROM resources WHERE type = 'task';

-- another sync_when: what it lets through goes, where it is captured; a column keeps its name in it
CALL synced();
UPDATE app.tasks SET draft = true, title = 'Crash!', modified_at = at(5);
ALTER TABLE app.tasks RENAME draft TO is_draft;
SELECT mapping -> 'names' -> 'sync_when:draft' FROM github_sync.attached_tables WHERE record_type = 'task';
UPDATE app.tasks SET title = 'Crash!!', modified_at = at(6);
SELECT github_sync.refresh_attached();
SELECT * FROM queue;
-- what is kept back is not published by a call that says nothing of it, nor after a detach
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', sync_when => 'true');
BEGIN;
SELECT github_sync.detach_comments(), github_sync.detach_tasks();
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', deleted_when => 'false');
ROLLBACK;
-- with true a detach forgets all of it, and says so
BEGIN;
DROP VIEW world.queue, world.comment_queue, world.both_sides, world.conflicts;
DROP PROCEDURE world.start_afresh;
SELECT github_sync.detach_comments(true), github_sync.detach_tasks(true);
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');
SELECT mapping ->> 'sync_when', mapping ->> 'deleted_when' FROM github_sync.attached_tables;
SELECT count(*) FROM github_sync.github_repos;
ROLLBACK;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', sync_when => 'true', deleted_when => 'false');
SELECT * FROM queue;
SELECT carry_out(7);
SELECT title, github_title FROM both_sides;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', sync_when => 'NOT is_draft');
-- of columns that have other names now the error shows an expression that says the same of these
BEGIN;
ALTER TABLE app.tasks RENAME is_draft TO "Draft";
ALTER TABLE app.tasks RENAME note TO is_draft;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
ROLLBACK;
BEGIN;
ALTER TABLE app.tasks RENAME is_draft TO "Draft";
ALTER TABLE app.tasks RENAME note TO is_draft;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', sync_when => '(SELECT (NOT is_draft) FROM (SELECT "Draft" AS is_draft) AS given_row)');
SELECT mapping -> 'captured_columns' FROM github_sync.attached_tables WHERE record_type = 'task';
ROLLBACK;
ALTER TABLE app.tasks DROP is_draft;
INSERT INTO app.tasks (title) VALUES ('Written all the same');
SELECT problem, detail FROM github_sync.sync_problems;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id');

-- the repository of a task by its project
CALL start_afresh();
ALTER TABLE app.tasks ADD project_id bigint;
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (2, 10, 'octo', 'other');
INSERT INTO app.projects VALUES (11, 1), (12, 2), (13, NULL);
SELECT github_sync.attach_tasks('app.tasks', github_repo => '(SELECT p.repo_id FROM app.projects AS p WHERE p.id = project_id)', sync_when => 'true');
INSERT INTO app.tasks (title, project_id, modified_at) VALUES ('One', 11, at(1)), ('Two', 12, at(1)), ('None', 13, at(1));
SELECT t.task_id, t.github_repo_id FROM github_sync.task_sync_transactions AS t ORDER BY t.id;
UPDATE app.tasks SET project_id = 12 WHERE id = 1;
SELECT carry_out(2);
SELECT id, github_repo_id FROM github_sync.github_issues ORDER BY id;
UPDATE app.tasks SET project_id = 11 WHERE id = 1;
SELECT transaction FROM queue ORDER BY transaction DESC LIMIT 1;
UPDATE app.tasks SET project_id = 12 WHERE id = 1;
SELECT transaction FROM queue;
-- by a function: any change of the row may be one of its project
CREATE FUNCTION app.repo_of(bigint) RETURNS bigint LANGUAGE sql STABLE RETURN (SELECT p.repo_id FROM app.tasks AS t JOIN app.projects AS p ON p.id = t.project_id WHERE t.id = $1);
SELECT github_sync.attach_tasks('app.tasks', github_repo => 'app.repo_of');
CALL start_afresh();
INSERT INTO app.tasks (title, project_id, modified_at) VALUES ('One', NULL, at(1));
UPDATE app.tasks SET note = 'seen';
SELECT * FROM queue;
UPDATE app.tasks SET project_id = 12;
SELECT carry_out(2);
UPDATE app.tasks SET note = 'seen again';
SELECT count(*) FROM queue;
SELECT github_repo_id FROM github_sync.github_issues;
