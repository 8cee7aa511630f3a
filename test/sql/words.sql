--
-- What the server says of a failure often quotes a text: the owner of the queue sees it, and who only monitors does not
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
-- where a text is shown: what a role reads that may read all views and call what there is for people
CREATE FUNCTION world.shows_in() RETURNS TABLE (place text) LANGUAGE plpgsql AS $$
BEGIN
	FOR place IN SELECT v.relname FROM pg_class AS v WHERE v.relnamespace = 'github_sync'::regnamespace AND v.relkind = 'v' ORDER BY 1 LOOP
		IF query_to_xml(format('SELECT * FROM github_sync.%I', place), true, false, '')::text LIKE '%Sally%' THEN
			RETURN NEXT;
		END IF;
	END LOOP;
	RETURN QUERY SELECT 'health: ' || h."check" FROM github_sync.health() AS h WHERE h.detail LIKE '%Sally%' ORDER BY 1;
	RETURN QUERY SELECT 'report' WHERE github_sync.report() LIKE '%Sally%';
	RETURN QUERY SELECT 'record_history: ' || h.event FROM github_sync.record_history(task_id => 1) AS h WHERE h.detail LIKE '%Sally%' ORDER BY 1;
END
$$;
\set ECHO all

-- real failures: a change that cannot be captured, one that cannot be claimed, and what the worker tells of
INSERT INTO app.tasks (title, modified_at) VALUES ('Crash', at(1));
SELECT outbound(1), carry_out(2);
RESET SESSION AUTHORIZATION;
CREATE FUNCTION app.refuse() RETURNS trigger LANGUAGE plpgsql AS $$ BEGIN PERFORM 'of Sally'::integer; RETURN NEW; END $$;
CREATE TRIGGER refuse BEFORE INSERT ON github_sync.task_sync_transactions FOR EACH ROW EXECUTE FUNCTION app.refuse();
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.capture_task_changes(true) \g /dev/null
UPDATE app.tasks SET title = 'Crash!';
SELECT detail FROM github_sync.sync_problems;
SELECT github_sync.capture_task_changes(false) \g /dev/null
RESET SESSION AUTHORIZATION;
DROP TRIGGER refuse ON github_sync.task_sync_transactions;
SET SESSION AUTHORIZATION regress_owner;
SELECT outbound(1);
SELECT * FROM claim();
SELECT github_sync.task_fail(t.id, t.claim_no, 'apply_failed', '22P02: invalid input syntax for type integer: "of Sally"')
FROM github_sync.task_sync_transactions AS t WHERE t.state = 'processing';
CALL github_has(5, 'Second', issue => 2);
SELECT webhook(5);
UPDATE github_sync.task_sync_transactions SET last_error = 'P0001: not for Sally', last_error_at = now(), unreachable_since = now() - interval '1 hour' WHERE state = 'queued';
UPDATE github_sync.repo_sweeps SET attempts = 1, last_error = 'value too long: "Sally" (22001)', last_error_at = now();
INSERT INTO github_sync.webhook_deliveries (delivery_id, event, facts, outcome, finished_at, received_at)
SELECT 'broken', 'issues', jsonb_build_object('issue_id', r.github_id), 'failed: invalid input syntax for type integer: "Sally" (22P02)', now(), now() - interval '1 hour'
FROM github_sync.github_issues AS r WHERE r.task_id = 1;
INSERT INTO github_sync.delivery_log (last_error, last_error_at, failing_since) VALUES ('invalid input: "Sally" (22P02)', now(), now());
INSERT INTO github_sync.record_differences (record_type, github_repo_id, github_issue_number, difference, why, is_current) VALUES ('comment', 1, 1, 'cannot be read', 'invalid input: "Sally" (22P02)', true);

-- the owner sees all of it, and so does a superuser
SELECT * FROM shows_in();
RESET SESSION AUTHORIZATION;
SELECT count(*) > 10 FROM shows_in();
-- nobody else does, as whatever role he is logged in
GRANT USAGE ON SCHEMA world, app TO regress_app;
GRANT EXECUTE ON FUNCTION world.shows_in() TO regress_app;
SET ROLE regress_app;
SELECT * FROM shows_in();
RESET ROLE;
SET SESSION AUTHORIZATION regress_app;
SELECT * FROM shows_in();
-- but what kind of failure it was
SELECT error_reason FROM github_sync.sync_errors;
SELECT DISTINCT last_error FROM github_sync.sync_queue;
SELECT because, last_error FROM github_sync.sync_history WHERE state = 'errored';
SELECT DISTINCT last_error FROM github_sync.sync_progress;
SELECT detail FROM github_sync.sync_problems;
SELECT why FROM github_sync.sync_differences;
SELECT "check", regexp_replace(detail, '@ [^:]+: ', '(age): ') FROM github_sync.health() WHERE detail ~ 'words' ORDER BY 1;
SELECT event, detail FROM github_sync.record_history(task_id => 1) WHERE detail ~ 'words';
SELECT github_sync.report() ~ '22P02: the server';
-- a role that may become the owner is the owner
RESET SESSION AUTHORIZATION;
GRANT regress_owner TO regress_app;
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) > 10 FROM shows_in();
RESET SESSION AUTHORIZATION;
REVOKE regress_owner FROM regress_app;
-- a function that the owner lends does not lend this
SET SESSION AUTHORIZATION regress_owner;
CREATE FUNCTION world.lent() RETURNS bigint LANGUAGE sql SECURITY DEFINER AS $$ SELECT count(*) FROM world.shows_in() $$;
GRANT EXECUTE ON FUNCTION world.lent() TO regress_app;
SELECT lent() > 10;
SET SESSION AUTHORIZATION regress_app;
SELECT lent();
RESET SESSION AUTHORIZATION;

-- what GitHub says, and what we say, is everybody's
SET SESSION AUTHORIZATION regress_app;
SELECT words, github_sync.words_for_reader(words) FROM unnest(ARRAY['GitHub answered 403 (rate limited)', 'GitHub unreachable: timeout', 'gone', '',
	'task 5: no (22P02)', 'comment a-b: no (P0001)', 'failed: division by zero (22012)', E'XX123: two\nlines', E'two\nlines (XX123)']) AS words;
SELECT github_sync.words_for_reader(NULL) IS NULL;
RESET SESSION AUTHORIZATION;
