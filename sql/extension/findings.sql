/*
 * What one looks at first, health() and check_setup(): there as soon as the
 * extension is, so that they can say what comes next where nothing is attached.
 * All else is found by functions that attach makes (shared/health.sql,
 * shared/check_setup.sql), with the rights of the owner of the queue.
 */

CREATE FUNCTION github_sync.unattached_finding(record_type text, OUT finding github_sync.finding)
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN ROW(record_type || 's', CASE record_type WHEN 'task' THEN 'critical' ELSE 'info' END, NULL,
	format('no table of %ss is attached', record_type),
	format('SELECT github_sync.attach_%1$ss(''your_schema.your_table'', ...) attaches the table of %1$ss: '
		'README.md#install', record_type))::github_sync.finding;
COMMENT ON FUNCTION github_sync.unattached_finding(text) IS
'private: no table of a record type is attached; there need not be one of comments';

CREATE FUNCTION github_sync.found_as_owner(function_name name) RETURNS SETOF github_sync.finding
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	finder CONSTANT regprocedure := to_regprocedure(format('github_sync.%I()', function_name));
BEGIN
	IF finder IS NULL THEN
		RETURN NEXT github_sync.unattached_finding('task'::text);
	/* As attach made it: what its owner writes there does not run as a superuser who asks. */
	ELSIF EXISTS (SELECT FROM pg_proc AS p WHERE p.oid = finder AND p.prosecdef) THEN
		RETURN QUERY EXECUTE format('SELECT f.* FROM github_sync.%I() AS f', function_name);
	ELSE
		RETURN QUERY SELECT 'ownership', 'critical', NULL::timestamptz,
			format('function %s is not what attach made: it runs with the rights of its caller', finder),
			'SELECT github_sync.refresh_attached() makes it anew.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.found_as_owner(name) IS
'private: what a function that attach made finds, with the rights of its owner; where there is none, that nothing is '
'attached';

/* README has a heading for each kind of check: Health: rate limits. */
CREATE FUNCTION github_sync.finding_paragraph("check" text) RETURNS text
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN 'README.md#health-' || replace(regexp_replace(CASE "check" WHEN 'tasks' THEN 'mapping' ELSE "check" END,
	' of [a-z]+$', ''), ' ', '-');
COMMENT ON FUNCTION github_sync.finding_paragraph(text) IS
'private: where the cause and the remedy of what a check finds are explained';

CREATE FUNCTION github_sync.health(
	OUT "check" text, OUT status text, OUT since timestamptz, OUT detail text, OUT remedy text, OUT see text)
RETURNS SETOF record
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT f."check", f.status, f.since, f.detail, f.remedy, github_sync.finding_paragraph(f."check")
	FROM github_sync.found_as_owner('health_findings'::name) AS f;
END
$$;
COMMENT ON FUNCTION github_sync.health() IS
'public: what is checked, its status (ok; info: so somebody wanted it; warn; critical), since when it is not ok, why, '
'what to do, and which paragraph of README explains it; what is worst comes first. Takes some milliseconds, however '
'long the queues are. Before anything is attached: what to call';

CREATE FUNCTION github_sync.check_setup(OUT "check" text, OUT status text, OUT detail text, OUT remedy text)
RETURNS SETOF record
LANGUAGE plpgsql VOLATILE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN QUERY SELECT f."check", f.status, f.detail, f.remedy
	FROM github_sync.found_as_owner('checked_setup'::name) AS f;
END
$$;
COMMENT ON FUNCTION github_sync.check_setup() IS
'public: whether all is set up: what is checked, its status (ok; info: so somebody wanted it; warn; critical; skipped, '
'where an earlier one makes it pointless), what is wrong, and what to do. The worker asks GitHub about each '
'installation and repository meanwhile, which takes seconds. Before anything is attached: what to call. For the owner '
'of the queue';
