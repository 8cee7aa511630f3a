/*
 * Whether this database is the one that syncs.
 */

CREATE OR REPLACE FUNCTION github_sync.database_is_adopted() RETURNS boolean
LANGUAGE plpgsql STABLE AS $$
BEGIN
	RETURN NOT EXISTS (SELECT FROM github_sync.attached_tables AS a
		WHERE a.database_identity <> (SELECT github_sync.database_identity()));
END
$$;
COMMENT ON FUNCTION github_sync.database_is_adopted() IS
'private: false in a restored or copied database, which sends nothing before adopt_database()';
