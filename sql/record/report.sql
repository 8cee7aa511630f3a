/*
 * What report() shows of a queue.  Each function reads a bounded number of rows,
 * by an index.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_in_report(cached_id bigint, record_id text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	cached CONSTANT github_sync.@resources@ := (SELECT r FROM github_sync.@resources@ AS r WHERE r.id = cached_id);
	key CONSTANT text := coalesce(record_id, cached.@record@_id::text);
	own_name CONSTANT text := CASE WHEN key IS NOT NULL THEN '@record@ ' || key ELSE 'no @record@ yet' END;
BEGIN
--@task	IF cached.title <> '' THEN
--@task		RETURN format('%s <span class="more"><bdi>%s</bdi></span>',
--@task			github_sync.html_link(cached.html_url, own_name), github_sync.html(left(cached.title, 100)));
--@task	END IF;
	RETURN github_sync.html_link(cached.html_url, own_name);
END
$$;
COMMENT ON FUNCTION github_sync.@record@_in_report(bigint, text) IS
'private: a record by the key of its local row, for the report: HTML, a link where it is at GitHub';

CREATE OR REPLACE FUNCTION github_sync.@record@_error_groups() RETURNS SETOF github_sync.error_group
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 1000;
BEGIN
	RETURN QUERY SELECT '@record@', g.error_code, g.errors, g.latest,
		github_sync.@record@_in_report(e.@resource@_id, e.@record@_id::text),
		github_sync.words_for_reader(e.error_reason),
		format('SELECT github_sync.retry_@record@_sync_transaction(%s)', e.id)
	FROM (
		SELECT n.error_code, count(*) AS errors, max(n.finished_at) AS latest, max(n.id) AS last_id
		FROM (SELECT t.id, t.error_code, t.finished_at, t AS errored
			FROM github_sync.@record@_sync_transactions AS t
			WHERE t.state = 'errored' ORDER BY t.finished_at DESC, t.id DESC LIMIT most) AS n
		WHERE NOT github_sync.@record@_error_is_outdated(n.errored)
		GROUP BY n.error_code) AS g
	JOIN github_sync.@record@_sync_transactions AS e ON e.id = g.last_id;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_error_groups() IS
'private: the newest thousand errors that nothing has mended, by their codes';

CREATE OR REPLACE FUNCTION github_sync.@record@_slowest() RETURNS SETOF github_sync.slow_record
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT github_sync.@record@_in_report(s.@resource@_id, s.@record@_id::text), s.queued_at,
		CASE WHEN s.state = 'processing' THEN 'processing'
			WHEN s.next_attempt_at = 'infinity' THEN 'waits for its issue'
			WHEN s.next_attempt_at > (SELECT clock_timestamp())
			THEN 'tried again in ' || github_sync.html_age(s.next_attempt_at - clock_timestamp())
			ELSE 'in line' END,
		s.direction, s.attempts, github_sync.words_for_reader(s.last_error)
	FROM (
		(SELECT t.* FROM github_sync.@record@_waiting_lines() AS w CROSS JOIN LATERAL (
			SELECT q.* FROM github_sync.@record@_sync_transactions AS q
			WHERE q.github_app_installation_id = w.installation_id AND q.direction = w.direction
				AND q.creates = w.creates AND q.state = 'queued' AND q.next_attempt_at IS NULL
			ORDER BY q.priority, q.queued_at, q.id LIMIT 5) AS t
		ORDER BY t.queued_at LIMIT 5)
		UNION ALL
		(SELECT q.* FROM github_sync.@record@_sync_transactions AS q
		WHERE q.state = 'queued' AND q.next_attempt_at IS NOT NULL ORDER BY q.next_attempt_at DESC LIMIT 5)
		UNION ALL
		(SELECT q.* FROM github_sync.@record@_sync_transactions AS q
		WHERE q.state = 'processing' ORDER BY q.queued_at LIMIT 5)) AS s;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_slowest() IS
'private: some of what has waited longest, in line, for a time, or being processed; record is HTML';

CREATE OR REPLACE FUNCTION github_sync.@record@_hottest() RETURNS SETOF github_sync.hot_record
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 2000;
BEGIN
	RETURN QUERY SELECT github_sync.@record@_in_report(h.@resource@_id, NULL), h.transactions, h.since, h.latest,
		h.failed
	FROM (SELECT n.@resource@_id, count(*) AS transactions, min(n.inserted_at) AS since,
			max(n.inserted_at) AS latest, sum(n.attempts) AS failed
		FROM (SELECT q.@resource@_id, q.inserted_at, q.attempts FROM github_sync.@record@_sync_transactions AS q
			ORDER BY q.id DESC LIMIT most) AS n
		WHERE n.@resource@_id IS NOT NULL GROUP BY n.@resource@_id HAVING count(*) > 1
		ORDER BY 2 DESC, 1 LIMIT 5) AS h;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_hottest() IS
'private: the records of which there were most among the newest two thousand transactions; record is HTML';
