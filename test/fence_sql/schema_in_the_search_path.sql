/* sql/extension/columns.sql: spelling: search_path is set to pg_catalog, pg_temp */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE sql STABLE SET search_path = github_sync, pg_temp
AS $$ SELECT queue_owner() $$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: calls upward under a name without a schema';
