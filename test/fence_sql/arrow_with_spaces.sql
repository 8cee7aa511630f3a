/* sql/extension/columns.sql: arrow: intruder calls queue_owner of extension/owner\.sql, a later file */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN github_sync .
		queue_owner ();
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
