/* sql/extension/grants.sql: unknown: no file defines no_such_function */

CREATE FUNCTION github_sync.intruder() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.no_such_function();
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: calls what was renamed, say';
