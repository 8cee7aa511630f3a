/* sql/extension/library.sql: arrow: .* a circle: extension/library\.sql -> extension/adopt\.sql -> extension/library\.sql */

CREATE FUNCTION github_sync.intruder() RETURNS void
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	PERFORM github_sync.adopt_database();
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: calls what calls a function of its own file';
