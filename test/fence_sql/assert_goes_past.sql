/* sql/extension/fields.sql: assert: an ASSERT of the application.s goes past WHEN OTHERS */

CREATE FUNCTION github_sync.intruder() RETURNS boolean
LANGUAGE plpgsql SET search_path = pg_catalog, pg_temp AS $$
BEGIN
	RETURN true;
EXCEPTION WHEN OTHERS THEN
	RETURN false;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: one';
