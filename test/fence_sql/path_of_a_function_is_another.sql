/* sql/extension/columns.sql: path: intruder sets search_path to something else than pg_catalog, pg_temp */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE SET search_path = github_sync AS $$
BEGIN
	RETURN current_schema;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
