/* sql/extension/grants.sql: definer: SECURITY DEFINER is said of a function that was made before */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
ALTER FUNCTION github_sync.intruder() SECURITY DEFINER;
