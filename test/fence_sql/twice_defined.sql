/* sql/extension/grants.sql: twice: wake is defined in extension/library\.sql:[0-9]+, too */

CREATE FUNCTION github_sync.wake(patience interval) RETURNS void
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT NULL
$$;
COMMENT ON FUNCTION github_sync.wake(interval) IS
'private: another one of the same name';
