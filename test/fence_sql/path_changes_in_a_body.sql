/* sql/extension/grants.sql: path: search_path is changed */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM set_config('search_path', 'github_sync', true);
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
