--
-- What monitoring reads: sync_stats, sync_latency, sync_minutes, sync_lag, sync_metrics
--
\set ECHO none
\set world `cat "$PG_ABS_SRCDIR/sql/include/world.sql"`
:world
\pset format unaligned
\pset tuples_only on
\pset null -
-- of what monitoring systems get, what is not nothing
CREATE VIEW world.figures AS
SELECT m.metric, concat_ws(' ', nullif(m.record_type, ''), nullif(m.direction, ''), nullif(m.state, '')) AS of,
	m.installation, CASE WHEN m.metric LIKE '%seconds' THEN round(m.value::numeric, -1) ELSE m.value::numeric END AS value
FROM github_sync.sync_metrics AS m WHERE m.value <> 0 AND NOT (m.metric = 'health' AND m.state = 'worker')
ORDER BY m.metric, 2, 3;
-- what it says while it is enabled
SELECT pretend_enabled(true) \g /dev/null
\set ECHO all

-- workers have counted nothing here: each counter is there all the same, so that its first step is one from 0
SELECT counted, record_type, direction, string_agg(outcome, ', ' ORDER BY outcome), sum(total), sum(bytes), count(since)
FROM github_sync.sync_stats GROUP BY 1, 2, 3 ORDER BY 1, 2, 3;
SELECT record_type, direction, stage, measured, mean_ms, p50_ms, p99_ms, cardinality(counts) - cardinality(limits_ms) AS beyond
FROM github_sync.sync_latency ORDER BY 1, 2, 3;
SELECT count(*) FROM github_sync.sync_minutes;
-- percentiles, up to the next limit
SELECT share, github_sync.percentile_of_counts('{1,2,5}', '{0,8,1,1}', share) FROM unnest('{0,0.5,0.8,0.81,0.9,0.95}'::numeric[]) AS share;
SELECT github_sync.percentile_of_counts('{1,2,5}', '{0,0,0,0}', 0.5);

-- at rest
SELECT * FROM figures;
SELECT repository, oldest_unsynced_at, lag, last_sweep_at, phase, done, total, per_cent, rate, remaining FROM github_sync.sync_lag;

-- what waits, in line or for a time, and what is processed
CALL github_has(5, 'Crash');
SELECT webhook(5), webhook(5, 2), webhook(5, 3);
SELECT webhook(6, comment => 5000000001);
UPDATE github_sync.task_sync_transactions SET queued_at = now() - id * interval '100 seconds';
SELECT claim();
UPDATE github_sync.task_sync_transactions SET next_attempt_at = now() + interval '1 hour' WHERE id = 2;
SELECT repository, date_trunc('minute', now() - oldest_unsynced_at) AS since, date_trunc('minute', lag) AS lag FROM github_sync.sync_lag;
SELECT * FROM figures WHERE metric NOT IN ('health', 'oldest_processing_seconds');
-- what ended does not count, but for what people have to see to
SELECT github_sync.task_fail(c.id, c.claim_no, 'gone', 'GitHub has it no more') FROM github_sync.task_sync_transactions AS c WHERE state = 'processing';
UPDATE github_sync.task_sync_transactions SET next_attempt_at = NULL WHERE state = 'queued';
SELECT carry_out(9);
UPDATE github_sync.github_repos SET sync_enabled = false;
SELECT webhook(10, 4);
SELECT * FROM figures WHERE metric NOT IN ('lists');
UPDATE github_sync.github_repos SET sync_enabled = true;
DELETE FROM github_sync.task_sync_transactions WHERE state = 'errored';
SELECT carry_out(11), carry_out(12, 'comment') IS NULL;
SELECT oldest_unsynced_at, lag FROM github_sync.sync_lag;

-- installations, lists and deliveries
UPDATE github_sync.github_app_installations SET paused_until = now() + interval '1 hour', pause_kind = 'credentials', pause_reason = 'Bad credentials',
	outage_since = now() - interval '100 seconds', outage_kind = 'credentials';
INSERT INTO github_sync.webhook_deliveries (delivery_id, event, facts) VALUES ('held', 'issues', '{}');
UPDATE github_sync.repo_sweeps SET attempts = 2, phase = 'sweep', last_complete_at = now() - interval '200 seconds' WHERE stream = 'issues';
SELECT * FROM figures;
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL, outage_since = NULL, outage_kind = NULL;
-- a rate limit passes by itself: health() warns, and it is no outage
UPDATE github_sync.github_app_installations SET paused_until = now() + interval '1 hour', pause_kind = 'rate limit', pause_reason = 'rate limited',
	outage_since = now() - interval '100 seconds', outage_kind = 'rate limit';
SELECT * FROM figures WHERE metric IN ('health', 'paused', 'outage_seconds');
UPDATE github_sync.github_app_installations SET paused_until = NULL, pause_kind = NULL, pause_reason = NULL, outage_since = NULL, outage_kind = NULL;

-- how far an import or a census is
SELECT last_sweep_at, phase, done, total, rate FROM github_sync.sync_lag;
UPDATE github_sync.repo_sweeps SET last_complete_at = now() - interval '100 seconds' WHERE stream = 'comments';
UPDATE github_sync.repo_sweeps SET phase = 'census', listed = 300, total = 1200, pass_began_at = clock_timestamp() - interval '30 seconds' WHERE stream = 'issues';
SELECT date_trunc('minute', now() - last_sweep_at), phase, done, total, per_cent, round(rate), round(extract(epoch FROM remaining), -1) FROM github_sync.sync_lag;
-- how long the rest takes is not known where nobody knows how many there are
UPDATE github_sync.repo_sweeps SET total = NULL WHERE stream = 'issues';
SELECT done, total, per_cent, remaining, rate > 0 FROM github_sync.sync_lag;
UPDATE github_sync.repo_sweeps SET total = 1200 WHERE stream = 'issues';
-- the list is longer than it was to be
UPDATE github_sync.repo_sweeps SET listed = 1300 WHERE stream = 'issues';
SELECT done, total, per_cent, remaining FROM github_sync.sync_lag;
UPDATE github_sync.repo_sweeps SET phase = 'sweep', total = NULL WHERE stream = 'issues';
SELECT phase, done, total, per_cent FROM github_sync.sync_lag;
-- of repositories that nothing was read of
DELETE FROM github_sync.repo_sweeps;
SELECT repository, last_sweep_at, phase FROM github_sync.sync_lag;

-- who watches reads all views, and resets nothing
SELECT github_sync.grant_monitor('regress_app') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT format('SELECT %L WHERE 0 <= (SELECT count(*) FROM github_sync.%I)', relname, relname) FROM pg_class
WHERE relnamespace = 'github_sync'::regnamespace AND relkind = 'v' AND relname ~ '^sync_' ORDER BY relname \gexec
-- also where functions were attached that stand in a schema which it may not use, as the application's tables do
RESET SESSION AUTHORIZATION;
CREATE SCHEMA hidden AUTHORIZATION regress_owner;
SET SESSION AUTHORIZATION regress_owner;
CREATE FUNCTION hidden.values_of(github_repo_id bigint, resource jsonb) RETURNS jsonb LANGUAGE sql IMMUTABLE RETURN '{}'::jsonb;
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id', insert_values => 'hidden.values_of(bigint, jsonb)',
	apply_values => 'hidden.values_of(bigint, jsonb)') \g /dev/null
SET SESSION AUTHORIZATION regress_app;
SELECT has_schema_privilege('app', 'USAGE'), has_schema_privilege('hidden', 'USAGE');
SELECT problem, detail FROM github_sync.sync_problems;
SELECT format('SELECT %L WHERE 0 <= (SELECT count(v.*) FROM github_sync.%I AS v)', relname, relname) FROM pg_class
WHERE relnamespace = 'github_sync'::regnamespace AND relkind = 'v' AND relname ~ '^sync_' ORDER BY relname \gexec
SELECT count(*) FILTER (WHERE status = 'ok') > 10, count(*) FILTER (WHERE "check" = 'mapping of tasks' AND status = 'ok') FROM github_sync.health();
SELECT length(github_sync.report()) > 5000, (SELECT count(*) > 0 FROM github_sync.record_history(task_id => 1)) AS has_story;
-- what is wrong there is told to it, too: a function that is gone, and a schema that the owner may not use any more
RESET SESSION AUTHORIZATION;
ALTER FUNCTION hidden.values_of(bigint, jsonb) RENAME TO other_values_of;
SET SESSION AUTHORIZATION regress_app;
SELECT problem, detail FROM github_sync.sync_problems;
RESET SESSION AUTHORIZATION;
ALTER FUNCTION hidden.other_values_of(bigint, jsonb) RENAME TO values_of;
ALTER SCHEMA hidden OWNER TO CURRENT_USER;
SET SESSION AUTHORIZATION regress_app;
SELECT problem, detail FROM github_sync.sync_problems;
SELECT "check", status, detail FROM github_sync.health() WHERE "check" ~ 'mapping|ownership' AND status <> 'ok';
RESET SESSION AUTHORIZATION;
SELECT github_sync.attach_tasks('app.tasks', github_repo_column => 'repo_id') \g /dev/null
SET client_min_messages = warning;
DROP SCHEMA hidden CASCADE;
SET client_min_messages = error;
SET SESSION AUTHORIZATION regress_app;
-- and it does nothing else
SELECT github_sync.sync_stats_reset();
SELECT github_sync.forget_counts();
SELECT github_sync.task_metrics();
SET SESSION AUTHORIZATION regress_owner;
SELECT github_sync.sync_stats_reset();

-- however long the queue's history: nothing of it is read
CREATE FUNCTION world.rows_read() RETURNS bigint LANGUAGE sql RETURN (SELECT sum(pg_stat_get_xact_tuples_returned(c.oid) + pg_stat_get_xact_tuples_fetched(c.oid))
	FROM pg_class AS c WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'r' AND c.relname ~ '_sync_transactions$');
INSERT INTO github_sync.task_sync_transactions (direction, state, github_app_installation_id, github_repo_id, github_issue_id, queued_at, finished_at)
SELECT 'inbound', 'completed', 10, 1, 1, now(), now() FROM generate_series(1, 20000);
ANALYZE github_sync.task_sync_transactions;
BEGIN;
SELECT rows_read() AS before \gset
SELECT count(*) > 100 FROM github_sync.sync_metrics;
SELECT count(*) FROM github_sync.sync_lag;
SELECT rows_read() - :before < 1000 AS few;
COMMIT;
