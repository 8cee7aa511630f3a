/*
 * What monitoring systems are told: one narrow list of figures.
 */

/* "up to and including" is what le says; the last bucket has no limit. */
CREATE OR REPLACE FUNCTION github_sync.counted_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT CASE s.counted WHEN 'answers' THEN 'answers_total' ELSE 'finished_total' END, s.record_type,
		coalesce(s.direction, ''), s.outcome, '', s.total::float8
	FROM github_sync.sync_stats AS s
	UNION ALL
	SELECT 'answer_bytes_total', s.record_type, coalesce(s.direction, ''), '', '', sum(s.bytes)::float8
	FROM github_sync.sync_stats AS s WHERE s.counted = 'answers' GROUP BY s.record_type, s.direction
	UNION ALL
	SELECT t.stage || '_seconds_sum', t.record_type, coalesce(t.direction, ''), '', '', t.total_ms / 1000
	FROM github_sync.counted_times() AS t
	UNION ALL
	SELECT l.stage || '_seconds_count', l.record_type, coalesce(l.direction, ''), '', '', l.measured
	FROM github_sync.sync_latency AS l
	UNION ALL
	SELECT l.stage || '_seconds_bucket', l.record_type, coalesce(l.direction, ''),
		coalesce((l.limits_ms[b.place] / 1000.0)::float8::text, '+Inf'), '',
		sum(b.number) OVER (PARTITION BY l.stage, l.record_type, l.direction ORDER BY b.place)
	FROM github_sync.sync_latency AS l CROSS JOIN LATERAL unnest(l.counts) WITH ORDINALITY AS b (number, place);
END
$$;
COMMENT ON FUNCTION github_sync.counted_metrics() IS
'private: what workers counted since the server started; of times, the cumulative buckets of a histogram';

CREATE OR REPLACE FUNCTION github_sync.installation_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT m.metric, '', '', '', l.github_app_installation_id::text, m.value::float8
	FROM github_sync.sync_rate_limits AS l CROSS JOIN LATERAL (VALUES
		('request_limit', l.request_limit), ('requests_remaining', l.remaining),
		('requests_last_hour', l.requests_last_hour), ('requests_under_way', l.requests_under_way),
		('creations_last_hour', l.creations_last_hour)) AS m (metric, value)
	WHERE m.value IS NOT NULL
	UNION ALL
	SELECT 'paused', '', '', CASE WHEN i.state <> 'active' THEN i.state
			WHEN i.paused_until > clock_timestamp() THEN i.pause_kind ELSE '' END,
		i.id::text, CASE WHEN i.state <> 'active' OR i.paused_until > clock_timestamp() THEN 1 ELSE 0 END
	FROM github_sync.github_app_installations AS i
	UNION ALL
	SELECT 'outage_seconds', '', '', '', i.id::text,
		CASE WHEN github_sync.is_held_up(i) AND NOT github_sync.passes_by_itself(i)
			THEN coalesce(extract(epoch FROM clock_timestamp() - i.outage_since), 0) ELSE 0 END
	FROM github_sync.github_app_installations AS i;
END
$$;
COMMENT ON FUNCTION github_sync.installation_metrics() IS
'private: what each installation has left of its hour, and whether it may send';

CREATE OR REPLACE FUNCTION github_sync.sweep_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT m.metric, '', '', m.state, s.installation, m.value::float8 FROM (
		SELECT r.github_app_installation_id::text AS installation,
			count(*) FILTER (WHERE s.phase = 'backfill') AS importing,
			/* As health() has it: what was read but for a part of it is not well, either. */
			count(*) FILTER (WHERE s.attempts > 0 OR s.last_error IS NOT NULL AND s.pass_began_at IS NULL) AS failing,
			extract(epoch FROM clock_timestamp() - min(s.last_complete_at)) AS age
		FROM github_sync.repo_sweeps AS s JOIN github_sync.github_repos AS r ON r.id = s.github_repo_id
		WHERE r.sync_enabled AND NOT r.access_lost AND s.stream IN ('issues', 'comments')
		GROUP BY r.github_app_installation_id) AS s
	CROSS JOIN LATERAL (VALUES ('lists', 'importing', s.importing), ('lists', 'failing', s.failing),
		('oldest_sweep_seconds', '', s.age)) AS m (metric, state, value)
	WHERE m.value IS NOT NULL
	UNION ALL
	SELECT 'deliveries', '', '', 'pending', '', count(*) FROM github_sync.webhook_deliveries AS d
	WHERE d.outcome = 'pending';
END
$$;
COMMENT ON FUNCTION github_sync.sweep_metrics() IS
'private: how far lists are read, and which webhook deliveries wait';

CREATE OR REPLACE FUNCTION github_sync.server_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY
	SELECT m.metric, '', '', f."check", '', m.value::float8
	FROM github_sync.findings() AS f CROSS JOIN LATERAL (VALUES
		('health', CASE f.status WHEN 'critical' THEN 2 WHEN 'warn' THEN 1 ELSE 0 END),
		('health_seconds', CASE WHEN f.status IN ('critical', 'warn')
			THEN coalesce(extract(epoch FROM clock_timestamp() - f.since), 0) ELSE 0 END)) AS m (metric, value)
	UNION ALL
	SELECT 'workers', '', '', '', '', count(w.pid) FROM github_sync.sync_workers AS w;
END
$$;
COMMENT ON FUNCTION github_sync.server_metrics() IS
'private: what health() finds (0: ok or info, 1: warn, 2: critical) and for how long, and how many workers run';

CREATE OR REPLACE FUNCTION github_sync.all_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN QUERY VALUES ('health', '', '', 'ownership', '', 2::float8);
		RETURN;
	END IF;
	RETURN QUERY SELECT * FROM github_sync.server_metrics();
	RETURN QUERY SELECT * FROM github_sync.task_metrics();
	IF to_regprocedure('github_sync.comment_metrics()') IS NOT NULL THEN
		RETURN QUERY SELECT * FROM github_sync.comment_metrics();
	END IF;
	RETURN QUERY SELECT * FROM github_sync.installation_metrics();
	RETURN QUERY SELECT * FROM github_sync.sweep_metrics();
	RETURN QUERY SELECT * FROM github_sync.counted_metrics();
EXCEPTION WHEN insufficient_privilege THEN
	/* As health(): the owner may not even use the schema. */
	RETURN QUERY VALUES ('health', '', '', 'ownership', '', 2::float8);
END
$$;
COMMENT ON FUNCTION github_sync.all_metrics() IS
'private: what view sync_metrics shows, with the rights of the owner of the queue';
