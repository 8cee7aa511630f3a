/*
 * What health() finds in a queue.  Each check reads a bounded number of rows, by
 * an index, however long the queue and its history are.
 */

CREATE OR REPLACE FUNCTION github_sync.@record@_waiting_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	may_take CONSTANT interval := '1 minute';
	finding github_sync.finding;
	oldest CONSTANT timestamptz := (
		SELECT min(next.queued_at)
		FROM github_sync.@record@_open_lines(1, 1, '{}') AS o CROSS JOIN LATERAL (
			SELECT t.queued_at FROM github_sync.@record@_sync_transactions AS t
			WHERE t.github_app_installation_id = (o.line).installation_id AND t.direction = (o.line).direction
				AND t.creates = (o.line).creates AND t.state = 'queued' AND t.next_attempt_at IS NULL
			ORDER BY t.priority, t.queued_at, t.id LIMIT 1) AS next);
BEGIN
	finding."check" := 'waiting of @records@';
	finding.status := 'ok';
	IF oldest < clock_timestamp() - may_take THEN
		finding.status := CASE WHEN github_sync.is_switched_off() THEN 'info' ELSE 'warn' END;
		finding.since := oldest + may_take;
		finding.detail := format('what stands first in its line, and %s, has waited for %s',
			CASE WHEN github_sync.is_switched_off() THEN 'is not sent while github_sync.enabled is off'
				ELSE 'may be sent' END, date_trunc('second', clock_timestamp() - oldest));
		finding.remedy := CASE WHEN github_sync.is_switched_off() THEN 'SELECT * FROM github_sync.sync_waiting'
			ELSE 'It is worked off by itself, unless another check fails. Does it get less? SELECT * FROM '
				'github_sync.sync_waiting.' END;
	END IF;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_waiting_finding() IS
'private: whether what may be sent is sent soon. Of each line the first is looked at';

CREATE OR REPLACE FUNCTION github_sync.@record@_processing_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	may_take CONSTANT interval := '5 minutes';
	finding github_sync.finding;
	oldest CONSTANT timestamptz := (SELECT min(t.processing_at)
		FROM github_sync.@record@_sync_transactions AS t WHERE t.state = 'processing');
BEGIN
	finding."check" := 'processing of @records@';
	finding.status := 'ok';
	IF oldest < clock_timestamp() - may_take THEN
		finding.status := 'warn';
		finding.since := oldest + may_take;
		finding.detail := format('one has been processing for %s', date_trunc('second', clock_timestamp() - oldest));
		finding.remedy := 'SELECT * FROM github_sync.sync_workers';
	END IF;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_processing_finding() IS
'private: whether what was claimed ends';

CREATE OR REPLACE FUNCTION github_sync.@record@_recent_errors(
	period interval, most integer, OUT error_code text, OUT errors bigint, OUT since timestamptz, OUT reason text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY WITH recent AS (
		SELECT t AS errored, t.error_code AS code, left(t.error_reason, 200) AS words, t.finished_at,
			/* Where the server has said why, before its words. */
			coalesce(substring(t.error_reason FROM '^([0-9A-Z]{5}): '), '') AS sqlstate
		FROM github_sync.@record@_sync_transactions AS t
		WHERE t.state = 'errored' AND t.finished_at > (SELECT clock_timestamp()) - period
		ORDER BY t.finished_at DESC LIMIT most),
	reasons AS (
		SELECT r.code, r.sqlstate, r.words, count(*) AS times, min(r.finished_at) AS since, max(r.finished_at) AS latest
		FROM recent AS r WHERE NOT github_sync.@record@_error_is_outdated(r.errored)
		GROUP BY r.code, r.sqlstate, r.words)
	SELECT k.code, sum(k.times)::bigint, min(k.since),
		github_sync.words_for_reader((array_agg(k.words ORDER BY k.times DESC, k.latest DESC))[1])
			|| CASE count(*) WHEN 1 THEN '' WHEN 2 THEN '; and another reason'
				ELSE format('; and %s other reasons', count(*) - 1) END
	FROM reasons AS k GROUP BY k.code, k.sqlstate;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_recent_errors(interval, integer) IS
'private: of the newest errors of that period those that nothing has mended, and that did not come again, by their '
'code, and by their SQLSTATE where the server has said why: how many, since when, and the reason that most of them '
'have';

/* While nothing but a probe is sent for an installation, that is a finding of its own. */
CREATE OR REPLACE FUNCTION github_sync.@record@_failing()
RETURNS TABLE (installation_id bigint, of_direction text, since timestamptz, problem text)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 1000;
BEGIN
	RETURN QUERY SELECT t.github_app_installation_id, t.direction, t.unreachable_since, t.last_error
	FROM github_sync.@record@_sync_transactions AS t
	JOIN github_sync.github_app_installations AS i ON i.id = t.github_app_installation_id
	WHERE t.state IN ('queued', 'processing') AND t.unreachable_since IS NOT NULL
		AND i.outage_since IS NULL AND NOT github_sync.is_held_up(i)
	ORDER BY t.unreachable_since LIMIT most;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_failing() IS
'private: the transactions, a thousand at most, with which GitHub has failed at each try since that time, while it '
'answers others of their installation';

CREATE OR REPLACE FUNCTION github_sync.@record@_failing_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	may_take CONSTANT interval := '5 minutes';
	finding github_sync.finding;
	failing bigint;
	oldest timestamptz;
	problem text;
BEGIN
	finding."check" := 'failing of @records@';
	finding.status := 'ok';
	SELECT count(*), min(f.since), github_sync.words_for_reader((array_agg(f.problem ORDER BY f.since))[1])
	INTO failing, oldest, problem
	FROM github_sync.@record@_failing() AS f WHERE f.since < clock_timestamp() - may_take;
	IF failing > 0 THEN
		finding.status := 'warn';
		finding.since := oldest + may_take;
		finding.detail := format('GitHub fails at each try with %s, with the first of them for %s: %s', failing,
			date_trunc('second', clock_timestamp() - oldest), problem);
		finding.remedy := 'They are tried again by themselves, until give_up_after. Which ones: SELECT * FROM '
			'github_sync.sync_queue WHERE last_error IS NOT NULL. Does GitHub show and take them in a browser?';
	END IF;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_failing_finding() IS
'private: whether GitHub, which answers others, has failed for more than some minutes with what waits for its next try';

CREATE OR REPLACE FUNCTION github_sync.@record@_errors_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 200;
	period CONSTANT interval := '1 hour';
	shown CONSTANT integer := 5;
	finding github_sync.finding;
	errors bigint;
BEGIN
	finding."check" := 'errors of @records@';
	SELECT sum(c.errors), min(c.since), string_agg(format('%s %s (%s)', c.errors, c.error_code, c.reason), ', '
		ORDER BY c.place) FILTER (WHERE c.place <= shown)
		|| coalesce(' (and ' || sum(c.errors) FILTER (WHERE c.place > shown) || ' more)', '')
	INTO errors, finding.since, finding.detail
	FROM (SELECT r.*, row_number() OVER (ORDER BY r.errors DESC, r.error_code, r.reason) AS place
		FROM github_sync.@record@_recent_errors(period, most) AS r) AS c;
	finding.status := CASE WHEN errors > 0 THEN 'warn' ELSE 'ok' END;
	IF errors = most THEN
		/* Not all of them are looked at: where all are of one cause, the first tells since when. */
		finding.since := (SELECT min(t.finished_at) FROM github_sync.@record@_sync_transactions AS t
			WHERE t.state = 'errored' AND t.finished_at > (SELECT clock_timestamp()) - period);
		finding.detail := format('%s or more in the last hour; of the newest %s: %s', most, most, finding.detail);
	ELSIF errors > 0 THEN
		finding.detail := 'in the last hour: ' || finding.detail;
	END IF;
	IF errors > 0 THEN
		finding.remedy := 'SELECT error_code, error_reason, retry FROM github_sync.sync_errors '
			'ORDER BY errored_at DESC LIMIT 20';
	END IF;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_errors_finding() IS
'private: errors of the last hour that nothing has mended, by their codes and SQLSTATEs, the most frequent first';

CREATE OR REPLACE FUNCTION github_sync.@record@_disabled_reasons(
	OUT reason text, OUT is_trouble boolean, OUT words text)
RETURNS SETOF record
LANGUAGE sql IMMUTABLE AS $$
	VALUES ('repo', false, 'the repository is switched off'), ('direction', false, 'sync_direction'),
		('no_repo', false, 'no repository'), ('filtered', false, 'sync_when'),
		('archived', true, 'the repository is archived'), ('installation', true, 'it is suspended or deleted'),
		('access_lost', true, 'the App may not use the repository')
$$;
COMMENT ON FUNCTION github_sync.@record@_disabled_reasons() IS
'private: why a transaction may be disabled, and whether somebody should look at it; not where somebody set it so';

CREATE OR REPLACE FUNCTION github_sync.@record@_disabled_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 1000;
	finding github_sync.finding;
	is_trouble boolean;
BEGIN
	finding."check" := 'disabled of @records@';
	SELECT bool_or(d.is_trouble), coalesce(min(d.since) FILTER (WHERE d.is_trouble), min(d.since)),
		string_agg(format('%s %s (%s)', d.transactions || CASE WHEN d.transactions = most THEN ' or more' ELSE '' END,
			d.reason, d.words), ', ' ORDER BY d.is_trouble DESC, d.reason)
	INTO is_trouble, finding.since, finding.detail
	FROM (SELECT k.reason, k.is_trouble, k.words, count(*) AS transactions, min(t.finished_at) AS since
		FROM github_sync.@record@_disabled_reasons() AS k
		CROSS JOIN LATERAL (SELECT q.finished_at FROM github_sync.@record@_sync_transactions AS q
			WHERE q.state = 'disabled' AND q.disabled_reason = k.reason
			ORDER BY q.finished_at LIMIT most) AS t
		GROUP BY k.reason, k.is_trouble, k.words) AS d;
	finding.status := CASE WHEN is_trouble THEN 'warn' WHEN finding.detail IS NOT NULL THEN 'info' ELSE 'ok' END;
	finding.remedy := CASE WHEN is_trouble
		THEN 'They are queued again when GitHub says that it is over; else '
			'SELECT github_sync.set_repo_sync(id, true).' END;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_disabled_finding() IS
'private: what is disabled, by reason: repo, direction, no_repo and filtered are as somebody set them';

CREATE OR REPLACE FUNCTION github_sync.@record@_history_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT real := 10000000;
	finding github_sync.finding;
	rows_about CONSTANT real := (SELECT c.reltuples FROM pg_class AS c
		WHERE c.oid = 'github_sync.@record@_sync_transactions'::regclass);
BEGIN
	finding."check" := 'history of @records@';
	finding.status := 'ok';
	IF rows_about > most THEN
		finding.status := 'warn';
		finding.detail := format('about %s million transactions, %s', round(rows_about / 1000000),
			pg_size_pretty(pg_total_relation_size('github_sync.@record@_sync_transactions'::regclass)));
		finding.remedy :=
			'Set a shorter github_sync.retention. What conflicts keep: SELECT github_sync.prune(''30 days'').';
	END IF;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.@record@_history_finding() IS
'private: whether history is pruned, by what ANALYZE counted';

CREATE OR REPLACE FUNCTION github_sync.@record@_findings() RETURNS SETOF github_sync.finding
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN NEXT github_sync.@record@_waiting_finding();
	RETURN NEXT github_sync.@record@_processing_finding();
	RETURN NEXT github_sync.@record@_failing_finding();
	RETURN NEXT github_sync.@record@_errors_finding();
	RETURN NEXT github_sync.@record@_disabled_finding();
	RETURN NEXT github_sync.@record@_history_finding();
END
$$;
COMMENT ON FUNCTION github_sync.@record@_findings() IS
'private: a row for each check of the queue';
