/* sql/extension/grants.sql: definer: intruder is SECURITY DEFINER and does not set search_path: SET search_path = pg_catalog, pg_temp */

CREATE FUNCTION github_sync.intruder() RETURNS name
LANGUAGE plpgsql STABLE SECURITY DEFINER SET search_path = pg_catalog, public AS $$
BEGIN
	RETURN NULL;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
