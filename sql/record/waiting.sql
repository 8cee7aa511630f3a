/*
 * What the queue waits for.  View sync_queue tells that of each row; of a million
 * rows that takes seconds, so the first ones of each line are asked here.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_first_in_line(most integer)
RETURNS TABLE (transaction_id bigint, of_direction text, installation_id bigint, is_in_line boolean)
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY WITH lines AS (
		SELECT w.*, greatest(1, most / count(*) OVER ()) AS bound FROM github_sync.@record@_waiting_lines() AS w)
	SELECT first.id, l.direction, l.installation_id, true
	FROM lines AS l CROSS JOIN LATERAL (
		SELECT t.id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.github_app_installation_id = l.installation_id AND t.direction = l.direction
			AND t.creates = l.creates AND t.state = 'queued' AND t.next_attempt_at IS NULL
		ORDER BY t.priority, t.queued_at, t.id LIMIT l.bound) AS first
	UNION ALL
	(SELECT t.id, t.direction, t.github_app_installation_id, false
	FROM github_sync.@record@_sync_transactions AS t
	WHERE t.state = 'queued' AND t.next_attempt_at IS NOT NULL ORDER BY t.next_attempt_at LIMIT most)
	UNION ALL
	SELECT t.id, t.direction, t.github_app_installation_id, NULL
	FROM github_sync.@record@_sync_transactions AS t WHERE t.state = 'processing';
END
$$;
COMMENT ON FUNCTION github_sync.@record@_first_in_line(integer) IS
'private: the first of each line, so many of all lines together, but one of each; of those that wait for a time (not '
'in line) as many; and all that are being processed (NULL)';

CREATE OR REPLACE FUNCTION github_sync.@record@_waiting_counts()
RETURNS TABLE (of_direction text, installation_id bigint, is_in_line boolean, transactions bigint)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 20000;
BEGIN
	RETURN QUERY
	SELECT q.of_direction, q.of_installation, true, q.transactions FROM github_sync.@record@_queued_counts() AS q
	UNION ALL
	SELECT w.direction, w.github_app_installation_id, false, count(*)
	FROM (SELECT t.direction, t.github_app_installation_id FROM github_sync.@record@_sync_transactions AS t
		WHERE t.state = 'queued' AND t.next_attempt_at IS NOT NULL ORDER BY t.next_attempt_at LIMIT most) AS w
	GROUP BY w.direction, w.github_app_installation_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_waiting_counts() IS
'private: how many transactions are queued: in line, as queued_counts() has it; for a time, twenty thousand at most';

CREATE OR REPLACE FUNCTION github_sync.@record@_waits()
RETURNS TABLE (
	of_direction text, installation_id bigint, reason text, transactions bigint, oldest timestamptz)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 1000;
BEGIN
	RETURN QUERY WITH seen AS (
		SELECT f.of_direction, f.installation_id, f.is_in_line, q.queued_at,
			/* Each row has a time of its own. */
			regexp_replace(q.waits_for, '^retry at .*', 'retry') AS reason
		FROM github_sync.@record@_first_in_line(most) AS f CROSS JOIN LATERAL (
			/* LIMIT: row by row by the key, whatever statistics say. */
			SELECT v.queued_at, v.waits_for FROM github_sync.sync_queue AS v
			WHERE v.record_type = '@record@' AND v.id = f.transaction_id LIMIT 1) AS q),
	reasons AS (
		SELECT s.of_direction, s.installation_id, s.is_in_line, s.reason, count(*) AS times,
			min(s.queued_at) AS oldest,
			row_number() OVER (PARTITION BY s.of_direction, s.installation_id, s.is_in_line
				ORDER BY count(*) DESC, s.reason) AS place,
			sum(count(*)) OVER (PARTITION BY s.of_direction, s.installation_id, s.is_in_line) AS looked_at
		FROM seen AS s GROUP BY s.of_direction, s.installation_id, s.is_in_line, s.reason)
	SELECT r.of_direction, r.installation_id, r.reason,
		/* What stands behind them waits for the same as most of them. */
		sum(r.times + CASE r.place WHEN 1 THEN greatest(coalesce(c.transactions, 0) - r.looked_at, 0)
			ELSE 0 END)::bigint,
		min(r.oldest)
	FROM reasons AS r LEFT JOIN github_sync.@record@_waiting_counts() AS c
		ON c.of_direction = r.of_direction AND c.installation_id = r.installation_id AND c.is_in_line = r.is_in_line
	GROUP BY r.of_direction, r.installation_id, r.reason;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_waits() IS
'private: what view sync_waiting shows of a queue';
