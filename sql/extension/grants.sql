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
			HINT = format('As a superuser: GRANT USAGE ON SCHEMA github_sync TO %I WITH GRANT OPTION', current_user);
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

CREATE FUNCTION github_sync.grant_monitor(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	view_name name;
BEGIN
	PERFORM github_sync.require_grant_option();
	EXECUTE format('GRANT USAGE ON SCHEMA github_sync TO %s', role);
	FOR view_name IN
		SELECT c.relname FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v'
			AND pg_get_userbyid(c.relowner) = github_sync.queue_owner() ORDER BY 1
	LOOP
		EXECUTE format('GRANT SELECT ON github_sync.%I TO %s', view_name, role);
	END LOOP;
	EXECUTE format('GRANT EXECUTE ON FUNCTION github_sync.%I() TO %s', 'health', role);
END
$$;
COMMENT ON FUNCTION github_sync.grant_monitor(regrole) IS
'public: lets a role read the views and call health(). For the owner of the queue';
