/* sql/extension/fields.sql: walk: may read a table from end to end by its key */

CREATE FUNCTION github_sync.intruder() RETURNS bigint
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT min(i.id) FROM github_sync.github_repos AS i WHERE i.name = 'app'
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: one';
