--
-- A table that as a whole is not what was attached: nobody's attempt, and all of it waits until it fits again
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
\set VERBOSITY terse
SET client_min_messages = error;
DROP VIEW world.both_sides;	-- it would depend on columns of app.tasks
CREATE VIEW waiting AS SELECT record_type, id, state, waits_for, attempts FROM github_sync.sync_queue ORDER BY 1 DESC, 2;
\set ECHO all

-- a column is gone: what is claimed can be given back, nothing is claimed, nothing errored, and the view says what it waits for
CALL start_afresh();
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT carry_out(5);
UPDATE app.tasks SET title = 'Crash at start', modified_at = at(6);
SELECT outbound(1), webhook(7), webhook(7, 2);
SELECT * FROM claim();
ALTER TABLE app.tasks DROP COLUMN body;
SELECT * FROM waiting;
SELECT github_sync.task_fail(id, claim_no, 'apply_failed', '42703: no such column') FROM github_sync.task_sync_transactions WHERE state = 'processing';
SELECT * FROM waiting;
SELECT * FROM claim(8);
SELECT * FROM github_sync.task_claim_apart(8, 8, 8, '{}', '{}');
SELECT * FROM waiting;
-- comments do not wait with the tasks, and an empty queue is no error
SELECT * FROM claim(of_type => 'comment');
-- right again
ALTER TABLE app.tasks ADD COLUMN body text;
RESET SESSION AUTHORIZATION;
SELECT github_sync.refresh_attached() \g /dev/null
SET SESSION AUTHORIZATION regress_owner;
SELECT * FROM waiting;
CALL github_has(7, 'Crash');
CALL github_has(7, 'Another', issue => 2);
CALL wait_is_over();
SELECT carry_out(8);
SELECT carry_out(8);
SELECT * FROM waiting;
SELECT id, title FROM app.tasks ORDER BY id;

-- rights are lost
CALL start_afresh();
SELECT webhook(5);
REVOKE SELECT ON app.tasks FROM regress_owner;
SELECT * FROM waiting;
SELECT * FROM claim();
GRANT SELECT ON app.tasks TO regress_owner;
SELECT * FROM waiting;
SELECT * FROM claim();

-- a label got another name, which sync_problems says: the columns are all there, so that each row is tried
CALL start_afresh();
CREATE TYPE app.status AS ENUM ('open', 'closed');
ALTER TABLE app.tasks ALTER COLUMN state DROP DEFAULT, ALTER COLUMN state TYPE app.status USING state::app.status;
SELECT webhook(5);
ALTER TYPE app.status RENAME VALUE 'closed' TO 'done';
SELECT record_type, problem FROM github_sync.sync_problems;
SELECT * FROM waiting;
SELECT * FROM claim();

-- a dashboard may look
SELECT webhook(6, 2);
ALTER TABLE app.tasks DROP COLUMN body;
RESET SESSION AUTHORIZATION;
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT waits_for FROM github_sync.sync_queue ORDER BY id;
RESET SESSION AUTHORIZATION;
REVOKE ALL ON ALL TABLES IN SCHEMA github_sync FROM regress_app;
SET SESSION AUTHORIZATION regress_owner;
