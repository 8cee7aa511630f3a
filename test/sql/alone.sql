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
-- each view, and what a monitor may call: attached never, detached, and as somebody who only watches
CREATE FUNCTION world.shows(relation text) RETURNS text LANGUAGE plpgsql AS $$
BEGIN
	EXECUTE format('SELECT count(v.*) FROM github_sync.%I AS v', relation);
	RETURN 'shown';
EXCEPTION WHEN OTHERS THEN
	RETURN SQLERRM;
END
$$;
CREATE VIEW world.shown AS
SELECT world.shows(c.relname) AS how, string_agg(c.relname, ', ' ORDER BY c.relname) AS views FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' GROUP BY 1
UNION ALL
SELECT 'monitored', format('%s checks, report: %s, story: %s', count(*) > 10, github_sync.report() LIKE '%What changes most%',
	(SELECT count(*) > 0 FROM github_sync.record_history(task_id => 1))) FROM github_sync.health();
GRANT USAGE ON SCHEMA world TO regress_app;
GRANT SELECT ON world.shown TO regress_app;
SELECT * FROM shown;
RESET SESSION AUTHORIZATION;
DROP EXTENSION comment_sync_transaction;
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM shown;
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT world.shows(c.relname) AS how, count(*) FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' GROUP BY 1;
SELECT github_sync.report() LIKE '%What changes most%';
RESET SESSION AUTHORIZATION;
CREATE EXTENSION comment_sync_transaction;
SELECT github_sync.attach_comments('app.comments'), github_sync.detach_comments() \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM shown;
SET SESSION AUTHORIZATION regress_app;
SELECT world.shows(c.relname) AS how, count(*) FROM pg_class AS c
WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' GROUP BY 1;
-- all of it goes to another owner
RESET SESSION AUTHORIZATION;
SET client_min_messages = error;
DO $$ BEGIN CREATE ROLE regress_alone LOGIN; EXCEPTION WHEN duplicate_object THEN END $$;
GRANT ALL ON SCHEMA app TO regress_alone;
ALTER TABLE app.tasks OWNER TO regress_alone;
SELECT github_sync.take_over_ownership();
SELECT github_sync.refresh_attached();
SELECT count(*) FROM github_sync.sync_problems;
