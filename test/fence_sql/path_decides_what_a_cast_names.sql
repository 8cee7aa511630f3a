/* sql/extension/columns.sql: path: queue_owner is called without its schema */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE  AS $$
BEGIN
	RETURN 'queue_owner'::regproc::text;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
