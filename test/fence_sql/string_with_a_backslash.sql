/* sql/extension/fields.sql: string: a backslash in a string that is not E'...' */

CREATE FUNCTION github_sync.intruder(name text) RETURNS boolean
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN name ~ '^\.\.$';
COMMENT ON FUNCTION github_sync.intruder(text) IS
'private: one';
