/* sql/shared/checks.sql: definer: intruder is SECURITY DEFINER and does not set search_path */

CREATE OR REPLACE FUNCTION github_sync.intruder() RETURNS integer
LANGUAGE plpgsql SECURITY DEFINER AS $$
BEGIN
	RETURN 1;
END
$$;
COMMENT ON FUNCTION github_sync.intruder() IS
'private: one';
