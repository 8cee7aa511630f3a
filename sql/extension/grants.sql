/*
 * Who may do what: roles of the application and of a dashboard.
 */

CREATE FUNCTION github_sync.require_role(role regrole) RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT EXISTS (SELECT FROM pg_roles AS r WHERE r.oid = role) THEN
		RAISE undefined_object USING
			MESSAGE = format('there is no such role: %s', coalesce(role::oid::text, 'NULL')),
			HINT = 'Name one: it is given what the function grants.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_role(regrole) IS
'private: a clear error where no role is named';

CREATE FUNCTION github_sync.require_grant_option() RETURNS void
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.require_owner();
	/* The server itself would only warn. */
	IF NOT has_schema_privilege(current_user, 'github_sync', 'USAGE WITH GRANT OPTION') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %I may use schema github_sync, but not let others use it', current_user),
			HINT = 'As a superuser: SELECT github_sync.take_over_ownership() gives the owner all that it needs.';
	END IF;
END
$$;
COMMENT ON FUNCTION github_sync.require_grant_option() IS
'private: a clear error for anybody who could not grant what grant_application and grant_monitor grant';

CREATE FUNCTION github_sync.columns_of_caller(direction text, OUT queue text, OUT columns text) RETURNS SETOF record
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT t.queue, concat_ws(', ', 'direction', 'action', 'priority', 'github_repo_id', t.record,
		CASE WHEN columns_of_caller.direction <> 'outbound' THEN t.inbound END,
		CASE WHEN columns_of_caller.direction <> 'inbound' THEN t.outbound END)
	FROM (VALUES
		('task_sync_transactions', 'github_issue_id',
			'github_issue_external_id, github_issue_number, github_updated_at', 'task_id, record_modified_at'),
		('comment_sync_transactions', 'github_comment_id',
			'github_comment_external_id, github_issue_number, github_updated_at', 'comment_id, record_modified_at')
	) AS t (queue, record, inbound, outbound)
	WHERE to_regclass('github_sync.' || t.queue) IS NOT NULL
$$;
COMMENT ON FUNCTION github_sync.columns_of_caller(text) IS
'private: the columns of the queues that who inserts transactions of a direction may fill in. Who may fill in '
'github_updated_at may insert inbound ones, who record_modified_at, outbound ones: that privilege stays with the table';

CREATE FUNCTION github_sync.grant_application(role regrole, direction text DEFAULT 'both') RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	PERFORM github_sync.require_grant_option();
	PERFORM github_sync.require_role(role);
	IF (direction IN ('inbound', 'outbound', 'both')) IS NOT TRUE THEN
		RAISE invalid_parameter_value USING
			MESSAGE = format('there is no direction %L', direction),
			HINT = 'inbound (a receiver of webhooks), outbound, or both (an application).';
	END IF;
	FOR command IN
		SELECT format('GRANT USAGE ON SCHEMA github_sync TO %s', role)
		UNION ALL
		SELECT format('GRANT SELECT, INSERT (%s) ON github_sync.%I TO %s', c.columns, c.queue, role)
		FROM github_sync.columns_of_caller(direction) AS c
		UNION ALL
		SELECT format('GRANT EXECUTE ON FUNCTION github_sync.%I() TO %s', 'is_sync', role)
	LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.grant_application(regrole, text) IS
'public: lets a role insert sync transactions of a direction (inbound, outbound or both), by the columns that are the '
'caller''s, and read the queues. inbound is for a receiver of webhooks: it can tell of changes, and nothing of it '
'reaches GitHub. Raises 22023 for another direction. For the owner of the queue';

CREATE FUNCTION github_sync.functions_of_owner() RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT m.function FROM github_sync.members_of_owner() AS m (function)
	UNION
	SELECT p.oid::regprocedure FROM pg_proc AS p
	WHERE p.pronamespace = 'github_sync'::regnamespace AND pg_get_userbyid(p.proowner) = github_sync.queue_owner()
$$;
COMMENT ON FUNCTION github_sync.functions_of_owner() IS
'private: the extension''s functions and those that attach made: the owner of the queue may let others call them';

CREATE FUNCTION github_sync.functions_of_function(function regprocedure) RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT m.oid::regprocedure FROM github_sync.functions_of_owner() AS o (function)
	JOIN pg_proc AS m ON m.oid = o.function
	JOIN pg_proc AS f ON f.oid = functions_of_function.function AND NOT f.prosecdef
	WHERE strpos(f.prosrc, 'github_sync.' || m.proname || '(') > 0 OR EXISTS (
		SELECT FROM pg_depend AS d WHERE d.classid = 'pg_proc'::regclass AND d.objid = f.oid
			AND d.refclassid = 'pg_proc'::regclass AND d.refobjid = m.oid)
$$;
COMMENT ON FUNCTION github_sync.functions_of_function(regprocedure) IS
'private: the functions of ours that a function calls with the rights of its caller';

CREATE FUNCTION github_sync.functions_of_view(view regclass) RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	WITH RECURSIVE called (function) AS (
		SELECT m.function FROM github_sync.functions_of_owner() AS m (function)
		JOIN pg_depend AS d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = m.function
		JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
		WHERE r.ev_class = view
		UNION
		SELECT f.function FROM called AS c
		CROSS JOIN LATERAL github_sync.functions_of_function(c.function) AS f (function))
	SELECT c.function FROM called AS c
$$;
COMMENT ON FUNCTION github_sync.functions_of_view(regclass) IS
'private: the functions of ours that a view calls, and those that they call: as its reader, not as its owner';

CREATE FUNCTION github_sync.grant_monitor(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	PERFORM github_sync.require_grant_option();
	PERFORM github_sync.require_role(role);
	PERFORM github_sync.execute_unowned(format('GRANT USAGE ON SCHEMA github_sync TO %s', role));
	FOR command IN
		SELECT g.command FROM pg_class AS c
		CROSS JOIN LATERAL (
			SELECT format('GRANT SELECT ON github_sync.%I TO %s', c.relname, role)
			UNION ALL
			SELECT format('GRANT EXECUTE ON FUNCTION %s TO %s', f.function, role)
			FROM github_sync.functions_of_view(c.oid::regclass) AS f (function)) AS g (command)
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
			AND pg_get_userbyid(c.relowner) = github_sync.queue_owner() ORDER BY 1
	LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
	FOR command IN
		SELECT format('GRANT EXECUTE ON FUNCTION %s TO %s', p.oid::regprocedure, role)
		FROM github_sync.functions_of_owner() AS o (function) JOIN pg_proc AS p ON p.oid = o.function
		WHERE p.proname IN ('health', 'found_as_owner', 'unattached_finding', 'finding_paragraph', 'health_findings',
			'report', 'record_history', 'story_of') ORDER BY 1
	LOOP
		PERFORM github_sync.execute_unowned(command);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.grant_monitor(regrole) IS
'public: lets a role read the views and call health(), report() and record_history(). For the owner of the queue';

CREATE FUNCTION github_sync.grant_attach(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT has_schema_privilege(current_user, 'github_sync', 'CREATE WITH GRANT OPTION') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %I may not let others create in schema github_sync', current_user),
			HINT = 'A superuser may.';
	END IF;
	PERFORM github_sync.require_role(role);
	PERFORM github_sync.let_use((SELECT r.rolname FROM pg_roles AS r WHERE r.oid = role));
	PERFORM github_sync.execute_unowned(format('GRANT CREATE ON SCHEMA github_sync TO %s', role));
END
$$;
COMMENT ON FUNCTION github_sync.grant_attach(regrole) IS
'public: lets a role that is no superuser attach its own tables, and use the sync. For superusers. CREATE on the schema'
' is needed for the time of the call alone: REVOKE it afterwards';
