--
-- health(): each check finds what it is there for, and is quiet about the rest
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
-- ages and times are not the same twice
CREATE VIEW world.findings AS
SELECT h."check", h.status, h.since < now() AS past,
	regexp_replace(regexp_replace(h.detail, 'until [^:]*:[0-9]{2}:[0-9]{2}[^:]*', 'until (time)'), '@( [0-9]+ (hour|min|sec)s?)+', '(age)') AS detail,
	h.remedy
FROM github_sync.health() AS h WHERE h.status <> 'ok' AND h."check" <> 'worker';
-- what it says while it is enabled
SELECT pretend_enabled(true) \g /dev/null
\set readme `cat "$PG_ABS_SRCDIR/../README.md"`
\set ECHO all

-- all is well; that nothing is enabled is said, as soon as the launcher has seen the database
CALL until_known_as_off();
SELECT h."check" FROM github_sync.health() AS h WHERE h.status = 'ok' AND h."check" <> 'worker' ORDER BY h."check" COLLATE "C";
SELECT h."check", h.status, h.since IS NULL, h.remedy FROM github_sync.health() AS h WHERE h.status <> 'ok';

-- somebody has set that so: why is told, but no alarm is raised
SELECT status, since, detail, remedy FROM github_sync.health() WHERE "check" = 'worker';
SELECT value FROM github_sync.sync_metrics WHERE (metric, state) = ('health', 'worker');

-- what may be sent, and is not, for more than a minute; not what waits for a time
CALL github_has(5, 'Crash');
SELECT webhook(5);
SELECT * FROM findings;
UPDATE github_sync.task_sync_transactions SET queued_at = now() - interval '61 seconds';
SELECT * FROM findings;
SELECT pretend_enabled(false) \g /dev/null
SELECT * FROM findings;
SELECT waits_for FROM github_sync.sync_queue;
SELECT pretend_enabled(true) \g /dev/null
UPDATE github_sync.task_sync_transactions SET next_attempt_at = now() + interval '1 hour';
SELECT * FROM findings;
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL;
-- what is processed for more than five minutes
SELECT claim() IS NOT NULL;
SELECT * FROM findings;
UPDATE github_sync.task_sync_transactions SET processing_at = now() - interval '301 seconds';
SELECT * FROM findings;
-- what GitHub fails with at each try for more than five minutes, while it answers others; monitoring sees it at once
UPDATE github_sync.task_sync_transactions SET processing_at = now(), unreachable_since = now() - interval '299 seconds', last_error = 'GitHub answered 502 (unavailable)';
SELECT * FROM findings;
UPDATE github_sync.task_sync_transactions SET unreachable_since = now() - interval '301 seconds';
SELECT * FROM findings;
SELECT m.record_type, m.direction, m.state, m.installation, round(m.value) FROM github_sync.sync_metrics AS m WHERE m.metric = 'oldest_waiting_seconds';
UPDATE github_sync.github_app_installations SET paused_until = now() + interval '1 hour', pause_kind = 'unreachable', pause_reason = 'nobody there' WHERE id = 10;
SELECT "check" FROM findings;
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL WHERE id = 10;
UPDATE github_sync.task_sync_transactions SET processing_at = now() - interval '301 seconds', unreachable_since = NULL;

-- errors of the last hour, by code, until something has mended them
SELECT github_sync.task_fail(1, 1, 'forbidden', 'GitHub said no');
SELECT webhook(7, 2), webhook(8, 3);
CALL github_has(7, 'Second', issue => 2);
SELECT github_sync.task_fail(c.id, c.claim_no, 'gone', 'GitHub has it no more') FROM github_sync.task_claim(1, 9, 9) AS c;
SELECT * FROM findings;
UPDATE github_sync.task_sync_transactions SET finished_at = now() - interval '2 hours' WHERE error_code = 'gone';
SELECT * FROM findings;
SELECT github_sync.retry_task_sync_transaction(1);
SELECT carry_out(9);
SELECT * FROM findings;

-- of one code each SQLSTATE by itself, and the reason that most of them have
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_number, queued_at, finished_at, error_code, error_reason)
SELECT 'inbound', 'errored', 10, 1, 100 + n, now(), now() - n * interval '1 second', 'apply_failed', CASE n WHEN 1 THEN '22P02: no number' WHEN 2 THEN 'P0001: not Sally' ELSE 'P0001: not Bob' END
FROM generate_series(1, 30) AS n;
SELECT detail FROM findings;
UPDATE github_sync.task_sync_transactions SET error_code = 'of kind ' || id % 7 WHERE state = 'errored' AND error_reason = 'P0001: not Bob';
SELECT detail ~ '^in the last hour: (4 of kind [0-6] \(P0001: not Bob\)(, )?){5} \(and 10 more\)$' FROM findings;
DELETE FROM github_sync.task_sync_transactions WHERE state = 'errored';

-- disabled, as somebody wanted it, or not
UPDATE github_sync.github_repos SET sync_enabled = false WHERE id = 1;
SELECT webhook(10);
SELECT * FROM findings;
UPDATE github_sync.github_repos SET sync_enabled = true WHERE id = 1;
UPDATE github_sync.github_app_installations SET state = 'suspended' WHERE id = 10;
SELECT webhook(11);
SELECT * FROM findings;
-- held by a move, which nobody is to break
UPDATE github_sync.github_app_installations SET told_at = 'infinity' WHERE id = 10;
SELECT * FROM findings WHERE "check" = 'installations';
UPDATE github_sync.github_app_installations SET told_at = NULL WHERE id = 10;
UPDATE github_sync.github_app_installations SET state = 'active' WHERE id = 10;
-- an installation that waits for a rate limit, and one that is refused
UPDATE github_sync.github_app_installations SET paused_until = now() + interval '1 hour', pause_kind = 'rate limit', pause_reason = 'GitHub answered 403 (rate limited)' WHERE id = 10;
SELECT * FROM findings;
UPDATE github_sync.github_app_installations SET pause_kind = 'credentials', pause_reason = 'Bad credentials', outage_since = now() - interval '1 minute', outage_kind = 'credentials' WHERE id = 10;
SELECT * FROM findings;
-- until its probe is answered, it is the same outage
UPDATE github_sync.github_app_installations SET paused_until = now() - interval '1 minute' WHERE id = 10;
SELECT * FROM findings;
SELECT paused_until, pause_reason FROM github_sync.sync_rate_limits;
UPDATE github_sync.github_app_installations SET paused_until = now() - interval '3 minutes' WHERE id = 10;
SELECT * FROM findings;
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL, outage_since = NULL, outage_kind = NULL WHERE id = 10;
-- deliveries
INSERT INTO github_sync.webhook_deliveries (delivery_id, event, facts, received_at, outcome, finished_at)
VALUES ('broken', 'issues', '{}', now() - interval '1 hour', 'failed: division by zero (22012)', now());
SELECT * FROM findings;
INSERT INTO github_sync.webhook_deliveries (delivery_id, event, facts, received_at) VALUES ('held', 'issues', '{}', now() - interval '62 seconds');
SELECT * FROM findings;
SELECT pretend_enabled(false) \g /dev/null
SELECT "check", status, detail FROM findings;
DELETE FROM github_sync.webhook_deliveries WHERE delivery_id = 'broken';
SELECT "check", status, detail FROM findings;
SELECT pretend_enabled(true) \g /dev/null
DELETE FROM github_sync.webhook_deliveries WHERE delivery_id IN ('broken', 'held');
-- lists: not one that smaller pages may help; what failed, what could not be read of one, and what is due for long
UPDATE github_sync.repo_sweeps SET pass_began_at = now(), page_size = 50, last_error = 'GitHub answered 502', last_error_at = now() - interval '1 minute' WHERE (github_repo_id, stream) = (1, 'issues');
SELECT * FROM findings;
UPDATE github_sync.repo_sweeps SET attempts = 2, due_at = now() + interval '1 minute' WHERE (github_repo_id, stream) = (1, 'issues');
SELECT * FROM findings;
-- since the first of the tries that failed
UPDATE github_sync.repo_sweeps SET failing_since = now() - interval '1 day' WHERE (github_repo_id, stream) = (1, 'issues');
SELECT since < now() - interval '23 hours' AS since_the_first FROM github_sync.health() WHERE "check" = 'sweeps';
UPDATE github_sync.repo_sweeps SET failing_since = NULL WHERE (github_repo_id, stream) = (1, 'issues');
UPDATE github_sync.repo_sweeps SET phase = 'sweep', pass_began_at = NULL, attempts = 0, last_error = 'cannot be read: item 3 of the page: title' WHERE (github_repo_id, stream) = (1, 'issues');
SELECT * FROM findings;
UPDATE github_sync.repo_sweeps SET last_error = NULL, last_error_at = NULL, due_at = now() - interval '59 minutes' WHERE github_repo_id = 1;
SELECT * FROM findings;
UPDATE github_sync.repo_sweeps SET due_at = now() - interval '3662 seconds' WHERE github_repo_id = 1;
SELECT * FROM findings;
SELECT pretend_enabled(false) \g /dev/null
SELECT * FROM findings;
SELECT DISTINCT waits_for FROM github_sync.sync_progress;
UPDATE github_sync.repo_sweeps SET attempts = 2, last_error = 'GitHub answered 502', last_error_at = now() WHERE (github_repo_id, stream) = (1, 'issues');
SELECT "check", status, detail FROM findings;
UPDATE github_sync.repo_sweeps SET attempts = 0, last_error = NULL, last_error_at = NULL WHERE github_repo_id = 1;
SELECT pretend_enabled(true) \g /dev/null
SELECT DISTINCT waits_for FROM github_sync.sync_progress;
UPDATE github_sync.github_repos SET sync_enabled = false WHERE id = 1;
SELECT * FROM findings;
UPDATE github_sync.github_repos SET sync_enabled = true WHERE id = 1;
-- history, by what ANALYZE counted
RESET SESSION AUTHORIZATION;
UPDATE pg_class SET reltuples = 10000001 WHERE oid = 'github_sync.comment_sync_transactions'::regclass;
SET SESSION AUTHORIZATION regress_owner;
SELECT "check", status, detail ~ '^about 10 million transactions, [0-9]+ kB$' FROM findings;
ANALYZE github_sync.comment_sync_transactions;
-- what is worst comes first
UPDATE github_sync.github_app_installations SET state = 'deleted' WHERE id = 10;
UPDATE github_sync.task_sync_transactions SET state = 'disabled', disabled_reason = 'repo' WHERE state = 'queued';
SELECT "check", status FROM findings;
UPDATE github_sync.github_app_installations SET state = 'active' WHERE id = 10;
-- each check leads to a paragraph of README that says more than its heading, and each such paragraph is led to
CREATE TEMPORARY TABLE readme AS SELECT regexp_split_to_table(:'readme', E'\n(?=#{2,4} )') AS section;
CREATE TEMPORARY TABLE paragraphs AS
SELECT 'README.md#' || replace(replace(lower(h.title), ':', ''), ' ', '-') AS address, length(r.section) > 200 AS explains
FROM readme AS r, substring(r.section FROM '^#### (Health: [^\n]*)\n\n') AS h (title) WHERE h.title IS NOT NULL;
SELECT h.see, count(*) FROM github_sync.health() AS h GROUP BY h.see ORDER BY h.see COLLATE "C";
SELECT DISTINCT coalesce(h.see, p.address) FROM github_sync.health() AS h FULL JOIN paragraphs AS p ON p.address = h.see AND p.explains
WHERE h.see IS NULL OR p.address IS NULL;
SELECT count(*) FROM paragraphs;
-- where owners differ, too
RESET SESSION AUTHORIZATION;
ALTER TABLE github_sync.comment_sync_transactions OWNER TO regress_app;
SELECT h."check", h.see, p.explains FROM github_sync.health() AS h LEFT JOIN paragraphs AS p ON p.address = h.see;
ALTER TABLE github_sync.comment_sync_transactions OWNER TO regress_owner;
SET SESSION AUTHORIZATION regress_owner;
-- who watches, and only that
SELECT github_sync.grant_monitor('regress_app');
SET SESSION AUTHORIZATION regress_app;
SELECT count(*) > 10 FROM github_sync.health();
SELECT github_sync.findings();
SET SESSION AUTHORIZATION regress_owner;

-- however long the queue and its history: no table is read from end to end
CREATE FUNCTION world.rows_read() RETURNS bigint LANGUAGE sql RETURN (SELECT sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))
	FROM pg_class AS c WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r');
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_id, queued_at, finished_at, error_code, error_reason, disabled_reason)
SELECT 'inbound', s.state, 10, 1, 1, now(), now(), CASE s.state WHEN 'errored' THEN 'gone' END, CASE s.state WHEN 'errored' THEN 'gone' END, CASE s.state WHEN 'disabled' THEN 'repo' END
FROM generate_series(1, 5000), (VALUES ('completed'), ('errored'), ('disabled')) AS s (state);
BEGIN;
SELECT rows_read() AS before \gset
SELECT "check", status, detail FROM findings;
SELECT rows_read() - :before < 6000 AS few;
COMMIT;
