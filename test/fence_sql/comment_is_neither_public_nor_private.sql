/* sql/extension/grants.sql: comment: the comment of intruder begins neither with public nor private */

CREATE FUNCTION github_sync.intruder() RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN 1;
COMMENT ON FUNCTION github_sync.intruder() IS
'one';
