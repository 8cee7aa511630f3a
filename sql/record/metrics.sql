/*
 * What monitoring asks of a queue.  Each function reads what waits, by an index,
 * or a bounded number of rows: never what has finished.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_oldest_unsynced(repo_id bigint) RETURNS timestamptz
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN least(
		(SELECT min(t.queued_at) FROM github_sync.@record@_sync_transactions AS t
		WHERE t.github_repo_id = repo_id AND t.state = 'queued'),
		(SELECT min(t.queued_at) FROM github_sync.@record@_sync_transactions AS t
		WHERE t.github_repo_id = repo_id AND t.state = 'processing'));
END
$$;
COMMENT ON FUNCTION github_sync.@record@_oldest_unsynced(bigint) IS
'private: the place in line of the oldest change of a repository that is queued or being processed; NULL: none is';

/* A million of them would take a fifth of a second. */
CREATE OR REPLACE FUNCTION github_sync.@record@_queued_counts()
RETURNS TABLE (of_direction text, of_installation bigint, transactions bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 50000;
	about CONSTANT real := (SELECT c.reltuples FROM pg_class AS c
		WHERE c.oid = 'github_sync.@record@_sync_transactions_claim_idx'::regclass);
BEGIN
	RETURN QUERY WITH lines AS (
		SELECT w.*, greatest(1000, most / count(*) OVER ()) AS bound FROM github_sync.@record@_waiting_lines() AS w),
	counted AS (
		SELECT l.*, (SELECT count(*) FROM (
			SELECT FROM github_sync.@record@_sync_transactions AS t
			WHERE t.github_app_installation_id = l.installation_id AND t.direction = l.direction
				AND t.creates = l.creates AND t.state = 'queued' AND t.next_attempt_at IS NULL
			LIMIT l.bound) AS q) AS found
		FROM lines AS l)
	SELECT c.direction, c.installation_id, sum(CASE WHEN c.found < c.bound THEN c.found
		ELSE greatest(c.found, about / (SELECT count(*) FROM counted AS f WHERE f.found = f.bound)) END)::bigint
	FROM counted AS c GROUP BY c.direction, c.installation_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_queued_counts() IS
'private: how many transactions stand in line: exact up to fifty thousand, shared by the lines; longer ones about, by '
'what VACUUM or ANALYZE counted';

CREATE OR REPLACE FUNCTION github_sync.@record@_live_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 20000;
BEGIN
	RETURN QUERY
	SELECT 'transactions', '@record@', q.of_direction, 'queued', q.of_installation::text, q.transactions::float8
	FROM github_sync.@record@_queued_counts() AS q
	UNION ALL
	SELECT 'transactions', '@record@', t.direction, 'waiting', t.github_app_installation_id::text, count(*)
	FROM (SELECT w.direction, w.github_app_installation_id FROM github_sync.@record@_sync_transactions AS w
		WHERE w.state = 'queued' AND w.next_attempt_at IS NOT NULL ORDER BY w.next_attempt_at LIMIT most) AS t
	GROUP BY t.direction, t.github_app_installation_id
	UNION ALL
	SELECT 'transactions', '@record@', t.direction, 'processing', t.github_app_installation_id::text, count(*)
	FROM github_sync.@record@_sync_transactions AS t WHERE t.state = 'processing'
	GROUP BY t.direction, t.github_app_installation_id
	UNION ALL
	SELECT 'transactions', '@record@', '', 'errored', '', count(*)
	FROM github_sync.@record@_sync_transactions AS t WHERE t.state = 'errored'
	UNION ALL
	SELECT 'disabled', '@record@', '', k.reason, '', count(d.finished_at)
	FROM github_sync.@record@_disabled_reasons() AS k
	LEFT JOIN github_sync.@record@_sync_transactions AS d ON d.state = 'disabled' AND d.disabled_reason = k.reason
	GROUP BY k.reason;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_live_metrics() IS
'private: how many transactions there are in the states that they can leave, by the indexes of these states; of those '
'that wait for a time the first twenty thousand';

CREATE OR REPLACE FUNCTION github_sync.@record@_age_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 1000;
BEGIN
	RETURN QUERY
	SELECT 'oldest_waiting_seconds', '@record@', w.direction, CASE WHEN w.creates THEN 'creation' ELSE '' END,
		w.installation_id::text, extract(epoch FROM clock_timestamp() - next.queued_at)::float8
	FROM github_sync.@record@_waiting_lines() AS w CROSS JOIN LATERAL (
		SELECT t.queued_at FROM github_sync.@record@_sync_transactions AS t
		WHERE t.github_app_installation_id = w.installation_id AND t.direction = w.direction
			AND t.creates = w.creates AND t.state = 'queued' AND t.next_attempt_at IS NULL
		ORDER BY t.priority, t.queued_at, t.id LIMIT 1) AS next
	UNION ALL
	SELECT 'oldest_waiting_seconds', '@record@', f.of_direction, 'failing', f.installation_id::text,
		extract(epoch FROM clock_timestamp() - min(f.since))::float8
	FROM github_sync.@record@_failing() AS f GROUP BY f.of_direction, f.installation_id
	UNION ALL
	SELECT 'oldest_processing_seconds', '@record@', '', '', '',
		coalesce(extract(epoch FROM clock_timestamp() - min(t.processing_at)), 0)
	FROM github_sync.@record@_sync_transactions AS t WHERE t.state = 'processing'
	UNION ALL
	SELECT 'errors_last_hour', '@record@', e.direction, e.error_code, '', count(*)
	FROM (SELECT t.direction, t.error_code FROM github_sync.@record@_sync_transactions AS t
		WHERE t.state = 'errored' AND t.finished_at > (SELECT clock_timestamp()) - interval '1 hour'
		ORDER BY t.finished_at DESC LIMIT most) AS e
	GROUP BY e.direction, e.error_code;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_age_metrics() IS
'private: how long the first of each line has waited, what GitHub fails with, and what was being processed; and the '
'newest thousand errors of the last hour by their codes';

CREATE OR REPLACE FUNCTION github_sync.@record@_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT * FROM github_sync.@record@_live_metrics();
	RETURN QUERY SELECT * FROM github_sync.@record@_age_metrics();
END
$$;
COMMENT ON FUNCTION github_sync.@record@_metrics() IS
'private: what sync_metrics shows of a queue';
