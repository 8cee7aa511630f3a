/* sql/extension/columns.sql: spelling: the schema is written github_sync\., without quotes or blanks */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE sql STABLE SET search_path = pg_catalog, pg_temp
AS $$ SELECT "github_sync".queue_owner() $$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: calls upward under a quoted name';
