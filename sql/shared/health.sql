/*
 * What an operator looks at first: what is wrong, since when, and what to do.
 * README has a paragraph for each check, which column see leads to.
 */

CREATE OR REPLACE FUNCTION github_sync.with_further(detail text, further bigint) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN further > 0 THEN format('%s (and %s more)', detail, further) ELSE detail END;
COMMENT ON FUNCTION github_sync.with_further(text, bigint) IS
'private: the first of several, and how many more there are';

CREATE OR REPLACE FUNCTION github_sync.set_up_findings() RETURNS SETOF github_sync.finding
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY WITH kinds AS (
		SELECT s.record_type, s.problem, min(s.since) AS since,
			/* Each of them is somebody's to mend. */
			CASE s.problem WHEN 'not taken' THEN github_sync.shortened(string_agg(s.detail, '; ' ORDER BY s.detail))
				ELSE github_sync.with_further((array_agg(s.detail ORDER BY s.since))[1], count(*) - 1) END AS detail,
			CASE s.problem WHEN 'not taken' THEN github_sync.shortened(string_agg(DISTINCT s.remedy, ' '))
				ELSE (array_agg(s.remedy ORDER BY s.since))[1] END AS remedy
		FROM github_sync.sync_problems AS s GROUP BY s.record_type, s.problem)
	SELECT k.problem || ' of ' || k.whose, CASE WHEN p.problem IS NULL THEN 'ok' ELSE k.status END,
		p.since, p.detail, p.remedy
	FROM (SELECT kind.*, a.record_type, a.record_type || 's' AS whose
		FROM github_sync.attached_tables AS a
		CROSS JOIN (VALUES (1, 'mapping', 'critical'), (2, 'ownership', 'critical'), (3, 'capture', 'critical'),
			(4, 'copy', 'critical'), (5, 'overwriting', 'warn'), (6, 'not taken', 'warn'))
			AS kind (place, problem, status)
		WHERE kind.problem <> 'not taken' OR a.record_type = 'task'
		UNION ALL
		VALUES (7, 'moved', 'critical', NULL, 'repositories')) AS k
	LEFT JOIN kinds AS p ON p.record_type IS NOT DISTINCT FROM k.record_type AND p.problem = k.problem
	ORDER BY k.record_type DESC NULLS LAST, k.place;
END
$$;
COMMENT ON FUNCTION github_sync.set_up_findings() IS
'private: a row for each kind of sync_problems and record type';

CREATE OR REPLACE FUNCTION github_sync.what_lets_in() RETURNS text
LANGUAGE sql STABLE
RETURN (SELECT CASE
		WHEN NOT r.rolcanlogin THEN format('ALTER ROLE %I LOGIN', r.rolname)
		WHEN NOT has_database_privilege(r.oid, current_database(), 'CONNECT') THEN
			format('GRANT CONNECT ON DATABASE %I TO %I', current_database(), r.rolname) END
	FROM pg_roles AS r WHERE r.rolname = github_sync.queue_owner());
COMMENT ON FUNCTION github_sync.what_lets_in() IS
'private: what gives the owner, as whom a worker logs in, the right to that back; NULL: nothing was taken from it';

CREATE OR REPLACE FUNCTION github_sync.worker_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	finding github_sync.finding;
BEGIN
	/* That it is a copy, or that an installation pauses or is gone, is a finding of its own. */
	SELECT 'worker', k.status, CASE WHEN k.status <> 'info' THEN w.last_error_at END,
		CASE k.status WHEN 'info' THEN 'github_sync.enabled is off: nothing is synchronized until it is on again'
			ELSE coalesce(w.last_error, w.activity) END,
		CASE w.activity WHEN 'not enabled' THEN 'ALTER SYSTEM SET github_sync.enabled = on; SELECT pg_reload_conf()'
			ELSE coalesce(github_sync.what_lets_in(), 'SELECT * FROM github_sync.sync_workers') END
	INTO finding
	FROM github_sync.sync_workers AS w CROSS JOIN LATERAL (SELECT CASE
		WHEN w.activity = 'does not run' THEN 'critical'
		WHEN w.activity IN ('copied database', 'standby') THEN 'ok'
		WHEN w.activity = 'to be started again' THEN 'critical'
		WHEN w.activity = 'not enabled' THEN 'info'
		WHEN w.activity = 'waits for a free process' THEN 'warn'
		WHEN w.last_error IS NOT NULL AND NOT EXISTS (SELECT FROM github_sync.github_app_installations AS i
			WHERE i.pause_reason = w.last_error
				OR i.state <> 'active' AND w.last_error LIKE 'GitHub answered %(suspended)%'
				OR i.state = 'deleted' AND w.last_error LIKE 'GitHub knows the App, but no such installation%')
			THEN 'warn'
		ELSE 'ok' END AS status) AS k
	ORDER BY array_position('{critical,warn,info,ok}', k.status) LIMIT 1;
	IF finding.status IS NULL THEN
		finding := ROW('worker', 'critical', NULL, 'no worker runs, and the server does not say why',
			'shared_preload_libraries = ''github_sync'', and a restart')::github_sync.finding;
	ELSIF finding.status = 'ok' THEN
		finding := ROW('worker', 'ok', NULL, NULL, NULL)::github_sync.finding;
	END IF;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.worker_finding() IS
'private: whether a worker runs, or would where something is due; info: nobody wants it to';

CREATE OR REPLACE FUNCTION github_sync.installation_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	finding github_sync.finding;
	further bigint;
BEGIN
	SELECT k.status, github_sync.held_up_since(i),
		CASE WHEN github_sync.is_moving(i) THEN k.name || ' is held while it moves to another server'
			WHEN i.state <> 'active' THEN format('%s is %s at GitHub', k.name, i.state)
			WHEN i.paused_until > clock_timestamp() THEN format('nothing is sent for %s until %s: %s', k.name,
				i.paused_until::timestamptz(0), i.pause_reason)
			ELSE format('nothing but a probe is sent for %s: %s', k.name, i.pause_reason) END,
		CASE WHEN github_sync.is_moving(i)
			THEN 'Who moves it has move_installation go on, or --undo it; set by hand, it would send from two servers.'
			WHEN i.state <> 'active'
			THEN format('In the account''s settings at GitHub, have the App unsuspended or install it again; its '
				'webhook tells it. Else: UPDATE github_sync.github_app_installations SET state = %L WHERE id = %s.',
				'active', i.id)
			ELSE github_sync.remedy_of_pause(i.pause_kind) END,
		count(*) OVER () - 1
	INTO finding.status, finding.since, finding.detail, finding.remedy, further
	FROM github_sync.github_app_installations AS i CROSS JOIN LATERAL (SELECT
		CASE WHEN github_sync.passes_by_itself(i) OR github_sync.is_moving(i) THEN 'warn' ELSE 'critical' END AS status,
			concat_ws(' of ', 'installation ' || i.id, i.account_login) AS name) AS k
	WHERE github_sync.is_held_up(i)
		AND EXISTS (SELECT FROM github_sync.github_repos AS r
			WHERE r.github_app_installation_id = i.id AND r.sync_enabled)
	ORDER BY k.status, i.outage_since NULLS LAST, i.id LIMIT 1;
	finding."check" := 'installations';
	finding.status := coalesce(finding.status, 'ok');
	finding.detail := github_sync.with_further(finding.detail, further);
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.installation_finding() IS
'private: whether installations with repositories that sync may send: a rate limit passes, a move is somebody''s will, '
'anything else is critical';

CREATE OR REPLACE FUNCTION github_sync.budget_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	finding github_sync.finding;
BEGIN
	finding."check" := 'rate limits';
	SELECT format('installation %s has %s of %s requests left until %s', l.github_app_installation_id, l.remaining,
		l.request_limit, l.reset_at::timestamptz(0))
	INTO finding.detail
	FROM github_sync.sync_rate_limits AS l
	WHERE l.remaining < l.request_limit / 10 AND l.reset_at > clock_timestamp()
	ORDER BY l.remaining LIMIT 1;
	finding.status := CASE WHEN finding.detail IS NULL THEN 'ok' ELSE 'warn' END;
	finding.remedy := CASE WHEN finding.detail IS NOT NULL THEN 'SELECT * FROM github_sync.sync_rate_limits' END;
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.budget_finding() IS
'private: whether an installation has a tenth of its requests of the hour left';

CREATE OR REPLACE FUNCTION github_sync.delivery_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	may_take CONSTANT interval := '1 minute';
	finding github_sync.finding;
	oldest CONSTANT timestamptz := (SELECT min(d.received_at) FROM github_sync.webhook_deliveries AS d
		WHERE d.outcome = 'pending');
BEGIN
	finding."check" := 'webhook deliveries';
	SELECT 'warn', d.received_at, format('delivery %s: %s', d.delivery_id,
			github_sync.words_for_reader(d.outcome)),
		'Redeliver it: on GitHub, in the settings of the App, under Advanced.'
	INTO finding.status, finding.since, finding.detail, finding.remedy
	FROM github_sync.webhook_deliveries AS d
	WHERE d.outcome LIKE 'failed: %' AND d.received_at > (SELECT clock_timestamp()) - interval '3 days'
	ORDER BY d.received_at LIMIT 1;
	/* While it is off, nobody takes those that were left to the worker. */
	IF oldest < clock_timestamp() - may_take AND (finding.status IS NULL OR NOT github_sync.is_switched_off()) THEN
		finding.status := CASE WHEN github_sync.is_switched_off() THEN 'info' ELSE 'warn' END;
		finding.since := oldest + may_take;
		finding.detail := format('one has been pending for %s%s', date_trunc('second', clock_timestamp() - oldest),
			CASE WHEN github_sync.is_switched_off() THEN ': github_sync.enabled is off' ELSE '' END);
		finding.remedy := 'End the transaction that holds the row or the record that it is about.';
	END IF;
	finding.status := coalesce(finding.status, 'ok');
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.delivery_finding() IS
'private: deliveries that stay pending, and those that failed and that GitHub can still redeliver';

CREATE OR REPLACE FUNCTION github_sync.log_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	finding github_sync.finding;
BEGIN
	SELECT 'warn', l.failing_since, format('the App''s delivery log could not be read %s: %s',
			CASE WHEN l.last_complete_at IS NULL THEN 'yet'
				ELSE format('to its end since %s', l.last_complete_at::timestamptz(0)) END,
			github_sync.words_for_reader(l.last_error)),
		'It is tried again by itself; until then, sweeps find what changes at GitHub, each reconcile_interval.'
	INTO finding.status, finding.since, finding.detail, finding.remedy
	FROM github_sync.delivery_log AS l
	WHERE l.last_error IS NOT NULL AND github_sync.delivery_log_interval() > '0';
	finding."check" := 'delivery log';
	finding.status := coalesce(finding.status, 'ok');
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.log_finding() IS
'private: whether the App''s delivery log is read, where it is to be';

/* A list that fails is due again later each time; one that GitHub shows in smaller pages goes on. */
CREATE OR REPLACE FUNCTION github_sync.sweep_problems()
RETURNS TABLE (status text, since timestamptz, detail text, remedy text, repo_id bigint, stream text)
LANGUAGE plpgsql STABLE AS $$
#variable_conflict use_column
DECLARE
	may_take CONSTANT interval := '1 hour';
BEGIN
	RETURN QUERY SELECT k.status, k.since, format('the %s of %s/%s %s', CASE s.phase WHEN 'check' THEN s.stream
				WHEN 'backfill' THEN format('import of %s (%s listed)', s.stream, s.listed)
				ELSE 'list of ' || s.stream END, r.owner_login, r.name, k.what), k.remedy, r.id, s.stream
	FROM github_sync.open_sweeps() AS o
	JOIN github_sync.repo_sweeps AS s ON s.github_repo_id = o.repo_id AND s.stream = o.list
	JOIN github_sync.github_repos AS r ON r.id = s.github_repo_id
	CROSS JOIN LATERAL (
		SELECT 'warn' AS status, coalesce(s.failing_since, s.last_error_at) AS since, CASE s.attempts
				WHEN 0 THEN 'was read, but for what ' || w.words
				ELSE 'could not be read or applied: ' || w.words END AS what,
			format('It is tried again by itself; at once: SELECT github_sync.reconcile_repo(%s).', r.id) AS remedy
		FROM github_sync.words_for_reader(s.last_error) AS w (words)
		WHERE s.last_error IS NOT NULL AND (s.attempts > 0 OR s.pass_began_at IS NULL)
		UNION ALL
		SELECT CASE WHEN github_sync.is_switched_off() THEN 'info' ELSE 'warn' END, o.due + may_take,
			format('has been due for %s%s', date_trunc('second', clock_timestamp() - o.due),
				CASE WHEN github_sync.is_switched_off() THEN ': github_sync.enabled is off' ELSE '' END),
			'SELECT repository, stream, waits_for FROM github_sync.sync_progress'
		WHERE o.due < clock_timestamp() - may_take) AS k;
	/* Each was tried ten minutes before it is due again. */
	RETURN QUERY SELECT 'warn', l.tried_at, format('%s of %s/%s could not be taken over: %s',
			CASE l.items WHEN 1 THEN 'an item' ELSE l.items || ' items' END, r.owner_login, r.name, w.words),
		'It is tried again every ten minutes. The words are the database''s, or those of the application''s own code: '
			'see to what they say.', r.id, l.record_type || 's'
	FROM (SELECT later.github_repo_id, later.record_type, count(*) AS items, min(later.last_error) AS last_error,
			min(later.try_at) - interval '10 minutes' AS tried_at
		FROM github_sync.listed_later AS later WHERE later.last_error IS NOT NULL
		GROUP BY later.github_repo_id, later.record_type) AS l
	JOIN github_sync.github_repos AS r ON r.id = l.github_repo_id
	CROSS JOIN github_sync.words_for_reader(l.last_error) AS w (words);
END
$$;
COMMENT ON FUNCTION github_sync.sweep_problems() IS
'private: lists of repositories whose last try failed, or that are due and not read; of those that are to be read; '
'and what lists showed and could not be taken over';

CREATE OR REPLACE FUNCTION github_sync.sweep_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	finding github_sync.finding;
	further bigint;
BEGIN
	SELECT p.status, p.since, p.detail, p.remedy, count(*) OVER () - 1
	INTO finding.status, finding.since, finding.detail, finding.remedy, further
	FROM github_sync.sweep_problems() AS p
	ORDER BY array_position('{warn,info}', p.status), p.since, p.repo_id, p.stream DESC LIMIT 1;
	finding."check" := 'sweeps';
	finding.status := coalesce(finding.status, 'ok');
	finding.detail := github_sync.with_further(finding.detail, further);
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.sweep_finding() IS
'private: the first of what sweep_problems() finds, and how many more there are';

/* The transactions of others show their age to members of pg_read_all_stats alone. */
CREATE OR REPLACE FUNCTION github_sync.lock_finding() RETURNS github_sync.finding
LANGUAGE plpgsql STABLE AS $$
DECLARE
	may_take CONSTANT interval := '1 minute';
	finding github_sync.finding;
BEGIN
	finding."check" := 'locks';
	SELECT 'warn', h.since + may_take, format('%s has held locks on %s for %s', h.who, h.relation::regclass,
		date_trunc('second', clock_timestamp() - h.since)), h.remedy
	INTO finding.status, finding.since, finding.detail, finding.remedy
	FROM (SELECT a.xact_start AS since, l.relation, format('session %s, which is %s,', a.pid, a.state) AS who,
			format('SELECT pg_terminate_backend(%s)', a.pid) AS remedy
		FROM pg_locks AS l JOIN pg_stat_activity AS a ON a.pid = l.pid
		WHERE l.granted AND l.mode <> 'AccessShareLock' AND l.database = a.datid AND a.state LIKE 'idle in transaction%'
			AND github_sync.is_of_queue(l.relation)
		UNION ALL
		SELECT p.prepared, l.relation, format('prepared transaction %L', p.gid), format('ROLLBACK PREPARED %L', p.gid)
		FROM pg_prepared_xacts AS p JOIN pg_locks AS l ON l.virtualtransaction = '-1/' || p.transaction
		WHERE p.database = current_database() AND l.mode <> 'AccessShareLock' AND github_sync.is_of_queue(l.relation)
	) AS h
	WHERE h.since < clock_timestamp() - may_take
	ORDER BY h.since LIMIT 1;
	finding.status := coalesce(finding.status, 'ok');
	RETURN finding;
END
$$;
COMMENT ON FUNCTION github_sync.lock_finding() IS
'private: transactions that do nothing and keep rows from being synchronized';

CREATE OR REPLACE FUNCTION github_sync.is_of_queue(relation oid) RETURNS boolean
LANGUAGE sql STABLE
RETURN relation IN ('github_sync.github_issues'::regclass, 'github_sync.task_sync_transactions'::regclass)
	OR EXISTS (SELECT FROM pg_class AS c JOIN pg_namespace AS n ON n.oid = c.relnamespace
		JOIN github_sync.attached_tables AS a ON a.table_schema = n.nspname AND a.table_name = c.relname
		WHERE c.oid = relation);
COMMENT ON FUNCTION github_sync.is_of_queue(oid) IS
'private: a table whose rows transactions are about';

CREATE OR REPLACE FUNCTION github_sync.findings() RETURNS SETOF github_sync.finding
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT * FROM github_sync.set_up_findings();
	RETURN NEXT github_sync.worker_finding();
	RETURN NEXT github_sync.installation_finding();
	RETURN NEXT github_sync.budget_finding();
	RETURN QUERY SELECT * FROM github_sync.task_findings();
	IF to_regprocedure('github_sync.comment_findings()') IS NOT NULL THEN
		RETURN QUERY SELECT * FROM github_sync.comment_findings();
	END IF;
	RETURN NEXT github_sync.delivery_finding();
	RETURN NEXT github_sync.log_finding();
	RETURN NEXT github_sync.sweep_finding();
	RETURN NEXT github_sync.lock_finding();
END
$$;
COMMENT ON FUNCTION github_sync.findings() IS
'private: a row for each check';

CREATE OR REPLACE FUNCTION github_sync.health_findings() RETURNS SETOF github_sync.finding
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	/* With two owners in the queue, the views of the one would run with the rights of the other. */
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN QUERY SELECT 'ownership', 'critical', NULL::timestamptz, p.problem, p.remedy
		FROM github_sync.owner_problem() AS p;
		RETURN;
	END IF;
	RETURN QUERY SELECT f."check", f.status, f.since, f.detail, f.remedy
	FROM github_sync.findings() WITH ORDINALITY AS f ("check", status, since, detail, remedy, place)
	ORDER BY array_position('{critical,warn,info,ok}', f.status), f.place;
EXCEPTION WHEN insufficient_privilege THEN
	/* The owner may not even use the schema: nothing in it can be named here. */
	RETURN QUERY SELECT 'ownership', 'critical', NULL::timestamptz, SQLERRM, 'SELECT github_sync.take_over_ownership()';
END
$$;
COMMENT ON FUNCTION github_sync.health_findings() IS
'private: what health() finds, what is worst first';
