/* sql/extension/columns.sql: atomic: a function's body is a string or RETURN */

CREATE FUNCTION github_sync.intruder() RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
BEGIN ATOMIC
	SELECT 1;
END;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: one';
