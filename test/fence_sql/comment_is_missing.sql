/* sql/extension/grants.sql: comment: intruder has no comment */

CREATE FUNCTION github_sync.intruder() RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN 1;
