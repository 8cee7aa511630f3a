--
-- Migrations of the application: its writes never fail, what was only renamed is followed, the rest is said and made up for
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\set migrations `cat "$PG_ABS_SRCDIR/sql/include/migrations.sql"`
:migrations
\set VERBOSITY terse
\pset format unaligned
\pset tuples_only on
\pset null -
\set ECHO all

-- renamed columns are followed in both directions, by the same transaction, and by a session that had used them before
CALL synced_world();
SELECT * FROM waiting();
ALTER TABLE app.tasks RENAME COLUMN title TO headline;
ALTER TABLE app.tasks RENAME COLUMN id TO task_number;
ALTER TABLE app.comments RENAME COLUMN task_id TO about_task;
UPDATE app.tasks SET headline = 'one!', modified_at = at(5) WHERE task_number = 1;
UPDATE app.comments SET body = 'Me too!', modified_at = at(5);
INSERT INTO app.tasks (headline, modified_at) VALUES ('three', at(5));
SELECT * FROM waiting();
SELECT carry_out(6), carry_out(6, 'comment');
CALL github_has(8, new_title => 'one, from GitHub');
SELECT webhook(8);
SELECT carry_out(9);
SELECT task_number, headline FROM app.tasks ORDER BY 1;
SELECT * FROM problems();
SELECT table_name, mapping ->> 'title' FROM github_sync.attached_tables ORDER BY 1;
-- table and schema, too
ALTER TABLE app.tasks RENAME TO todos;
RESET SESSION AUTHORIZATION;
ALTER SCHEMA app RENAME TO application;
SET SESSION AUTHORIZATION regress_owner;
UPDATE application.todos SET headline = 'one?', modified_at = at(10) WHERE task_number = 1;
SELECT * FROM waiting();
SELECT carry_out(11);
SELECT title FROM world.resources WHERE id = 3000000001;
SELECT * FROM problems();
SELECT table_schema, table_name FROM github_sync.attached_tables ORDER BY 2;
-- rolled back, it is as before
BEGIN;
ALTER TABLE application.todos RENAME COLUMN headline TO subject;
UPDATE application.todos SET subject = 'never';
ROLLBACK;
UPDATE application.todos SET headline = 'two!', modified_at = at(12) WHERE task_number = 2;
SELECT * FROM waiting();
SELECT carry_out(13);
-- capture is off and on, and what is attached is refreshed, under the new names
SELECT github_sync.capture_task_changes(false) \g /dev/null
SELECT github_sync.capture_task_changes(true) \g /dev/null
RESET SESSION AUTHORIZATION;
SELECT github_sync.refresh_attached() \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
UPDATE application.todos SET headline = 'two?', modified_at = at(14) WHERE task_number = 2;
SELECT * FROM waiting();
RESET SESSION AUTHORIZATION;
DROP SCHEMA application CASCADE;

-- other types: of a field, shorter or longer, of the state, of the time
\set ECHO none
\c -
:world
:migrations
\set ECHO all
CALL synced_world();
ALTER TABLE app.tasks ALTER COLUMN title TYPE varchar(100);
ALTER TABLE app.tasks ALTER COLUMN body TYPE varchar(200);
CREATE TYPE app.status AS ENUM ('open', 'doing', 'closed');
ALTER TABLE app.tasks ALTER COLUMN state DROP DEFAULT, ALTER COLUMN state TYPE app.status USING state::app.status;
ALTER TABLE app.tasks ALTER COLUMN modified_at TYPE timestamp USING modified_at AT TIME ZONE 'UTC';
UPDATE app.tasks SET title = 'one!', state = 'closed', modified_at = at(5) AT TIME ZONE 'UTC' WHERE id = 1;
UPDATE app.tasks SET state = 'doing' WHERE id = 2;
SELECT * FROM waiting();
SELECT carry_out(6);
SELECT title, state FROM world.resources WHERE id = 3000000001;
SELECT record_modified_at = at(5) FROM github_sync.task_sync_transactions ORDER BY id DESC LIMIT 1;
SELECT * FROM problems();
-- a label that is mapped gets another name: said at once; what was written meanwhile is found when that is attached
ALTER TYPE app.status RENAME VALUE 'closed' TO 'done';
UPDATE app.tasks SET title = 'two!', modified_at = at(7) AT TIME ZONE 'UTC' WHERE id = 2;
INSERT INTO app.tasks (title, state, modified_at) VALUES ('three', 'open', now() AT TIME ZONE 'UTC');
SELECT * FROM waiting();
SELECT * FROM problems();
-- that nothing is enabled is said as soon as the launcher has seen the database
CALL until_known_as_off();
SELECT "check", status, detail FROM github_sync.health();
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', closed_value => 'done', github_repo_column => 'repo_id') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM waiting();
SELECT * FROM problems();
SELECT carry_out(9);

-- a column is dropped
RESET SESSION AUTHORIZATION;
\set ECHO none
\c -
:world
:migrations
\set ECHO all
CALL synced_world();
ALTER TABLE app.tasks DROP COLUMN modified_at;
ALTER TABLE app.comments DROP COLUMN body;
INSERT INTO app.tasks (title) VALUES ('three');
UPDATE app.tasks SET title = title || '!';
UPDATE app.comments SET task_id = 2;
DELETE FROM app.tasks WHERE title = 'three!';
SELECT * FROM waiting();
SELECT * FROM problems();
-- webhooks are queued all the same, for a claim that waits
SELECT webhook(10), webhook(10, issue => 7), webhook(10, comment => 5000000001);
SELECT t.task_id, t.github_issue_number, t.state FROM github_sync.task_sync_transactions AS t WHERE t.direction = 'inbound';
SELECT github_sync.unlink_task(1);
-- a row that is deleted is deleted
INSERT INTO app.comments (task_id, modified_at) VALUES (2, at(3));
DELETE FROM app.comments WHERE id = 1;
SELECT c.github_id, c.comment_id, c.local_deleted_at IS NOT NULL FROM github_sync.github_comments AS c;
-- attached again, with what there is now: everything that is missing is enqueued, and nothing else
ALTER TABLE app.tasks ADD COLUMN updated_at timestamptz DEFAULT now();
ALTER TABLE app.comments ADD COLUMN content text DEFAULT 'Me neither';
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM waiting();
SELECT * FROM problems();

-- another column takes the place of the key, as one does it for a table that is too large to be written anew
INSERT INTO app.tasks (title, updated_at) VALUES ('three', at(11));
ALTER TABLE app.tasks ADD COLUMN new_id numeric;
UPDATE app.tasks SET new_id = id;
ALTER TABLE app.tasks ALTER COLUMN new_id TYPE bigint, DROP COLUMN id CASCADE;
UPDATE app.tasks SET title = title || '!', updated_at = now();
DELETE FROM app.tasks WHERE title = 'three!';
SELECT * FROM problems();
ALTER TABLE app.tasks RENAME COLUMN new_id TO id;
ALTER TABLE app.tasks ADD PRIMARY KEY (id), ALTER COLUMN id ADD GENERATED BY DEFAULT AS IDENTITY;
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT i.task_id, i.local_deleted_at IS NOT NULL FROM github_sync.github_issues AS i ORDER BY 1;
SELECT * FROM waiting();
SELECT * FROM problems();
DELETE FROM app.comments;
DELETE FROM app.tasks;
SELECT i.task_id, i.local_deleted_at IS NOT NULL FROM github_sync.github_issues AS i ORDER BY i.id;

-- one column takes the place of another: the old one is followed, and that is said, until attach is called again
RESET SESSION AUTHORIZATION;
\set ECHO none
\c -
:world
:migrations
\set ECHO all
CALL synced_world();
ALTER TABLE app.tasks ADD COLUMN new_title varchar(50);
UPDATE app.tasks SET new_title = title;
ALTER TABLE app.tasks RENAME COLUMN title TO old_title;
ALTER TABLE app.tasks RENAME COLUMN new_title TO title;
SELECT * FROM problems();
UPDATE app.tasks SET title = 'one!' WHERE id = 1;
SELECT * FROM waiting();
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM waiting();
SELECT * FROM problems();
ALTER TABLE app.tasks DROP COLUMN old_title;
SELECT * FROM problems();

-- a key that grows keeps its links, its queue, and who was granted what
RESET SESSION AUTHORIZATION;
\set ECHO none
\c -
:world
DROP VIEW world.queue, world.comment_queue, world.both_sides, world.conflicts;
RESET SESSION AUTHORIZATION;
SELECT github_sync.detach_comments(true) \g /dev/null
SELECT github_sync.detach_tasks(true) \g /dev/null
DROP TABLE app.comments, app.tasks CASCADE;
SET SESSION AUTHORIZATION regress_owner;
CREATE TABLE app.tasks (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, repo_id bigint DEFAULT 1, title text, body text,
	state text DEFAULT 'open', modified_at timestamptz);
CREATE TABLE app.comments (id integer GENERATED BY DEFAULT AS IDENTITY PRIMARY KEY, task_id integer REFERENCES app.tasks, body text,
	modified_at timestamptz);
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
INSERT INTO github_sync.github_app_installations (id) VALUES (10);
INSERT INTO github_sync.github_repos (id, github_app_installation_id, owner_login, name) VALUES (1, 10, 'octo', 'app');
:migrations
\set ECHO all
CALL synced_world();
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
GRANT EXECUTE ON FUNCTION github_sync.link_task TO regress_app;
GRANT SELECT (id, state) ON github_sync.sync_queue TO regress_app WITH GRANT OPTION;
UPDATE app.tasks SET title = 'one!', modified_at = at(5) WHERE id = 1;
ALTER TABLE app.comments ALTER COLUMN id TYPE bigint, ALTER COLUMN task_id TYPE bigint;
ALTER TABLE app.tasks ALTER COLUMN id TYPE bigint;
UPDATE app.tasks SET title = 'two!', modified_at = at(5) WHERE id = 2;
INSERT INTO app.tasks (id, title, modified_at) VALUES (3000000000, 'large', now());
SELECT * FROM waiting();
SELECT * FROM problems();
RESET SESSION AUTHORIZATION;
SELECT github_sync.refresh_attached() \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM waiting();
SELECT * FROM problems();
SELECT i.task_id, i.number, i.local_base[1] FROM github_sync.github_issues AS i ORDER BY 1;
SELECT c.comment_id, i.task_id FROM github_sync.github_comments AS c JOIN github_sync.github_issues AS i ON i.id = c.github_issue_id;
SELECT carry_out(6);
UPDATE app.tasks SET title = 'larger', modified_at = at(8) WHERE id = 3000000000;
SELECT * FROM waiting();
SELECT p.oid::regprocedure, has_function_privilege('regress_app', p.oid, 'EXECUTE') FROM pg_proc AS p
WHERE p.pronamespace = 'github_sync'::regnamespace AND p.proname IN ('link_task', 'unlink_task', 'task_local_row') ORDER BY 1;
SELECT bool_and(has_table_privilege('regress_app', c.oid, 'SELECT')) FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v';
SELECT a.attname FROM pg_attribute AS a
WHERE a.attrelid = 'github_sync.sync_queue'::regclass AND has_column_privilege('regress_app', a.attrelid, a.attname, 'SELECT WITH GRANT OPTION');

-- rights are lost: to the application's schema, to ours; the owner is another one
RESET SESSION AUTHORIZATION;
\set ECHO none
\c -
:world
:migrations
\set ECHO all
CALL synced_world();
RESET SESSION AUTHORIZATION;
ALTER SCHEMA app OWNER TO postgres;
REVOKE ALL ON SCHEMA app FROM regress_owner;
UPDATE app.tasks SET title = 'one!', modified_at = at(5) WHERE id = 1;
SELECT webhook(10);
SELECT * FROM problems();
GRANT USAGE ON SCHEMA app TO regress_owner;
SELECT github_sync.refresh_attached() \g /dev/null
SELECT * FROM waiting();
SELECT * FROM problems();
REVOKE ALL ON SCHEMA github_sync FROM regress_owner;
UPDATE app.tasks SET title = 'two!', modified_at = at(5) WHERE id = 2;
SELECT * FROM waiting();
GRANT USAGE ON SCHEMA github_sync TO regress_owner;
SELECT * FROM problems();
SELECT github_sync.refresh_attached() \g /dev/null
SELECT * FROM waiting();
ALTER TABLE app.tasks OWNER TO regress_app;
UPDATE app.tasks SET title = 'two?', modified_at = at(5) WHERE id = 2;
SELECT count(*) FROM waiting();
SELECT * FROM problems();
ALTER TABLE app.tasks OWNER TO regress_owner;


-- whatever else goes wrong in the queue: one row, or one of many at once
\set ECHO none
\c -
:world
:migrations
\set ECHO all
CALL synced_world();
CREATE FUNCTION world.refuse() RETURNS trigger LANGUAGE plpgsql AS $$
BEGIN
	IF NEW.task_id = 77 THEN
		RAISE 'no task %', NEW.task_id;
	END IF;
	RETURN NEW;
END $$;
CREATE TRIGGER refuse BEFORE INSERT ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION world.refuse();
INSERT INTO app.tasks (id, title, modified_at) VALUES (77, 'seventy-seven', at(5)), (78, 'seventy-eight', at(5));
SELECT * FROM waiting();
SELECT * FROM problems();
INSERT INTO app.tasks (id, title, modified_at) SELECT i, 'task ' || i, at(5) FROM generate_series(79, 400) AS i;
UPDATE app.tasks SET title = title || '!' WHERE id > 70;
SELECT count(*), count(*) FILTER (WHERE waiting = 'task 77') FROM waiting();
SELECT * FROM problems();
DROP TRIGGER refuse ON github_sync.task_sync_transactions;
UPDATE app.tasks SET modified_at = now() WHERE id = 77;
RESET SESSION AUTHORIZATION;
SELECT github_sync.refresh_attached() \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT count(*), count(*) FILTER (WHERE waiting = 'task 77') FROM waiting();
SELECT * FROM problems();
-- many rows of a transaction share a subtransaction; one that is rolled back takes its rows along and no others
SELECT pg_current_xact_id() AS before \gset
UPDATE app.tasks SET title = title || '?' WHERE id > 70;
SELECT pg_current_xact_id()::text::bigint - :before < 40 AS few_subtransactions;
SELECT carry_out(7) \g /dev/null
BEGIN;
UPDATE app.tasks SET title = 'kept' WHERE id > 340;
SAVEPOINT a;
UPDATE app.tasks SET title = 'not kept' WHERE id BETWEEN 100 AND 200;
SAVEPOINT b;
UPDATE app.tasks SET title = 'not kept' WHERE id BETWEEN 201 AND 300;
RELEASE b;
ROLLBACK TO a;
UPDATE app.tasks SET title = 'kept, too' WHERE id BETWEEN 301 AND 310;
SAVEPOINT c;
UPDATE app.tasks SET title = 'kept, too' WHERE id BETWEEN 311 AND 320;
RELEASE c;
DELETE FROM app.tasks WHERE id = 320;
COMMIT;
SELECT min(t.task_id), max(t.task_id), count(*), count(DISTINCT a.title) FROM github_sync.task_sync_transactions AS t JOIN app.tasks AS a ON a.id = t.task_id
WHERE t.state = 'queued' AND a.title ~ '^kept';
SELECT count(*) FROM waiting();
BEGIN ISOLATION LEVEL REPEATABLE READ;
UPDATE app.tasks SET title = 'once more' WHERE id > 340;
COMMIT;
SELECT count(*) FROM waiting();
-- more than are kept in memory
INSERT INTO app.tasks (id, title) SELECT i, 'many' FROM generate_series(1001, 11100) AS i;
SELECT count(*) FROM waiting();
RESET SESSION AUTHORIZATION;
-- modified_at itself is dropped: what was inserted meanwhile is known by its key, whatever its time is then
\set ECHO none
\c -
:world
:migrations
\set ECHO all
CALL synced_world();
ALTER TABLE app.tasks DROP COLUMN modified_at;
ALTER TABLE app.comments DROP COLUMN modified_at;
INSERT INTO app.tasks (title) VALUES ('three');
INSERT INTO app.comments (task_id, body) VALUES (1, 'Nor I');
ALTER TABLE app.tasks ADD COLUMN modified_at timestamptz;
ALTER TABLE app.comments ADD COLUMN modified_at timestamptz DEFAULT '2020-01-01';
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SELECT github_sync.attach_comments('app.comments') \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM waiting();
SELECT * FROM problems();
SELECT count(*) FROM github_sync.uncaptured_rows;
-- a comment whose task comes later
ALTER TABLE app.comments ALTER COLUMN task_id DROP NOT NULL;
INSERT INTO app.comments (body, modified_at) VALUES ('of nothing yet', at(9));
UPDATE app.comments SET task_id = 2 WHERE body = 'of nothing yet';
SELECT t.state FROM github_sync.comment_sync_transactions AS t JOIN app.comments AS c ON c.id = t.comment_id
WHERE c.body = 'of nothing yet' AND t.state = 'queued';
-- a table that is swapped for a new one
BEGIN;
ALTER TABLE app.tasks RENAME TO old_tasks;
CREATE TABLE app.tasks (LIKE app.old_tasks INCLUDING ALL);
SELECT * FROM problems();
ROLLBACK;
-- capture that is switched off by DDL
ALTER TABLE app.tasks DISABLE TRIGGER USER;
SELECT * FROM problems();
SELECT h.remedy FROM github_sync.health() AS h WHERE h.status <> 'ok';
ALTER TABLE app.tasks ENABLE TRIGGER USER;
SELECT * FROM problems();
RESET SESSION AUTHORIZATION;

-- functions that a call named are followed where their schema gets another name, in expressions too, and nothing else of these
CREATE FUNCTION app.line(bigint) RETURNS text LANGUAGE sql STABLE RETURN 'Ann:';
CREATE FUNCTION app.values_of(bigint, jsonb) RETURNS jsonb LANGUAGE sql STABLE RETURN '{}'::jsonb;
CREATE FUNCTION app.is_public(bigint) RETURNS boolean LANGUAGE sql STABLE RETURN true;
CREATE FUNCTION app.repo_of(bigint) RETURNS bigint LANGUAGE sql STABLE RETURN 1;
GRANT EXECUTE ON ALL FUNCTIONS IN SCHEMA app TO regress_owner;
CREATE VIEW named AS SELECT mapping ->> 'insert_values' AS inserted, mapping ->> 'apply_values' AS applied, mapping ->> 'byline' AS byline,
	mapping ->> 'sync_when' AS sync_when, mapping ->> 'github_repo_is' AS repo FROM github_sync.attached_tables ORDER BY record_type DESC;
SELECT github_sync.attach_tasks('app.tasks', github_repo => 'app.repo_of', insert_values => 'app.values_of(bigint,jsonb)', byline => 'app.line(bigint)',
	sync_when => $$note IS NULL OR 'app.x' || "note" <> 'app.y' AND "app" . is_public(id) AND App.is_public(id)$$) \g /dev/null
SELECT github_sync.attach_comments('app.comments', apply_values => 'app.values_of(bigint,jsonb)', byline => 'app.line(bigint)', sync_when => 'app.is_public') \g /dev/null
BEGIN;
ALTER SCHEMA app RENAME TO "My app";
SELECT * FROM named;
SELECT * FROM problems();
SELECT github_sync.task_byline_of(1);
INSERT INTO "My app".tasks (title) VALUES ('in another schema');
SELECT t.state, t.github_repo_id FROM github_sync.task_sync_transactions AS t ORDER BY t.id DESC LIMIT 1;
-- and where nobody follows it, by refresh_attached(), or a call that is told what to give
ALTER EVENT TRIGGER github_sync_follow_ddl DISABLE;
ALTER SCHEMA "My app" RENAME TO planner;
SAVEPOINT unfollowed;
SELECT github_sync.attach_tasks('planner.tasks') \g /dev/null
ROLLBACK TO unfollowed;
SELECT github_sync.refresh_attached() \g /dev/null
SELECT * FROM named;
ALTER FUNCTION planner.line RENAME TO first_line;
SELECT * FROM problems();
SELECT github_sync.refresh_attached() \g /dev/null
SELECT * FROM named;
SELECT * FROM problems();
ROLLBACK;
-- one that is gone is said, and not forgotten by what is followed next
BEGIN;
DROP FUNCTION app.line(bigint);
ALTER TABLE app.tasks RENAME title TO headline;
SELECT * FROM named;
SELECT * FROM problems();
SELECT github_sync.refresh_attached();
ROLLBACK;
-- where the table alone moves, they stay where they are
BEGIN;
CREATE SCHEMA other AUTHORIZATION regress_owner;
ALTER TABLE app.tasks SET SCHEMA other;
SELECT * FROM named;
SELECT * FROM problems();
ROLLBACK;

-- migrations of others are nothing to us
SET SESSION AUTHORIZATION regress_app;
CREATE TEMP TABLE mine (a integer);
ALTER TABLE mine ADD COLUMN b integer;
RESET SESSION AUTHORIZATION;
