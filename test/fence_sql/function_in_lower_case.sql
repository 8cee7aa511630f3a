/* sql/extension/columns.sql: spelling: a function begins with CREATE FUNCTION */

create function github_sync.intruder() returns integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN 1;
