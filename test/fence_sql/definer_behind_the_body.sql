/* sql/extension/grants.sql: definer: intruder is SECURITY DEFINER and does not set search_path */

CREATE FUNCTION github_sync.intruder() RETURNS name AS $$
BEGIN
	RETURN NULL;
END
$$ LANGUAGE plpgsql SECURITY DEFINER;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: breaks a rule';
