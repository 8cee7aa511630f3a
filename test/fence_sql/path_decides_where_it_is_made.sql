/* sql/extension/grants.sql: path: CREATE FUNCTION intruder does not say its schema */

CREATE FUNCTION intruder() RETURNS integer
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp
RETURN 1;
