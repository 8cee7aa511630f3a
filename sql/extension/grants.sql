/*
 * Who may do what: roles of the application and of a dashboard.
 */

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

CREATE FUNCTION github_sync.grant_application(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	here record;
BEGIN
	PERFORM github_sync.require_grant_option();
	EXECUTE format('GRANT USAGE ON SCHEMA github_sync TO %s', role);
	FOR here IN
		SELECT t.name, t.columns FROM (VALUES
			('task_sync_transactions', 'direction, action, github_repo_id, task_id, github_issue_id, '
				'github_issue_external_id, github_issue_number, github_updated_at, record_modified_at, priority'),
			('comment_sync_transactions', 'direction, action, github_repo_id, comment_id, github_comment_id, '
				'github_comment_external_id, github_issue_number, github_updated_at, record_modified_at, priority')
		) AS t (name, columns)
		WHERE to_regclass('github_sync.' || t.name) IS NOT NULL
	LOOP
		EXECUTE format('GRANT SELECT, INSERT (%s) ON github_sync.%I TO %s', here.columns, here.name, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.grant_application(regrole) IS
'public: lets a role insert sync transactions, by the columns that are the caller''s, and read them. '
'For the owner of the queue';

CREATE FUNCTION github_sync.functions_of_view(view regclass) RETURNS SETOF regprocedure
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT DISTINCT m.function FROM github_sync.members_of_owner() AS m (function)
	JOIN pg_depend AS d ON d.refclassid = 'pg_proc'::regclass AND d.refobjid = m.function
	JOIN pg_rewrite AS r ON d.classid = 'pg_rewrite'::regclass AND d.objid = r.oid
	WHERE r.ev_class = view
$$;
COMMENT ON FUNCTION github_sync.functions_of_view(regclass) IS
'private: the owner''s functions that a view calls: as its reader, not as its owner';

CREATE FUNCTION github_sync.grant_monitor(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	command text;
BEGIN
	PERFORM github_sync.require_grant_option();
	EXECUTE format('GRANT USAGE ON SCHEMA github_sync TO %s', role);
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
		EXECUTE command;
	END LOOP;
	EXECUTE format('GRANT EXECUTE ON FUNCTION github_sync.%I() TO %s', 'health', role);
END
$$;
COMMENT ON FUNCTION github_sync.grant_monitor(regrole) IS
'public: lets a role read the views and call health(). For the owner of the queue';

CREATE FUNCTION github_sync.grant_attach(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	IF NOT has_schema_privilege(current_user, 'github_sync', 'CREATE WITH GRANT OPTION') THEN
		RAISE insufficient_privilege USING
			MESSAGE = format('role %I may not let others create in schema github_sync', current_user),
			HINT = 'A superuser may.';
	END IF;
	PERFORM github_sync.let_use((SELECT r.rolname FROM pg_roles AS r WHERE r.oid = role));
	EXECUTE format('GRANT CREATE ON SCHEMA github_sync TO %s', role);
END
$$;
COMMENT ON FUNCTION github_sync.grant_attach(regrole) IS
'public: lets a role that is no superuser attach its own tables, and use the sync. For superusers. CREATE on the schema'
' is needed for the time of the call alone: REVOKE it afterwards';
