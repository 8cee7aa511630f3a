/*
 * Who may do what: roles of the application and of a dashboard.
 */

CREATE FUNCTION github_sync.grant_application(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	here record;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA github_sync TO %s', role);
	FOR here IN
		SELECT t.name, t.columns FROM (VALUES
			('task_sync_transactions', 'direction, action, github_repo_id, task_id, github_issue_id, github_issue_external_id, github_issue_number, github_updated_at, record_modified_at, priority'),
			('comment_sync_transactions', 'direction, action, github_repo_id, comment_id, github_comment_id, github_comment_external_id, github_issue_number, github_updated_at, record_modified_at, priority')
		) AS t (name, columns)
		WHERE to_regclass('github_sync.' || t.name) IS NOT NULL
	LOOP
		EXECUTE format('GRANT SELECT, INSERT (%s) ON github_sync.%I TO %s', here.columns, here.name, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.grant_application(regrole) IS
'public: lets a role insert sync transactions, by the columns that are the caller''s, and read them';

CREATE FUNCTION github_sync.grant_monitor(role regrole) RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
DECLARE
	view_name name;
BEGIN
	EXECUTE format('GRANT USAGE ON SCHEMA github_sync TO %s', role);
	FOR view_name IN
		SELECT c.relname FROM pg_class AS c
		WHERE c.relnamespace = 'github_sync'::regnamespace AND c.relkind = 'v' ORDER BY 1
	LOOP
		EXECUTE format('GRANT SELECT ON github_sync.%I TO %s', view_name, role);
	END LOOP;
END
$$;
COMMENT ON FUNCTION github_sync.grant_monitor(regrole) IS
'public: lets a role read the views';
