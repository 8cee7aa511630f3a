/*
 * report(): a page for people, in one piece: health first, then what is behind it.
 */

CREATE OR REPLACE FUNCTION github_sync.report_finding(
	"check" text, status text, since timestamptz, detail text, remedy text, see text) RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN format(E'\n<div class="finding %s"><p><b>%s</b><span>%s</span>%s</p><p>%s</p>%s'
		'<p class="since">Explained in %s</p></div>',
		github_sync.html(status), github_sync.html(initcap(status)), github_sync.html("check"),
		CASE WHEN since IS NOT NULL THEN format(' <span class="since">for %s, since %s</span>',
			github_sync.html_age(clock_timestamp() - since), to_char(since, 'YYYY-MM-DD HH24:MI')) ELSE '' END,
		github_sync.html(detail),
		/* A statement or a setting is to be copied, a sentence to be read. */
		CASE WHEN remedy ~ '^([A-Z]+ [A-Za-z_*(]|[a-z_.]+ = )' AND remedy !~ '[.]$'
			THEN format('<p>What to do: <code>%s</code></p>', github_sync.html(remedy))
			WHEN remedy IS NOT NULL THEN format('<p>What to do: %s</p>', github_sync.html(remedy)) ELSE '' END,
		github_sync.html(see));
END
$$;
COMMENT ON FUNCTION github_sync.report_finding(text, text, timestamptz, text, text, text) IS
'private: what a check of health() found, as HTML';

CREATE OR REPLACE FUNCTION github_sync.report_health() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	told record;
BEGIN
	SELECT count(*) FILTER (WHERE h.status = 'critical') AS critical,
		count(*) FILTER (WHERE h.status = 'warn') AS warn,
		string_agg(github_sync.report_finding(h."check", h.status, h.since, h.detail, h.remedy,
			github_sync.finding_paragraph(h."check")), '' ORDER BY h.place)
			FILTER (WHERE h.status <> 'ok') AS findings,
		string_agg(github_sync.html(h."check"), ', ' ORDER BY h.place) FILTER (WHERE h.status = 'ok') AS well
	INTO told
	FROM github_sync.health_findings() WITH ORDINALITY AS h ("check", status, since, detail, remedy, place);
	RETURN '<section class="first"><h2>Health</h2>' || CASE
		WHEN told.critical > 0 THEN '<span class="verdict critical">Something is not synchronized.</span>'
		WHEN github_sync.is_switched_off()
			THEN '<span class="verdict info">Nothing is synchronized, as somebody has switched it off.</span>'
		WHEN told.warn > 0 THEN '<span class="verdict warn">It works, but somebody should look at this.</span>'
		ELSE '<span class="verdict ok">All is well.</span>' END
		|| coalesce(told.findings, '') || format('<details><summary>Checks that are ok</summary><p>%s</p></details>',
			coalesce(told.well, 'none')) || E'</section>\n';
END
$$;
COMMENT ON FUNCTION github_sync.report_health() IS
'private: a part of report(): what is wrong, since when, and what to do';

CREATE OR REPLACE FUNCTION github_sync.queue_metrics() RETURNS SETOF github_sync.metric
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN QUERY SELECT * FROM github_sync.task_live_metrics();
	IF to_regprocedure('github_sync.comment_live_metrics()') IS NOT NULL THEN
		RETURN QUERY SELECT * FROM github_sync.comment_live_metrics();
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.queue_metrics() IS
'private: how many transactions of either type are in the states that they can leave';

CREATE OR REPLACE FUNCTION github_sync.report_tiles(words text[]) RETURNS text
LANGUAGE plpgsql IMMUTABLE AS $$
BEGIN
	RETURN (SELECT format('<div class="tiles">%s</div>', string_agg(format('<span><b>%s</b>%s</span>',
		coalesce(words[i + 1], '0'), github_sync.html(words[i])), '' ORDER BY i))
	FROM generate_series(1, cardinality(words), 2) AS i);
END
$$;
COMMENT ON FUNCTION github_sync.report_tiles(text[]) IS
'private: some figures in large type: what each is, and its HTML';

CREATE OR REPLACE FUNCTION github_sync.report_queue() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	live record;
	rows text;
	reasons text;
BEGIN
	SELECT sum(m.value) FILTER (WHERE m.state IN ('queued', 'waiting')) AS queued,
		sum(m.value) FILTER (WHERE m.state = 'processing') AS processing,
		sum(m.value) FILTER (WHERE m.state = 'errored') AS errored,
		(SELECT sum(d.value) FROM github_sync.queue_metrics() AS d WHERE d.metric = 'disabled') AS disabled,
		(SELECT clock_timestamp() - min(l.oldest_unsynced_at) FROM github_sync.repo_lags() AS l) AS oldest
	INTO live FROM github_sync.queue_metrics() AS m WHERE m.metric = 'transactions';
	SELECT string_agg(github_sync.html_row(ARRAY[github_sync.html(concat_ws(' ', q.record_type, q.direction)),
		'#' || github_sync.html_number(q.queued), '#' || github_sync.html_number(q.waiting),
		'#' || github_sync.html_number(q.processing)]), '' ORDER BY q.record_type DESC, q.direction) INTO rows
	FROM (SELECT m.record_type, m.direction,
			coalesce(sum(m.value) FILTER (WHERE m.state = 'queued'), 0)::numeric AS queued,
			coalesce(sum(m.value) FILTER (WHERE m.state = 'waiting'), 0)::numeric AS waiting,
			coalesce(sum(m.value) FILTER (WHERE m.state = 'processing'), 0)::numeric AS processing
		FROM github_sync.queue_metrics() AS m WHERE m.metric = 'transactions' AND m.direction <> ''
		GROUP BY m.record_type, m.direction) AS q;
	SELECT string_agg(github_sync.html_row(ARRAY[github_sync.html(w.waits_for),
		'#' || github_sync.html_number(w.rows)]), '' ORDER BY w.rows DESC, w.waits_for) INTO reasons
	FROM (SELECT s.waits_for, sum(s.transactions) AS rows FROM github_sync.sync_waiting AS s
		GROUP BY s.waits_for ORDER BY 2 DESC LIMIT 8) AS w;
	RETURN github_sync.html_section('Queue', NULL, github_sync.report_tiles(ARRAY[
		'queued', github_sync.html_number(live.queued::numeric), 'being processed',
		github_sync.html_number(live.processing::numeric), 'oldest change waits',
		coalesce(nullif(github_sync.html_age(live.oldest), ''), '-'), 'errored',
		github_sync.html_number(live.errored::numeric), 'disabled', github_sync.html_number(live.disabled::numeric)])
		|| github_sync.html_table('{"","#in line","#for a time","#processing"}', rows, 'Nothing waits.')
		|| CASE WHEN reasons IS NULL THEN ''
			ELSE github_sync.html_table('{What they wait for,#}', reasons, NULL) END);
END
$$;
COMMENT ON FUNCTION github_sync.report_queue() IS
'private: a part of report(): how much waits, how long, and for what';

CREATE OR REPLACE FUNCTION github_sync.report_periods(period interval, periods integer)
RETURNS TABLE (began timestamptz, ended bigint[], answers bigint[], answered_ms numeric)
LANGUAGE plpgsql STABLE AS $$
DECLARE
	first CONSTANT timestamptz := date_bin(period, clock_timestamp(), '2000-01-01'::timestamptz)
		- (periods - 1) * period;
BEGIN
	RETURN QUERY SELECT g.began,
		ARRAY[coalesce(sum(m.completed_inbound), 0), coalesce(sum(m.completed_outbound), 0),
			coalesce(sum(m.ended_otherwise), 0), coalesce(sum(m.tried_again), 0),
			coalesce(sum(m.errored), 0)]::bigint[],
		ARRAY[coalesce(sum(m.answers_2xx), 0), coalesce(sum(m.answers_304), 0), coalesce(sum(m.answers_3xx), 0),
			coalesce(sum(m.answers_4xx), 0), coalesce(sum(m.answers_5xx + m.no_answer), 0)]::bigint[],
		round(avg(m.answered_ms), 1)
	FROM generate_series(0, periods - 1) AS n CROSS JOIN LATERAL (SELECT first + n * period) AS g (began)
	LEFT JOIN github_sync.sync_minutes AS m ON m.minute >= g.began AND m.minute < g.began + period
	GROUP BY g.began ORDER BY g.began;
END
$$;
COMMENT ON FUNCTION github_sync.report_periods(interval, integer) IS
'private: what workers counted in each of the last periods of such a length: how transactions ended (from GitHub, to '
'GitHub, otherwise, tried again, errored) and how GitHub answered (2xx, 304, 3xx, 4xx, 5xx or not at all)';

CREATE OR REPLACE FUNCTION github_sync.report_history(title text, of_answers boolean, legend text[]) RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	classes CONSTANT text[] := ARRAY(SELECT split_part(l, ' ', 1) FROM unnest(legend) AS l);
	body text;
BEGIN
	SELECT string_agg(format('%s<p class="axis"><span>%s</span><span>most: %s %s</span><span>now</span></p>',
		github_sync.svg_bars(h.bars, classes, format('%s, the last %s', title, h.reach)), h.reach || ' ago',
		github_sync.html_number(h.most), h.unit), '' ORDER BY h.place)
	INTO body
	FROM (SELECT s.place, s.reach, s.unit, max(t.total) AS most, jsonb_agg(jsonb_build_object(
			'title', format('%s: %s', to_char(p.began, 'HH24:MI'), (SELECT string_agg(
				format('%s %s', u.number, substr(legend[u.place], strpos(legend[u.place], ' ') + 1)), ', '
				ORDER BY u.place)
				FROM unnest(c.counts) WITH ORDINALITY AS u (number, place) WHERE u.number > 0)),
			'counts', c.counts) ORDER BY p.began) AS bars
		FROM (VALUES (1, '1 hour', 'a minute', '1 minute'::interval, 60),
			(2, '24 hours', 'in 15 minutes', '15 minutes', 96)) AS s (place, reach, unit, period, periods)
		CROSS JOIN LATERAL github_sync.report_periods(s.period, s.periods) AS p
		CROSS JOIN LATERAL (SELECT CASE WHEN of_answers THEN p.answers ELSE p.ended END) AS c (counts)
		CROSS JOIN LATERAL (SELECT sum(n) FROM unnest(c.counts) AS n) AS t (total)
		GROUP BY s.place, s.reach, s.unit) AS h;
	RETURN github_sync.html_section(title, NULL, github_sync.html_legend(legend) || body);
END
$$;
COMMENT ON FUNCTION github_sync.report_history(text, boolean, text[]) IS
'private: a part of report(): pictures of the last hour and the last day; of_answers: what GitHub answered, else how '
'transactions ended; legend: the class and the words of each count';

CREATE OR REPLACE FUNCTION github_sync.report_limit(ms integer) RETURNS text
LANGUAGE sql IMMUTABLE
RETURN CASE WHEN ms IS NULL THEN '&gt; 1 h' ELSE '&le; ' || github_sync.html_age(ms * interval '1 ms') END;
COMMENT ON FUNCTION github_sync.report_limit(integer) IS
'private: no longer than that; NULL: longer than all that is measured, which is an hour';

CREATE OR REPLACE FUNCTION github_sync.report_latency() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	since CONSTANT timestamptz := github_sync.counted_since();
	rows text;
BEGIN
	SELECT string_agg(github_sync.html_row(ARRAY[github_sync.html(concat_ws(' ', l.record_type, l.direction)),
		CASE l.stage WHEN 'waited' THEN 'in line' WHEN 'answered' THEN 'answered' ELSE 'committed' END,
		'#' || github_sync.html_number(l.measured), '#' || github_sync.report_limit(l.p50_ms),
		'#' || github_sync.report_limit(l.p95_ms), '#' || github_sync.report_limit(l.p99_ms)]), ''
		ORDER BY l.record_type DESC, l.direction, array_position('{waited,answered,applied}', l.stage)) INTO rows
	FROM github_sync.sync_latency AS l
	WHERE l.measured > 0;
	RETURN github_sync.html_section('How long it takes',
		'From its place in line to the first request; from each request to its answer; from that to the commit of what '
		'it does.' || coalesce(' Counted since ' || to_char(since, 'YYYY-MM-DD HH24:MI') || '.', ''),
		github_sync.html_table('{"","","#times","#half","#95 %","#99 %"}', rows,
			'Nothing was counted since the server started.'));
END
$$;
COMMENT ON FUNCTION github_sync.report_latency() IS
'private: a part of report(): how long each stage takes';

CREATE OR REPLACE FUNCTION github_sync.report_budgets() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 20;
	rows text;
BEGIN
	SELECT string_agg(github_sync.html_row(ARRAY[
		format('%s <span class="more"><bdi>%s</bdi></span> %s', i.id, github_sync.html(i.account_login),
			github_sync.html(CASE WHEN i.state <> 'active' THEN i.state
				WHEN l.paused_until IS NOT NULL THEN format('pauses for %s: %s',
					github_sync.html_age(l.paused_until - clock_timestamp()), l.pause_reason)
				WHEN l.creations_paused_until IS NOT NULL THEN 'creates nothing for '
					|| github_sync.html_age(l.creations_paused_until - clock_timestamp()) END)),
		CASE WHEN l.request_limit IS NULL THEN '' ELSE
			github_sync.svg_share(l.request_limit - l.remaining, l.request_limit, k.class) END,
		'#' || CASE WHEN l.remaining IS NULL THEN '' ELSE format('%s of %s', github_sync.html_number(l.remaining),
			github_sync.html_number(l.request_limit)) END,
		'#' || github_sync.html_number(coalesce(l.requests_last_hour, 0))]), ''
		ORDER BY k.place) INTO rows
	FROM (SELECT f.*, row_number() OVER (ORDER BY f.paused_until IS NULL,
			f.remaining * 1.0 / f.request_limit NULLS LAST, f.github_app_installation_id) AS place,
			CASE WHEN f.remaining < f.request_limit / 10 THEN 'bad' WHEN f.remaining < f.request_limit / 4 THEN 'late'
				ELSE 'in' END AS class
		FROM github_sync.sync_rate_limits AS f) AS k
	JOIN github_sync.sync_rate_limits AS l ON l.github_app_installation_id = k.github_app_installation_id
	JOIN github_sync.github_app_installations AS i ON i.id = k.github_app_installation_id
	WHERE k.place <= most;
	RETURN github_sync.html_section('Requests of the hour', 'Installations that pause, then those with the least left.',
		github_sync.html_table('{installation,used,#left,#last hour}', rows, 'No installation is connected.'));
END
$$;
COMMENT ON FUNCTION github_sync.report_budgets() IS
'private: a part of report(): what each installation may still send';

CREATE OR REPLACE FUNCTION github_sync.report_errors() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	groups github_sync.error_group[] := ARRAY(SELECT e FROM github_sync.task_error_groups() AS e);
	rows text;
BEGIN
	IF to_regprocedure('github_sync.comment_error_groups()') IS NOT NULL THEN
		groups := groups || ARRAY(SELECT e FROM github_sync.comment_error_groups() AS e);
	END IF;
	SELECT string_agg(github_sync.html_row(ARRAY[
		format('%s <span class="more">%ss</span>', github_sync.html(e.code), e.record_type),
		'#' || CASE e.errors WHEN 1000 THEN '&ge; ' ELSE '' END || github_sync.html_number(e.errors),
		github_sync.html_age(clock_timestamp() - e.latest) || ' ago',
		format('%s <span class="more"><bdi>%s</bdi></span> <code>%s</code>', e.record,
			github_sync.html(left(e.reason, 300)), github_sync.html(e.retry))]), '' ORDER BY e.errors DESC, e.code)
	INTO rows FROM unnest(groups) AS e;
	RETURN github_sync.html_section('Errors', 'Of the newest thousand, those that nothing has mended since.',
		github_sync.html_table('{"","#",last,the last of them}', rows, 'None.'));
END
$$;
COMMENT ON FUNCTION github_sync.report_errors() IS
'private: a part of report(): errors by their codes';

CREATE OR REPLACE FUNCTION github_sync.report_slowest() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	slow github_sync.slow_record[] := ARRAY(SELECT s FROM github_sync.task_slowest() AS s);
	rows text;
BEGIN
	IF to_regprocedure('github_sync.comment_slowest()') IS NOT NULL THEN
		slow := slow || ARRAY(SELECT s FROM github_sync.comment_slowest() AS s);
	END IF;
	SELECT string_agg(github_sync.html_row(ARRAY[s.record, github_sync.html_age(clock_timestamp() - s.since),
		format('%s, %s%s', s.direction, s.what, CASE WHEN s.attempts > 0
			THEN format(', %s failed tries', s.attempts) ELSE '' END)
		|| CASE WHEN s.last_error IS NOT NULL
			THEN format(' <span class="more"><bdi>%s</bdi></span>', github_sync.html(left(s.last_error, 200)))
			ELSE '' END]), '' ORDER BY s.since)
	INTO rows FROM (SELECT u.* FROM unnest(slow) AS u ORDER BY u.since LIMIT 8) AS s;
	RETURN github_sync.html_section('What waits longest', NULL,
		github_sync.html_table('{record,waits for,""}', rows, 'Nothing waits.'));
END
$$;
COMMENT ON FUNCTION github_sync.report_slowest() IS
'private: a part of report(): the oldest changes that are not synchronized yet';

CREATE OR REPLACE FUNCTION github_sync.report_hottest() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	hot github_sync.hot_record[] := ARRAY(SELECT h FROM github_sync.task_hottest() AS h);
	rows text;
BEGIN
	IF to_regprocedure('github_sync.comment_hottest()') IS NOT NULL THEN
		hot := hot || ARRAY(SELECT h FROM github_sync.comment_hottest() AS h);
	END IF;
	SELECT string_agg(github_sync.html_row(ARRAY[h.record, '#' || github_sync.html_number(h.transactions),
		'#' || github_sync.html_number(h.failed_tries), github_sync.html_age(h.latest - h.since),
		github_sync.html_age(clock_timestamp() - h.latest) || ' ago']), '' ORDER BY h.transactions DESC, h.latest DESC)
	INTO rows FROM (SELECT u.* FROM unnest(hot) AS u ORDER BY u.transactions DESC, u.latest DESC LIMIT 8) AS h;
	RETURN github_sync.html_section('What changes most', 'Among the newest two thousand transactions of either type.',
		github_sync.html_table('{record,#transactions,#failed tries,within,last}', rows, 'No record changed twice.'));
END
$$;
COMMENT ON FUNCTION github_sync.report_hottest() IS
'private: a part of report(): records with the most transactions';

CREATE OR REPLACE FUNCTION github_sync.report_lists() RETURNS text
LANGUAGE plpgsql STABLE AS $$
DECLARE
	most CONSTANT integer := 12;
	rows text;
BEGIN
	SELECT string_agg(github_sync.html_row(ARRAY[
		format('<bdi>%s</bdi> <span class="more">%s</span>', github_sync.html(p.repository), p.stream),
		github_sync.html(p.phase) || CASE WHEN p.is_under_way
			THEN format(': %s%s listed%s', github_sync.html_number(p.done),
				CASE WHEN p.total IS NOT NULL THEN ' of about ' || github_sync.html_number(p.total) ELSE '' END,
				CASE WHEN p.rate IS NOT NULL THEN format(', %s a second', p.rate) ELSE '' END)
			|| CASE WHEN p.total IS NOT NULL THEN github_sync.svg_share(p.done, p.total, 'in') ELSE '' END ELSE '' END,
		coalesce(nullif(github_sync.html_age(clock_timestamp() - p.last_complete_at), '') || ' ago', 'never'),
		github_sync.html(regexp_replace(p.waits_for, '(?<=:[0-9]{2})[.][0-9]+', ''))
			|| CASE WHEN p.last_error IS NOT NULL
			THEN format(' <span class="more"><bdi>%s</bdi></span>', github_sync.html(left(p.last_error, 200)))
			ELSE '' END]), '' ORDER BY p.place)
	INTO rows
	FROM (SELECT q.*, row_number() OVER (ORDER BY
			q.attempts > 0 DESC, q.is_under_way DESC, q.last_complete_at NULLS FIRST, q.github_repo_id, q.stream DESC)
			AS place
		FROM github_sync.sync_progress AS q) AS p
	WHERE p.place <= most;
	RETURN github_sync.html_section('Imports and sweeps', 'Lists that fail first, then those being read.',
		github_sync.html_table('{list,reads,complete,waits for}', rows, 'No repository is connected.'));
END
$$;
COMMENT ON FUNCTION github_sync.report_lists() IS
'private: a part of report(): how far the lists of repositories are read';

CREATE OR REPLACE FUNCTION github_sync.report_body() RETURNS text
LANGUAGE plpgsql STABLE AS $$
BEGIN
	/* With two owners in the queue, the views of the one would run with the rights of the other. */
	IF NOT github_sync.queue_has_one_owner() THEN
		RETURN github_sync.report_health();
	END IF;
	RETURN github_sync.report_health() || github_sync.report_queue() || github_sync.report_errors()
		|| github_sync.report_history('Transactions', false,
			'{in from GitHub,out to GitHub,other superseded or disabled,late tried again,bad errored}')
		|| github_sync.report_history('Answers of GitHub', true,
			'{good as asked,in nothing new (304),other sent on,late refused,bad failed or none}')
		|| github_sync.report_slowest() || github_sync.report_budgets() || github_sync.report_latency()
		|| github_sync.report_lists() || github_sync.report_hottest();
END
$$;
COMMENT ON FUNCTION github_sync.report_body() IS
'private: the parts of report(), the most urgent first';

CREATE OR REPLACE FUNCTION github_sync.report() RETURNS text
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, pg_temp SET jit = off AS $$
BEGIN
	RETURN format('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8">'
		'<meta name="viewport" content="width=device-width, initial-scale=1">'
		'<meta http-equiv="Content-Security-Policy" content="default-src ''none''; style-src ''unsafe-inline''">'
		'<title>github_sync: %1$s</title><style>%2$s</style></head><body><header>'
		'<h1>github_sync in database %1$s</h1><p>%3$s</p></header><main>%4$s</main></body></html>',
		github_sync.html(current_database()), github_sync.html_style(),
		to_char(clock_timestamp(), 'YYYY-MM-DD HH24:MI:SS TZ (OF)'), github_sync.report_body());
EXCEPTION WHEN insufficient_privilege THEN
	/* As health(): nothing of the schema can be named here. */
	RETURN format('<!DOCTYPE html><html lang="en"><head><meta charset="utf-8"><title>github_sync</title></head><body>'
		'<h1>github_sync</h1><h2>Health</h2><p><b>Critical</b> ownership</p><p>%s</p><p>What to do: <code>SELECT '
		'github_sync.take_over_ownership()</code></p><p>Explained in README.md#health-ownership</p></body></html>',
		replace(replace(SQLERRM, '&', '&amp;'), '<', '&lt;'));
END
$$;
COMMENT ON FUNCTION github_sync.report() IS
'public: a page for people, in one piece and without scripts: what health() finds, how much waits, how transactions '
'ended and GitHub answered in the last hour and day, errors, requests left, imports and sweeps, what waits longest and '
'what changes most. It shows titles of tasks, and nothing of their texts. Save it as: psql -XAtc ''SELECT '
'github_sync.report()'' > report.html';
