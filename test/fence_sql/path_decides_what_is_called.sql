/* sql/extension/columns.sql: path: queue_owner is called without its schema: github_sync\.queue_owner */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE  AS $$
BEGIN
	RETURN queue_owner();
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
