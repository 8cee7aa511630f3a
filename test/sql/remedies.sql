--
-- What mends what is wrong: a statement works as it is printed, and what is no statement is a sentence and does not look like one
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
SELECT pretend_enabled(true) \g /dev/null
CREATE VIEW world.remedies AS
SELECT p.problem, p.remedy FROM github_sync.sync_problems AS p UNION SELECT h."check", h.remedy FROM github_sync.health() AS h WHERE h.remedy IS NOT NULL AND h."check" <> 'worker';
-- of what is found: sentences
CREATE VIEW world.sentences AS SELECT DISTINCT r.remedy FROM remedies AS r WHERE r.remedy ~ '[.]$';
CREATE VIEW world.statements AS SELECT DISTINCT r.remedy FROM remedies AS r WHERE r.remedy !~ '[.]$';
CREATE VIEW world.ambiguous AS SELECT r.problem, r.remedy FROM remedies AS r
WHERE r.remedy ~ '[.][.][.]' OR r.remedy ~ '[.]$' AND r.remedy ~ '^(SELECT|ALTER|UPDATE|INSERT|DELETE|CREATE|DROP|GRANT|REVOKE|ROLLBACK|CALL) ';
\set ECHO all

-- a trigger that somebody has disabled: as printed, by a superuser, since an owner may attach only after grant_attach()
SELECT github_sync.capture_task_changes(true) \g /dev/null
ALTER TABLE app.tasks DISABLE TRIGGER github_sync_capture_task;
SELECT remedy FROM github_sync.sync_problems;
RESET SESSION AUTHORIZATION;
SELECT remedy FROM github_sync.sync_problems \gexec
SELECT count(*) FROM github_sync.sync_problems;
-- what could not be captured
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN RAISE 'no'; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION app.refuse();
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.capture_task_changes(true) \g /dev/null
INSERT INTO app.tasks (title, repo_id) VALUES ('One', 1);
SELECT remedy FROM github_sync.sync_problems;
SELECT * FROM ambiguous;
RESET SESSION AUTHORIZATION;
DROP TRIGGER refuse ON github_sync.task_sync_transactions;
SELECT substring(remedy FROM 'SELECT .*[)]') FROM github_sync.sync_problems \gexec
SET SESSION AUTHORIZATION regress_owner;
SELECT count(*) FROM github_sync.sync_problems;
SELECT state FROM github_sync.sync_queue;
-- a column that is gone
BEGIN;
SET LOCAL client_min_messages = error;
ALTER TABLE app.tasks DROP COLUMN body CASCADE;
SELECT remedy FROM github_sync.sync_problems;
SELECT * FROM ambiguous;
ROLLBACK;
-- a name that another repository has, and two programs that overwrite each other
CALL github_has(5, 'Crash');
SELECT webhook(5), carry_out(6);
UPDATE github_sync.github_repos SET name_lost = true;
UPDATE github_sync.github_issues SET turned_at = array_fill(now(), ARRAY[10]);
SELECT problem, remedy FROM github_sync.sync_problems ORDER BY 1;
SELECT * FROM ambiguous;
UPDATE github_sync.github_repos SET name_lost = false;
UPDATE github_sync.github_issues SET turned_at = NULL;
-- several owners
RESET SESSION AUTHORIZATION;
ALTER TABLE app.comments OWNER TO regress_app;
SELECT DISTINCT remedy FROM github_sync.sync_problems;
SELECT * FROM ambiguous;
SELECT DISTINCT remedy FROM github_sync.sync_problems \gexec
SELECT count(*) FROM github_sync.sync_problems WHERE detail !~ '^not captured while it lasted';
SET SESSION AUTHORIZATION regress_owner;
-- whatever else health() finds: its statements run
SELECT github_sync.task_fail(c.id, c.claim_no, 'gone', 'GitHub has it no more') FROM github_sync.task_claim(1, 9, 9) AS c;
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_number, queued_at, unreachable_since, last_error, finished_at, disabled_reason, processing_at)
SELECT 'inbound', s.state, 10, 1, 100, now() - interval '1 hour', CASE s.state WHEN 'queued' THEN now() - interval '1 hour' END, 'GitHub answered 502', CASE s.state WHEN 'disabled' THEN now() END,
	CASE s.state WHEN 'disabled' THEN 'archived' END, CASE s.state WHEN 'processing' THEN now() - interval '1 hour' END
FROM (VALUES ('queued'), ('processing'), ('disabled')) AS s (state);
SELECT DISTINCT problem FROM remedies ORDER BY 1;
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '2 hours';
UPDATE github_sync.github_app_installations SET paused_until = now() + interval '1 hour', pause_kind = 'credentials', pause_reason = 'Bad credentials', outage_since = now(), outage_kind = 'credentials';
SELECT DISTINCT problem FROM remedies ORDER BY 1;
SELECT * FROM ambiguous;
SELECT format('SELECT count(*) >= 0 FROM (%s) AS r', remedy) FROM statements WHERE remedy LIKE 'SELECT %' ORDER BY 1 \gexec
SELECT remedy FROM statements WHERE remedy NOT LIKE 'SELECT %';
-- where nothing waits, what is disabled as somebody set it has a time, too
UPDATE github_sync.task_sync_transactions SET disabled_reason = 'repo' WHERE state = 'disabled';
SELECT status, since IS NULL AS unknown FROM github_sync.health() WHERE "check" = 'disabled of tasks';
