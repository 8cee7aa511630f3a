--
-- Tasks without comments: nothing asks for a table that is not there
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set SHOW_CONTEXT never
RESET SESSION AUTHORIZATION;
SELECT github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false) \g /dev/null
DROP VIEW world.comment_queue;
SELECT github_sync.detach_comments(true) \g /dev/null
SET client_min_messages = warning;
SET SESSION AUTHORIZATION regress_owner;
\set ECHO all

-- the statement that README has for both
SELECT github_sync.capture_task_changes(true), github_sync.capture_comment_changes(true);
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT * FROM queue;
SELECT github_sync.capture_task_changes(false), github_sync.capture_comment_changes(false);
-- what has to do with a comment says that there are none
SELECT * FROM github_sync.record_history(comment_id => 1);
SELECT count(*) FROM github_sync.health() WHERE "check" ~ 'comment';
SELECT "check", status FROM github_sync.check_setup() WHERE "check" ~ 'comment';
-- all of it goes to another owner
RESET SESSION AUTHORIZATION;
SET client_min_messages = error;
DO $$ BEGIN CREATE ROLE regress_alone LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
GRANT ALL ON SCHEMA app TO regress_alone;
ALTER TABLE app.tasks OWNER TO regress_alone;
SELECT github_sync.take_over_ownership();
SELECT github_sync.refresh_attached();
SELECT count(*) FROM github_sync.sync_problems;
