/* sql/extension/grants.sql: inputs: intruder has 7 plain inputs */

CREATE FUNCTION github_sync.intruder(
	a integer, b numeric(10, 2), c text DEFAULT 'x, y', INOUT d integer DEFAULT 1, OUT e integer,
	f github_sync.found_column DEFAULT NULL, g timestamp with time zone DEFAULT NULL, h text[] DEFAULT NULL,
	VARIADIC i integer[] DEFAULT NULL)
RETURNS record
LANGUAGE sql IMMUTABLE SET search_path = pg_catalog, pg_temp AS $$
	SELECT a, a
$$;
COMMENT ON FUNCTION github_sync.intruder(
	integer, numeric, text, integer, github_sync.found_column, timestamp with time zone, text[], integer[]) IS
'private: too much at once: seven plain inputs, one of a type of ours and one that only goes out';
