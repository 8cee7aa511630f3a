/* sql/extension/columns.sql: path: queue_owner is called without its schema */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE  AS $$
BEGIN
	EXECUTE 'SELECT queue_owner()';
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
