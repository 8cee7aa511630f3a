/* sql/extension/detach.sql: arrow: intruder calls auto_attach of extension/auto_attach\.sql, a later file */

CREATE FUNCTION github_sync.intruder() RETURNS boolean
LANGUAGE plpgsql STABLE SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN to_regprocedure('github_sync.auto_attach(text)') IS NOT NULL;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: looks for what is not there yet';
